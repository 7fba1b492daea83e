// SPDX-License-Identifier: Apache-2.0

//! Valid files: physical forms, null and empty text, and only the columns read that a query needs.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, DictionaryArray, Int8Array, Int16Array, Int32Array, StringArray,
    StringViewArray,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use expect_test::expect;

use crate::support::{DataFolder, check_query};

#[test]
fn csv_header_in_any_order_with_a_byte_order_mark() {
    let folder = DataFolder::with_orders();
    let content = "\u{feff}state,id,note,items,price\r\nopen,1,\"a\r\nb\",,1.5\r\n";
    folder.write("data/orders.csv", content);
    check_query(
        &folder,
        "SELECT * FROM app.orders",
        expect![[r#"
            {"id":1,"price":1.50,"note":"a\r\nb","state":"open","items":null}
        "#]],
    );
}

#[test]
fn csv_empty_fields_are_empty_text_or_null() {
    let folder = DataFolder::new();
    let definition = r#"
        name = "app.notes"
        no_primary_key = "a test"
        row = "Note"
        [columns]
        required = { id = 1, type = "text" }
        nullable = { id = 2, type = "text", nullable = true }
        number   = { id = 3, type = "int", nullable = true }
        bytes    = { id = 4, type = "bytes", nullable = true }
    "#;
    folder.write("schemas/notes.toml", definition);
    folder.write(
        "data/notes.csv",
        "required,nullable,number,bytes\n,,,\n\"\",\"\",\"\",\"\"\n",
    );
    check_query(
        &folder,
        "SELECT * FROM app.notes",
        expect![[r#"
            {"required":"","nullable":null,"number":null,"bytes":null}
            {"required":"","nullable":"","number":null,"bytes":""}
        "#]],
    );
}

#[test]
fn columns_outside_the_projection_are_not_converted() {
    for (name, content) in [
        (
            "data/orders.csv",
            "id,price,note,state,items\n1,x,,open,\n2,,,open,\n",
        ),
        (
            "data/orders.ndjson",
            "{\"id\": 1, \"note\": 7}\n{\"id\": 2}\n",
        ),
    ] {
        let folder = DataFolder::with_orders();
        folder.write(name, content);
        let count = folder.query("SELECT count(*) AS n FROM app.orders");
        assert_eq!(count, Ok("{\"n\":2}\n".to_string()));
        let ids = folder.query("SELECT id AS a, id AS b FROM app.orders LIMIT 1");
        assert_eq!(ids, Ok("{\"a\":1,\"b\":1}\n".to_string()));
        let others = folder.query("SELECT price, note FROM app.orders");
        assert!(others.is_err(), "{others:?}");
    }
}

#[test]
fn limit_ends_reading() {
    let folder = DataFolder::with_orders();
    let mut content: String = (1..100_000).map(|id| format!("{id},,,open,\n")).collect();
    content.insert_str(0, "id,price,note,state,items\n");
    content.push_str("x,,,open,\n");
    folder.write("data/orders.csv", content);
    let rows = folder.query("SELECT id FROM app.orders LIMIT 2");
    assert_eq!(rows, Ok("{\"id\":1}\n{\"id\":2}\n".to_string()));
}

fn narrow_orders(folder: &DataFolder) {
    let states: DictionaryArray<Int32Type> = ["open", "closed", "open"].into_iter().collect();
    let notes = StringViewArray::from(vec!["a", "b", "c"]);
    let columns: Vec<(Field, ArrayRef)> = vec![
        (
            Field::new("state", states.data_type().clone(), false),
            Arc::new(states),
        ),
        (
            Field::new("id", DataType::Int16, true),
            Arc::new(Int16Array::from(vec![1, 2, 3])),
        ),
        (
            Field::new("note", DataType::Utf8View, true),
            Arc::new(notes),
        ),
    ];
    folder.write_parquet("data/orders/1.parquet", columns);
    let columns: Vec<(Field, ArrayRef)> = vec![
        (
            Field::new("id", DataType::Int8, false),
            Arc::new(Int8Array::from(vec![4])),
        ),
        (
            Field::new("note", DataType::Utf8, false),
            Arc::new(StringArray::from(vec!["d"])),
        ),
        (
            Field::new("state", DataType::Utf8, false),
            Arc::new(StringArray::from(vec!["open"])),
        ),
    ];
    folder.write_parquet("data/orders/2.parquet", columns);
}

#[test]
fn parquet_with_other_physical_types_is_cast() {
    let folder = DataFolder::with_orders();
    narrow_orders(&folder);
    check_query(
        &folder,
        "SELECT * FROM app.orders WHERE state = 'open' AND id > 1 ORDER BY id",
        expect![[r#"
            {"id":3,"price":null,"note":"c","state":"open","items":null}
            {"id":4,"price":null,"note":"d","state":"open","items":null}
        "#]],
    );
    check_query(
        &folder,
        "SELECT arrow_typeof(id) AS id, arrow_typeof(note) AS note, arrow_typeof(state) AS state FROM app.orders LIMIT 1",
        expect![[r#"
            {"id":"Int32","note":"Utf8","state":"Utf8"}
        "#]],
    );
    check_query(
        &folder,
        "SELECT count(*) AS n, count(price) AS prices, max(id) AS max FROM app.orders",
        expect![[r#"
            {"n":4,"prices":0,"max":4}
        "#]],
    );
}

#[test]
fn parquet_filters_and_projections_are_pushed_down() {
    let folder = DataFolder::with_orders();
    let states = StringArray::from(vec!["open", "closed"]);
    let columns: Vec<(Field, ArrayRef)> = vec![
        (
            Field::new("id", DataType::Int32, false),
            Arc::new(Int32Array::from(vec![1, 2])),
        ),
        (
            Field::new("note", DataType::Utf8, false),
            Arc::new(states.clone()),
        ),
        (Field::new("state", DataType::Utf8, false), Arc::new(states)),
    ];
    folder.write_parquet("data/orders.parquet", columns);
    let plan = folder.query("EXPLAIN SELECT note FROM app.orders WHERE id > 7");
    let plan = plan.unwrap();
    assert!(plan.contains("projection=[id, note]"), "{plan}");
    assert!(plan.contains("predicate=id@0 > 7"), "{plan}");
    assert!(plan.contains("pruning_predicate="), "{plan}");
}
