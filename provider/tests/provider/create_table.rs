// SPDX-License-Identifier: Apache-2.0

//! `SHOW CREATE TABLE`, and the table that DataFusion creates from the statement.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{Constraint, TableReference};
use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_model::{ColumnType, SourceFile, Sources, TableDefinition, check_type};
use kalamtable_provider::{MemoryTable, RowProvider, register};
use kalamtable_rows::KalamTable;

use crate::support::{answer, definition, empty, error, run};
use crate::tables::{Defaults, Nullable, Required};

/// An event and its time.
#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", primary_key(region, id), unique(title), crate = kalamtable_rows)]
struct Event {
    id: i64,
    region: String,
    /// In one line.
    #[kalam(default = "it's new")]
    title: Option<String>,
    #[kalam(rename = "when", type = "timestamp", unit = "ms", default = "now()")]
    at: i64,
}

#[tokio::test]
async fn show_create_table_shows_the_statement() {
    let ctx = SessionContext::new_with_config(SessionConfig::new().with_information_schema(true));
    register(&ctx, empty::<Event>()).unwrap();
    assert_eq!(
        answer(&ctx, "SHOW CREATE TABLE app.events").await,
        "datafusion app events CREATE TABLE \"app\".\"events\" (\"id\" BIGINT NOT NULL, \
         \"region\" TEXT NOT NULL, \"title\" TEXT DEFAULT 'it''s new', \
         \"when\" TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (\"region\", \"id\"), \
         UNIQUE (\"title\"))"
    );
}

/// A session whose SQL has `Utf8` for `TEXT`, and this zone for timestamps with one.
fn reader(zone: &str) -> SessionContext {
    let config = SessionConfig::new()
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_str("datafusion.execution.time_zone", zone);
    SessionContext::new_with_config(config)
}

/// Returns the table that DataFusion creates from the statement, in a session with time zone
/// `zone`.
async fn created(definition: &TableDefinition, zone: &str) -> Result<Arc<dyn TableProvider>> {
    let ctx = reader(zone);
    let name = definition.name();
    run(&ctx, &format!("CREATE SCHEMA \"{}\"", name.namespace)).await?;
    run(&ctx, &definition.to_sql()).await?;
    ctx.table_provider(TableReference::partial(&*name.namespace, &*name.table))
        .await
}

/// Returns the table with its key, the first column and the columns for which `keep` is true.
fn part(definition: &TableDefinition, keep: impl Fn(&ColumnType) -> bool) -> TableDefinition {
    let mut parts = definition.parts().clone();
    let columns = parts.columns.iter().enumerate();
    let kept = columns.filter(|(position, column)| *position == 0 || keep(&column.ty));
    parts.columns = kept.map(|(_, column)| column.clone()).collect();
    TableDefinition::from_checked(parts)
}

/// Removes the properties that SQL cannot express: ids and extensions of nested fields.
fn bare(ty: &DataType) -> DataType {
    let field = |field: &FieldRef| {
        let ty = bare(field.data_type());
        Arc::new(Field::new(field.name(), ty, field.is_nullable()))
    };
    match ty {
        DataType::List(item) => DataType::List(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        ty => ty.clone(),
    }
}

/// Removes the same properties, and makes every nested field nullable.
fn nullable_within(ty: &DataType) -> DataType {
    let field = |field: &FieldRef| {
        let ty = nullable_within(field.data_type());
        Arc::new(Field::new(field.name(), ty, true))
    };
    match ty {
        DataType::List(item) => DataType::List(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        ty => ty.clone(),
    }
}

fn types(schema: &Schema, form: fn(&DataType) -> DataType) -> Vec<(String, DataType, bool)> {
    let fields = schema.fields().iter();
    let column = |field: &FieldRef| {
        let ty = form(field.data_type());
        (field.name().clone(), ty, field.is_nullable())
    };
    fields.map(column).collect()
}

/// Returns whether DataFusion's SQL cannot express the type.
fn is_refused(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::FixedBytes(_)
            | ColumnType::Time
            | ColumnType::Uuid
            | ColumnType::Map(_)
            | ColumnType::Arrow(_)
    )
}

/// Returns whether DataFusion reads the type with nullable nested fields.
fn is_nested(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Embedding(_) | ColumnType::List(_) | ColumnType::Struct(_)
    )
}

