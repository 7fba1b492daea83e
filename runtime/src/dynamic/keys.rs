// SPDX-License-Identifier: Apache-2.0

//! [`KeyIndex`]: where in a partition the row of a key is.

use std::collections::HashMap;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use kalamtable_model::TableDefinition;

use super::storage::ChunkId;

/// A row of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RowAddress {
    pub(super) chunk: ChunkId,
    pub(super) row: u32,
}

/// The value of a key, as bytes.
pub(super) type KeyBytes = Box<[u8]>;

/// Where the rows of one key are.
#[derive(Debug)]
pub(super) struct KeyIndex {
    pub(super) is_primary: bool,
    /// Positions in the definition that the index was made for last.
    pub(super) columns: Vec<usize>,
    /// Ids and types: as long as these stay, so do the bytes of every value.
    shape: Vec<(i32, DataType)>,
    converter: RowConverter,
    pub(super) places: HashMap<KeyBytes, RowAddress>,
}

impl KeyIndex {
    /// One for each key of the table, the primary key first.
    pub(super) fn of(definition: &TableDefinition) -> Result<Vec<Self>, ArrowError> {
        let mut indexes = Vec::new();
        if let columns @ [_, ..] = definition.key_columns() {
            indexes.push(KeyIndex::new(definition, columns, true)?);
        }
        for columns in definition.unique_keys() {
            indexes.push(KeyIndex::new(definition, columns, false)?);
        }
        Ok(indexes)
    }

    fn new(
        definition: &TableDefinition,
        columns: &[usize],
        is_primary: bool,
    ) -> Result<Self, ArrowError> {
        let shape: Vec<(i32, DataType)> = columns
            .iter()
            .map(|position| &definition.columns()[*position])
            .map(|column| (column.id, column.ty.arrow_type()))
            .collect();
        let fields = shape.iter().map(|(_, ty)| SortField::new(ty.clone()));
        Ok(KeyIndex {
            is_primary,
            columns: columns.to_vec(),
            converter: RowConverter::new(fields.collect())?,
            shape,
            places: HashMap::new(),
        })
    }

    /// Whether an index of the same values would have the same bytes.
    pub(super) fn is_like(&self, other: &KeyIndex) -> bool {
        self.is_primary == other.is_primary && self.shape == other.shape
    }

    /// The key of each row; none where a column of it is null, since that is like no other.
    ///
    /// `rows` are of the table's columns.
    pub(super) fn keys(&self, rows: &RecordBatch) -> Result<Vec<Option<KeyBytes>>, ArrowError> {
        let arrays: Vec<_> = self
            .columns
            .iter()
            .map(|position| rows.column(*position).clone())
            .collect();
        let keys = self.converter.convert_columns(&arrays)?;
        let keys = keys.iter().enumerate().map(|(row, key)| {
            let is_null = arrays.iter().any(|array| array.is_null(row));
            (!is_null).then(|| key.data().into())
        });
        Ok(keys.collect())
    }

    /// Takes a key out, if its row is at one of the places that `is_gone` knows.
    pub(super) fn remove(&mut self, key: &[u8], is_gone: impl Fn(RowAddress) -> bool) {
        if self.places.get(key).is_some_and(|place| is_gone(*place)) {
            self.places.remove(key);
        }
    }
}
