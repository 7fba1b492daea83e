// SPDX-License-Identifier: Apache-2.0

//! [`validate`] against arrays of every type that has rules, in every physical form.

#![deny(warnings)]

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, FixedSizeListArray, Int32Array, LargeStringArray,
    ListArray, MapArray, NullArray, RecordBatch, StringArray, StructArray, Time32SecondArray,
    Time64MicrosecondArray, Time64NanosecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{
    DataType, Field, Fields, Float32Type, Float64Type, Int32Type, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use expect_test::{Expect, expect};
use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_rows::{
    FromArrow, InvalidValue, KalamTable, TimeOfDayMicros, ToArrow, ValueError, cast_exact,
    read_validated, validate, validate_batch,
};
use serde_json::{Value as Json, json};

fn definition(ty: &str, nullable: bool) -> TableDefinition {
    let text = format!(
        "name = \"app.values\"\nno_primary_key = \"only compared\"\n\n\
         [columns]\nvalue = {{ id = 1, type = \"{ty}\", nullable = {nullable} }}\n"
    );
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("values.toml", text));
    let checked = parse_and_check(&sources, id);
    checked.expect("the definition is valid").definition
}

/// Validates `array` as a nullable column of type `ty`.
fn check_nullable(ty: &str, array: &dyn Array) -> Result<(), ValueError> {
    validate(array, &definition(ty, true).columns()[0])
}

/// Compares the error for `array` as a column of type `ty` that may not be null.
fn check(ty: &str, array: &dyn Array, expected: Expect) {
    let result = validate(array, &definition(ty, false).columns()[0]);
    let text = match result {
        Ok(()) => "valid".to_string(),
        Err(error) => format!("value{error}"),
    };
    expected.assert_eq(&text);
}

/// An array of type `ty` from JSON values; a map is an array of pairs.
fn array(ty: &DataType, values: &Json) -> ArrayRef {
    let values: Vec<&Json> = values.as_array().into_iter().flatten().collect();
    array_of(ty, &values)
}

fn array_of(ty: &DataType, values: &[&Json]) -> ArrayRef {
    let nulls = Some(values.iter().map(|value| !value.is_null()).collect());
    let lengths = values
        .iter()
        .map(|value| value.as_array().map_or(0, Vec::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let elements: Vec<&Json> = values
        .iter()
        .filter_map(|value| value.as_array())
        .flatten()
        .collect();
    match ty {
        DataType::List(item) => {
            let elements = array_of(item.data_type(), &elements);
            Arc::new(ListArray::new(Arc::clone(item), offsets, elements, nulls))
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                panic!("the entries of a map are structs");
            };
            let column = |position: usize| {
                let values: Vec<&Json> = elements.iter().map(|entry| &entry[position]).collect();
                array_of(fields[position].data_type(), &values)
            };
            let pairs = StructArray::new(fields.clone(), vec![column(0), column(1)], None);
            Arc::new(MapArray::new(
                Arc::clone(entries),
                offsets,
                pairs,
                nulls,
                false,
            ))
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|field| {
                let values: Vec<&Json> = values.iter().map(|value| &value[field.name()]).collect();
                array_of(field.data_type(), &values)
            });
            Arc::new(StructArray::new(fields.clone(), columns.collect(), nulls))
        }
        ty => {
            let texts = values.iter().map(|value| value.as_str());
            cast(&texts.collect::<StringArray>(), ty).expect("a text of the type")
        }
    }
}

fn texts(values: &[Option<&str>]) -> StringArray {
    values.iter().copied().collect()
}

fn dictionary(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
}

fn run_ends(values: DataType) -> DataType {
    DataType::RunEndEncoded(
        Arc::new(Field::new("run_ends", DataType::Int32, false)),
        Arc::new(Field::new("values", values, true)),
    )
}

fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", item, true)))
}

fn map_of(key: DataType, value: DataType) -> DataType {
    let entries = vec![
        Field::new("keys", key, false),
        Field::new("values", value, true),
    ];
    let entries = Field::new("entries", DataType::Struct(entries.into()), false);
    DataType::Map(Arc::new(entries), false)
}

fn decimals(values: &[Option<i128>]) -> Decimal128Array {
    let array: Decimal128Array = values.iter().copied().collect();
    array.with_data_type(DataType::Decimal128(4, 1))
}

