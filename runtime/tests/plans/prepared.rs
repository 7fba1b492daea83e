// SPDX-License-Identifier: Apache-2.0

//! Prepared statements, through the API and through SQL.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use futures::TryStreamExt;
use kalamtable_plans::{Error, PreparedStatement};
use kalamtable_runtime::Role;

use crate::sessions::{CachedServer, cached, planned};
use crate::support::{actor, lines, table};

const COLUMNS: &str = "title = { id = 2, type = 'text', nullable = true }
seen_at = { id = 3, type = 'timestamp', unit = 'us', default = 'now()' }
amount = { id = 4, type = 'decimal(10, 2)', nullable = true }
";

async fn run(statement: &PreparedStatement, values: Vec<ScalarValue>) -> Result<String> {
    let batches: Vec<_> = statement.execute(values).await?.try_collect().await?;
    Ok(lines(&batches))
}

fn int(value: i64) -> ScalarValue {
    ScalarValue::Int64(Some(value))
}

#[tokio::test]
async fn statements_run_with_parameters() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", COLUMNS))
        .await;
    let session = server.session("root");
    let insert = session
        .prepare("INSERT INTO app.notes (id, title, amount) VALUES ($1, $2, $3)")
        .await
        .unwrap();
    let types: Vec<_> = insert
        .parameters()
        .iter()
        .map(|field| field.as_ref().unwrap().data_type().to_string())
        .collect();
    assert_eq!(types, ["Int64", "Utf8", "Decimal128(10, 2)"]);
    for id in 1..=3 {
        let amount = ScalarValue::from(id as f64 + 0.5);
        assert_eq!(
            run(&insert, vec![int(id), ScalarValue::from("a"), amount])
                .await
                .unwrap(),
            "1"
        );
    }
    let text = "SELECT id, amount, seen_at > '2024-01-01' AS is_new FROM app.notes";
    assert_eq!(
        cached(&session, text).await.unwrap(),
        "1 1.50 true\n2 2.50 true\n3 3.50 true"
    );
    let update = session
        .prepare("UPDATE app.notes SET title = $2 WHERE id = $1")
        .await
        .unwrap();
    assert_eq!(
        run(&update, vec![int(2), ScalarValue::from("b")])
            .await
            .unwrap(),
        "1"
    );
    let delete = session
        .prepare("DELETE FROM app.notes WHERE id > $1")
        .await
        .unwrap();
    assert_eq!(run(&delete, vec![int(2)]).await.unwrap(), "1");
    let select = session
        .prepare("SELECT title FROM app.notes WHERE id = $1")
        .await
        .unwrap();
    for (id, title) in [(1, "a"), (2, "b"), (3, "")] {
        assert_eq!(run(&select, vec![int(id)]).await.unwrap(), title);
    }
    let limit = session
        .prepare("SELECT id FROM app.notes ORDER BY id LIMIT $1 OFFSET $2")
        .await
        .unwrap();
    assert_eq!(run(&limit, vec![int(1), int(1)]).await.unwrap(), "2");
    let list = session
        .prepare("SELECT id FROM app.notes WHERE id IN ($1, $2) OR title LIKE $3 ORDER BY id")
        .await
        .unwrap();
    let values = vec![int(9), int(2), ScalarValue::from("a%")];
    assert_eq!(run(&list, values).await.unwrap(), "1\n2");
    let free = session
        .prepare("SELECT $1 AS x, id FROM app.notes WHERE id = $2")
        .await
        .unwrap();
    assert!(free.parameters()[0].is_none());
    assert_eq!(
        run(&free, vec![ScalarValue::from("x"), int(1)])
            .await
            .unwrap(),
        "x 1"
    );
    assert_eq!(run(&free, vec![int(7), int(1)]).await.unwrap(), "7 1");
}

