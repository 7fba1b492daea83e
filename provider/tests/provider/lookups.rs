// SPDX-License-Identifier: Apache-2.0

//! Queries with conditions on a key or in key order, and the rows that their scans need not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::collect;
use datafusion::prelude::{SessionConfig, SessionContext, col, lit};
use kalamtable_contract as contract;
use kalamtable_provider::{
    BoxError, FixedRows, KeyOrder, MemoryTable, RowProvider, Rows, ScanRequest, Snapshot,
    TableSource, VirtualRows,
};
use kalamtable_rows::{Date, Decimal, KalamTable, KalamValue, TimestampMillis};

use crate::support::{answer, error, metrics, plan_text, scan_line, session, session_with};

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.readings", primary_key(station, number), crate = kalamtable_rows)]
struct Reading {
    station: String,
    number: i32,
    value: Option<i64>,
}

/// A hundred rows for each of a thousand stations.
fn readings() -> MemoryTable<Reading> {
    let readings = MemoryTable::new();
    let rows = (0..100_000).map(|row| Reading {
        station: format!("s{:03}", row / 100),
        number: row % 100,
        value: (row % 3 > 0).then(|| i64::from(row)),
    });
    readings.insert(rows).unwrap();
    readings
}

/// The answer, how many rows were looked at for it, and how many keys or ranges of keys were looked
/// up.
async fn read(session: &SessionContext, sql: &str) -> (String, usize, usize) {
    let (answer, metrics) = metrics(session, sql).await;
    let metric = |name: &str| metrics.get(name).copied().unwrap_or(0);
    (answer, metric("rows_read"), metric("lookups"))
}

#[tokio::test]
async fn a_key_is_looked_up() {
    let session = session(readings());
    let check = async |filter: &str, rows: &str, looked_at: usize, lookups: usize| {
        let sql = format!("SELECT value FROM t WHERE {filter} ORDER BY value");
        let expected = (rows.to_string(), looked_at, lookups);
        assert_eq!(read(&session, &sql).await, expected, "{filter}");
    };
    check("station = 's123' AND number = 46", "12346", 1, 1).await;
    check("46 = number AND 's123' = station", "12346", 1, 1).await;
    check(
        "station = 's123' AND number IN (1, 2, 4)",
        "12301\n12302\n12304",
        3,
        3,
    )
    .await;
    check(
        "station = 's123' AND (number = 1 OR number = 2)",
        "12301\n12302",
        2,
        2,
    )
    .await;
    check(
        "station IN ('s000', 's999', 's500', 's001', 'none') AND number IN (4, 8)",
        "4\n8\n104\n50008\n99904\n99908\nNULL\nNULL",
        8,
        10,
    )
    .await;
    check("station = 'none' AND number = 4", "", 0, 1).await;
    // Conditions on other columns are evaluated by the filter.
    check("station = 's123' AND number = 45 AND value < 0", "", 1, 1).await;
    check("station = 's123' AND value > 12396", "12397\n12398", 100, 1).await;
    check(
        "station = 's123' AND number = 45 AND station = 's124'",
        "",
        0,
        0,
    )
    .await;
}

#[tokio::test]
async fn key_range_uses_a_lookup() {
    let session = session(readings());
    let check = async |filter: &str, count: &str, looked_at: usize, lookups: usize| {
        let sql = format!("SELECT count(*), min(number), max(station) FROM t WHERE {filter}");
        let expected = (count.to_string(), looked_at, lookups);
        assert_eq!(read(&session, &sql).await, expected, "{filter}");
    };
    check("station > 's997'", "200 0 s999", 200, 1).await;
    check("station >= 's998'", "200 0 s999", 200, 1).await;
    check("'s001' > station", "100 0 s000", 100, 1).await;
    check("station BETWEEN 's100' AND 's109'", "1000 0 s109", 1000, 1).await;
    check("station = 's100' AND number > 97", "2 98 s100", 2, 1).await;
    check(
        "station = 's100' AND number >= 97 AND number < 99",
        "2 97 s100",
        2,
        1,
    )
    .await;
    check(
        "station IN ('s100', 's200') AND number BETWEEN 10 AND 19",
        "20 10 s200",
        20,
        2,
    )
    .await;
    check("station > 's500' AND station < 's400'", "0 NULL NULL", 0, 1).await;
    // The first column of the key is not restricted.
    check("number = 7", "1000 7 s999", 100_000, 0).await;
    // The keys are not known when the query is planned.
    check("station = 's1' || '00'", "100 0 s100", 100, 1).await;
    check(
        "station LIKE 's10%' AND number = 1",
        "10 1 s109",
        100_000,
        0,
    )
    .await;
}