const STATUS: &str = "enum('done', 'new')";

#[test]
fn other_types_are_errors() {
    let numbers = Int32Array::from(vec![1]);
    check("int", &numbers, expect!["valid"]);
    check(
        "bigint",
        &numbers,
        expect!["value: the type is Int32, but should be Int64"],
    );
    check(
        STATUS,
        &numbers,
        expect!["value: the type is Int32, but should be Utf8"],
    );
    let float = cast(&numbers, &DataType::Float32).unwrap();
    check(
        "double",
        &float,
        expect!["value: the type is Float32, but should be Float64"],
    );
}

#[test]
fn nulls() {
    check(
        "int",
        &Int32Array::from(vec![Some(1), None]),
        expect!["value, row 1: null, but null is not allowed"],
    );
    assert!(check_nullable("int", &Int32Array::from(vec![Some(1), None])).is_ok());
    assert!(check_nullable("list<#2 int>", &NullArray::new(3)).is_ok());
    check(
        "list<#2 int>",
        &NullArray::new(3),
        expect!["value, row 0: null, but null is not allowed"],
    );
    check("int", &NullArray::new(0), expect!["valid"]);
}

#[test]
fn labels_of_closed_sets() {
    check(
        STATUS,
        &texts(&[Some("new"), Some("done")]),
        expect!["valid"],
    );
    check(
        STATUS,
        &texts(&[Some("new"), Some("gone")]),
        expect!["value, row 1: `gone` is not one of `done`, `new`"],
    );
    assert!(check_nullable(STATUS, &texts(&[None, Some("done")])).is_ok());
}

