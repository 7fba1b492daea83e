// SPDX-License-Identifier: Apache-2.0

//! Measures the 22 queries with rows in the files of a `HybridStorage`, beside DataFusion's listing
//! tables over Parquet files with the same rows. Takes about a minute.

#[path = "../tests/queries/durable.rs"]
mod durable;
#[path = "../../../benches/support/figures.rs"]
mod figures;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use datafusion::error::Result;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use figures::{median, show};
use kalamtable::dynamic::RowStorage;
use kalamtable::{Actor, Role, UserId};
use kalamtable_example_tpch::queries::QUERIES;
use kalamtable_example_tpch::{TABLES, files};

const SCALE: f64 = 0.1;
const ROUNDS: usize = 7;

fn session() -> SessionContext {
    let root = UserId::new("root").expect("a valid name");
    let config = SessionConfig::new()
        .with_default_catalog_and_schema("datafusion", "tpch")
        .with_extension(Arc::new(Actor::new(root, Role::System)));
    SessionContext::new_with_config(config)
}

async fn listing(folder: &Path) -> Result<SessionContext> {
    let session = session();
    for table in TABLES {
        let name = &*table.definition.name().table;
        let path = folder.join(format!("{name}.parquet"));
        let path = path.to_str().expect("a temporary folder's path is UTF-8");
        let options = ParquetReadOptions::default();
        session.register_parquet(name, path, options).await?;
    }
    Ok(session)
}

/// Returns the seconds that a query takes, and the number of its rows.
async fn time(session: &SessionContext, query: &str) -> Result<(f64, usize)> {
    let begin = Instant::now();
    let batches = session.sql(query).await?.collect().await?;
    let rows = batches.iter().map(|batch| batch.num_rows()).sum();
    Ok((begin.elapsed().as_secs_f64(), rows))
}

#[tokio::main]
async fn main() -> Result<()> {
    let (data, rows) = (tempfile::tempdir()?, tempfile::tempdir()?);
    files::write_all(data.path(), SCALE).expect("the files can be written");
    let listing = listing(data.path()).await?;
    let server = session();
    let storage = durable::create(&server, data.path(), rows.path()).await?;
    storage.flush().expect("the folder is writable");
    println!("TPC-H at {SCALE}, {ROUNDS} rounds, medians: listing tables, rows in files, ratio");
    let mut totals = [0.0, 0.0];
    for (number, query) in (1..).zip(QUERIES) {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            let (baseline, expected) = time(&listing, query).await?;
            let (ours, found) = time(&server, query).await?;
            assert_eq!(found, expected, "query {number}");
            times[0].push(baseline);
            times[1].push(ours);
        }
        let [baseline, ours] = times.map(|times| median(times.into_iter()));
        totals[0] += baseline;
        totals[1] += ours;
        let ratio = baseline / ours;
        println!("{number:2} {} {} {ratio:.2}x", show(baseline), show(ours));
    }
    let [baseline, ours] = totals;
    let ratio = baseline / ours;
    println!("total {} {} {ratio:.2}x", show(baseline), show(ours));
    Ok(())
}
