// SPDX-License-Identifier: Apache-2.0

//! Generated definitions: each one that the check accepts can be created, filled, queried, printed,
//! written in each format and read back.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use expect_test::expect;
use kalamtable::registry::{RegistryOptions, SchemaRegistry};
use kalamtable::store::MemoryStore;
use kalamtable::{Actor, DynamicTables, MemoryStorage, Role, RowProvider, UserId};
use kalamtable_files::register_folder;
use kalamtable_model::{ColumnType, SourceFile, Sources, TableDefinition, parse_and_check};
use tempfile::TempDir;

use crate::sql::output::OutputFormat;
use crate::sql::random_arrays::{Pools, Random, array};

/// Types in the syntax of a definition. `{a}` to `{c}` are ids, `{zone}` is one of [`ZONES`], and
/// `{arrow}` one of [`ARROW_TYPES`].
const TYPES: &[&str] = &[
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "utinyint",
    "usmallint",
    "uint",
    "ubigint",
    "float",
    "double",
    "decimal(12, 3)",
    "decimal(38, 0)",
    "decimal(3, 3)",
    "text",
    "bytes",
    "bytes(3)",
    "date",
    "time",
    "timestamp",
    "timestamp(s)",
    "timestamp(ms)",
    "timestamp(ns)",
    "timestamp(s, '{zone}')",
    "timestamp(ms, '{zone}')",
    "timestamp(us, '{zone}')",
    "timestamp(ns, '{zone}')",
    "datetime",
    "interval",
    "uuid",
    "json",
    "file",
    "embedding(2)",
    "enum('a', 'b')",
    "list<#{a} int null>",
    "list<#{a} list<#{b} text null>>",
    "list<#{a} timestamp(us, '{zone}') null>",
    "struct<#{a} x: double null, #{b} y: list<#{c} text>>",
    "struct<#{a} order: int, #{b} userId: timestamp(s, '{zone}') null>",
    "map<#{a} text, #{b} bigint null>",
    "map<#{a} int, #{b} uuid null>",
    "map<#{a} date, #{b} struct<#{c} z: decimal(5, 2) null>>",
    "list<#{a} struct<#{b} z: text null> null>",
    "arrow:{arrow}",
    "list<#{a} arrow:{arrow} null>",
    "struct<#{a} x: arrow:{arrow} null>",
];

/// Zones that Arrow parses, and texts that it does not parse.
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/Argentina/Buenos_Aires",
    "Asia/Kathmandu",
    "Etc/GMT+2",
    "EST5EDT",
    "GMT0",
    "+02:00",
    "-0330",
    "+14",
    "+23:59",
    "utc",
    "Z",
    "+25:00",
    "GMT+2",
    "Mars/Olympus",
];

const ARROW_TYPES: &[&str] = &[
    "LargeUtf8",
    "Utf8View",
    "LargeBinary",
    "BinaryView",
    "Float16",
    "Decimal32(5, 2)",
    "Decimal64(12, 2)",
    "Decimal256(50, 3)",
    "Decimal256(50, -3)",
    "Date64",
    "Time32(s)",
    "Time32(ms)",
    "Time64(ns)",
    "Time64(s)",
    "Duration(s)",
    "Duration(ms)",
    "Duration(us)",
    "Duration(ns)",
    "Interval(YearMonth)",
    "Dictionary(Int8, Utf8)",
    "Dictionary(UInt16, Timestamp(ms, \\\"Europe/Berlin\\\"))",
    "Dictionary(Utf8, Int8)",
    "RunEndEncoded(\\\"run_ends\\\": non-null Int32, \\\"values\\\": Utf8)",
    "RunEndEncoded(\\\"run_ends\\\": Utf8, \\\"values\\\": Utf8)",
    "LargeList(Int32)",
    "LargeList(Timestamp(us, \\\"utc\\\"))",
    "ListView(Int32)",
    "LargeListView(Utf8)",
    "List(non-null Utf8View)",
    "FixedSizeList(2 x Int16)",
    "FixedSizeList(0 x Int16)",
    "FixedSizeBinary(0)",
    "Struct(\\\"a b\\\": Int32, \\\"c\\\": Utf8)",
    "Struct()",
    "Map(\\\"entries\\\": non-null Struct(\\\"keys\\\": non-null Utf8, \\\"values\\\": Int32), unsorted)",
    "Map(\\\"entries\\\": Struct(\\\"keys\\\": Utf8, \\\"values\\\": Int32), unsorted)",
    "Null",
];