#[test]
fn json_and_files_hold_one_json_value() {
    let valid = [r#"{"a": [1, null]}"#, "1", "\"text\"", "null", " [] "].map(Some);
    for ty in ["json", "file"] {
        check(ty, &texts(&valid), expect!["valid"]);
    }
    check(
        "json",
        &texts(&[Some("1"), Some("{a: 1}")]),
        expect!["value, row 1: `{a: 1}` is not valid JSON: key must be a string at character 2"],
    );
    check(
        "file",
        &texts(&[Some("1 2")]),
        expect!["value, row 0: `1 2` is not valid JSON: trailing characters at character 3"],
    );
    check(
        "json",
        &texts(&[Some("")]),
        expect!["value, row 0: `` is not valid JSON: EOF while parsing a value at character 0"],
    );
    check(
        "json",
        &texts(&[Some("[\n1,\n]")]),
        expect![[
            r#"value, row 0: `[\n1,\n]` is not valid JSON: expected value at line 3 column 1"#
        ]],
    );
    check(
        "json",
        &texts(&[Some(&"x".repeat(100))]),
        expect![
            "value, row 0: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..` is not valid JSON: expected value at character 1"
        ],
    );
    check("text", &texts(&[Some("{a: 1}")]), expect!["valid"]);
}

#[test]
fn decimals_have_no_more_digits_than_their_type() {
    let ty = "decimal(4, 1)";
    check(
        ty,
        &decimals(&[Some(9_999), Some(-9_999)]),
        expect!["valid"],
    );
    check(
        ty,
        &decimals(&[Some(0), Some(10_000)]),
        expect!["value, row 1: 100.0 is out of the range of decimal(4, 1)"],
    );
    check(
        ty,
        &decimals(&[Some(-10_000)]),
        expect!["value, row 0: -100.0 is out of the range of decimal(4, 1)"],
    );
}

#[test]
fn embeddings_have_no_nulls() {
    let embedding = |values: Vec<Option<Vec<Option<f32>>>>| {
        arrow::array::FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(values, 2)
    };
    let ty = "embedding(2)";
    let valid = embedding(vec![Some(vec![Some(1.0), Some(2.0)]), None]);
    assert!(check_nullable(ty, &valid).is_ok());
    check(
        ty,
        &valid,
        expect!["value, row 1: null, but null is not allowed"],
    );
    let invalid = embedding(vec![
        Some(vec![Some(1.0), Some(2.0)]),
        Some(vec![Some(1.0), None]),
    ]);
    check(
        ty,
        &invalid,
        expect!["value, row 1: $[1]: null, but null is not allowed"],
    );
    check(
        ty,
        &invalid.slice(1, 1),
        expect!["value, row 0: $[1]: null, but null is not allowed"],
    );
    check(ty, &invalid.slice(0, 1), expect!["valid"]);
    check(
        "embedding(3)",
        &invalid,
        expect![
            "value: the type is FixedSizeList(2 x Float32), but should be FixedSizeList(3 x non-null Float32)"
        ],
    );
}

#[test]
fn map_keys_are_unique() {
    let ty = "map<#2 text, #3 enum('done', 'new') null>";
    let map = map_of(DataType::Utf8, DataType::Utf8);
    let values = json!([[["a", "new"], ["b", null]], [], [["a", "done"]]]);
    check(ty, &array(&map, &values), expect!["valid"]);
    let values = json!([[["a", "new"]], [["b", "new"], ["a", "done"], ["b", "new"]]]);
    let twice = array(&map, &values);
    check(
        ty,
        &twice,
        expect!["value, row 1: $[2]: the map has this key twice"],
    );
    check(
        ty,
        &twice.slice(1, 1),
        expect!["value, row 0: $[2]: the map has this key twice"],
    );
    check(ty, &twice.slice(0, 1), expect!["valid"]);
    let values = json!([[], [["b", "new"], ["a", "gone"]]]);
    check(
        ty,
        &array(&map, &values),
        expect!["value, row 1: $[1]: `gone` is not one of `done`, `new`"],
    );
}

#[test]
fn values_are_found_at_any_depth() {
    let ty = "struct<#2 routes: list<#3 struct<#4 topic: enum('done', 'new'), #5 cost: decimal(4, 1) null>> null>";
    let route = DataType::Struct(
        vec![
            Field::new("topic", DataType::Utf8, true),
            Field::new("cost", DataType::Decimal128(4, 1), true),
        ]
        .into(),
    );
    let routes = list_of(route);
    let strukt = DataType::Struct(vec![Field::new("routes", routes, true)].into());
    let values = json!([
        {"routes": [{"topic": "new", "cost": null}, {"topic": "done", "cost": "1.5"}]},
        {"routes": null},
        {"routes": []},
        {"routes": [{"topic": "new"}, {"topic": "done"}, {"topic": "new"}, {"topic": "gone"}]},
        {"routes": [{"topic": null}]},
        {"routes": [null]},
    ]);
    let array = array(&strukt, &values);
    check(ty, &array.slice(0, 3), expect!["valid"]);
    check(
        ty,
        &array,
        expect!["value, row 3: $.routes[3].topic: `gone` is not one of `done`, `new`"],
    );
    check(
        ty,
        &array.slice(2, 2),
        expect!["value, row 1: $.routes[3].topic: `gone` is not one of `done`, `new`"],
    );
    check(
        ty,
        &array.slice(4, 2),
        expect!["value, row 0: $.routes[0].topic: null, but null is not allowed"],
    );
    check(
        ty,
        &array.slice(5, 1),
        expect!["value, row 0: $.routes[0]: null, but null is not allowed"],
    );
}

#[test]
fn values_inside_a_null_do_not_count() {
    // A struct that is null, whose field is neither null nor a label.
    let fields = Fields::from(vec![Field::new("status", DataType::Utf8, true)]);
    let hidden = |nulls: Vec<bool>| {
        let columns: Vec<ArrayRef> = vec![Arc::new(texts(&[Some("gone"), None, Some("new")]))];
        StructArray::new(fields.clone(), columns, Some(NullBuffer::from(nulls)))
    };
    let ty = "struct<#2 status: enum('done', 'new')>";
    assert!(check_nullable(ty, &hidden(vec![false, false, true])).is_ok());
    let error = check_nullable(ty, &hidden(vec![false, true, true])).unwrap_err();
    assert_eq!(
        error.to_string(),
        ", row 1: $.status: null, but null is not allowed"
    );
    let error = check_nullable(ty, &hidden(vec![true, false, true])).unwrap_err();
    assert_eq!(error.index(), Some(0));

    // The same struct as the element of lists, the first of which is null.
    let elements = hidden(vec![true, true, true]);
    let item = Arc::new(Field::new("item", elements.data_type().clone(), true));
    let lists = |nulls: Vec<bool>| {
        let offsets = OffsetBuffer::from_lengths([2, 1]);
        let nulls = Some(NullBuffer::from(nulls));
        ListArray::new(
            Arc::clone(&item),
            offsets,
            Arc::new(elements.clone()),
            nulls,
        )
    };
    let ty = format!("list<#3 {}>", ty);
    assert!(check_nullable(&ty, &lists(vec![false, true])).is_ok());
    assert!(check_nullable(&ty, &lists(vec![true, true]).slice(1, 1)).is_ok());
    let error = check_nullable(&ty, &lists(vec![true, true])).unwrap_err();
    assert_eq!(
        error.to_string(),
        ", row 0: $[1].status: null, but null is not allowed"
    );
}

#[test]
fn every_physical_form_is_checked() {
    let valid = texts(&[Some("new"), Some("new"), Some("done")]);
    let invalid = texts(&[Some("new"), Some("new"), Some("gone")]);
    let null = texts(&[Some("new"), Some("new"), None]);
    for form in [
        DataType::LargeUtf8,
        DataType::Utf8View,
        dictionary(DataType::Utf8),
        dictionary(DataType::LargeUtf8),
        run_ends(DataType::Utf8),
    ] {
        let in_form = |array: &StringArray| cast(array, &form).unwrap();
        let column = |array: &StringArray| {
            validate(&in_form(array), &definition(STATUS, false).columns()[0])
        };
        assert!(column(&valid).is_ok(), "{form}");
        let error = column(&invalid).unwrap_err();
        assert_eq!(error.index(), Some(2), "{form}");
        assert!(
            matches!(error.reason(), InvalidValue::NotALabel { .. }),
            "{form}"
        );
        let error = column(&null).unwrap_err();
        assert_eq!(error.index(), Some(2), "{form}");
        assert!(matches!(error.reason(), InvalidValue::Null), "{form}");
        assert!(check_nullable(STATUS, &in_form(&null)).is_ok(), "{form}");
        let sliced = in_form(&invalid).slice(1, 2);
        assert_eq!(
            check_nullable(STATUS, &sliced).unwrap_err().index(),
            Some(1),
            "{form}"
        );
        assert!(
            check_nullable(STATUS, &in_form(&invalid).slice(0, 2)).is_ok(),
            "{form}"
        );
    }
}

#[test]
fn every_physical_form_of_a_list_is_checked() {
    let values = json!([["new"], ["done", "new"], [], ["new", "gone"]]);
    let lists = array(&list_of(DataType::Utf8), &values);
    let item = |ty| Arc::new(Field::new("item", ty, true));
    let ty = "list<#2 enum('done', 'new')>";
    for form in [
        DataType::List(item(dictionary(DataType::Utf8))),
        DataType::LargeList(item(DataType::Utf8View)),
        DataType::ListView(item(DataType::Utf8)),
        DataType::LargeListView(item(DataType::LargeUtf8)),
    ] {
        let lists = cast(&lists, &form).unwrap();
        assert!(check_nullable(ty, &lists.slice(0, 3)).is_ok(), "{form}");
        let error = check_nullable(ty, &lists).unwrap_err().to_string();
        assert_eq!(
            error, ", row 3: $[1]: `gone` is not one of `done`, `new`",
            "{form}"
        );
    }
}

/// A slice is valid if each of its rows is, and the error names a row that is not.
#[test]
fn slices_agree_with_single_rows() {
    let ty = "list<#2 struct<#3 a: enum('done', 'new'), #4 b: map<#5 text, #6 json> null> null>";
    let strukt = DataType::Struct(
        vec![
            Field::new("a", DataType::Utf8, true),
            Field::new("b", map_of(DataType::Utf8, DataType::Utf8), true),
        ]
        .into(),
    );
    let values = json!([
        [{"a": "new", "b": [["x", "1"], ["y", "2"]]}, null],
        null,
        [{"a": "new", "b": [["x", "1"], ["x", "2"]]}],
        [],
        [{"a": "done"}],
        [null, {"a": "done", "b": [["x", "{"]]}],
        [null, {"a": null}],
        [{"a": "new", "b": []}, {"a": "new", "b": [["y", null]]}],
        [{"a": "new", "b": [["y", "[]"]]}],
    ]);
    let array = array(&list_of(strukt), &values);
    let definition = definition(ty, true);
    let column = &definition.columns()[0];
    let rows: Vec<bool> = (0..array.len() as u32)
        .map(|row| {
            let row = take(&array, &UInt32Array::from(vec![row]), None).unwrap();
            validate(&row, column).is_ok()
        })
        .collect();
    assert_eq!(
        rows,
        [true, true, false, true, true, false, false, false, true]
    );
    for begin in 0..array.len() {
        for end in begin..=array.len() {
            let result = validate(&array.slice(begin, end - begin), column);
            let bad = (begin..end).find(|&row| !rows[row]).map(|row| row - begin);
            assert_eq!(result.is_ok(), bad.is_none(), "{begin}..{end}");
            if let Err(error) = result {
                assert!(
                    !rows[begin + error.index().unwrap()],
                    "{begin}..{end}: {error}"
                );
            }
        }
    }
}

#[test]
fn columns_of_a_batch_are_validated_and_converted() {
    let definition = definition("list<#2 json>", false);
    let schema = Arc::new(definition.arrow_schema());
    let values = |second| {
        let lists = array(&list_of(DataType::Utf8), &json!([["1"], [second]]));
        let item = Field::new("item", DataType::Utf8View, true);
        cast(&lists, &DataType::LargeList(Arc::new(item))).unwrap()
    };
    let batch = validate_batch(&definition, &schema, &[values("[]")], 2).unwrap();
    assert_eq!(batch.schema(), schema);
    assert_eq!(batch.num_rows(), 2);

    let expected = "table `app.values`, column `value`, row 1: $[0]: `[` is not valid JSON: \
                    EOF while parsing a list at character 1";
    let error = validate_batch(&definition, &schema, &[values("[")], 2).unwrap_err();
    assert_eq!(error.to_string(), expected);

    let nulls: ArrayRef = Arc::new(NullArray::new(2));
    let error = validate_batch(&definition, &schema, &[nulls], 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table `app.values`, column `value`, row 0: null, but null is not allowed"
    );
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.documents", no_primary_key = "only compared", crate = kalamtable_rows)]
struct Document {
    title: String,
    #[kalam(type = "json")]
    content: Option<String>,
}

#[test]
fn json_of_rows_is_validated_on_request() {
    let document = |content: Option<&str>| Document {
        title: "{".to_string(),
        content: content.map(str::to_string),
    };
    let rows = [document(None), document(Some("[1]"))];
    let batch = Document::to_batch(&rows).unwrap();
    assert_eq!(read_validated::<Document>(&batch).unwrap(), rows);

    let rows = [document(None), document(Some("[1"))];
    let batch = Document::to_batch(&rows).unwrap();
    assert_eq!(Document::from_batch(&batch).unwrap(), rows);
    let error = read_validated::<Document>(&batch).unwrap_err().to_string();
    assert_eq!(
        error,
        "table `app.documents`, column `content`, row 1: `[1` is not valid JSON: EOF while parsing \
         a list at character 2"
    );
}

#[test]
fn time_of_day_is_within_a_day() {
    let times = |values: Vec<Option<i64>>| Time64MicrosecondArray::from(values);
    assert!(check_nullable("time", &times(vec![Some(0), None, Some(86_399_999_999)])).is_ok());
    check(
        "time",
        &times(vec![Some(0), Some(86_400_000_000)]),
        expect![
            "value, row 1: 86400000000 microseconds after midnight is out of the range of a time of day, which is from 00:00 to before 24:00"
        ],
    );
    check(
        "time",
        &times(vec![Some(-1)]),
        expect![
            "value, row 0: -1 microseconds after midnight is out of the range of a time of day, which is from 00:00 to before 24:00"
        ],
    );
    check(
        "arrow:Time32(s)",
        &Time32SecondArray::from(vec![86_400]),
        expect![
            "value, row 0: 86400 seconds after midnight is out of the range of a time of day, which is from 00:00 to before 24:00"
        ],
    );
    let item = Field::new("item", DataType::Time64(TimeUnit::Microsecond), false);
    let lists = ListArray::new(
        Arc::new(item),
        OffsetBuffer::from_lengths([1, 2]),
        Arc::new(times(vec![Some(0), Some(1), Some(-5)])),
        None,
    );
    check(
        "list<#2 time>",
        &lists,
        expect![
            "value, row 1: $[1]: -5 microseconds after midnight is out of the range of a time of day, which is from 00:00 to before 24:00"
        ],
    );
}

/// A row with a time.
#[derive(Clone, Debug, KalamTable, PartialEq)]
#[kalam(
    table = "app.alarms",
    no_primary_key = "only converted",
    crate = kalamtable_rows
)]
struct Alarm {
    #[kalam(id = 1)]
    at: TimeOfDayMicros,
    #[kalam(id = 2)]
    again: Option<TimeOfDayMicros>,
}

