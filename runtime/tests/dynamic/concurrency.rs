// SPDX-License-Identifier: Apache-2.0

//! Writers, alterations and readers on threads of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arrow::array::{Array, AsArray};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use datafusion::error::DataFusionError;

use crate::support::{Server, answer, run, table};

const PUBLIC: &str = "kind = 'shared'\naccess_level = 'public'";

/// Under version `n` there are columns `v2` to `v{n}`, each with its number as the default.
fn version(number: usize) -> String {
    let columns: Vec<String> = (2..=number)
        .map(|version| {
            let id = version + 1;
            format!("v{version} = {{ id = {id}, type = 'bigint', default = {version} }}")
        })
        .collect();
    let columns = format!("n = {{ id = 2, type = 'bigint' }}\n{}", columns.join("\n"));
    table("t", PUBLIC, &columns)
}

/// Runs a statement until no alteration comes between.
async fn write(session: &datafusion::prelude::SessionContext, sql: &str) {
    loop {
        match run(session, sql).await {
            Ok(_) => return,
            Err(error) if is_altered(&error) => {}
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

fn is_altered(error: &DataFusionError) -> bool {
    error.to_string().contains("plan the statement again")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn queries_see_one_version_and_no_row_is_lost() {
    const VERSIONS: usize = 12;
    const WRITES: i64 = 40;
    let server = Server::new().await;
    server.create(&version(1)).await;
    write(&server.root(), "INSERT INTO app.t (id, n) VALUES (0, 0)").await;
    let done = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicI64::new(0));

    let writers = (1..=2i64).map(|writer| {
        let (server, written) = (server.clone(), written.clone());
        tokio::spawn(async move {
            let session = server.root();
            for row in 0..WRITES {
                let id = writer * 1000 + row;
                let sql = format!("INSERT INTO app.t (id, n) VALUES ({id}, {row})");
                write(&session, &sql).await;
                write(&session, "UPDATE app.t SET n = n + 1 WHERE id = 0").await;
                written.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let alterations = {
        let (server, written) = (server.clone(), written.clone());
        tokio::spawn(async move {
            for number in 2..=VERSIONS {
                let due = 2 * WRITES * number as i64 / (VERSIONS as i64 + 2);
                while written.load(Ordering::SeqCst) < due {
                    tokio::task::yield_now().await;
                }
                server.alter(&version(number)).await;
            }
        })
    };
    let readers = (0..2).map(|_| {
        let (server, done, written) = (server.clone(), done.clone(), written.clone());
        tokio::spawn(async move {
            let session = server.root();
            let mut queries = 0;
            while !done.load(Ordering::SeqCst) {
                let before = written.load(Ordering::SeqCst);
                let batches = run(&session, "SELECT * FROM app.t").await.unwrap();
                let schema = batches[0].schema();
                let rows = concat_batches(&schema, &batches).unwrap();
                // Each column has the one value that its version gives it, in rows of every
                // version.
                for (field, column) in schema.fields().iter().zip(rows.columns()) {
                    if let Some(version) = field.name().strip_prefix('v') {
                        let expected: i64 = version.parse().unwrap();
                        let column = column.as_primitive::<Int64Type>();
                        assert_eq!(column.null_count(), 0);
                        assert!(column.values().iter().all(|value| *value == expected));
                    }
                }
                // The query sees all rows that were acknowledged before it.
                assert!(
                    rows.num_rows() as i64 > before,
                    "{} of {before}",
                    rows.num_rows()
                );
                let counter = answer(&session, "SELECT n FROM app.t WHERE id = 0").await;
                assert!(counter.parse::<i64>().unwrap() >= before);
                queries += 1;
            }
            queries
        })
    });
    let readers: Vec<_> = readers.collect();
    for writer in writers {
        writer.await.unwrap();
    }
    alterations.await.unwrap();
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    let root = server.root();
    let sql = "SELECT count(*), count(DISTINCT id), count(DISTINCT _seq), max(v12) FROM app.t";
    let rows = 2 * WRITES + 1;
    assert_eq!(answer(&root, sql).await, format!("{rows} {rows} {rows} 12"));
    assert_eq!(
        answer(&root, "SELECT n FROM app.t WHERE id = 0").await,
        (2 * WRITES).to_string()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_two_concurrent_inserts_of_a_key_is_refused() {
    let server = Server::new().await;
    server.create(&version(1)).await;
    for id in 0..30 {
        let both = (0..3).map(|n| {
            let session = server.root();
            tokio::spawn(async move {
                let sql = format!("INSERT INTO app.t (id, n) VALUES ({id}, {n})");
                run(&session, &sql).await.is_ok()
            })
        });
        let mut succeeded = 0;
        for one in both.collect::<Vec<_>>() {
            succeeded += i32::from(one.await.unwrap());
        }
        assert_eq!(succeeded, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_query_under_way_is_not_disturbed_by_statements() {
    use futures::StreamExt;
    let server = Server::new().await;
    server.create(&version(1)).await;
    let root = server.root();
    let sql = "INSERT INTO app.t (id, n) SELECT value, 1 FROM generate_series(1, 30000)";
    answer(&root, sql).await;
    let frame = root.sql("SELECT n FROM app.t").await.unwrap();
    let mut stream = frame.execute_stream().await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    answer(&root, "UPDATE app.t SET n = 2").await;
    answer(&root, "DELETE FROM app.t WHERE id % 2 = 0").await;
    server.alter(&version(2)).await;
    answer(&root, "UPDATE app.t SET n = 3").await;
    let mut ones = 0;
    let mut batch = Some(first);
    while let Some(rows) = batch {
        let n = rows.column(0).as_primitive::<Int64Type>();
        ones += n.values().iter().filter(|n| **n == 1).count();
        batch = stream.next().await.transpose().unwrap();
    }
    assert_eq!(ones, 30_000);
    assert_eq!(
        answer(&root, "SELECT count(*), min(n) FROM app.t").await,
        "15000 3"
    );
}
