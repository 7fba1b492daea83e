// SPDX-License-Identifier: Apache-2.0

//! DataFusion receives a schema without ids and comments. Queries that compare whole fields work,
//! and no result of a query carries an id that belongs to another column.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use kalamtable_provider::{
    FixedRows, MemoryTable, RowProvider, annotated_schema, enable_dml, metadata,
};
use kalamtable_rows::{FromArrow, KalamTable, KalamValue, RowError, ToArrow};

use crate::support::{answer, assert_contains, definition, register, run};

/// An event of a user.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.events", primary_key(id), crate = kalamtable_rows)]
struct Event {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2)]
    title: Option<String>,
    #[kalam(id = 3)]
    next_id: Option<i64>,
    #[kalam(id = 4, nested_ids = 20)]
    tags: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.users", primary_key(id), crate = kalamtable_rows)]
struct User {
    #[kalam(id = 1)]
    id: i64,
    // The id of `title` in the other table.
    #[kalam(id = 2)]
    email: String,
    #[kalam(id = 3)]
    name: String,
}

#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Stop {
    name: String,
    height: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.trips", primary_key(id), crate = kalamtable_rows)]
struct Trip {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2, nested_ids = 10)]
    first: Stop,
    #[kalam(id = 3, nested_ids = 20)]
    stops: Vec<Stop>,
    #[kalam(id = 4, nested_ids = 30)]
    numbers: Vec<i32>,
}

fn event(id: i64) -> Event {
    Event {
        id,
        title: (id != 2).then(|| format!("event {id}")),
        next_id: (id < 3).then_some(id + 1),
        tags: vec![id, 10 * id],
    }
}

fn user(id: i64) -> User {
    User {
        id,
        email: format!("{id}@example.org"),
        name: format!("user {id}"),
    }
}

/// Creates a session with the tables `events`, `users` and `trips`.
fn session() -> SessionContext {
    let session = SessionContext::new();
    enable_dml(&session);
    register(
        &session,
        "events",
        FixedRows::new((1..=3).map(event).collect()),
    );
    register(
        &session,
        "users",
        FixedRows::new((1..=3).map(user).collect()),
    );
    register(&session, "trips", MemoryTable::<Trip>::new());
    session
}

async fn one_batch(session: &SessionContext, sql: &str) -> RecordBatch {
    let batches = run(session, sql).await.unwrap();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()
}

async fn events(session: &SessionContext, sql: &str) -> Result<Vec<Event>, RowError> {
    Event::from_batch(&one_batch(session, sql).await)
}

#[test]
fn query_schema_has_no_metadata_except_extensions() {
    fn check(field: &Field) {
        let other = field
            .metadata()
            .keys()
            .find(|key| !key.starts_with("ARROW:extension:"));
        assert_eq!(other, None, "{field:?}");
        for nested in Schema::new(vec![field.clone()]).flattened_fields() {
            if nested.name() != field.name() {
                check(nested);
            }
        }
    }
    let table = definition(
        r#"
        name = "app.things"
        primary_key = ["id"]
        [columns]
        id = { id = 1, type = "uuid", comment = "The id" }
        body = { id = 2, type = "json", comment = "The body" }
        stops = { id = 3, type = "list<#5 struct<#6 name: text, #7 key: uuid>>", comment = "Stops" }
        "#,
    );
    let provider = RowProvider::from_batches(table.clone(), &[]).unwrap();
    let schema = provider.schema();
    schema.fields().iter().for_each(|field| check(field));
    assert_eq!(*schema, table.query_schema());
    assert_eq!(schema.field(0).extension_type_name(), Some("arrow.uuid"));
    assert_eq!(schema.field(1).extension_type_name(), Some("arrow.json"));
}

