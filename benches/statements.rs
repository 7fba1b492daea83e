// SPDX-License-Identifier: Apache-2.0

//! Measures `INSERT` of 100,000 rows, and `UPDATE` and `DELETE` of some of them.
//!
//! The baseline is DataFusion's `MemTable`, which does not check keys. Takes about a minute.

#[path = "support/figures.rs"]
mod figures;
#[path = "support/jobs.rs"]
mod jobs;
#[path = "support/ratio.rs"]
mod ratio;

use std::error::Error;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable::system::jobs::{Job, SCHEMA};
use kalamtable::{MemoryTable, RowProvider, enable_dml};
use tokio::runtime::{Builder, Runtime};

const ROWS: usize = 100_000;

/// Returns a session with the table `t`, and the rows to insert as table `staged`.
fn session(table: Arc<dyn TableProvider>, staged: &Arc<MemTable>) -> SessionContext {
    let ctx = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    enable_dml(&ctx);
    let registered = ctx.register_table("t", table).and_then(|_| {
        let staged: Arc<dyn TableProvider> = staged.clone();
        ctx.register_table("staged", staged)
    });
    registered.expect("the names are free");
    ctx
}

/// Runs a statement and returns the session, so that dropping its table is not timed.
fn run(runtime: &Runtime, ctx: SessionContext, sql: &str) -> SessionContext {
    let done = runtime.block_on(async { ctx.sql(sql).await?.collect().await });
    done.expect("the statement runs");
    ctx
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let rows = jobs::jobs(ROWS);
    let batch = jobs::by_hand(&rows)?;
    let batches: Vec<_> = (0..ROWS)
        .step_by(8192)
        .map(|begin| batch.slice(begin, 8192.min(ROWS - begin)))
        .collect();
    let mem_table = |batches| MemTable::try_new(SCHEMA.clone(), vec![batches]).map(Arc::new);
    let staged = mem_table(batches.clone())?;
    let ours = |rows: Vec<Job>| {
        let table = MemoryTable::new();
        table.insert(rows).expect("keys differ");
        session(Arc::new(RowProvider::new(table)), &staged)
    };
    let theirs = |batches| session(mem_table(batches).expect("the schema's batches"), &staged);

    let sql = "INSERT INTO t SELECT * FROM staged";
    ratio::compare_with_input(
        "INSERT .. SELECT of 100,000 rows",
        ("MemTable", || theirs(vec![]), |ctx| run(&runtime, ctx, sql)),
        ("KalamTable", || ours(vec![]), |ctx| run(&runtime, ctx, sql)),
    );
    for (title, sql) in [
        (
            "UPDATE of one row of 100,000 by key",
            "UPDATE t SET node_id = node_id + 1, message = 'moved' WHERE job_id = 'job-00050000'",
        ),
        (
            "UPDATE of every row of 100,000",
            "UPDATE t SET node_id = node_id + 1",
        ),
    ] {
        let (mine, memory) = (ours(rows.clone()), theirs(batches.clone()));
        ratio::compare(
            title,
            ("MemTable", || {
                run(&runtime, memory.clone(), sql);
            }),
            ("KalamTable", || {
                run(&runtime, mine.clone(), sql);
            }),
        );
    }
    let sql = "DELETE FROM t WHERE priority IS NULL";
    ratio::compare_with_input(
        "DELETE of every second row of 100,000",
        (
            "MemTable",
            || theirs(batches.clone()),
            |ctx| run(&runtime, ctx, sql),
        ),
        (
            "KalamTable",
            || ours(rows.clone()),
            |ctx| run(&runtime, ctx, sql),
        ),
    );
    Ok(())
}