#[tokio::test]
async fn prepared_statement_parameters_use_a_lookup() {
    let session = session(readings());
    answer(
        &session,
        "PREPARE one AS SELECT value FROM t WHERE station = $1 AND number = $2",
    )
    .await;
    let (rows, looked_at, _) = read(&session, "EXECUTE one('s123', 46)").await;
    assert_eq!((&*rows, looked_at), ("12346", 1));
}

#[tokio::test]
async fn literal_of_other_type_uses_a_lookup_if_equal() {
    let session = session(readings());
    let looked_at = async |filter: &str| {
        let sql = format!("SELECT value FROM t WHERE station = 's123' AND {filter}");
        read(&session, &sql).await.1
    };
    assert_eq!(looked_at("number = CAST(45 AS BIGINT)").await, 1);
    assert_eq!(looked_at("CAST(number AS BIGINT) = 45").await, 1);
    // The value is not an integer, so the filter decides, over all rows or none.
    assert_eq!(
        answer(
            &session,
            "SELECT value FROM t WHERE station = 's123' AND number = 4.5"
        )
        .await,
        ""
    );
    // The value is not a value of the column, either.
    assert_eq!(looked_at("number = 5000000000").await, 100);
}

#[tokio::test]
async fn lists_with_nulls_and_without_values() {
    let session = session(readings());
    let read = async |filter: &str| {
        let sql =
            format!("SELECT number FROM t WHERE station = 's123' AND {filter} ORDER BY number");
        read(&session, &sql).await
    };
    assert_eq!(read("number IN (NULL, 1)").await.0, "1");
    assert_eq!(read("(number = 1 OR number IS NULL)").await.0, "1");
    assert_eq!(
        read("number NOT IN (2, 3) AND number < 5").await.0,
        "0\n1\n4"
    );
    assert_eq!(
        read("number IN (1, 2, 3, 4, 5) AND number IN (5, 6, 7, 8, 9)")
            .await
            .0,
        "5"
    );
    assert_eq!(
        read("number IN (1, 2, 3, 4, 5) AND number IN (6, 7, 8, 9)")
            .await
            .0,
        ""
    );
    assert_eq!(read("number BETWEEN 9 AND 7").await.0, "");
    assert_eq!(read("number = NULL").await.0, "");
    let many: Vec<String> = (0..10_001).map(|number| number.to_string()).collect();
    let (rows, looked_at, lookups) = read(&format!("number IN ({})", many.join(", "))).await;
    assert_eq!((rows.lines().count(), looked_at, lookups), (100, 100, 1));
}

/// Predicates that the planner has not processed.
#[tokio::test]
async fn uncoerced_literals_use_a_lookup() {
    let texts = ["007", "10", "7", "9"].map(|station| Reading {
        station: station.to_string(),
        number: 1,
        value: None,
    });
    let table = MemoryTable::new();
    table.insert(texts).unwrap();
    let provider = RowProvider::new(table);
    let session = SessionContext::new();
    let count = async |filter: Expr| {
        let state = session.state();
        let plan = provider.scan(&state, None, &[filter], None).await.unwrap();
        let batches = collect(plan, session.task_ctx()).await.unwrap();
        batches.iter().map(RecordBatch::num_rows).sum::<usize>()
    };
    // SQL compares these values as numbers.
    assert_eq!(count(col("station").eq(lit(7i64))).await, 2);
    assert_eq!(count(col("station").lt(lit(10i64))).await, 3);
    assert_eq!(count(col("number").eq(lit(1i64))).await, 4);
}

