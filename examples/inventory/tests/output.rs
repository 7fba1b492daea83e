// SPDX-License-Identifier: Apache-2.0

//! The program runs, and prints the expected tables.

use std::process::Command;

use expect_test::expect;

#[test]
fn program_prints_the_tables() {
    let output = Command::new(env!("CARGO_BIN_EXE_inventory")).output();
    let output = output.expect("the program can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    expect![[r#"
        External error: table `inventory.products`, column `sku`, row 0: `drill` is not of the form `T-100`
        +-------+---------------------+-------+-------+------------------+
        | sku   | name                | width | depth | tags             |
        +-------+---------------------+-------+-------+------------------+
        | R-007 | Cable, by the metre | 200   |       | [electric]       |
        | T-100 | Drill               | 320   | 110   | [electric, 18 V] |
        +-------+---------------------+-------+-------+------------------+
        +--------------+--------+---------+
        | category     | pieces | value   |
        +--------------+--------+---------+
        | part         | 3      | 43.50   |
        | raw material | 23     | 28.75   |
        | tool         | 16     | 1438.40 |
        +--------------+--------+---------+
        +-----------+-------+---------+
        | warehouse | sku   | missing |
        +-----------+-------+---------+
        | Graz      | T-100 | 1       |
        | Linz      | P-250 | 7       |
        +-----------+-------+---------+
    "#]].assert_eq(&String::from_utf8_lossy(&output.stdout));
}
