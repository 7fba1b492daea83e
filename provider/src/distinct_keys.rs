// SPDX-License-Identifier: Apache-2.0

//! [`DuplicateKey`]: finds a key that two of a table's fixed rows have.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use kalamtable_model::TableDefinition;
use kalamtable_rows::RowError;

use crate::error::{Error, values_text};

/// A primary or unique key that two rows have.
#[derive(Clone, Debug)]
pub(crate) struct DuplicateKey {
    /// The number of the second row.
    row: usize,
    is_primary: bool,
    /// The positions of the key columns.
    columns: Vec<usize>,
    /// The values of the key, separated by commas.
    values: String,
}

impl DuplicateKey {
    /// Returns the first duplicate of the primary key, or else of a unique key. `arrays` returns
    /// the columns at these positions. The primary key is not checked if `has_distinct_primary` is
    /// set.
    ///
    /// # Errors
    /// Fails with [`RowError::Batch`] if Arrow cannot compare the values of a key.
    pub(crate) fn find(
        definition: &TableDefinition,
        has_distinct_primary: bool,
        arrays: impl Fn(&[usize]) -> Vec<ArrayRef>,
    ) -> Result<Option<Self>, RowError> {
        let primary = (!has_distinct_primary).then(|| definition.key_columns());
        let primary = primary.into_iter().map(|columns| (columns, true));
        let unique = definition.unique_keys().iter();
        for (columns, is_primary) in primary.chain(unique.map(|columns| (&**columns, false))) {
            let arrays = arrays(columns);
            let keys = keys_of(&arrays).map_err(|source| RowError::Batch {
                table: definition.name().clone(),
                source,
            })?;
            let has_null = |row| arrays.iter().any(|array| array.is_null(row));
            if let Some(row) = keys.and_then(|keys| first_twice(&keys, has_null)) {
                return Ok(Some(DuplicateKey {
                    row,
                    is_primary,
                    columns: columns.to_vec(),
                    values: values_text(&arrays, row),
                }));
            }
        }
        Ok(None)
    }

    pub(crate) fn error(&self, definition: &TableDefinition) -> Error {
        Error::duplicate_key(
            definition,
            Some(self.row),
            self.is_primary,
            &self.columns,
            self.values.clone(),
        )
    }
}

/// Converts the values in each row of `arrays` to bytes that compare as SQL compares the values.
/// Returns `None` if there are no arrays.
pub(crate) fn keys_of(arrays: &[ArrayRef]) -> Result<Option<arrow::row::Rows>, ArrowError> {
    if arrays.is_empty() {
        return Ok(None);
    }
    let fields = arrays
        .iter()
        .map(|array| SortField::new(array.data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    Ok(Some(converter.convert_columns(arrays)?))
}

/// Returns the first row whose key a previous row has. Rows with a null have no key.
fn first_twice(keys: &arrow::row::Rows, has_null: impl Fn(usize) -> bool) -> Option<usize> {
    let mut seen: HashSet<&[u8]> = HashSet::new();
    (0..keys.num_rows()).find(|&row| !has_null(row) && !seen.insert(keys.row(row).data()))
}