#[tokio::test]
async fn reverse_scan_with_ranges_filter_and_limit() {
    for batch_size in [1, 3, 8192] {
        let config = SessionConfig::new().with_batch_size(batch_size);
        let session = session_with(readings(), config);
        let sql = "SELECT station, number FROM t WHERE station IN ('s001', 's003', 's005', 's007') \
                   AND number BETWEEN 10 AND 13 AND value % 2 = 0 \
                   ORDER BY station DESC, number DESC LIMIT 4";
        let (rows, _, lookups) = read(&session, sql).await;
        assert_eq!(rows, "s007 12\ns007 10\ns005 12\ns003 10", "{batch_size}");
        assert_eq!(lookups, 4);
    }
}

#[tokio::test]
async fn explain_shows_what_is_looked_up() {
    let session = session(readings());
    assert_eq!(
        scan_line(
            &session,
            "SELECT value FROM t WHERE station = 's1' AND number > 4 AND value > 0"
        )
        .await,
        "RowScanExec: table=app.readings, columns=[value], \
         filter=station@0 = s1 AND number@1 > 4 AND value@2 > 0, \
         keys=[station = Utf8(\"s1\") AND number > Int32(4)]"
    );
}

#[tokio::test]
async fn order_by_key_needs_no_sort() {
    let session = session(readings());
    for order in [
        "station",
        "station, number",
        "station DESC",
        "station DESC, number DESC",
    ] {
        let sql = format!("SELECT station, number FROM t ORDER BY {order}");
        let plan = plan_text(&session, &sql).await;
        assert!(!plan.contains("Sort"), "{order}: {plan}");
    }
    for order in ["number", "station, number DESC", "value", "station, value"] {
        let sql = format!("SELECT station, number, value FROM t ORDER BY {order}");
        let plan = plan_text(&session, &sql).await;
        assert!(plan.contains("Sort"), "{order}: {plan}");
    }
}

#[tokio::test]
async fn limit_by_key_order_reads_only_one_end() {
    let session = session(readings());
    let first = "SELECT station, number FROM t ORDER BY station, number LIMIT 2";
    assert_eq!(
        read(&session, first).await,
        ("s000 0\ns000 1".to_string(), 2, 0)
    );
    let last = "SELECT station, number FROM t ORDER BY station DESC, number DESC LIMIT 3";
    assert_eq!(
        read(&session, last).await,
        ("s999 99\ns999 98\ns999 97".to_string(), 3, 0)
    );
    let offset = "SELECT number FROM t ORDER BY station DESC, number DESC LIMIT 2 OFFSET 5";
    assert_eq!(read(&session, offset).await, ("94\n93".to_string(), 7, 0));
    let filtered = "SELECT number, value FROM t WHERE value % 2 = 0 AND station < 's100' \
                    ORDER BY station DESC, number DESC LIMIT 3";
    let (rows, looked_at, lookups) = read(&session, filtered).await;
    assert_eq!(rows, "98 9998\n94 9994\n92 9992");
    assert_eq!((looked_at, lookups), (8192, 1));
}

#[tokio::test]
async fn order_above_limit_sorts_the_limited_rows() {
    let session = session(readings());
    let sql = "SELECT number FROM (SELECT * FROM t LIMIT 3) ORDER BY station DESC, number DESC";
    assert_eq!(answer(&session, sql).await, "2\n1\n0");
    let sql = "SELECT number FROM (SELECT * FROM t ORDER BY station DESC, number DESC LIMIT 3) \
               ORDER BY station, number";
    assert_eq!(answer(&session, sql).await, "97\n98\n99");
    let sql = "SELECT number FROM (SELECT * FROM t ORDER BY station, number LIMIT 3) \
               ORDER BY station DESC, number DESC LIMIT 5";
    assert_eq!(answer(&session, sql).await, "2\n1\n0");
    let sql = "SELECT number FROM (SELECT * FROM t ORDER BY station, number LIMIT 5) \
               ORDER BY station, number LIMIT 9";
    assert_eq!(answer(&session, sql).await, "0\n1\n2\n3\n4");
}

