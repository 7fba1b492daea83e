// SPDX-License-Identifier: Apache-2.0

//! One Arrow IPC file and one Parquet file per locked version of a table, in
//! `tests/golden/TABLE/VERSION.arrow` and `.parquet`. They are read as the current version of the
//! table.
//!
//! A file is never rewritten: it shows what an earlier release has written. To create the files of
//! a version that has none, run the test with `UPDATE_EXPECT=1`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use expect_test::{Expect, expect, expect_file};
use kalamtable_files::{VersionedDefinition, register_folder};
use kalamtable_model::{
    ColumnType, Literal, SchemaLock, SourceFile, Sources, Style, TableDefinition, check_evolution,
    initial_default, parse_and_check, render,
};
use kalamtable_rows::Migration;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::cells::{Cell, Random, as_number_of, random_cell, read, write};
use crate::support::DataFolder;

/// The number of rows of a file.
const ROWS: usize = 5;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

fn load(path: &Path) -> TableDefinition {
    let mut sources = Sources::new();
    let text = fs::read_to_string(path).unwrap();
    let source = sources.push(SourceFile::new(path.display().to_string(), text));
    match parse_and_check(&sources, source) {
        Ok(table) => table.definition,
        Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
    }
}

/// Returns the versions of each table, in ascending order: those in the lock of the system tables,
/// and an example table with four versions.
fn tables() -> Vec<Vec<TableDefinition>> {
    let lock = golden().join("../../schemas/schemas.lock");
    let mut sources = Sources::new();
    let text = fs::read_to_string(&lock).unwrap();
    let source = sources.push(SourceFile::new("schemas.lock", text));
    let lock = SchemaLock::parse(&sources, source).expect("a valid lock");
    let locked = lock.tables().iter();
    let mut tables: Vec<Vec<TableDefinition>> = locked
        .map(|table| table.current_definitions().expect("valid versions"))
        .collect();
    assert_eq!(tables.len(), 8, "the system tables");
    let example = (1..=4).map(|version| golden().join(format!("app.orders/{version}.toml")));
    tables.push(example.map(|path| load(&path)).collect());
    tables
}

fn path(definition: &TableDefinition, extension: &str) -> PathBuf {
    let (name, version) = (definition.name(), definition.version());
    golden()
        .join(name.to_string())
        .join(format!("{version}.{extension}"))
}

/// Returns the rows of the files of a version. They depend only on the definition.
fn rows(definition: &TableDefinition) -> RecordBatch {
    let mut random = Random(u64::from(definition.version()));
    let columns = definition.columns().iter().map(|column| {
        let cells = (0..ROWS).map(|row| match &column.ty {
            // Keys are unique.
            ColumnType::Int | ColumnType::BigInt | ColumnType::Decimal { .. } if column.id == 1 => {
                Cell::Number {
                    unscaled: row as i128,
                    scale: 0,
                }
            }
            ColumnType::Text if column.id == 1 => Cell::Text(format!("key {row}")),
            _ if column.nullable && random.below(3) == 0 => Cell::Null,
            // A day or time that every unit represents.
            ColumnType::Date | ColumnType::Timestamp { .. } => {
                Cell::Instant((19_000 + random.below(999) as i128) * 86_400_000_000_000)
            }
            ty => random_cell(&mut random, ty),
        });
        write(&column.ty, &cells.collect::<Vec<_>>())
    });
    let columns = columns.collect();
    RecordBatch::try_new(Arc::new(definition.arrow_schema()), columns).unwrap()
}

/// Creates a file with `write` if it does not exist and `UPDATE_EXPECT` is set.
fn create(path: &Path, write: impl FnOnce(File)) {
    if path.exists() {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_EXPECT").is_some(),
        "{} does not exist: run this test with UPDATE_EXPECT=1 and commit the file",
        path.display()
    );
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    write(File::create(path).unwrap());
}

