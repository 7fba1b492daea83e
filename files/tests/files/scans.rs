// SPDX-License-Identifier: Apache-2.0

//! The contract of file scans: every aggregate, order and limit returns the rows that a `MemTable`
//! with the same rows returns, whatever the layout of the files and whatever their statistics say.
//!
//! The schema of the `MemTable` has no field metadata, and the table no constraints.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int32Array, Int32Builder, Int64Array, ListBuilder, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};
use arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use expect_test::expect;
use kalamtable_files::register_folder;
use kalamtable_model::TableDefinition;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};

use crate::support::{DataFolder, check_query};

const TABLE: &str = r#"
name        = "app.t"
primary_key = ["id"]
row         = "Row"

[columns]
id  = { id = 1, type = "int" }
a   = { id = 2, type = "bigint", nullable = true }
x   = { id = 3, type = "double", nullable = true }
f   = { id = 4, type = "float", nullable = true }
d   = { id = 5, type = "decimal(9, 3)", nullable = true }
s   = { id = 6, type = "text", nullable = true }
e   = { id = 7, type = "enum('a', 'b', 'c')", rust = "Label" }
b   = { id = 8, type = "boolean", nullable = true }
day = { id = 9, type = "date", nullable = true }
ts  = { id = 10, type = "timestamp(us)", nullable = true }
k   = { id = 11, type = "bytes", nullable = true }
l   = { id = 12, type = "list<#13 int null>", nullable = true }
"#;

/// The columns whose values have an order.
const ORDERED: [&str; 11] = ["id", "a", "x", "f", "d", "s", "e", "b", "day", "ts", "k"];
const NUMERIC: [&str; 5] = ["id", "a", "x", "f", "d"];

/// The ordered columns without floating point numbers: the minimum and maximum of a group with NaN
/// depend on the order of the rows, see `grouped_maximum_of_nan_depends_on_the_order`.
const WITHOUT_NAN: [&str; 9] = ["id", "a", "d", "s", "e", "b", "day", "ts", "k"];

/// The dynamic filter of `min(id)` would exclude the later files, which have the smallest sums.
#[tokio::test]
async fn minimum_of_an_expression_is_not_excluded() {
    let folder = DataFolder::new();
    folder.write("schemas/t.toml", TABLE);
    let mut random = Random(3);
    for file in 10..30 {
        let rows: Vec<Row> = rows(&mut random, file * 10..file * 10 + 10);
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|row| Row {
                a: Some(-i64::from(row.id)),
                ..row
            })
            .collect();
        let path = folder.path().join(format!("data/t/{file}.parquet"));
        write_parquet(&path, &batch(arrays(&rows)), WriterProperties::builder());
    }
    let context = folder.register().unwrap();
    let partitions = "SET datafusion.execution.target_partitions = 2";
    context.sql(partitions).await.unwrap();
    let sql = "SELECT min(id) AS id, min(a + 1) AS a FROM app.t";
    for enabled in [true, false] {
        let option = "datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown";
        let set = format!("SET {option} = {enabled}");
        context.sql(&set).await.unwrap();
        let result = context.sql(sql).await.unwrap().collect().await.unwrap();
        let [first, ..] = &result[..] else {
            panic!("no result");
        };
        let value = |column: &str| format!("{:?}", first.column_by_name(column).unwrap());
        assert!(value("id").contains("  100,"), "{}", value("id"));
        assert!(value("a").contains("  -298,"), "{}", value("a"));
    }
}

/// A generator of pseudorandom numbers (SplitMix64) with a fixed seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn range(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from) as usize) as i64
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn or_null<T>(&mut self, value: T) -> Option<T> {
        (self.below(6) > 0).then_some(value)
    }
}

#[derive(Clone, Debug)]
struct Row {
    id: i32,
    a: Option<i64>,
    x: Option<f64>,
    f: Option<f32>,
    /// In thousandths.
    d: Option<i128>,
    s: Option<String>,
    e: &'static str,
    b: Option<bool>,
    day: Option<i32>,
    /// In microseconds.
    ts: Option<i64>,
    k: Option<[u8; 2]>,
    l: Option<Vec<Option<i32>>>,
}

