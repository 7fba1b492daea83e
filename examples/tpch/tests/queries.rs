// SPDX-License-Identifier: Apache-2.0

//! Compares the answers of the 22 queries over generated providers, over the files as
//! `kalamtable sql` reads them, over dynamic tables with durable rows, and over the files in plain
//! DataFusion without definitions.

#[path = "queries/answer.rs"]
mod answer;
#[path = "queries/durable.rs"]
mod durable;

use std::path::Path;
use std::sync::Arc;

use answer::Answer;
use datafusion::error::Result;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use kalamtable::dynamic::RowStorage;
use kalamtable::{Actor, Role, UserId};
use kalamtable_example_tpch::queries::QUERIES;
use kalamtable_example_tpch::{TABLES, files, register};
use kalamtable_files::register_folder;

const SCALE: f64 = 0.01;

/// The number of rows in the answer of each query at this scale.
const ROWS: [usize; 22] = [
    4, 4, 10, 5, 5, 1, 4, 2, 173, 20, 359, 2, 33, 1, 1, 296, 1, 2, 1, 1, 1, 7,
];

#[tokio::test]
async fn generated_providers_and_declared_files_agree_with_plain_files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    files::write_all(folder.path(), SCALE).expect("the files can be written");
    let declared = declared_files(folder.path());
    let plain = plain_datafusion(folder.path()).await?;
    let ways = [
        ("generated providers", &generated_providers()?),
        ("files with declared schemas", &declared),
    ];
    assert_agreement(&plain, &ways).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durable_rows_agree_with_plain_files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    files::write_all(folder.path(), SCALE).expect("the files can be written");
    let plain = plain_datafusion(folder.path()).await?;
    let rows = tempfile::tempdir()?;
    let server = session();
    let root = UserId::new("root").expect("a valid name");
    let config = server.copied_config();
    let config = config.with_extension(Arc::new(Actor::new(root, Role::System)));
    let server = SessionContext::new_with_config(config);
    let storage = durable::create(&server, folder.path(), rows.path()).await?;
    assert_agreement(&plain, &[("rows in memory", &server)]).await?;
    storage.flush().expect("the folder is writable");
    assert_eq!(storage.stats().files, 8);
    assert_agreement(&plain, &[("rows in files", &server)]).await
}

/// Compares the answers of all queries with those of plain DataFusion.
async fn assert_agreement(plain: &SessionContext, ways: &[(&str, &SessionContext)]) -> Result<()> {
    let mut failures = Vec::new();
    for (name, query, rows) in queries() {
        let mut fail = |way, what| failures.push(format!("query {name}, {way}: {what}"));
        let expected = Answer::to(&query, plain).await?;
        if expected.rows.len() != rows || (expected.is_vacuous() && name != "17") {
            fail("plain DataFusion", format!("{:?}", expected.rows));
        }
        for (way, server) in ways.iter().copied() {
            let answer = Answer::to(&query, server).await?;
            if let Some(row) = answer.first_out_of_order(&query) {
                fail(way, format!("row {row} is out of order"));
            }
            if let Some(difference) = answer.difference_from(&expected) {
                fail(way, difference);
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Returns the name and the text of each query, and the number of rows in its answer.
fn queries() -> Vec<(String, String, usize)> {
    let numbered = QUERIES.iter().zip(ROWS).enumerate();
    let mut queries: Vec<_> = numbered
        .map(|(index, (query, rows))| ((index + 1).to_string(), query.to_string(), rows))
        .collect();
    // At this scale the sum of query 17 is null: its brand and container match two parts, and no
    // small quantity of these was sold. Without the container, the query has a value to compare.
    let wider = QUERIES[16].replace("    and p_container = 'MED BOX'\n", "");
    queries.push(("17 without container".to_string(), wider, 1));
    queries
}

fn generated_providers() -> Result<SessionContext> {
    let server = session();
    register(&server, SCALE)?;
    Ok(server)
}

fn declared_files(folder: &Path) -> SessionContext {
    let loaded = kalamtable_build::load(&["schemas"]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let tables = loaded.tables.into_iter();
    let definitions: Vec<_> = tables.map(|table| table.definition).collect();
    let server = session();
    register_folder(&server, &definitions, Some(folder)).expect("the files fit their definitions");
    server
}

async fn plain_datafusion(folder: &Path) -> Result<SessionContext> {
    let server = session();
    for table in TABLES {
        let name = &*table.definition.name().table;
        let path = folder.join(format!("{name}.parquet"));
        let path = path.to_str().expect("a temporary folder's path is UTF-8");
        let options = ParquetReadOptions::default();
        server.register_parquet(name, path, options).await?;
    }
    Ok(server)
}

/// Creates a configuration with one partition, because the tables have few rows.
fn session() -> SessionContext {
    let config = SessionConfig::new()
        .with_default_catalog_and_schema("datafusion", "tpch")
        .with_target_partitions(2);
    SessionContext::new_with_config(config)
}

#[tokio::test]
async fn answers_that_differ_are_told_apart() -> Result<()> {
    let server = session();
    let answer = async |rows: &str| {
        let query = format!("select n, s from (values {rows}) as t (n, s) order by s desc, n");
        Ok::<_, datafusion::error::DataFusionError>((Answer::to(&query, &server).await?, query))
    };
    let (expected, query) = answer("(1, 'a'), (2, 'b')").await?;
    assert_eq!(expected.first_out_of_order(&query), None);
    assert_eq!(expected.first_out_of_order("order by n"), Some(1));

    let (same, _) = answer("(2, 'b'), (1, 'a')").await?;
    assert_eq!(same.difference_from(&expected), None);
    for other in [
        "(1, 'a'), (2, 'c')",
        "(1, 'a'), (2, null)",
        "(1, 'a')",
        "(1, 'a'), (2, 'b'), (2, 'b')",
        "(1.0, 'a'), (2.0, 'b')",
    ] {
        let (other, _) = answer(other).await?;
        assert!(other.difference_from(&expected).is_some());
    }
    Ok(())
}
