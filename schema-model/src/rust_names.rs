// SPDX-License-Identifier: Apache-2.0

//! The Rust names in generated code. Both the checks, which find conflicts, and the generator use
//! these functions.

use std::collections::BTreeMap;

use crate::sql_text::is_bare_name;
use crate::types::{ColumnType, TimeUnit};

/// Returns the name of the module of a table or namespace, or of the field of a column: snake case,
/// as a raw identifier if it is a keyword.
///
/// ```
/// use kalamtable_model::rust_names::snake_case;
///
/// assert_eq!(snake_case("createdAt"), "created_at");
/// assert_eq!(snake_case("type"), "r#type");
/// ```
pub fn snake_case(name: &str) -> String {
    let words = words(name);
    let mut ident = words.join("_");
    if ident.is_empty() || ident.starts_with(|c: char| c.is_ascii_digit()) {
        ident.insert(0, '_');
    }
    if is_keyword(&ident) && !is_never_raw(&ident) {
        ident.insert_str(0, "r#");
    }
    ident
}

/// Returns the name of the type of a row or column, or of the variant of a label: upper camel case.
///
/// The result is empty if `name` has no ASCII letters or digits.
///
/// ```
/// use kalamtable_model::rust_names::camel_case;
///
/// assert_eq!(camel_case("live_queries"), "LiveQueries");
/// assert_eq!(camel_case("in-progress"), "InProgress");
/// assert_eq!(camel_case("2fa"), "V2fa");
/// ```
pub fn camel_case(name: &str) -> String {
    let mut ident: String = words(name)
        .iter()
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect();
    if ident.starts_with(|c: char| c.is_ascii_digit()) {
        ident.insert(0, 'V');
    }
    if ident == "Self" {
        ident.push('_');
    }
    ident
}

/// Returns the names of the variants of `labels`: the name in `chosen`, or else the label in camel
/// case.
///
/// A label without a letter or digit that is not in `chosen` gets a name with its position. The
/// checks reject it if Rust code is generated for its table.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use kalamtable_model::rust_names::variant_names;
///
/// let chosen = BTreeMap::from([(">=".to_string(), "AtLeast".to_string())]);
/// assert_eq!(variant_names(&["less-than", ">="], &chosen), ["LessThan", "AtLeast"]);
/// ```
pub fn variant_names(labels: &[impl AsRef<str>], chosen: &BTreeMap<String, String>) -> Vec<String> {
    let labels = labels.iter().map(AsRef::as_ref).enumerate();
    labels
        .map(|(position, label)| match chosen.get(label) {
            Some(name) => name.clone(),
            None => match camel_case(label) {
                name if name.is_empty() => format!("Label{position}"),
                name => name,
            },
        })
        .collect()
}

/// Returns the name of the type that is generated for `field` of the type `parent`: a column of a
/// row, a field of a struct, or the `item`, `key` or `value` of a list or map.
///
/// ```
/// use kalamtable_model::rust_names::nested_type_name;
///
/// assert_eq!(nested_type_name("Job", "routes"), "JobRoutes");
/// assert_eq!(nested_type_name("JobRoutes", "item"), "JobRoutesItem");
/// ```
pub fn nested_type_name(parent: &str, field: &str) -> String {
    format!("{parent}{}", camel_case(field))
}

/// Returns the name of the type that borrows a row, or a struct inside of a column, from a batch.
///
/// ```
/// use kalamtable_model::rust_names::view_name;
///
/// assert_eq!(view_name("Job"), "JobView");
/// ```
pub fn view_name(ty: &str) -> String {
    format!("{ty}View")
}

/// Returns the name of the Rust type of a unit of time.
pub const fn unit_type_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "Seconds",
        TimeUnit::Millisecond => "Millis",
        TimeUnit::Microsecond => "Micros",
        TimeUnit::Nanosecond => "Nanos",
    }
}

/// Returns the structs and enums to generate for a column of the row type `row`, outermost first,
/// with their names.
///
/// `rust` is the value of the key `rust` of the column. For an enum column it is the name of the
/// enum to generate. For any other column it is the path of an existing type, and the result is
/// empty.
pub fn generated_types<'a>(
    row: &str,
    column: &str,
    rust: Option<&str>,
    ty: &'a ColumnType,
) -> Vec<(String, &'a ColumnType)> {
    let mut types = Vec::new();
    match (ty, rust) {
        (ColumnType::Enum(_), Some(name)) => types.push((name.to_string(), ty)),
        (_, Some(_)) => {}
        (_, None) => add_generated(nested_type_name(row, column), ty, &mut types),
    }
    types
}

fn add_generated<'a>(name: String, ty: &'a ColumnType, types: &mut Vec<(String, &'a ColumnType)>) {
    let children = ty.children();
    if matches!(ty, ColumnType::Enum(_) | ColumnType::Struct(_)) {
        types.push((name.clone(), ty));
    }
    for child in children {
        add_generated(nested_type_name(&name, &child.name), &child.ty, types);
    }
}

/// Returns whether `name` is a Rust identifier of ASCII characters that is neither a keyword nor
/// `_`.
pub fn is_identifier(name: &str) -> bool {
    is_bare_name(name) && name != "_" && !is_keyword(name)
}

/// Returns whether `name` is an identifier in upper camel case.
pub(crate) fn is_camel_case(name: &str) -> bool {
    let is_camel = name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains('_');
    is_camel && is_identifier(name)
}

/// Returns whether `name` is a keyword that cannot be a raw identifier.
pub fn is_never_raw(name: &str) -> bool {
    matches!(name, "self" | "Self" | "super" | "crate" | "_")
}

fn is_keyword(name: &str) -> bool {
    is_never_raw(name) || KEYWORDS.contains(&name)
}

/// The strict and reserved keywords of edition 2024.
/// Source: <https://doc.rust-lang.org/reference/keywords.html>
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Splits a name into words in lower case: at characters other than ASCII letters and digits, and
/// before an upper-case letter that follows a lower-case letter or a digit.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
            previous_lower = false;
            continue;
        }
        if c.is_ascii_uppercase() && previous_lower {
            words.push(String::new());
        }
        previous_lower = !c.is_ascii_uppercase();
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