/// Returns rows that fit every layout: sums of the floats are exact, and the narrow types hold the
/// values.
fn rows(random: &mut Random, ids: std::ops::Range<i32>) -> Vec<Row> {
    let long = "the same long prefix of more than sixty-four bytes, which statistics cut off, ";
    let words = ["", "a", "b", "Z", "ä", "zz", "1", "~"];
    let mut rows: Vec<Row> = ids
        .map(|id| {
            let float = match random.below(8) {
                0 => f64::NAN,
                1 => f64::INFINITY,
                _ => random.range(-20, 20) as f64 / 4.0,
            };
            let word = match random.below(6) {
                0 => format!("{long}{}", random.below(3)),
                _ => (*random.pick(&words)).to_string(),
            };
            let items = (0..random.below(3)).map(|_| {
                let item = random.range(-3, 3) as i32;
                random.or_null(item)
            });
            let items: Vec<Option<i32>> = items.collect();
            let (a, d) = (
                random.range(-200, 400),
                i128::from(random.range(-900, 900)) * 10,
            );
            let (day, ts) = (
                random.range(-5, 40_000) as i32,
                random.range(-9, 1_000_000) * 1000,
            );
            let (f, b) = (random.range(-9, 9) as f32 / 2.0, random.below(2) == 0);
            let k = [random.below(256) as u8, random.below(3) as u8];
            Row {
                id,
                a: random.or_null(a),
                x: random.or_null(float),
                f: random.or_null(if id % 9 == 0 { f32::NAN } else { f }),
                d: random.or_null(d),
                s: random.or_null(word),
                e: ["a", "b", "c"][random.below(3)],
                b: random.or_null(b),
                day: random.or_null(day),
                ts: random.or_null(ts),
                k: random.or_null(k),
                l: random.or_null(items),
            }
        })
        .collect();
    // Not in the order of the key.
    for at in (1..rows.len()).rev() {
        rows.swap(at, random.below(at + 1));
    }
    rows
}

/// Returns the arrays of the declared types.
fn arrays(rows: &[Row]) -> Vec<(&'static str, ArrayRef)> {
    let mut lists = ListBuilder::new(Int32Builder::new());
    for row in rows {
        match &row.l {
            Some(items) => lists.append_value(items.iter().copied()),
            None => lists.append_null(),
        }
    }
    let decimals: Decimal128Array = rows.iter().map(|row| row.d).collect();
    vec![
        (
            "id",
            Arc::new(rows.iter().map(|row| Some(row.id)).collect::<Int32Array>()),
        ),
        (
            "a",
            Arc::new(rows.iter().map(|row| row.a).collect::<Int64Array>()),
        ),
        (
            "x",
            Arc::new(rows.iter().map(|row| row.x).collect::<Float64Array>()),
        ),
        (
            "f",
            Arc::new(rows.iter().map(|row| row.f).collect::<Float32Array>()),
        ),
        (
            "d",
            Arc::new(decimals.with_precision_and_scale(9, 3).unwrap()),
        ),
        (
            "s",
            Arc::new(
                rows.iter()
                    .map(|row| row.s.as_deref())
                    .collect::<StringArray>(),
            ),
        ),
        (
            "e",
            Arc::new(rows.iter().map(|row| Some(row.e)).collect::<StringArray>()),
        ),
        (
            "b",
            Arc::new(rows.iter().map(|row| row.b).collect::<BooleanArray>()),
        ),
        (
            "day",
            Arc::new(rows.iter().map(|row| row.day).collect::<Date32Array>()),
        ),
        (
            "ts",
            Arc::new(
                rows.iter()
                    .map(|row| row.ts)
                    .collect::<TimestampMicrosecondArray>(),
            ),
        ),
        (
            "k",
            Arc::new(
                rows.iter()
                    .map(|row| row.k.as_ref().map(|k| &k[..]))
                    .collect::<BinaryArray>(),
            ),
        ),
        ("l", Arc::new(lists.finish())),
    ]
}

