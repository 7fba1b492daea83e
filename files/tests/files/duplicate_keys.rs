// SPDX-License-Identifier: Apache-2.0

//! The view of primary keys that occur more than once.

use expect_test::{Expect, expect};

use crate::support::DataFolder;

fn check(folder: &DataFolder, query: &str, expect: Expect) {
    let (Ok(shown) | Err(shown)) = folder.query_with_duplicate_keys(query);
    expect.assert_eq(&shown);
}

#[test]
fn duplicate_keys_of_all_tables_are_found() {
    let folder = DataFolder::with_orders();
    folder.write(
        "schemas/visits.toml",
        r#"
        name = "web.visits"
        primary_key = ["page", "day", "visitor"]
        row = "Visit"
        [columns]
        day     = { id = 1, type = "date" }
        page    = { id = 2, type = "text" }
        visitor = { id = 3, type = "uuid" }
        "#,
    );
    folder.write(
        "schemas/log.toml",
        r#"
        name = "web.log"
        no_primary_key = "a test"
        row = "Line"
        [columns]
        line = { id = 1, type = "text" }
        "#,
    );
    let header = "id,price,note,state,items\n";
    folder.write(
        "data/orders/1.csv",
        format!("{header}1,,,open,\n2,,,open,\n"),
    );
    folder.write(
        "data/orders/2.csv",
        format!("{header}2,1.5,,open,\n3,,,open,\n2,,,open,\n"),
    );
    let visitor = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    folder.write(
        "data/visits.csv",
        format!(
            "day,page,visitor\n2024-02-29,/,{visitor}\n2024-02-28,/,{visitor}\n2024-02-29,/,{visitor}\n"
        ),
    );
    folder.write("data/log.csv", "line\na\na\n");
    check(
        &folder,
        "SELECT * FROM kalamtable.duplicate_keys ORDER BY table_name",
        expect![[r#"
            {"table_schema":"app","table_name":"orders","key":"id = 2","rows":3}
            {"table_schema":"web","table_name":"visits","key":"page = /, day = 2024-02-29, visitor = 67e55044-10b1-426f-9247-bb680e5fe0c8","rows":2}
        "#]],
    );
}

#[test]
fn condition_on_the_name_reads_only_that_table() {
    let folder = DataFolder::with_orders();
    folder.write(
        "schemas/visits.toml",
        r#"
        name = "web.visits"
        primary_key = ["day"]
        row = "Visit"
        [columns]
        day = { id = 1, type = "date" }
        "#,
    );
    folder.write("data/orders.csv", "id,state\n1,open\n1,open\n");
    folder.write("data/visits.csv", "day\nyesterday\n");
    check(
        &folder,
        "SELECT key, rows FROM kalamtable.duplicate_keys WHERE table_name = 'orders'",
        expect![[r#"
            {"key":"id = 1","rows":2}
        "#]],
    );
    check(
        &folder,
        "SELECT key, rows FROM kalamtable.duplicate_keys",
        expect![[r#"
            error: data/visits.csv:2: row 1, column `day` (date): `yesterday` is not a date such as `2024-02-29`
        "#]],
    );
}

#[test]
fn no_table_has_keys() {
    let folder = DataFolder::with_orders();
    check(
        &folder,
        "SELECT * FROM kalamtable.duplicate_keys",
        expect![""],
    );
}