fn create_missing(definition: &TableDefinition) {
    let batch = rows(definition);
    create(&path(definition, "arrow"), |file| {
        let mut writer = FileWriter::try_new(file, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    });
    create(&path(definition, "parquet"), |file| {
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    });
}

fn read_ipc(definition: &TableDefinition) -> RecordBatch {
    let file = File::open(path(definition, "arrow")).unwrap();
    FileReader::try_new(file, None)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
}

fn read_parquet(definition: &TableDefinition) -> RecordBatch {
    let file = File::open(path(definition, "parquet")).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    builder.build().unwrap().next().unwrap().unwrap()
}

fn shown(batch: &RecordBatch) -> String {
    format!(
        "{}\n",
        pretty_format_batches(std::slice::from_ref(batch)).unwrap()
    )
}

/// Returns the cells of a column, which has the type of `ty` in one of the two schemas.
fn cells(ty: &ColumnType, batch: &RecordBatch, position: usize) -> Vec<Cell> {
    let column = batch.column(position);
    (0..batch.num_rows())
        .map(|row| read(ty, column, row))
        .collect()
}

/// Reads the Parquet file of a version as the last version.
async fn select(versions: &[TableDefinition], from: &TableDefinition) -> RecordBatch {
    let (current, earlier) = versions.split_last().unwrap();
    let folder = DataFolder::new();
    let content = fs::read(path(from, "parquet")).unwrap();
    folder.write(&format!("data/{}.parquet", current.name()), content);
    let context = SessionContext::new();
    let table = VersionedDefinition {
        current: current.clone(),
        earlier: earlier.to_vec(),
    };
    register_folder(&context, &[table], Some(&folder.path().join("data"))).unwrap();
    let query = format!("SELECT * FROM {}", current.name());
    let batches = context.sql(&query).await.unwrap().collect().await.unwrap();
    assert_eq!(batches.len(), 1);
    batches[0].clone()
}

/// Compares the rows of `found`, the last version, with those of `stored`, which is `from`.
fn check_rows(
    versions: &[TableDefinition],
    from: &TableDefinition,
    stored: &RecordBatch,
    found: &RecordBatch,
) {
    let current = versions.last().unwrap();
    assert_eq!(found.num_rows(), ROWS);
    for (position, column) in current.columns().iter().enumerate() {
        let mut earlier = from.columns().iter();
        let expected = match earlier.position(|earlier| earlier.id == column.id) {
            Some(at) => cells(&from.columns()[at].ty, stored, at),
            None => {
                let initial = initial_default(versions, column.id, from.version());
                let cell = match initial.map(|initial| initial.value) {
                    None => Cell::Null,
                    Some(Literal::Integer(value)) => Cell::Number {
                        unscaled: *value,
                        scale: 0,
                    },
                    Some(Literal::Text(text)) => Cell::Text(text.to_string()),
                    Some(other) => panic!("{other:?} is not a default of the golden tables"),
                };
                vec![cell; ROWS]
            }
        };
        let expected = expected.iter().map(|cell| as_number_of(cell, &column.ty));
        let found = cells(&column.ty, found, position);
        assert_eq!(
            found,
            expected.collect::<Vec<_>>(),
            "{} {}",
            from.name(),
            column.name
        );
    }
}

#[tokio::test]
async fn files_of_every_version_are_read_as_the_current_one() {
    for versions in tables() {
        let (current, earlier) = versions.split_last().unwrap();
        check_evolution(earlier, current).unwrap();
        for from in &versions {
            create_missing(from);
            let stored = read_ipc(from);
            assert_eq!(*stored.schema(), from.arrow_schema());
            // The content is pinned: if both files change, so does this text.
            expect_file![path(from, "txt")].assert_eq(&shown(&stored));
            assert_eq!(shown(&read_parquet(from)), shown(&stored));
            let migration = Migration::try_new(earlier, from.version(), current).unwrap();
            let migrated = migration.apply(&stored).unwrap();
            check_rows(&versions, from, &stored, &migrated);
            check_rows(&versions, from, &stored, &select(&versions, from).await);
        }
    }
}

#[test]
fn each_golden_file_belongs_to_a_version() {
    let mut expected = BTreeSet::from([PathBuf::from("app.orders")]);
    for definition in tables().iter().flatten() {
        let name = definition.name().to_string();
        expected.insert(PathBuf::from(&name));
        for extension in ["arrow", "parquet", "txt"] {
            expected.insert(Path::new(&name).join(format!("{}.{extension}", definition.version())));
        }
        if name == "app.orders" {
            expected.insert(Path::new(&name).join(format!("{}.toml", definition.version())));
        }
    }
    let mut found = BTreeSet::new();
    for folder in fs::read_dir(golden()).unwrap() {
        let folder = folder.unwrap().path();
        found.insert(folder.strip_prefix(golden()).unwrap().to_path_buf());
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            found.insert(file.strip_prefix(golden()).unwrap().to_path_buf());
        }
    }
    assert_eq!(found, expected);
}

async fn check(version: usize, expected: Expect) {
    let tables = tables();
    let versions = tables.last().unwrap();
    let found = select(versions, &versions[version - 1]).await;
    expected.assert_eq(&shown(&found));
}

