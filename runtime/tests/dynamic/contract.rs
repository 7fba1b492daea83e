// SPDX-License-Identifier: Apache-2.0

//! The contract suite over dynamic tables, whose rows come from many statements and versions.

use std::sync::Arc;

use datafusion::prelude::SessionConfig;
use kalamtable_contract as contract;
use kalamtable_runtime::Role;

use crate::support::{Server, actor, answer, table};

const COLUMNS: &str = "
    name = { id = 2, type = 'text', nullable = true }
    n = { id = 3, type = 'int', nullable = true }
    price = { id = 4, type = 'decimal(8, 2)', nullable = true }
    at = { id = 5, type = 'timestamp', nullable = true }
    state = { id = 6, type = \"enum('new', 'old')\", default = 'new' }";

async fn check(kind: &str) {
    let server = Server::new().await;
    server.create(&table("t", kind, COLUMNS)).await;
    let session = server.user("ann");
    let session = if kind.contains("shared") {
        server.root()
    } else {
        session
    };
    for chunk in 0..4 {
        let rows = (0..12).map(|row| {
            let id = chunk * 12 + row;
            let name = match id % 5 {
                0 => "NULL".to_string(),
                _ => format!("'name {}'", id % 7),
            };
            format!(
                "({id}, {name}, {}, {}.25, to_timestamp_micros({id}000))",
                id % 4,
                id
            )
        });
        let rows: Vec<String> = rows.collect();
        let sql = "INSERT INTO app.t (id, name, n, price, at) VALUES ";
        answer(&session, &format!("{sql}{}", rows.join(", "))).await;
    }
    answer(
        &session,
        "UPDATE app.t SET state = 'old', n = NULL WHERE id % 3 = 0",
    )
    .await;
    answer(&session, "DELETE FROM app.t WHERE id % 10 = 4").await;
    let wider = COLUMNS
        .replace("name =", "title =")
        .replace("'int'", "'bigint'")
        .replace("'decimal(8, 2)'", "'decimal(12, 4)'");
    let more = "\nadded = { id = 7, type = 'double', default = 1.5 }";
    let altered = server.alter(&table("t", kind, &(wider + more))).await;
    answer(
        &session,
        "INSERT INTO app.t (id, added) VALUES (100, 2), (101, 3)",
    )
    .await;

    let provider = server.tables.provider(&altered).unwrap();
    let ann = actor("ann", Role::System);
    let config = SessionConfig::new().with_extension(Arc::new(ann));
    let report = contract::check_in(&config, provider).await;
    let report = report.unwrap_or_else(|violation| panic!("{kind}: {violation}"));
    assert!(report.rows > 40 && report.checks > 500, "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_table_keeps_the_contract() {
    check("kind = 'user'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_table_keeps_the_contract() {
    check("kind = 'shared'\naccess_level = 'public'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_keeps_the_contract() {
    check("kind = 'stream'\nttl_seconds = 60").await;
}
