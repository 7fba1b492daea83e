// SPDX-License-Identifier: Apache-2.0

//! Cached statements on real threads while their tables change. The result of each statement
//! contains the version of the table that it has read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use futures::TryStreamExt;
use kalamtable_runtime::Role;

use crate::sessions::{CachedServer, cached};
use crate::support::{actor, definition};

/// The number of statements per reader. `KALAMTABLE_OPERATIONS` sets another one.
fn statements() -> u64 {
    let number = std::env::var("KALAMTABLE_OPERATIONS").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(3_000)
}

/// A table whose default of the column `version` is its state, which increases with each change.
fn state(number: u64) -> String {
    format!(
        "name = 'app.t'\nkind = 'user'\nprimary_key = ['id']\n[columns]\n\
         id = {{ id = 1, type = 'bigint' }}\n\
         version = {{ id = 2, type = 'bigint', default = {number} }}\n"
    )
}

/// One task changes the table: it alters it, and drops and re-creates it. Before each change it
/// increments `begun`, and after it sets `done`. A statement that inserts a row with the default of
/// the column writes the state of the version that it was planned for. That state is not less than
/// `done` was when the statement began, and not greater than `begun` is when it has ended.
#[test]
fn statements_read_no_version_older_than_the_last_completed_change() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Arc::new(CachedServer::new().await);
        server.create(&state(0)).await;
        let (begun, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let has_ended = Arc::new(AtomicBool::new(false));
        let readers = (0..3).map(|reader| {
            let (server, begun, done) =
                (Arc::clone(&server), Arc::clone(&begun), Arc::clone(&done));
            tokio::spawn(async move { read(&server, reader, &begun, &done).await })
        });
        let readers: Vec<_> = readers.collect();
        let writer = {
            let (server, begun, done, has_ended) = (
                Arc::clone(&server),
                Arc::clone(&begun),
                Arc::clone(&done),
                Arc::clone(&has_ended),
            );
            tokio::spawn(async move {
                while !has_ended.load(Ordering::SeqCst) {
                    let next = begun.fetch_add(1, Ordering::SeqCst) + 1;
                    let current = server.registry.find(("app", "t")).await.unwrap().unwrap();
                    if next % 5 == 0 {
                        server.registry.drop_table(&current).await.unwrap();
                        server.tables.remove_rows(current.id()).unwrap();
                        server
                            .registry
                            .create(definition(&state(next)))
                            .await
                            .unwrap();
                    } else {
                        server
                            .registry
                            .alter(&current, definition(&state(next)))
                            .await
                            .unwrap();
                    }
                    done.store(next, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
                begun.load(Ordering::SeqCst)
            })
        };
        let mut written = 0;
        for reader in readers {
            written += reader.await.unwrap();
        }
        has_ended.store(true, Ordering::SeqCst);
        let changes = writer.await.unwrap();
        assert!(changes > 20, "{changes} changes");
        assert!(written > statements() / 2, "{written} rows");
        let stats = server.tables.plan_cache().stats();
        assert!(stats.hits > 0 && stats.invalidated > 0, "{stats:?}");
    });
}

async fn read(server: &CachedServer, reader: u64, begun: &AtomicU64, done: &AtomicU64) -> u64 {
    let session = server.session_of(actor(&format!("user-{reader}"), Role::User));
    let all = session.prepare("SELECT id, version FROM app.t").await;
    let mut all = all.ok();
    let mut written = 0;
    for number in 0..statements() {
        let id = reader * 1_000_000_000 + number;
        let least = done.load(Ordering::SeqCst);
        let inserted = cached(&session, "INSERT INTO app.t (id) VALUES (1)").await;
        let most = begun.load(Ordering::SeqCst);
        let _ = id;
        if inserted.is_ok() {
            written += 1;
            // The row can be gone if the table was dropped in the meantime.
            let statement = match &all {
                Some(statement) => statement,
                None => {
                    all = session.prepare("SELECT id, version FROM app.t").await.ok();
                    continue;
                }
            };
            let Ok(rows) = statement.execute(Vec::new()).await else {
                continue;
            };
            let Ok(batches) = rows.try_collect::<Vec<_>>().await else {
                continue;
            };
            for batch in &batches {
                // No row of another user: each user has one row at most.
                assert!(batch.num_rows() <= 1);
                let versions = batch.column(1).as_primitive::<Int64Type>();
                for version in versions.iter().flatten() {
                    let version = version as u64;
                    assert!(
                        version >= least,
                        "read {version}, but change {least} was complete"
                    );
                    assert!(version <= most, "read {version}, but only {most} had begun");
                }
            }
            let _ = cached(&session, "DELETE FROM app.t").await;
        } else {
            // The table was altered or dropped while the statement ran, or the row exists.
            let _ = cached(&session, "DELETE FROM app.t").await;
        }
    }
    written
}