#[tokio::test]
async fn reverse_scan_uses_the_session_batch_size() {
    let config = SessionConfig::new().with_batch_size(1000);
    let session = session_with(readings(), config);
    let sql = "SELECT station, number FROM t ORDER BY station DESC, number DESC";
    let frame = session.sql(sql).await.unwrap();
    let batches = frame.collect().await.unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() == 1000));
    let backwards = answer(&session, sql).await;
    let forwards = answer(&session, "SELECT station, number FROM t").await;
    let mut lines: Vec<&str> = forwards.lines().collect();
    lines.reverse();
    assert_eq!(backwards, lines.join("\n"));
}

#[tokio::test]
async fn count_star_needs_no_scan() {
    let session = session(readings());
    let plan = plan_text(&session, "SELECT count(*), count(station) FROM t").await;
    assert!(!plan.contains("RowScanExec"), "{plan}");
    assert_eq!(
        answer(&session, "SELECT count(*), count(station) FROM t").await,
        "100000 100000"
    );
    assert_eq!(
        answer(&session, "SELECT count(*) FROM (SELECT * FROM t LIMIT 7)").await,
        "7"
    );
    assert_eq!(
        answer(&session, "SELECT count(value) FROM t").await,
        "66666"
    );
    assert_eq!(
        answer(&session, "SELECT count(*) FROM t WHERE number = 1").await,
        "1000"
    );
}

#[tokio::test]
async fn unordered_rows_are_all_read() {
    let rows = [3, 1, 2].map(|number| Reading {
        station: "s".to_string(),
        number,
        value: None,
    });
    let fixed = session(FixedRows::new(rows.to_vec()));
    let sql = "SELECT number FROM t WHERE station = 's' AND number < 3 ORDER BY number";
    assert_eq!(read(&fixed, sql).await, ("1\n2".to_string(), 3, 0));
    let virtual_rows = session(VirtualRows::new(move || Ok(rows.to_vec())));
    assert_eq!(read(&virtual_rows, sql).await, ("1\n2".to_string(), 3, 0));
}

/// A source that declares key order.
#[derive(Debug)]
struct DeclaredSorted(fn() -> Result<Snapshot<Reading>, BoxError>);

impl TableSource for DeclaredSorted {
    type Row = Reading;

    fn scan(&self, _request: &ScanRequest<Reading>) -> Result<Rows<Reading>, BoxError> {
        (self.0)().map(Rows::from)
    }

    fn key_order(&self) -> KeyOrder {
        KeyOrder::Either
    }
}

#[tokio::test]
async fn wrong_declared_key_order_fails_the_query() {
    fn rows(numbers: [i32; 3]) -> Vec<Reading> {
        let row = |number| Reading {
            station: "s".to_string(),
            number,
            value: None,
        };
        numbers.map(row).to_vec()
    }
    let sql = "SELECT number FROM t ORDER BY station, number";
    let sorted = session(DeclaredSorted(|| {
        Ok(Snapshot::in_key_order(rows([1, 2, 3]))?)
    }));
    assert_eq!(answer(&sorted, sql).await, "1\n2\n3");
    let unsorted = session(DeclaredSorted(|| {
        Ok(Snapshot::in_key_order(rows([1, 3, 2]))?)
    }));
    assert_eq!(
        error(&unsorted, sql).await,
        "External error: table `app.readings`: the source declares key order, but row 2 does not \
         follow the previous row in key order"
    );
    let twice = session(DeclaredSorted(|| {
        Ok(Snapshot::in_key_order(rows([1, 1, 2]))?)
    }));
    assert!(
        error(&twice, sql)
            .await
            .contains("row 1 does not follow the previous row")
    );
    let unsaid = session(DeclaredSorted(|| Ok(Snapshot::from(rows([1, 2, 3])))));
    assert_eq!(
        error(&unsaid, sql).await,
        "External error: table `app.readings`: the source declares key order, but its snapshot \
         is not in key order: create it with `Snapshot::in_key_order`"
    );
}

