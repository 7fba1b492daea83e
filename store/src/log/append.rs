// SPDX-License-Identifier: Apache-2.0

//! Writes changes to the log, as the entry after the last one.

use crate::error::Error;
use crate::format;
use crate::log::catch_up::is_cleaned_up;
use crate::log::client::{LogClient, LogSession};
use crate::log::objects::PutOutcome;
use crate::state::PlannedCommit;
use crate::table::{StoredTable, TableChange};
use crate::unix_micros::UnixMicros;

impl LogClient {
    /// Performs `changes` exactly once, as one entry. Returns, for each change, the version that it
    /// created, or the last version of the dropped table, with the number of the entry.
    pub(super) async fn append(&self, changes: &[TableChange]) -> Result<Vec<StoredTable>, Error> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let mut session = self.session().await;
        // An iteration that does not return has lost the sequence number to another process.
        let tables = loop {
            self.catch_up(&mut session).await?;
            if let Some(tables) = self.attempt(&mut session, changes).await? {
                break tables;
            }
        };
        self.checkpoint_if_due(&mut session).await;
        Ok(tables)
    }

    /// Tries to write the next entry. Returns `None` if another process has written one with the
    /// same number.
    async fn attempt(
        &self,
        session: &mut LogSession,
        changes: &[TableChange],
    ) -> Result<Option<Vec<StoredTable>>, Error> {
        let writer = session.next_writer();
        let (planned, previous) = {
            let view = self.view();
            let planned = view.replica.state().plan(changes, UnixMicros::now())?;
            (planned, view.replica.head())
        };
        let PlannedCommit {
            sequence,
            changed_at,
            actions,
            tables,
        } = planned;
        let (entry, bytes) =
            format::write_entry(sequence, previous, writer.clone(), changed_at, actions);
        let path = self.objects.entry_path(sequence);

        let put = self.objects.create_entry(&path, bytes).await?;
        let in_doubt = |error: Error| Error::InDoubt {
            path: path.to_string(),
            source: Box::new(error),
        };
        let was_cleaned_up = match put {
            PutOutcome::AlreadyExists => false,
            PutOutcome::Created => {
                let checkpoints = self.objects.checkpoints().await.map_err(in_doubt)?;
                if !is_cleaned_up(sequence, &checkpoints) {
                    let applied = self.apply(vec![entry]);
                    return applied.map(|()| Some(tables)).map_err(in_doubt);
                }
                true
            }
        };

        // The existing entry may be the one written here: an object store client that receives no
        // response retries, and then finds its own object.
        self.catch_up(session).await.map_err(in_doubt)?;
        if self.view().replica.writer(sequence) == Some(&writer) {
            return Ok(Some(tables));
        }
        if was_cleaned_up {
            // The number belongs to an earlier change that two checkpoints contain, so no process
            // reads this object. If it cannot be deleted here, the next clean-up deletes it.
            let _ = self.objects.delete(&path).await;
        }
        Ok(None)
    }
}
