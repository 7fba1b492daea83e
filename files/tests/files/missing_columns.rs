// SPDX-License-Identifier: Apache-2.0

//! Columns that a file does not have.

use std::sync::Arc;

use arrow::array::Int32Array;
use arrow::datatypes::{DataType, Field};
use expect_test::expect;

use crate::support::{DataFolder, check_query};

#[test]
fn missing_csv_columns_have_their_defaults() {
    let folder = DataFolder::with_orders();
    folder.write("data/orders.csv", "id,state\n1,open\n");
    check_query(
        &folder,
        "SELECT * FROM app.orders",
        expect![[r#"
            {"id":1,"price":null,"note":"none","state":"open","items":null}
        "#]],
    );
    folder.write("data/orders.csv", "note\nnone\n");
    check_query(
        &folder,
        "SELECT * FROM app.orders",
        expect![[r#"
            error: data/orders.csv:1: the header lacks `id`, `state`, without a default and not nullable
        "#]],
    );
}

#[test]
fn missing_columns_have_the_same_defaults_in_parquet_and_csv() {
    let definition = r#"
        name = "app.t"
        primary_key = ["id"]
        row = "Row"
        [columns]
        id = { id = 1, type = "int" }
        a  = { id = 2, type = "bigint", default = -7 }
        d  = { id = 3, type = "decimal(6, 2)", default = "1.5" }
        x  = { id = 4, type = "double", default = 0.25, nullable = true }
        s  = { id = 5, type = "text", default = "a \"b\"" }
        b  = { id = 6, type = "boolean", default = true }
        day = { id = 7, type = "date", default = 2024-02-29 }
        ts = { id = 8, type = "timestamp(ms, 'UTC')", default = 2024-02-29T01:02:03.5Z }
        u  = { id = 9, type = "uuid", default = "67e55044-10b1-426f-9247-bb680e5fe0c8" }
        j  = { id = 10, type = "json", default = '{"a": 1}' }
        n  = { id = 11, type = "datetime", default = "now()", nullable = true }
    "#;
    let expected = expect![[r#"
        {"id":1,"a":-7,"d":1.50,"x":0.25,"s":"a \"b\"","b":true,"day":"2024-02-29","ts":"2024-02-29T01:02:03.500Z","u":"67e5504410b1426f9247bb680e5fe0c8","j":"{\"a\": 1}","n":null}
    "#]];
    let folder = DataFolder::new();
    folder.write("schemas/t.toml", definition);
    folder.write("data/t.csv", "id\n1\n");
    let rows = folder.query("SELECT * FROM app.t");
    expected.assert_eq(&rows.clone().unwrap());
    std::fs::remove_file(folder.path().join("data/t.csv")).unwrap();
    let ids = Int32Array::from(vec![1]);
    let id = Field::new("id", DataType::Int32, false);
    folder.write_parquet("data/t.parquet", vec![(id, Arc::new(ids))]);
    assert_eq!(folder.query("SELECT * FROM app.t"), rows);
    let count = folder.query("SELECT count(*) AS n FROM app.t WHERE a = -7 AND s LIKE 'a%'");
    assert_eq!(count, Ok("{\"n\":1}\n".to_string()));
    let count = folder.query("SELECT count(*) AS n FROM app.t WHERE a IS NULL OR a > 0");
    assert_eq!(count, Ok("{\"n\":0}\n".to_string()));
}
