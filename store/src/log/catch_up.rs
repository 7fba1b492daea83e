// SPDX-License-Identifier: Apache-2.0

//! Reads what others wrote: entries one after the other, or a checkpoint where entries are gone.
//!
//! A number whose entry was cleaned up is free again, and a process that slept may create an entry
//! there that nobody else will ever see. What saves everyone is the order in which clean-up works: an
//! entry is deleted when there are two checkpoints that hold it, and from then on there are always two
//! such. So an entry counts only if, after it was read or created, at most one checkpoint holds its
//! number; else a checkpoint tells what change that number really is.

use std::sync::Arc;
use std::time::Instant;

use futures::{StreamExt, future, stream};

use super::objects::Found;
use super::{Gate, ObjectStoreLog};
use crate::replica::{Entry, Replica};
use crate::{Damage, DamageKind, Error, Sequence};

/// Entries that are asked for at a time.
const READ_AHEAD: usize = 16;

/// How often objects may vanish between a listing and a read before they count as missing: others
/// clean up at most once for each checkpoint.
const VANISHED: usize = 16;

/// What came of a look for a checkpoint.
enum Loaded {
    Newer,
    /// None that can be read, and the first that cannot.
    Nothing(Option<Damage>),
    /// One that was listed is gone.
    Vanished,
}

impl ObjectStoreLog {
    /// Brings the view to what the log says at some moment after the call.
    ///
    /// # Errors
    /// [`Error::Damaged`], and then what came before the damage is in the view.
    pub(super) async fn catch_up(&self, gate: &mut Gate) -> Result<(), Error> {
        let began = Instant::now();
        let caught_up = self.read_all(gate).await;
        let mut view = self.view_mut();
        match &caught_up {
            Ok(()) => {
                view.looked = Some(began);
                view.damage = None;
            }
            Err(Error::Damaged(damage)) => {
                view.looked = Some(began);
                view.damage = Some(Arc::clone(damage));
            }
            Err(_) => {}
        }
        caught_up
    }

    async fn read_all(&self, gate: &mut Gate) -> Result<(), Error> {
        let mut vanished = 0;
        loop {
            let known = self.view().replica.last();
            let (entries, checkpoints) = future::try_join(
                self.objects.entries_after(known),
                self.objects.checkpoints(),
            )
            .await?;
            gate.checkpoint = newest(&checkpoints);
            let last_entry = entries.last().copied().unwrap_or_default();
            let last = gate.checkpoint.max(last_entry);
            if last <= known {
                return Ok(());
            }

            let mut unreadable = None;
            let is_new = known == Sequence::START && !checkpoints.is_empty();
            if is_new || is_cleaned_up(known.next(), &checkpoints) {
                match self.load_newest(&checkpoints).await? {
                    Loaded::Newer => continue,
                    Loaded::Nothing(damage) => unreadable = damage,
                    Loaded::Vanished => {
                        vanished += 1;
                        if vanished < VANISHED {
                            continue;
                        }
                    }
                }
            }

            let (read, stopped) = self.read_entries(known.next(), last).await?;
            let checkpoints = self.objects.checkpoints().await?;
            if is_cleaned_up(known.next(), &checkpoints) {
                // What was read may not be what was written first, and what is missing may be in one.
                vanished += 1;
                match unreadable {
                    Some(damage) => return Err(Error::Damaged(Arc::new(damage))),
                    None if vanished < VANISHED => continue,
                    None => {
                        let path = self.objects.checkpoint_path(newest(&checkpoints));
                        let damage = DamageKind::Missing.at(path.as_ref());
                        return Err(Error::Damaged(Arc::new(damage)));
                    }
                }
            }
            let Some(stopped) = stopped else {
                return self.apply(read);
            };

            // A checkpoint may hold what the log does not.
            if newest(&checkpoints) > known && unreadable.is_none() {
                match self.load_newest(&checkpoints).await? {
                    Loaded::Newer => continue,
                    Loaded::Nothing(damage) => unreadable = damage,
                    Loaded::Vanished => {
                        vanished += 1;
                        if vanished < VANISHED {
                            continue;
                        }
                    }
                }
            }
            let after = Sequence(known.0 + read.len() as u64);
            self.apply(read)?;
            // Where the log does not begin, or nothing but the checkpoint says that it goes on, the
            // checkpoint is what cannot be read.
            let is_log_at_fault = last_entry > after && after > Sequence::START;
            return Err(Error::Damaged(Arc::new(match unreadable {
                Some(damage) if !is_log_at_fault => damage,
                _ => stopped,
            })));
        }
    }

    /// Entries from `first` to `last`, and why there are no more if it is not all.
    async fn read_entries(
        &self,
        first: Sequence,
        last: Sequence,
    ) -> Result<(Vec<Entry>, Option<Damage>), Error> {
        let mut read = Vec::new();
        let found = stream::iter(first.0..=last.0)
            .map(|number| self.objects.entry(Sequence(number)))
            .buffered(READ_AHEAD);
        let mut found = std::pin::pin!(found);
        while let Some(entry) = found.next().await {
            match entry? {
                Found::Sound(entry) => read.push(entry),
                Found::Damaged(damage) => return Ok((read, Some(damage))),
                Found::Nothing => {
                    let missing = Sequence(first.0 + read.len() as u64);
                    let path = self.objects.entry_path(missing);
                    return Ok((read, Some(DamageKind::Missing.at(path.as_ref()))));
                }
            }
        }
        Ok((read, None))
    }

    pub(super) fn apply(&self, entries: Vec<Entry>) -> Result<(), Error> {
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

    /// Takes the newest checkpoint that can be read, if it is newer than the view.
    async fn load_newest(&self, checkpoints: &[Sequence]) -> Result<Loaded, Error> {
        let known = self.view().replica.last();
        let mut damaged = None;
        for sequence in checkpoints.iter().filter(|sequence| **sequence > known) {
            match self.objects.checkpoint(*sequence).await? {
                Found::Sound(replica) => {
                    self.take(*sequence, replica)?;
                    return Ok(Loaded::Newer);
                }
                Found::Damaged(damage) => damaged = damaged.or(Some(damage)),
                Found::Nothing => return Ok(Loaded::Vanished),
            }
        }
        Ok(Loaded::Nothing(damaged))
    }

    fn take(&self, sequence: Sequence, replica: Replica) -> Result<(), Error> {
        let mut view = self.view_mut();
        view.replica.agrees_with(&replica).map_err(|kind| {
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

/// Whether the entry of that number may have been deleted: see the module.
pub(super) fn is_cleaned_up(sequence: Sequence, checkpoints: &[Sequence]) -> bool {
    checkpoints.get(1).is_some_and(|second| *second >= sequence)
}
