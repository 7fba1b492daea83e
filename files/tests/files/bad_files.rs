// SPDX-License-Identifier: Apache-2.0

//! Files that do not fit their definition, with the full text of each error.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Int32Array, Int64Array, LargeStringArray, ListArray, StringArray,
    StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use expect_test::{Expect, expect};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArrayType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::support::{DataFolder, check_query};

fn check_csv(content: impl AsRef<[u8]>, expect: Expect) {
    let folder = DataFolder::with_orders();
    folder.write("data/orders.csv", content);
    check_query(&folder, "SELECT * FROM app.orders", expect);
}

/// Checks rows after a valid header.
fn check_csv_rows(rows: &str, expect: Expect) {
    check_csv(format!("id,price,note,state,items\n{rows}"), expect);
}

fn check_ndjson(content: impl AsRef<[u8]>, expect: Expect) {
    let folder = DataFolder::with_orders();
    folder.write("data/orders.ndjson", content);
    check_query(&folder, "SELECT * FROM app.orders", expect);
}

/// Checks an object on the second line with one member that replaces or adds to the valid ones.
fn check_ndjson_with(key: &str, value: &str, expect: Expect) {
    let valid = [("id", "2"), ("note", "\"\""), ("state", "\"open\"")];
    let mut members: Vec<String> = valid
        .iter()
        .filter(|(name, _)| *name != key)
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    members.push(format!("\"{key}\": {value}"));
    let first = r#"{"id": 1, "note": "", "state": "open"}"#;
    check_ndjson(format!("{first}\n{{{}}}\n", members.join(", ")), expect);
}

