// SPDX-License-Identifier: Apache-2.0

//! [`LogModel`]: the entries that a log must and may contain.

use crate::recovered::Recovered;

/// The entries that were appended to a log, in a vector.
#[derive(Debug, Default)]
pub(crate) struct LogModel {
    /// The payload of entry `n` is at index `n - 1`.
    appended: Vec<Vec<u8>>,
    /// The last sequence number that must survive a crash.
    acknowledged: u64,
    /// The first sequence number that must not have been truncated.
    needed_from: u64,
}

impl LogModel {
    pub(crate) fn last(&self) -> u64 {
        self.appended.len() as u64
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(crate) fn needed_from(&self) -> u64 {
        self.needed_from.max(1)
    }

    pub(crate) fn append(&mut self, sequence: u64, payload: Vec<u8>) {
        self.appended.push(payload);
        assert_eq!(sequence, self.last());
    }

    pub(crate) fn acknowledge(&mut self, sequence: u64) {
        assert!(sequence <= self.last());
        self.acknowledged = self.acknowledged.max(sequence);
    }

    /// Records a call of `truncate_before`, which may have had an effect. It does not affect
    /// entries that are written later.
    pub(crate) fn truncate(&mut self, sequence: u64) {
        let sequence = sequence.min(self.acknowledged + 1);
        self.needed_from = self.needed_from.max(sequence);
    }

    /// Checks the entries that a log has after a crash: none is missing, changed or made up.
    pub(crate) fn check(&self, recovered: &Recovered) {
        let last = recovered.recovery.last_sequence;
        let acknowledged = self.acknowledged;
        assert!(
            last >= acknowledged && last <= self.last(),
            "the log ends with {last}, although {acknowledged} was acknowledged, and {} appended",
            self.last()
        );
        let first = recovered
            .entries
            .first()
            .map_or(last + 1, |(first, _)| *first);
        assert!(
            first <= self.needed_from(),
            "the log begins with {first} instead of {}",
            self.needed_from()
        );
        for (sequence, (found, payload)) in (first..).zip(&recovered.entries) {
            assert_eq!(*found, sequence);
            assert!(
                *payload == self.appended[sequence as usize - 1],
                "entry {sequence} has changed"
            );
        }
        assert_eq!(recovered.entries.len() as u64, last + 1 - first);
    }

    /// Checks the entries of a log that was opened, and forgets the entries that it does not have.
    /// The remaining ones are durable.
    pub(crate) fn restart(&mut self, recovered: &Recovered) {
        self.check(recovered);
        self.acknowledged = recovered.recovery.last_sequence;
        self.appended.truncate(self.acknowledged as usize);
    }
}
