// SPDX-License-Identifier: Apache-2.0

//! Writes a change to the log, as the entry after the last one.

use crate::error::Error;
use crate::format;
use crate::log::catch_up::is_cleaned_up;
use crate::log::client::{LogClient, LogSession};
use crate::log::objects::PutOutcome;
use crate::state::{Operation, PlannedChange};
use crate::table::StoredTable;
use crate::unix_micros::UnixMicros;

impl LogClient {
    /// Performs `operation` exactly once. Returns the version that the change created, or the last
    /// version of the dropped table, with the number of the change.
    pub(super) async fn append(&self, operation: Operation) -> Result<StoredTable, Error> {
        let mut session = self.session().await;
        // An iteration that does not return has lost the sequence number to another process.
        let table = loop {
            self.catch_up(&mut session).await?;
            if let Some(table) = self.attempt(&mut session, &operation).await? {
                break table;
            }
        };
        self.checkpoint_if_due(&mut session).await;
        Ok(table)
    }

    /// Tries to write the next entry. Returns `None` if another process has written one with the
    /// same number.
    async fn attempt(
        &self,
        session: &mut LogSession,
        operation: &Operation,
    ) -> Result<Option<StoredTable>, Error> {
        let writer = session.next_writer();
        let (PlannedChange { action, table }, previous) = {
            let view = self.view();
            let planned = view.replica.state().plan(operation, UnixMicros::now())?;
            (planned, view.replica.head())
        };
        let sequence = table.sequence;
        let (entry, bytes) =
            format::write_entry(sequence, previous, writer.clone(), table.changed_at, action);
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
                    return applied.map(|()| Some(table)).map_err(in_doubt);
                }
                true
            }
        };

        // The existing entry may be the one written here: an object store client that receives no
        // response retries, and then finds its own object.
        self.catch_up(session).await.map_err(in_doubt)?;
        if self.view().replica.writer(sequence) == Some(&writer) {
            return Ok(Some(table));
        }
        if was_cleaned_up {
            // The number belongs to an earlier change that two checkpoints contain, so no process
            // reads this object. If it cannot be deleted here, the next clean-up deletes it.
            let _ = self.objects.delete(&path).await;
        }
        Ok(None)
    }
}
