// SPDX-License-Identifier: Apache-2.0

//! The complete output for a definition with every column type. `tests/generated.rs` of the root
//! package includes the golden file: it compiles without warnings, and its conversions work.

use expect_test::expect_file;
use kalamtable_codegen::{CodegenOptions, tables};
use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};

fn definition(toml: &str) -> TableDefinition {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("all_types.toml", toml));
    match parse_and_check(&sources, id) {
        Ok(checked) => checked.definition,
        Err(diagnostics) => panic!(
            "{}",
            kalamtable_model::render(&diagnostics, &sources, kalamtable_model::Style::Plain)
        ),
    }
}

fn generated(definitions: &[TableDefinition]) -> String {
    let tokens = tables(definitions, &CodegenOptions::default());
    prettyplease::unparse(&syn::parse2(tokens).expect("the output is valid Rust"))
}

#[test]
fn output_is_golden() {
    let definition = definition(include_str!("golden/all_types.toml"));
    expect_file!["golden/all_types.rs"].assert_eq(&generated(&[definition]));
}

#[test]
fn output_does_not_depend_on_the_order_of_definitions() {
    let definition = |name: &str| {
        definition(&format!(
            "name = \"{name}\"\nprimary_key = [\"id\"]\n[columns]\nid = {{ id = 1, type = \"int\" }}\n"
        ))
    };
    let (a, b, c) = (
        definition("app.a"),
        definition("app.b"),
        definition("zoo.a"),
    );
    assert_eq!(
        generated(&[a.clone(), b.clone(), c.clone()]),
        generated(&[c, b, a])
    );
}