#[tokio::test]
async fn unions_of_columns_with_different_nullability_return_rows() {
    let session = session();
    for (sql, expected) in [
        (
            "SELECT id FROM users UNION SELECT next_id FROM events ORDER BY 1",
            "1\n2\n3\nNULL",
        ),
        (
            "SELECT next_id FROM events UNION SELECT id FROM users ORDER BY 1",
            "1\n2\n3\nNULL",
        ),
        (
            "SELECT x, count(*) FROM (SELECT id AS x FROM users UNION ALL SELECT next_id FROM events) \
             GROUP BY x ORDER BY x",
            "1 1\n2 2\n3 2\nNULL 1",
        ),
        (
            "SELECT DISTINCT x FROM (SELECT id AS x FROM users UNION ALL SELECT next_id FROM events) \
             ORDER BY x",
            "1\n2\n3\nNULL",
        ),
        (
            "SELECT max(x) FROM (SELECT name AS x FROM users UNION ALL SELECT title FROM events)",
            "user 3",
        ),
        (
            "WITH RECURSIVE r(n) AS (SELECT id FROM users UNION ALL SELECT n + 1 FROM r WHERE n < 4) \
             SELECT n, count(*) FROM r GROUP BY n ORDER BY n",
            "1 1\n2 2\n3 3\n4 3",
        ),
        (
            "SELECT count(*) FROM (SELECT id, name FROM users EXCEPT SELECT next_id, title FROM events)",
            "3",
        ),
    ] {
        assert_eq!(answer(&session, sql).await, expected, "{sql}");
    }
}

