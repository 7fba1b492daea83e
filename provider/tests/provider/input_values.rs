// SPDX-License-Identifier: Apache-2.0

//! Values that their column cannot hold are rejected when they are written.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::array::{
    ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringViewArray, Time64MicrosecondArray,
    Time64NanosecondArray, TimestampMillisecondArray,
};
use arrow::datatypes::Int8Type;
use datafusion::prelude::SessionContext;
use kalamtable_provider::{MemoryTable, RowProvider};
use kalamtable_rows::{KalamTable, TimeOfDayMicros};

use crate::support::{answer, assert_contains, definition, error, session};

/// A row with values that can exceed their columns.
#[derive(Clone, Debug, KalamTable, PartialEq)]
#[kalam(table = "app.shifts", primary_key(id), crate = kalamtable_rows)]
struct Shift {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2)]
    at: TimeOfDayMicros,
    #[kalam(id = 3)]
    since: SystemTime,
    #[kalam(id = 4, type = "json")]
    note: Option<String>,
}

fn shift(id: i64) -> Shift {
    Shift {
        id,
        at: TimeOfDayMicros::new(0),
        since: SystemTime::UNIX_EPOCH,
        note: None,
    }
}

const LATE: TimeOfDayMicros = TimeOfDayMicros::new(86_400_000_000);

/// Nanoseconds after 1970 that exceed 64 bits.
fn far() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(20_000_000_000)
}

#[tokio::test]
async fn memory_table_rejects_rows_that_do_not_fit() {
    let table = Arc::new(MemoryTable::new());
    table.insert([shift(1)]).unwrap();
    let cases = [
        (
            Shift {
                at: LATE,
                ..shift(3)
            },
            "column `at`, row 1",
        ),
        (
            Shift {
                since: far(),
                ..shift(3)
            },
            "column `since`, row 1",
        ),
        (
            Shift {
                note: Some("{".to_string()),
                ..shift(3)
            },
            "column `note`, row 1",
        ),
    ];
    for (row, expected) in cases {
        // The row with the greater key comes first, so the rows are sorted.
        let rows = || [shift(4), row.clone()];
        for refused in [
            table.insert(rows()),
            table.upsert(rows()),
            table.replace_all(rows()),
        ] {
            assert_contains(&refused.unwrap_err().to_string(), expected);
        }
        let update = table.update(&1, |shift| {
            *shift = Shift {
                id: 1,
                ..row.clone()
            }
        });
        assert!(update.is_err());
        assert_eq!(
            (table.len(), table.get(&1).as_deref()),
            (1, Some(&shift(1)))
        );
    }
    let ctx = session(Arc::clone(&table));
    assert_eq!(
        answer(&ctx, "SELECT count(at), count(since) FROM t").await,
        "1 1"
    );
}

#[tokio::test]
async fn sql_rejects_a_time_of_24_hours() {
    let table = Arc::new(MemoryTable::<Shift>::new());
    let ctx = session(Arc::clone(&table));
    let times = RecordBatch::try_from_iter([(
        "at",
        Arc::new(Time64MicrosecondArray::from(vec![0, 86_400_000_000])) as ArrayRef,
    )]);
    ctx.register_batch("times", times.unwrap()).unwrap();
    let refused = error(
        &ctx,
        "INSERT INTO t SELECT row_number() OVER (), at, now(), NULL FROM times",
    )
    .await;
    assert_contains(
        &refused,
        "table `app.shifts`, column `at`, row 1: 86400000000 microseconds",
    );
    table.insert([shift(1)]).unwrap();
    let refused = error(&ctx, "UPDATE t SET at = arrow_cast(-1, 'Time64(µs)')").await;
    assert_contains(
        &refused,
        "table `app.shifts`, column `at`, row 0: -1 microseconds",
    );
}

fn shifts() -> kalamtable_model::TableDefinition {
    definition(
        r#"
        name = "app.shifts"
        primary_key = ["id"]
        [columns]
        id = { id = 1, type = "bigint" }
        at = { id = 2, type = "time", nullable = true }
        since = { id = 3, type = "timestamp", nullable = true }
        note = { id = 4, type = "text", nullable = true }
        "#,
    )
}

#[test]
fn batches_with_a_time_of_24_hours_are_rejected() {
    for units in [86_400_000_000, -1] {
        let batch = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef),
            (
                "at",
                Arc::new(Time64MicrosecondArray::from(vec![0, units])) as _,
            ),
        ]);
        let refused = RowProvider::from_batches(shifts(), &[batch.unwrap()]).unwrap_err();
        let expected = format!("table `app.shifts`, column `at`, row 1: {units} microseconds");
        assert_contains(&refused.to_string(), &expected);
    }
}

#[tokio::test]
async fn batches_have_the_forms_that_rows_are_read_from() {
    let texts: DictionaryArray<Int8Type> = vec!["a", "b", "a"].into_iter().collect();
    let batch = RecordBatch::try_from_iter([
        ("note", Arc::new(texts) as ArrayRef),
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3])) as _),
        (
            "since",
            Arc::new(TimestampMillisecondArray::from(vec![
                Some(1),
                None,
                Some(3),
            ])) as _,
        ),
        (
            "at",
            Arc::new(Time64NanosecondArray::from(vec![1_000, 2_000, 3_000])) as _,
        ),
    ]);
    let views = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![4])) as ArrayRef),
        ("note", Arc::new(StringViewArray::from(vec!["view"])) as _),
    ]);
    let provider = RowProvider::from_batches(shifts(), &[batch.unwrap(), views.unwrap()]).unwrap();
    let ctx = SessionContext::new();
    ctx.register_table("t", Arc::new(provider)).unwrap();
    assert_eq!(
        answer(&ctx, "SELECT id, at, since, note FROM t ORDER BY id").await,
        "1 00:00:00.000001 1970-01-01T00:00:00.001 a\n\
         2 00:00:00.000002 NULL b\n\
         3 00:00:00.000003 1970-01-01T00:00:00.003 a\n\
         4 NULL NULL view"
    );
    let inexact = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("at", Arc::new(Time64NanosecondArray::from(vec![1])) as _),
    ]);
    let refused = RowProvider::from_batches(shifts(), &[inexact.unwrap()]).unwrap_err();
    assert_contains(
        &refused.to_string(),
        "table `app.shifts`, column `at`, row 0: 1 nanoseconds",
    );
    let other_type = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("since", Arc::new(Int64Array::from(vec![1])) as _),
    ]);
    let refused = RowProvider::from_batches(shifts(), &[other_type.unwrap()]).unwrap_err();
    assert_contains(
        &refused.to_string(),
        "table `app.shifts`, column `since`: the type is Int64",
    );
}
