// SPDX-License-Identifier: Apache-2.0

//! SQL `INSERT` into a [`MemoryTable`], and into sources that do not support it.

use std::sync::Arc;
use std::time::SystemTime;

use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_provider::{FixedRows, MemoryTable};
use kalamtable_rows::Uuid;
use kalamtable_rows::{Date, Decimal, KeyedRow, TimestampMicros, TimestampMillis};

use crate::support::{answer, error, register, session_with};
use crate::tables::{Defaults, Mood, Nullable, Required, Watched};

fn memory<R: KeyedRow>() -> (Arc<MemoryTable<R>>, SessionContext) {
    let table = Arc::new(MemoryTable::new());
    let session = session_with(
        table.clone(),
        SessionConfig::new().with_information_schema(true),
    );
    (table, session)
}

fn ids<R: KeyedRow>(table: &MemoryTable<R>) -> Vec<String> {
    table
        .snapshot()
        .iter()
        .map(|row| format!("{:?}", row.key()))
        .collect()
}

#[tokio::test]
async fn values_are_inserted_and_counted() {
    let (table, session) = memory::<Watched>();
    let count = answer(
        &session,
        "INSERT INTO t VALUES (2, 20, NULL, 'b'), (1, 10, 1, NULL)",
    )
    .await;
    assert_eq!(count, "2");
    assert_eq!(ids(&table), ["1", "2"]);
    assert_eq!(
        answer(&session, "SELECT * FROM t").await,
        "1 10 1 NULL\n2 20 NULL b"
    );
}

#[tokio::test]
async fn insert_writes_all_rows_or_none() {
    let (table, session) = memory::<Watched>();
    table.insert([Watched::sample(5)]).unwrap();
    let message = error(
        &session,
        "INSERT INTO t VALUES (4, 0, 0, ''), (5, 0, 0, ''), (6, 0, 0, '')",
    )
    .await;
    assert_eq!(
        message,
        "External error: table `app.watched`, row 1: the primary key `id` = 5 exists already"
    );
    let message = error(
        &session,
        "INSERT INTO t VALUES (7, 0, 0, ''), (7, 1, 1, '')",
    )
    .await;
    assert!(
        message.contains("row 1: the primary key `id` = 7 exists already"),
        "{message}"
    );
    assert_eq!(ids(&table), ["5"]);
}

#[tokio::test]
async fn null_in_required_column_names_its_row() {
    let (table, session) = memory::<Watched>();
    let sql = "INSERT INTO t SELECT 1, 10, 5, '' UNION ALL SELECT 2, NULL, 7, ''";
    let message = error(&session, sql).await;
    let expected = "table `app.watched`, column `a`, row 1: null, but null is not allowed";
    assert!(message.contains(expected), "{message}");
    // FIXME: DataFusion plans the values with the columns' own nullability, and fails before the
    // provider hears of them.
    let message = error(
        &session,
        "INSERT INTO t VALUES (1, 1, 1, ''), (2, NULL, 1, '')",
    )
    .await;
    assert!(
        message.contains("Column 'column2' is declared as non-nullable"),
        "{message}"
    );

    register(
        &session,
        "many",
        FixedRows::new((0..20_000).map(Watched::sample).collect()),
    );
    let message = error(
        &session,
        "INSERT INTO t SELECT id, CASE WHEN id = 15000 THEN NULL ELSE a END, b, title FROM many",
    );
    assert!(message.await.contains("column `a`, row 15000: null"));
    assert!(table.is_empty());
}

#[tokio::test]
async fn omitted_column_without_default_is_null_or_fails() {
    let (table, session) = memory::<Watched>();
    let message = error(&session, "INSERT INTO t (id, title) VALUES (1, 'x')").await;
    assert!(message.contains("column `a`, row 0: null"), "{message}");
    assert_eq!(
        answer(&session, "INSERT INTO t (a, id) VALUES (10, 1)").await,
        "1"
    );
    let row = table.get(&1).unwrap();
    assert_eq!((row.a.0, row.b, row.title.clone()), (10, None, None));
}

