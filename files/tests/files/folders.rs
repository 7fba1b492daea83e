// SPDX-License-Identifier: Apache-2.0

//! Which files of a data folder belong to which table.

use expect_test::{Expect, expect};

use crate::support::{Folder, ORDERS, check_query};

const HEADER: &str = "id,price,note,state,items\n";

fn row(id: u32) -> String {
    format!("{id},,,open,\n")
}

fn check_folder(files: &[(&str, &str)], expect: Expect) {
    let folder = Folder::with_orders();
    for (name, content) in files {
        folder.write(name, content);
    }
    check_query(&folder, "SELECT id FROM app.orders ORDER BY id", expect);
}

#[test]
fn a_file_is_named_like_its_table_with_or_without_the_namespace() {
    for name in [
        "orders.csv",
        "app.orders.csv",
        "orders.CSV",
        "orders/part 1.csv",
        "app.orders/ä*%#?.csv",
    ] {
        let folder = Folder::with_orders();
        folder.write(&format!("data/{name}"), format!("{HEADER}{}", row(1)));
        let rows = folder.query("SELECT id FROM app.orders");
        assert_eq!(rows, Ok("{\"id\":1}\n".to_string()), "{name}");
    }
}

#[test]
fn a_folder_holds_several_files_of_one_format() {
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
        exit: 0
        stdout:
        id
        1
        2
        3
    "#]],
    );
}

#[test]
fn formats_are_not_mixed_in_a_folder() {
    check_folder(
        &[("data/orders/1.csv", HEADER), ("data/orders/2.ndjson", "")],
        expect![[r#"
            exit: 1
            stderr:
            error: data/orders/2.ndjson: is of another format than the files before it: a table's folder holds files of one format
        "#]],
    );
}

#[test]
fn a_table_without_data_is_empty() {
    check_folder(
        &[],
        expect![[r#"
        exit: 0
        stdout:
        id
        stderr:
        note: data has no data for `app.orders`: empty
    "#]],
    );
}

#[test]
fn an_empty_folder_is_no_data() {
    check_folder(
        &[("data/orders/_nothing", "")],
        expect![[r#"
        exit: 0
        stdout:
        id
        stderr:
        note: data has no data for `app.orders`: empty
    "#]],
    );
}

#[test]
fn two_files_for_one_table_are_refused() {
    check_folder(
        &[("data/orders.csv", HEADER), ("data/orders.ndjson", "")],
        expect![[r#"
            exit: 1
            stderr:
            error: data/orders.ndjson: the data of `app.orders` is in `data/orders.csv` already; to read several files, put them in a folder with the table's name
        "#]],
    );
}

#[test]
fn data_without_a_definition_is_refused() {
    let files = [
        ("data/order.csv", HEADER),
        ("data/things/1.csv", ""),
        ("data/app.ordrs.csv", ""),
    ];
    check_folder(
        &files,
        expect![[r#"
            exit: 1
            stderr:
            error: data/app.ordrs.csv: no definition is named `app.ordrs`; did you mean `app.orders`?
            error: data/order.csv: no definition is named `order`; did you mean `orders`?
            error: data/things: no definition is named `things`
        "#]],
    );
}

#[test]
fn a_table_in_another_format_is_refused() {
    check_folder(
        &[("data/orders.json", "[]")],
        expect![[r#"
        exit: 1
        stderr:
        error: data/orders.json: is named like a table, but its name does not end in `.parquet`, `.csv`, `.ndjson` or `.jsonl`
    "#]],
    );
}

#[test]
fn a_data_folder_must_exist() {
    let folder = Folder::with_orders();
    let error = folder.register_data("nowhere").err().unwrap();
    expect![].assert_eq(&error);
}

#[test]
fn a_bare_name_of_two_tables_is_refused() {
    let folder = Folder::with_orders();
    folder.write(
        "schemas/web.toml",
        ORDERS.replace("app.orders", "web.orders"),
    );
    folder.write("data/orders.csv", HEADER);
    check_query(
        &folder,
        "SELECT 1",
        expect![[r#"
        exit: 1
        stderr:
        error: data/orders.csv: `orders` may be `app.orders` or `web.orders`: put the namespace in the name, as in `app.orders`
    "#]],
    );
}