#[test]
fn rows_and_batches_reject_a_time_of_24_hours() {
    let (midnight, late) = (
        TimeOfDayMicros::new(0),
        TimeOfDayMicros::new(86_400_000_000),
    );
    let alarm = |at, again| Alarm { at, again };
    for (row, column) in [
        (alarm(late, None), "at"),
        (alarm(midnight, Some(late)), "again"),
    ] {
        let error = Alarm::to_batch(&[alarm(midnight, None), row])
            .unwrap_err()
            .to_string();
        let expected = format!("table `app.alarms`, column `{column}`, row 1: 86400000000");
        assert!(error.starts_with(&expected), "{error}");
    }
    let batch = Alarm::to_batch(&[alarm(midnight, None), alarm(midnight, Some(midnight))]).unwrap();
    for (index, column) in ["at", "again"].into_iter().enumerate() {
        let mut columns = batch.columns().to_vec();
        columns[index] = Arc::new(Time64MicrosecondArray::from(vec![0, -1]));
        let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        let error = Alarm::from_batch(&batch).unwrap_err().to_string();
        let expected = format!("table `app.alarms`, column `{column}`, row 1: -1 microseconds");
        assert!(error.starts_with(&expected), "{error}");
    }
}

/// Returns the array that `validate_batch` returns for a column of type `ty`.
fn converted(ty: &str, array: ArrayRef) -> Result<ArrayRef, String> {
    let definition = definition(ty, true);
    let schema = Arc::new(definition.arrow_schema());
    let rows = array.len();
    let batch = validate_batch(&definition, &schema, &[array], rows);
    batch
        .map(|batch| Arc::clone(batch.column(0)))
        .map_err(|error| error.to_string())
}