#[tokio::test]
async fn insert_matches_columns_by_position() {
    let (table, session) = memory::<Watched>();
    // The fields have ids of other columns of `t`, and names that `t` does not have.
    register(
        &session,
        "r",
        FixedRows::new((0..3).map(Required::sample).collect()),
    );
    let sql = "INSERT INTO t SELECT id, bigint, smallint, text FROM r";
    assert_eq!(answer(&session, sql).await, "3");
    let row = table.get(&2).unwrap();
    assert_eq!(row.a.0, 2 * 1_000_000_007);
    assert_eq!(row.b.map(|b| b.0), Some(-498));
    assert_eq!(row.title.as_deref(), Some("te%xt_2"));
    // The columns of the table in swapped order.
    let sql = "INSERT INTO t SELECT id + 10, b, a, title FROM t WHERE b IS NOT NULL";
    assert_eq!(answer(&session, sql).await, "3");
    let crossed = table.get(&12).unwrap();
    assert_eq!(
        (crossed.a.0, crossed.b.map(|b| b.0)),
        (-498, Some(2 * 1_000_000_007))
    );
}

#[tokio::test]
async fn a_table_can_be_inserted_into_itself() {
    let (table, session) = memory::<Watched>();
    table.insert((0..20_000).map(Watched::sample)).unwrap();
    let sql = "INSERT INTO t SELECT id + 20000, a, b, title FROM t";
    assert_eq!(answer(&session, sql).await, "20000");
    assert_eq!(table.len(), 40_000);
}

#[tokio::test]
async fn insert_of_no_rows_writes_nothing() {
    let (table, session) = memory::<Watched>();
    assert_eq!(answer(&session, "INSERT INTO t SELECT * FROM t").await, "0");
    assert!(table.is_empty());
}

#[tokio::test]
async fn overwrite_replaces_all_rows_at_once() {
    let (table, session) = memory::<Watched>();
    table.insert((0..10).map(Watched::sample)).unwrap();
    let sql = "INSERT OVERWRITE t VALUES (3, 0, 0, ''), (2, 0, 0, '')";
    assert_eq!(answer(&session, sql).await, "2");
    assert_eq!(ids(&table), ["2", "3"]);
    assert!(
        error(
            &session,
            "INSERT OVERWRITE t VALUES (1, 0, 0, ''), (1, 0, 0, '')"
        )
        .await
        .contains("primary key `id` = 1")
    );
    assert_eq!(ids(&table), ["2", "3"]);
}

#[tokio::test]
async fn replace_into_replaces_rows_by_key() {
    let (table, session) = memory::<Watched>();
    table.insert((0..3).map(Watched::sample)).unwrap();
    let sql = "REPLACE INTO t VALUES (1, 111, NULL, ''), (9, 9, NULL, '')";
    assert_eq!(answer(&session, sql).await, "2");
    assert_eq!(ids(&table), ["0", "1", "2", "9"]);
    assert_eq!(table.get(&1).unwrap().a.0, 111);
}

#[tokio::test]
async fn read_only_source_fails_insert_at_planning() {
    let session = session_with(
        FixedRows::new(vec![Watched::sample(1)]),
        SessionConfig::new(),
    );
    let expected = "External error: table `app.watched`: its source does not support `Insert Into`";
    assert_eq!(
        error(&session, "INSERT INTO t VALUES (2, 20, NULL, 'b')").await,
        expected
    );
    assert_eq!(
        error(&session, "INSERT INTO t SELECT * FROM t").await,
        expected
    );
    let explained = answer(&session, "EXPLAIN INSERT INTO t SELECT * FROM t").await;
    assert!(
        explained.contains("its source does not support"),
        "{explained}"
    );
}

#[tokio::test]
async fn text_outside_closed_set_fails() {
    let (table, session) = memory::<Defaults>();
    let message = error(
        &session,
        "INSERT INTO t (id, required, mood) VALUES (1, '', 'calm'), (2, '', 'angry')",
    )
    .await;
    let expected = "table `app.defaults`, column `mood`, row 1: \
                    `angry` is not one of `calm`, `cross`, `it's glad`";
    assert!(message.contains(expected), "{message}");
    assert!(table.is_empty());
}