#[test]
fn csv_without_a_header() {
    check_csv(
        "",
        expect![[r#"
            error: data/orders.csv: the file has no header: begin it with the line `id,price,note,state,items`
        "#]],
    );
}

#[test]
fn csv_header_with_an_unknown_column() {
    check_csv(
        "id,price,notes,state,items\n",
        expect![[r#"
            error: data/orders.csv:1: `notes` in the header is not a column of `app.orders`; did you mean `note`?
        "#]],
    );
}

#[test]
fn csv_header_without_a_column() {
    check_csv(
        "id,note\n",
        expect![[r#"
            error: data/orders.csv:1: the header lacks `state`, without a default and not nullable
        "#]],
    );
}

#[test]
fn csv_header_with_a_column_twice() {
    check_csv(
        "id,price,note,state,items,id\n",
        expect![[r#"
            error: data/orders.csv:1: `id` occurs twice in the header
        "#]],
    );
}

#[test]
fn csv_with_other_separators() {
    check_csv(
        "id;price;note;state;items\n1;;;open;\n",
        expect![[r#"
            error: data/orders.csv:1: `id;price;note;state;items` in the header is not a column of `app.orders`; fields are separated by commas
        "#]],
    );
}

#[test]
fn csv_row_with_too_few_fields() {
    check_csv_rows(
        "1,,,open,\n2,,\n",
        expect![[r#"
        error: data/orders.csv:3: the row has 3 fields, but the header has 5
    "#]],
    );
}

#[test]
fn csv_text_after_a_quoted_field() {
    check_csv_rows(
        "1,,\"a\"b,open,\n",
        expect![[r#"
            error: data/orders.csv:2: text follows the closing quote of a field: write a quote inside a quoted field twice
        "#]],
    );
}

#[test]
fn csv_quote_in_an_unquoted_field() {
    check_csv_rows(
        "1,,5\" disk,open,\n",
        expect![[r#"
            error: data/orders.csv:2: an unquoted field contains a quote: put the field in quotes, and write the inner quote twice
        "#]],
    );
}

#[test]
fn csv_quote_that_is_never_closed() {
    check_csv_rows(
        "1,,a,open,\n2,,\"a,open,\n3,,a,open,\n",
        expect![[r#"
        error: data/orders.csv:3: a field begins with a quote that is never closed
    "#]],
    );
}

#[test]
fn csv_that_is_not_utf8() {
    check_csv(
        b"id,price,note,state,items\n1,,\xfc,open,\n",
        expect![[r#"
        error: data/orders.csv:2: the line is not UTF-8: byte 0xfc at offset 3
    "#]],
    );
}

#[test]
fn csv_integer_with_a_fraction() {
    check_csv_rows(
        "1,,,open,\n1.5,,,open,\n",
        expect![[r#"
            error: data/orders.csv:3: row 2, column `id` (int): `1.5` is not a whole number
        "#]],
    );
}

#[test]
fn csv_number_out_of_range() {
    check_csv_rows(
        "2147483648,,,open,\n",
        expect![[r#"
        error: data/orders.csv:2: row 1, column `id` (int): `2147483648` is out of range
    "#]],
    );
}

#[test]
fn csv_decimal_that_would_be_rounded() {
    check_csv_rows(
        "1,1.500,,open,\n2,1.505,,open,\n",
        expect![[r#"
        error: data/orders.csv:3: row 2, column `price` (decimal(6, 2)): `1.505` has more than 2 digits after the point, and would have to be rounded
    "#]],
    );
}

#[test]
fn csv_decimal_with_too_many_digits() {
    check_csv_rows(
        "1,9999.99,,open,\n2,10000,,open,\n",
        expect![[r#"
        error: data/orders.csv:3: row 2, column `price` (decimal(6, 2)): `10000` has more than 4 digits before the point
    "#]],
    );
}

#[test]
fn csv_null_in_a_required_column() {
    check_csv_rows(
        "1,,,open,\n,,,open,\n",
        expect![[r#"
        error: data/orders.csv:3: row 2, column `id` (int): empty, which is null, but the definition does not allow null
    "#]],
    );
}

#[test]
fn csv_unknown_label() {
    check_csv_rows(
        "1,,,opne,\n",
        expect![[r#"
            error: data/orders.csv:2: row 1, column `state` (enum('open', 'closed')): `opne` is not a label of the enum; did you mean `open`?
        "#]],
    );
}

#[test]
fn csv_nested_value_that_is_not_json() {
    check_csv_rows(
        "1,,,open,sku\n",
        expect![[r#"
        error: data/orders.csv:2: row 1, column `items` (list<#6 struct<#7 sku: text, #8 count: int null>>): `sku` is not valid JSON: expected value at character 1
    "#]],
    );
}

#[test]
fn csv_nested_value_of_the_wrong_kind() {
    check_csv_rows(
        "1,,,open,\"[{\"\"sku\"\": \"\"a\"\"}, {\"\"sku\"\": 1}]\"\n",
        expect![[r#"
            error: data/orders.csv:2: row 1, column `items` (list<#6 struct<#7 sku: text, #8 count: int null>>): at `$[1].sku`: `1` is a number, not a string
        "#]],
    );
}

#[test]
fn csv_line_counts_the_lines_of_quoted_fields() {
    check_csv_rows(
        "1,,\"a\nb\r\nc\",open,\n\nx,,,open,\n",
        expect![[r#"
        error: data/orders.csv:6: row 2, column `id` (int): `x` is not a whole number
    "#]],
    );
}

#[test]
fn csv_error_is_the_first_bad_value_in_the_file() {
    check_csv_rows(
        "1,,,open,\n2,,,ajar,\nx,,,open,\n",
        expect![[r#"
            error: data/orders.csv:3: row 2, column `state` (enum('open', 'closed')): `ajar` is not a label of the enum
        "#]],
    );
}

#[test]
fn csv_bad_value_after_the_first_batch() {
    let mut rows: String = (1..20_000).map(|id| format!("{id},,,open,\n")).collect();
    rows.push_str("x,,,open,\n");
    check_csv_rows(
        &rows,
        expect![[r#"
        error: data/orders.csv:20001: row 20000, column `id` (int): `x` is not a whole number
    "#]],
    );
}

#[test]
fn csv_column_of_a_type_without_text_form() {
    let folder = DataFolder::new();
    let definition = r#"
        name = "app.spans"
        no_primary_key = "a test"
        row = "Span"
        [columns]
        length = { id = 1, type = "arrow:Duration(s)" }
    "#;
    folder.write("schemas/spans.toml", definition);
    folder.write("data/spans.csv", "length\n1\n");
    check_query(
        &folder,
        "SELECT 1",
        expect![[r#"
        error: data/spans.csv: column `length` (arrow:Duration(s)) cannot be read from text: use Parquet
        "#]],
    );
}

#[test]
fn ndjson_line_that_is_not_json() {
    check_ndjson(
        "{\"id\": 1,\n\"note\": \"\"}\n",
        expect![[r#"
        error: data/orders.ndjson:1: the line is not valid JSON: EOF while parsing an object at character 9; each line must hold one whole object: `{"id": 1,`
    "#]],
    );
}

#[test]
fn ndjson_line_with_an_array() {
    check_ndjson(
        "[{\"id\": 1}]\n",
        expect![[r#"
        error: data/orders.ndjson:1: each line must hold one object with a value for each column, not `[{"id": 1}]`
    "#]],
    );
}

#[test]
fn ndjson_unknown_key() {
    check_ndjson_with(
        "stat",
        "\"open\"",
        expect![[r#"
            error: data/orders.ndjson:2: `stat` is not a column of `app.orders`; did you mean `state`?
        "#]],
    );
}

#[test]
fn ndjson_key_twice() {
    check_ndjson(
        "{\"id\": 1, \"id\": 1}\n",
        expect![[r#"
            error: data/orders.ndjson:1: the key `id` occurs twice
        "#]],
    );
}

#[test]
fn ndjson_missing_key() {
    check_ndjson(
        "\n{\"id\": 1, \"state\": \"open\"}\n",
        expect![[r#"
        error: data/orders.ndjson:2: row 1, column `note` (text): missing, but the definition does not allow null
    "#]],
    );
}

#[test]
fn ndjson_null_in_a_required_column() {
    check_ndjson_with(
        "note",
        "null",
        expect![[r#"
        error: data/orders.ndjson:2: row 2, column `note` (text): null, but the definition does not allow null
    "#]],
    );
}

#[test]
fn ndjson_number_in_quotes() {
    check_ndjson_with(
        "id",
        "\"2\"",
        expect![[r#"
        error: data/orders.ndjson:2: row 2, column `id` (int): `"2"` is a string, not a number
    "#]],
    );
}

#[test]
fn ndjson_number_instead_of_text() {
    check_ndjson_with(
        "note",
        "2",
        expect![[r#"
        error: data/orders.ndjson:2: row 2, column `note` (text): `2` is a number, not a string
    "#]],
    );
}

#[test]
fn ndjson_integer_with_a_fraction() {
    check_ndjson_with(
        "id",
        "2.5",
        expect![[r#"
            error: data/orders.ndjson:2: row 2, column `id` (int): `2.5` is not a whole number
        "#]],
    );
}

#[test]
fn ndjson_decimal_that_would_be_rounded() {
    check_ndjson_with(
        "price",
        "0.12345678901234567890",
        expect![[r#"
        error: data/orders.ndjson:2: row 2, column `price` (decimal(6, 2)): `0.12345678901234567890` has more than 2 digits after the point, and would have to be rounded
    "#]],
    );
}

#[test]
fn ndjson_unknown_label() {
    check_ndjson_with(
        "state",
        "\"Open\"",
        expect![[r#"
            error: data/orders.ndjson:2: row 2, column `state` (enum('open', 'closed')): `"Open"` is not a label of the enum; did you mean `open`?
        "#]],
    );
}

#[test]
fn ndjson_unknown_key_of_a_struct() {
    check_ndjson_with(
        "items",
        "[{\"sku\": \"a\", \"cuont\": 1}]",
        expect![[r#"
        error: data/orders.ndjson:2: row 2, column `items` (list<#6 struct<#7 sku: text, #8 count: int null>>): at `$[0]`: `"cuont"` is a key that the type does not have; did you mean `count`?
    "#]],
    );
}

#[test]
fn ndjson_missing_key_of_a_struct() {
    check_ndjson_with(
        "items",
        "[{\"sku\": \"a\"}, {\"count\": 1}]",
        expect![[r#"
        error: data/orders.ndjson:2: row 2, column `items` (list<#6 struct<#7 sku: text, #8 count: int null>>): at `$[1].sku`: missing, but the definition does not allow null
    "#]],
    );
}

#[test]
fn ndjson_object_instead_of_an_array() {
    check_ndjson_with(
        "items",
        "{\"sku\": \"a\"}",
        expect![[r#"
        error: data/orders.ndjson:2: row 2, column `items` (list<#6 struct<#7 sku: text, #8 count: int null>>): `{"sku": "a"}` is an object, not an array
    "#]],
    );
}

#[test]
fn ndjson_half_a_surrogate_pair() {
    check_ndjson_with(
        "note",
        r#""\ud800""#,
        expect![[r#"
            error: data/orders.ndjson:2: row 2, column `note` (text): `"\ud800"` is not valid JSON: unexpected end of hex escape at character 8
        "#]],
    );
}

fn id(values: impl Into<Int32Array>) -> (Field, ArrayRef) {
    (
        Field::new("id", DataType::Int32, true),
        Arc::new(values.into()),
    )
}

fn text(name: &str, values: &[Option<&str>]) -> (Field, ArrayRef) {
    let array: StringArray = values.iter().copied().collect();
    (Field::new(name, DataType::Utf8, true), Arc::new(array))
}

fn with_field_id(mut column: (Field, ArrayRef), id: i32) -> (Field, ArrayRef) {
    let metadata = HashMap::from([("PARQUET:field_id".to_string(), id.to_string())]);
    column.0.set_metadata(metadata);
    column
}

fn check_parquet(columns: Vec<(Field, ArrayRef)>, expect: Expect) {
    let folder = DataFolder::with_orders();
    folder.write_parquet("data/orders.parquet", columns);
    check_query(&folder, "SELECT * FROM app.orders", expect);
}

/// Checks two rows with columns that replace or add to the valid ones.
fn check_parquet_with(columns: Vec<(Field, ArrayRef)>, expect: Expect) {
    let valid = vec![
        id(vec![1, 2]),
        text("note", &[Some(""), Some("")]),
        text("state", &[Some("open"), Some("closed")]),
    ];
    let is_replaced = |name: &str| columns.iter().any(|(field, _)| field.name() == name);
    let valid = valid
        .into_iter()
        .filter(|(field, _)| !is_replaced(field.name()));
    let all = valid.chain(columns.iter().cloned()).collect();
    check_parquet(all, expect);
}

#[test]
fn parquet_that_is_not_parquet() {
    let folder = DataFolder::with_orders();
    folder.write("data/orders.parquet", "id,price\n");
    check_query(
        &folder,
        "SELECT 1",
        expect![[r#"
            error: data/orders.parquet: is not a valid Parquet file: Parquet error: Invalid Parquet file. Corrupt footer
        "#]],
    );
}

#[test]
fn parquet_with_missing_and_unknown_columns() {
    check_parquet(
        vec![id(vec![1]), text("notes", &[None])],
        expect![[r#"
            error: data/orders.parquet: column `notes` is not in the definition of `app.orders`; did you mean `note`?
            error: data/orders.parquet: column `state` is missing, but the definition of `app.orders` does not allow null
        "#]],
    );
}

#[test]
fn parquet_column_with_another_name() {
    check_parquet_with(
        vec![with_field_id(text("cost", &[None, None]), 2)],
        expect![[r#"
            error: data/orders.parquet: column `cost` has the field id 2, which `app.orders` gives to `price`: rename it in the file
        "#]],
    );
}

#[test]
fn parquet_column_with_another_field_id() {
    check_parquet_with(
        vec![with_field_id(text("note", &[Some(""), Some("")]), 7)],
        expect![[r#"
            error: data/orders.parquet: column `note`: the field id is 7, but 3 is declared
        "#]],
    );
}

#[test]
fn parquet_columns_of_other_types() {
    let wide = Int64Array::from(vec![1, 2]);
    let price = Decimal128Array::from(vec![1, 2])
        .with_precision_and_scale(8, 3)
        .unwrap();
    let columns = vec![
        (
            Field::new("id", DataType::Int64, false),
            Arc::new(wide) as ArrayRef,
        ),
        (
            Field::new("price", DataType::Decimal128(8, 3), true),
            Arc::new(price),
        ),
    ];
    check_parquet_with(
        columns,
        expect![[r#"
            error: data/orders.parquet: column `id`: `int` is declared, but the file has Int64
            error: data/orders.parquet: column `price`: `decimal(6, 2)` is declared, but the file has Decimal128(8, 3)
        "#]],
    );
}

#[test]
fn parquet_nulls_counted_in_the_footer() {
    check_parquet_with(
        vec![id(vec![Some(1), None])],
        expect![[r#"
        error: data/orders.parquet: column `id` is null in 1 of the 2 rows of row group 0, but the definition does not allow null
    "#]],
    );
}

#[test]
fn parquet_unknown_label() {
    check_parquet_with(
        vec![text("state", &[Some("open"), Some("ajar")])],
        expect![[r#"
            error: data/orders.parquet: row 2, column `state` (enum('open', 'closed')): `ajar` is not a label of the enum
        "#]],
    );
}

fn items(skus: &[Option<&str>], lengths: [usize; 2]) -> (Field, ArrayRef) {
    let fields = Fields::from(vec![Field::new("sku", DataType::LargeUtf8, true)]);
    let skus: LargeStringArray = skus.iter().copied().collect();
    let structs = StructArray::new(fields.clone(), vec![Arc::new(skus)], None);
    let item = Arc::new(Field::new("element", DataType::Struct(fields), true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let list = ListArray::new(item.clone(), offsets, Arc::new(structs), None);
    (
        Field::new("items", DataType::List(item), true),
        Arc::new(list),
    )
}

#[test]
fn parquet_null_in_a_required_field() {
    check_parquet_with(
        vec![items(&[Some("a"), Some("b"), None], [1, 2])],
        expect![[r#"
            error: data/orders.parquet: row 2, column `items` (list<#6 struct<#7 sku: text, #8 count: int null>>): at `$[1].sku`: null, but the definition does not allow null
        "#]],
    );
}

#[test]
fn parquet_nested_value_of_another_type() {
    let item = Arc::new(Field::new("item", DataType::Int32, true));
    let list = ListArray::new_null(item.clone(), 2);
    let column = (
        Field::new("items", DataType::List(item), true),
        Arc::new(list) as ArrayRef,
    );
    check_parquet_with(
        vec![column],
        expect![[r#"
            error: data/orders.parquet: column `items`, at `$[]`: `struct<#7 sku: text, #8 count: int null>` is declared, but the file has Int32
        "#]],
    );
}

#[test]
fn parquet_file_of_several_with_a_bad_value() {
    let folder = DataFolder::with_orders();
    for (name, state) in [("1", "open"), ("2", "ajar")] {
        let columns = vec![
            id(vec![1]),
            text("note", &[Some("")]),
            text("state", &[Some(state)]),
        ];
        folder.write_parquet(&format!("data/orders/{name}.parquet"), columns);
    }
    check_query(
        &folder,
        "SELECT state FROM app.orders",
        expect![[r#"
            error: data/orders/2.parquet: row 1, column `state` (enum('open', 'closed')): `ajar` is not a label of the enum
        "#]],
    );
}

#[test]
fn damaged_page_is_reported_with_file_and_column() {
    let folder = DataFolder::with_orders();
    let schema = "message m { required int32 id; required binary note (UTF8); required binary state (UTF8); }";
    let schema = parse_message_type(schema).unwrap();
    let path = folder.write("data/orders/2.parquet", "");
    let level = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder()
        .set_compression(level)
        .set_dictionary_enabled(false);
    let properties = Arc::new(properties.build());
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let ids: Vec<i32> = (0..1000).map(|id| id * 7919 % 1009).collect();
    column
        .typed::<Int32Type>()
        .write_batch(&ids, None, None)
        .unwrap();
    column.close().unwrap();
    for text in ["a", "open"] {
        let mut column = group.next_column().unwrap().unwrap();
        let values = vec![text.into(); 1000];
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    let mut content = std::fs::read(&path).unwrap();
    folder.write("data/orders/1.parquet", &content);
    content[4..60].fill(0xff);
    folder.write("data/orders/2.parquet", content);
    let error = folder
        .query("SELECT sum(id), max(note) FROM app.orders")
        .unwrap_err();
    let expected =
        "error: data/orders/2.parquet: column `id` cannot be read, the file is damaged: ";
    assert!(error.starts_with(expected), "{error}");
    assert!(folder.query("SELECT max(note) FROM app.orders").is_ok());
}
