// SPDX-License-Identifier: Apache-2.0

//! Reads the changes of other processes: the entries after the last known one, or a checkpoint if
//! these entries were deleted.
//!
//! # Numbers that are free again
//! After clean-up has deleted an entry, its number is free. A process that was suspended since
//! before the entry was written may then create another entry with that number, which must never
//! count. The order of clean-up makes this detectable: an entry is deleted only if two checkpoints
//! contain it, and from then on at least two checkpoints always contain it. Therefore an entry that
//! was read or created counts only if, afterwards, at most one checkpoint contains its number.
//! Otherwise a checkpoint has the change that really belongs to the number. See [`is_cleaned_up`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, future, stream};

use crate::damage::{Damage, DamageKind};
use crate::error::Error;
use crate::log::client::{LogClient, LogSession};
use crate::log::objects::ObjectRead;
use crate::replica::{LogEntry, Replica};
use crate::state::StoreState;
use crate::table::Sequence;

/// The number of entries that are read concurrently.
const READ_AHEAD: usize = 16;

/// The maximum number of times that an object may disappear between a listing and a read before it
/// counts as missing. Other processes delete objects at most once per checkpoint.
const MAX_VANISHED: usize = 16;

/// The result of an attempt to read a checkpoint.
enum CheckpointRead {
    /// The view has the content of the checkpoint.
    Loaded,
    /// No checkpoint can be read. The damage is that of the newest one, if any exists.
    Unreadable(Option<Damage>),
    /// A checkpoint was deleted after it was listed.
    Vanished,
}

impl LogClient {
    /// Reads the changes of other processes, and returns the number of the last change.
    pub(super) async fn refresh(&self) -> Result<Sequence, Error> {
        let mut session = self.session().await;
        self.catch_up(&mut session).await?;
        Ok(self.view().replica.last())
    }

    /// Calls `query` with a state that is at most as old as the options allow.
    pub(super) async fn read<T>(&self, query: impl FnOnce(&StoreState) -> T) -> Result<T, Error> {
        self.refresh_if_due().await?;
        Ok(query(self.view().replica.state()))
    }

    /// Refreshes the view if it is older than the options allow.
    pub(super) async fn refresh_if_due(&self) -> Result<(), Error> {
        let Some(max_age) = self.options.refresh_after else {
            return Ok(());
        };
        let called_at = Instant::now();
        if !self.is_due(called_at, max_age) {
            return Ok(());
        }
        let mut session = self.session().await;
        // Another thread may have refreshed the view while this one waited for the lock.
        if !self.is_due(called_at, max_age) {
            return Ok(());
        }
        match self.catch_up(&mut session).await {
            // Reads return the state before the damage.
            Err(Error::Damaged(_)) => Ok(()),
            result => result,
        }
    }

    fn is_due(&self, called_at: Instant, max_age: Duration) -> bool {
        let refreshed_at = self.view().refreshed_at;
        refreshed_at.is_none_or(|refreshed_at| {
            // A due time that is not representable is never reached.
            let due_at = refreshed_at.checked_add(max_age);
            due_at.is_some_and(|due_at| due_at <= called_at)
        })
    }

    /// Brings the view to a state that the log had at some time after the call.
    ///
    /// Fails with [`Error::Damaged`] if an object is damaged. The view then has the changes before
    /// the damage.
    pub(super) async fn catch_up(&self, session: &mut LogSession) -> Result<(), Error> {
        let started_at = Instant::now();
        let result = self.read_log(session).await;
        let mut view = self.view_mut();
        match &result {
            Ok(()) => {
                view.refreshed_at = Some(started_at);
                view.damage = None;
            }
            Err(Error::Damaged(damage)) => {
                view.refreshed_at = Some(started_at);
                view.damage = Some(Arc::clone(damage));
            }
            Err(_) => {}
        }
        result
    }

