// SPDX-License-Identifier: Apache-2.0

//! `kalamtable codegen`.

use expect_test::expect;

use crate::support::{CommandFolder, check, success};

#[test]
fn code_is_that_of_a_build_script() {
    let folder = CommandFolder::with_orders();
    let code = success(&folder.run(&["codegen"]));
    let target = folder.path().join("generated");
    std::fs::create_dir(&target).unwrap();
    let config = kalamtable_build::Config::new().schemas(folder.path().join("schemas"));
    let compiled = config.try_compile(&target).unwrap();
    assert_eq!(code, std::fs::read_to_string(compiled.file).unwrap());
    assert!(code.contains("pub struct Order {"));
}

#[test]
fn problems_are_reported_instead_of_code() {
    let folder = CommandFolder::new();
    folder.write("schemas/a.toml", "name = 1\n[columns]\n");
    check(
        &folder.run(&["codegen"]),
        expect![[r#"
        exit: 1
        stderr:
        error[KT0103]: `name` is an integer, expected a string
         --> schemas/a.toml:1:8
          |
        1 | name = 1
          |        ^
          |
          = help: write it in quotes: `"1"`

        1 problem found
    "#]],
    );
}