#[test]
fn validated_batch_has_the_forms_that_rows_are_read_from() {
    // Times of another unit.
    let millis: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![Some(5), None]));
    let found = converted("timestamp", millis).unwrap();
    assert_eq!(
        found.as_primitive::<TimestampMicrosecondType>(),
        &TimestampMicrosecondArray::from(vec![Some(5_000), None])
    );
    let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![5_000, 5_001]));
    assert_eq!(
        converted("timestamp", nanos).unwrap_err(),
        "table `app.values`, column `value`, row 1: 5001 nanoseconds cannot be represented \
         exactly in microseconds"
    );
    let nanos: ArrayRef = Arc::new(Time64NanosecondArray::from(vec![7_000]));
    let found = converted("time", nanos).unwrap();
    assert_eq!(
        found.as_primitive::<Time64MicrosecondType>().values()[..],
        [7]
    );
    // Structs whose fields have another order, and lack a nullable one.
    let field = |name, ty| Arc::new(Field::new(name, ty, true));
    let structs: ArrayRef = Arc::new(StructArray::from(vec![
        (
            field("y", DataType::Int32),
            Arc::new(Int32Array::from(vec![2])) as ArrayRef,
        ),
        (
            field("x", DataType::LargeUtf8),
            Arc::new(LargeStringArray::from(vec!["a"])) as _,
        ),
    ]));
    let ty = "struct<#2 x: text, #3 y: int, #4 z: int null>";
    let found = converted(ty, Arc::clone(&structs)).unwrap();
    let found = found.as_struct();
    assert_eq!(found.column(0).as_string::<i32>().value(0), "a");
    assert_eq!(found.column(1).as_primitive::<Int32Type>().value(0), 2);
    assert!(found.column(2).is_null(0));
    let missing = converted("struct<#2 x: text, #3 w: int>", structs).unwrap_err();
    assert_eq!(
        missing,
        "table `app.values`, column `value`: $.w: missing, but null is not allowed"
    );
    // Lists of one length.
    let lists = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        vec![Some(vec![Some(1), Some(2)]), None],
        2,
    );
    let found = converted("list<#2 int null>", Arc::new(lists)).unwrap();
    assert_eq!(found.as_list::<i32>().value(0).len(), 2);
    assert!(found.is_null(1));
    // Another type is an error that names the column.
    assert_eq!(
        converted("int", Arc::new(StringArray::from(vec!["1"]))).unwrap_err(),
        "table `app.values`, column `value`: the type is Utf8, but should be Int32"
    );
}

