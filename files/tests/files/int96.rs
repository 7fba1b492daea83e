// SPDX-License-Identifier: Apache-2.0

//! Timestamps in the physical type INT96.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use expect_test::expect;
use parquet::data_type::{Int96, Int96Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::support::{check_query, table_of};
use crate::versions::{VersionedFolder, versions};

/// The Julian day of 1970-01-01.
const EPOCH_DAY: u32 = 2_440_588;

fn int96(days: i64, nanoseconds: u64) -> Int96 {
    let day = u32::try_from(i64::from(EPOCH_DAY) + days).unwrap();
    Int96::from(vec![nanoseconds as u32, (nanoseconds >> 32) as u32, day])
}

/// Writes a column `v` with INT96 timestamps, and one row group per slice.
fn write_int96(path: &Path, groups: &[&[Option<Int96>]]) {
    write_int96_as("optional int96 v;", path, groups);
}

/// Writes the declared column, which contains INT96 timestamps.
fn write_int96_as(column: &str, path: &Path, groups: &[&[Option<Int96>]]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let schema = parse_message_type(&format!("message m {{ {column} }}")).unwrap();
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Default::default()).unwrap();
    for rows in groups {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = rows.iter().map(|row| row.is_some().into()).collect();
        let values: Vec<Int96> = rows.iter().flatten().copied().collect();
        column
            .typed::<Int96Type>()
            .write_batch(&values, Some(&levels), None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// 9999-12-31, which 64 bits of nanoseconds do not hold.
const LAST_DAY: i64 = 2_932_896;

#[test]
fn int96_timestamps_are_exact_or_an_error() {
    let noon = 12 * 3_600_000_000_000;
    let rows = [Some(int96(0, 1000)), None, Some(int96(LAST_DAY, noon))];
    for (ty, expected) in [
        (
            "timestamp(us)",
            "{\"v\":\"1970-01-01T00:00:00.000001\"}\n{\"v\":\"9999-12-31T12:00:00\"}\n{\"v\":null}\n",
        ),
        (
            "timestamp(us, 'UTC')",
            "{\"v\":\"1970-01-01T00:00:00.000001Z\"}\n{\"v\":\"9999-12-31T12:00:00Z\"}\n{\"v\":null}\n",
        ),
        (
            "timestamp(ns)",
            "error: data/t.parquet: row 3, column `v` (timestamp(ns)): `9999-12-31T12:00:00` is out of range\n",
        ),
        (
            "timestamp(ms)",
            "error: data/t.parquet: row 1, column `v` (timestamp(ms)): `1970-01-01T00:00:00.000001` has more than 3 digits after the point, and would have to be rounded\n",
        ),
        (
            "date",
            "error: data/t.parquet: column `v`: `date` is declared, but the file has Timestamp(ns)\n",
        ),
    ] {
        let folder = table_of(ty);
        write_int96(
            &folder.path().join("data/t.parquet"),
            &[&rows[..2], &rows[2..]],
        );
        let (Ok(found) | Err(found)) = folder.query("SELECT v FROM app.t ORDER BY v");
        assert_eq!(found, expected, "{ty}");
    }
}

#[test]
fn int96_of_several_files_is_filtered_and_ordered() {
    let folder = table_of("timestamp(ns)");
    let values: Vec<Option<Int96>> = (0..9).map(|day| Some(int96(day, 1))).collect();
    for (at, rows) in values.chunks(3).enumerate() {
        write_int96(&folder.path().join(format!("data/t/{at}.parquet")), &[rows]);
    }
    check_query(
        &folder,
        "SELECT v FROM app.t WHERE v > TIMESTAMP '1970-01-06T00:00:00' ORDER BY v DESC LIMIT 2",
        expect![[r#"
            {"v":"1970-01-09T00:00:00.000000001"}
            {"v":"1970-01-08T00:00:00.000000001"}
        "#]],
    );
    check_query(
        &folder,
        "SELECT max(v) AS v FROM app.t",
        expect![[r#"
            {"v":"1970-01-09T00:00:00.000000001"}
        "#]],
    );
}

#[test]
fn nested_int96_has_the_row_in_its_error() {
    let folder = table_of("list<#2 timestamp(ns)>");
    let schema =
        "message m { optional group v (LIST) { repeated group list { optional int96 element; } } }";
    let schema = parse_message_type(schema).unwrap();
    std::fs::create_dir_all(folder.path().join("data")).unwrap();
    let file = File::create(folder.path().join("data/t.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values = [int96(0, 1), int96(1, 1), int96(LAST_DAY, 1)];
    // [a, b], null, [], [c]
    column
        .typed::<Int96Type>()
        .write_batch(&values, Some(&[3, 3, 0, 1, 3]), Some(&[0, 1, 0, 0, 0]))
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    check_query(
        &folder,
        "SELECT v FROM app.t",
        expect![[r#"
            error: data/t.parquet: row 4, column `v` (list<#2 timestamp(ns)>): `9999-12-31T00:00:00.000000001` is out of range
        "#]],
    );
}

#[test]
fn int96_timestamps_of_a_renamed_column_are_found() {
    let table = VersionedFolder::new(versions(
        "v = { id = 1, type = 'timestamp', nullable = true }\n\
         old = { id = 2, type = 'int', nullable = true }\n\
         ---\n\
         v = { id = 3, type = 'date', nullable = true }\n\
         w = { id = 1, type = 'timestamp', nullable = true }\n",
    ));
    let path = table.folder.path().join("data/t.parquet");
    let exact: &[Option<Int96>] = &[Some(int96(1, 1000)), None];
    let inexact: &[Option<Int96>] = &[None, Some(int96(1, 1))];
    for column in ["optional int96 v;", "optional int96 v = 1;"] {
        write_int96_as(column, &path, &[exact]);
        assert_eq!(
            table.rows(),
            "{\"v\":null,\"w\":\"1970-01-02T00:00:00.000001\"}\n{\"v\":null,\"w\":null}\n"
        );
        write_int96_as(column, &path, &[exact, inexact]);
        let error = table.rows();
        assert!(error.contains("row 4, column `w` (timestamp)"), "{error}");
    }
}

#[test]
fn int96_timestamps_of_a_dropped_column_are_skipped() {
    let table = VersionedFolder::new(versions(
        "v = { id = 1, type = 'timestamp', nullable = true }\n\
         a = { id = 2, type = 'int', nullable = true }\n\
         ---\n\
         a = { id = 2, type = 'int', nullable = true }\n",
    ));
    let path = table.folder.path().join("data/t.parquet");
    for column in ["optional int96 v;", "optional int96 v = 1;"] {
        write_int96_as(column, &path, &[&[Some(int96(1, 1))]]);
        assert_eq!(table.rows(), "{\"a\":null}\n");
    }
}
