// SPDX-License-Identifier: Apache-2.0

//! Reads and writes by key, which run without the physical planner.

use kalamtable_runtime::Role;

use crate::sessions::{CachedServer, cached, planned};
use crate::support::{actor, table};

const COLUMNS: &str = "a = { id = 2, type = 'text', nullable = true }
b = { id = 3, type = 'int', default = 7 }
c = { id = 4, type = 'timestamp', unit = 'us', nullable = true, default = 'now()' }
u = { id = 5, type = 'uuid', nullable = true }
";

async fn servers() -> (CachedServer, CachedServer) {
    let toml = table("t", "kind = 'shared'\nunique = [['a', 'b']]", COLUMNS);
    let servers = (CachedServer::new().await, CachedServer::new().await);
    servers.0.create(&toml).await;
    servers.1.create(&toml).await;
    servers
}

/// Each statement runs twice with cached plans, and twice without, over equal rows.
#[tokio::test]
async fn statements_by_key_have_the_results_of_the_planner() {
    let (one, other) = servers().await;
    let session = one.session("root");
    let ctx = other.context(actor("root", Role::System));
    for text in [
        "INSERT INTO app.t (id, a, b, c) VALUES (1, 'x', 1, '2024-01-01'), (2, 'y', 2, NULL)",
        "INSERT INTO app.t (id, a, c) VALUES (3, 'z', NULL)",
        "INSERT INTO app.t (c, id) VALUES ('2024-05-01T00:00:00', 4)",
        "INSERT INTO app.t (id, b, c) VALUES (1 + 4, 2 * 3, NULL)",
        "INSERT INTO app.t (id, b) VALUES (6, 2.7)",
        "INSERT INTO app.t (id, b) VALUES (7, NULL)",
        "INSERT INTO app.t (id, a, b, c) VALUES (8, NULL, 9, NULL)",
        "INSERT INTO app.t (id, u, c) VALUES (9, X'67E5504410B1426F9247BB680E5FE0C8', NULL)",
        "REPLACE INTO app.t (id, a, c) VALUES (9, 'replaced', NULL)",
        "SELECT * FROM app.t WHERE id = 1",
        "SELECT a FROM app.t WHERE id = 1",
        "SELECT a AS first, b, a AS second, id FROM app.t AS s WHERE s.id = 2",
        "SELECT b, a FROM app.t WHERE id = 3 AND b > 1",
        "SELECT b, a FROM app.t WHERE id = 3 AND b > 100",
        "SELECT a FROM app.t WHERE 1 = id",
        "SELECT a FROM app.t WHERE id = NULL",
        "SELECT a FROM app.t WHERE id = 1 AND id = 2",
        "SELECT a FROM app.t WHERE id = 1 OR id = 2",
        "SELECT a FROM app.t WHERE id = 1.0",
        "SELECT a FROM app.t WHERE id = 1.5",
        "SELECT a FROM app.t WHERE id = '2'",
        "SELECT id FROM app.t WHERE a = 'x' AND b = 1",
        "SELECT id FROM app.t WHERE a = 'x'",
        "SELECT id FROM app.t WHERE id = 2 LIMIT 1",
        "SELECT id FROM app.t WHERE id = 2 LIMIT 0",
        "SELECT id FROM app.t WHERE id = 2 LIMIT 1 OFFSET 1",
        "SELECT DISTINCT a FROM app.t WHERE id = 2",
        "SELECT a FROM app.t WHERE id = 2 ORDER BY a",
        "SELECT count(*) FROM app.t WHERE id = 2",
        "SELECT upper(a) FROM app.t WHERE id = 2",
        "SELECT 1 FROM app.t WHERE id = 2",
        "SELECT id FROM app.t WHERE id = 2 AND c IS NULL",
        "UPDATE app.t SET a = 'updated', b = b + 1 WHERE id = 2",
        "UPDATE app.t SET b = 2.5 WHERE id = 2",
        "UPDATE app.t SET c = '2020-01-01' WHERE id = 2 AND a = 'updated'",
        "UPDATE app.t SET id = 100 WHERE id = 3",
        "UPDATE app.t SET b = 0 WHERE id IN (SELECT 1)",
        "DELETE FROM app.t WHERE id = 100",
        "DELETE FROM app.t WHERE b > 1000",
        "SELECT id, a, b, c, u FROM app.t WHERE id < 4 OR c IS NULL",
    ] {
        for round in 0..2 {
            let found = cached(&session, text).await;
            let expected = planned(&ctx, text).await;
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    // `_seq` counts all statements.
                    assert_eq!(found, expected, "{text}, {round}");
                }
                (Err(found), Err(expected)) => {
                    let found = found.strip_backtrace();
                    // Here, the error names the column of the table.
                    let is_null = found.contains("column `b`, row 0: null");
                    let expected = expected.strip_backtrace();
                    assert!(
                        is_null || found == expected,
                        "{text}: {found}, planned {expected}"
                    );
                }
                (found, expected) => panic!("{text}: {found:?}, planned {expected:?}"),
            }
        }
    }
}

#[tokio::test]
async fn key_read_builds_one_row() {
    let (server, _) = servers().await;
    let session = server.session("root");
    for id in 0..20 {
        cached(&session, &format!("INSERT INTO app.t (id) VALUES ({id})"))
            .await
            .unwrap();
    }
    let text = "SELECT a, b FROM app.t WHERE id = 7";
    let plan = session.physical_plan(text).await.unwrap();
    assert_eq!(plan.name(), "RowScanExec");
    assert_eq!(cached(&session, text).await.unwrap(), "NULL 7");
    let insert = session
        .physical_plan("INSERT INTO app.t (id) VALUES (99)")
        .await
        .unwrap();
    assert_eq!(insert.name(), "DataSinkExec");
}