const DEFAULTS: &[&str] = &[
    "0",
    "-1",
    "1.5",
    "\"1.50\"",
    "true",
    "\"a\"",
    "\"{}\"",
    "\"now()\"",
    "\"current_date()\"",
    "\"current_time()\"",
    "2024-05-27",
    "07:30:00.000001",
    "2024-05-27T07:30:00",
    "2024-05-27T07:30:00Z",
    "\"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
    "\"a\\u0000\"",
];

const COMMENTS: &[&str] = &[
    "Plain",
    "\\\"quoted\\\", 'single' and \\\\",
    "two\\nlines",
    "ü 漢字 🦀",
    "\\u001b[31m",
];

/// The parts of the messages for formats that cannot contain a type, which is not a failure.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("open csv", "cannot be read from text: use Parquet"),
    ("open ndjson", "cannot be read from text: use Parquet"),
    ("write parquet", "interval type MonthDayNano to parquet"),
];

/// The failures of a generated definition.
struct Failures {
    definition: String,
    found: Vec<String>,
}

impl Failures {
    fn push(&mut self, phase: &str, error: impl ToString) {
        let error = error.to_string();
        let line = error.lines().next().unwrap_or_default();
        let mut unsupported = UNSUPPORTED.iter();
        if unsupported.any(|(of, text)| *of == phase && line.contains(text)) {
            return;
        }
        self.found
            .push(format!("{phase}: {line}\n    {}", self.definition));
    }
}

fn checked(text: &str) -> Option<TableDefinition> {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("generated.toml", text));
    let checked = parse_and_check(&sources, source).ok()?;
    Some(checked.definition)
}

/// Returns every type once, each zone in a timestamp and a list, and each Arrow type.
fn types(random: &mut Random) -> Vec<String> {
    let mut types = Vec::new();
    for ty in TYPES {
        match *ty {
            "timestamp(us, '{zone}')" => {
                types.extend(ZONES.iter().map(|zone| ty.replace("{zone}", zone)));
            }
            "arrow:{arrow}" => {
                types.extend(ARROW_TYPES.iter().map(|arrow| ty.replace("{arrow}", arrow)));
            }
            ty => types.push(any_of(ty, random)),
        }
    }
    types
}

/// Returns a type with one of the zones and one of the Arrow types.
fn any_of(ty: &str, random: &mut Random) -> String {
    let zone = *random.of(ZONES);
    let arrow = *random.of(ARROW_TYPES);
    ty.replace("{zone}", zone).replace("{arrow}", arrow)
}

/// Returns column `number` of a table with the type `ty`, or `None` if the check rejects it.
fn column(ty: &str, number: usize, random: &mut Random) -> Option<String> {
    let mut ty = ty.to_string();
    for (id, mark) in ["{a}", "{b}", "{c}"].into_iter().enumerate() {
        ty = ty.replace(mark, &(100 + 10 * number + id).to_string());
    }
    let mut text = format!("c{number} = {{ id = {}, type = \"{ty}\"", number + 2);
    if random.below(2) == 0 || ty == "arrow:Null" {
        text.push_str(", nullable = true");
    }
    let plain = format!("{text} }}\n");
    if random.below(4) == 0 {
        text.push_str(&format!(", default = {}", random.of(DEFAULTS)));
    }
    if random.below(2) == 0 {
        text.push_str(&format!(", comment = \"{}\"", random.of(COMMENTS)));
    }
    text.push_str(" }\n");
    let is_valid = |column: &String| {
        let table = "name = \"app.t\"\nno_primary_key = \"none\"\n[columns]\n";
        checked(&format!("{table}{column}")).is_some()
    };
    // Most defaults do not fit most types.
    [text, plain].into_iter().find(is_valid)
}

