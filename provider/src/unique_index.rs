// SPDX-License-Identifier: Apache-2.0

//! [`UniqueIndex`]: the rows of a [`MemoryTable`](crate::MemoryTable) by a unique key.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::row::{RowConverter, SortField};

use kalamtable_rows::__private::build_columns;
use kalamtable_rows::Row;

use crate::error::{Error, values_text};
use crate::lookup::UniqueValues;
use crate::statement::BoxError;

/// An index of rows by one unique key.
///
/// Rows with a null in one of the key columns are not in the index, since SQL treats nulls as
/// distinct.
pub(crate) struct UniqueIndex<R> {
    /// The positions of the key columns in the table.
    columns: Vec<usize>,
    converter: RowConverter,
    /// The rows by the bytes of their key. The converter's bytes are equal if SQL compares the
    /// values as equal.
    rows: HashMap<Box<[u8]>, Arc<R>>,
}

/// The checked changes of a statement to an index.
pub(crate) struct IndexChange<R> {
    removed: Vec<Box<[u8]>>,
    added: Vec<(Box<[u8]>, Arc<R>)>,
}

impl<R: Row> UniqueIndex<R> {
    /// Creates an empty index for each unique key of the table.
    pub(crate) fn of_table() -> Vec<Self> {
        let keys = R::TABLE.definition.unique_keys().iter();
        keys.map(|columns| UniqueIndex::new(columns)).collect()
    }

    fn new(columns: &[usize]) -> Self {
        let fields = columns.iter().map(|column| {
            let field = R::TABLE.query_schema().field(*column);
            SortField::new(field.data_type().clone())
        });
        let converter = RowConverter::new(fields.collect());
        UniqueIndex {
            columns: columns.to_vec(),
            converter: converter.expect("the types of key columns are comparable in Arrow"),
            rows: HashMap::new(),
        }
    }

    /// Computes the changes of the index when the rows `removed` are removed and `added` are added.
    /// `numbers` are the row numbers of `added` for error messages.
    ///
    /// # Errors
    /// Fails with [`Error::DuplicateKey`] if an added row has the key of another added row, or of a
    /// row that is not removed, and fails if a value does not fit its column.
    pub(crate) fn change(
        &self,
        removed: &[Arc<R>],
        added: &[Arc<R>],
        numbers: &[usize],
    ) -> Result<IndexChange<R>, Error> {
        let (keys_of_removed, _) = self.keys(removed)?;
        let (keys_of_added, arrays) = self.keys(added)?;
        let removed_keys: Vec<Box<[u8]>> = keys_of_removed.into_iter().flatten().collect();
        let is_removed: HashSet<&[u8]> = removed_keys.iter().map(|key| &**key).collect();
        let mut seen: HashSet<&[u8]> = HashSet::new();
        for (row, key) in keys_of_added.iter().enumerate() {
            let Some(key) = key else { continue };
            let is_taken = self.rows.contains_key(key) && !is_removed.contains(&**key);
            if is_taken || !seen.insert(key) {
                let (number, values) = (numbers.get(row).copied(), values_text(&arrays, row));
                let definition = R::TABLE.definition;
                return Err(Error::duplicate_key(
                    definition,
                    number,
                    false,
                    &self.columns,
                    values,
                ));
            }
        }
        let keyed = keys_of_added.into_iter().zip(added);
        Ok(IndexChange {
            added: keyed
                .filter_map(|(key, row)| Some((key?, Arc::clone(row))))
                .collect(),
            removed: removed_keys,
        })
    }

    pub(crate) fn apply(&mut self, change: IndexChange<R>) {
        for key in change.removed {
            self.rows.remove(&key);
        }
        self.rows.extend(change.added);
    }

    /// Returns the rows that have one of these values.
    ///
    /// # Errors
    /// Fails if the types of the values are not those of the key columns.
    pub(crate) fn find(&self, values: &UniqueValues) -> Result<Vec<Arc<R>>, BoxError> {
        let keys = self.converter.convert_columns(values.values().columns())?;
        let found = keys.iter().filter_map(|key| self.rows.get(key.as_ref()));
        Ok(found.cloned().collect())
    }

    /// Returns the key of each row, which is `None` if a key column is null, and the arrays of the
    /// key columns.
    #[expect(clippy::type_complexity, reason = "a pair of keys and arrays")]
    fn keys(&self, rows: &[Arc<R>]) -> Result<(Vec<Option<Box<[u8]>>>, Vec<ArrayRef>), Error> {
        if rows.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let arrays = build_columns(
            rows.iter().map(|row| &**row),
            &self.columns,
            R::TABLE.query_schema(),
        )?;
        let converted =
            self.converter
                .convert_columns(&arrays)
                .map_err(|source| Error::Source {
                    table: R::TABLE.definition.name().clone(),
                    source: source.into(),
                })?;
        let keys = converted.iter().enumerate().map(|(row, key)| {
            let has_null = arrays.iter().any(|array| array.is_null(row));
            (!has_null).then(|| Box::from(key.as_ref()))
        });
        Ok((keys.collect(), arrays))
    }
}
