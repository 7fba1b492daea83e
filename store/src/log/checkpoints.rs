// SPDX-License-Identifier: Apache-2.0

//! Limits the length of the log: writes checkpoints, and deletes the objects that they supersede.

use std::sync::Arc;

use crate::error::Error;
use crate::format;
use crate::log::client::{LogClient, LogSession};
use crate::log::objects::{FOLDERS, ObjectRead, PutOutcome};
use crate::table::Sequence;

/// The numbers of objects that [`ObjectStoreLog::clean_up`](crate::ObjectStoreLog::clean_up)
/// deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanedUp {
    /// The number of deleted entries, which at least two checkpoints contain.
    pub entries: usize,
    /// The number of deleted checkpoints. Each of them was older than the two newest readable
    /// checkpoints.
    pub checkpoints: usize,
    /// The number of deleted temporary files, which were left by processes that died during a
    /// write. Always 0 unless the log was opened by
    /// [`ObjectStoreLog::open_folder`](crate::ObjectStoreLog::open_folder).
    pub leftovers: usize,
}

impl LogClient {
    /// See [`ObjectStoreLog::checkpoint`](crate::ObjectStoreLog::checkpoint).
    pub(super) async fn checkpoint(&self) -> Result<Sequence, Error> {
        let mut session = self.session().await;
        self.catch_up(&mut session).await?;
        self.write_checkpoint(&mut session).await
    }

    /// See [`ObjectStoreLog::clean_up`](crate::ObjectStoreLog::clean_up).
    pub(super) async fn clean_up(&self) -> Result<CleanedUp, Error> {
        // Deleting can take long, so the session is not locked after the refresh.
        self.refresh().await?;
        let mut cleaned = CleanedUp {
            leftovers: self.delete_temporary_files().await?,
            ..CleanedUp::default()
        };
        let checkpoints = self.objects.checkpoints().await?;
        let Some(oldest) = self.second_readable(&checkpoints).await? else {
            return Ok(cleaned);
        };
        for sequence in self.objects.entries_until(oldest).await? {
            let path = self.objects.entry_path(sequence);
            cleaned.entries += usize::from(self.objects.delete(&path).await?);
        }
        for sequence in checkpoints.into_iter().filter(|number| *number < oldest) {
            let path = self.objects.checkpoint_path(sequence);
            cleaned.checkpoints += usize::from(self.objects.delete(&path).await?);
        }
        Ok(cleaned)
    }

    /// Writes a checkpoint if enough changes were made since the last one. Called after a change
    /// was committed, so an error is ignored: the next change tries again.
    pub(super) async fn checkpoint_if_due(&self, session: &mut LogSession) {
        let Some(every) = self.options.checkpoint_every else {
            return;
        };
        let last = self.view().replica.last();
        if last.0.saturating_sub(session.checkpoint.0) >= every.get() {
            let _ = self.write_checkpoint(session).await;
        }
    }

    async fn write_checkpoint(&self, session: &mut LogSession) -> Result<Sequence, Error> {
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
        if let PutOutcome::AlreadyExists = put
            && let ObjectRead::Damaged(_) = self.objects.checkpoint(sequence).await?
        {
            self.objects.overwrite_checkpoint(&path, bytes).await?;
        }
        session.checkpoint = session.checkpoint.max(sequence);
        Ok(sequence)
    }

    /// Returns the second newest of the checkpoints that can be read, or `None` if fewer than two
    /// can.
    async fn second_readable(&self, checkpoints: &[Sequence]) -> Result<Option<Sequence>, Error> {
        let mut readable = 0;
        for sequence in checkpoints {
            let ObjectRead::Valid(replica) = self.objects.checkpoint(*sequence).await? else {
                continue;
            };
            self.view()
                .replica
                .check_same_log(&replica)
                .map_err(|kind| {
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

    async fn delete_temporary_files(&self) -> Result<usize, Error> {
        let Some(folder) = &self.folder else {
            return Ok(0);
        };
        let mut deleted = 0;
        for child in FOLDERS {
            deleted += folder.delete_temporary_files(child).await?;
        }
        Ok(deleted)
    }
}
