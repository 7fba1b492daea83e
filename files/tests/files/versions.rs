// SPDX-License-Identifier: Apache-2.0

//! Files that were written under an earlier version of their table.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use arrow::json::ReaderBuilder;
use datafusion::prelude::SessionContext;
use expect_test::{Expect, expect};
use kalamtable_files::{VersionedDefinition, register_folder};
use kalamtable_model::arrow::FIELD_ID_KEY;
use kalamtable_model::{
    SourceFile, Sources, Style, TableDefinition, check_evolution, parse_and_check, render,
};
use parquet::arrow::ArrowWriter;

use crate::support::DataFolder;

/// Parses definitions of the columns of `app.t`, separated by `---`. Versions start at 1.
pub(crate) fn versions(texts: &str) -> Vec<TableDefinition> {
    let texts = texts.split("---\n").enumerate();
    let versions = texts.map(|(index, text)| {
        let text = format!(
            "name = \"app.t\"\nno_primary_key = \"a test\"\nversion = {}\n[columns]\n{text}",
            index + 1
        );
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("t.toml", text));
        match parse_and_check(&sources, source) {
            Ok(table) => table.definition,
            Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
        }
    });
    versions.collect()
}

/// Returns a schema without field ids at any depth.
pub(crate) fn without_ids(schema: &Schema) -> Schema {
    fn fields(fields: &Fields) -> Fields {
        fields.iter().map(field).collect()
    }
    fn field(found: &FieldRef) -> FieldRef {
        let mut metadata = found.metadata().clone();
        metadata.remove(FIELD_ID_KEY);
        let ty = match found.data_type() {
            DataType::List(item) => DataType::List(field(item)),
            DataType::Struct(members) => DataType::Struct(fields(members)),
            DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
            ty => ty.clone(),
        };
        let found = Field::clone(found).with_metadata(metadata);
        Arc::new(found.with_data_type(ty))
    }
    Schema::new(fields(schema.fields()))
}

/// Whether the columns of a file have ids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ids {
    Present,
    Absent,
}

/// A table with all of its versions, and its data files.
pub(crate) struct VersionedFolder {
    pub(crate) folder: DataFolder,
    pub(crate) versions: Vec<TableDefinition>,
}

impl VersionedFolder {
    pub(crate) fn new(versions: Vec<TableDefinition>) -> Self {
        VersionedFolder {
            folder: DataFolder::new(),
            versions,
        }
    }

    /// Writes rows, which are JSON objects, as a Parquet file of a version.
    fn write(&self, name: &str, version: usize, ids: Ids, rows: &str) {
        let schema = self.versions[version - 1].arrow_schema();
        let schema = match ids {
            Ids::Present => schema,
            Ids::Absent => without_ids(&schema),
        };
        let mut decoder = ReaderBuilder::new(Arc::new(schema))
            .build_decoder()
            .unwrap();
        decoder.decode(rows.as_bytes()).unwrap();
        self.write_batch(name, &decoder.flush().unwrap().unwrap());
    }

    pub(crate) fn write_batch(&self, name: &str, batch: &RecordBatch) {
        let path = self.folder.write(&format!("data/{name}"), "");
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
    }

    fn write_columns(&self, name: &str, columns: Vec<(&str, Option<i32>, ArrayRef)>) {
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
            .into_iter()
            .map(|(name, id, array)| {
                let field = Field::new(name, array.data_type().clone(), true);
                let id = id.map(|id| (FIELD_ID_KEY.to_string(), id.to_string()));
                (field.with_metadata(id.into_iter().collect()), array)
            })
            .unzip();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        self.write_batch(name, &batch);
    }

    /// Registers the last version with the others as its history.
    pub(crate) fn register(&self) -> Result<SessionContext, String> {
        let (current, earlier) = self.versions.split_last().unwrap();
        let table = VersionedDefinition {
            current: current.clone(),
            earlier: earlier.to_vec(),
        };
        let context = SessionContext::new();
        match register_folder(&context, &[table], Some(&self.folder.path().join("data"))) {
            Ok(_) => Ok(context),
            Err(error) => Err(self.folder.relative(&error.to_string())),
        }
    }

    fn query(&self, sql: &str) -> Result<String, String> {
        self.folder.query_in(&self.register()?, sql)
    }

