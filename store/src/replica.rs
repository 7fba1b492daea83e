// SPDX-License-Identifier: Apache-2.0

//! [`Replica`]: the in-memory copy of a log: the state of the store, and the identity of each entry
//! that led to it.

use std::sync::Arc;

use crate::checksum::Checksum;
use crate::damage::DamageKind;
use crate::state::{Action, StoreState};
use crate::table::Sequence;
use crate::unix_micros::UnixMicros;

/// One entry of a log. Its sequence number is its position, which the entry itself does not store.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    /// The checksum of the preceding entry, or [`Checksum::NONE`] for the first entry.
    pub(crate) previous: Checksum,
    pub(crate) id: EntryId,
    pub(crate) changed_at: UnixMicros,
    /// The changes. Never empty.
    pub(crate) actions: Vec<Action>,
}

/// The identity of an entry: distinguishes it from any other entry that was written with the same
/// sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryId {
    /// Identifies one attempt of one process to write an entry.
    pub(crate) writer: Arc<str>,
    pub(crate) checksum: Checksum,
}

/// The entries of a log from the first one to some later one, applied to an empty store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica {
    state: StoreState,
    /// The id of entry `n` is at index `n - 1`.
    entry_ids: Vec<EntryId>,
}

impl Replica {
    pub(crate) fn state(&self) -> &StoreState {
        &self.state
    }

    pub(crate) fn entry_ids(&self) -> &[EntryId] {
        &self.entry_ids
    }

    /// Returns the number of the last entry.
    pub(crate) fn last(&self) -> Sequence {
        self.state.last_sequence()
    }

    /// Returns the checksum of the last entry.
    pub(crate) fn head(&self) -> Checksum {
        let last = self.entry_ids.last();
        last.map_or(Checksum::NONE, |id| id.checksum)
    }

    /// Returns the writer of an entry, or `None` if the replica does not contain the entry.
    pub(crate) fn writer(&self, sequence: Sequence) -> Option<&str> {
        let index = usize::try_from(sequence.0).ok()?.checked_sub(1)?;
        self.entry_ids.get(index).map(|id| &*id.writer)
    }

    /// Applies the entry after the last one. If this fails, the replica is unchanged.
    pub(crate) fn apply(&mut self, entry: LogEntry) -> Result<(), DamageKind> {
        if entry.previous != self.head() {
            return Err(DamageKind::Fork {
                known: self.head(),
                named: entry.previous,
            });
        }
        self.state.apply(entry.changed_at, &entry.actions)?;
        self.entry_ids.push(entry.id);
        Ok(())
    }

    /// Fails with [`DamageKind::Fork`] unless one of the two replicas is a prefix of the other.
    pub(crate) fn check_same_log(&self, other: &Replica) -> Result<(), DamageKind> {
        let common = self.entry_ids.len().min(other.entry_ids.len());
        // Each checksum depends on all entries before it, so the last common one decides.
        let last_common = |replica: &Replica| {
            let id = replica.entry_ids.get(common.checked_sub(1)?)?;
            Some(id.checksum)
        };
        match (last_common(self), last_common(other)) {
            (Some(known), Some(named)) if known != named => Err(DamageKind::Fork { known, named }),
            _ => Ok(()),
        }
    }
}
