// SPDX-License-Identifier: Apache-2.0

//! Tracks the main figures: rows to a `RecordBatch`, and queries on few columns. Takes about a
//! minute.

#[path = "support/builds_all.rs"]
mod builds_all;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/jobs.rs"]
mod jobs;
#[path = "support/ratio.rs"]
mod ratio;

use std::error::Error;
use std::sync::Arc;

use builds_all::{BuildsAll, query};
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable::system::jobs::Job;
use kalamtable::{FixedRows, RowProvider, ToArrow};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    for count in [8192, 1_000_000] {
        let rows = jobs::jobs(count);
        assert_eq!(jobs::by_hand(&rows)?, Job::to_batch(&rows)?);
        ratio::compare(
            &format!("{count} rows of 20 columns to a RecordBatch"),
            ("builders by hand", || {
                jobs::by_hand(&rows).map(|batch| batch.num_rows()).ok()
            }),
            ("KalamTable", || {
                Job::to_batch(&rows).map(|batch| batch.num_rows()).ok()
            }),
        );
    }

    let runtime = Builder::new_current_thread().enable_all().build()?;
    let rows = jobs::jobs(100_000);
    let ctx = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let builds_all = Arc::new(BuildsAll::new(rows.clone()));
    ctx.register_table("builds_all", builds_all)?;
    ctx.register_table("ours", Arc::new(RowProvider::new(FixedRows::new(rows))))?;
    for (title, select) in [
        (
            "2 of 20 columns of 100,000 rows",
            "SELECT job_id, node_id FROM",
        ),
        ("all 20 columns of 100,000 rows", "SELECT * FROM"),
        ("count(*) of 100,000 rows", "SELECT count(*) FROM"),
    ] {
        let run = |table: &str| query(&runtime, &ctx, &format!("{select} {table}"));
        assert_eq!(run("builds_all"), run("ours"));
        ratio::compare(
            title,
            ("build all columns, then project", || run("builds_all")),
            ("KalamTable", || run("ours")),
        );
    }
    Ok(())
}