#[tokio::test]
async fn values_that_do_not_fit_are_rejected() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", COLUMNS))
        .await;
    let session = server.session("root");
    let insert = session
        .prepare("INSERT INTO app.notes (id, amount) VALUES ($1, $2)")
        .await
        .unwrap();
    let error =
        async |values: Vec<ScalarValue>| run(&insert, values).await.unwrap_err().strip_backtrace();
    let null = ScalarValue::Null;
    for (values, expected) in [
        (
            vec![int(1)],
            "the statement has 2 parameters, but 1 values were given",
        ),
        (
            vec![int(1), null.clone(), null.clone()],
            "the statement has 2 parameters, but 3 values were given",
        ),
        (
            vec![ScalarValue::from(2.7), null.clone()],
            "parameter `$1` has type Int64, and Float64 2.7 is not a value of that type",
        ),
        (
            vec![ScalarValue::from("x"), null.clone()],
            "parameter `$1` has type Int64, and Utf8 x is not a value of that type",
        ),
        (
            vec![int(1), ScalarValue::from(1.234)],
            "parameter `$2` has type Decimal128(10, 2), and Float64 1.234 is not a value of that type",
        ),
        (
            vec![null.clone(), null.clone()],
            "table `app.notes`, column `id`, row 0",
        ),
    ] {
        let found = error(values).await;
        assert!(found.contains(expected), "{found}");
    }
    assert_eq!(
        cached(&session, "SELECT count(*) FROM app.notes")
            .await
            .unwrap(),
        "0"
    );
    for (text, expected) in [
        (
            "SELECT id FROM app.notes WHERE id = $name",
            "parameter `$name` is not supported",
        ),
        (
            "SELECT id FROM app.notes WHERE id = $2",
            "parameter `$1` is not supported",
        ),
        (
            "CREATE TABLE app.x (id BIGINT)",
            "only queries and `INSERT`",
        ),
    ] {
        let found = session.prepare(text).await.unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }
}

#[tokio::test]
async fn changed_result_columns_are_reported() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", COLUMNS))
        .await;
    let session = server.session("root");
    cached(
        &session,
        "INSERT INTO app.notes (id, title) VALUES (1, 'a')",
    )
    .await
    .unwrap();
    let all = session.prepare("SELECT * FROM app.notes").await.unwrap();
    let one = session
        .prepare("SELECT id, title FROM app.notes")
        .await
        .unwrap();
    let insert = session
        .prepare("INSERT INTO app.notes (id) VALUES ($1)")
        .await
        .unwrap();
    run(&all, Vec::new()).await.unwrap();
    let more = format!("{COLUMNS}more = {{ id = 5, type = 'int', default = 5 }}\n");
    server
        .alter("notes", &table("notes", "kind = 'shared'", &more))
        .await;
    for _ in 0..2 {
        let changed = run(&all, Vec::new()).await.unwrap_err();
        assert_eq!(
            changed.strip_backtrace(),
            "External error: cached plan must not change result type"
        );
        assert_eq!(Error::of(&changed).map(Error::sqlstate), Some("0A000"));
        assert_eq!(run(&one, Vec::new()).await.unwrap(), "1 a");
    }
    run(&insert, vec![int(2)]).await.unwrap();
    let text = "SELECT id, more FROM app.notes WHERE id = 2";
    assert_eq!(cached(&session, text).await.unwrap(), "2 5");
    server.drop("notes").await;
    assert!(run(&one, Vec::new()).await.is_err());
    assert!(run(&insert, vec![int(3)]).await.is_err());
    // The statements work again with the table that has the name now.
    server
        .create(&table("notes", "kind = 'shared'", COLUMNS))
        .await;
    assert_eq!(run(&one, Vec::new()).await.unwrap(), "");
    run(&insert, vec![int(3)]).await.unwrap();
    assert_eq!(run(&one, Vec::new()).await.unwrap(), "3 NULL");
}

#[tokio::test]
async fn statements_are_prepared_with_sql() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", COLUMNS))
        .await;
    let session = server.session("root");
    let ctx = session.context();
    for text in [
        "PREPARE add (BIGINT, TEXT) AS INSERT INTO app.notes (id, title) VALUES ($1, $2)",
        "EXECUTE add(1, 'one')",
        "EXECUTE add(1 + 1, upper('two'))",
        "PREPARE get AS SELECT title FROM app.notes WHERE id = $1",
    ] {
        cached(&session, text).await.unwrap();
    }
    assert_eq!(cached(&session, "EXECUTE get(2)").await.unwrap(), "TWO");
    // The plan of a `PREPARE` is cached, and its text still prepares.
    let again = "PREPARE get AS SELECT title FROM app.notes WHERE id = $1";
    assert!(cached(&session, again).await.is_err());
    cached(&session, "DEALLOCATE get").await.unwrap();
    assert_eq!(cached(&session, again).await.unwrap(), "");
    assert_eq!(cached(&session, "EXECUTE get(2)").await.unwrap(), "TWO");
    // The statements of a session are the same in `DynamicTables::sql`.
    let frame = server.tables.sql(ctx, "EXECUTE get(1)").await.unwrap();
    assert_eq!(lines(&frame.collect().await.unwrap()), "one");
    for (text, expected) in [
        (
            "PREPARE get AS SELECT 1",
            "prepared statement `get` exists already: run `DEALLOCATE get` first",
        ),
        (
            "EXECUTE none(1)",
            "prepared statement `none` does not exist: run `PREPARE none AS ..` first",
        ),
        (
            "EXECUTE get",
            "the statement has 1 parameters, but 0 values were given",
        ),
        (
            "EXECUTE get(1, 2)",
            "the statement has 1 parameters, but 2 values were given",
        ),
        (
            "EXECUTE get('x')",
            "parameter `$1` has type Int64, and Utf8 x is not a value of that type",
        ),
        (
            "DEALLOCATE none",
            "prepared statement `none` does not exist",
        ),
        (
            "PREPARE p AS CREATE TABLE app.x (id BIGINT)",
            "only queries and `INSERT`",
        ),
    ] {
        let found = cached(&session, text).await.unwrap_err().to_string();
        assert!(found.contains(expected), "{text}: {found}");
    }
    let other = server.session("other");
    assert!(cached(&other, "EXECUTE get(1)").await.is_err());
    cached(&session, "DEALLOCATE get").await.unwrap();
    assert!(cached(&session, "EXECUTE get(1)").await.is_err());
    cached(&session, "DEALLOCATE ALL").await.unwrap();
    assert!(cached(&session, "EXECUTE add(5, 'x')").await.is_err());
}

