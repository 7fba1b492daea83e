// SPDX-License-Identifier: Apache-2.0

//! Who may read and write which tables.

use kalamtable_runtime::Role;

use crate::support::{Server, actor, answer, error, plan_text, table, user_id};

const COLUMNS: &str = "n = { id = 2, type = 'int', nullable = true }";

/// For each role and none, whether the kind of table can be read and written: `r`, `w`, or `-`.
async fn matrix(kind: &str) -> String {
    let server = Server::new().await;
    server.create(&table("t", kind, COLUMNS)).await;
    let mut lines = Vec::new();
    let roles = [None].into_iter().chain(Role::ALL.map(Some));
    for role in roles {
        let session = match role {
            Some(role) => server.session(actor("ann", role)),
            None => server.nobody(),
        };
        let id = role.map_or(100, |role| role as i64);
        let statements = [
            format!("INSERT INTO app.t (id) VALUES ({id})"),
            format!("UPDATE app.t SET n = 1 WHERE id = {id}"),
            format!("DELETE FROM app.t WHERE id = {id}"),
            "TRUNCATE TABLE app.t".to_string(),
        ];
        let mut line = role.map_or("none".to_string(), |role| role.to_string());
        line += match session
            .sql("SELECT * FROM app.t")
            .await
            .unwrap()
            .collect()
            .await
        {
            Ok(_) => " r",
            Err(_) => " -",
        };
        let mut written = Vec::new();
        for statement in &statements {
            let run = async { session.sql(statement).await?.collect().await };
            written.push(run.await.is_ok());
        }
        // All of them or none.
        assert!(
            written.iter().all(|ok| *ok == written[0]),
            "{line}: {written:?}"
        );
        line += if written[0] { "w" } else { "-" };
        lines.push(line);
    }
    lines.join(", ")
}

#[tokio::test]
async fn the_access_matrix() {
    let shared = |level: &str| format!("kind = 'shared'\naccess_level = '{level}'");
    for (kind, expected) in [
        (
            "kind = 'user'".to_string(),
            "none --, anonymous --, user rw, service rw, dba rw, system rw",
        ),
        (
            shared("public"),
            "none r-, anonymous r-, user r-, service rw, dba rw, system rw",
        ),
        (
            shared("private"),
            "none --, anonymous --, user --, service rw, dba rw, system rw",
        ),
        (
            "kind = 'shared'".to_string(),
            "none --, anonymous --, user --, service rw, dba rw, system rw",
        ),
        (
            shared("restricted"),
            "none --, anonymous --, user --, service r-, dba rw, system rw",
        ),
        (
            shared("dba"),
            "none --, anonymous --, user --, service --, dba rw, system rw",
        ),
        (
            "kind = 'stream'\nttl_seconds = 60".to_string(),
            "none --, anonymous --, user rw, service rw, dba rw, system rw",
        ),
    ] {
        assert_eq!(matrix(&kind).await, expected, "{kind}");
    }
}

#[tokio::test]
async fn access_errors_name_the_required_role() {
    let server = Server::new().await;
    let shared = "kind = 'shared'\naccess_level = 'restricted'";
    server.create(&table("shared", shared, "")).await;
    server.create(&table("own", "kind = 'user'", "")).await;
    let service = server.session(actor("s", Role::Service));
    let message = error(&service, "DELETE FROM app.shared").await;
    let expected = "table `app.shared` is `restricted`: the role `service` may not write to it, `dba` is \
                    required";
    assert!(message.ends_with(expected), "{message}");
    assert_eq!(
        error(&server.nobody(), "SELECT * FROM app.own").await,
        "External error: table `app.own` has rows per user, and the session has no user: add an \
         `Actor` to its `SessionConfig`"
    );
    let explained = answer(&server.nobody(), "EXPLAIN SELECT * FROM app.own").await;
    assert!(
        explained.contains("physical_plan_error External error: table `app.own` has rows per user")
    );
}

#[tokio::test]
async fn acting_as_another_user_takes_the_role() {
    let server = Server::new().await;
    server.create(&table("own", "kind = 'user'", "")).await;
    answer(&server.user("ann"), "INSERT INTO app.own (id) VALUES (1)").await;
    let as_ann = |role| server.session(actor("root", role).acting_as(user_id("ann")));
    for role in Role::ALL {
        let session = as_ann(role);
        if role >= Role::Dba {
            assert_eq!(answer(&session, "SELECT id FROM app.own").await, "1");
        } else {
            assert_eq!(
                error(&session, "SELECT id FROM app.own").await,
                format!(
                    "External error: table `app.own`: `root` has the role `{role}`, and may not act as \
                     `ann`: `dba` is required"
                )
            );
        }
    }
    // Acting as oneself requires no role.
    let same = server.session(actor("ann", Role::User).acting_as(user_id("ann")));
    assert_eq!(answer(&same, "SELECT id FROM app.own").await, "1");
}

#[tokio::test]
async fn explain_shows_for_whom() {
    let server = Server::new().await;
    server.create(&table("own", "kind = 'user'", "")).await;
    let shown = |session, sql: &'static str| async move {
        let text = plan_text(&session, sql).await;
        let text = text.trim_start_matches("CooperativeExec\n").trim();
        text.to_string()
    };
    let sql = "SELECT id FROM app.own";
    assert_eq!(
        shown(server.user("bob"), sql).await,
        "RowScanExec: table=app.own, version=1, user=bob, columns=[id]"
    );
    let root = || server.session(actor("root", Role::Dba).acting_as(user_id("bob")));
    assert_eq!(
        shown(root(), sql).await,
        "RowScanExec: table=app.own, version=1, user=bob by=root, columns=[id]"
    );
    assert_eq!(
        shown(root(), "DELETE FROM app.own WHERE id = 1").await,
        "RowChangeExec: table=app.own, version=1, user=bob by=root, op=Delete, filter=id@0 = 1, \
         keys=[id = Int64(1)]"
    );
    let insert = shown(root(), "INSERT INTO app.own (id) VALUES (1)").await;
    let insert = insert.lines().next().unwrap_or_default().to_string();
    assert_eq!(
        insert,
        "DataSinkExec: sink=RowSink(table=app.own, version=1, user=bob by=root, op=Insert Into)"
    );
    // No name passes for two.
    assert_eq!(
        shown(server.user("bob by=root"), sql).await,
        "RowScanExec: table=app.own, version=1, user=\"bob by=root\", columns=[id]"
    );
}

#[test]
fn a_user_has_a_name() {
    assert_eq!(kalamtable_runtime::UserId::new(""), None);
}