#[tokio::test]
async fn timestamp_finer_than_row_unit_fails() {
    let (table, session) = memory::<Defaults>();
    // The unit of the column is microseconds, that of the row milliseconds.
    let sql = "INSERT INTO t (id, required, moment) VALUES (1, '', '2024-01-01T00:00:00.123456')";
    let message = error(&session, sql).await;
    assert!(
        message.contains("table `app.defaults`, column `moment`, row 0: "),
        "{message}"
    );
    assert!(
        message.contains("microseconds cannot be represented exactly in milliseconds"),
        "{message}"
    );
    assert!(table.is_empty());
}

#[tokio::test]
async fn omitted_columns_get_their_defaults() {
    let (table, session) = memory::<Defaults>();
    for zone in ["", "SET datafusion.execution.time_zone = '+09:30'"] {
        if !zone.is_empty() {
            session.sql(zone).await.unwrap();
        }
        let before = TimestampMillis::now();
        let sql = "INSERT INTO t (required, id) VALUES ('r', 1), ('r', 2)";
        assert_eq!(answer(&session, sql).await, "2");
        let after = TimestampMillis::now();
        let row = table.remove(&1).unwrap();
        let other = table.remove(&2).unwrap();
        assert!(before <= row.created && row.created <= after, "{row:?}");
        assert_eq!(row.created, other.created);
        // The timestamp is the same in every time zone.
        assert_eq!(row.zoned, row.datetime);
        assert_eq!(row.zoned.get() / 1000, row.created.get());
        let expected = Defaults {
            id: 1,
            required: "r".to_string(),
            note: None,
            created: row.created,
            zoned: row.zoned,
            datetime: row.datetime,
            day: row.day,
            at: row.at,
            flag: true,
            small: -3,
            big: u64::MAX,
            price: Decimal::from_unscaled(150).unwrap(),
            ratio: 0.5,
            mood: Mood::Cross,
            uuid: Uuid::from_bytes([7; 16]),
            since: Date::from_days(365),
            moment: TimestampMillis::new(1),
        };
        assert_eq!(*row, expected);
        if zone.is_empty() {
            const DAY: i64 = 86_400_000_000;
            let now = TimestampMicros::try_from(SystemTime::now()).unwrap().get();
            let told = i64::from(row.day.days()) * DAY + row.at.get();
            assert!((now - told) < DAY / 2 && told <= now, "{row:?}");
        }
    }
}

#[tokio::test]
async fn missing_required_column_fails_with_its_name() {
    let (_, session) = memory::<Defaults>();
    let message = error(&session, "INSERT INTO t (id) VALUES (1)").await;
    assert!(
        message.contains("column `required`, row 0: null"),
        "{message}"
    );
}

#[tokio::test]
async fn defaults_are_visible() {
    let (_, session) = memory::<Defaults>();
    let sql = "SELECT column_name, column_default FROM information_schema.columns \
               WHERE table_name = 't' AND column_default IS NOT NULL ORDER BY ordinal_position LIMIT 1";
    // DataFusion leaves `column_default` of its information schema empty; the provider returns
    // them.
    assert_eq!(answer(&session, sql).await, "");
    let provider = session.table_provider("t").await.unwrap();
    assert_eq!(
        provider.get_column_default("small").unwrap().to_string(),
        "Int16(-3)"
    );
    assert_eq!(
        provider.get_column_default("price").unwrap().to_string(),
        "Decimal128(1.50,10,2)"
    );
    assert!(
        provider
            .get_column_default("created")
            .unwrap()
            .to_string()
            .contains("now()")
    );
    assert!(provider.get_column_default("required").is_none());
    assert!(provider.get_column_default("nothing").is_none());
}

#[tokio::test]
async fn rows_of_every_type_can_be_inserted_from_another_table() {
    let (required, session) = memory::<Required>();
    let rows: Vec<Required> = (0..40).map(Required::sample).collect();
    register(&session, "r", FixedRows::new(rows.clone()));
    assert_eq!(
        answer(&session, "INSERT INTO t SELECT * FROM r").await,
        "40"
    );
    assert!(required.snapshot().iter().eq(&rows));

    let (nullable, session) = memory::<Nullable>();
    let rows: Vec<Nullable> = (0..40).map(Nullable::sample).collect();
    register(&session, "r", FixedRows::new(rows.clone()));
    assert_eq!(
        answer(&session, "INSERT INTO t SELECT * FROM r").await,
        "40"
    );
    assert!(nullable.snapshot().iter().eq(&rows));
}
