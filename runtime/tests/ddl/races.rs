// SPDX-License-Identifier: Apache-2.0

//! Statements of several sessions that change one table at the same time.

use std::sync::Arc;

use crate::server::DdlServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn statements_of_other_columns_are_all_applied() {
    const SESSIONS: usize = 4;
    const COLUMNS: usize = 10;
    let server = Arc::new(DdlServer::new().await);
    server
        .run("CREATE TABLE app.t (id INT PRIMARY KEY)")
        .await
        .unwrap();
    let sessions = (0..SESSIONS).map(|session| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            for column in 0..COLUMNS {
                let add = format!("ALTER TABLE app.t ADD COLUMN s{session}_c{column} INT");
                server.run(&add).await.unwrap();
            }
        })
    });
    for session in sessions.collect::<Vec<_>>() {
        session.await.unwrap();
    }
    let definition = server.definition("t").await;
    assert_eq!(definition.columns().len(), 1 + SESSIONS * COLUMNS);
    assert_eq!(definition.version() as usize, 1 + SESSIONS * COLUMNS);
    let mut ids: Vec<i32> = definition
        .columns()
        .iter()
        .map(|column| column.id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), definition.columns().len());
}

/// All sessions add a column of the same name: one of them succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn statements_of_one_column_succeed_once() {
    let server = Arc::new(DdlServer::new().await);
    server
        .run("CREATE TABLE app.t (id INT PRIMARY KEY)")
        .await
        .unwrap();
    for round in 0..20 {
        let sessions = (0..4).map(|session| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let add = format!("ALTER TABLE app.t ADD COLUMN r{round} INT DEFAULT {session}");
                server.run(&add).await
            })
        });
        let mut succeeded = 0;
        for session in sessions.collect::<Vec<_>>() {
            match session.await.unwrap() {
                Ok(_) => succeeded += 1,
                Err(error) => {
                    let error = error.to_string();
                    let is_explained = error.contains("another session changed the table")
                        || error.contains("two columns are named");
                    assert!(is_explained, "{error}");
                }
            }
        }
        assert_eq!(succeeded, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_several_sessions_creates_a_table() {
    let server = Arc::new(DdlServer::new().await);
    for round in 0..20 {
        let sessions = (0..4).map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                server
                    .run(&format!("CREATE TABLE app.t{round} (id INT PRIMARY KEY)"))
                    .await
            })
        });
        let mut succeeded = 0;
        for session in sessions.collect::<Vec<_>>() {
            match session.await.unwrap() {
                Ok(_) => succeeded += 1,
                Err(error) => assert!(error.to_string().contains("exists already"), "{error}"),
            }
        }
        assert_eq!(succeeded, 1);
    }
}