/// Returns whether the session must have the time zone of the type.
fn has_other_zone(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::Timestamp { zone: Some(zone), .. } if **zone != *"UTC")
}

#[tokio::test]
async fn datafusion_creates_the_same_columns() {
    let (required, nullable, defaults) = (
        empty::<Required>(),
        empty::<Nullable>(),
        empty::<Defaults>(),
    );
    let mut seen = 0;
    for provider in [&required, &nullable, &defaults] {
        let ours = part(provider.definition(), |ty| {
            !is_refused(ty) && !is_nested(ty) && !has_other_zone(ty)
        });
        let theirs = created(&ours, "UTC").await.unwrap();
        let expected = types(&ours.arrow_schema(), bare);
        assert_eq!(types(&theirs.schema(), bare), expected);
        assert!(matches!(
            theirs.constraints().unwrap().iter().as_slice(),
            [Constraint::PrimaryKey(columns)] if *columns == [0]
        ));
        seen += expected.len();
    }
    assert_eq!(seen, 21 + 21 + 14);
}

#[tokio::test]
async fn datafusion_creates_the_same_keys() {
    let ours = empty::<Event>();
    let theirs = created(ours.definition(), "UTC").await.unwrap();
    assert_eq!(
        theirs.constraints().unwrap().iter().collect::<Vec<_>>(),
        [
            &Constraint::PrimaryKey(vec![1, 0]),
            &Constraint::Unique(vec![2])
        ]
    );
}

#[tokio::test]
async fn text_maps_to_utf8_view_by_default() {
    let ctx = SessionContext::new();
    run(&ctx, "CREATE TABLE t (a TEXT)").await.unwrap();
    let schema = ctx.table_provider("t").await.unwrap().schema();
    assert_eq!(*schema.field(0).data_type(), DataType::Utf8View);
}

#[tokio::test]
async fn time_zone_is_that_of_the_session() {
    let zoned = part(empty::<Required>().definition(), has_other_zone);
    let expected = types(&zoned.arrow_schema(), bare);
    assert_eq!(expected.len(), 2);
    for (zone, same) in [("+05:00", true), ("UTC", false)] {
        let theirs = created(&zoned, zone).await.unwrap().schema();
        assert_eq!(types(&theirs, bare) == expected, same, "{zone}");
    }
}

#[tokio::test]
async fn nested_fields_become_nullable() {
    for definition in [
        empty::<Required>().definition(),
        empty::<Nullable>().definition(),
    ] {
        let ours = part(definition, is_nested);
        let theirs = created(&ours, "UTC").await.unwrap().schema();
        let ours = ours.arrow_schema();
        assert_eq!(ours.fields().len(), 1 + 5);
        assert_eq!(types(&theirs, bare), types(&ours, nullable_within));
        assert_ne!(types(&theirs, bare), types(&ours, bare));
    }
}

#[tokio::test]
async fn deeply_nested_types_are_read() {
    let definition = definition(
        r#"
name = "app.deep"
primary_key = ["id"]
[columns]
id    = { id = 1, type = "bigint" }
lists = { id = 2, nullable = true, type = "list<#10 list<#11 struct<#12 A: struct<#13 b: ubigint null> null> null> null>" }
after = { id = 3, nullable = true, type = "struct<#20 a: struct<#21 b: list<#22 struct<#23 c: decimal(5, 1) null> null> null> null, #24 d: text null>" }
"#,
    );
    let theirs = created(&definition, "UTC").await.unwrap().schema();
    assert_eq!(
        types(&theirs, bare),
        types(&definition.arrow_schema(), bare)
    );
}