/// Casts texts to `from`, and then exactly to a column of type `to`. Returns the values as text.
fn exact(from: &DataType, texts: &[&str], to: &str) -> Result<Vec<String>, String> {
    let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let array = cast(&texts, from).unwrap();
    let found = cast_exact(&array, &definition(to, true).columns()[0])
        .map_err(|error| format!("value{error}"))?;
    let found = cast(&found, &DataType::Utf8).unwrap();
    let found = found.as_string::<i32>().iter();
    Ok(found
        .map(|text| text.unwrap_or("null").to_string())
        .collect())
}

#[test]
fn exact_cast_keeps_the_value_or_fails_with_its_row() {
    use DataType::{Decimal128, Float64, Int64, Utf8};
    let ok = |from: &DataType, texts: &[&str], to: &str, expected: &[&str]| {
        assert_eq!(exact(from, texts, to).unwrap(), expected, "{from} to {to}");
    };
    let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
    ok(&Float64, &["2.0", "-3"], "int", &["2", "-3"]);
    ok(
        &Float64,
        &["1.25", "0.1"],
        "decimal(10, 2)",
        &["1.25", "0.10"],
    );
    ok(
        &Float64,
        &["0.1", "NaN", "16777216"],
        "float",
        &["0.1", "NaN", "16777216.0"],
    );
    ok(&Int64, &["16777216"], "float", &["16777216.0"]);
    ok(&Decimal128(10, 3), &["1.230"], "decimal(10, 2)", &["1.23"]);
    ok(&Decimal128(10, 1), &["0.1"], "double", &["0.1"]);
    ok(
        &Utf8,
        &["1.230", "100", "-7"],
        "decimal(10, 2)",
        &["1.23", "100.00", "-7.00"],
    );
    ok(
        &Utf8,
        &["0.1", "1e-300", "16777217"],
        "double",
        &["0.1", "1e-300", "16777217.0"],
    );
    ok(
        &nanos,
        &["2024-01-01T00:00:00.001"],
        "timestamp(ms)",
        &["2024-01-01T00:00:00.001"],
    );
    ok(
        &Utf8,
        &["2024-01-01 00:00:00.0010"],
        "timestamp(ms)",
        &["2024-01-01T00:00:00.001"],
    );
    ok(&nanos, &["2024-01-01T00:00:00"], "date", &["2024-01-01"]);
    ok(&Int64, &["1", "0"], "boolean", &["true", "false"]);
    ok(&Int64, &["12"], "text", &["12"]);

    let fails = |from: &DataType, texts: &[&str], to: &str, reason: &str| {
        let error = exact(from, texts, to).unwrap_err();
        let expected = format!("value, row {}: {reason}", texts.len() - 1);
        assert!(error.starts_with(&expected), "{from} to {to}: {error}");
    };
    fails(
        &Float64,
        &["NaN"],
        "bigint",
        "NaN is out of the range of Int64",
    );
    fails(
        &Float64,
        &["1e10"],
        "int",
        "10000000000.0 is out of the range of Int32",
    );
    fails(
        &Int64,
        &["300"],
        "tinyint",
        "300 is out of the range of Int8",
    );
    fails(&Utf8, &["2.7"], "int", "`2.7` is not a value of type Int32");
    fails(&Utf8, &["x"], "int", "`x` is not a value of type Int32");
    let lossy = |from: &DataType, texts: &[&str], to: &str, value: &str| {
        fails(
            from,
            texts,
            to,
            &format!("{value} cannot be represented exactly as "),
        );
    };
    lossy(&Float64, &["2", "2.7"], "int", "2.7");
    lossy(&Float64, &["1.25", "1.239"], "decimal(10, 2)", "1.239");
    lossy(&Float64, &["16777217"], "float", "16777217.0");
    lossy(&Float64, &["1e300"], "float", "1e300");
    lossy(&Float64, &["1e-300"], "float", "1e-300");
    lossy(&Int64, &["16777217"], "float", "16777217");
    lossy(&Int64, &["9007199254740993"], "double", "9007199254740993");
    lossy(
        &Int64,
        &["9223372036854775807"],
        "double",
        "9223372036854775807",
    );
    lossy(&Int64, &["2"], "boolean", "2");
    lossy(&Decimal128(10, 3), &["1.239"], "decimal(10, 2)", "1.239");
    lossy(&Decimal128(10, 3), &["1.500"], "int", "1.500");
    lossy(&Utf8, &["1.2", "1.239"], "decimal(10, 2)", "1.239");
    lossy(&Utf8, &["16777217"], "float", "16777217");
    lossy(&Utf8, &["1e-400"], "double", "1e-400");
    lossy(
        &Utf8,
        &["2024-01-01T00:00:00.0001"],
        "timestamp(ms)",
        "2024-01-01T00:00:00.0001",
    );
    lossy(
        &Utf8,
        &["2024-01-01T10:00:00"],
        "date",
        "2024-01-01T10:00:00",
    );
    lossy(&Utf8, &["00:00:00.0000001"], "time", "00:00:00.0000001");
    lossy(
        &nanos,
        &["2024-01-01T00:00:00.000000001"],
        "timestamp",
        "2024-01-01T00:00:00.000000001",
    );
    lossy(
        &nanos,
        &["2024-01-01T10:00:00"],
        "date",
        "2024-01-01T10:00:00",
    );
}

