// SPDX-License-Identifier: Apache-2.0

//! Filters, aggregates, orders and limits over files of several versions return the rows that a
//! `MemTable` with the same rows returns, whatever the statistics of the files are.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int8Array,
    Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema};
use arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_files::{VersionedDefinition, register_folder};
use kalamtable_model::{TableDefinition, check_evolution};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::cells::Random;
use crate::scans::sessions;
use crate::support::DataFolder;
use crate::versions::{versions, without_ids};

const VERSIONS: &str = "\
id  = { id = 1, type = 'int' }
a   = { id = 2, type = 'int', nullable = true }
day = { id = 3, type = 'date', nullable = true }
s   = { id = 4, type = 'text', nullable = true }
p   = { id = 5, type = 'tinyint', nullable = true }
u   = { id = 6, type = 'bytes(16)' }
---
id  = { id = 1, type = 'bigint' }
b   = { id = 2, type = 'double', nullable = true }
day = { id = 3, type = 'date', nullable = true }
t   = { id = 4, type = 'text', nullable = true }
p   = { id = 5, type = 'tinyint', nullable = true }
u   = { id = 6, type = 'uuid' }
n   = { id = 7, type = 'int', default = 7 }
---
t   = { id = 4, type = 'text', nullable = true }
id  = { id = 1, type = 'bigint' }
b   = { id = 2, type = 'double', nullable = true }
at  = { id = 3, type = 'timestamp', nullable = true }
p   = { id = 5, type = 'decimal(12, 2)', nullable = true }
u   = { id = 6, type = 'uuid' }
m   = { id = 7, type = 'bigint', default = 8 }
";

/// A row with numbers that all versions can represent.
#[derive(Clone, Debug)]
struct Row {
    id: i32,
    a: Option<i32>,
    day: Option<i32>,
    s: Option<String>,
    p: Option<i8>,
    u: u8,
    n: i32,
}

fn rows(random: &mut Random, ids: std::ops::Range<i32>, n: Option<i32>) -> Vec<Row> {
    let rows = ids.map(|id| {
        let [a, day, p, u, n_random, word] = [40, 30, 9, 4, 12, 6].map(|limit| random.below(limit));
        let or_null = |random: &mut Random| random.below(6) > 0;
        Row {
            id,
            a: or_null(random).then_some(a as i32 - 20),
            day: or_null(random).then_some(day as i32 * 100 - 9),
            s: or_null(random).then(|| ["", "a", "b", "Z", "zz", "~"][word].to_string()),
            p: or_null(random).then_some(p as i8 - 4),
            u: u as u8,
            n: n.unwrap_or(n_random as i32),
        }
    });
    rows.collect()
}

/// Returns the values of a column, by its id, with the type that it has in a version.
fn column(rows: &[Row], id: i32, version: u32) -> ArrayRef {
    let rows = rows.iter();
    match (id, version) {
        (1, 1) => Arc::new(rows.map(|row| Some(row.id)).collect::<Int32Array>()),
        (1, _) => Arc::new(
            rows.map(|row| Some(i64::from(row.id)))
                .collect::<Int64Array>(),
        ),
        (2, 1) => Arc::new(rows.map(|row| row.a).collect::<Int32Array>()),
        (2, _) => Arc::new(
            rows.map(|row| row.a.map(f64::from))
                .collect::<Float64Array>(),
        ),
        (3, 1 | 2) => Arc::new(rows.map(|row| row.day).collect::<Date32Array>()),
        (3, _) => {
            let at = rows.map(|row| row.day.map(|day| i64::from(day) * 86_400_000_000));
            Arc::new(at.collect::<TimestampMicrosecondArray>())
        }
        (4, _) => Arc::new(rows.map(|row| row.s.as_deref()).collect::<StringArray>()),
        (5, 1 | 2) => Arc::new(rows.map(|row| row.p).collect::<Int8Array>()),
        (5, _) => {
            let hundredths = rows.map(|row| row.p.map(|p| i128::from(p) * 100));
            let decimals = hundredths.collect::<Decimal128Array>();
            Arc::new(decimals.with_precision_and_scale(12, 2).unwrap())
        }
        (6, _) => {
            let bytes: Vec<[u8; 16]> = rows.map(|row| [row.u; 16]).collect();
            Arc::new(FixedSizeBinaryArray::try_from_iter(bytes.into_iter()).unwrap())
        }
        (_, 2) => Arc::new(rows.map(|row| Some(row.n)).collect::<Int32Array>()),
        _ => Arc::new(
            rows.map(|row| Some(i64::from(row.n)))
                .collect::<Int64Array>(),
        ),
    }
}