/// DataFusion rejects types that its SQL cannot express, and does not read them as other types.
#[tokio::test]
async fn types_without_sql_syntax_fail() {
    let mut sources = Sources::new();
    let mut types: Vec<ColumnType> = [
        "arrow:LargeUtf8",
        r#"arrow:Struct("a b": Int32)"#,
        "list<#2 map<#3 text, #4 struct<#5 a: uuid>>>",
    ]
    .iter()
    .map(|text| check_type(text, sources.push(SourceFile::new("type", *text))).unwrap())
    .collect();
    let required = empty::<Required>();
    let columns = required.definition().columns().iter();
    types.extend(columns.map(|column| column.ty.clone()).filter(is_refused));
    assert_eq!(types.len(), 3 + 4);
    for ty in types {
        let ctx = reader("UTC");
        let sql = format!("CREATE TABLE t (\"a\" {} NOT NULL)", ty.to_sql());
        let error = error(&ctx, &sql).await;
        assert!(error.contains("Unsupported SQL type"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn datafusion_computes_the_same_defaults() {
    // `now()` differs in each statement.
    let by_clock = ["created", "zoned", "datetime", "day", "at"];
    let ctx = reader("UTC");
    let ours = Arc::new(MemoryTable::<Defaults>::new());
    ctx.register_table("ours", Arc::new(RowProvider::new(ours)))
        .unwrap();
    let table = part(empty::<Defaults>().definition(), |ty| !is_refused(ty));
    run(&ctx, "CREATE SCHEMA app").await.unwrap();
    run(&ctx, &table.to_sql()).await.unwrap();
    let mut columns = Vec::new();
    for column in table.columns() {
        if !by_clock.contains(&&*column.name) {
            columns.push(format!("\"{}\"", column.name));
        }
    }
    for into in ["ours", "app.defaults"] {
        let insert = format!("INSERT INTO {into} (id, required) VALUES (1, 'r')");
        run(&ctx, &insert).await.unwrap();
    }
    let columns = columns.join(", ");
    let theirs = answer(&ctx, &format!("SELECT {columns} FROM app.defaults")).await;
    assert_eq!(
        theirs,
        answer(&ctx, &format!("SELECT {columns} FROM ours")).await
    );
    assert_eq!(
        theirs,
        "1 r NULL true -3 18446744073709551615 1.50 0.5 cross 1971-01-01 1970-01-01T00:00:00.001"
    );
    let called = "SELECT day = current_date(), datetime > TIMESTAMP '2020-01-01', \
                  created > TIMESTAMP '2020-01-01' FROM app.defaults";
    assert_eq!(answer(&ctx, called).await, "true true true");
}

#[tokio::test]
async fn literals_that_need_their_type_are_exact() {
    let definition = definition(
        r#"
name = "app.literals"
primary_key = ["id"]
[columns]
id      = { id = 1, type = "int" }
large   = { id = 2, type = "decimal(38, 2)", default = "-123456789012345678901234567890123456.78" }
small   = { id = 3, type = "decimal(15, 14)", default = "0.30000000000001" }
far     = { id = 4, type = "timestamp(s)", default = 9999-12-31T23:59:59 }
zoned   = { id = 5, type = "timestamp(ns, 'UTC')", default = 2024-05-27T07:30:00.123456789+02:00 }
nothing = { id = 6, type = "double", default = nan }
lowest  = { id = 7, type = "float", default = -inf }
zero    = { id = 8, type = "double", default = -0.0 }
text    = { id = 9, type = "text", default = "it's \\ \"so\"\n--" }
"#,
    );
    let ctx = reader("UTC");
    run(&ctx, "CREATE SCHEMA app").await.unwrap();
    run(&ctx, &definition.to_sql()).await.unwrap();
    run(&ctx, "INSERT INTO app.literals (id) VALUES (1)")
        .await
        .unwrap();
    assert_eq!(
        answer(
            &ctx,
            "SELECT large, small, far, zoned, nothing, lowest, zero FROM app.literals"
        )
        .await,
        "-123456789012345678901234567890123456.78 0.30000000000001 9999-12-31T23:59:59 \
         2024-05-27T05:30:00.123456789Z NaN -inf -0.0"
    );
    let text = "SELECT count(*) FROM app.literals WHERE text = 'it''s \\ \"so\"\n--'";
    assert_eq!(answer(&ctx, text).await, "1");
}
