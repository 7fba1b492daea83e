// SPDX-License-Identifier: Apache-2.0

//! Each place in which a statement can name a table, with each change of that table.

use kalamtable_plans::PlanCacheOptions;

use crate::sessions::{CachedServer, cached, planned};
use crate::support::table;

const PLACES: &[(&str, &str)] = &[
    ("the table", "SELECT * FROM app.t"),
    ("a key read", "SELECT * FROM app.t WHERE id = 2"),
    ("an aggregate", "SELECT count(*) AS n FROM app.t"),
    ("a column", "SELECT title FROM app.t WHERE title > 'a'"),
    (
        "a scalar subquery",
        "SELECT u.id, (SELECT count(*) FROM app.t) AS n FROM app.u",
    ),
    (
        "an IN subquery",
        "SELECT u.id FROM app.u WHERE u.id IN (SELECT t.id FROM app.t)",
    ),
    (
        "NOT EXISTS",
        "SELECT u.id FROM app.u WHERE NOT EXISTS (SELECT 1 FROM app.t)",
    ),
    (
        "a correlated subquery",
        "SELECT u.id, (SELECT max(t.id) FROM app.t WHERE t.id = u.id) AS m FROM app.u",
    ),
    (
        "a derived table",
        "SELECT x.id FROM (SELECT id FROM app.t) AS x",
    ),
    ("a CTE", "WITH x AS (SELECT * FROM app.t) SELECT * FROM x"),
    (
        "a join",
        "SELECT u.id, t.id AS t_id FROM app.u LEFT JOIN app.t ON u.id = t.id",
    ),
    (
        "a union",
        "SELECT id FROM app.u UNION ALL SELECT id FROM app.t",
    ),
    (
        "a removed union branch",
        "SELECT id FROM app.u UNION ALL SELECT id FROM app.t WHERE 1 = 2",
    ),
    (
        "a removed join",
        "SELECT u.id FROM app.u WHERE u.id = 1 OR (false AND u.id IN (SELECT id FROM app.t))",
    ),
    ("a view", "SELECT * FROM app.v"),
    ("a view of a view", "SELECT * FROM app.vv"),
    ("an IN list", "SELECT id FROM app.t WHERE id IN (1, 2, 9)"),
    (
        "a window",
        "SELECT id, row_number() OVER (ORDER BY id) AS r FROM app.t",
    ),
    (
        "an insert",
        "INSERT INTO app.sink (id) SELECT id + 1000 * (SELECT count(*) FROM app.sink) FROM app.t",
    ),
    (
        "an update",
        "UPDATE app.t SET title = 'updated' WHERE id = 1",
    ),
    ("a delete", "DELETE FROM app.t WHERE id = 2"),
];

const CHANGES: &[&str] = &[
    "none",
    "add a column",
    "drop a column",
    "widen the key",
    "rename the table",
    "drop the table",
    "re-create the table",
    "swap with another table",
];

fn t(columns: &str) -> String {
    table("t", "kind = 'shared'", columns)
}

const TITLE: &str = "title = { id = 2, type = 'text', nullable = true }\n";

async fn server() -> CachedServer {
    let server = CachedServer::with_plans(PlanCacheOptions::default()).await;
    server.create(&t(TITLE).replace("'bigint'", "'int'")).await;
    server.create(&table("u", "kind = 'shared'", "")).await;
    server.create(&table("sink", "kind = 'shared'", "")).await;
    server
}

async fn change(server: &CachedServer, name: &str) {
    let int = |toml: String| toml.replace("'bigint'", "'int'");
    match name {
        "none" => {}
        "add a column" => {
            let more = format!("{TITLE}more = {{ id = 3, type = 'int', default = 5 }}\n");
            server.alter("t", &int(t(&more))).await;
        }
        "drop a column" => {
            let reserved = "[reserved]\nids = [2]\nnames = ['title']\n";
            server.alter("t", &int(t(reserved))).await;
        }
        "widen the key" => server.alter("t", &t(TITLE)).await,
        "rename the table" => {
            let renamed = int(t(TITLE)).replace("'app.t'", "'app.renamed'");
            server.alter("t", &renamed).await;
        }
        "drop the table" => server.drop("t").await,
        "re-create the table" => {
            server.drop("t").await;
            server.create(&int(t(TITLE))).await;
        }
        "swap with another table" => {
            let renamed = int(t(TITLE)).replace("'app.t'", "'app.renamed'");
            server.alter("t", &renamed).await;
            server.create(&t(TITLE)).await;
        }
        other => panic!("{other}"),
    }
}

/// Runs each text in two servers, with cached plans in one of them, before and after each change.
#[tokio::test]
async fn each_place_follows_each_change() {
    for change_name in CHANGES {
        let (cached_server, planned_server) = (server().await, server().await);
        let session = cached_server.session("root");
        let ctx = planned_server.context(crate::support::actor(
            "root",
            kalamtable_runtime::Role::System,
        ));
        for setup in [
            "INSERT INTO app.t (id, title) VALUES (1, 'one'), (2, 'two'), (3, NULL)",
            "INSERT INTO app.u (id) VALUES (1), (2)",
            "CREATE VIEW app.v AS SELECT id, id + 1 AS next FROM app.t",
            "CREATE VIEW app.vv (a, b) AS SELECT next, id FROM app.v WHERE id > 0",
        ] {
            cached(&session, setup).await.unwrap();
            planned(&ctx, setup).await.unwrap();
        }
        let mut before = Vec::new();
        for (place, text) in PLACES {
            for _ in 0..2 {
                let found = cached(&session, text).await;
                let found = found.unwrap_or_else(|error| panic!("{place}: {error}"));
                let expected = planned(&ctx, text).await.unwrap();
                assert_eq!(found, expected, "{place} before");
                before.push(expected);
            }
        }
        change(&cached_server, change_name).await;
        change(&planned_server, change_name).await;
        let mut differs = 0;
        for (place, text) in PLACES {
            for round in 0..2 {
                let found = cached(&session, text).await;
                let expected = planned(&ctx, text).await;
                match (found, expected) {
                    (Ok(found), Ok(expected)) => {
                        assert_eq!(found, expected, "{place}, {change_name}, {round}");
                        differs += usize::from(!before.contains(&expected));
                    }
                    (Err(found), Err(expected)) => {
                        differs += 1;
                        let first = |error: datafusion::error::DataFusionError| {
                            let text = error.strip_backtrace();
                            text.lines().next().unwrap_or_default().to_string()
                        };
                        assert_eq!(first(found), first(expected), "{place}, {change_name}");
                    }
                    (found, expected) => {
                        panic!("{place}, {change_name}: {found:?}, planned {expected:?}")
                    }
                }
            }
        }
        // The change has an effect, so that an unchanged plan would be noticed.
        if *change_name != "none" && *change_name != "widen the key" {
            assert!(differs > 0, "{change_name}");
        }
        let stats = cached_server.tables.plan_cache().stats();
        assert!(
            stats.hits as usize >= PLACES.len(),
            "{change_name}: {stats:?}"
        );
    }
}
