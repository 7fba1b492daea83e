// SPDX-License-Identifier: Apache-2.0

//! [`KeyIndex`]: finds the row of a key in a partition.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use kalamtable_model::TableDefinition;

use super::storage::ChunkId;

/// The address of a row in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RowAddress {
    pub(super) chunk: ChunkId,
    pub(super) row: u32,
}

/// The value of a key, encoded as bytes.
pub(super) type KeyBytes = Box<[u8]>;

/// An index of one key.
#[derive(Debug)]
pub(super) struct KeyIndex {
    pub(super) is_primary: bool,
    /// The positions of the key columns in the current definition.
    pub(super) columns: Vec<usize>,
    /// The ids and types of the columns. The encoding of values depends on nothing else.
    shape: Vec<(i32, DataType)>,
    converter: RowConverter,
    pub(super) rows: HashMap<KeyBytes, RowAddress>,
}

impl KeyIndex {
    /// Creates an empty index for each key of the table, the one of the primary key first.
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
        let shape = shape(definition, columns);
        let fields = shape.iter().map(|(_, ty)| SortField::new(ty.clone()));
        Ok(KeyIndex {
            is_primary,
            columns: columns.to_vec(),
            converter: RowConverter::new(fields.collect())?,
            shape,
            rows: HashMap::new(),
        })
    }

    /// Returns whether both indexes encode values in the same way.
    pub(super) fn has_same_encoding(&self, other: &KeyIndex) -> bool {
        self.is_primary == other.is_primary && self.shape == other.shape
    }

    /// Returns the key of each row, or `None` if one of its columns is null: NULLs are distinct.
    ///
    /// `rows` has the columns of the definition.
    pub(super) fn keys(&self, rows: &RecordBatch) -> Result<Vec<Option<KeyBytes>>, ArrowError> {
        let arrays: Vec<_> = self
            .columns
            .iter()
            .map(|position| rows.column(*position).clone())
            .collect();
        self.encoded(&arrays)
    }

    /// Returns the key of each row of the key columns, or `None` if one of them is null.
    pub(super) fn encoded(&self, arrays: &[ArrayRef]) -> Result<Vec<Option<KeyBytes>>, ArrowError> {
        let keys = self.converter.convert_columns(arrays)?;
        let keys = keys.iter().enumerate().map(|(row, key)| {
            let is_null = arrays.iter().any(|array| array.is_null(row));
            (!is_null).then(|| key.data().into())
        });
        Ok(keys.collect())
    }

    /// Returns the rows of the key columns whose key is in `wanted`, each with the value that
    /// `wanted` has for the key.
    pub(super) fn matches(
        &self,
        arrays: &[ArrayRef],
        wanted: &HashMap<&[u8], usize>,
    ) -> Result<Vec<(usize, usize)>, ArrowError> {
        let keys = self.converter.convert_columns(arrays)?;
        let keys = keys.iter().enumerate();
        Ok(keys
            .filter_map(|(row, key)| Some((row, *wanted.get(key.data())?)))
            .collect())
    }

    /// Returns whether the index encodes the values of these columns of a definition.
    pub(super) fn encodes(&self, definition: &TableDefinition, columns: &[usize]) -> bool {
        let own = shape(definition, columns);
        self.shape == own
    }

    /// Removes a key if `is_removed` returns true for the address of its row.
    pub(super) fn remove(&mut self, key: &[u8], is_removed: impl Fn(RowAddress) -> bool) {
        if self.rows.get(key).is_some_and(|place| is_removed(*place)) {
            self.rows.remove(key);
        }
    }
}

/// Returns the ids and types of columns.
fn shape(definition: &TableDefinition, columns: &[usize]) -> Vec<(i32, DataType)> {
    columns
        .iter()
        .map(|position| &definition.columns()[*position])
        .map(|column| (column.id, column.ty.arrow_type()))
        .collect()
}
