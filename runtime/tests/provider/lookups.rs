//! Queries that name a key, or ask for its order, and what a scan need not look at for them.

use std::sync::Arc;

use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_runtime::{
    BoxError, FixedRows, KalamTable, KalamValue, MemoryTable, RowProvider, Snapshot, TableSource,
    TimestampMillis, VirtualRows, contract,
};

use crate::support::{answer, error, metrics, plan_text, scan_line, session, session_with};

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.readings", primary_key(station, number), crate = kalamtable_runtime)]
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

/// The answer, how many rows were looked at for it, and how many keys or ranges of keys were looked up.
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
    // What the other columns say is for the filter.
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
async fn a_range_of_keys_is_looked_up() {
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
    // Nothing is said of the first column of the key.
    check("number = 7", "1000 7 s999", 100_000, 0).await;
    // Not all keys are known beforehand.
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
async fn parameters_of_a_prepared_statement_are_looked_up() {
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
async fn literals_of_other_types_are_looked_up_where_they_say_the_same() {
    let session = session(readings());
    let looked_at = async |filter: &str| {
        let sql = format!("SELECT value FROM t WHERE station = 's123' AND {filter}");
        read(&session, &sql).await.1
    };
    assert_eq!(looked_at("number = CAST(45 AS BIGINT)").await, 1);
    assert_eq!(looked_at("CAST(number AS BIGINT) = 45").await, 1);
    // No integer is that; the filter is asked, of all rows or none.
    assert_eq!(
        answer(
            &session,
            "SELECT value FROM t WHERE station = 's123' AND number = 4.5"
        )
        .await,
        ""
    );
    // No number of the column is that either.
    assert_eq!(looked_at("number = 5000000000").await, 100);
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
async fn the_order_of_the_key_is_not_sorted_for() {
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
async fn the_first_and_the_last_rows_by_key_are_read_and_no_others() {
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
async fn rows_that_a_limit_has_settled_are_sorted_and_not_exchanged() {
    let session = session(readings());
    let sql = "SELECT number FROM (SELECT * FROM t LIMIT 3) ORDER BY station DESC, number DESC";
    assert_eq!(answer(&session, sql).await, "2\n1\n0");
    let sql = "SELECT number FROM (SELECT * FROM t ORDER BY station DESC, number DESC LIMIT 3) \
               ORDER BY station, number";
    assert_eq!(answer(&session, sql).await, "97\n98\n99");
}

#[tokio::test]
async fn all_rows_in_reverse_come_in_batches_of_the_sessions_size() {
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
async fn the_number_of_rows_is_known_without_a_scan() {
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
async fn rows_that_are_in_no_order_are_all_looked_at() {
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

/// It says that its rows are in key order.
#[derive(Debug)]
struct Sorted(fn() -> Result<Snapshot<Reading>, BoxError>);

impl TableSource for Sorted {
    type Row = Reading;

    fn snapshot(&self) -> Result<Snapshot<Reading>, BoxError> {
        (self.0)()
    }

    fn is_in_key_order(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_source_that_says_it_is_sorted_and_is_not_fails_the_query() {
    fn rows(numbers: [i32; 3]) -> Vec<Reading> {
        let row = |number| Reading {
            station: "s".to_string(),
            number,
            value: None,
        };
        numbers.map(row).to_vec()
    }
    let sql = "SELECT number FROM t ORDER BY station, number";
    let sorted = session(Sorted(|| Ok(Snapshot::in_key_order(rows([1, 2, 3]))?)));
    assert_eq!(answer(&sorted, sql).await, "1\n2\n3");
    let unsorted = session(Sorted(|| Ok(Snapshot::in_key_order(rows([1, 3, 2]))?)));
    assert_eq!(
        error(&unsorted, sql).await,
        "External error: table `app.readings`: the source says that its rows are in key order, and row 2 \
         does not come after the one before it"
    );
    let twice = session(Sorted(|| Ok(Snapshot::in_key_order(rows([1, 1, 2]))?)));
    assert!(
        error(&twice, sql)
            .await
            .contains("row 1 does not come after")
    );
    let unsaid = session(Sorted(|| Ok(Snapshot::from(rows([1, 2, 3])))));
    assert_eq!(
        error(&unsaid, sql).await,
        "External error: table `app.readings`: the source says that its rows are in key order, and made \
         a snapshot that does not say so: make it with `Snapshot::in_key_order`"
    );
}

/// Its order is that of the variants, and that of SQL the one of the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, KalamValue)]
#[kalam(crate = kalamtable_runtime)]
enum Size {
    Small,
    Medium,
    Large,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.sizes", primary_key(size, at), crate = kalamtable_runtime)]
struct Sized {
    size: Size,
    #[kalam(type = "timestamp", unit = "ms")]
    at: i64,
}

#[tokio::test]
async fn an_order_of_keys_that_is_not_that_of_sql_is_not_claimed() {
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
    // Equality does not depend on the order.
    let sql = "SELECT size FROM t WHERE size = 'medium'";
    assert_eq!(read(&session, sql).await, ("medium".to_string(), 1, 1));
    // No key can be that.
    assert_eq!(
        answer(&session, "SELECT size FROM t WHERE size = 'huge'").await,
        ""
    );
    // A time between two units is no key either.
    let sql =
        "SELECT size FROM t WHERE size = 'small' AND at = TIMESTAMP '1970-01-01T00:00:00.0015'";
    assert_eq!(answer(&session, sql).await, "");
    let sql =
        "SELECT size FROM t WHERE size = 'small' AND at = TIMESTAMP '1970-01-01T00:00:00.001'";
    assert_eq!(read(&session, sql).await, ("small".to_string(), 1, 1));
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.seen", primary_key(at, id), crate = kalamtable_runtime)]
struct Seen {
    at: TimestampMillis,
    id: [u8; 2],
    note: Option<String>,
}

#[tokio::test]
async fn tables_in_key_order_keep_the_contract() {
    let seen = MemoryTable::new();
    let rows = (0..300).map(|row| Seen {
        at: TimestampMillis::new(row / 7 - 10),
        id: [(row % 7) as u8, 255 - (row % 251) as u8],
        note: (row % 3 > 0).then(|| format!("note {}", row % 5)),
    });
    seen.insert(rows).unwrap();
    contract::check(Arc::new(RowProvider::new(seen)))
        .await
        .unwrap();
}