#[tokio::test]
async fn example_of_version_1_is_read_as_version_4() {
    check(1, expect![[r#"
        +------+--------+---------------------+--------+----------------------------------+------------------------+----------------------------------------------------------------------------------------------+---------+------+--------+
        | id   | buyer  | ordered_at          | state  | code                             | mass                   | lines                                                                                        | urgency | tags | region |
        +------+--------+---------------------+--------+----------------------------------+------------------------+----------------------------------------------------------------------------------------------+---------+------+--------+
        | 0.00 | text 5 | 2022-09-09T00:00:00 | open   | acacacacacacacacacacacacacacacac | inf                    | []                                                                                           | 3.0     |      | eu     |
        | 1.00 | text 7 | 2024-06-12T00:00:00 | open   | 9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f | 3.4028234663852886e38  | [{sku: text 5, number: -2147483648.0, gift: }, {sku: text 8, number: -2147483648.0, gift: }] | 3.0     |      | eu     |
        | 2.00 | text 3 | 2023-02-13T00:00:00 | open   | f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7 | -0.0                   | [{sku: text 7, number: , gift: }, {sku: text 8, number: 0.0, gift: }]                        | 3.0     |      | eu     |
        | 3.00 | text 2 | 2023-03-16T00:00:00 | open   | 35353535353535353535353535353535 |                        | [{sku: text 2, number: 32.0, gift: }, {sku: text 6, number: 2147483647.0, gift: }]           | 3.0     |      | eu     |
        | 4.00 | text 3 | 2022-09-28T00:00:00 | closed | abababababababababababababababab | 1.1754943508222875e-38 | [{sku: text 5, number: , gift: }, {sku: text 1, number: , gift: }]                           | 3.0     |      | eu     |
        +------+--------+---------------------+--------+----------------------------------+------------------------+----------------------------------------------------------------------------------------------+---------+------+--------+
    "#]]).await;
}

#[tokio::test]
async fn example_of_version_2_is_read_as_version_4() {
    check(2, expect![[r#"
        +------+--------+---------------------+-------+----------------------------------+------+--------------------------------------------------------------------------------------------+---------------+------+--------+
        | id   | buyer  | ordered_at          | state | code                             | mass | lines                                                                                      | urgency       | tags | region |
        +------+--------+---------------------+-------+----------------------------------+------+--------------------------------------------------------------------------------------------+---------------+------+--------+
        | 0.00 | text 4 | 2023-12-27T00:00:00 | lost  | e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4 | -0.0 | [{sku: text 6, number: , gift: }]                                                          | -2147483648.0 |      | eu     |
        | 1.00 | text 5 | 2024-03-07T00:00:00 | lost  | 52525252525252525252525252525252 | 3.0  | [{sku: text 0, number: 999457852.0, gift: }, {sku: text 7, number: -2147483648.0, gift: }] | -985232174.0  |      | eu     |
        | 2.00 | text 0 | 2023-03-06T00:00:00 | lost  | 8e8e8e8e8e8e8e8e8e8e8e8e8e8e8e8e |      | []                                                                                         | -2147483648.0 |      | eu     |
        | 3.00 | text 3 | 2023-11-20T00:00:00 | open  | 20202020202020202020202020202020 | 3.0  | [{sku: text 5, number: 704686387.0, gift: }, {sku: text 3, number: 51.0, gift: }]          | -2147483648.0 |      | eu     |
        | 4.00 | text 7 | 2022-05-28T00:00:00 | lost  | 2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d |      | []                                                                                         | -2147483648.0 |      | eu     |
        +------+--------+---------------------+-------+----------------------------------+------+--------------------------------------------------------------------------------------------+---------------+------+--------+
    "#]]).await;
}

#[tokio::test]
async fn example_of_version_3_is_read_as_version_4() {
    check(3, expect![[r#"
        +------+--------+---------------------+--------+----------------------------------+------+------------------------------------------------------------------------------------+---------+----------------------+--------+
        | id   | buyer  | ordered_at          | state  | code                             | mass | lines                                                                              | urgency | tags                 | region |
        +------+--------+---------------------+--------+----------------------------------+------+------------------------------------------------------------------------------------+---------+----------------------+--------+
        | 0.00 | text 0 | 2024-04-30T00:00:00 | lost   | f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5 |      | [{sku: text 8, number: , gift: }]                                                  | 3.0     | {}                   | eu     |
        | 1.00 | text 3 | 2022-08-19T00:00:00 | open   | d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4 |      | []                                                                                 | 0.1     | {text 8: 2147483647} | eu     |
        | 2.00 | text 3 | 2023-04-19T00:00:00 | open   | bdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbd |      | []                                                                                 | 3.0     | {text 2: 25}         | eu     |
        | 3.00 | text 5 | 2023-10-29T00:00:00 | closed | d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7 | 3.0  | [{sku: text 4, number: -794877761.0, gift: true}, {sku: text 5, number: , gift: }] | -0.0    |                      | eu     |
        | 4.00 | text 0 | 2022-08-16T00:00:00 | lost   | 50505050505050505050505050505050 | 3.0  | [{sku: text 7, number: 47.0, gift: true}]                                          | 3.0     |                      | eu     |
        +------+--------+---------------------+--------+----------------------------------+------+------------------------------------------------------------------------------------+---------+----------------------+--------+
    "#]]).await;
}
