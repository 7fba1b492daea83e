// SPDX-License-Identifier: Apache-2.0

//! [`CurrentRows`]: the chunks of a partition by id, as a DML statement sees them.

use std::collections::HashMap;

use super::keys::RowAddress;
use super::storage::{ChunkId, PartitionRows, StoredChunk};
use super::visible::View;

/// The rows of a partition before a statement.
pub(super) struct CurrentRows<'a> {
    rows: &'a PartitionRows,
    chunks: HashMap<ChunkId, &'a StoredChunk>,
    view: View,
}

impl<'a> CurrentRows<'a> {
    pub(super) fn new(rows: &'a PartitionRows, view: View) -> Self {
        let chunks = rows.chunks.iter();
        CurrentRows {
            rows,
            chunks: chunks.map(|stored| (stored.id, stored)).collect(),
            view,
        }
    }

    /// Returns the rows of the partition.
    pub(super) fn partition(&self) -> &'a PartitionRows {
        self.rows
    }

    pub(super) fn chunk(&self, id: ChunkId) -> Option<&'a StoredChunk> {
        self.chunks.get(&id).copied()
    }

    /// Returns the chunks whose rows have outlived the time to live of the table.
    pub(super) fn expired(&self) -> Vec<StoredChunk> {
        let chunks = self.rows.chunks.iter();
        let expired = chunks.filter(|stored| self.view.has_expired(stored));
        expired.cloned().collect()
    }

    pub(super) fn is_expired(&self, address: RowAddress) -> bool {
        let stored = self.chunk(address.chunk);
        stored.is_none_or(|stored| self.view.has_row_expired(stored, address.row))
    }

    pub(super) fn is_tombstone(&self, address: RowAddress) -> bool {
        let stored = self.chunk(address.chunk);
        stored.is_some_and(|stored| stored.chunk.tombstones().contains(address.row))
    }

    /// Returns the addresses of all rows that a query sees.
    pub(super) fn visible(&self) -> Vec<RowAddress> {
        let mut addresses = Vec::new();
        for stored in &self.rows.chunks {
            let visible = self.view.of(stored, 0..stored.chunk.len() as u32);
            addresses.extend((0..visible.len()).map(|number| RowAddress {
                chunk: stored.id,
                row: visible.row(number),
            }));
        }
        addresses
    }
}
