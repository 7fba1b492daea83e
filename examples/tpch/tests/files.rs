// SPDX-License-Identifier: Apache-2.0

//! Reads the generated files, and compares them with the generated rows.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::record_batch::RecordBatch;
use kalamtable::Row;
use kalamtable_example_tpch::{TABLES, files, rows};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};

const SCALE: f64 = rows::MIN_SCALE;

#[test]
fn files_contain_the_generated_rows() {
    let folder = tempfile::tempdir().unwrap();
    let written = files::write_all(folder.path(), SCALE).unwrap();

    let tables: Vec<_> = written
        .iter()
        .map(|file| file.path.file_stem().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        tables,
        [
            "region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem"
        ]
    );
    let counts: Vec<_> = written.iter().map(|file| file.rows).collect();
    assert_eq!(counts[..7], [5, 25, 200, 10, 800, 150, 1500]);

    check(folder.path(), rows::regions());
    check(folder.path(), rows::nations());
    check(folder.path(), rows::parts(SCALE));
    check(folder.path(), rows::suppliers(SCALE));
    check(folder.path(), rows::part_suppliers(SCALE));
    check(folder.path(), rows::customers(SCALE));
    check(folder.path(), rows::orders(SCALE));
    check(folder.path(), rows::line_items(SCALE));
}

fn check<R: Row + PartialEq>(folder: &Path, rows: impl Iterator<Item = R>) {
    let file = open(folder, &R::TABLE.definition.name().table);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let read = batches
        .iter()
        .flat_map(|batch| R::from_batch(batch).unwrap());
    assert!(read.eq(rows), "{}", R::TABLE.definition.name());
}

#[test]
fn columns_in_the_files_have_the_ids_of_the_definitions() {
    let folder = tempfile::tempdir().unwrap();
    files::write_all(folder.path(), SCALE).unwrap();
    for table in TABLES {
        let reader =
            SerializedFileReader::new(open(folder.path(), &table.definition.name().table)).unwrap();
        let fields = reader
            .metadata()
            .file_metadata()
            .schema()
            .get_fields()
            .iter();
        let in_file: Vec<_> = fields
            .map(|field| (field.name().to_string(), field.get_basic_info().id()))
            .collect();
        let columns = table.definition.columns().iter();
        let declared: Vec<_> = columns
            .map(|column| (column.name.to_string(), column.id))
            .collect();
        assert_eq!(in_file, declared, "{}", table.definition.name());
    }
}

fn open(folder: &Path, table: &str) -> File {
    File::open(folder.join(format!("{table}.parquet"))).unwrap()
}