#[tokio::test]
async fn parameters_follow_the_types_of_their_columns() {
    let server = CachedServer::new().await;
    let session = server.session("root");
    cached(
        &session,
        "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')",
    )
    .await
    .unwrap();
    let mut statements = Vec::new();
    for text in [
        "INSERT INTO app.t (id, n) VALUES ($1, $2)",
        "UPDATE app.t SET n = $2 WHERE id = $1",
        "SELECT id FROM app.t WHERE id = $1 AND n = $2",
    ] {
        statements.push(session.prepare(text).await.unwrap());
    }
    let small = |id| vec![int(id), ScalarValue::Int32(Some(7))];
    let found = [run(&statements[0], small(1)).await.unwrap()];
    assert_eq!(found, ["1"]);
    cached(
        &session,
        "ALTER TABLE app.t ALTER COLUMN n SET DATA TYPE BIGINT",
    )
    .await
    .unwrap();
    assert_eq!(run(&statements[0], small(2)).await.unwrap(), "1");
    assert_eq!(run(&statements[1], small(2)).await.unwrap(), "1");
    assert_eq!(run(&statements[2], small(2)).await.unwrap(), "2");
    // The new type has more values.
    let large = vec![int(1), int(3_000_000_000)];
    assert_eq!(run(&statements[1], large.clone()).await.unwrap(), "1");
    assert_eq!(run(&statements[2], large).await.unwrap(), "1");
    let types = statements[0].parameters().iter().flatten();
    let types: Vec<_> = types.map(|field| field.data_type().clone()).collect();
    assert_eq!(types, [DataType::Int64, DataType::Int32]);
}

#[tokio::test]
async fn datafusion_stores_no_plan_over_a_table() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", COLUMNS))
        .await;
    let ctx = server.context(actor("root", Role::System));
    let numbers = ctx.sql("SELECT 1 AS n").await.unwrap().collect().await;
    let numbers = numbers.unwrap();
    let numbers = MemTable::try_new(numbers[0].schema(), vec![numbers]).unwrap();
    server
        .tables
        .register_session_table(&ctx, "app.numbers", Arc::new(numbers))
        .unwrap();
    planned(
        &ctx,
        "CREATE VIEW app.titles AS SELECT title FROM app.notes",
    )
    .await
    .unwrap();
    for text in [
        "PREPARE p AS SELECT n FROM app.numbers WHERE n = $1",
        "PREPARE p AS SELECT title FROM app.titles WHERE title = $1",
        "PREPARE p AS SELECT id FROM app.notes WHERE id = $1",
        "PREPARE p AS SELECT 1 WHERE EXISTS (SELECT 1 FROM app.notes)",
        "PREPARE p AS INSERT INTO app.notes (id) VALUES ($1)",
        "PREPARE p AS DELETE FROM app.notes WHERE id = $1",
        "PREPARE p AS UPDATE app.notes SET title = $1",
    ] {
        let rejected = planned(&ctx, text).await.unwrap_err().to_string();
        assert!(
            rejected.contains("run it with `DynamicTables::sql`"),
            "{text}: {rejected}"
        );
        assert!(planned(&ctx, "EXECUTE p(1)").await.is_err());
    }
    planned(&ctx, "PREPARE q AS SELECT $1 + 1").await.unwrap();
    assert_eq!(planned(&ctx, "EXECUTE q(1)").await.unwrap(), "2");
}