    /// Returns all rows, or the error.
    pub(crate) fn rows(&self) -> String {
        let (Ok(shown) | Err(shown)) = self.query("SELECT * FROM app.t");
        shown
    }
}

/// Reads rows of version 1 as the last version, from a file with ids and from one without. The
/// evolution rules allow the change.
#[track_caller]
fn check(texts: &str, rows: &str, expected: Expect) {
    let table = VersionedFolder::new(versions(texts));
    let (next, history) = table.versions.split_last().unwrap();
    check_evolution(history, next).unwrap();
    table.write("t.parquet", 1, Ids::Absent, rows);
    let by_name = table.rows();
    expected.assert_eq(&by_name);
    table.write("t.parquet", 1, Ids::Present, rows);
    assert_eq!(table.rows(), by_name);
}

#[test]
fn renamed_moved_and_dropped_columns_are_found() {
    check(
        "id = { id = 1, type = 'int' }\n\
         old = { id = 2, type = 'text' }\n\
         a = { id = 3, type = 'int', nullable = true }\n\
         ---\n\
         a = { id = 3, type = 'int', nullable = true }\n\
         label = { id = 2, type = 'text' }\n\
         [reserved]\n\
         ids = [1]\n\
         names = ['id']\n",
        r#"{"id": 1, "old": "x", "a": 5} {"id": 2, "old": "y"}"#,
        expect![[r#"
            {"a":5,"label":"x"}
            {"a":null,"label":"y"}
        "#]],
    );
}

#[test]
fn added_columns_have_their_initial_defaults() {
    check(
        "id = { id = 1, type = 'int' }\n\
         ---\n\
         id = { id = 1, type = 'int' }\n\
         n = { id = 2, type = 'int', default = 7 }\n\
         s = { id = 3, type = 'text', default = 'first' }\n\
         day = { id = 4, type = 'date', default = 2024-02-29 }\n\
         d = { id = 5, type = 'decimal(4, 1)', default = '1.5' }\n\
         f = { id = 6, type = 'float', default = 0.1 }\n\
         u = { id = 7, type = 'uuid', default = '67e55044-10b1-426f-9247-bb680e5fe0c8' }\n\
         ts = { id = 8, type = \"timestamp(ms, 'UTC')\", default = 2024-02-29T01:02:03.5Z }\n\
         l = { id = 9, type = 'ubigint', default = 5 }\n\
         x = { id = 10, type = 'text', nullable = true }\n\
         c = { id = 11, type = 'datetime', nullable = true, default = 'now()' }\n\
         ---\n\
         id = { id = 1, type = 'int' }\n\
         n = { id = 2, type = 'double', default = 8.0 }\n\
         s = { id = 3, type = 'text', default = 'second' }\n\
         day = { id = 4, type = 'timestamp', default = 2025-01-01T00:00:00 }\n\
         d = { id = 5, type = 'decimal(6, 2)' }\n\
         f = { id = 6, type = 'double', default = 1.0 }\n\
         u = { id = 7, type = 'uuid' }\n\
         ts = { id = 8, type = \"timestamp(ms, 'UTC')\" }\n\
         l = { id = 9, type = 'ubigint', default = 6 }\n\
         x = { id = 10, type = 'text', nullable = true, default = 'later' }\n\
         c = { id = 11, type = 'datetime', nullable = true }\n",
        r#"{"id": 1}"#,
        expect![[r#"
            {"id":1,"n":7.0,"s":"first","day":"2024-02-29T00:00:00","d":1.50,"f":0.10000000149011612,"u":"67e5504410b1426f9247bb680e5fe0c8","ts":"2024-02-29T01:02:03.500Z","l":5,"x":null,"c":null}
        "#]],
    );
}

#[test]
fn changed_types_are_converted_exactly() {
    check(
        "a = { id = 1, type = 'tinyint' }\n\
         b = { id = 2, type = 'int' }\n\
         c = { id = 3, type = 'bigint' }\n\
         d = { id = 4, type = 'decimal(4, 2)' }\n\
         e = { id = 5, type = \"enum('a')\" }\n\
         f = { id = 6, type = 'float' }\n\
         g = { id = 7, type = 'date', nullable = true }\n\
         h = { id = 8, type = 'bytes(16)' }\n\
         i = { id = 9, type = 'uint' }\n\
         ---\n\
         a = { id = 1, type = 'decimal(12, 2)' }\n\
         b = { id = 2, type = 'double' }\n\
         c = { id = 3, type = 'decimal(38, 18)' }\n\
         d = { id = 4, type = 'decimal(6, 3)' }\n\
         e = { id = 5, type = \"enum('a', 'b')\" }\n\
         f = { id = 6, type = 'double' }\n\
         g = { id = 7, type = 'timestamp(ms)', nullable = true }\n\
         h = { id = 8, type = 'uuid' }\n\
         i = { id = 9, type = 'bigint' }\n",
        r#"{"a": -128, "b": 2147483647, "c": 9223372036854775807, "d": -99.99, "e": "a", "f": 0.1, "g": "2024-02-29", "h": "67e5504410b1426f9247bb680e5fe0c8", "i": 4294967295}
           {"a": 127, "b": -2147483648, "c": -9223372036854775808, "d": 0.01, "e": "a", "f": -1.5, "h": "00000000000000000000000000000000", "i": 0}"#,
        expect![[r#"
            {"a":-128.00,"b":2147483647.0,"c":9223372036854775807.000000000000000000,"d":-99.990,"e":"a","f":0.10000000149011612,"g":"2024-02-29T00:00:00","h":"67e5504410b1426f9247bb680e5fe0c8","i":4294967295}
            {"a":127.00,"b":-2147483648.0,"c":-9223372036854775808.000000000000000000,"d":0.010,"e":"a","f":-1.5,"g":null,"h":"00000000000000000000000000000000","i":0}
        "#]],
    );
}

#[test]
fn nested_fields_are_matched() {
    check(
        "l = { id = 1, type = 'list<#2 struct<#3 a: int, #4 b: text null>>' }\n\
         m = { id = 5, type = 'map<#6 text, #7 int null>' }\n\
         s = { id = 8, type = 'struct<#9 day: date>', nullable = true }\n\
         ---\n\
         l = { id = 1, type = 'list<#2 struct<#3 number: bigint, #4 label: text null, #10 a: int null>>' }\n\
         m = { id = 5, type = 'map<#6 text, #7 double null>' }\n\
         s = { id = 8, type = 'struct<#9 date: timestamp null>', nullable = true }\n",
        r#"{"l": [{"a": 1, "b": "x"}, {"a": 2}], "m": {"k": 5}, "s": {"day": "2024-02-29"}}
           {"l": [], "m": {}}"#,
        expect![[r#"
            {"l":[{"number":1,"label":"x","a":null},{"number":2,"label":null,"a":null}],"m":{"k":5.0},"s":{"date":"2024-02-29T00:00:00"}}
            {"l":[],"m":{},"s":null}
        "#]],
    );
}

#[test]
fn files_of_several_versions_are_one_table() {
    let table = VersionedFolder::new(versions(
        "a = { id = 1, type = 'int' }\n\
         ---\n\
         b = { id = 1, type = 'bigint' }\n\
         n = { id = 2, type = 'text', default = 'none' }\n\
         ---\n\
         c = { id = 1, type = 'decimal(20, 0)' }\n\
         m = { id = 2, type = 'text', default = 'other' }\n",
    ));
    table.write("t/1.parquet", 1, Ids::Absent, r#"{"a": 1}"#);
    table.write("t/2.parquet", 2, Ids::Present, r#"{"b": 2, "n": "x"}"#);
    table.write("t/3.parquet", 3, Ids::Absent, r#"{"c": 3, "m": "y"}"#);
    table.write("t/4.parquet", 1, Ids::Present, r#"{"a": 4}"#);
    let ordered = table.query("SELECT * FROM app.t ORDER BY c");
    expect![[r#"
        {"c":1,"m":"none"}
        {"c":2,"m":"x"}
        {"c":3,"m":"y"}
        {"c":4,"m":"none"}
    "#]]
    .assert_eq(&ordered.unwrap());
    let filtered =
        table.query("SELECT m, sum(c) AS s FROM app.t WHERE c > 1 GROUP BY m ORDER BY m");
    expect![[r#"
        {"m":"none","s":4}
        {"m":"x","s":2}
        {"m":"y","s":3}
    "#]]
    .assert_eq(&filtered.unwrap());
    let found = table.query("SELECT * FROM app.t WHERE m = 'none' AND c = 4");
    expect![[r#"
        {"c":4,"m":"none"}
    "#]]
    .assert_eq(&found.unwrap());
}

#[test]
fn swapped_and_reused_names_follow_the_ids() {
    let table = VersionedFolder::new(versions(
        "a = { id = 1, type = 'int' }\n\
         b = { id = 2, type = 'bytes', nullable = true }\n\
         ---\n\
         b = { id = 1, type = 'int' }\n\
         c = { id = 3, type = 'int', default = 0 }\n\
         ---\n\
         c = { id = 1, type = 'bigint' }\n\
         a = { id = 3, type = 'int', default = 1 }\n\
         b = { id = 4, type = 'date', nullable = true }\n",
    ));
    table.write("t.parquet", 1, Ids::Present, r#"{"a": 1, "b": "ff"}"#);
    expect![[r#"
        {"c":1,"a":0,"b":null}
    "#]]
    .assert_eq(&table.rows());
    table.write("t.parquet", 2, Ids::Present, r#"{"b": 2, "c": 3}"#);
    expect![[r#"
        {"c":2,"a":3,"b":null}
    "#]]
    .assert_eq(&table.rows());
    let found = table.query("SELECT * FROM app.t WHERE c = 2 AND a = 3 AND b IS NULL");
    expect![[r#"
        {"c":2,"a":3,"b":null}
    "#]]
    .assert_eq(&found.unwrap());
    table.write("t.parquet", 2, Ids::Absent, r#"{"b": 2, "c": 3}"#);
    expect![[r#"
        {"c":2,"a":3,"b":null}
    "#]]
    .assert_eq(&table.rows());
}

#[test]
fn names_of_two_versions_are_ambiguous_without_ids() {
    let table = VersionedFolder::new(versions(
        "a = { id = 1, type = 'int' }\n\
         b = { id = 2, type = 'int' }\n\
         ---\n\
         b = { id = 1, type = 'int' }\n\
         a = { id = 2, type = 'int' }\n",
    ));
    table.write("t.parquet", 1, Ids::Absent, r#"{"a": 1, "b": 2}"#);
    expect![[r#"
        error: data/t.parquet: the columns have no field ids, and fit versions 1 and 2 of `app.t`, which use the name `a` for different columns: write the file with field ids
    "#]].assert_eq(&table.rows());
    table.write("t.parquet", 1, Ids::Present, r#"{"a": 1, "b": 2}"#);
    expect![[r#"
        {"b":1,"a":2}
    "#]]
    .assert_eq(&table.rows());
}

#[test]
fn missing_column_whose_name_another_column_had_is_an_error() {
    let table = VersionedFolder::new(versions(
        "a = { id = 1, type = 'int' }\n\
         b = { id = 2, type = 'int' }\n\
         ---\n\
         b = { id = 1, type = 'int' }\n\
         a = { id = 2, type = 'int' }\n",
    ));
    let numbers = Arc::new(Int32Array::from(vec![1]));
    table.write_columns("t.parquet", vec![("a", Some(1), numbers)]);
    expect![[r#"
        error: data/t.parquet: column `a` is missing, but the definition of `app.t` does not allow null
    "#]].assert_eq(&table.rows());
}

#[test]
fn nested_names_of_two_versions_are_ambiguous() {
    let table = VersionedFolder::new(versions(
        "s = { id = 1, type = 'struct<#2 a: int null, #3 b: int null>' }\n\
         ---\n\
         s = { id = 1, type = 'struct<#2 b: int null, #3 a: int null>' }\n",
    ));
    table.write("t.parquet", 1, Ids::Absent, r#"{"s": {"a": 1, "b": 2}}"#);
    expect![[r#"
        error: data/t.parquet: the columns have no field ids, and fit versions 1 and 2 of `app.t`, which use the name `s.a` for different columns: write the file with field ids
    "#]].assert_eq(&table.rows());
    table.write("t.parquet", 1, Ids::Present, r#"{"s": {"a": 1, "b": 2}}"#);
    expect![[r#"
        {"s":{"b":1,"a":2}}
    "#]]
    .assert_eq(&table.rows());
}

#[test]
fn columns_of_no_version_are_errors() {
    let table = VersionedFolder::new(versions(
        "a = { id = 1, type = 'int' }\n\
         b = { id = 2, type = 'date' }\n\
         ---\n\
         a = { id = 1, type = 'int' }\n\
         b = { id = 2, type = 'timestamp' }\n\
         ---\n\
         c = { id = 1, type = 'bigint' }\n\
         b = { id = 2, type = 'timestamp' }\n",
    ));
    let numbers = || Arc::new(Int32Array::from(vec![1])) as ArrayRef;
    let days = || Arc::new(Date32Array::from(vec![1])) as ArrayRef;
    let check = |columns: Vec<(&str, Option<i32>, ArrayRef)>, expected: Expect| {
        table.write_columns("t.parquet", columns);
        expected.assert_eq(&table.rows());
    };
    // Without ids.
    check(
        vec![("a", None, numbers()), ("b", None, numbers())],
        expect![[r#"
            error: data/t.parquet: column `a` is not in the definition of `app.t`
            error: data/t.parquet: column `c` is missing, but the definition of `app.t` does not allow null
            error: data/t.parquet: column `b`: `timestamp` is declared, but the file has Int32
            error: data/t.parquet: the columns fit none of the earlier versions 1 to 2 either
        "#]],
    );
    check(
        vec![("a", None, numbers()), ("x", None, days())],
        expect![[r#"
            error: data/t.parquet: column `a` is not in the definition of `app.t`
            error: data/t.parquet: column `x` is not in the definition of `app.t`
            error: data/t.parquet: column `c` is missing, but the definition of `app.t` does not allow null
            error: data/t.parquet: column `b` is missing, but the definition of `app.t` does not allow null
            error: data/t.parquet: the columns fit none of the earlier versions 1 to 2 either
        "#]],
    );
    check(
        vec![("a", None, numbers())],
        expect![[r#"
        error: data/t.parquet: column `a` is not in the definition of `app.t`
        error: data/t.parquet: column `c` is missing, but the definition of `app.t` does not allow null
        error: data/t.parquet: column `b` is missing, but the definition of `app.t` does not allow null
        error: data/t.parquet: the columns fit none of the earlier versions 1 to 2 either
    "#]],
    );
    check(
        vec![("c", None, numbers()), ("b", None, days())],
        expect![[r#"
            error: data/t.parquet: column `b`: `timestamp` is declared, but the file has Date32
            error: data/t.parquet: the columns fit none of the earlier versions 1 to 2 either
        "#]],
    );
    // With ids.
    check(
        vec![("c", Some(1), numbers()), ("b", Some(2), days())],
        expect![[r#"
            {"c":1,"b":"1970-01-02T00:00:00"}
        "#]],
    );
    check(
        vec![("x", Some(1), numbers()), ("b", Some(2), days())],
        expect![[r#"
            error: data/t.parquet: column `x` has the field id 1, which `app.t` gives to `c`: rename it in the file
        "#]],
    );
    check(
        vec![("a", Some(1), numbers()), ("b", Some(3), days())],
        expect![[r#"
            error: data/t.parquet: column `b`: the field id is 3, but 2 is declared
        "#]],
    );
    check(
        vec![("a", Some(1), numbers()), ("x", Some(3), days())],
        expect![[r#"
            error: data/t.parquet: column `x` is not in the definition of `app.t`
            error: data/t.parquet: column `b` is missing, but the definition of `app.t` does not allow null
        "#]],
    );
    check(
        vec![("a", Some(1), numbers()), ("b", Some(1), days())],
        expect![[r#"
            error: data/t.parquet: column `b`: the field id is 1, but 2 is declared
        "#]],
    );
    check(
        vec![("a", Some(1), numbers()), ("c", Some(1), numbers())],
        expect![[r#"
            error: data/t.parquet: columns `a` and `c` have the same field id 1
            error: data/t.parquet: column `b` is missing, but the definition of `app.t` does not allow null
        "#]],
    );
    check(
        vec![("a", Some(1), numbers())],
        expect![[r#"
        error: data/t.parquet: column `b` is missing, but the definition of `app.t` does not allow null
    "#]],
    );
    check(
        vec![("a", Some(1), days()), ("b", Some(2), days())],
        expect![[r#"
            error: data/t.parquet: column `c`: `bigint` is declared, but the file has Date32
        "#]],
    );
    check(
        vec![("a", Some(1), numbers()), ("b", None, days())],
        expect![[r#"
            {"c":1,"b":"1970-01-02T00:00:00"}
        "#]],
    );
    check(
        vec![("a", None, numbers()), ("b", Some(2), days())],
        expect![[r#"
            error: data/t.parquet: column `a` is not in the definition of `app.t`
            error: data/t.parquet: column `c` is missing, but the definition of `app.t` does not allow null
        "#]],
    );
}

#[test]
fn promotions_apply_to_ids_without_a_history() {
    let table = VersionedFolder::new(versions(
        "a = { id = 1, type = 'double' }\n\
         b = { id = 2, type = 'list<#3 timestamp>', nullable = true }\n",
    ));
    let numbers = || Arc::new(Int32Array::from(vec![1])) as ArrayRef;
    let item = Field::new("element", DataType::Date32, true);
    let item = item.with_metadata([(FIELD_ID_KEY.to_string(), "3".to_string())].into());
    let lists: ArrayRef = Arc::new(arrow::array::ListArray::new(
        Arc::new(item),
        arrow::buffer::OffsetBuffer::from_lengths([2]),
        Arc::new(Date32Array::from(vec![0, 1])),
        None,
    ));
    table.write_columns(
        "t.parquet",
        vec![("a", Some(1), numbers()), ("b", Some(2), lists)],
    );
    expect![[r#"
        {"a":1.0,"b":["1970-01-01T00:00:00","1970-01-02T00:00:00"]}
    "#]]
    .assert_eq(&table.rows());
    table.write_columns("t.parquet", vec![("a", None, numbers())]);
    expect![[r#"
        error: data/t.parquet: column `a`: `double` is declared, but the file has Int32
    "#]]
    .assert_eq(&table.rows());
}

#[test]
fn values_that_do_not_fit_name_file_and_row() {
    let table = VersionedFolder::new(versions(
        "day = { id = 1, type = 'date', nullable = true }\n\
         ---\n\
         at = { id = 1, type = 'timestamp', nullable = true }\n\
         e = { id = 2, type = \"enum('a', 'b')\", nullable = true }\n\
         ---\n\
         at = { id = 1, type = 'timestamp', nullable = true }\n\
         label = { id = 2, type = \"enum('a', 'b', 'c')\", nullable = true }\n",
    ));
    let days = Date32Array::from(vec![Some(0), None, Some(i32::MAX)]);
    table.write("t/1.parquet", 1, Ids::Absent, r#"{"day": "2024-02-29"}"#);
    table.write_columns("t/2.parquet", vec![("day", None, Arc::new(days))]);
    expect![[r#"
        error: data/t/2.parquet: row 3, column `at` (timestamp): `day 2147483647 since 1970-01-01` is out of range
    "#]].assert_eq(&table.rows());
    let rows = r#"{"e": "a"} {"e": "d"}"#;
    std::fs::remove_file(table.folder.path().join("data/t/2.parquet")).unwrap();
    table.write("t/3.parquet", 2, Ids::Present, rows);
    expect![[r#"
        error: data/t/3.parquet: row 2, column `label` (enum('a', 'b', 'c')): `d` is not a label of the enum
    "#]].assert_eq(&table.rows());
}

#[test]
fn text_files_have_earlier_names_and_initial_defaults() {
    let table = VersionedFolder::new(versions(
        "a = { id = 1, type = 'int' }\n\
         x = { id = 4, type = 'int', nullable = true }\n\
         ---\n\
         b = { id = 1, type = 'int', source = 'B' }\n\
         n = { id = 2, type = 'int', default = 7 }\n\
         x = { id = 4, type = 'int', nullable = true }\n\
         ---\n\
         c = { id = 1, type = 'bigint' }\n\
         n = { id = 2, type = 'double', default = 8.0 }\n\
         y = { id = 4, type = 'int', nullable = true }\n\
         ---\n\
         c = { id = 1, type = 'bigint' }\n\
         n = { id = 2, type = 'double', default = 8.0 }\n\
         x = { id = 5, type = 'int', nullable = true }\n\
         z = { id = 4, type = 'int', nullable = true }\n",
    ));
    let check = |text: &str, lines: &str, expected: Expect| {
        let csv = table.folder.write("data/t.csv", text);
        let found = table.rows();
        expected.assert_eq(&found);
        std::fs::remove_file(csv).unwrap();
        let ndjson = table.folder.write("data/t.ndjson", lines);
        if !found.contains("error") {
            assert_eq!(table.rows(), found);
        }
        std::fs::remove_file(ndjson).unwrap();
    };
    check(
        "a,x\n1,2\n",
        r#"{"a": 1, "x": 2, "n": 7}"#,
        expect![[r#"
        {"c":1,"n":7.0,"x":2,"z":null}
    "#]],
    );
    check(
        "b,y\n1,2\n",
        r#"{"b": 1, "y": 2, "n": 7}"#,
        expect![[r#"
        {"c":1,"n":7.0,"x":null,"z":2}
    "#]],
    );
    check(
        "B,n\n1,2\n",
        r#"{"B": 1, "n": 2}"#,
        expect![[r#"
        {"c":1,"n":2.0,"x":null,"z":null}
    "#]],
    );
    check(
        "c,a\n1,2\n",
        "",
        expect![[r#"
        error: data/t.csv:1: `a` is a second column for `c` in the header
    "#]],
    );
    check(
        "d\n1\n",
        "",
        expect![[r#"
        error: data/t.csv:1: `d` in the header is not a column of `app.t`; its columns are c,n,x,z
    "#]],
    );
}

#[test]
fn parts_of_converted_columns_are_selected() {
    let table = VersionedFolder::new(versions(
        "l = { id = 1, type = 'list<#2 struct<#3 a: int, #4 b: text null>>' }\n\
         m = { id = 5, type = 'map<#6 text, #7 int null>' }\n\
         s = { id = 8, type = 'struct<#9 day: date, #10 in: struct<#11 x: int null>>' }\n\
         ---\n\
         l = { id = 1, type = 'list<#2 struct<#3 number: bigint, #4 a: text null>>' }\n\
         m = { id = 5, type = 'map<#6 text, #7 double null>' }\n\
         s = { id = 8, type = 'struct<#9 at: timestamp, #10 in: struct<#11 y: double null, #12 x: int null>>' }\n",
    ));
    let rows = r#"{"l": [{"a": 1, "b": "x"}], "m": {"k": 5}, "s": {"day": "2024-02-29", "in": {"x": 7}}}
                  {"l": [], "m": {}, "s": {"day": "2024-03-01", "in": {}}}"#;
    let query = "SELECT l[1]['number'] AS n, l[1]['a'] AS a, m['k'] AS k, s['at'] AS at, \
                 s['in']['y'] AS y, s['in']['x'] AS x FROM app.t";
    let filters = [
        "",
        " WHERE s['at'] > TIMESTAMP '2024-02-29 12:00:00'",
        " WHERE s['in']['y'] = 7.0 AND s['in']['x'] IS NULL",
        " ORDER BY s['at'] DESC LIMIT 1",
    ];
    let expected = expect![[r#"
        {"n":1,"a":"x","k":5.0,"at":"2024-02-29T00:00:00","y":7.0,"x":null}
        {"n":null,"a":null,"k":null,"at":"2024-03-01T00:00:00","y":null,"x":null}

        {"n":null,"a":null,"k":null,"at":"2024-03-01T00:00:00","y":null,"x":null}

        {"n":1,"a":"x","k":5.0,"at":"2024-02-29T00:00:00","y":7.0,"x":null}

        {"n":null,"a":null,"k":null,"at":"2024-03-01T00:00:00","y":null,"x":null}
    "#]];
    for ids in [Ids::Present, Ids::Absent] {
        table.write("t.parquet", 1, ids, rows);
        let found = filters.map(|filter| table.query(&format!("{query}{filter}")).unwrap());
        expected.assert_eq(&found.join("\n"));
    }
}
