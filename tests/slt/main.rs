// SPDX-License-Identifier: Apache-2.0

//! Runs the `.slt` files of this folder: SQL statements with their expected results, in the format
//! of DataFusion's own files.
//!
//! Each file has its own session, with the empty tables of [`tables`] and the system tables. With
//! `UPDATE_SLT=1`, the results in the files are replaced by the actual ones.

mod engine;
mod tables;

use std::path::{Path, PathBuf};

use datafusion::prelude::{SessionConfig, SessionContext};
use engine::{Engine, trim_end, validate_rows};
use kalamtable::system::SystemTables;
use sqllogictest::{MakeConnection, Runner, strict_column_validator};

/// Defines one test per file, and the list of the file names.
macro_rules! files {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                run(&folder().join(concat!(stringify!($name), ".slt"))).await;
            }
        )*

        const FILES: &[&str] = &[$(concat!(stringify!($name), ".slt")),*];
    };
}

files! {
    aggregates_and_joins,
    changes,
    errors,
    filters,
    insert,
    limits_and_order,
    lookups,
    prepared,
    select,
    system,
}

#[test]
fn every_file_is_run() {
    let entries = std::fs::read_dir(folder()).expect("the folder exists");
    let mut found: Vec<String> = entries
        .map(|entry| entry.expect("a readable folder").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".slt"))
        .collect();
    found.sort_unstable();
    assert_eq!(found, FILES);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt")
}

async fn run(file: &Path) {
    let mut runner = runner();
    if std::env::var_os("UPDATE_SLT").is_none() {
        if let Err(error) = runner.run_file_async(file).await {
            panic!("{}", error.display(false));
        }
        return;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "`UPDATE_SLT` accepts every result, so CI must not set it"
    );
    let updated =
        runner.update_test_file(file, " ", validate_rows, trim_end, strict_column_validator);
    updated.await.expect("the file can be written");
}

/// Returns a runner that compares as DataFusion's does, including types and leading spaces.
fn runner() -> Runner<Engine, impl MakeConnection<Conn = Engine>> {
    let mut runner = Runner::new(async || Ok(Engine::new(session())));
    runner.with_column_validator(strict_column_validator);
    runner.with_normalizer(trim_end);
    runner.with_validator(validate_rows);
    runner
}

fn session() -> SessionContext {
    let config = SessionConfig::new()
        .with_information_schema(true)
        .with_target_partitions(4);
    let session = SessionContext::new_with_config(config);
    tables::register(&session).expect("the names are free");
    SystemTables::register(&session).expect("the names are free");
    session
}

#[tokio::test]
async fn result_that_differs_from_the_file_fails() {
    let query = "SELECT name, moons FROM app.planets WHERE moons > 0 ORDER BY name";
    let fails = async |script: String| runner().run_script_async(&script).await.is_err();
    assert!(!fails(format!("query TI\n{query}\n----\nearth 1\nmars 2\n")).await);
    assert!(
        !fails(format!(
            "query TI\n{query}\n----\nea<slt:ignore>\n<slt:ignore>s 2\n"
        ))
        .await
    );
    for script in [
        format!("query TI\n{query}\n----\nearth 1\nmars 3\n"),
        format!("query TI\n{query}\n----\nmars 2\nearth 1\n"),
        format!("query TI\n{query}\n----\nearth 1\n"),
        format!("query TI\n{query}\n----\nearth 1\n<slt:ignore>s\n"),
        format!("query TT\n{query}\n----\nearth 1\nmars 2\n"),
        format!("query T\n{query}\n----\nearth 1\nmars 2\n"),
        format!("statement count 3\n{query}\n"),
        format!("statement error\n{query}\n"),
        "statement error no such table\nSELECT * FROM app.moons\n".to_string(),
        "statement ok\nSELECT * FROM app.moons\n".to_string(),
    ] {
        assert!(fails(script.clone()).await, "{script}");
    }
}
