// SPDX-License-Identifier: Apache-2.0

//! The view of duplicate primary keys in data files.

use expect_test::expect;

use crate::support::{CommandFolder, check};

#[test]
fn duplicate_keys_are_found_by_a_query() {
    let folder = CommandFolder::with_orders();
    folder.write("data/orders.csv", "id,state\n7,open\n8,open\n7,closed\n");
    let query = "SELECT * FROM kalamtable.duplicate_keys";
    check(
        &folder.query("csv", query),
        expect![[r#"
            exit: 0
            stdout:
            table_schema,table_name,key,rows
            app,orders,id = 7,2
        "#]],
    );
}