/// A closed set whose variants have another order than its labels, by which SQL orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Size {
    Small,
    Medium,
    Large,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.sizes", primary_key(size, at), crate = kalamtable_rows)]
struct Sized {
    size: Size,
    #[kalam(type = "timestamp", unit = "ms")]
    at: i64,
}

#[tokio::test]
async fn key_order_unlike_sql_is_not_declared() {
    let sizes = MemoryTable::new();
    let rows = [Size::Small, Size::Medium, Size::Large].map(|size| Sized { size, at: 1 });
    sizes.insert(rows).unwrap();
    let session = session(sizes);
    let sql = "SELECT size FROM t ORDER BY size";
    assert_eq!(answer(&session, sql).await, "large\nmedium\nsmall");
    assert!(plan_text(&session, sql).await.contains("Sort"));
    let sql = "SELECT size FROM t WHERE size > 'large' ORDER BY size";
    assert_eq!(
        read(&session, sql).await,
        ("medium\nsmall".to_string(), 3, 0)
    );
    // A lookup by equal values does not depend on the order.
    let sql = "SELECT size FROM t WHERE size = 'medium'";
    assert_eq!(read(&session, sql).await, ("medium".to_string(), 1, 1));
    // The value is not a value of the key.
    assert_eq!(
        answer(&session, "SELECT size FROM t WHERE size = 'huge'").await,
        ""
    );
    // A timestamp between two units is not a value of the key, either.
    let sql =
        "SELECT size FROM t WHERE size = 'small' AND at = TIMESTAMP '1970-01-01T00:00:00.0015'";
    assert_eq!(answer(&session, sql).await, "");
    let sql =
        "SELECT size FROM t WHERE size = 'small' AND at = TIMESTAMP '1970-01-01T00:00:00.001'";
    assert_eq!(read(&session, sql).await, ("small".to_string(), 1, 1));
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.seen", primary_key(at, id), crate = kalamtable_rows)]
struct Sighting {
    at: TimestampMillis,
    id: [u8; 2],
    note: Option<String>,
}

#[tokio::test]
async fn tables_in_key_order_pass_the_contract() {
    let seen = MemoryTable::new();
    let rows = (0..300).map(|row| Sighting {
        at: TimestampMillis::new(row / 7 - 10),
        id: [(row % 7) as u8, 255 - (row % 251) as u8],
        note: (row % 3 > 0).then(|| format!("note {}", row % 5)),
    });
    seen.insert(rows).unwrap();
    contract::check(Arc::new(RowProvider::new(seen)))
        .await
        .unwrap();
}

/// A source whose declared order changes.
#[derive(Debug, Default)]
struct Fickle(AtomicBool);

impl TableSource for Fickle {
    type Row = Reading;

    fn scan(&self, _request: &ScanRequest<Reading>) -> Result<Rows<Reading>, BoxError> {
        let row = |number| Reading {
            station: "s".to_string(),
            number,
            value: None,
        };
        Ok(Rows::from([3, 1, 2].map(row).to_vec()))
    }

    fn key_order(&self) -> KeyOrder {
        match self.0.swap(true, Ordering::Relaxed) {
            false => KeyOrder::Either,
            true => KeyOrder::None,
        }
    }
}

#[tokio::test]
async fn plan_relies_on_the_declared_order() {
    let session = session(Fickle::default());
    let sql = "SELECT number FROM t ORDER BY station, number";
    let frame = session.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let failed = collect(plan, session.task_ctx()).await.unwrap_err();
    assert!(
        failed.to_string().contains("the source declares key order"),
        "{failed}"
    );
}

/// Compares lookups with scans of all rows, for keys of each type, in key order and in random
/// order.
macro_rules! keys {
    ($($test:ident: $ty:ty, [$($value:expr),* $(,)?], [$($literal:literal),* $(,)?];)*) => {$(
        #[tokio::test]
        async fn $test() {
            #[derive(Clone, Debug, PartialEq, KalamTable)]
            #[kalam(table = "app.keyed", primary_key(key), crate = kalamtable_rows)]
            struct Keyed {
                key: $ty,
                number: i64,
            }

            let values: Vec<$ty> = vec![$($value),*];
            let rows = values.into_iter().zip(0..).map(|(key, number)| Keyed { key, number });
            let rows: Vec<Keyed> = rows.collect();
            let sorted = MemoryTable::new();
            sorted.insert(rows.clone()).unwrap();
            let (sorted, unsorted) = (session(sorted), session(VirtualRows::new(move || Ok(rows.clone()))));
            let literals = [$($literal),*];
            for one in literals {
                for filter in [
                    format!("key = {one}"),
                    format!("key > {one}"),
                    format!("key <= {one}"),
                    format!("key IN ({}, {one})", literals[0]),
                    format!("key BETWEEN {} AND {one}", literals[0]),
                ] {
                    let sql = format!("SELECT number FROM t WHERE {filter} ORDER BY number");
                    let (found, _, lookups) = read(&sorted, &sql).await;
                    assert_eq!(found, answer(&unsorted, &sql).await, "{sql}");
                    assert!(lookups > 0, "{sql}");
                }
            }
            for order in ["key", "key DESC"] {
                let sql = format!("SELECT number FROM t ORDER BY {order}");
                assert_eq!(answer(&sorted, &sql).await, answer(&unsorted, &sql).await, "{sql}");
            }
        }
    )*};
}

keys! {
    keys_of_unsigned_numbers: u64, [0, 5, u64::MAX, 1 << 63], ["5", "0", "9223372036854775808"];
    keys_of_small_numbers: i8, [-128, 127, 0, -1], ["-1", "127", "0"];
    keys_of_decimals: Decimal<10, 2>,
        [decimal(-100), decimal(1999), decimal(5), decimal(0)],
        ["CAST(19.99 AS DECIMAL(10, 2))", "CAST(-1 AS DECIMAL(10, 2))"];
    keys_of_text: Box<str>, ["b".into(), "B".into(), "\u{e4}".into(), "ab".into(), "".into()],
        ["'b'", "'\u{e4}'", "''", "'aa'"];
    keys_of_bytes: Vec<u8>, [vec![], vec![0], vec![255, 0], vec![255]], ["X'FF'", "X''", "X'00'"];
    keys_of_dates: Date, [Date::from_days(-1), Date::from_days(0), Date::from_days(19_000)],
        ["DATE '1970-01-01'", "DATE '1969-12-31'"];
    keys_of_times: TimestampMillis,
        [TimestampMillis::new(-1), TimestampMillis::new(1), TimestampMillis::new(1_700_000_000_000)],
        ["TIMESTAMP '1970-01-01T00:00:00.001'", "TIMESTAMP '1969-12-31T23:59:59.999'"];
}

fn decimal(unscaled: i128) -> Decimal<10, 2> {
    Decimal::from_unscaled(unscaled).unwrap()
}

#[tokio::test]
async fn constant_key_column_is_left_out_of_the_order() {
    let rows = (0..100).map(|row| Reading {
        station: format!("s{}", row % 3),
        number: row,
        value: None,
    });
    let table = MemoryTable::new();
    table.insert(rows).unwrap();
    let session = session(table);
    let sql = "SELECT number FROM t WHERE station = 's1' ORDER BY number LIMIT 3";
    let plan = plan_text(&session, sql).await;
    assert!(!plan.contains("SortExec"), "{plan}");
    assert_eq!(answer(&session, sql).await, "1\n4\n7");
    let sql = "SELECT number FROM t WHERE station = 's1' OR station = 's2' ORDER BY number LIMIT 3";
    assert!(plan_text(&session, sql).await.contains("SortExec"));
    assert_eq!(answer(&session, sql).await, "1\n2\n4");
}
