// SPDX-License-Identifier: Apache-2.0

//! [`CommitQueue`]: the entries that wait for the next group, and the progress of group commit.

use std::mem;
use std::sync::Arc;

use crate::log::error::LogFailure;
use crate::log::format::{EntryHeader, LogId};

/// The capacity of a buffer that is kept for another group.
const MAX_SPARE_BYTES: usize = 4 << 20;

/// The state that the threads of an open log share.
pub(crate) struct CommitQueue {
    log: LogId,
    /// The entries of the group that is being collected, as they are written to a segment.
    pending: Vec<u8>,
    pending_entries: u32,
    /// The sequence number of the first entry of that group.
    pending_start: u64,
    /// The sequence number of the next entry.
    next: u64,
    /// The sequence number after the last durable entry.
    durable_end: u64,
    /// Whether a thread writes a group.
    is_writing: bool,
    /// The number of groups that were taken.
    groups: u64,
    failure: Option<Arc<LogFailure>>,
    /// An empty buffer.
    spare: Vec<u8>,
}

/// Entries that are written together.
pub(crate) struct EntryGroup {
    pub(crate) bytes: Vec<u8>,
    /// The sequence number of the last entry.
    pub(crate) last: u64,
    /// The number of the group.
    pub(crate) number: u64,
}

/// The progress of an entry.
pub(crate) enum EntryProgress {
    Durable,
    Failed(Arc<LogFailure>),
    /// No group is being written, so the calling thread takes the pending one, and writes it.
    Lead(EntryGroup),
    /// A group is being written. The entry belongs to the group with the number.
    Wait(u64),
    /// The sequence number has not been assigned.
    Unknown,
}

impl CommitQueue {
    pub(crate) fn new(log: LogId, next: u64) -> Self {
        CommitQueue {
            log,
            pending: Vec::new(),
            pending_entries: 0,
            pending_start: next,
            next,
            durable_end: next,
            is_writing: false,
            groups: 0,
            failure: None,
            spare: Vec::new(),
        }
    }

    /// Adds an entry to the pending group, and returns its sequence number. The checksum of the
    /// payload is computed by the caller, outside of the lock.
    pub(crate) fn push(
        &mut self,
        payload: &[u8],
        payload_bytes: u32,
        payload_checksum: u32,
    ) -> Result<u64, Arc<LogFailure>> {
        if let Some(failure) = &self.failure {
            return Err(Arc::clone(failure));
        }
        let sequence = self.next;
        let header = EntryHeader {
            payload_bytes,
            sequence,
            index: self.pending_entries,
            payload_checksum,
        };
        self.pending.extend_from_slice(&header.to_bytes(self.log));
        self.pending.extend_from_slice(payload);
        self.pending_entries += 1;
        self.next += 1;
        Ok(sequence)
    }

    /// Returns the next step of a thread that waits for an entry.
    pub(crate) fn progress(&mut self, sequence: u64) -> EntryProgress {
        if sequence < self.durable_end {
            return EntryProgress::Durable;
        }
        if let Some(failure) = &self.failure {
            return EntryProgress::Failed(Arc::clone(failure));
        }
        if sequence >= self.next {
            return EntryProgress::Unknown;
        }
        if !self.is_writing {
            return EntryProgress::Lead(self.take_group());
        }
        let is_pending = sequence >= self.pending_start;
        EntryProgress::Wait(self.groups - u64::from(!is_pending))
    }

    fn take_group(&mut self) -> EntryGroup {
        let group = EntryGroup {
            bytes: mem::replace(&mut self.pending, mem::take(&mut self.spare)),
            last: self.next - 1,
            number: self.groups,
        };
        self.pending_entries = 0;
        self.pending_start = self.next;
        self.is_writing = true;
        self.groups += 1;
        group
    }

    /// Records the result of writing a group. Returns whether entries are pending.
    pub(crate) fn finish_group(
        &mut self,
        mut group: EntryGroup,
        written: Result<(), Arc<LogFailure>>,
    ) -> bool {
        self.is_writing = false;
        match written {
            Ok(()) => self.durable_end = group.last + 1,
            Err(failure) => self.fail(failure),
        }
        if group.bytes.capacity() <= MAX_SPARE_BYTES {
            group.bytes.clear();
            self.spare = group.bytes;
        }
        self.pending_entries > 0
    }

    /// Rejects all entries that are not durable. The first failure is the one that is reported.
    pub(crate) fn fail(&mut self, failure: Arc<LogFailure>) {
        self.failure.get_or_insert(failure);
        self.pending = Vec::new();
    }

    /// Returns the sequence number of the last entry, or 0 if the log never had one.
    pub(crate) fn last(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// Returns the sequence number of the last durable entry, or 0 if the log never had one.
    pub(crate) fn last_durable(&self) -> u64 {
        self.durable_end.saturating_sub(1)
    }
}
