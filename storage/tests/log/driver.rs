// SPDX-License-Identifier: Apache-2.0

//! [`Driver`]: calls a log on a simulated folder, and compares the results with a model.

use kalamtable_storage::{LogError, LogTicket, RowLog, RowLogOptions};

use crate::model::LogModel;
use crate::recovered::{open_in, read_in};
use crate::simulated::SimulatedFolder;

/// The size at which a segment ends.
pub(crate) const SEGMENT_BYTES: u64 = 1500;

/// A log on a simulated folder, and its model.
pub(crate) struct Driver {
    pub(crate) folder: SimulatedFolder,
    pub(crate) model: LogModel,
    log: Option<RowLog>,
    tickets: Vec<LogTicket>,
    /// Whether the log has returned [`LogError::Failed`].
    has_failed: bool,
    /// The number of bytes that were removed as torn tails.
    pub(crate) torn_bytes: u64,
}

fn options() -> RowLogOptions {
    RowLogOptions::default().with_segment_bytes(SEGMENT_BYTES)
}

impl Driver {
    pub(crate) fn new(seed: u64) -> Self {
        Driver {
            folder: SimulatedFolder::new(seed),
            model: LogModel::default(),
            log: None,
            tickets: Vec::new(),
            has_failed: false,
            torn_bytes: 0,
        }
    }

    /// Returns whether the log can be used.
    pub(crate) fn is_usable(&self) -> bool {
        self.log.is_some() && !self.has_failed
    }

    pub(crate) fn ticket_count(&self) -> usize {
        self.tickets.len()
    }

    /// Opens the log, and checks its entries. Fails only with an error of an operation.
    pub(crate) fn open(&mut self, knows_flushed: bool) {
        assert!(self.log.is_none());
        let mut options = options();
        if knows_flushed {
            options = options.with_flushed_to(self.model.needed_from() - 1);
        }
        match open_in(self.folder.clone(), options) {
            Ok((log, recovered)) => {
                self.model.restart(&recovered);
                assert_eq!(log.last_sequence(), self.model.last());
                assert_eq!(log.last_durable_sequence(), self.model.last());
                let torn = &recovered.recovery.torn_tail;
                self.torn_bytes += torn.as_ref().map_or(0, |torn| torn.bytes);
                self.log = Some(log);
            }
            Err(LogError::Io(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens the log without a fault, which must succeed.
    pub(crate) fn reopen(&mut self, knows_flushed: bool) {
        self.open(knows_flushed);
        assert!(self.log.is_some(), "the log cannot be opened");
    }

    pub(crate) fn append(&mut self, payload: Vec<u8>) {
        let Some(log) = &self.log else { return };
        match log.append(&payload) {
            Ok(ticket) => {
                assert!(!self.has_failed, "a failed log accepts an entry");
                self.model.append(ticket.sequence(), payload);
                self.tickets.push(ticket);
            }
            Err(LogError::Failed(_)) if self.has_failed => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for the `index`-th entry that was appended since the log was opened.
    pub(crate) fn wait(&mut self, index: usize) {
        let Some(log) = &self.log else { return };
        let Some(ticket) = self.tickets.get(index) else {
            return;
        };
        let was_durable = ticket.sequence() <= self.model.acknowledged();
        match log.wait(*ticket) {
            Ok(()) => {
                assert!(
                    was_durable || !self.has_failed,
                    "a failed log acknowledges an entry"
                );
                self.model.acknowledge(ticket.sequence());
                // The whole group is durable, which may contain later entries.
                let durable = log.last_durable_sequence();
                assert!(durable >= ticket.sequence());
                self.model.acknowledge(durable);
            }
            Err(LogError::Failed(_)) => {
                assert!(!was_durable);
                self.has_failed = true;
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Appends entries as one group, and waits for them.
    pub(crate) fn append_group(&mut self, payloads: impl IntoIterator<Item = Vec<u8>>) {
        for payload in payloads {
            self.append(payload);
        }
        self.wait(self.tickets.len().saturating_sub(1));
    }

    pub(crate) fn truncate_before(&mut self, sequence: u64) {
        let Some(log) = &self.log else { return };
        self.model.truncate(sequence);
        match log.truncate_before(sequence) {
            Ok(()) => assert!(!self.has_failed),
            // The log remains usable.
            Err(LogError::Io(_)) => {}
            Err(LogError::Failed(_)) => self.has_failed = true,
            Err(error) => panic!("{error}"),
        }
        assert_eq!(log.last_sequence(), self.model.last());
        assert_eq!(log.last_durable_sequence(), self.model.acknowledged());
    }

    /// Reads the log while it is open for writing, or after it has failed.
    pub(crate) fn read(&self) {
        match read_in(&self.folder, options()) {
            Ok(recovered) => self.model.check(&recovered),
            Err((LogError::Io(_), _)) => {}
            Err((error, _)) => panic!("{error}"),
        }
    }

    /// Ends the process, with or without a power failure.
    pub(crate) fn crash(&mut self, loses_power: bool) {
        self.log = None;
        self.tickets.clear();
        self.has_failed = false;
        if loses_power {
            self.folder.lose_power();
        } else {
            self.folder.restart();
        }
    }
}
