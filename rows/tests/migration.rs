// SPDX-License-Identifier: Apache-2.0

//! Batches of earlier versions, converted to the current version.

#![deny(warnings)]

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use arrow::util::pretty::pretty_format_batches;
use expect_test::{Expect, expect};
use kalamtable_model::{
    SourceFile, Sources, Style, TableDefinition, check_evolution, parse_and_check, render,
};
use kalamtable_rows::{FromArrow, Migration, migrate};

/// Parses definitions of the columns of one table, separated by `---`. Versions start at 1.
fn versions(texts: &str) -> Vec<TableDefinition> {
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

/// Returns the rows, which are JSON objects, as one batch.
fn batch(schema: Schema, rows: &str) -> RecordBatch {
    let mut decoder = ReaderBuilder::new(Arc::new(schema))
        .build_decoder()
        .unwrap();
    decoder.decode(rows.as_bytes()).unwrap();
    decoder.flush().unwrap().unwrap()
}

/// Returns `schema` without the metadata of its columns. Nested fields keep theirs.
fn without_ids(schema: &Schema) -> Schema {
    let fields = schema.fields().iter();
    let fields = fields.map(|field| Field::clone(field).with_metadata(Default::default()));
    Schema::new(fields.collect::<Vec<_>>())
}

/// Returns the migrated batch as text, or the error.
fn shown(batch: &RecordBatch, versions: &[TableDefinition], from: u32) -> String {
    let (next, history) = versions.split_last().unwrap();
    match migrate(batch, history, from, next) {
        Ok(migrated) => {
            assert_eq!(*migrated.schema(), next.arrow_schema());
            format!("{}\n", pretty_format_batches(&[migrated]).unwrap())
        }
        Err(error) => format!("error: {error}\n"),
    }
}

/// Migrates rows of version 1 with and without ids. The evolution rules allow the change.
#[track_caller]
fn check(texts: &str, rows: &str, expected: Expect) {
    let versions = versions(texts);
    let (next, history) = versions.split_last().unwrap();
    check_evolution(history, next).unwrap();
    let schema = versions[0].arrow_schema();
    let names = batch(without_ids(&schema), rows);
    let ids = batch(schema, rows);
    let migrated = shown(&ids, &versions, 1);
    expected.assert_eq(&migrated);
    assert_eq!(shown(&names, &versions, 1), migrated);
}

/// Prepares a migration that the evolution rules do not allow.
#[track_caller]
fn check_refused(texts: &str, expected: Expect) {
    let versions = versions(texts);
    let (next, history) = versions.split_last().unwrap();
    assert!(check_evolution(history, next).is_err());
    let error = Migration::try_new(history, 1, next).unwrap_err();
    expected.assert_eq(&format!("{error}\n"));
}

#[test]
fn renamed_moved_and_dropped_columns_are_matched_by_id() {
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
            +---+-------+
            | a | label |
            +---+-------+
            | 5 | x     |
            |   | y     |
            +---+-------+
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
         f = { id = 6, type = 'float', default = 0.25 }\n\
         b = { id = 7, type = 'boolean', default = true }\n\
         u = { id = 8, type = 'uuid', default = '67e55044-10b1-426f-9247-bb680e5fe0c8' }\n\
         t = { id = 9, type = 'time', default = 01:02:03.5 }\n\
         ts = { id = 10, type = \"timestamp(ms, '+01:00')\", default = 2024-02-29T01:02:03.5Z }\n\
         l = { id = 11, type = 'ubigint', default = 5 }\n\
         x = { id = 12, type = 'text', nullable = true }\n\
         c = { id = 13, type = 'date', nullable = true, default = 'current_date()' }\n\
         e = { id = 14, type = \"enum('a', 'b')\", default = 'b' }\n\
         ---\n\
         id = { id = 1, type = 'int' }\n\
         n = { id = 2, type = 'double', default = 8.0 }\n\
         s = { id = 3, type = 'text', default = 'second' }\n\
         day = { id = 4, type = 'timestamp', default = 2025-01-01T00:00:00 }\n\
         d = { id = 5, type = 'decimal(6, 2)' }\n\
         f = { id = 6, type = 'double', default = 1.0 }\n\
         b = { id = 7, type = 'boolean' }\n\
         u = { id = 8, type = 'uuid' }\n\
         t = { id = 9, type = 'time' }\n\
         ts = { id = 10, type = \"timestamp(ms, '+01:00')\" }\n\
         l = { id = 11, type = 'ubigint', default = 6 }\n\
         x = { id = 12, type = 'text', nullable = true, default = 'later' }\n\
         c = { id = 13, type = 'date', nullable = true }\n\
         e = { id = 14, type = \"enum('a', 'b', 'c')\", default = 'c' }\n",
        r#"{"id": 1} {"id": 2}"#,
        expect![[r#"
            +----+-----+-------+---------------------+------+------+------+----------------------------------+--------------+-------------------------------+---+---+---+---+
            | id | n   | s     | day                 | d    | f    | b    | u                                | t            | ts                            | l | x | c | e |
            +----+-----+-------+---------------------+------+------+------+----------------------------------+--------------+-------------------------------+---+---+---+---+
            | 1  | 7.0 | first | 2024-02-29T00:00:00 | 1.50 | 0.25 | true | 67e5504410b1426f9247bb680e5fe0c8 | 01:02:03.500 | 2024-02-29T02:02:03.500+01:00 | 5 |   |   | b |
            | 2  | 7.0 | first | 2024-02-29T00:00:00 | 1.50 | 0.25 | true | 67e5504410b1426f9247bb680e5fe0c8 | 01:02:03.500 | 2024-02-29T02:02:03.500+01:00 | 5 |   |   | b |
            +----+-----+-------+---------------------+------+------+------+----------------------------------+--------------+-------------------------------+---+---+---+---+
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
            +---------+---------------+-----------------------------------------+---------+---+---------------------+---------------------+----------------------------------+------------+
            | a       | b             | c                                       | d       | e | f                   | g                   | h                                | i          |
            +---------+---------------+-----------------------------------------+---------+---+---------------------+---------------------+----------------------------------+------------+
            | -128.00 | 2147483647.0  | 9223372036854775807.000000000000000000  | -99.990 | a | 0.10000000149011612 | 2024-02-29T00:00:00 | 67e5504410b1426f9247bb680e5fe0c8 | 4294967295 |
            | 127.00  | -2147483648.0 | -9223372036854775808.000000000000000000 | 0.010   | a | -1.5                |                     | 00000000000000000000000000000000 | 0          |
            +---------+---------------+-----------------------------------------+---------+---+---------------------+---------------------+----------------------------------+------------+
        "#]],
    );
}

#[test]
fn nested_fields_are_matched_by_id() {
    check(
        "l = { id = 1, type = 'list<#2 struct<#3 a: int, #4 b: text null>>' }\n\
         m = { id = 5, type = 'map<#6 text, #7 int null>' }\n\
         s = { id = 8, type = 'struct<#9 day: date>', nullable = true }\n\
         ---\n\
         l = { id = 1, type = 'list<#2 struct<#3 number: bigint, #4 a: text null, #10 b: int null>>' }\n\
         m = { id = 5, type = 'map<#6 text, #7 double null>' }\n\
         s = { id = 8, type = 'struct<#9 date: timestamp null>', nullable = true }\n",
        r#"{"l": [{"a": 1, "b": "x"}, {"a": 2}], "m": {"k": 5}, "s": {"day": "2024-02-29"}}
           {"l": [], "m": {}}"#,
        expect![[r#"
            +-------------------------------------------------+----------+-----------------------------+
            | l                                               | m        | s                           |
            +-------------------------------------------------+----------+-----------------------------+
            | [{number: 1, a: x, b: }, {number: 2, a: , b: }] | {k: 5.0} | {date: 2024-02-29T00:00:00} |
            | []                                              | {}       |                             |
            +-------------------------------------------------+----------+-----------------------------+
        "#]],
    );
}

#[test]
fn swapped_and_reused_names_follow_the_ids() {
    let versions = versions(
        "a = { id = 1, type = 'int' }\n\
         b = { id = 2, type = 'int' }\n\
         ---\n\
         b = { id = 1, type = 'int' }\n\
         a = { id = 3, type = 'int', default = 0 }\n\
         ---\n\
         a = { id = 2, type = 'int', nullable = true }\n\
         b = { id = 1, type = 'bigint' }\n",
    );
    let first = batch(versions[0].arrow_schema(), r#"{"a": 1, "b": 2}"#);
    expect![[r#"
        +---+---+
        | a | b |
        +---+---+
        | 2 | 1 |
        +---+---+
    "#]]
    .assert_eq(&shown(&first, &versions, 1));
    let second = batch(
        without_ids(&versions[1].arrow_schema()),
        r#"{"b": 1, "a": 3}"#,
    );
    expect![[r#"
        +---+---+
        | a | b |
        +---+---+
        |   | 1 |
        +---+---+
    "#]]
    .assert_eq(&shown(&second, &versions, 2));
}

#[test]
fn values_that_do_not_fit_name_column_row_and_versions() {
    let versions = versions(
        "day = { id = 1, type = 'date', nullable = true }\n\
         l = { id = 2, type = 'list<#3 date>', nullable = true }\n\
         e = { id = 4, type = \"enum('a', 'b')\", nullable = true }\n\
         ---\n\
         day = { id = 1, type = 'timestamp', nullable = true }\n\
         days = { id = 2, type = 'list<#3 timestamp(s)>', nullable = true }\n\
         e = { id = 4, type = \"enum('a', 'b', 'c')\", nullable = true }\n",
    );
    let migrated = |name: &str, column: ArrayRef| {
        let batch = RecordBatch::try_from_iter_with_nullable([(name, column, true)]).unwrap();
        shown(&batch, &versions, 1)
    };
    let days = |days: Vec<Option<i32>>| Arc::new(Date32Array::from(days)) as ArrayRef;
    expect![[r#"
        error: table `app.t`, column `day`, row 1: day 2147483647 since 1970-01-01 is out of the range of Timestamp(µs) (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated("day", days(vec![None, Some(i32::MAX)])));
    expect![[r#"
        +------------------------+------+---+
        | day                    | days | e |
        +------------------------+------+---+
        | -262143-01-01T00:00:00 |      |   |
        | +262142-12-31T00:00:00 |      |   |
        +------------------------+------+---+
    "#]]
    .assert_eq(&migrated(
        "day",
        days(vec![Some(-96_465_292), Some(95_026_236)]),
    ));
    expect![[r#"
        error: table `app.t`, column `day`, row 0: day -96465293 since 1970-01-01 is out of the range of Timestamp(µs) (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated("day", days(vec![Some(-96_465_293)])));
    let labels: ArrayRef = Arc::new(StringArray::from(vec!["a", "d"]));
    expect![[r#"
        error: table `app.t`, column `e`, row 1: `d` is not one of `a`, `b`, `c` (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated("e", labels));
    let item = Arc::new(Field::new("item", DataType::Date32, true));
    let lists = arrow::array::ListArray::new(
        item,
        arrow::buffer::OffsetBuffer::from_lengths([1, 0, 2]),
        days(vec![Some(0), Some(1), Some(95_026_237)]),
        None,
    );
    expect![[r#"
        error: table `app.t`, column `days`, row 2: $[1]: day 95026237 since 1970-01-01 is out of the range of Timestamp(s) (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated("l", Arc::new(lists)));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["2024-01-01"]));
    expect![[r#"
        error: table `app.t`, column `day`: the type is Utf8, but should be Date32 (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated("day", texts));
}

#[test]
fn nulls_and_missing_columns_are_errors() {
    let versions = versions(
        "a = { id = 1, type = 'int', nullable = true }\n\
         b = { id = 2, type = 'int' }\n\
         ---\n\
         a = { id = 1, type = 'int' }\n\
         c = { id = 2, type = 'int' }\n",
    );
    let migrated = |rows: &str, columns: &[usize]| {
        let batch = batch(versions[0].arrow_schema(), rows);
        shown(&batch.project(columns).unwrap(), &versions, 1)
    };
    expect![[r#"
        error: table `app.t`, column `a`, row 1: null, but null is not allowed (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated(r#"{"a": 1, "b": 2} {"b": 3}"#, &[0, 1]));
    expect![[r#"
        error: table `app.t`: the batch lacks column `b` (id 2), which does not allow null (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated(r#"{"a": 1, "b": 2}"#, &[0]));
    expect![[r#"
        error: table `app.t`, column `a`, row 0: null, but null is not allowed (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated(r#"{"a": 1, "b": 2}"#, &[1]));
    expect![[r#"
        error: table `app.t`: 2 fields of the batch match column `b` (id 2): rename or remove all but one (rows of version 1, read as version 2)
    "#]].assert_eq(&migrated(r#"{"a": 1, "b": 2}"#, &[0, 1, 1]));
    expect![[r#"
        error: table `app.t` has no version 3: the current version is 2, and the history has 1
    "#]]
    .assert_eq(&shown(
        &batch(versions[0].arrow_schema(), "{\"b\": 1}"),
        &versions,
        3,
    ));
}

#[test]
fn changes_that_no_rule_allows_are_refused() {
    let change = |from: &str, to: &str| {
        format!("c = {{ id = 1, type = '''{from}''' }}\n---\nc = {{ id = 1, type = '''{to}''' }}\n")
    };
    check_refused(
        &change("bigint", "int"),
        expect![[r#"
        table `app.t`, column `c`: values of type `bigint` cannot be read as `int` (rows of version 1, read as version 2)
    "#]],
    );
    check_refused(
        &change("text", "enum('a', 'b')"),
        expect![[r#"
        table `app.t`, column `c`: values of type `text` cannot be read as `enum('a', 'b')` (rows of version 1, read as version 2)
    "#]],
    );
    check_refused(
        &change("date", "timestamp(ns)"),
        expect![[r#"
        table `app.t`, column `c`: values of type `date` cannot be read as `timestamp(ns)` (rows of version 1, read as version 2)
    "#]],
    );
    check_refused(
        &change("list<#2 int>", "list<#3 int>"),
        expect![[r#"
        table `app.t`, column `c`: $[]: the id is 3, but was 2 (rows of version 1, read as version 2)
    "#]],
    );
    check_refused(
        &change("list<#2 double>", "list<#2 float>"),
        expect![[r#"
        table `app.t`, column `c`: $[]: values of type `double` cannot be read as `float` (rows of version 1, read as version 2)
    "#]],
    );
    check_refused(
        &change("list<#2 int null>", "list<#2 int>"),
        expect![[r#"
        table `app.t`, column `c`: $[]: null is not allowed, but was allowed before (rows of version 1, read as version 2)
    "#]],
    );
    check_refused(
        &change("map<#2 int, #3 int>", "map<#2 bigint, #3 int>"),
        expect![[r#"
            table `app.t`, column `c`: $.key: values of type `int` cannot be read as `bigint` (rows of version 1, read as version 2)
        "#]],
    );
    check_refused(
        &change("struct<#2 a: int, #3 b: int>", "struct<#2 a: int>"),
        expect![[r#"
            table `app.t`, column `c`: $.b: the field with id 3 was dropped: keep it, and allow null (rows of version 1, read as version 2)
        "#]],
    );
    check_refused(
        &change(
            "struct<#2 a: int, #3 b: int>",
            "struct<#3 b: int, #2 a: int>",
        ),
        expect![[r#"
            table `app.t`, column `c`: $.a: the field with id 2 was moved: keep the order of the fields, and add fields at the end (rows of version 1, read as version 2)
        "#]],
    );
    check_refused(
        &change("struct<#2 a: int>", "struct<#2 a: int, #3 b: int>"),
        expect![[r#"
            table `app.t`, column `c`: $.b: missing, but null is not allowed (rows of version 1, read as version 2)
        "#]],
    );
    check_refused(
        &change("struct<#2 a: int>", "list<#2 int>"),
        expect![[r#"
        table `app.t`, column `c`: values of type `struct<#2 a: int>` cannot be read as `list<#2 int>` (rows of version 1, read as version 2)
    "#]],
    );
    check_refused(
        "a = { id = 1, type = 'int' }\n\
         ---\n\
         a = { id = 1, type = 'int' }\n\
         b = { id = 2, type = 'int' }\n",
        expect![[r#"
            table `app.t`, column `b`: missing, but null is not allowed (rows of version 1, read as version 2)
        "#]],
    );
}

#[test]
fn physical_forms_and_slices_are_converted() {
    let versions = versions(
        "s = { id = 1, type = \"enum('a', 'b')\" }\n\
         l = { id = 2, type = 'list<#3 struct<#4 n: int>>' }\n\
         ---\n\
         s = { id = 1, type = \"enum('a', 'b', 'c')\" }\n\
         l = { id = 2, type = 'list<#3 struct<#4 n: double, #5 m: int null>>' }\n",
    );
    let rows = batch(
        versions[0].arrow_schema(),
        r#"{"s": "a", "l": [{"n": 1}]} {"s": "b", "l": []} {"s": "a", "l": [{"n": 2}, {"n": 3}]}"#,
    );
    let rows = rows.slice(1, 2);
    let plain = shown(&rows, &versions, 1);
    expect![[r#"
        +---+--------------------------------+
        | s | l                              |
        +---+--------------------------------+
        | b | []                             |
        | a | [{n: 2.0, m: }, {n: 3.0, m: }] |
        +---+--------------------------------+
    "#]]
    .assert_eq(&plain);
    let encoded = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let item = rows.column(1).as_list::<i32>().value_type();
    let item = Arc::new(Field::new("element", item, true));
    for (text, list) in [
        (encoded, DataType::LargeList(Arc::clone(&item))),
        (DataType::Utf8View, DataType::ListView(item)),
    ] {
        let columns = [
            ("s", cast(rows.column(0), &text).unwrap()),
            ("l", cast(rows.column(1), &list).unwrap()),
        ];
        let other = RecordBatch::try_from_iter(columns).unwrap();
        assert_eq!(shown(&other, &versions, 1), plain);
    }
}

/// The struct of the last version of a compiled table.
#[derive(Clone, Debug, PartialEq, kalamtable_rows::KalamTable)]
#[kalam(table = "app.t", no_primary_key = "a test", version = 2, crate = kalamtable_rows)]
struct Row {
    #[kalam(id = 1)]
    number: i64,
    #[kalam(id = 2, default = "none")]
    note: String,
}

#[test]
fn rows_of_compiled_tables_are_read_after_migration() {
    let history = versions("n = { id = 1, type = 'int' }\n");
    let stored = batch(history[0].arrow_schema(), r#"{"n": 1} {"n": 2}"#);
    let next = <Row as kalamtable_rows::ToArrow>::TABLE.definition;
    let migration = Migration::try_new(&history, 1, next).unwrap();
    let rows = Row::from_batch_by_id(&migration.apply(&stored).unwrap()).unwrap();
    let note = String::from("none");
    assert_eq!(
        rows,
        [
            Row {
                number: 1,
                note: note.clone()
            },
            Row { number: 2, note }
        ]
    );
    let current = batch(next.arrow_schema(), r#"{"number": 3, "note": "x"}"#);
    let same = migrate(&current, &history, 2, next).unwrap();
    assert_eq!(same, current);
    let _: &SchemaRef = migration.schema();
}
