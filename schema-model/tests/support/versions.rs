// SPDX-License-Identifier: Apache-2.0

//! Short texts for the versions of one table.

use kalamtable_model::{CheckedTable, SourceFile, Sources, Style, parse_and_check, render};

/// The line of the key column.
pub(crate) const ID: &str = "id = { id = 1, type = \"bigint\" }\n";

/// Parses definitions of one table in TOML, separated by `---`. Versions start at 1. A definition
/// without a name is `app.t`, one without a primary key has the key `id`, and `[columns]` can be
/// omitted before the column `id`.
pub(crate) fn versions(texts: &str) -> Vec<CheckedTable> {
    let texts = texts.split("---\n").enumerate();
    let versions = texts.map(|(index, text)| {
        let mut text = text.trim_start().to_string();
        if !text.contains("primary_key") {
            text.insert_str(0, "primary_key = [\"id\"]\n");
        }
        if !text.contains("[columns]") {
            let keys = text.find("id = {").unwrap_or(text.len());
            text.insert_str(keys, "[columns]\n");
        }
        if !text.starts_with("name = ") && !text.contains("\nname = \"") {
            text.insert_str(0, "name = \"app.t\"\n");
        }
        let text = format!("version = {}\n{text}", index + 1);
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("t.toml", text));
        match parse_and_check(&sources, source) {
            Ok(table) => table,
            Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
        }
    });
    versions.collect()
}

/// Returns versions of a table whose column has each of `types` in turn. A type can be followed by
/// ` null`.
pub(crate) fn types(types: &[&str]) -> String {
    let versions = types.iter().map(|ty| {
        let (ty, nullable) = match ty.strip_suffix(" null") {
            Some(ty) => (ty, ", nullable = true"),
            None => (*ty, ""),
        };
        format!("{ID}c = {{ id = 2, type = '''{ty}'''{nullable} }}\n")
    });
    versions.collect::<Vec<_>>().join("---\n")
}

/// Returns versions of a table with the given columns after the key.
pub(crate) fn columns(versions: &[&str]) -> String {
    let versions = versions.iter().map(|columns| format!("{ID}{columns}\n"));
    versions.collect::<Vec<_>>().join("---\n")
}