fn batch(definition: &TableDefinition, schema: Schema, rows: &[Row]) -> RecordBatch {
    let columns = definition.columns().iter();
    let columns = columns.map(|found| column(rows, found.id, definition.version()));
    RecordBatch::try_new(Arc::new(schema), columns.collect()).unwrap()
}

/// Writes rows of all versions in several files and returns all rows.
fn write(
    folder: &DataFolder,
    versions: &[TableDefinition],
    statistics: EnabledStatistics,
) -> Vec<Row> {
    let mut random = Random(11);
    let mut all = Vec::new();
    for file in 0..6 {
        let definition = &versions[file % 3];
        // Rows without column 7 have its initial default.
        let n = (file % 3 == 0).then_some(7);
        let rows = rows(&mut random, file as i32 * 40..file as i32 * 40 + 40, n);
        let mut schema = definition.arrow_schema();
        if file < 3 {
            schema = without_ids(&schema);
        }
        let batch = batch(definition, schema, &rows);
        let path = folder.write(&format!("data/t/{file}.parquet"), "");
        let properties = WriterProperties::builder()
            .set_statistics_enabled(statistics)
            .set_max_row_group_row_count(Some(9))
            .build();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        all.extend(rows);
    }
    all
}

fn reference(current: &TableDefinition, rows: &[Row]) -> SessionContext {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let schema = current.arrow_schema();
    let fields = schema.fields().iter();
    let fields = fields.map(|field| Field::clone(field).with_metadata(Default::default()));
    let batch = batch(current, Schema::new(fields.collect::<Vec<_>>()), rows);
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    let catalog = context.catalog("datafusion").unwrap();
    let schema = Arc::new(MemorySchemaProvider::new());
    catalog.register_schema("app", schema).unwrap();
    context.register_table("app.t", Arc::new(table)).unwrap();
    context
}

fn literal(random: &mut Random, column: &str) -> String {
    match column {
        "id" => random.below(250).to_string(),
        "b" => ["-20", "0", "3.0", "2.5", "19"][random.below(5)].to_string(),
        "p" => ["-4", "0", "1.00", "1.5", "4"][random.below(5)].to_string(),
        "m" => random.below(12).to_string(),
        "t" => ["''", "'a'", "'b'", "'zz'"][random.below(4)].to_string(),
        "at" => {
            let days = random.below(30) * 100;
            let time = ["00:00:00", "12:00:00"][random.below(2)];
            format!("(TIMESTAMP '1969-12-23 {time}' + INTERVAL '{days} days')")
        }
        _ => format!("X'{}'", "02".repeat(16)),
    }
}

fn condition(random: &mut Random) -> String {
    let column = ["id", "b", "p", "m", "t", "at", "u"][random.below(7)];
    let operator = ["=", "<>", "<", "<=", ">", ">="][random.below(6)];
    let simple = match random.below(6) {
        0 => format!("{column} IS NULL"),
        1 => format!(
            "{column} IN ({}, {})",
            literal(random, column),
            literal(random, column)
        ),
        _ => format!("{column} {operator} {}", literal(random, column)),
    };
    match random.below(4) {
        0 => format!("({simple} AND {})", condition(random)),
        1 => format!("({simple} OR {})", condition(random)),
        2 if random.below(2) == 0 => format!("NOT {simple}"),
        _ => simple,
    }
}

