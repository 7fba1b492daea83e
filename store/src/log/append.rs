// SPDX-License-Identifier: Apache-2.0

//! Writes a change: the next number, or the conflict that there is.

use super::catch_up::is_cleaned_up;
use super::objects::Put;
use super::{Gate, ObjectStoreLog};
use crate::state::{Operation, Plan};
use crate::{Error, StoredTable, UnixMicros, format};

impl ObjectStoreLog {
    /// Makes a change, once. The version that it made, or took away, with the change's number.
    pub(super) async fn append(&self, operation: Operation) -> Result<StoredTable, Error> {
        let mut gate = self.gate.lock().await;
        // Each round that does not return lost to a change of somebody else.
        let table = loop {
            self.catch_up(&mut gate).await?;
            if let Some(table) = self.attempt(&mut gate, &operation).await? {
                break table;
            }
        };
        self.checkpoint_if_due(&mut gate).await;
        Ok(table)
    }

    /// Tries to be the next change; none if another one was.
    async fn attempt(
        &self,
        gate: &mut Gate,
        operation: &Operation,
    ) -> Result<Option<StoredTable>, Error> {
        gate.attempts += 1;
        let writer = format!("{}-{}", gate.process, gate.attempts);
        let (Plan { action, table }, previous) = {
            let view = self.view();
            let plan = view.replica.state().plan(operation, UnixMicros::now())?;
            (plan, view.replica.head())
        };
        let sequence = table.sequence;
        let moment = table.changed_at;
        let (entry, bytes) =
            format::write_entry(sequence, previous, writer.clone(), moment, action);
        let path = self.objects.entry_path(sequence);

        let put = self.objects.create_entry(&path, bytes).await?;
        let in_doubt = |error: Error| Error::InDoubt {
            path: path.to_string(),
            source: Box::new(error),
        };
        let was_cleaned_up = match put {
            Put::Taken => false,
            Put::Created => {
                let checkpoints = self.objects.checkpoints().await.map_err(in_doubt)?;
                if !is_cleaned_up(sequence, &checkpoints) {
                    let applied = self.apply(vec![entry]);
                    return applied.map(|()| Some(table)).map_err(in_doubt);
                }
                true
            }
        };

        // Whose it is: a client that got no answer tries again, and is told of its own object.
        self.catch_up(gate).await.map_err(in_doubt)?;
        if self.view().replica.writer(sequence) == Some(&writer) {
            return Ok(Some(table));
        }
        if was_cleaned_up {
            // The number belongs to a change that two checkpoints hold. Nobody reads this object, and
            // if it stays, the next clean-up deletes it.
            let _ = self.objects.delete(&path).await;
        }
        Ok(None)
    }
}
