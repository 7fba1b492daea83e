// SPDX-License-Identifier: Apache-2.0

//! `INSERT` and `UPDATE` do not change the values that they write: a lossy cast is an error, unless
//! a session option allows it.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::prelude::SessionContext;
use kalamtable_provider::{KalamTableOptions, MemoryTable};
use kalamtable_rows::{Date, Decimal, KalamTable, TimestampMillis};

use crate::support::{answer, assert_contains, error, run, session};

/// A row with columns that cannot hold every value of a wider type.
#[derive(Clone, Debug, KalamTable, PartialEq)]
#[kalam(table = "app.items", primary_key(id), crate = kalamtable_rows)]
struct Item {
    #[kalam(id = 1)]
    id: i32,
    #[kalam(id = 2)]
    price: Option<Decimal<10, 2>>,
    #[kalam(id = 3, type = "timestamp(ms)")]
    at: Option<TimestampMillis>,
    #[kalam(id = 4)]
    ratio: Option<f32>,
    #[kalam(id = 5)]
    day: Option<Date>,
    #[kalam(id = 6, type = "timestamp(ms)", default = "now()")]
    created: Option<TimestampMillis>,
}

fn items() -> (Arc<MemoryTable<Item>>, SessionContext) {
    let table = Arc::new(MemoryTable::<Item>::new());
    let ctx = session(Arc::clone(&table));
    (table, ctx)
}

async fn check_refused(ctx: &SessionContext, sql: &str, column: &str, row: usize, value: &str) {
    let refused = error(ctx, sql).await;
    let reason = match value.strip_prefix('=') {
        Some(reason) => reason.to_string(),
        None => format!("{value} cannot be represented exactly as "),
    };
    let expected = format!("table `app.items`, column `{column}`, row {row}: {reason}");
    assert!(refused.contains(&expected), "{sql}\n{refused}");
}

#[tokio::test]
async fn insert_of_a_lossy_value_fails_with_its_row() {
    let (table, ctx) = items();
    for (sql, column, row, value) in [
        ("INSERT INTO t (id) VALUES (1), (2.7)", "id", 1, "2.7"),
        (
            "INSERT INTO t (id) VALUES ('x')",
            "id",
            0,
            "=`x` is not a value of type Int32",
        ),
        (
            "INSERT INTO t (id) VALUES (3000000000)",
            "id",
            0,
            "=3000000000 is out of the range of Int32",
        ),
        (
            "INSERT INTO t (id, price) VALUES (1, 1.23), (2, 1.239)",
            "price",
            1,
            "1.239",
        ),
        (
            "INSERT INTO t (price, id) VALUES ('1.239', 1)",
            "price",
            0,
            "1.239",
        ),
        (
            "INSERT INTO t (id, price) VALUES (1, 1.1 + 0.139)",
            "price",
            0,
            "1.239",
        ),
        (
            "INSERT INTO t (id, ratio) VALUES (1, 16777217)",
            "ratio",
            0,
            "16777217",
        ),
        (
            "INSERT INTO t (id, at) VALUES (1, '2024-01-01T00:00:00.0001')",
            "at",
            0,
            "2024-01-01T00:00:00.0001",
        ),
        (
            "INSERT INTO t (id, at) VALUES (1, TIMESTAMP '2024-01-01T00:00:00.0001')",
            "at",
            0,
            "2024-01-01T00:00:00.000100",
        ),
        (
            "INSERT INTO t (id, day) VALUES (1, TIMESTAMP '2024-01-01T10:00:00')",
            "day",
            0,
            "2024-01-01T10:00:00",
        ),
        (
            "INSERT INTO t (id) SELECT * FROM (SELECT 1.0 UNION ALL SELECT 2.0 UNION ALL SELECT 2.7)",
            "id",
            2,
            "2.7",
        ),
        ("INSERT INTO t (id) SELECT 2.7", "id", 0, "2.7"),
        (
            "INSERT INTO t (id) SELECT x FROM (VALUES (1), (2), (2.7)) AS v (x)",
            "id",
            2,
            "2.7",
        ),
        ("INSERT OVERWRITE t (id) VALUES (2.7)", "id", 0, "2.7"),
        ("REPLACE INTO t (id) VALUES (2.7)", "id", 0, "2.7"),
    ] {
        check_refused(&ctx, sql, column, row, value).await;
        assert!(table.is_empty(), "{sql}");
    }
}

/// The row is counted in the statement, and not in its batch.
#[tokio::test]
async fn row_of_a_lossy_value_is_counted_in_the_statement() {
    let (_, ctx) = items();
    run(&ctx, "SET datafusion.execution.batch_size = 10")
        .await
        .unwrap();
    let sql = "INSERT INTO t (id) SELECT CASE WHEN value = 57 THEN 0.5 ELSE value END
               FROM generate_series(0, 99) ORDER BY value";
    check_refused(&ctx, sql, "id", 57, "0.5").await;
}

