// SPDX-License-Identifier: Apache-2.0

//! The assignment of files in a data folder to tables.

use expect_test::{Expect, expect};
use kalamtable_files::definition_of;
use tokio::runtime::Runtime;

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
fn registered_table_has_its_definition() {
    let folder = DataFolder::with_orders();
    for content in [None, Some(HEADER)] {
        if let Some(content) = content {
            folder.write("data/orders.csv", content);
        }
        let context = folder.register().unwrap();
        let runtime = Runtime::new().unwrap();
        let table = runtime.block_on(context.table_provider("app.orders"));
        let table = table.unwrap();
        let definition = definition_of(&*table).unwrap();
        assert_eq!(definition.name().to_string(), "app.orders");
        assert_eq!(table.get_table_definition(), Some(&*definition.to_sql()));
    }
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
fn data_with_a_similar_name_is_an_error() {
    let files = [
        ("data/order.csv", HEADER),
        ("data/ordres/1.csv", ""),
        ("data/app.ordrs.csv", ""),
    ];
    check_folder(
        &files,
        expect![[r#"
            error: data/app.ordrs.csv: no definition has the name `app.ordrs`; did you mean `app.orders`?
            error: data/order.csv: no definition has the name `order`; did you mean `orders`?
            error: data/ordres: no definition has the name `ordres`; did you mean `orders`?
        "#]],
    );
}

#[test]
fn data_that_begins_with_the_name_of_a_table_is_an_error() {
    let files = [
        ("data/orders.2024.csv", HEADER),
        ("data/orders.old/1.csv", ""),
        ("data/app.orders.2.csv.gz", ""),
    ];
    check_folder(
        &files,
        expect![[r#"
            error: data/app.orders.2.csv.gz: begins with the name of the table `app.orders`, but does not end there: to read several files, put them in a folder `orders`; if it is not data of `app.orders`, rename or move it
            error: data/orders.2024.csv: begins with the name of the table `app.orders`, but does not end there: to read several files, put them in a folder `orders`; if it is not data of `app.orders`, rename or move it
            error: data/orders.old: begins with the name of the table `app.orders`, but does not end there: to read several files, put them in a folder `orders`; if it is not data of `app.orders`, rename or move it
        "#]],
    );
}

#[test]
fn names_that_continue_that_of_a_table_are_errors() {
    let names = [
        "orders-2024.csv",
        "orders-part-0.csv",
        "orders_2024_01.csv",
        "orders_part0.csv",
        "orders_old.csv",
        "orders (1).csv",
        "Orders-2.ndjson.gz",
        "app.orders-2.parquet",
        "orders-2024/1.csv",
    ];
    for has_data in [false, true] {
        for name in names {
            let folder = DataFolder::with_orders();
            if has_data {
                folder.write("data/orders.csv", HEADER);
            }
            folder.write(&format!("data/{name}"), HEADER);
            let error = folder.query("SELECT id FROM app.orders").unwrap_err();
            let entry = name.split('/').next().unwrap();
            let expected = format!(
                "error: data/{entry}: begins with the name of the table `app.orders`, but does not \
                 end there: to read several files, put them in a folder `orders`; if it is not data \
                 of `app.orders`, rename or move it\n"
            );
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn name_of_a_table_may_continue_that_of_another() {
    let folder = DataFolder::with_orders();
    let other = ORDERS.replace("app.orders", "app.orders_old");
    folder.write("schemas/old.toml", other.replace("Order\"", "OldOrder\""));
    folder.write("data/orders_old.csv", format!("{HEADER}{}", row(1)));
    folder.write("data/orders_scripts/README.md", "");
    let rows = folder.query("SELECT id FROM app.orders_old");
    assert_eq!(rows, Ok("{\"id\":1}\n".to_string()));
    folder.write("data/orders_old-2.csv", HEADER);
    let error = folder.query("SELECT id FROM app.orders_old").unwrap_err();
    assert!(error.contains("the table `app.orders_old`"), "{error}");
}

#[test]
fn misplaced_data_is_an_error_or_a_note() {
    for (name, reported) in [
        ("2024-orders.csv", "2024-orders.csv"),
        ("app_orders.csv", "app_orders.csv"),
        ("old orders/1.csv", "old orders"),
        ("app/orders.csv", "app/orders.csv"),
        ("app/orders/1.csv", "app/orders"),
        ("app/orders-1.csv.gz", "app/orders-1.csv.gz"),
        ("year=2024/orders.csv", "year=2024/orders.csv"),
        (
            "year=2024/month=1/app.orders.csv",
            "year=2024/month=1/app.orders.csv",
        ),
    ] {
        let folder = DataFolder::with_orders();
        folder.write(&format!("data/{name}"), HEADER);
        let error = folder.query("SELECT id FROM app.orders").unwrap_err();
        assert!(
            error.starts_with(&format!("error: data/{reported}: ")),
            "{error}"
        );
        assert!(error.contains("`app.orders`"), "{error}");
        assert_eq!(notes(&folder), Err(error));
        folder.write("data/orders.csv", format!("{HEADER}{}", row(1)));
        let rows = folder.query("SELECT id FROM app.orders");
        assert_eq!(rows, Ok("{\"id\":1}\n".to_string()));
        let notes = notes(&folder).unwrap();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].starts_with(&format!("data/{reported}: ")),
            "{notes:?}"
        );
    }
}

#[test]
fn hidden_data_is_a_note() {
    let folder = DataFolder::with_orders();
    for name in [
        "1.csv",
        "_2.csv",
        ".2.csv",
        "_tmp/a.csv",
        "_SUCCESS",
        ".1.csv.crc",
        "_log/a.json",
    ] {
        folder.write(&format!("data/orders/{name}"), HEADER);
    }
    for name in [
        ".orders.csv",
        "_orders/1.csv",
        "orders-notes.txt",
        ".git/HEAD",
    ] {
        folder.write(&format!("data/{name}"), HEADER);
    }
    assert_eq!(folder.query("SELECT id FROM app.orders"), Ok(String::new()));
    expect![[r#"
        data/.orders.csv: is not read, because its name begins with `_` or `.`: rename it to read it
        data/_orders: is not read, because its name begins with `_` or `.`: rename it to read it
        data/orders/.2.csv: is not read, because its name begins with `_` or `.`: rename it to read it
        data/orders/_2.csv: is not read, because its name begins with `_` or `.`: rename it to read it
        data/orders/_tmp: is not read, because its name begins with `_` or `.`: rename it to read it
        data/orders-notes.txt: begins with the name of the table `app.orders`, but is not a `.parquet`, `.csv`, `.ndjson` or `.jsonl` file, and is not read"#]].assert_eq(&notes(&folder).unwrap().join("\n"));
}

/// Returns the data that is not read, or the message of the error.
fn notes(folder: &DataFolder) -> Result<Vec<String>, String> {
    let loaded = kalamtable_build::load(&[folder.path().join("schemas")]);
    let tables = loaded.tables.into_iter();
    let definitions: Vec<_> = tables.map(|table| table.definition).collect();
    let root = format!("{}/", folder.path().display());
    let data = folder.path().join("data");
    match kalamtable_files::unassigned_files(&definitions, &data) {
        Ok(notes) => Ok(notes
            .iter()
            .map(|note| note.to_string().replace(&root, ""))
            .collect()),
        Err(error) => Err(format!("error: {error}\n").replace(&root, "")),
    }
}

#[test]
fn unrelated_files_do_not_stop_queries() {
    let folder = DataFolder::with_orders();
    folder.write("data/orders.csv", format!("{HEADER}{}", row(1)));
    // `orders` has data, so this is no misspelling of it.
    folder.write("data/order.csv", "");
    folder.write("data/customers.parquet", "");
    folder.write("data/things/year=2024/1.csv", "");
    folder.write("data/orders.toml", ORDERS);
    folder.write("data/README.md", "");
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("data/link")).unwrap();
    let rows = folder.query("SELECT id FROM app.orders");
    assert_eq!(rows, Ok("{\"id\":1}\n".to_string()));

    let loaded = kalamtable_build::load(&[folder.path().join("schemas")]);
    let definitions: Vec<_> = loaded
        .tables
        .into_iter()
        .map(|table| table.definition)
        .collect();
    let data = folder.path().join("data");
    let unassigned = kalamtable_files::unassigned_files(&definitions, &data).unwrap();
    let messages: Vec<String> = unassigned
        .iter()
        .map(|problem| {
            problem
                .to_string()
                .replace(&format!("{}/", data.display()), "")
        })
        .collect();
    expect![[r#"
        [
            "customers.parquet: no definition has the name `customers`",
            "order.csv: no definition has the name `order`",
            "things: no definition has the name `things`",
        ]
    "#]]
    .assert_debug_eq(&messages);
}

#[test]
fn folder_may_have_the_extension_of_its_files() {
    let folder = DataFolder::with_orders();
    folder.write("data/orders.csv/part-0.csv", format!("{HEADER}{}", row(1)));
    folder.write("data/orders.csv/_SUCCESS", "");
    let rows = folder.query("SELECT id FROM app.orders");
    assert_eq!(rows, Ok("{\"id\":1}\n".to_string()));
    check_folder(
        &[("data/orders.parquet/1.csv", HEADER)],
        expect![[r#"
            error: data/orders.parquet/1.csv: has another format than the name of its folder
        "#]],
    );
}

#[test]
fn partition_folders_and_delta_tables_are_errors() {
    check_folder(
        &[("data/orders/year=2024/1.csv", HEADER)],
        expect![[r#"
            error: data/orders/year=2024: is a partition folder as in Hive, which is not supported: put the files directly in the folder of the table, with the partition columns in the files
        "#]],
    );
    check_folder(
        &[
            ("data/orders/_delta_log/0.json", ""),
            ("data/orders/1.csv", HEADER),
        ],
        expect![[r#"
            error: data/orders: is a Delta table, whose log decides which files are valid: export its rows
        "#]],
    );
}

#[cfg(unix)]
#[test]
fn fifo_is_not_opened() {
    let make = |path: std::path::PathBuf| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let status = std::process::Command::new("mkfifo").arg(path).status();
        assert!(status.unwrap().success());
    };
    for name in [
        "data/orders.csv",
        "data/orders/1.csv",
        "data/orders.parquet",
    ] {
        let folder = DataFolder::with_orders();
        make(folder.path().join(name));
        let error = folder.query("SELECT id FROM app.orders").unwrap_err();
        assert_eq!(error, format!("error: {name}: is not a regular file\n"));
    }
    let folder = DataFolder::with_orders();
    make(folder.path().join("data/pipe"));
    make(folder.path().join("data/things.csv"));
    assert_eq!(folder.query("SELECT id FROM app.orders"), Ok(String::new()));
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
