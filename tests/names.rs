// SPDX-License-Identifier: Apache-2.0

//! Checks that each type name has one meaning in the workspace.

#[path = "support/code.rs"]
mod code;
#[path = "support/sources.rs"]
mod sources;

use std::collections::BTreeMap;

use code::{Token, is_identifier};
use sources::File;

/// Names that may be defined more than once, each with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "Error",
        "each library crate has one error enum of this name",
    ),
    (
        "Map",
        "one of three implementations, which `registry/src/sync.rs` selects",
    ),
    (
        "RandomState",
        "one of three implementations, which `registry/src/sync.rs` selects",
    ),
];

#[test]
fn each_type_name_has_one_definition() {
    let files = sources::read(&sources::workspace(), &["rs"]);
    let library: Vec<File> = files
        .into_iter()
        .filter(|file| format!("/{}", file.path).contains("/src/"))
        .collect();
    let definitions = definitions(&library);
    let report = report(&definitions, EXCEPTIONS);
    assert!(
        report.is_empty(),
        "type names with more than one definition:\n{report}"
    );
    for (name, reason) in EXCEPTIONS {
        let places = definitions.get(*name).map_or(0, Vec::len);
        assert!(
            places > 1,
            "the exception for `{name}` ({reason}) is unused"
        );
    }
}

/// Lists the names that are defined in several places, one on a line; empty if there are none.
fn report(definitions: &BTreeMap<String, Vec<String>>, exceptions: &[(&str, &str)]) -> String {
    let mut report = String::new();
    for (name, places) in definitions {
        if places.len() > 1 && !exceptions.iter().any(|(exception, _)| exception == name) {
            report.push_str(&format!("  {name}: {}\n", places.join(", ")));
        }
    }
    report
}

/// Returns the place of each definition of a struct, enum, union, trait or type alias, by name.
///
/// Test modules are skipped: the rows of their examples have the same names everywhere.
fn definitions(files: &[File]) -> BTreeMap<String, Vec<String>> {
    let mut definitions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let test_folders = test_folders(files);
    for file in files {
        let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        if test_folders
            .iter()
            .any(|t| stem == t || stem.starts_with(&format!("{t}/")))
        {
            continue;
        }
        for (line, name) in definitions_in(&code::without_tests(&code::tokens(&file.text))) {
            definitions
                .entry(name)
                .or_default()
                .push(format!("{}:{line}", file.path));
        }
    }
    definitions
}

/// Returns the paths of the modules that only tests compile, without the extension.
fn test_folders(files: &[File]) -> Vec<String> {
    let mut folders = Vec::new();
    for file in files {
        let folder = match file.path.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs")) => folder,
            _ => file.path.strip_suffix(".rs").unwrap_or(&file.path),
        };
        let modules = code::test_modules(&code::tokens(&file.text));
        folders.extend(
            modules
                .into_iter()
                .map(|module| format!("{folder}/{module}")),
        );
    }
    folders
}

/// The item or expression that a pair of braces belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Function,
    /// An `impl` or a trait, whose `type` items are associated types.
    Associated,
    Other,
}

/// Returns the line and the name of each type definition.
fn definitions_in(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut scopes: Vec<Scope> = Vec::new();
    let mut header_start = 0;
    let mut brackets = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => {
                let header = &tokens[header_start..at];
                let has = |keyword: &str| header.iter().any(|token| token.text == keyword);
                scopes.push(match () {
                    () if has("fn") => Scope::Function,
                    () if has("impl") || has("trait") => Scope::Associated,
                    () => Scope::Other,
                });
                header_start = at + 1;
            }
            "}" => {
                scopes.pop();
                header_start = at + 1;
            }
            "[" | "(" => brackets += 1,
            "]" | ")" => brackets -= 1,
            // An array type contains a semicolon, too.
            ";" if brackets == 0 => header_start = at + 1,
            keyword @ ("struct" | "enum" | "union" | "trait" | "type") => {
                let Some(name) = tokens.get(at + 1).filter(|next| is_identifier(&next.text)) else {
                    continue;
                };
                let follows = tokens.get(at + 2).map_or("", |next| next.text.as_str());
                let defines = match keyword {
                    "union" => matches!(follows, "{" | "<"),
                    "type" => {
                        matches!(follows, "=" | "<")
                            && !scopes.iter().any(|scope| *scope != Scope::Other)
                    }
                    _ => true,
                };
                if defines {
                    found.push((name.line, name.text.clone()));
                }
            }
            _ => {}
        }
    }
    found
}

/// Checks the detector on short sources.
mod detector {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let files = [File::new("a/src/lib.rs", text)];
        definitions(&files).into_keys().collect()
    }

    #[test]
    fn every_kind_of_type_is_found() {
        let text = "pub struct A(u8); enum B<T> { X(T) } pub(crate) trait C {} union D { x: u8 } \
                    type E = u8; type F<T> = Vec<T>; mod m { struct G; type H = u8; }";
        assert_eq!(names(text), ["A", "B", "C", "D", "E", "F", "G", "H"]);
    }

    #[test]
    fn associated_and_local_aliases_are_skipped() {
        let text = "impl X for [u8; 2] { type A = u8; fn f() { type B = u8; } } trait T { type C; } \
                    fn f() -> impl X { type D = u8; } // struct E;\n\
                    const S: &str = \"struct F;\"; #[cfg(test)] mod tests { struct G; }";
        assert_eq!(names(text), ["T"]);
    }

    #[test]
    fn files_of_test_modules_are_skipped() {
        let files = [
            File::new("a/src/lib.rs", "#[cfg(test)] mod tests; mod used;"),
            File::new("a/src/tests.rs", "struct A; mod deep;"),
            File::new("a/src/tests/deep.rs", "struct B;"),
            File::new("a/src/used.rs", "#[cfg(test)] mod checks; struct C;"),
            File::new("a/src/used/checks.rs", "struct D;"),
        ];
        assert_eq!(definitions(&files).into_keys().collect::<Vec<_>>(), ["C"]);
    }

    #[test]
    fn name_in_two_crates_is_reported() {
        let files = [
            File::new("a/src/lib.rs", "pub struct Place;\nenum Error {}"),
            File::new("b/src/x.rs", "\ntype Place = u8;"),
            File::new("b/src/error.rs", "enum Error {}"),
        ];
        let shown = report(&definitions(&files), EXCEPTIONS);
        assert_eq!(shown, "  Place: a/src/lib.rs:1, b/src/x.rs:2\n");
    }
}
