// SPDX-License-Identifier: Apache-2.0

//! Measures queries by key, with a limit and with an order over 1,000,000 rows, from the text of
//! the query to its rows.
//!
//! The baselines are a provider that builds all columns and DataFusion's `MemTable`, whose columns
//! are already built. Takes several minutes and gigabytes of memory.

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
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable::system::jobs::SCHEMA;
use kalamtable::{MemoryTable, RowProvider};
use tokio::runtime::Builder;

const ROWS: usize = 1_000_000;

const QUERIES: [(&str, &str); 8] = [
    (
        "one row by key",
        "SELECT * FROM {} WHERE job_id = 'job-00500000'",
    ),
    (
        "ten rows by key",
        "SELECT * FROM {} WHERE job_id IN ('job-00000001', 'job-00100001', 'job-00200001', \
         'job-00300001', 'job-00400001', 'job-00500001', 'job-00600001', 'job-00700001', \
         'job-00800001', 'job-00900001')",
    ),
    (
        "1,000 rows by a range of keys",
        "SELECT * FROM {} WHERE job_id BETWEEN 'job-00500000' AND 'job-00500999'",
    ),
    (
        "1,000 rows by a column outside of the key",
        "SELECT * FROM {} WHERE memory_used < 2048000",
    ),
    ("LIMIT 10", "SELECT * FROM {} LIMIT 10"),
    ("count(*)", "SELECT count(*) FROM {}"),
    (
        "ORDER BY the key LIMIT 10",
        "SELECT * FROM {} ORDER BY job_id LIMIT 10",
    ),
    (
        "ORDER BY the key DESC LIMIT 10",
        "SELECT * FROM {} ORDER BY job_id DESC LIMIT 10",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let rows = jobs::jobs(ROWS);
    let ctx = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let columns = MemTable::try_new(SCHEMA.clone(), vec![vec![jobs::by_hand(&rows)?]])?;
    ctx.register_table("columns", Arc::new(columns))?;
    let table = MemoryTable::new();
    table.insert(rows.iter().cloned())?;
    ctx.register_table("ours", Arc::new(RowProvider::new(table)))?;
    ctx.register_table("builds_all", Arc::new(BuildsAll::new(rows)))?;
    for (title, sql) in QUERIES {
        let run = |table: &str| query(&runtime, &ctx, &sql.replace("{}", table));
        assert_eq!(run("columns"), run("ours"), "{title}");
        assert_eq!(run("builds_all"), run("ours"), "{title}");
        ratio::compare(
            title,
            ("build all columns", || run("builds_all")),
            ("KalamTable", || run("ours")),
        );
        ratio::compare(
            title,
            ("MemTable", || run("columns")),
            ("KalamTable", || run("ours")),
        );
    }
    Ok(())
}
