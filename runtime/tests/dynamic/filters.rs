// SPDX-License-Identifier: Apache-2.0

//! Conditions as text, bound once.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use kalamtable_registry::Artefact;
use kalamtable_runtime::dynamic::filter;

use crate::support::{Server, run, table};

const COLUMNS: &str = "text = { id = 2, type = 'text', nullable = true }";

#[tokio::test]
async fn a_filter_is_bound_once_for_each_version() {
    let server = Server::new().await;
    let kind = "kind = 'user'";
    let first = server.create(&table("t", kind, COLUMNS)).await;
    let text = "id > 1 AND text LIKE 'b%' AND NOT _deleted AND _seq < 100";
    let made = filter(&first, text).unwrap();
    assert!(Arc::ptr_eq(&made, &filter(&first, text).unwrap()));
    let session = server.user("ann");
    let insert = "INSERT INTO app.t (id, text) VALUES (1, 'b'), (2, 'c'), (3, 'bb')";
    run(&session, insert).await.unwrap();
    let rows = run(&session, "SELECT * FROM app.t ORDER BY id")
        .await
        .unwrap();
    let mask = |rows: &RecordBatch| {
        let mask = made
            .evaluate(rows)
            .unwrap()
            .into_array(rows.num_rows())
            .unwrap();
        mask.as_boolean()
            .iter()
            .map(|pass| pass == Some(true))
            .collect::<Vec<_>>()
    };
    assert_eq!(mask(&rows[0]), [false, false, true]);
    let bytes = first.bytes();
    filter(&first, "id = 77").unwrap();
    assert!(first.bytes() > bytes);

    let renamed = COLUMNS.replace("text =", "body =");
    let second = server.alter(&table("t", kind, &renamed)).await;
    assert!(filter(&second, text).is_err());
    assert!(!Arc::ptr_eq(&made, &filter(&second, "body = 'b'").unwrap()));
    let stats = server.registry.stats();
    let of = |counts: &[(Artefact, u64)]| {
        let found = counts
            .iter()
            .find(|(artefact, _)| *artefact == Artefact::Filter);
        found.unwrap().1
    };
    assert_eq!((of(&stats.misses), of(&stats.hits)), (4, 1));
}

#[tokio::test]
async fn conditions_on_more_than_the_row_are_refused() {
    let server = Server::new().await;
    let snapshot = server.create(&table("t", "kind = 'user'", COLUMNS)).await;
    for (text, expected) in [
        ("random() > 0.5", "does not depend on the row alone"),
        (
            "now() > to_timestamp(0)",
            "does not depend on the row alone",
        ),
        ("id = $1", "does not depend on the row alone"),
        ("id IN (SELECT 1)", "the filter"),
        ("EXISTS (SELECT 1)", "the filter"),
        ("id = (SELECT 1)", "the filter"),
        ("count(id) > 1", "does not depend on the row alone"),
        ("id + 1", "has type Int64, not boolean"),
        ("missing = 1", "does not fit the table"),
        ("id = ", "does not fit the table"),
        ("id = 1; DROP TABLE t", "the filter"),
        ("id = 'unclosed", "is not SQL"),
        ("", "the filter"),
    ] {
        let message = filter(&snapshot, text).unwrap_err().to_string();
        assert!(
            message.starts_with("table `app.t`: the filter "),
            "{message}"
        );
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[tokio::test]
async fn a_filter_is_neither_long_nor_deep() {
    let server = Server::new().await;
    let snapshot = server.create(&table("t", "kind = 'user'", COLUMNS)).await;
    let long = format!("text = '{}'", "x".repeat(70_000));
    let message = filter(&snapshot, &long).unwrap_err().to_string();
    assert!(message.contains("the maximum is 65536"), "{message}");
    let chain = |length: usize| vec!["id = 1"; length].join(" OR ");
    filter(&snapshot, &chain(128)).unwrap();
    let message = filter(&snapshot, &chain(5000)).unwrap_err().to_string();
    assert!(message.contains("the maximum is 512"), "{message}");
    let nested = |depth: usize| format!("{}id = 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(filter(&snapshot, &nested(20_000)).is_err());
    assert!(filter(&snapshot, &nested(200)).is_err());
    filter(&snapshot, &nested(10)).unwrap();
    let negated = |depth: usize| format!("{} true", "NOT ".repeat(depth));
    assert!(filter(&snapshot, &negated(10_000)).is_err());
    let list: Vec<String> = (0..10_000).map(|value| value.to_string()).collect();
    filter(&snapshot, &format!("id IN ({})", list.join(", "))).unwrap();
}

#[tokio::test]
async fn number_of_remembered_filters_is_bounded() {
    let server = Server::new().await;
    let snapshot = server.create(&table("t", "kind = 'user'", COLUMNS)).await;
    for value in 0..1100 {
        filter(&snapshot, &format!("id = {value}")).unwrap();
    }
    let bytes = snapshot.bytes();
    let first = filter(&snapshot, "id = 1099").unwrap();
    assert!(!Arc::ptr_eq(
        &first,
        &filter(&snapshot, "id = 1099").unwrap()
    ));
    assert_eq!(snapshot.bytes(), bytes);
}