/// Returns a query whose rows and their order are determined.
fn query(random: &mut Random) -> String {
    let condition = condition(random);
    let column = ["b", "p", "m", "t", "at", "u"][random.below(6)];
    let direction = ["ASC", "DESC NULLS LAST"][random.below(2)];
    match random.below(5) {
        0 => format!("SELECT * FROM app.t WHERE {condition} ORDER BY id"),
        1 => format!(
            "SELECT {column}, id FROM app.t WHERE {condition} ORDER BY {column} {direction}, id LIMIT {}",
            1 + random.below(20)
        ),
        2 => format!(
            "SELECT count(*), count({column}), min({column}), max({column}), min(id), sum(b), sum(p), max(m + 1) \
             FROM app.t WHERE {condition}"
        ),
        3 => format!(
            "SELECT {column}, count(*), sum(m), min(at) FROM app.t WHERE {condition} GROUP BY {column} \
             ORDER BY {column}"
        ),
        _ => format!(
            "SELECT count(*) FROM (SELECT {column} FROM app.t LIMIT {})",
            random.below(300)
        ),
    }
}

async fn answer(context: &SessionContext, sql: &str) -> String {
    let run = async { context.sql(sql).await?.collect().await };
    match run.await {
        Ok(batches) if batches.iter().all(|batch| batch.num_rows() == 0) => String::new(),
        Ok(batches) => pretty_format_batches(&batches).unwrap().to_string(),
        Err(error) => panic!("{sql}: {error}"),
    }
}

#[tokio::test]
async fn queries_over_all_versions_equal_the_reference() {
    let versions = versions(VERSIONS);
    let (current, earlier) = versions.split_last().unwrap();
    check_evolution(earlier, current).unwrap();
    let statistics = [
        EnabledStatistics::None,
        EnabledStatistics::Chunk,
        EnabledStatistics::Page,
    ];
    let mut random = Random(5);
    let queries: Vec<String> = (0..60).map(|_| query(&mut random)).collect();
    for statistics in statistics {
        let folder = DataFolder::new();
        let rows = write(&folder, &versions, statistics);
        let reference = reference(current, &rows);
        let mut expected = Vec::with_capacity(queries.len());
        for sql in &queries {
            expected.push(answer(&reference, sql).await);
        }
        for config in sessions() {
            let context = SessionContext::new_with_config(config);
            let table = VersionedDefinition {
                current: current.clone(),
                earlier: earlier.to_vec(),
            };
            let data = folder.path().join("data");
            register_folder(&context, &[table], Some(&data)).unwrap();
            for (sql, expected) in queries.iter().zip(&expected) {
                assert_eq!(answer(&context, sql).await, *expected, "{sql}");
            }
        }
    }
}

#[tokio::test]
async fn conditions_on_unconverted_columns_skip_row_groups() {
    let versions = versions(VERSIONS);
    let (current, earlier) = versions.split_last().unwrap();
    let folder = DataFolder::new();
    write(&folder, &versions, EnabledStatistics::Chunk);
    let context = SessionContext::new();
    let table = VersionedDefinition {
        current: current.clone(),
        earlier: earlier.to_vec(),
    };
    register_folder(&context, &[table], Some(&folder.path().join("data"))).unwrap();
    let scanned = async |condition: &str| {
        let sql = format!("EXPLAIN ANALYZE SELECT * FROM app.t WHERE {condition}");
        let plan = answer(&context, &sql).await;
        let scan = plan.split("DataSourceExec").nth(1).unwrap_or_default();
        // The predicate is part of the scan only if the statistics may be used.
        scan.contains("pruning_predicate")
    };
    // The names and the integer types of these columns have changed, and no other types.
    assert!(scanned("id = 5").await);
    assert!(scanned("t = 'a'").await);
    assert!(scanned("m = 3").await);
    // Statistics of the earlier types are not compared with values of the current types.
    assert!(!scanned("b = 3").await);
    assert!(!scanned("p = 1").await);
    assert!(!scanned("at = TIMESTAMP '1970-01-01'").await);
}
