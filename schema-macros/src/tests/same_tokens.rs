// SPDX-License-Identifier: Apache-2.0

//! A table in TOML and the same table as a struct yield the same tokens.

use std::path::Path;

use kalamtable_codegen::{CodegenOptions, table};
use kalamtable_model::{SourceFile, Sources, Style, parse_and_check, render};

/// The column in TOML, the type of the field, and its attribute.
const COLUMNS: [(&str, &str, &str); 24] = [
    ("type = 'bigint'", "i64", ""),
    ("type = 'boolean'", "bool", ""),
    ("type = 'tinyint'", "i8", ""),
    ("type = 'smallint'", "i16", ""),
    ("type = 'int', default = -5", "i32", "default = -5"),
    ("type = 'utinyint'", "u8", ""),
    ("type = 'usmallint'", "u16", ""),
    ("type = 'uint'", "u32", ""),
    ("type = 'ubigint'", "u64", ""),
    ("type = 'float'", "f32", ""),
    ("type = 'double', default = 1.5", "f64", "default = 1.5"),
    ("type = 'decimal(10, 2)'", "__kalam::Decimal<10, 2>", ""),
    (
        "type = 'text', default = 'new'",
        "__kalam::String",
        "default = \"new\"",
    ),
    ("type = 'bytes'", "__kalam::Vec<u8>", ""),
    ("type = 'bytes(16)'", "[u8; 16]", ""),
    ("type = 'date'", "__kalam::Date", ""),
    ("type = 'time'", "__kalam::TimeOfDay<__kalam::Micros>", ""),
    (
        "type = 'timestamp'",
        "__kalam::Timestamp<__kalam::Micros>",
        "",
    ),
    (
        "type = 'timestamp(ms)'",
        "__kalam::Timestamp<__kalam::Millis>",
        "",
    ),
    (
        "type = 'datetime', unit = 'ms', default = 'now()'",
        "__kalam::Timestamp<__kalam::Millis>",
        "type = \"datetime\", default = \"now()\"",
    ),
    ("type = 'uuid'", "__kalam::Uuid", ""),
    ("type = 'embedding(4)'", "__kalam::Box<[f32; 4]>", ""),
    ("type = 'json'", "__kalam::String", "type = \"json\""),
    (
        "type = 'text', deprecated = 'use c1'",
        "__kalam::String",
        "deprecated = \"use c1\"",
    ),
];

/// Returns the tokens from the static definition to the end of the last impl.
fn items(tokens: &str, end: &str) -> String {
    let begin = tokens
        .find("pub static DEFINITION")
        .expect("the output has a definition");
    let tokens = &tokens[begin..];
    let last = tokens
        .find("kalam :: KeyedRow for")
        .expect("the output has a key");
    let length = tokens[last..].find(end).unwrap_or(tokens.len() - last);
    tokens[..last + length]
        .trim_end_matches([' ', '}', ';'])
        .to_string()
}

#[test]
fn toml_and_struct_yield_the_same_tokens() {
    let (mut columns, mut fields) = (String::new(), String::new());
    for (at, (toml, rust, attribute)) in COLUMNS.iter().enumerate() {
        let (id, nullable_id) = (at + 1, at + 101);
        columns += &format!("c{id} = {{ id = {id}, {toml} }}\n");
        columns += &format!("c{nullable_id} = {{ id = {nullable_id}, {toml}, nullable = true }}\n");
        fields += &format!("#[kalam(id = {id}, {attribute})] pub c{id}: {rust},");
        fields += &format!(
            "#[kalam(id = {nullable_id}, {attribute})] pub c{nullable_id}: __kalam::Option<{rust}>,"
        );
    }
    let toml = format!(
        "name = 'app.events'\nrow = 'Event'\nprimary_key = ['c1']\nunique = [['c113', 'c2'], ['c21']]\n[columns]\n{columns}"
    );
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("events.toml", toml));
    let checked = parse_and_check(&sources, source).unwrap_or_else(|problems| {
        panic!("{}", render(&problems, &sources, Style::Plain));
    });
    let generated = table(&checked.definition, &CodegenOptions::default()).to_string();

    let strukt = format!(
        "#[kalam(table = \"app.events\", primary_key(c1), unique(c113, c2), unique(c21))] pub struct Event {{ {fields} }}"
    );
    let input = syn::parse_str(&strukt).expect("the text is a struct");
    let derived = crate::expand::kalam_table(&input, Path::new(""))
        .expect("the struct has no problems")
        .to_string();

    // Checks by the compiler follow the impls of the derive. A TOML file does not need them.
    let (generated, derived) = (items(&generated, "const _"), items(&derived, "const _"));
    let same = generated
        .bytes()
        .zip(derived.bytes())
        .take_while(|(a, b)| a == b);
    let at = same.count();
    assert!(
        generated == derived,
        "the tokens differ: {} .. {}",
        &generated[at.saturating_sub(100)..(at + 100).min(generated.len())],
        &derived[at.saturating_sub(100)..(at + 100).min(derived.len())],
    );
}
