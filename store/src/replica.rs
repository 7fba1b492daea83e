// SPDX-License-Identifier: Apache-2.0

//! [`Replica`]: what a process knows of a log: the state, and by which entries it came about.

use std::sync::Arc;

use crate::checksum::Checksum;
use crate::state::{Action, State};
use crate::{DamageKind, Sequence, UnixMicros};

/// One entry of the log; its number is where it is.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The checksum of the entry before it.
    pub(crate) previous: Checksum,
    pub(crate) stamp: Stamp,
    pub(crate) moment: UnixMicros,
    pub(crate) action: Action,
}

/// What tells an entry from every other one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Unique to one attempt of one process to write.
    pub(crate) writer: Arc<str>,
    pub(crate) checksum: Checksum,
}

/// The entries of a log from the first one to the last that is known, and what they come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica {
    state: State,
    /// That of change `n` is at `n - 1`.
    stamps: Vec<Stamp>,
}

impl Replica {
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    /// The number of the last entry.
    pub(crate) fn last(&self) -> Sequence {
        self.state.last_sequence()
    }

    /// The checksum of the last entry.
    pub(crate) fn head(&self) -> Checksum {
        let last = self.stamps.last();
        last.map_or(Checksum::NONE, |stamp| stamp.checksum)
    }

    /// Who wrote an entry; none if it is not known.
    pub(crate) fn writer(&self, sequence: Sequence) -> Option<&str> {
        let index = usize::try_from(sequence.0).ok()?.checked_sub(1)?;
        self.stamps.get(index).map(|stamp| &*stamp.writer)
    }

    /// Takes the next entry. Nothing changes if it does not fit.
    pub(crate) fn apply(&mut self, entry: Entry) -> Result<(), DamageKind> {
        if entry.previous != self.head() {
            return Err(DamageKind::Fork {
                known: self.head(),
                named: entry.previous,
            });
        }
        self.state.apply(entry.moment, &entry.action)?;
        self.stamps.push(entry.stamp);
        Ok(())
    }

    /// That this log and `other` are one, as far as both go.
    pub(crate) fn agrees_with(&self, other: &Replica) -> Result<(), DamageKind> {
        let both = self.stamps.len().min(other.stamps.len());
        // Each checksum depends on all entries before it.
        let at = |replica: &Replica| match both.checked_sub(1) {
            Some(index) => replica.stamps.get(index).map(|stamp| stamp.checksum),
            None => None,
        };
        match (at(self), at(other)) {
            (Some(known), Some(named)) if known != named => Err(DamageKind::Fork { known, named }),
            _ => Ok(()),
        }
    }
}