/// Returns a definition with a column of type `ty` and up to two others, or `None` if the check
/// rejects the type.
fn definition(ty: &str, random: &mut Random) -> Option<TableDefinition> {
    let kind = *random.of(&[
        "kind = \"shared\"",
        "kind = \"user\"",
        "kind = \"stream\"\nttl_seconds = 3600",
    ]);
    let mut text = format!("name = \"app.made_up\"\n{kind}\nprimary_key = [\"id\"]\n[columns]\n");
    text.push_str("id = { id = 1, type = \"bigint\" }\n");
    text.push_str(&column(ty, 0, random)?);
    for number in 1..1 + random.below(3) {
        let ty = *random.of(TYPES);
        let ty = any_of(ty, random);
        text.extend(column(&ty, number, random));
    }
    let definition = checked(&text);
    assert!(
        definition.is_some(),
        "valid columns, but no valid table:\n{text}"
    );
    definition
}

/// Returns rows with the keys 0, 1, ..
fn rows(definition: &TableDefinition, random: &mut Random) -> RecordBatch {
    let count = [0, 1, 12][random.below(3)];
    let schema = Arc::new(definition.arrow_schema());
    let columns = schema.fields().iter().zip(definition.columns());
    let arrays = columns
        .enumerate()
        .map(|(index, (field, column))| -> ArrayRef {
            if index == 0 {
                return Arc::new(Int64Array::from_iter_values(0..count as i64));
            }
            let mut pools = Pools::of(&column.ty);
            pools.floats = &[0.0, 1.5, f32::MAX, -7.25];
            if matches!(column.ty, ColumnType::Json | ColumnType::File) {
                pools.texts = &["{}", "[true, {\"b\": 2}]", "{\"a\": \"x\"}"];
            }
            array(field.data_type(), field.is_nullable(), count, pools, random)
        });
    RecordBatch::try_new(schema.clone(), arrays.collect()).unwrap()
}

/// Returns the types and the values as text, one line per row.
fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let Some(first) = batches.first() else {
        return Vec::new();
    };
    let types = first
        .schema()
        .fields()
        .iter()
        .map(|it| data_type(it.data_type()))
        .collect::<Vec<_>>();
    let options = FormatOptions::new().with_null("NULL");
    let mut lines = vec![types.join(" | ")];
    for batch in batches {
        let formatters = batch
            .columns()
            .iter()
            .map(|it| ArrayFormatter::try_new(it, &options));
        let formatters: Vec<_> = formatters.map(Result::unwrap).collect();
        for row in 0..batch.num_rows() {
            let cells = formatters
                .iter()
                .map(|it| it.value(row).try_to_string().unwrap());
            lines.push(cells.collect::<Vec<_>>().join(" | "));
        }
    }
    lines
}

/// Returns a type without the metadata of its fields.
fn data_type(ty: &DataType) -> String {
    let text = ty.to_string();
    let mut parts = text.split(", metadata: {");
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |text, part| {
        text + part.split_once('}').map_or("", |(_, rest)| rest)
    })
}

async fn query(session: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
    let frame = session.sql(sql).await?;
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await?;
    if batches.is_empty() {
        return Ok(vec![RecordBatch::new_empty(schema)]);
    }
    Ok(batches)
}

/// A session with the generated table, created at run time, and its rows as `source`.
async fn session(
    definition: &TableDefinition,
    rows: &RecordBatch,
) -> Result<SessionContext, String> {
    let store = Arc::new(MemoryStore::new());
    let registry = SchemaRegistry::open(store, RegistryOptions::default());
    let registry = registry.await.map_err(|error| error.to_string())?;
    let tables = DynamicTables::new(registry.clone(), Arc::new(MemoryStorage::new()));
    let user = UserId::new("ann").ok_or("no name")?;
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_extension(Arc::new(Actor::new(user, Role::System)));
    let session = SessionContext::new_with_config(config);
    tables
        .register(&session)
        .map_err(|error| error.to_string())?;
    registry
        .create(definition.clone())
        .await
        .map_err(|error| error.to_string())?;
    // The reference has no metadata and no constraints.
    let fields = rows
        .schema()
        .fields()
        .iter()
        .map(|field| {
            arrow::datatypes::Field::new(
                field.name(),
                field.data_type().clone(),
                field.is_nullable(),
            )
        })
        .collect::<Vec<_>>();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    let rows = RecordBatch::try_new(schema.clone(), rows.columns().to_vec()).unwrap();
    let source = MemTable::try_new(schema, vec![vec![rows]]).map_err(|error| error.to_string())?;
    tables
        .register_session_table(&session, "source", Arc::new(source))
        .map_err(|error| error.to_string())?;
    Ok(session)
}

