// SPDX-License-Identifier: Apache-2.0

//! [`resolve_conflicts`]: compares the keys of the rows that a statement adds with each other and
//! with the keys of existing rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use datafusion::error::{DataFusionError, Result};
use kalamtable_model::TableKind;
use kalamtable_provider::__private::values_text;
use kalamtable_registry::TableSnapshot;

use super::compact::MIN_SORTED_ROWS;
use super::current_rows::CurrentRows;
use super::keys::{KeyBytes, KeyIndex, RowAddress};
use super::partition_index::PartitionIndex;
use super::statement_effect::{OnConflict, RemovedRows, StatementEffect};
use super::stored_keys::find_stored;
use crate::error::arrow_error;

/// The rows that a statement adds and removes once its key conflicts are resolved.
pub(super) struct ResolvedRows {
    /// The rows to add.
    pub(super) added: RecordBatch,
    /// The keys of the added rows, for each index.
    pub(super) keys: Vec<Vec<Option<KeyBytes>>>,
    /// The rows to remove, in ascending order: those of the statement, and those that it replaces.
    pub(super) removed: Vec<RowAddress>,
    /// Tombstones whose key an added row has.
    pub(super) superseded_tombstones: Vec<RowAddress>,
}

/// Resolves the key conflicts of a statement.
///
/// The primary key determines which existing rows and tombstones are replaced. Unique keys only
/// conflict.
///
/// # Errors
/// Fails with `DuplicateKey` if two added rows, or an added and a remaining row, have the same
/// unique key, or the same primary key in a statement that does not replace rows.
pub(super) fn resolve_conflicts(
    table: &TableSnapshot,
    current: &CurrentRows<'_>,
    index: &PartitionIndex,
    effect: &StatementEffect,
) -> Result<ResolvedRows> {
    let removed = match &effect.removed {
        RemovedRows::None => Vec::new(),
        RemovedRows::At(addresses) => addresses.clone(),
        RemovedRows::All => current.visible(),
    };
    let mut resolution = Resolution {
        table,
        current,
        effect,
        removed: removed.into_iter().collect(),
        superseded_tombstones: Vec::new(),
    };
    let added = match &effect.added {
        Some(rows) => rows.clone(),
        None => RecordBatch::new_empty(table.schema().clone()),
    };
    let mut added = AddedRows {
        numbers: (0..added.num_rows()).collect(),
        rows: added,
    };
    let mut keys = Vec::new();
    if let Some(primary) = index.primary() {
        let (unrepeated, primary_keys) = resolution.without_repeated_keys(primary, added)?;
        let (sorted, primary_keys) = sorted(table, unrepeated, primary_keys)?;
        added = sorted;
        resolution.resolve_primary(primary, &added, &primary_keys)?;
        keys.push(primary_keys);
    }
    for unique in index.indexes().iter().filter(|index| !index.is_primary) {
        keys.push(resolution.check_unique(unique, &added)?);
    }
    let mut removed: Vec<RowAddress> = resolution.removed.into_iter().collect();
    removed.sort_unstable();
    Ok(ResolvedRows {
        added: added.rows,
        keys,
        removed,
        superseded_tombstones: resolution.superseded_tombstones,
    })
}

/// The state of the resolution.
struct Resolution<'a> {
    table: &'a TableSnapshot,
    current: &'a CurrentRows<'a>,
    effect: &'a StatementEffect,
    removed: HashSet<RowAddress>,
    superseded_tombstones: Vec<RowAddress>,
}

/// The rows to add.
struct AddedRows {
    rows: RecordBatch,
    /// The number of each row in the statement.
    numbers: Vec<usize>,
}

