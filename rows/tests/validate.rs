// SPDX-License-Identifier: Apache-2.0

//! [`validate`] against arrays of every type that has rules, in every physical form.

#![deny(warnings)]

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Decimal128Array, Int32Array, ListArray, MapArray, NullArray, StringArray,
    StructArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Fields, Float32Type};
use expect_test::{Expect, expect};
use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_rows::{
    FromArrow, InvalidValue, KalamTable, ToArrow, ValueError, read_validated, validate,
    validate_batch,
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
