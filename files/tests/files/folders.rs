// SPDX-License-Identifier: Apache-2.0

//! The assignment of files in a data folder to tables.

use expect_test::{Expect, expect};

use crate::support::{DataFolder, ORDERS, check_query};

const HEADER: &str = "id,price,note,state,items\n";

fn row(id: u32) -> String {
    format!("{id},,,open,\n")
}

fn check_folder(files: &[(&str, &str)], expect: Expect) {
    let folder = DataFolder::with_orders();
    for (name, content) in files {
        folder.write(name, content);
    }
    check_query(&folder, "SELECT id FROM app.orders ORDER BY id", expect);
}

#[test]
fn file_name_may_have_the_namespace() {
    for name in [
        "orders.csv",
        "app.orders.csv",
        "orders.CSV",
        "orders/part 1.csv",
        "app.orders/ä*%#?.csv",
    ] {
        let folder = DataFolder::with_orders();
        folder.write(&format!("data/{name}"), format!("{HEADER}{}", row(1)));
        let rows = folder.query("SELECT id FROM app.orders");
        assert_eq!(rows, Ok("{\"id\":1}\n".to_string()), "{name}");
    }
}

#[test]
fn folder_with_several_files_is_one_table() {
    let (one, two) = (
        format!("{HEADER}{}", row(1)),
        format!("{HEADER}{}{}", row(2), row(3)),
    );
    let files = [
        ("data/orders/1.csv", one.as_str()),
        ("data/orders/2.csv", &two),
        ("data/orders/_SUCCESS", ""),
        ("data/README.md", "What this is"),
        ("data/.hidden.csv", ""),
    ];
    check_folder(
        &files,
        expect![[r#"
            {"id":1}
            {"id":2}
            {"id":3}
        "#]],
    );
}

#[test]
fn folder_with_two_formats_is_an_error() {
    check_folder(
        &[("data/orders/1.csv", HEADER), ("data/orders/2.ndjson", "")],
        expect![[r#"
            error: data/orders/2.ndjson: has another format than the previous files: the folder of a table contains files of one format
        "#]],
    );
}

#[test]
fn table_without_files_is_empty() {
    check_folder(&[], expect![""]);
}

#[test]
fn table_with_an_empty_folder_is_empty() {
    check_folder(&[("data/orders/_nothing", "")], expect![""]);
}

#[test]
fn two_files_for_one_table_are_an_error() {
    check_folder(
        &[("data/orders.csv", HEADER), ("data/orders.ndjson", "")],
        expect![[r#"
            error: data/orders.ndjson: `app.orders` already has the data in `data/orders.csv`: to read several files, put them in a folder with the table's name
        "#]],
    );
}

#[test]
fn data_without_a_definition_is_an_error() {
    let files = [
        ("data/order.csv", HEADER),
        ("data/things/1.csv", ""),
        ("data/app.ordrs.csv", ""),
    ];
    check_folder(
        &files,
        expect![[r#"
            error: data/app.ordrs.csv: no definition has the name `app.ordrs`; did you mean `app.orders`?
            error: data/order.csv: no definition has the name `order`; did you mean `orders`?
            error: data/things: no definition has the name `things`
        "#]],
    );
}

#[test]
fn table_in_another_format_is_an_error() {
    check_folder(
        &[("data/orders.json", "[]")],
        expect![[r#"
            error: data/orders.json: has the name of a table, but not the extension `.parquet`, `.csv`, `.ndjson` or `.jsonl`
        "#]],
    );
}

#[test]
fn missing_data_folder_is_an_error() {
    let folder = DataFolder::with_orders();
    let error = folder.register_data("nowhere").err().unwrap();
    expect![[r#"
        error: nowhere: cannot be read: No such file or directory (os error 2)
    "#]]
    .assert_eq(&error);
}

#[test]
fn bare_name_of_two_tables_is_an_error() {
    let folder = DataFolder::with_orders();
    folder.write(
        "schemas/web.toml",
        ORDERS.replace("app.orders", "web.orders"),
    );
    folder.write("data/orders.csv", HEADER);
    check_query(
        &folder,
        "SELECT 1",
        expect![[r#"
            error: data/orders.csv: `orders` may be `app.orders` or `web.orders`: put the namespace in the name, as in `app.orders`
        "#]],
    );
}