/// Shows a limitation of DataFusion 55, for which an extension type is a part of the metadata.
///
/// FIXME: a recursive query fails if its terms return an extension type and the type under it
/// (<https://github.com/apache/datafusion/issues/18337>). Other queries accept them.
#[tokio::test]
async fn json_and_text_are_united_except_in_recursive_queries() {
    let notes = definition(
        r#"
        name = "app.notes"
        primary_key = ["id"]
        [columns]
        id = { id = 1, type = "bigint" }
        body = { id = 2, type = "json" }
        title = { id = 3, type = "text" }
        "#,
    );
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("body", Arc::new(StringArray::from(vec!["{}"]))),
        ("title", Arc::new(StringArray::from(vec!["t"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let provider = RowProvider::from_batches(notes, &[batch]).unwrap();
    let session = SessionContext::new();
    session.register_table("notes", Arc::new(provider)).unwrap();

    let union = "SELECT body AS x FROM notes UNION SELECT title FROM notes ORDER BY x";
    assert_eq!(answer(&session, union).await, "t\n{}");
    let recursive = "WITH RECURSIVE r(x) AS (SELECT body FROM notes UNION ALL \
                     SELECT title FROM r JOIN notes ON r.x = notes.body) SELECT x FROM r";
    let error = run(&session, recursive)
        .await
        .expect_err("remove this part if DataFusion runs it");
    assert_contains(&error.to_string(), "Cannot project plan column");
}

#[tokio::test]
async fn metadata_tables_can_be_united() {
    let session = session();
    metadata::register(&session).unwrap();
    let sql = "SELECT count(*) > 5 FROM (SELECT column_name FROM kalamtable.columns \
               UNION SELECT comment FROM kalamtable.columns)";
    assert_eq!(answer(&session, sql).await, "true");
}

#[tokio::test]
async fn aggregates_and_windows_over_lists_return_values() {
    let session = session();
    for (sql, expected) in [
        ("SELECT max(tags) FROM events", "[3, 30]"),
        (
            "SELECT first_value(tags ORDER BY id DESC) FROM events",
            "[3, 30]",
        ),
        (
            "SELECT lag(tags) OVER (ORDER BY id) FROM events ORDER BY id",
            "NULL\n[1, 10]\n[2, 20]",
        ),
        (
            "SELECT DISTINCT ON (id) tags FROM events ORDER BY id",
            "[1, 10]\n[2, 20]\n[3, 30]",
        ),
        (
            "SELECT DISTINCT ON (tags) tags, id FROM events ORDER BY tags, id DESC",
            "[1, 10] 1\n[2, 20] 2\n[3, 30] 3",
        ),
        (
            "SELECT DISTINCT ON (tags) id FROM (SELECT id, tags FROM events UNION ALL SELECT id + 10, tags FROM events) ORDER BY tags, id DESC",
            "11\n12\n13",
        ),
        (
            "SELECT array_agg(tags ORDER BY id) FROM events",
            "[[1, 10], [2, 20], [3, 30]]",
        ),
    ] {
        assert_eq!(answer(&session, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn literals_of_lists_and_structs_are_inserted() {
    let session = session();
    let sql = "INSERT INTO trips VALUES (1, named_struct('name', 'A', 'height', 1.5), \
               [named_struct('name', 'B', 'height', NULL), {name: 'C', height: 2.0}], [1, 2])";
    run(&session, sql).await.unwrap();
    let batch = one_batch(&session, "SELECT * FROM trips").await;
    let stop = |name: &str, height| Stop {
        name: name.to_string(),
        height,
    };
    let expected = Trip {
        id: 1,
        first: stop("A", Some(1.5)),
        stops: vec![stop("B", None), stop("C", Some(2.0))],
        numbers: vec![1, 2],
    };
    assert_eq!(Trip::from_batch(&batch).unwrap(), [expected]);
}

#[tokio::test]
async fn results_of_joins_are_read_by_name() {
    let session = session();
    for column in ["name", "email"] {
        let sql = format!(
            "SELECT e.id, u.{column} AS title, e.next_id, e.tags \
             FROM events e JOIN users u ON u.id = e.id ORDER BY e.id"
        );
        let titles: Vec<Option<String>> = events(&session, &sql)
            .await
            .unwrap()
            .into_iter()
            .map(|event| event.title)
            .collect();
        let expected = (1..=3).map(|id| match column {
            "name" => Some(user(id).name),
            _ => Some(user(id).email),
        });
        assert_eq!(titles, expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn aliases_and_expressions_are_read_by_name() {
    let session = session();
    session
        .sql("CREATE VIEW renamed AS SELECT next_id AS id, title, id AS next_id, tags FROM events")
        .await
        .unwrap();
    session
        .sql("CREATE TABLE copied AS SELECT next_id AS id, title, id AS next_id, tags FROM events")
        .await
        .unwrap();
    // Each query exchanges `id` and `next_id`, for the rows whose `next_id` is not null.
    let expected: Vec<Event> = (1..=2)
        .map(|id| Event {
            id: id + 1,
            next_id: Some(id),
            ..event(id)
        })
        .collect();
    for sql in [
        "SELECT next_id AS id, title, id AS next_id, tags FROM events WHERE next_id IS NOT NULL",
        "SELECT a.id AS next_id, b.id, a.title, a.tags FROM events a JOIN events b ON b.id = a.next_id",
        "SELECT lead(id) OVER (ORDER BY id) AS id, title, id AS next_id, tags FROM events \
         ORDER BY next_id LIMIT 2",
        "SELECT CASE WHEN true THEN next_id ELSE id END AS id, title, id AS next_id, tags FROM events \
         WHERE next_id IS NOT NULL",
        "SELECT CAST(next_id AS bigint) AS id, title, id AS next_id, tags FROM events \
         WHERE next_id IS NOT NULL",
        "SELECT * FROM renamed WHERE id IS NOT NULL",
        "SELECT * FROM copied WHERE id IS NOT NULL",
        "SELECT next_id AS id, title, id AS next_id, tags FROM events WHERE id = 1 \
         UNION ALL SELECT next_id AS id, title, id AS next_id, tags FROM events WHERE id = 2",
    ] {
        let mut found = events(&session, sql).await.unwrap();
        found.sort_by_key(|event| event.id);
        assert_eq!(found, expected, "{sql}");
    }
    let batch = one_batch(
        &session,
        "SELECT id, 'e' AS email, title AS name FROM events WHERE id = 1",
    )
    .await;
    let users = User::from_batch(&batch).unwrap();
    assert_eq!(users[0].name, "event 1");
}

/// A struct for the rows of a query, whose ids belong to no column of a table.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.event_totals", primary_key(title), crate = kalamtable_rows)]
struct EventTotal {
    #[kalam(id = 7)]
    title: String,
    #[kalam(id = 8)]
    count: i64,
    #[kalam(id = 9)]
    last_id: Option<i64>,
    #[kalam(id = 4, nested_ids = 20)]
    tags: Vec<i64>,
}

#[tokio::test]
async fn rows_of_a_query_are_read_as_its_own_struct() {
    let session = session();
    let sql = "SELECT coalesce(title, 'none') AS title, count(*) AS count, max(next_id) AS last_id, \
               first_value(tags) AS tags FROM events GROUP BY 1 ORDER BY 1";
    let rows = EventTotal::from_batch(&one_batch(&session, sql).await).unwrap();
    let row = |title: &str, last_id, id: i64| EventTotal {
        title: title.to_string(),
        count: 1,
        last_id,
        tags: vec![id, 10 * id],
    };
    let expected = [
        row("event 1", Some(2), 1),
        row("event 3", None, 3),
        row("none", Some(3), 2),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn ids_that_contradict_names_are_an_error() {
    let session = session();
    // Another provider passes the metadata of its fields on to results.
    let batch = User::to_batch(&[user(1)]).unwrap();
    session.register_batch("foreign", batch).unwrap();
    let sql = "SELECT id, email AS title FROM foreign";
    let required = "SELECT id, name AS title, arrow_cast([1], 'List(Int64)') AS tags FROM foreign";
    let error = events(&session, required)
        .await
        .expect_err("`name` has id 3");
    assert_contains(
        &error.to_string(),
        "column `title` (id 2) and field `title` (id 3) of the batch have the same name and different ids",
    );
    let error = User::from_batch(&one_batch(&session, sql).await).expect_err("`email` is missing");
    assert_contains(
        &error.to_string(),
        "column `email` (id 2) and field `title` (id 2) of the batch have the same id and different names",
    );
    let twice = one_batch(
        &session,
        "SELECT a.id, b.id FROM users a JOIN users b ON a.id < b.id",
    )
    .await;
    let error = User::from_batch(&twice).expect_err("two columns are named `id`");
    assert_contains(
        &error.to_string(),
        "2 fields of the batch match column `id` (id 1): rename or remove all but one",
    );
}

#[tokio::test]
async fn results_are_annotated_by_lineage() {
    let session = session();
    session
        .sql("CREATE VIEW v AS SELECT id AS number, title FROM events WHERE id > 0")
        .await
        .unwrap();
    // For each query, the `kalam_data_type` of each column.
    let (big_int, text) = (Some("\"BigInt\""), Some("\"Text\""));
    for (sql, expected) in [
        ("SELECT * FROM events", vec![big_int, text, big_int, None]),
        (
            "SELECT title AS t, id + 1, id AS n FROM events",
            vec![text, None, big_int],
        ),
        (
            "SELECT number, title FROM v ORDER BY title LIMIT 1",
            vec![big_int, text],
        ),
        (
            "SELECT u.email, e.id FROM users u LEFT JOIN events e ON e.id = u.id",
            vec![text, big_int],
        ),
        (
            "SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM events e WHERE e.id = u.id)",
            vec![big_int],
        ),
        (
            "SELECT title, count(*), max(id) FROM events GROUP BY title",
            vec![text, None, None],
        ),
        (
            "SELECT title, id FROM events GROUP BY GROUPING SETS ((title), (id))",
            vec![None, None],
        ),
        ("SELECT DISTINCT title FROM events", vec![text]),
        (
            "SELECT id, row_number() OVER (ORDER BY id) FROM events",
            vec![big_int, None],
        ),
        ("SELECT id, unnest(tags) FROM events", vec![big_int, None]),
        (
            "SELECT id FROM events UNION ALL SELECT id FROM users",
            vec![big_int],
        ),
        (
            "SELECT id FROM events UNION ALL SELECT next_id FROM events",
            vec![None],
        ),
        (
            "WITH e AS (SELECT * FROM events) SELECT e.title FROM e",
            vec![text],
        ),
        ("VALUES (1)", vec![None]),
    ] {
        let frame = session.sql(sql).await.unwrap();
        let plans = [
            frame.logical_plan().clone(),
            frame.clone().into_optimized_plan().unwrap(),
        ];
        for plan in plans {
            let schema = annotated_schema(&plan);
            let types: Vec<Option<&str>> = schema
                .fields()
                .iter()
                .map(|field| field.metadata().get("kalam_data_type").map(String::as_str))
                .collect();
            assert_eq!(types, expected, "{sql}\n{plan}");
            let ids = schema.fields().iter();
            assert!(
                ids.clone()
                    .all(|field| !field.metadata().contains_key("PARQUET:field_id"))
            );
            for batch in frame.clone().collect().await.unwrap() {
                batch.with_schema(Arc::clone(&schema)).unwrap();
            }
        }
    }
}