#[tokio::test]
async fn insert_of_an_exact_value_of_another_type_succeeds() {
    let (_, ctx) = items();
    for sql in [
        "INSERT INTO t (id, price, at, ratio, day) VALUES
         (1.0, '1.50', '2024-01-01T00:00:00.0010', 0.1, '2024-01-01'),
         ('2', 2, now(), 16777216, TIMESTAMP '2024-01-01T00:00:00')",
        "INSERT INTO t (id, price, at) SELECT 3.0, round(1.239, 2), date_trunc('second', now())",
        // An explicit cast of a query is not checked.
        "INSERT INTO t (id, day) SELECT CAST(4.7 AS INT), CAST(now() AS DATE)",
    ] {
        run(&ctx, sql).await.unwrap();
    }
    assert_eq!(
        answer(&ctx, "SELECT id, price, ratio FROM t ORDER BY id").await,
        "1 1.50 0.1\n2 2.00 16777216.0\n3 1.24 NULL\n4 NULL NULL"
    );
    // The default is the time of the clock in the unit of the column.
    assert_eq!(answer(&ctx, "SELECT count(created) FROM t").await, "4");
}

#[tokio::test]
async fn update_to_a_lossy_value_fails_with_its_row() {
    let (table, ctx) = items();
    run(
        &ctx,
        "INSERT INTO t (id, price) VALUES (1, 1), (2, 2), (3, 3)",
    )
    .await
    .unwrap();
    let before = answer(&ctx, "SELECT * FROM t").await;
    for (sql, column, row, value) in [
        (
            "UPDATE t SET price = 1.239 WHERE id = 2",
            "price",
            1,
            "1.239",
        ),
        ("UPDATE t SET price = '1.239'", "price", 0, "1.239"),
        (
            "UPDATE t SET price = id / 8.0 WHERE id >= 2",
            "price",
            2,
            "0.375",
        ),
        ("UPDATE t SET id = id + 10.5 WHERE id = 3", "id", 2, "13.5"),
        (
            "UPDATE t SET at = TIMESTAMP '2024-01-01T00:00:00.0001' WHERE id = 1",
            "at",
            0,
            "2024-01-01T00:00:00.000100",
        ),
    ] {
        check_refused(&ctx, sql, column, row, value).await;
        assert_eq!(answer(&ctx, "SELECT * FROM t").await, before, "{sql}");
    }
    // A statement that changes no row writes no value.
    run(&ctx, "UPDATE t SET price = 1.239 WHERE id = 99")
        .await
        .unwrap();
    run(
        &ctx,
        "UPDATE t SET price = id * 1.5, at = now() WHERE id = 1",
    )
    .await
    .unwrap();
    assert_eq!(
        answer(&ctx, "SELECT price FROM t WHERE id = 1").await,
        "1.50"
    );
    assert_eq!(table.len(), 3);
}

#[tokio::test]
async fn lossy_parameter_fails() {
    let (table, ctx) = items();
    for (sql, value) in [
        ("INSERT INTO t (id) VALUES ($1)", ScalarValue::from(2.7)),
        ("INSERT INTO t (id) VALUES ($1)", ScalarValue::from("2.7")),
        ("INSERT INTO t (id) SELECT $1", ScalarValue::from(2.7)),
        (
            "INSERT INTO t (id, price) VALUES (1, $1)",
            ScalarValue::from(1.239),
        ),
    ] {
        let frame = ctx
            .sql(sql)
            .await
            .unwrap()
            .with_param_values(vec![value])
            .unwrap();
        let refused = frame.collect().await.unwrap_err().to_string();
        assert_contains(&refused, "row 0: ");
        let is_text = refused.contains("`2.7` is not a value of type Int32");
        assert!(
            is_text || refused.contains("cannot be represented exactly"),
            "{refused}"
        );
        assert!(table.is_empty());
    }
    let exact = ctx.sql("INSERT INTO t (id) VALUES ($1)").await.unwrap();
    let exact = exact
        .with_param_values(vec![ScalarValue::from(2.0)])
        .unwrap();
    exact.collect().await.unwrap();
    let update = ctx
        .sql("UPDATE t SET price = $1 WHERE id = 2")
        .await
        .unwrap();
    let update = update
        .with_param_values(vec![ScalarValue::from(1.239)])
        .unwrap();
    let refused = update.collect().await.unwrap_err().to_string();
    assert_contains(
        &refused,
        "column `price`, row 0: 1.239 cannot be represented exactly",
    );
}

