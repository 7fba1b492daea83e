// SPDX-License-Identifier: Apache-2.0

//! The rows that a session sees, however it obtained its plan.

use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;
use kalamtable_runtime::Role;

use crate::support::{Server, actor, answer, error, lines, run, table, user_id};

/// Users `ann` and `bob`, with rows 1 and 2, and 3.
async fn two_users() -> (Server, SessionContext, SessionContext) {
    let server = Server::new().await;
    let columns = "text = { id = 2, type = 'text' }";
    server
        .create(&table("notes", "kind = 'user'", columns))
        .await;
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    answer(
        &ann,
        "INSERT INTO app.notes (id, text) VALUES (1, 'a'), (2, 'b')",
    )
    .await;
    answer(&bob, "INSERT INTO app.notes (id, text) VALUES (1, 'c')").await;
    (server, ann, bob)
}

const ALL: &str = "SELECT id, text FROM app.notes ORDER BY id";

#[tokio::test]
async fn each_user_reads_and_writes_their_own_rows() {
    let (server, ann, bob) = two_users().await;
    assert_eq!(answer(&ann, ALL).await, "1 a\n2 b");
    assert_eq!(answer(&bob, ALL).await, "1 c");
    assert_eq!(answer(&bob, "UPDATE app.notes SET text = 'x'").await, "1");
    assert_eq!(
        answer(&ann, "DELETE FROM app.notes WHERE id = 2").await,
        "1"
    );
    assert_eq!(answer(&ann, ALL).await, "1 a");
    assert_eq!(answer(&bob, ALL).await, "1 x");
    assert_eq!(answer(&bob, "TRUNCATE TABLE app.notes").await, "1");
    assert_eq!(answer(&ann, ALL).await, "1 a");
    assert_eq!(answer(&bob, "SELECT count(*) FROM app.notes").await, "0");
    // Even the server sees the rows of a user only if it acts as that user.
    assert_eq!(answer(&server.root(), ALL).await, "");
}

#[tokio::test]
async fn actor_for_another_user_writes_the_rows_of_that_user() {
    let (server, ann, bob) = two_users().await;
    let root = server.session(actor("root", Role::Dba).acting_as(user_id("bob")));
    answer(
        &root,
        "INSERT INTO app.notes (id, text) VALUES (7, 'by root')",
    )
    .await;
    assert_eq!(answer(&bob, ALL).await, "1 c\n7 by root");
    assert_eq!(answer(&ann, ALL).await, "1 a\n2 b");
    assert_eq!(
        answer(&server.session(actor("root", Role::Dba)), ALL).await,
        ""
    );
}

#[tokio::test]
async fn a_plan_run_by_another_session_reads_its_rows() {
    let (server, ann, bob) = two_users().await;
    let counts = "SELECT count(*) FROM app.notes";
    for sql in [ALL, counts, "SELECT count(*), max(text) FROM app.notes"] {
        let (of_ann, of_bob) = (answer(&ann, sql).await, answer(&bob, sql).await);
        assert_ne!(of_ann, of_bob);
        let frame = ann.sql(sql).await.unwrap();
        let logical = frame.logical_plan().clone();
        let physical = frame.create_physical_plan().await.unwrap();
        let moved = bob.execute_logical_plan(logical.clone()).await.unwrap();
        assert_eq!(lines(&moved.collect().await.unwrap()), of_bob);
        let run = collect(physical.clone(), bob.task_ctx()).await.unwrap();
        assert_eq!(lines(&run), of_bob);
        let run = collect(physical.clone(), ann.task_ctx()).await.unwrap();
        assert_eq!(lines(&run), of_ann);
        // Nobody's session gets nothing.
        let run = collect(physical, server.nobody().task_ctx()).await;
        assert!(
            run.unwrap_err()
                .to_string()
                .contains("the session has no user")
        );
        let moved = server.nobody().execute_logical_plan(logical).await.unwrap();
        let moved = moved.collect().await;
        assert!(
            moved
                .unwrap_err()
                .to_string()
                .contains("the session has no user")
        );
    }
}

#[tokio::test]
async fn a_statement_run_by_another_session_writes_its_rows() {
    let (server, ann, bob) = two_users().await;
    for sql in [
        "INSERT INTO app.notes (id, text) VALUES (5, 'new')",
        "UPDATE app.notes SET text = 'changed' WHERE id = 5",
        "DELETE FROM app.notes WHERE id = 1",
        "TRUNCATE TABLE app.notes",
    ] {
        let frame = ann.sql(sql).await.unwrap();
        let plan = frame.create_physical_plan().await.unwrap();
        let refused = collect(plan.clone(), server.nobody().task_ctx()).await;
        assert!(
            refused
                .unwrap_err()
                .to_string()
                .contains("the session has no user")
        );
        collect(plan, bob.task_ctx()).await.unwrap();
        assert_eq!(answer(&ann, ALL).await, "1 a\n2 b", "{sql}");
    }
    assert_eq!(answer(&bob, ALL).await, "");
}

#[tokio::test]
async fn a_shared_plan_is_checked_for_who_runs_it() {
    let server = Server::new().await;
    let shared = "kind = 'shared'\naccess_level = 'restricted'";
    server.create(&table("t", shared, "")).await;
    let plan = |sql: &'static str| {
        let root = server.root();
        async move {
            let frame = root.sql(sql).await.unwrap();
            frame.create_physical_plan().await.unwrap()
        }
    };
    let service = server.session(actor("s", Role::Service)).task_ctx();
    let user = server.user("ann").task_ctx();
    let select = plan("SELECT * FROM app.t").await;
    collect(select.clone(), service.clone()).await.unwrap();
    assert!(collect(select, user).await.is_err());
    let insert = plan("INSERT INTO app.t (id) VALUES (1)").await;
    assert!(collect(insert, service).await.is_err());
}

#[tokio::test]
async fn a_prepared_statement_is_of_its_sessions_user() {
    let (_, ann, bob) = two_users().await;
    for session in [&ann, &bob] {
        let sql = "PREPARE own(bigint) AS SELECT text FROM app.notes WHERE id = $1";
        run(session, sql).await.unwrap();
    }
    assert_eq!(answer(&ann, "EXECUTE own(1)").await, "a");
    assert_eq!(answer(&bob, "EXECUTE own(1)").await, "c");
}

#[tokio::test]
async fn a_user_table_is_joined_with_a_shared_one_for_each_user() {
    let (server, ann, bob) = two_users().await;
    let shared = "kind = 'shared'\naccess_level = 'public'";
    let columns = "name = { id = 2, type = 'text' }";
    server.create(&table("names", shared, columns)).await;
    let root = server.root();
    answer(
        &root,
        "INSERT INTO app.names (id, name) VALUES (1, 'one'), (2, 'two')",
    )
    .await;
    let sql = "SELECT name, text FROM app.names JOIN app.notes USING (id) ORDER BY name";
    assert_eq!(answer(&ann, sql).await, "one a\ntwo b");
    assert_eq!(answer(&bob, sql).await, "one c");
    assert!(
        error(&server.nobody(), sql)
            .await
            .contains("the session has no user")
    );
    answer(
        &ann,
        "INSERT INTO app.notes (id, text) SELECT id + 10, name FROM app.names",
    )
    .await;
    assert_eq!(answer(&ann, "SELECT count(*) FROM app.notes").await, "4");
    assert_eq!(answer(&bob, "SELECT count(*) FROM app.notes").await, "1");
}
