// SPDX-License-Identifier: Apache-2.0

//! Rows of `system.jobs`, which has 20 columns, and a hand-written conversion to Arrow.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Int16Builder, Int32Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use datafusion::arrow::error::ArrowError;
use kalamtable::TimestampMillis;
use kalamtable::system::jobs::{Job, JobStatus, SCHEMA};

/// Returns `count` different jobs. About half of the nullable fields are null.
pub(crate) fn jobs(count: usize) -> Vec<Job> {
    (0..count)
        .map(|number| {
            let at = TimestampMillis::new(1_700_000_000_000 + number as i64);
            let some = number % 2 == 0;
            Job {
                job_id: format!("job-{number:08}"),
                job_type: ["flush", "retention", "cleanup"][number % 3].to_string(),
                status: JobStatus::ALL[number % JobStatus::ALL.len()],
                leader_status: some.then_some(JobStatus::Completed),
                parameters: some.then(|| format!("{{\"table\":\"app.t{}\"}}", number % 100)),
                message: (!some).then(|| "flushed 1000 rows".to_string()),
                exception_trace: None,
                idempotency_key: some.then(|| format!("key-{number}")),
                queue: None,
                priority: some.then_some(number as i32 % 10),
                retry_count: (number % 4) as i16,
                max_retries: 3,
                memory_used: some.then_some(number as i64 * 1024),
                cpu_used: some.then_some(number as i64 * 7),
                created_at: at,
                updated_at: at,
                started_at: some.then_some(at),
                finished_at: (!some).then_some(at),
                node_id: (number % 5) as i64,
                leader_node_id: some.then_some(1),
            }
        })
        .collect()
}

/// Converts rows with one hand-written builder per column, in one pass over the rows.
pub(crate) fn by_hand(rows: &[Job]) -> Result<RecordBatch, ArrowError> {
    let text = || StringBuilder::with_capacity(rows.len(), rows.len() * 16);
    let long = || Int64Builder::with_capacity(rows.len());
    let time = || TimestampMicrosecondBuilder::with_capacity(rows.len());
    let micros = |millis: TimestampMillis| {
        let micros = millis.get().checked_mul(1000);
        micros.ok_or_else(|| ArrowError::ComputeError("time out of range".to_string()))
    };
    let (mut job_id, mut job_type, mut status, mut leader_status) =
        (text(), text(), text(), text());
    let (mut parameters, mut message, mut exception_trace) = (text(), text(), text());
    let (mut idempotency_key, mut queue) = (text(), text());
    let mut priority = Int32Builder::with_capacity(rows.len());
    let mut retry_count = Int16Builder::with_capacity(rows.len());
    let mut max_retries = Int16Builder::with_capacity(rows.len());
    let (mut memory_used, mut cpu_used) = (long(), long());
    let (mut created_at, mut updated_at, mut started_at, mut finished_at) =
        (time(), time(), time(), time());
    let (mut node_id, mut leader_node_id) = (long(), long());
    for row in rows {
        job_id.append_value(&row.job_id);
        job_type.append_value(&row.job_type);
        status.append_value(row.status.as_str());
        leader_status.append_option(row.leader_status.map(JobStatus::as_str));
        parameters.append_option(row.parameters.as_deref());
        message.append_option(row.message.as_deref());
        exception_trace.append_option(row.exception_trace.as_deref());
        idempotency_key.append_option(row.idempotency_key.as_deref());
        queue.append_option(row.queue.as_deref());
        priority.append_option(row.priority);
        retry_count.append_value(row.retry_count);
        max_retries.append_value(row.max_retries);
        memory_used.append_option(row.memory_used);
        cpu_used.append_option(row.cpu_used);
        created_at.append_value(micros(row.created_at)?);
        updated_at.append_value(micros(row.updated_at)?);
        started_at.append_option(row.started_at.map(micros).transpose()?);
        finished_at.append_option(row.finished_at.map(micros).transpose()?);
        node_id.append_value(row.node_id);
        leader_node_id.append_option(row.leader_node_id);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(job_id.finish()),
        Arc::new(job_type.finish()),
        Arc::new(status.finish()),
        Arc::new(leader_status.finish()),
        Arc::new(parameters.finish()),
        Arc::new(message.finish()),
        Arc::new(exception_trace.finish()),
        Arc::new(idempotency_key.finish()),
        Arc::new(queue.finish()),
        Arc::new(priority.finish()),
        Arc::new(retry_count.finish()),
        Arc::new(max_retries.finish()),
        Arc::new(memory_used.finish()),
        Arc::new(cpu_used.finish()),
        Arc::new(created_at.finish()),
        Arc::new(updated_at.finish()),
        Arc::new(started_at.finish()),
        Arc::new(finished_at.finish()),
        Arc::new(node_id.finish()),
        Arc::new(leader_node_id.finish()),
    ];
    RecordBatch::try_new(SCHEMA.clone(), columns)
}