    async fn read_log(&self, session: &mut LogSession) -> Result<(), Error> {
        let mut vanished = 0;
        loop {
            let known = self.view().replica.last();
            let (entries, checkpoints) = future::try_join(
                self.objects.entries_after(known),
                self.objects.checkpoints(),
            )
            .await?;
            session.checkpoint = newest(&checkpoints);
            let last_entry = entries.last().copied().unwrap_or_default();
            let last = session.checkpoint.max(last_entry);
            if last <= known {
                return Ok(());
            }

            let mut unreadable = None;
            let is_empty = known == Sequence::START && !checkpoints.is_empty();
            if is_empty || is_cleaned_up(known.next(), &checkpoints) {
                match self.load_newest_checkpoint(&checkpoints).await? {
                    CheckpointRead::Loaded => continue,
                    CheckpointRead::Unreadable(damage) => unreadable = damage,
                    CheckpointRead::Vanished => {
                        vanished += 1;
                        if vanished < MAX_VANISHED {
                            continue;
                        }
                    }
                }
            }

            let (entries, stopped) = self.read_entries(known.next(), last).await?;
            let checkpoints = self.objects.checkpoints().await?;
            if is_cleaned_up(known.next(), &checkpoints) {
                // The entries may have been written to numbers that clean-up has freed, and a
                // missing entry may be in a checkpoint: read the checkpoints again.
                vanished += 1;
                match unreadable {
                    Some(damage) => return Err(Error::Damaged(Arc::new(damage))),
                    None if vanished < MAX_VANISHED => continue,
                    None => {
                        let path = self.objects.checkpoint_path(newest(&checkpoints));
                        let damage = DamageKind::Missing.at(path.as_ref());
                        return Err(Error::Damaged(Arc::new(damage)));
                    }
                }
            }
            let Some(stopped) = stopped else {
                return self.apply(entries);
            };

            // A checkpoint may contain the entry that cannot be read.
            if newest(&checkpoints) > known && unreadable.is_none() {
                match self.load_newest_checkpoint(&checkpoints).await? {
                    CheckpointRead::Loaded => continue,
                    CheckpointRead::Unreadable(damage) => unreadable = damage,
                    CheckpointRead::Vanished => {
                        vanished += 1;
                        if vanished < MAX_VANISHED {
                            continue;
                        }
                    }
                }
            }
            let last_read = Sequence(known.0 + entries.len() as u64);
            self.apply(entries)?;
            // The error names the damaged checkpoint if the log has no entries before the gap, or
            // if only the checkpoint shows that there should be later ones; else it names the
            // entry.
            let is_entry_at_fault = last_entry > last_read && last_read > Sequence::START;
            return Err(Error::Damaged(Arc::new(match unreadable {
                Some(damage) if !is_entry_at_fault => damage,
                _ => stopped,
            })));
        }
    }

    /// Reads the entries from `first` to `last`. If one of them cannot be read, returns the entries
    /// before it and its damage.
    async fn read_entries(
        &self,
        first: Sequence,
        last: Sequence,
    ) -> Result<(Vec<LogEntry>, Option<Damage>), Error> {
        let mut entries = Vec::new();
        let reads = stream::iter(first.0..=last.0)
            .map(|number| self.objects.entry(Sequence(number)))
            .buffered(READ_AHEAD);
        let mut reads = std::pin::pin!(reads);
        while let Some(read) = reads.next().await {
            match read? {
                ObjectRead::Valid(entry) => entries.push(entry),
                ObjectRead::Damaged(damage) => return Ok((entries, Some(damage))),
                ObjectRead::Missing => {
                    let missing = Sequence(first.0 + entries.len() as u64);
                    let path = self.objects.entry_path(missing);
                    return Ok((entries, Some(DamageKind::Missing.at(path.as_ref()))));
                }
            }
        }
        Ok((entries, None))
    }

    /// Applies the entries after the last one of the view.
    pub(super) fn apply(&self, entries: Vec<LogEntry>) -> Result<(), Error> {
        let mut view = self.view_mut();
        for entry in entries {
            let sequence = view.replica.last().next();
            view.replica.apply(entry).map_err(|kind| {
                let path = self.objects.entry_path(sequence);
                Error::Damaged(Arc::new(kind.at(path.as_ref())))
            })?;
        }
        Ok(())
    }

    /// Replaces the view by the newest readable one of `checkpoints`, newest first, that is newer
    /// than the view.
    async fn load_newest_checkpoint(
        &self,
        checkpoints: &[Sequence],
    ) -> Result<CheckpointRead, Error> {
        let known = self.view().replica.last();
        let mut first_damage = None;
        for sequence in checkpoints.iter().filter(|sequence| **sequence > known) {
            match self.objects.checkpoint(*sequence).await? {
                ObjectRead::Valid(replica) => {
                    self.replace_replica(*sequence, replica)?;
                    return Ok(CheckpointRead::Loaded);
                }
                ObjectRead::Damaged(damage) => first_damage = first_damage.or(Some(damage)),
                ObjectRead::Missing => return Ok(CheckpointRead::Vanished),
            }
        }
        Ok(CheckpointRead::Unreadable(first_damage))
    }

    fn replace_replica(&self, sequence: Sequence, replica: Replica) -> Result<(), Error> {
        let mut view = self.view_mut();
        view.replica.check_same_log(&replica).map_err(|kind| {
            let path = self.objects.checkpoint_path(sequence);
            Error::Damaged(Arc::new(kind.at(path.as_ref())))
        })?;
        view.replica = replica;
        Ok(())
    }
}

fn newest(checkpoints: &[Sequence]) -> Sequence {
    checkpoints.first().copied().unwrap_or_default()
}

/// Returns whether clean-up may have deleted the entry with number `sequence`: whether at least two
/// of `checkpoints`, newest first, contain it. See the module documentation.
pub(super) fn is_cleaned_up(sequence: Sequence, checkpoints: &[Sequence]) -> bool {
    checkpoints.get(1).is_some_and(|second| *second >= sequence)
}