/// Writes `batches` in each format, and reads them back with the definition.
async fn check_formats(
    session: &SessionContext,
    definition: &TableDefinition,
    sql: &str,
    failures: &mut Failures,
) {
    let Ok(expected) = query(session, sql).await else {
        return;
    };
    let order = sql.replace("made_up", "read_back");
    let definition = definition
        .clone()
        .renamed(kalamtable_model::TableName::parse("app.read_back").unwrap())
        .unwrap();
    for format in ["csv", "ndjson", "parquet"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(format!("read_back.{format}"));
        let mut bytes = Vec::new();
        let written = match format {
            "parquet" => {
                let copy = format!("COPY ({sql}) TO '{}' STORED AS PARQUET", path.display());
                query(session, &copy)
                    .await
                    .map(|_| ())
                    .map_err(|error| error.to_string())
            }
            _ => {
                let writer = match format {
                    "csv" => OutputFormat::Csv,
                    _ => OutputFormat::Json,
                };
                let mut writer = writer.result_writer(&mut bytes);
                let mut result = writer.begin(&expected[0].schema());
                for batch in &expected {
                    result = result.and_then(|()| writer.write(batch));
                }
                result
                    .and_then(|()| writer.end())
                    .map_err(|error| error.to_string())
            }
        };
        if let Err(error) = written {
            failures.push(&format!("write {format}"), error);
            continue;
        }
        match format {
            "csv" => fs::write(&path, &bytes).unwrap(),
            "ndjson" => {
                let text = String::from_utf8(bytes).unwrap();
                let text = text.trim_start_matches('[').trim_end_matches("]\n");
                fs::write(&path, text.replace("},{\"id\":", "}\n{\"id\":")).unwrap();
            }
            _ => {}
        }
        let reader = SessionContext::new();
        if let Err(error) = register_folder(
            &reader,
            std::slice::from_ref(&definition),
            Some(folder.path()),
        ) {
            failures.push(&format!("open {format}"), error);
            continue;
        }
        match query(&reader, &order).await {
            Ok(found) if lines(&found) == lines(&expected) => {}
            Ok(found) => failures.push(
                &format!("read {format}"),
                format!("{:?} instead of {:?}", lines(&found), lines(&expected)),
            ),
            Err(error) => failures.push(&format!("read {format}"), error),
        }
    }
}