fn batch(columns: Vec<(&'static str, ArrayRef)>) -> RecordBatch {
    let fields = columns.iter().map(|(name, array)| {
        let nullable = !matches!(*name, "id" | "e");
        Field::new(*name, array.data_type().clone(), nullable)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = columns.iter().map(|(_, array)| Arc::clone(array));
    RecordBatch::try_new(schema, arrays.collect()).unwrap()
}

/// Returns the rows with narrower and differently encoded types, and with the columns in reverse
/// order.
fn narrow(rows: &[Row]) -> RecordBatch {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut columns: Vec<(&'static str, ArrayRef)> = arrays(rows)
        .into_iter()
        .map(|(name, array)| {
            let ty = match name {
                "id" => DataType::UInt16,
                "a" => DataType::Int16,
                "x" => DataType::Float32,
                "f" => DataType::Float16,
                "d" => DataType::Decimal128(8, 2),
                "s" => DataType::LargeUtf8,
                "e" => dictionary.clone(),
                "ts" => DataType::Timestamp(TimeUnit::Millisecond, None),
                "k" => DataType::BinaryView,
                _ => array.data_type().clone(),
            };
            (name, cast(&array, &ty).unwrap())
        })
        .collect();
    columns.reverse();
    batch(columns)
}

fn write_parquet(path: &Path, batch: &RecordBatch, properties: WriterPropertiesBuilder) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Returns the values of a row as JSON, in the order of the columns.
fn json_values(row: &Row) -> Vec<String> {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map_or("null".to_string(), |value| value.to_string())
    }
    fn quoted<T: ToString>(value: Option<T>) -> String {
        value.map_or("null".to_string(), |value| {
            serde_json::to_string(&value.to_string()).unwrap()
        })
    }
    fn float(value: Option<f64>) -> String {
        match value {
            Some(value) if !value.is_finite() => format!("\"{value}\""),
            value => text(value),
        }
    }
    let thousandths = |d: i128| {
        let sign = if d < 0 { "-" } else { "" };
        format!("{sign}{}.{:03}", d.abs() / 1000, d.abs() % 1000)
    };
    let show = |array: ArrayRef| {
        let options = arrow::util::display::FormatOptions::default();
        let formatter = arrow::util::display::ArrayFormatter::try_new(&array, &options).unwrap();
        formatter.value(0).to_string()
    };
    vec![
        row.id.to_string(),
        text(row.a),
        float(row.x),
        float(row.f.map(f64::from)),
        text(row.d.map(thousandths)),
        quoted(row.s.as_ref()),
        quoted(Some(row.e)),
        text(row.b),
        quoted(
            row.day
                .map(|day| show(Arc::new(Date32Array::from(vec![day])))),
        ),
        quoted(
            row.ts
                .map(|ts| show(Arc::new(TimestampMicrosecondArray::from(vec![ts])))),
        ),
        quoted(row.k.map(|k| format!("{:02x}{:02x}", k[0], k[1]))),
        text(row.l.as_ref().map(|items| {
            let items: Vec<String> = items.iter().map(|item| text(*item)).collect();
            format!("[{}]", items.join(","))
        })),
    ]
}

fn names() -> Vec<&'static str> {
    arrays(&[]).into_iter().map(|(name, _)| name).collect()
}

fn ndjson(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| {
        let values = json_values(row);
        let members = names().into_iter().zip(values);
        let members: Vec<String> = members
            .map(|(name, value)| format!("\"{name}\": {value}"))
            .collect();
        format!("{{{}}}\n", members.join(", "))
    });
    lines.collect()
}

fn csv(rows: &[Row]) -> String {
    let mut content = format!("{}\n", names().join(","));
    for row in rows {
        let fields = json_values(row).into_iter().map(|value| match &*value {
            "null" => String::new(),
            value => {
                let text = serde_json::from_str::<String>(value).unwrap_or(value.to_string());
                format!("\"{}\"", text.replace('"', "\"\""))
            }
        });
        content.push_str(&fields.collect::<Vec<_>>().join(","));
        content.push('\n');
    }
    content
}

/// A function that writes the rows into the folder `data/t`.
type Layout = fn(&Path, &[Row]);

const LAYOUTS: [(&str, Layout); 8] = [
    ("one Parquet file", |folder, rows| {
        let properties = WriterProperties::builder();
        write_parquet(&folder.join("1.parquet"), &batch(arrays(rows)), properties);
    }),
    (
        "one Parquet file with small row groups and pages",
        |folder, rows| {
            let properties = WriterProperties::builder()
                .set_max_row_group_row_count(Some(7))
                .set_data_page_row_count_limit(3)
                .set_write_batch_size(3)
                .set_statistics_truncate_length(Some(8))
                .set_bloom_filter_enabled(true)
                .set_statistics_enabled(EnabledStatistics::Page);
            write_parquet(&folder.join("1.parquet"), &batch(arrays(rows)), properties);
        },
    ),
    ("Parquet files without statistics", |folder, rows| {
        for (at, rows) in rows.chunks(20).enumerate() {
            let properties = WriterProperties::builder()
                .set_max_row_group_row_count(Some(6))
                .set_statistics_enabled(EnabledStatistics::None);
            write_parquet(
                &folder.join(format!("{at}.parquet")),
                &batch(arrays(rows)),
                properties,
            );
        }
    }),
    ("Parquet files with disjoint keys", |folder, rows| {
        let mut rows = rows.to_vec();
        rows.sort_by_key(|row| row.id);
        for (at, rows) in rows.chunks(15).enumerate() {
            let properties = WriterProperties::builder();
            write_parquet(
                &folder.join(format!("{at}.parquet")),
                &batch(arrays(rows)),
                properties,
            );
        }
    }),
    (
        "Parquet files of narrow and declared types",
        |folder, rows| {
            for (at, rows) in rows.chunks(13).enumerate() {
                let batch = if at % 2 == 1 {
                    narrow(rows)
                } else {
                    batch(arrays(rows))
                };
                let properties = WriterProperties::builder().set_max_row_group_row_count(Some(5));
                write_parquet(&folder.join(format!("{at}.parquet")), &batch, properties);
            }
        },
    ),
    ("Parquet files that claim an order", |folder, rows| {
        // The rows are not in this order.
        let order = SortingColumn {
            column_idx: 0,
            descending: false,
            nulls_first: false,
        };
        for (at, rows) in rows.chunks(30).enumerate() {
            let properties =
                WriterProperties::builder().set_sorting_columns(Some(vec![order.clone()]));
            write_parquet(
                &folder.join(format!("{at}.parquet")),
                &batch(arrays(rows)),
                properties,
            );
        }
    }),
    ("CSV files", |folder, rows| {
        for (at, rows) in rows.chunks(25).enumerate() {
            std::fs::write(folder.join(format!("{at}.csv")), csv(rows)).unwrap();
        }
    }),
    ("NDJSON files", |folder, rows| {
        for (at, rows) in rows.chunks(25).enumerate() {
            std::fs::write(folder.join(format!("{at}.ndjson")), ndjson(rows)).unwrap();
        }
    }),
];

/// Returns sessions with and without statistics. Files are split whatever their size.
pub(crate) fn sessions() -> Vec<SessionConfig> {
    [
        (true, 1, 8192, false),
        (false, 4, 3, true),
        (true, 4, 5, true),
        (false, 1, 8192, false),
    ]
    .into_iter()
    .map(|(statistics, partitions, batch_size, pushdown)| {
        let config = SessionConfig::new()
            .with_collect_statistics(statistics)
            .with_target_partitions(partitions)
            .with_batch_size(batch_size);
        config
            .set_bool("datafusion.execution.parquet.pushdown_filters", pushdown)
            .set_bool(
                "datafusion.execution.split_file_groups_by_statistics",
                statistics,
            )
            .set_usize("datafusion.optimizer.repartition_file_min_size", 1)
    })
    .collect()
}

fn definition(folder: &DataFolder) -> TableDefinition {
    folder.write("schemas/t.toml", TABLE);
    let mut loaded = kalamtable_build::load(&[folder.path().join("schemas")]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    loaded.tables.remove(0).definition
}

/// Returns a session with the rows in a `MemTable`.
fn reference(rows: &[Row]) -> SessionContext {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let batch = batch(arrays(rows));
    let schema: SchemaRef = batch.schema();
    let table = MemTable::try_new(schema, vec![vec![batch]]).unwrap();
    let catalog = context.catalog("datafusion").unwrap();
    catalog
        .register_schema("app", Arc::new(MemorySchemaProvider::new()))
        .unwrap();
    context.register_table("app.t", Arc::new(table)).unwrap();
    context
}

/// A query, and whether the order of its rows is determined.
struct Query {
    sql: String,
    is_ordered: bool,
}

fn ordered(sql: String) -> Query {
    Query {
        sql,
        is_ordered: true,
    }
}

fn unordered(sql: String) -> Query {
    Query {
        sql,
        is_ordered: false,
    }
}

/// Runs a query and returns its rows as text.
async fn answer(context: &SessionContext, query: &Query) -> Result<Vec<String>, String> {
    let run = async { context.sql(&query.sql).await?.collect().await };
    let batches = run.await.map_err(|error| error.strip_backtrace())?;
    let table = pretty_format_batches(&batches).map_err(|error| error.to_string())?;
    let table = table.to_string();
    // Column widths depend on the values only. The header is in lines 0 to 2.
    let mut lines: Vec<String> = table.lines().skip(3).map(str::to_string).collect();
    if !query.is_ordered {
        lines.sort();
    }
    Ok(lines)
}

fn literal(random: &mut Random, column: &str) -> String {
    match column {
        "id" => random.range(0, 70).to_string(),
        "a" => random.range(-220, 420).to_string(),
        "x" | "f" => match random.below(6) {
            0 => "CAST('NaN' AS DOUBLE)".to_string(),
            _ => format!("{}", random.range(-20, 20) as f64 / 4.0),
        },
        "d" => format!("{}.{:02}", random.range(-9, 9), random.below(100)),
        "s" => format!(
            "'{}'",
            random.pick(&["", "a", "b", "Z", "ä", "zz", "the", "~"])
        ),
        "e" => format!("'{}'", random.pick(&["a", "b", "c", "d"])),
        "b" => random.pick(&["true", "false"]).to_string(),
        "day" => format!("DATE '{}-01-01'", random.range(1969, 2079)),
        "ts" => format!("TIMESTAMP '1970-01-01T00:{:02}:00'", random.below(17)),
        _ => format!("X'{:02x}01'", random.below(256)),
    }
}

fn condition(random: &mut Random) -> String {
    let column = *random.pick(&ORDERED);
    let value = literal(random, column);
    match random.below(12) {
        0 => format!("{column} IS NULL"),
        1 => format!("{column} IS NOT NULL"),
        2 => format!("{column} IN ({value}, {})", literal(random, column)),
        3 => format!("{column} NOT IN ({value}, {})", literal(random, column)),
        4 => format!("{column} BETWEEN {value} AND {}", literal(random, column)),
        5 => format!("NOT ({column} > {value})"),
        6 => format!("({column} < {value} OR {})", condition(random)),
        7 => format!("{column} >= {value} AND {}", condition(random)),
        _ => {
            let operator = random.pick(&["=", "<>", "<", "<=", ">", ">="]);
            format!("{column} {operator} {value}")
        }
    }
}

/// Returns every aggregate, order and limit on each of `columns`.
fn systematic_queries(columns: &[&str]) -> Vec<Query> {
    let is_selected = |column: &&&str| columns.contains(*column);
    let mut queries = vec![
        unordered("SELECT count(*) FROM app.t".to_string()),
        ordered("SELECT * FROM app.t ORDER BY id".to_string()),
        ordered("SELECT * FROM app.t ORDER BY id DESC LIMIT 7 OFFSET 3".to_string()),
        unordered("SELECT count(*) FROM (SELECT * FROM app.t LIMIT 11)".to_string()),
        unordered("SELECT count(*) FROM (SELECT x FROM app.t WHERE x < 5 LIMIT 9)".to_string()),
        unordered(
            "SELECT count(*) FROM app.t CROSS JOIN (SELECT a FROM app.t LIMIT 3)".to_string(),
        ),
        unordered("SELECT id FROM app.t EXCEPT SELECT id FROM app.t WHERE x > 1".to_string()),
        unordered("SELECT id FROM app.t UNION SELECT a FROM app.t".to_string()),
        unordered("SELECT DISTINCT e FROM (SELECT e FROM app.t UNION ALL SELECT s FROM app.t)".to_string()),
        unordered("SELECT l FROM app.t INTERSECT SELECT l FROM app.t WHERE id > 9".to_string()),
        unordered("SELECT DISTINCT ON (e) e, l FROM app.t ORDER BY e, id".to_string()),
        unordered("WITH RECURSIVE r(n) AS (SELECT id FROM app.t WHERE id = 0 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r".to_string()),
        unordered("SELECT id, lag(l) OVER (ORDER BY id) AS n FROM app.t".to_string()),
    ];
    for column in columns {
        // DataFusion fails for an aggregate that is ordered by a column twice.
        let then_id = if *column == "id" { "" } else { ", id" };
        let aggregates = [
            "count",
            "min",
            "max",
            "count(DISTINCT ",
            "approx_distinct",
            "median",
        ];
        for aggregate in aggregates {
            let call = match aggregate {
                "count(DISTINCT " => format!("count(DISTINCT {column})"),
                aggregate => format!("{aggregate}({column})"),
            };
            queries.push(unordered(format!("SELECT {call} AS v FROM app.t")));
        }
        queries.extend([
            unordered(format!("SELECT min({column}), max({column}), count({column}), count(*) FROM app.t")),
            unordered(format!("SELECT max({column}), min(id) FROM app.t WHERE id > 30")),
            unordered(format!("SELECT {column}, count(*) FROM app.t GROUP BY {column}")),
            unordered(format!("SELECT DISTINCT {column} FROM app.t")),
            unordered(format!("SELECT id FROM app.t WHERE {column} = (SELECT max({column}) FROM app.t)")),
            unordered(format!("SELECT id FROM app.t WHERE {column} < (SELECT max({column}) FROM app.t)")),
            unordered(format!("SELECT t.id FROM app.t JOIN (SELECT min({column}) AS m FROM app.t) AS n ON t.{column} = n.m")),
            unordered(format!("SELECT array_agg({column} ORDER BY id) FROM app.t")),
            unordered(format!("SELECT array_agg(id ORDER BY {column} DESC NULLS LAST{then_id}) FROM app.t")),
            unordered(format!("SELECT first_value(id ORDER BY {column}{then_id}), last_value(id ORDER BY {column}{then_id}) FROM app.t")),
            unordered(format!("SELECT id, row_number() OVER (ORDER BY {column}, id) AS n FROM app.t")),
            unordered(format!("SELECT id, rank() OVER (PARTITION BY e ORDER BY {column}) AS n FROM app.t")),
            unordered(format!("SELECT id, lag({column}) OVER (ORDER BY id) AS n FROM app.t")),
            unordered(format!("SELECT id, max({column}) OVER (PARTITION BY e) AS n FROM app.t")),
            ordered(format!("SELECT id, {column} FROM app.t ORDER BY {column}, id")),
            ordered(format!("SELECT id, {column} FROM app.t ORDER BY {column} DESC NULLS LAST, id LIMIT 4")),
            ordered(format!("SELECT id, {column} FROM app.t ORDER BY {column} NULLS FIRST, id LIMIT 9")),
            ordered(format!("SELECT {column} FROM app.t ORDER BY {column} LIMIT 5")),
            ordered(format!("SELECT {column} FROM app.t ORDER BY {column} DESC LIMIT 5")),
            ordered(format!("SELECT {column} FROM app.t WHERE {column} IS NOT NULL ORDER BY {column} LIMIT 3 OFFSET 2")),
        ]);
    }
    for column in WITHOUT_NAN.iter().filter(is_selected) {
        queries.push(unordered(format!(
            "SELECT e, min({column}), max({column}) FROM app.t GROUP BY e"
        )));
    }
    for column in NUMERIC.iter().filter(is_selected) {
        for aggregate in ["sum", "avg"] {
            queries.push(unordered(format!(
                "SELECT {aggregate}({column}) AS v FROM app.t"
            )));
            queries.push(unordered(format!(
                "SELECT e, {aggregate}({column}) AS v FROM app.t GROUP BY e"
            )));
        }
        for operator in ["<", "<=", ">", ">=", "=", "<>"] {
            for value in ["-4.75", "1"] {
                queries.push(unordered(format!(
                    "SELECT id, {column} FROM app.t WHERE {column} {operator} {value}"
                )));
            }
        }
    }
    for call in [
        "bool_and(b)",
        "bool_or(b)",
        "bit_xor(a)",
        "string_agg(s, ',' ORDER BY id)",
    ] {
        queries.push(unordered(format!("SELECT {call} AS v FROM app.t")));
    }
    queries
}

fn random_queries(random: &mut Random, count: usize) -> Vec<Query> {
    let queries = (0..count).map(|_| {
        let condition = condition(random);
        let (column, other) = (*random.pick(&ORDERED), *random.pick(&ORDERED));
        let direction = random.pick(&["", "DESC", "NULLS FIRST", "DESC NULLS LAST"]);
        let limit = match random.below(2) {
            0 => String::new(),
            _ => format!("LIMIT {} OFFSET {}", random.below(9), random.below(4)),
        };
        match random.below(4) {
            0 => unordered(format!("SELECT id, {column} FROM app.t WHERE {condition}")),
            1 => {
                let other = *random.pick(&WITHOUT_NAN);
                unordered(format!(
                    "SELECT {column}, max({other}), min({other}), count({other}) FROM app.t WHERE {condition} GROUP BY {column}"
                ))
            }
            2 => unordered(format!(
                "SELECT l.id FROM app.t AS l JOIN app.t AS r ON l.{column} = r.{column} AND l.id < r.id WHERE l.{other} >= {}",
                literal(random, other)
            )),
            _ => ordered(format!(
                "SELECT id, {column}, l FROM app.t WHERE {condition} ORDER BY {other} {direction}, id {limit}"
            )),
        }
    });
    queries.collect()
}

/// Runs queries over every layout, in the sessions that `sessions_of` selects for the number of a
/// query.
async fn check(queries: &[Query], rows: &[Row], sessions_of: fn(usize) -> Vec<usize>) {
    let reference = reference(rows);
    let mut expected = Vec::with_capacity(queries.len());
    for query in queries {
        expected.push(answer(&reference, query).await);
    }
    let failed = expected.iter().filter(|answer| answer.is_err()).count();
    assert!(
        failed * 10 < queries.len(),
        "{failed} queries fail on MemTable"
    );
    let sessions = sessions();
    let mut differences = Vec::new();
    for (name, layout) in LAYOUTS {
        let folder = DataFolder::new();
        let definition = definition(&folder);
        let data = folder.path().join("data");
        std::fs::create_dir_all(data.join("t")).unwrap();
        layout(&data.join("t"), rows);
        let contexts: Vec<SessionContext> = sessions
            .iter()
            .map(|config| {
                let context = SessionContext::new_with_config(config.clone());
                register_folder(&context, std::slice::from_ref(&definition), Some(&data)).unwrap();
                context
            })
            .collect();
        for (number, (query, expected)) in queries.iter().zip(&expected).enumerate() {
            let Ok(expected) = expected else { continue };
            // Text files have no statistics, so one session is enough.
            let sessions = if name.contains("Parquet") { 2 } else { 1 };
            for session in sessions_of(number).into_iter().take(sessions) {
                let found = answer(&contexts[session], query).await;
                if found.as_ref() != Ok(expected) {
                    differences.push(format!(
                        "{name}, session {session}: {}\nexpected {expected:#?}\nfound {found:#?}",
                        query.sql
                    ));
                }
            }
        }
    }
    let count = differences.len();
    let first_lines: Vec<&str> = differences
        .iter()
        .filter_map(|difference| difference.lines().next())
        .collect();
    let all = first_lines.join("\n");
    differences.truncate(2);
    assert!(
        count == 0,
        "{count} differences:\n{all}\n{}",
        differences.join("\n\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregates_orders_and_limits_equal_those_of_memtable() {
    let rows = rows(&mut Random(1), 0..60);
    // One session with statistics, and one without.
    check(&systematic_queries(&ORDERED), &rows, |number| {
        vec![number % 2 * 2, number / 2 % 2 * 2 + 1]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_queries_equal_those_of_memtable() {
    for seed in [7, 8] {
        let mut random = Random(seed);
        let rows = rows(&mut random, 0..60);
        let queries = random_queries(&mut random, 60);
        check(&queries, &rows, |number| vec![number % 4]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn constant_columns_with_nan_and_null_equal_those_of_memtable() {
    let mut rows = rows(&mut Random(3), 0..30);
    for (at, row) in rows.iter_mut().enumerate() {
        row.a = Some(7);
        row.x = Some(if at % 11 == 5 { f64::NAN } else { 1.0 });
        row.f = (at % 7 != 1).then_some(1.0);
        row.s = Some("same".to_string());
        row.e = "b";
    }
    let queries = systematic_queries(&["a", "x", "f", "s", "e"]);
    check(&queries, &rows, |number| vec![number % 4]).await;
}

fn one_column_table(ty: &str) -> DataFolder {
    let folder = DataFolder::new();
    let rust = if ty.starts_with("enum") {
        ", rust = \"Label\""
    } else {
        ""
    };
    folder.write(
        "schemas/t.toml",
        format!(
            "name = \"app.t\"\nno_primary_key = \"a test\"\nrow = \"Row\"\n[columns]\n\
             v = {{ id = 1, type = \"{ty}\"{rust}, nullable = true }}\n"
        ),
    );
    folder
}

fn write_column(folder: &DataFolder, name: &str, array: ArrayRef) {
    let column = (Field::new("v", array.data_type().clone(), true), array);
    folder.write_parquet(name, vec![column]);
}

#[test]
fn max_over_files_of_different_types_is_that_of_all_values() {
    let folder = one_column_table("bigint");
    let wide = Int64Array::from(vec![1, 2, 10]);
    let narrow = arrow::array::Int16Array::from(vec![100, 200, 300]);
    write_column(&folder, "data/t/a.parquet", Arc::new(wide));
    write_column(&folder, "data/t/b.parquet", Arc::new(narrow));
    check_query(
        &folder,
        "SELECT max(v) AS max, min(v) AS min, count(v) AS n FROM app.t",
        expect![[r#"
            {"max":300,"min":1,"n":6}
        "#]],
    );
    check_query(
        &folder,
        "SELECT v FROM app.t WHERE v = (SELECT max(v) FROM app.t)",
        expect![[r#"
            {"v":300}
        "#]],
    );
    check_query(
        &folder,
        "SELECT v, row_number() OVER (ORDER BY v DESC) AS n FROM app.t ORDER BY v LIMIT 2",
        expect![[r#"
            {"v":1,"n":6}
            {"v":2,"n":5}
        "#]],
    );
}

#[test]
fn aggregates_of_a_closed_set_check_its_values() {
    let folder = one_column_table("enum('a', 'b')");
    let values = StringArray::from(vec!["a", "b", "zz"]);
    write_column(&folder, "data/t.parquet", Arc::new(values));
    let expected = folder.query("SELECT v FROM app.t").unwrap_err();
    expect!["data/t.parquet: row 3, column `v` (enum('a', 'b')): `zz` is not a label of the enum"]
        .assert_eq(expected.trim_start_matches("error: ").trim_end());
    for query in [
        "SELECT max(v) FROM app.t",
        "SELECT min(v) FROM app.t",
        "SELECT count(v) FROM app.t",
        "SELECT v FROM app.t ORDER BY v LIMIT 1",
        "SELECT v FROM app.t WHERE v < 'b'",
        "SELECT v, count(*) FROM app.t GROUP BY v",
        "SELECT 1 FROM app.t WHERE v = (SELECT max(v) FROM app.t)",
    ] {
        assert_eq!(folder.query(query), Err(expected.clone()), "{query}");
    }
}

#[test]
fn nan_is_the_maximum_in_every_format() {
    for (name, content) in [
        (
            "data/t.ndjson",
            "{\"v\": 1}\n{\"v\": \"NaN\"}\n{\"v\": 3}\n",
        ),
        ("data/t.csv", "v\n1\nNaN\n3\n"),
        ("data/t.parquet", ""),
    ] {
        let folder = one_column_table("double");
        if content.is_empty() {
            let values = Float64Array::from(vec![1.0, f64::NAN, 3.0]);
            write_column(&folder, name, Arc::new(values));
        } else {
            folder.write(name, content);
        }
        for (query, expected) in [
            (
                "SELECT CAST(max(v) AS TEXT) AS m FROM app.t",
                "{\"m\":\"NaN\"}\n",
            ),
            ("SELECT count(*) AS n FROM app.t WHERE v > 5", "{\"n\":1}\n"),
            (
                "SELECT CAST(v AS TEXT) AS w FROM app.t ORDER BY v DESC LIMIT 1",
                "{\"w\":\"NaN\"}\n",
            ),
        ] {
            assert_eq!(
                folder.query(query),
                Ok(expected.to_string()),
                "{name}: {query}"
            );
        }
    }
}

#[test]
fn grouped_maximum_of_nan_depends_on_the_order() {
    // FIXME: the maximum is NaN in both cases (https://github.com/apache/datafusion/issues/24432).
    for (rows, expected) in [("NaN\n1\n", "1.0"), ("1\nNaN\n", "NaN")] {
        let folder = one_column_table("double");
        folder.write("data/t.csv", format!("v\n{rows}"));
        let query = "SELECT CAST(max(v) AS TEXT) AS m FROM app.t GROUP BY v IS NULL";
        let expected = format!("{{\"m\":\"{expected}\"}}\n");
        assert_eq!(folder.query(query), Ok(expected));
    }
}

#[test]
fn statistics_of_narrow_files_exclude_no_rows() {
    let folder = one_column_table("timestamp(us)");
    let milliseconds = arrow::array::TimestampMillisecondArray::from(vec![1, 2]);
    write_column(&folder, "data/t/a.parquet", Arc::new(milliseconds));
    let dictionary: arrow::array::DictionaryArray<Int32Type> = arrow::array::DictionaryArray::new(
        Int32Array::from(vec![0, 0]),
        Arc::new(TimestampMicrosecondArray::from(vec![1500])),
    );
    write_column(&folder, "data/t/b.parquet", Arc::new(dictionary));
    check_query(
        &folder,
        "SELECT v FROM app.t WHERE v > TIMESTAMP '1970-01-01T00:00:00.001' ORDER BY v",
        expect![[r#"
            {"v":"1970-01-01T00:00:00.001500"}
            {"v":"1970-01-01T00:00:00.001500"}
            {"v":"1970-01-01T00:00:00.002"}
        "#]],
    );
}
