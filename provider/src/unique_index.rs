// SPDX-License-Identifier: Apache-2.0

//! [`UniqueIndex`]: the rows of a [`MemoryTable`](crate::MemoryTable) by a unique key.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::row::{RowConverter, SortField};

use kalamtable_rows::__private::build_columns;
use kalamtable_rows::Row;

use crate::error::{Error, values_text};
use crate::look_up::UniqueValues;
use crate::statement::BoxError;

/// The rows by the values of one unique key, as bytes that are equal where SQL says that the values are.
/// Rows with a null in one of the columns are not in it: nulls differ from each other.
pub(crate) struct UniqueIndex<R> {
    columns: Vec<usize>,
    converter: RowConverter,
    rows: HashMap<Box<[u8]>, Arc<R>>,
}

/// What a statement does to an index, after it was found that it may.
pub(crate) struct IndexChange<R> {
    removed: Vec<Box<[u8]>>,
    added: Vec<(Box<[u8]>, Arc<R>)>,
}

impl<R: Row> UniqueIndex<R> {
    /// An index without rows for each unique key of the table.
    pub(crate) fn of_table() -> Vec<Self> {
        let keys = R::TABLE.definition.unique_keys().iter();
        keys.map(|columns| UniqueIndex::new(columns)).collect()
    }

    fn new(columns: &[usize]) -> Self {
        let fields = columns.iter().map(|column| {
            let field = R::TABLE.schema().field(*column);
            SortField::new(field.data_type().clone())
        });
        let converter = RowConverter::new(fields.collect());
        UniqueIndex {
            columns: columns.to_vec(),
            converter: converter.expect("a definition has keys of types that Arrow compares"),
            rows: HashMap::new(),
        }
    }

    /// What it means for the index that `removed` go and `added` come, which have these `numbers`.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`] if a row that comes has the values of one that stays, or of another; or
    /// if a value does not fit its column.
    pub(crate) fn change(
        &self,
        removed: &[Arc<R>],
        added: &[Arc<R>],
        numbers: &[usize],
    ) -> Result<IndexChange<R>, Error> {
        let (removed, _) = self.keys(removed)?;
        let (keys, arrays) = self.keys(added)?;
        let removed: Vec<Box<[u8]>> = removed.into_iter().flatten().collect();
        let is_removed: HashSet<&[u8]> = removed.iter().map(|key| &**key).collect();
        let mut seen: HashSet<&[u8]> = HashSet::new();
        for (row, key) in keys.iter().enumerate() {
            let Some(key) = key else { continue };
            let is_there = self.rows.contains_key(key) && !is_removed.contains(&**key);
            if is_there || !seen.insert(key) {
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
        let keys = keys.into_iter().zip(added);
        let added = keys.filter_map(|(key, row)| Some((key?, row.clone())));
        Ok(IndexChange {
            added: added.collect(),
            removed,
        })
    }

    pub(crate) fn apply(&mut self, change: IndexChange<R>) {
        for key in change.removed {
            self.rows.remove(&key);
        }
        self.rows.extend(change.added);
    }

    /// The rows that have one of these values.
    ///
    /// # Errors
    /// If the values are not those of the key's columns.
    pub(crate) fn find(&self, values: &UniqueValues) -> Result<Vec<Arc<R>>, BoxError> {
        let keys = self.converter.convert_columns(values.values().columns())?;
        let found = keys.iter().filter_map(|key| self.rows.get(key.as_ref()));
        Ok(found.cloned().collect())
    }

    /// The key of each row, `None` if it has a null; and the arrays of the key's columns.
    #[expect(
        clippy::type_complexity,
        reason = "two lists, told apart by their types"
    )]
    fn keys(&self, rows: &[Arc<R>]) -> Result<(Vec<Option<Box<[u8]>>>, Vec<ArrayRef>), Error> {
        if rows.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let arrays = build_columns(rows.iter().map(|row| &**row), &self.columns)?;
        let keys = self.converter.convert_columns(&arrays);
        let keys = keys.map_err(|source| Error::Source {
            table: R::TABLE.definition.name().clone(),
            source: source.into(),
        })?;
        let keys = keys.iter().enumerate().map(|(row, key)| {
            let has_null = arrays.iter().any(|array| array.is_null(row));
            (!has_null).then(|| Box::from(key.as_ref()))
        });
        let keys = keys.collect();
        Ok((keys, arrays))
    }
}
