// SPDX-License-Identifier: Apache-2.0

//! [`StoredKeys`]: keys that are looked up in chunks that are not in memory. The key indexes
//! contain only rows in memory.

use std::collections::HashMap;
use std::ops::Range;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::filter;
use kalamtable_provider::{KeyFilter, TableKey};
use kalamtable_registry::TableSnapshot;

use super::chunk::{Chunk, ChunkRows};
use super::chunk_reader::read_columns;
use super::keys::{KeyBytes, KeyIndex, RowAddress};
use super::storage::PartitionRows;
use super::stored_rows::StoredRows;
use super::versions::{Pick, Versions};
use crate::error::{Error, arrow_error};

/// Values of a key.
#[derive(Clone, Debug)]
pub(super) struct StoredKeys {
    /// The positions of the key columns in the definition.
    columns: Vec<usize>,
    /// The values of each column, one per key.
    values: Vec<ArrayRef>,
}

impl StoredKeys {
    /// Returns the keys of a filter, or `None` if it does not list its keys.
    pub(super) fn of_filter(table: &TableSnapshot, filter: &KeyFilter) -> Option<Self> {
        let definition = table.definition();
        let columns: &[usize] = match filter.key {
            TableKey::Primary => definition.key_columns(),
            TableKey::Unique(unique) => definition.unique_keys().get(unique)?,
        };
        let values = filter.lower.prefixes.columns();
        (filter.is_exact && values.len() == columns.len()).then(|| StoredKeys {
            columns: columns.to_vec(),
            values: values.to_vec(),
        })
    }

    /// Returns whether a stored chunk can have a row with one of the keys, by what is in memory.
    pub(super) fn admits(
        &self,
        table: &TableSnapshot,
        chunk: &Chunk,
        rows: &dyn StoredRows,
    ) -> Result<bool, Error> {
        let (columns, values) = self.written(table, chunk)?;
        Ok(columns.is_empty() || rows.admits(&columns, &values))
    }

    /// Returns the positions in a chunk of the key columns that were not converted since it was
    /// written, and their values.
    fn written(
        &self,
        table: &TableSnapshot,
        chunk: &Chunk,
    ) -> Result<(Vec<usize>, Vec<ArrayRef>), Error> {
        let reader = Versions::reader(table, chunk.definition())?;
        let columns = self.columns.iter().zip(&self.values);
        Ok(columns
            .filter_map(|(column, values)| Some((reader.unconverted(*column)?, values.clone())))
            .unzip())
    }

    /// Returns parts of a stored chunk that contain all rows with one of the keys. Each is in one
    /// section. Blocks until the necessary part of the storage is read.
    pub(super) fn candidates(
        &self,
        table: &TableSnapshot,
        chunk: &Chunk,
        rows: &dyn StoredRows,
    ) -> Result<Vec<Range<u32>>, Error> {
        let (columns, values) = self.written(table, chunk)?;
        // The values of other columns were converted, or are constants.
        if columns.is_empty() {
            return Ok(rows.sections().to_vec());
        }
        let candidates = rows
            .candidates(&columns, &values)
            .map_err(|error| Error::stored_rows(table.name(), error))?;
        let parts = candidates.into_iter().flat_map(|candidate| {
            rows.sections().iter().filter_map(move |section| {
                let part = candidate.start.max(section.start)..candidate.end.min(section.end);
                (!part.is_empty()).then_some(part)
            })
        });
        Ok(parts.collect())
    }
}

/// Finds the rows of a partition that are not in memory and not superseded, and have one of the
/// keys. `keys` are the keys of the rows of `arrays`, which are the columns of the index, and keys
/// that are `None` are not looked up. The index of the primary key finds tombstones, others do not.
///
/// # Errors
/// Fails if the storage cannot be read.
pub(super) fn find_stored(
    table: &TableSnapshot,
    partition: &PartitionRows,
    index: &KeyIndex,
    arrays: &[ArrayRef],
    keys: &[Option<KeyBytes>],
) -> Result<HashMap<KeyBytes, RowAddress>, Error> {
    let mut found = HashMap::new();
    let mut chunks = partition
        .chunks
        .iter()
        .filter(|entry| !entry.chunk.is_in_memory());
    let Some(first) = chunks.next() else {
        return Ok(found);
    };
    let wanted: HashMap<&[u8], usize> = keys
        .iter()
        .enumerate()
        .filter_map(|(row, key)| Some((&**key.as_ref()?, row)))
        .collect();
    if wanted.is_empty() {
        return Ok(found);
    }
    let arrow = |error| arrow_error(table, error);
    let is_wanted = BooleanArray::from_iter(keys.iter().map(|key| Some(key.is_some())));
    let values = arrays.iter().map(|array| filter(array, &is_wanted));
    let lookup = StoredKeys {
        columns: index.columns.clone(),
        values: values.collect::<Result<_, _>>().map_err(arrow)?,
    };
    for entry in std::iter::once(first).chain(chunks) {
        let ChunkRows::Stored(rows) = entry.chunk.rows() else {
            continue;
        };
        if !lookup.admits(table, &entry.chunk, &**rows)? {
            continue;
        }
        for part in lookup.candidates(table, &entry.chunk, &**rows)? {
            let pick = Pick::Range(part.start as usize..part.end as usize);
            let columns = read_columns(table, &entry.chunk, &pick, &index.columns)?;
            let matches = index.matches(&columns, &wanted).map_err(arrow)?;
            for (row, key) in matches {
                let row = part.start + row as u32;
                let is_indexed = index.is_primary || !entry.chunk.tombstones().contains(row);
                if let Some(key) = &keys[key]
                    && is_indexed
                    && entry.is_present(row)
                {
                    let chunk = entry.id;
                    found.insert(key.clone(), RowAddress { chunk, row });
                }
            }
        }
    }
    Ok(found)
}