/// DataFusion optimizes the statement when it is prepared, before analyzer rules see it.
#[tokio::test]
async fn constant_of_a_prepared_statement_is_not_rounded() {
    let (table, ctx) = items();
    run(&ctx, "INSERT INTO t (id, price) VALUES (1, 1)")
        .await
        .unwrap();
    for (prepare, execute) in [
        (
            "PREPARE one AS UPDATE t SET price = 1.239 WHERE id = $1",
            "EXECUTE one(1)",
        ),
        (
            "PREPARE two AS INSERT INTO t (id, price) VALUES ($1, 1.239)",
            "EXECUTE two(2)",
        ),
        (
            "PREPARE three AS INSERT INTO t (id, price) SELECT $1, 1.239",
            "EXECUTE three(2)",
        ),
        (
            "PREPARE four(DOUBLE) AS INSERT INTO t (id) SELECT $1",
            "EXECUTE four(2.7)",
        ),
        (
            "PREPARE five(DOUBLE) AS UPDATE t SET price = $1",
            "EXECUTE five(1.239)",
        ),
    ] {
        let refused = match run(&ctx, prepare).await {
            Err(error) => error,
            Ok(_) => run(&ctx, execute).await.expect_err(prepare),
        };
        assert_contains(&refused.to_string(), "row 0: ");
        assert_contains(&refused.to_string(), "cannot be represented exactly");
    }
    assert_eq!(answer(&ctx, "SELECT id, price FROM t").await, "1 1.00");
    // An explicit cast of a query is not checked.
    let explicit = "PREPARE six(INT) AS INSERT INTO t (id, price) SELECT CAST(2.7 AS INT), $1";
    run(&ctx, explicit).await.unwrap();
    run(&ctx, "EXECUTE six(5)").await.unwrap();
    assert_eq!(table.len(), 2);
}

// FIXME: `EXECUTE` casts each parameter to the type that DataFusion has inferred from its column,
// before any rule sees the statement (https://github.com/apache/datafusion/pull/13242).
#[tokio::test]
async fn execute_rounds_a_parameter_without_a_declared_type() {
    let (_, ctx) = items();
    run(
        &ctx,
        "PREPARE one AS INSERT INTO t (id, price) VALUES ($1, $2)",
    )
    .await
    .unwrap();
    run(&ctx, "EXECUTE one(2.7, 1.239)").await.unwrap();
    assert_eq!(answer(&ctx, "SELECT id, price FROM t").await, "2 1.24");
}

#[tokio::test]
async fn session_option_allows_lossy_casts() {
    let (_, ctx) = items();
    run(&ctx, "SET kalamtable.allow_lossy_casts = true")
        .await
        .unwrap();
    run(&ctx, "INSERT INTO t (id, price) VALUES (2.7, 1.239)")
        .await
        .unwrap();
    run(&ctx, "UPDATE t SET price = 2.345 WHERE id = 2")
        .await
        .unwrap();
    assert_eq!(answer(&ctx, "SELECT id, price FROM t").await, "2 2.35");
    run(&ctx, "SET kalamtable.allow_lossy_casts = false")
        .await
        .unwrap();
    check_refused(&ctx, "UPDATE t SET price = 1.239", "price", 0, "1.239").await;
    assert!(!KalamTableOptions::default().allow_lossy_casts);
}

#[tokio::test]
async fn write_table_compares_names() {
    let (table, ctx) = items();
    let swapped =
        "SELECT 1 AS id, 2.5 AS price, NULL AS at, NULL AS day, 0.5 AS ratio, NULL AS created";
    let frame = ctx.sql(swapped).await.unwrap();
    let options = DataFrameWriteOptions::new;
    let refused = frame
        .write_table("t", options())
        .await
        .unwrap_err()
        .to_string();
    assert_contains(
        &refused,
        "table `app.items`: the rows to write have column `day` in place of column `ratio`",
    );
    let ordered =
        "SELECT 1 AS id, 2.5 AS price, NULL AS at, 0.5 AS ratio, NULL AS day, NULL AS created";
    let frame = ctx.sql(ordered).await.unwrap();
    frame.write_table("t", options()).await.unwrap();
    assert_eq!(
        answer(&ctx, "SELECT id, price, ratio FROM t").await,
        "1 2.50 0.5"
    );
    let lossy =
        "SELECT 2.7 AS id, 2.5 AS price, NULL AS at, 0.5 AS ratio, NULL AS day, NULL AS created";
    let frame = ctx.sql(lossy).await.unwrap();
    let refused = frame
        .write_table("t", options())
        .await
        .unwrap_err()
        .to_string();
    assert_contains(
        &refused,
        "column `id`, row 0: 2.7 cannot be represented exactly",
    );
    assert_eq!(table.len(), 1);
}