async fn check_definition(
    definition: &TableDefinition,
    rows: &RecordBatch,
    failures: &mut Failures,
) {
    match RowProvider::from_batches(definition.clone(), std::slice::from_ref(rows)) {
        Ok(provider) => {
            let session = SessionContext::new();
            session.register_table("t", Arc::new(provider)).unwrap();
            match query(&session, "SELECT * FROM t ORDER BY id").await {
                Ok(found) if lines(&found) == lines(std::slice::from_ref(rows)) => {}
                Ok(found) => failures.push("batches", format!("{:?}", lines(&found))),
                Err(error) => failures.push("batches", error),
            }
        }
        Err(error) => failures.push("batches", error),
    }

    let session = match session(definition, rows).await {
        Ok(session) => session,
        Err(error) => return failures.push("create", error),
    };
    let names: Vec<String> = definition
        .columns()
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let list = names.join(", ");
    let all = format!("SELECT {list} FROM app.made_up ORDER BY id");
    let insert = format!("INSERT INTO app.made_up ({list}) SELECT {list} FROM source");
    if let Err(error) = query(&session, &insert).await {
        return failures.push("insert", error);
    }
    match query(&session, &all).await {
        Ok(found) => {
            if let Err(error) = pretty_format_batches(&found) {
                failures.push("print", error);
            }
            if lines(&found) != lines(std::slice::from_ref(rows)) {
                failures.push(
                    "query",
                    format!(
                        "{:?} instead of {:?}",
                        lines(&found),
                        lines(std::slice::from_ref(rows))
                    ),
                );
            }
        }
        Err(error) => failures.push("query", error),
    }
    for name in &names {
        for sql in [
            format!("SELECT count({name}) FROM made_up"),
            format!("SELECT {name} FROM made_up WHERE {name} IS NOT NULL ORDER BY id"),
            format!("SELECT DISTINCT {name} FROM made_up"),
            format!("SELECT id FROM made_up ORDER BY {name}, id"),
            format!("SELECT max({name}) FROM made_up"),
            format!("SELECT CAST({name} AS TEXT) FROM made_up ORDER BY id"),
        ] {
            // Queries that DataFusion cannot run for a type are skipped.
            let Ok(expected) = query(&session, &sql.replace("made_up", "source")).await else {
                continue;
            };
            match query(&session, &sql.replace("made_up", "app.made_up")).await {
                Ok(found) => {
                    let (mut found, mut expected) = (lines(&found), lines(&expected));
                    if !sql.contains("ORDER BY") {
                        found.sort();
                        expected.sort();
                    }
                    if found != expected {
                        failures.push(&sql, format!("{found:?} instead of {expected:?}"));
                    }
                }
                Err(error) => failures.push(&sql, error),
            }
        }
    }

    // A row with all defaults, and the other values of the first row.
    if rows.num_rows() > 0 {
        let stated: Vec<String> = definition
            .columns()
            .iter()
            .skip(1)
            .filter(|column| column.default.is_none() && !column.nullable)
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let stated = stated
            .iter()
            .map(|name| format!(", {name}"))
            .collect::<String>();
        let insert = format!(
            "INSERT INTO app.made_up (id{stated}) SELECT 1000{stated} FROM source WHERE id = 0"
        );
        match query(&session, &insert).await {
            Ok(counts) => assert_eq!(lines(&counts)[1], "1"),
            Err(error) => failures.push("insert of defaults", error),
        }
    }
    check_formats(&session, definition, &all, failures).await;
}

/// Fails for a definition that the check accepts, and that does not work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_definition_works() {
    let mut found = BTreeSet::new();
    let mut rejected = Vec::new();
    for (seed, ty) in types(&mut Random(0)).into_iter().enumerate() {
        let mut random = Random(seed as u64);
        let Some(definition) = definition(&ty, &mut random) else {
            rejected.push(ty);
            continue;
        };
        let rows = rows(&definition, &mut random);
        let types = definition.columns().iter().skip(1).map(|column| {
            let null = if column.nullable { " null" } else { "" };
            let default = column.default.as_ref();
            let default =
                default.map_or(String::new(), |it| format!(" = {}", it.to_toml(&column.ty)));
            format!("{}{null}{default}", column.ty)
        });
        let mut failures = Failures {
            definition: types.collect::<Vec<_>>().join(" | "),
            found: Vec::new(),
        };
        check_definition(&definition, &rows, &mut failures).await;
        found.extend(failures.found);
    }
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    expect![[r#"
        timestamp(us, 'utc')
        timestamp(us, 'Z')
        timestamp(us, '+25:00')
        timestamp(us, 'GMT+2')
        timestamp(us, 'Mars/Olympus')
        struct<#{a} order: int, #{b} userId: timestamp(s, 'Z') null>
        arrow:Decimal256(50, -3)
        arrow:Time64(s)
        arrow:Dictionary(Utf8, Int8)
        arrow:RunEndEncoded(\"run_ends\": Utf8, \"values\": Utf8)
        arrow:LargeList(Timestamp(us, \"utc\"))
        arrow:FixedSizeList(0 x Int16)
        arrow:FixedSizeBinary(0)
        arrow:Struct()
        arrow:Map(\"entries\": Struct(\"keys\": Utf8, \"values\": Int32), unsorted)"#]]
    .assert_eq(&rejected.join("\n"));
}