#[test]
fn exact_cast_finds_a_value_inside_a_list() {
    let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(vec![
        Some(vec![Some(1.0)]),
        None,
        Some(vec![Some(3.0), None, Some(2.7)]),
    ]);
    let column = &definition("list<#2 int null>", true).columns()[0].clone();
    let array: ArrayRef = Arc::new(lists);
    let error = cast_exact(&array, column).unwrap_err().to_string();
    assert!(
        error.starts_with(", row 2: $[2]: 2.7 cannot be represented exactly as Int32"),
        "{error}"
    );
    let found = cast_exact(&array.slice(0, 2), column).unwrap();
    assert!(validate(&found, column).is_ok());
}

#[test]
fn exact_cast_finds_a_value_inside_a_map() {
    let doubles = DataType::Map(
        Arc::new(Field::new(
            "entries",
            DataType::Struct(Fields::from(vec![
                Field::new("keys", DataType::Int64, false),
                Field::new("values", DataType::Float64, true),
            ])),
            false,
        )),
        false,
    );
    let entries = |values: [&str; 3]| {
        json!([
            [["1", values[0]], ["2", null_of(values[1])]],
            null,
            [["300", values[2]]]
        ])
    };
    fn null_of(text: &str) -> Option<&str> {
        (!text.is_empty()).then_some(text)
    }
    let exact = |ty: &str, values| {
        let column = &definition(ty, true).columns()[0].clone();
        cast_exact(&array(&doubles, &entries(values)), column).map(|found| {
            assert!(validate(&found, column).is_ok());
            Arc::clone(found.as_map().values())
        })
    };
    let found = exact("map<#2 int, #3 int null>", ["1.0", "", "3"]).unwrap();
    assert_eq!(
        found.as_primitive::<Int32Type>(),
        &Int32Array::from(vec![Some(1), None, Some(3)])
    );
    let error = exact("map<#2 int, #3 int null>", ["1.0", "", "3.5"]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(", row 2: $[0]: 3.5 cannot be represented"),
        "{error}"
    );
    let error = exact("map<#2 tinyint, #3 int null>", ["1.0", "", "3"]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(", row 2: $[0].key: 300 is out of the range"),
        "{error}"
    );
}

#[test]
fn exact_cast_parses_uuids() {
    let text = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let column = &definition("uuid", true).columns()[0].clone();
    let array: ArrayRef = Arc::new(StringArray::from(vec![Some(text), None]));
    let found = cast_exact(&array, column).unwrap();
    assert_eq!(
        found.as_fixed_size_binary().value(0)[..4],
        [0x67, 0xe5, 0x50, 0x44]
    );
    let array: ArrayRef = Arc::new(StringArray::from(vec![text, "67e5"]));
    let error = cast_exact(&array, column).unwrap_err().to_string();
    assert!(
        error.starts_with(", row 1: `67e5` is not a uuid"),
        "{error}"
    );
}
