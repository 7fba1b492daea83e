// SPDX-License-Identifier: Apache-2.0

//! [`CurrentRows`]: the chunks of a partition by id, as a DML statement sees them.

use std::collections::HashMap;

use super::keys::RowAddress;
use super::storage::{ChunkId, PartitionChunk, PartitionRows};
use super::visible::Visibility;

/// The rows of a partition before a statement.
pub(super) struct CurrentRows<'a> {
    rows: &'a PartitionRows,
    chunks: HashMap<ChunkId, &'a PartitionChunk>,
    view: Visibility,
}

impl<'a> CurrentRows<'a> {
    pub(super) fn new(rows: &'a PartitionRows, view: Visibility) -> Self {
        let chunks = rows.chunks.iter();
        CurrentRows {
            rows,
            chunks: chunks.map(|entry| (entry.id, entry)).collect(),
            view,
        }
    }

    /// Returns the rows of the partition.
    pub(super) fn partition(&self) -> &'a PartitionRows {
        self.rows
    }

    pub(super) fn chunk(&self, id: ChunkId) -> Option<&'a PartitionChunk> {
        self.chunks.get(&id).copied()
    }

    /// Returns the chunks whose rows have outlived the time to live of the table.
    pub(super) fn expired(&self) -> Vec<PartitionChunk> {
        let chunks = self.rows.chunks.iter();
        let expired = chunks.filter(|entry| self.view.has_expired(entry));
        expired.cloned().collect()
    }

    pub(super) fn is_expired(&self, address: RowAddress) -> bool {
        let entry = self.chunk(address.chunk);
        entry.is_none_or(|entry| self.view.has_row_expired(entry, address.row))
    }

    pub(super) fn is_tombstone(&self, address: RowAddress) -> bool {
        let entry = self.chunk(address.chunk);
        entry.is_some_and(|entry| entry.chunk.tombstones().contains(address.row))
    }

    /// Returns the addresses of all rows that a query sees.
    pub(super) fn visible(&self) -> Vec<RowAddress> {
        let mut addresses = Vec::new();
        for entry in &self.rows.chunks {
            let visible = self.view.of(entry, 0..entry.chunk.len() as u32);
            addresses.extend((0..visible.len()).map(|number| RowAddress {
                chunk: entry.id,
                row: visible.row(number),
            }));
        }
        addresses
    }
}
