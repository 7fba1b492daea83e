// SPDX-License-Identifier: Apache-2.0

//! [`FlushJobs`]: the flushes of a storage as rows of `system.jobs`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use kalamtable_provider::MemoryTable;
use kalamtable_rows::TimestampMillis;
use kalamtable_storage::{FlushRun, FlushRunProgress};

use super::jobs::{Job, JobStatus};

/// The number of flushes of a storage that `system.jobs` contains.
const MAX_JOBS: usize = 100;

/// Adds the flushes of one storage to `system.jobs`.
pub(super) struct FlushJobs {
    jobs: Arc<MemoryTable<Job>>,
    node_id: i64,
    /// The ids of the jobs in the table, from the oldest to the newest.
    ids: Mutex<VecDeque<String>>,
}

impl FlushJobs {
    pub(super) fn new(jobs: &Arc<MemoryTable<Job>>, node_id: i64) -> Self {
        FlushJobs {
            jobs: Arc::clone(jobs),
            node_id,
            ids: Mutex::default(),
        }
    }

    /// Inserts or updates the job of a flush, and removes the oldest ones.
    pub(super) fn record(&self, run: &FlushRun) {
        let job = self.job(run);
        let id = job.job_id.clone();
        // A job without a row must not make the flush fail. All values fit their columns.
        if self.jobs.upsert([job]).is_err() || run.progress != FlushRunProgress::Running {
            return;
        }
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.push_back(id);
        while ids.len() > MAX_JOBS {
            if let Some(oldest) = ids.pop_front() {
                self.jobs.remove(&oldest.as_str());
            }
        }
    }

    fn job(&self, run: &FlushRun) -> Job {
        let started_at = TimestampMillis::new(run.started_at.0.div_euclid(1000));
        let now = TimestampMillis::now();
        let (status, message, exception_trace) = match &run.progress {
            FlushRunProgress::Running => (JobStatus::Running, None, None),
            FlushRunProgress::Completed(flushed) => {
                let (files, rows, bytes) = (flushed.files, flushed.rows, flushed.bytes);
                let message = format!("files: {files}, rows: {rows}, bytes: {bytes}");
                (JobStatus::Completed, Some(message), None)
            }
            FlushRunProgress::Failed(error) => {
                let message = "the flush failed: its rows remain in the log".to_string();
                (JobStatus::Failed, Some(message), Some(error.clone()))
            }
            _ => (JobStatus::Running, None, None),
        };
        let is_running = status == JobStatus::Running;
        Job {
            job_id: format!("flush-{}-{}", run.started_at.0, run.number),
            job_type: "flush".to_string(),
            status,
            leader_status: None,
            parameters: None,
            message,
            exception_trace,
            idempotency_key: None,
            queue: None,
            priority: None,
            retry_count: 0,
            max_retries: 0,
            memory_used: None,
            cpu_used: None,
            created_at: started_at,
            updated_at: now,
            started_at: Some(started_at),
            finished_at: (!is_running).then_some(now),
            node_id: self.node_id,
            leader_node_id: None,
        }
    }
}