impl Resolution<'_> {
    /// Returns the rows without those that a following row with the same primary key replaces, and
    /// the primary keys of the remaining rows. Fails if two rows have the same key and rows are not
    /// replaced.
    fn without_repeated_keys(
        &self,
        primary: &KeyIndex,
        added: AddedRows,
    ) -> Result<(AddedRows, Vec<Option<KeyBytes>>)> {
        let keys = self.keys(primary, &added)?;
        match self.effect.on_conflict {
            OnConflict::Refuse => match first_repeated(&keys) {
                Some(row) => Err(self.duplicate(primary, &added, row)),
                None => Ok((added, keys)),
            },
            OnConflict::Replace => {
                let last = last_of_each(&keys);
                if last.len() == keys.len() {
                    return Ok((added, keys));
                }
                let rows: UInt32Array = last.iter().map(|row| *row as u32).collect();
                let rows = take_record_batch(&added.rows, &rows);
                let kept = AddedRows {
                    rows: rows.map_err(|error| arrow_error(self.table, error))?,
                    numbers: last.iter().map(|row| added.numbers[*row]).collect(),
                };
                Ok((kept, last.iter().map(|row| keys[*row].clone()).collect()))
            }
        }
    }

    /// Finds the rows and tombstones that the added rows replace.
    fn resolve_primary(
        &mut self,
        primary: &KeyIndex,
        added: &AddedRows,
        keys: &[Option<KeyBytes>],
    ) -> Result<()> {
        let stored = self.find_stored(primary, added, keys)?;
        for (row, key) in keys.iter().enumerate() {
            let address = key.as_ref().and_then(|key| {
                let in_memory = primary.rows.get(key);
                in_memory.or_else(|| stored.get(key))
            });
            let Some(address) = address else {
                continue;
            };
            if self.current.is_expired(*address) {
                continue;
            }
            if self.current.is_tombstone(*address) {
                self.superseded_tombstones.push(*address);
            } else if !self.removed.contains(address) {
                if self.effect.on_conflict == OnConflict::Refuse {
                    return Err(self.duplicate(primary, added, row));
                }
                self.removed.insert(*address);
            }
        }
        Ok(())
    }

    /// Returns the unique keys of the added rows, and fails if one of them is repeated or taken.
    fn check_unique(&self, unique: &KeyIndex, added: &AddedRows) -> Result<Vec<Option<KeyBytes>>> {
        let keys = self.keys(unique, added)?;
        let stored = self.find_stored(unique, added, &keys)?;
        let is_taken = |key: &Option<KeyBytes>| {
            let address = key.as_ref().and_then(|key| {
                let in_memory = unique.rows.get(key);
                in_memory.or_else(|| stored.get(key))
            });
            address.is_some_and(|address| {
                !self.current.is_expired(*address) && !self.removed.contains(address)
            })
        };
        match first_repeated(&keys).or_else(|| keys.iter().position(is_taken)) {
            Some(row) => Err(self.duplicate(unique, added, row)),
            None => Ok(keys),
        }
    }

    /// Returns the addresses of stored rows with the keys of added rows that no row in memory has.
    fn find_stored(
        &self,
        index: &KeyIndex,
        added: &AddedRows,
        keys: &[Option<KeyBytes>],
    ) -> Result<HashMap<KeyBytes, RowAddress>> {
        let partition = self.current.partition();
        if partition.is_in_memory() {
            return Ok(HashMap::new());
        }
        let is_missing = |key: &KeyBytes| !index.rows.contains_key(key);
        let keys = keys.iter();
        let missing: Vec<Option<KeyBytes>> =
            keys.map(|key| key.clone().filter(is_missing)).collect();
        let columns = index.columns.iter();
        let columns = columns.map(|column| Arc::clone(added.rows.column(*column)));
        let columns: Vec<ArrayRef> = columns.collect();
        Ok(find_stored(
            self.table, partition, index, &columns, &missing,
        )?)
    }

    fn keys(&self, index: &KeyIndex, added: &AddedRows) -> Result<Vec<Option<KeyBytes>>> {
        let keys = index.keys(&added.rows);
        keys.map_err(|error| arrow_error(self.table, error).into())
    }

    fn duplicate(&self, index: &KeyIndex, added: &AddedRows, row: usize) -> DataFusionError {
        let columns = index.columns.iter();
        let arrays: Vec<ArrayRef> = columns
            .map(|column| Arc::clone(added.rows.column(*column)))
            .collect();
        // The rows of an `UPDATE` have no number that the user knows.
        let number = (!self.effect.is_update).then(|| added.numbers[row]);
        let values = values_text(&arrays, row);
        kalamtable_provider::Error::duplicate_key(
            self.table.definition(),
            number,
            index.is_primary,
            &index.columns,
            values,
        )
        .into()
    }
}

/// Sorts many rows by their primary keys, so that a storage finds a key without reading all rows of
/// the statement.
fn sorted(
    table: &TableSnapshot,
    added: AddedRows,
    keys: Vec<Option<KeyBytes>>,
) -> Result<(AddedRows, Vec<Option<KeyBytes>>)> {
    let is_stream = table.definition().kind() == TableKind::Stream;
    if keys.len() < MIN_SORTED_ROWS || is_stream || keys.is_sorted() {
        return Ok((added, keys));
    }
    let mut sorted: Vec<(Option<KeyBytes>, u32)> = keys.into_iter().zip(0..).collect();
    sorted.sort_unstable();
    let (keys, order): (Vec<Option<KeyBytes>>, Vec<u32>) = sorted.into_iter().unzip();
    let numbers = order.iter().map(|row| added.numbers[*row as usize]);
    let numbers = numbers.collect();
    let rows = take_record_batch(&added.rows, &UInt32Array::from(order));
    let rows = rows.map_err(|error| arrow_error(table, error))?;
    Ok((AddedRows { rows, numbers }, keys))
}

/// Returns the first row whose key a previous row has.
fn first_repeated(keys: &[Option<KeyBytes>]) -> Option<usize> {
    let mut seen = HashSet::new();
    let mut rows = keys.iter();
    rows.position(|key| key.as_ref().is_some_and(|key| !seen.insert(key)))
}

/// Returns the last row of each key and the rows without a key, in ascending order.
fn last_of_each(keys: &[Option<KeyBytes>]) -> Vec<usize> {
    let mut seen = HashSet::new();
    let rows = keys.iter().enumerate().rev();
    let mut last: Vec<usize> = rows
        .filter(|(_, key)| key.as_ref().is_none_or(|key| seen.insert(key)))
        .map(|(row, _)| row)
        .collect();
    last.reverse();
    last
}
