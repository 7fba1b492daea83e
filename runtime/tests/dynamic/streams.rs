// SPDX-License-Identifier: Apache-2.0

//! Streams: rows that live for a time, in so many bytes.

use kalamtable_runtime::dynamic::StorageLimits;

use crate::support::{Server, answer, error, table};

const STREAM: &str = "kind = 'stream'\nttl_seconds = 10";
const COLUMNS: &str = "text = { id = 2, type = 'text', nullable = true }";
const ALL: &str = "SELECT id FROM app.s ORDER BY id";

#[tokio::test]
async fn rows_are_gone_when_their_time_is_over() {
    let server = Server::new().await;
    server.create(&table("s", STREAM, COLUMNS)).await;
    let ann = server.user("ann");
    answer(&ann, "INSERT INTO app.s (id) VALUES (1), (2)").await;
    server.clock.advance(6.0);
    answer(&ann, "INSERT INTO app.s VALUES (3, 'c')").await;
    assert_eq!(answer(&ann, ALL).await, "1\n2\n3");
    server.clock.advance(3.999);
    assert_eq!(answer(&ann, ALL).await, "1\n2\n3");
    server.clock.advance(0.001);
    assert_eq!(answer(&ann, ALL).await, "3");
    assert_eq!(answer(&ann, "SELECT count(*) FROM app.s").await, "1");
    assert_eq!(server.tables.stats().rows_expired, 0);
    // A key whose row is gone is free, and rows that are gone are not changed.
    assert_eq!(
        answer(&ann, "UPDATE app.s SET text = 'x' WHERE id < 3").await,
        "0"
    );
    assert_eq!(server.tables.stats().rows_expired, 2);
    answer(&ann, "INSERT INTO app.s (id) VALUES (1)").await;
    assert_eq!(answer(&ann, ALL).await, "1\n3");
    assert_eq!(
        error(&ann, "INSERT INTO app.s (id) VALUES (3)").await,
        "External error: table `app.s`, row 0: the primary key `id` = 3 exists already"
    );
    server.clock.advance(100.0);
    assert_eq!(answer(&ann, ALL).await, "");
    answer(&ann, "INSERT INTO app.s (id) VALUES (3)").await;
    assert_eq!(server.tables.stats().rows_expired, 4);
    assert_eq!(server.tables.stats().rows_evicted, 0);
}

#[tokio::test]
async fn a_stream_has_no_system_columns_and_no_tombstones() {
    let server = Server::new().await;
    server.create(&table("s", STREAM, COLUMNS)).await;
    let ann = server.user("ann");
    answer(
        &ann,
        "INSERT INTO app.s VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    )
    .await;
    assert_eq!(answer(&ann, "DELETE FROM app.s WHERE id = 2").await, "1");
    assert_eq!(
        answer(&ann, "UPDATE app.s SET id = 4 WHERE id = 3").await,
        "1"
    );
    assert_eq!(
        answer(&ann, "SELECT * FROM app.s ORDER BY id").await,
        "1 a\n4 c"
    );
    answer(&ann, "INSERT INTO app.s VALUES (2, 'again'), (3, 'too')").await;
    assert_eq!(answer(&ann, ALL).await, "1\n2\n3\n4");
    assert_eq!(answer(&ann, "TRUNCATE TABLE app.s").await, "4");
    assert_eq!(answer(&ann, ALL).await, "");
}

#[tokio::test]
async fn a_stream_takes_so_many_bytes_and_evicts_what_is_oldest() {
    let limits = StorageLimits {
        stream_bytes: 50_000,
    };
    let server = Server::with_limits(limits).await;
    server.create(&table("s", STREAM, COLUMNS)).await;
    let ann = server.user("ann");
    let insert = |first: usize, length: usize| {
        format!(
            "INSERT INTO app.s SELECT value, repeat('x', {length}) \
             FROM generate_series({first}, {})",
            first + 9
        )
    };
    for statement in 0..30 {
        server.clock.advance(0.1);
        answer(&ann, &insert(statement * 10, 1000)).await;
    }
    let left: usize = answer(&ann, "SELECT count(*) FROM app.s")
        .await
        .parse()
        .unwrap();
    assert!((20..=40).contains(&left), "{left}");
    assert_eq!(server.tables.stats().rows_evicted as usize, 300 - left);
    assert_eq!(
        answer(&ann, "SELECT min(id), max(id) FROM app.s").await,
        format!("{} 299", 300 - left)
    );
    // The keys of evicted rows are free.
    answer(&ann, &insert(0, 10)).await;
    let before = answer(&ann, ALL).await;
    let message = error(&ann, &insert(1000, 10_000)).await;
    assert!(
        message.contains("and the stream holds at most 50000"),
        "{message}"
    );
    assert_eq!(answer(&ann, ALL).await, before);
}
