// SPDX-License-Identifier: Apache-2.0

//! Keeps the log short: checkpoints, and the deletion of what they make needless.

use std::sync::Arc;

use super::objects::{FOLDERS, Found, Put};
use super::{Gate, ObjectStoreLog};
use crate::{DefinitionStore, Error, Sequence, format};

/// What [`ObjectStoreLog::clean_up`] deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanedUp {
    /// Changes that two checkpoints hold.
    pub entries: usize,
    /// Checkpoints before those two.
    pub checkpoints: usize,
    /// Files that processes left which died while they wrote; only of [`ObjectStoreLog::open_folder`].
    pub leftovers: usize,
}

impl ObjectStoreLog {
    /// Writes everything up to the last change as one object, and says which change that is. Opening
    /// reads the newest checkpoint and the log after it.
    ///
    /// A checkpoint of the same change that is there already stays, unless it is damaged. Without a
    /// change nothing is written.
    ///
    /// # Errors
    /// [`Error::TooLarge`]; [`Error::Damaged`]; [`Error::ObjectStore`].
    pub async fn checkpoint(&self) -> Result<Sequence, Error> {
        let mut gate = self.gate.lock().await;
        self.catch_up(&mut gate).await?;
        self.write_checkpoint(&mut gate).await
    }

    /// Deletes what is not needed: keeps the two newest checkpoints that can be read, what is newer
    /// than the older one of them, and nothing else. While there are fewer than two, only leftovers are
    /// deleted.
    ///
    /// Any number of processes may clean up while others read and write.
    ///
    /// # Errors
    /// [`Error::Damaged`]; [`Error::ObjectStore`]; [`Error::Folder`]. What was deleted by then was
    /// needless.
    pub async fn clean_up(&self) -> Result<CleanedUp, Error> {
        // The gate is free while files are deleted, which takes its time.
        self.refresh().await?;
        let mut done = CleanedUp {
            leftovers: self.sweep().await?,
            ..CleanedUp::default()
        };
        let checkpoints = self.objects.checkpoints().await?;
        let Some(oldest) = self.second_readable(&checkpoints).await? else {
            return Ok(done);
        };
        for sequence in self.objects.entries_until(oldest).await? {
            let path = self.objects.entry_path(sequence);
            done.entries += usize::from(self.objects.delete(&path).await?);
        }
        for sequence in checkpoints.into_iter().filter(|number| *number < oldest) {
            let path = self.objects.checkpoint_path(sequence);
            done.checkpoints += usize::from(self.objects.delete(&path).await?);
        }
        Ok(done)
    }

    /// After a change that was made and acknowledged: what fails here is tried again after the next.
    pub(super) async fn checkpoint_if_due(&self, gate: &mut Gate) {
        let Some(every) = self.options.checkpoint_every else {
            return;
        };
        let last = self.view().replica.last();
        if last.0.saturating_sub(gate.checkpoint.0) >= every.get() {
            let _ = self.write_checkpoint(gate).await;
        }
    }

    async fn write_checkpoint(&self, gate: &mut Gate) -> Result<Sequence, Error> {
        let (sequence, bytes) = {
            let view = self.view();
            let replica = &view.replica;
            (replica.last(), format::write_checkpoint(replica))
        };
        if sequence == Sequence::START {
            return Ok(sequence);
        }
        let path = self.objects.checkpoint_path(sequence);
        let put = self.objects.create_checkpoint(&path, bytes.clone()).await?;
        if let Put::Taken = put
            && let Found::Damaged(_) = self.objects.checkpoint(sequence).await?
        {
            self.objects.mend_checkpoint(&path, bytes).await?;
        }
        gate.checkpoint = gate.checkpoint.max(sequence);
        Ok(sequence)
    }

    /// The second newest checkpoint of those that can be read and are of this log.
    async fn second_readable(&self, checkpoints: &[Sequence]) -> Result<Option<Sequence>, Error> {
        let mut readable = 0;
        for sequence in checkpoints {
            let Found::Sound(replica) = self.objects.checkpoint(*sequence).await? else {
                continue;
            };
            self.view().replica.agrees_with(&replica).map_err(|kind| {
                let path = self.objects.checkpoint_path(*sequence);
                Error::Damaged(Arc::new(kind.at(path.as_ref())))
            })?;
            readable += 1;
            if readable == 2 {
                return Ok(Some(*sequence));
            }
        }
        Ok(None)
    }

    async fn sweep(&self) -> Result<usize, Error> {
        let Some(folder) = &self.folder else {
            return Ok(0);
        };
        let mut swept = 0;
        for child in FOLDERS {
            swept += folder.sweep(child).await?;
        }
        Ok(swept)
    }
}
