// SPDX-License-Identifier: Apache-2.0

//! The attributes `#[kalam(..)]` of a struct and its fields. Later stages check whether their
//! values are consistent.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Lit, LitStr};

use crate::entries::{AllowedKeys, AttributeEntries, DefaultAttribute, KeyUsage};
use crate::problems::{Problems, Written};

const TABLE_KEYS: &[KeyUsage] = &[
    ("table", "table = \"app.events\""),
    ("renamed_from", "renamed_from = \"app.messages\""),
    ("primary_key", "primary_key(id)"),
    ("no_primary_key", "no_primary_key = \"why\""),
    ("unique", "unique(email)"),
    ("kind", "kind = \"user\""),
    ("ttl_seconds", "ttl_seconds = 3600"),
    ("access_level", "access_level = \"public\""),
    ("version", "version = 2"),
    ("reserved", "reserved(ids(2, 5), names(\"username\"))"),
    ("comment", "comment = \"..\""),
    ("freeze", "freeze = \"schemas/frozen/events.toml\""),
    ("schema", "schema = \"schemas/app/events.toml\""),
    ("crate", "crate = ::kalamtable"),
    ("view", "view = EventView"),
];

/// The keys that may be repeated.
const REPEATED_TABLE_KEYS: &[&str] = &["unique"];

/// The keys that can be combined with `schema`.
const SCHEMA_KEYS: [&str; 3] = ["schema", "crate", "view"];

const FIELD_KEYS: &[KeyUsage] = &[
    ("id", "id = 3"),
    ("rename", "rename = \"column\""),
    ("renamed_from", "renamed_from = \"old_column\""),
    ("source", "source = \"Column\""),
    ("type", "type = \"decimal(10, 2)\""),
    ("unit", "unit = \"ms\""),
    ("default", "default = 0"),
    ("deprecated", "deprecated = \"why\""),
    ("comment", "comment = \"..\""),
    ("skip", "skip"),
    ("nested_ids", "nested_ids = 20"),
    ("flatten", "flatten"),
];

const RESERVED_KEYS: &[KeyUsage] = &[("ids", "ids(2, 5)"), ("names", "names(\"username\")")];

/// The attributes of a row struct.
pub(crate) struct StructAttributes {
    /// The path of a crate that has `__private`.
    pub(crate) runtime: TokenStream,
    /// The name of the view, if it is not derived from the struct's.
    pub(crate) view: Option<Ident>,
    /// The source of the table's definition.
    pub(crate) source: DefinitionSource,
}

/// The source of a table's definition.
pub(crate) enum DefinitionSource {
    /// The struct.
    Struct(Box<TableAttributes>),
    /// The TOML file at this path.
    Schema(LitStr),
}

/// The attributes of a struct that is the source of its table.
pub(crate) struct TableAttributes {
    pub(crate) table: Written<String>,
    pub(crate) renamed_from: Option<Written<String>>,
    pub(crate) primary_key: Option<Written<Vec<Written<String>>>>,
    pub(crate) no_primary_key: Option<Written<String>>,
    pub(crate) unique: Vec<Written<Vec<Written<String>>>>,
    pub(crate) kind: Option<Written<String>>,
    pub(crate) ttl_seconds: Option<Written<i128>>,
    pub(crate) access_level: Option<Written<String>>,
    pub(crate) version: Option<Written<i128>>,
    pub(crate) reserved_ids: Vec<Written<i128>>,
    pub(crate) reserved_names: Vec<Written<String>>,
    pub(crate) comment: Option<Written<String>>,
    /// The path of the file with which a test compares the definition.
    pub(crate) freeze: Option<Written<String>>,
}

/// The attributes of a field.
pub(crate) struct FieldAttributes {
    pub(crate) id: Option<Written<i128>>,
    pub(crate) rename: Option<Written<String>>,
    /// The earlier name of the column.
    pub(crate) renamed_from: Option<Written<String>>,
    /// The name of the column in files and foreign batches.
    pub(crate) source: Option<Written<String>>,
    pub(crate) ty: Option<Written<String>>,
    pub(crate) unit: Option<Written<String>>,
    pub(crate) default: Option<DefaultAttribute>,
    /// The reason why the column is deprecated.
    pub(crate) deprecated: Option<Written<String>>,
    pub(crate) comment: Option<Written<String>>,
    pub(crate) nested_ids: Option<Written<i128>>,
    /// The keys that cannot be combined with `schema` on the struct.
    pub(crate) source_keys: Vec<Ident>,
    /// Whether the field is not a column.
    pub(crate) skip: bool,
    /// The key `flatten`, if the fields of the field's type are columns.
    pub(crate) flatten: Option<Ident>,
}

impl StructAttributes {
    /// Reads the attributes of the struct `name`. Returns `None` after reporting that they do not
    /// name the source of the definition.
    pub(crate) fn read(
        attributes: &[Attribute],
        name: &Ident,
        problems: &mut Problems,
    ) -> Option<Self> {
        let allowed = AllowedKeys {
            keys: TABLE_KEYS,
            repeated: REPEATED_TABLE_KEYS,
            elsewhere: FIELD_KEYS,
            hint: "it belongs on a field",
            hints: &[],
        };
        let entries = AttributeEntries::of_attributes(attributes, allowed, problems);
        let runtime = entries.path("crate", problems);
        let view = entries.ident("view", problems);
        let source = if let Some(schema) = entries.literal("schema", problems) {
            for key in entries.keys_but(&SCHEMA_KEYS) {
                let message = format!("`{key}` cannot be combined with `schema`");
                let help = "delete it here, and write it in the file";
                problems.push(key, &message, help);
            }
            Some(DefinitionSource::Schema(schema))
        } else {
            let table = TableAttributes::read(&entries, attributes, problems);
            if problems.is_empty() && table.is_none() {
                let name_in_sql = kalamtable_model::rust_names::snake_case(&name.to_string());
                let help = format!(
                    "write `#[kalam(table = \"app.{name_in_sql}\", primary_key(..))]` if the struct \
                     describes the table, or `#[kalam(schema = \"schemas/app/{name_in_sql}.toml\")]` if \
                     a file does"
                );
                let message = format!("`{name}` does not name its table");
                problems.push(name, &message, &help);
            }
            table.map(|table| DefinitionSource::Struct(Box::new(table)))
        };
        Some(StructAttributes {
            runtime: runtime.unwrap_or_else(|| quote!(::kalamtable)),
            view,
            source: source?,
        })
    }
}

impl TableAttributes {
    fn read(
        entries: &AttributeEntries,
        attributes: &[Attribute],
        problems: &mut Problems,
    ) -> Option<Self> {
        let table = entries.text("table", problems);
        let renamed_from = entries.text("renamed_from", problems);
        let primary_key = entries.names("primary_key", problems);
        let no_primary_key = entries.text("no_primary_key", problems);
        let unique = entries.all_names("unique", problems);
        let kind = entries.text("kind", problems);
        let ttl_seconds = entries.integer("ttl_seconds", problems);
        let access_level = entries.text("access_level", problems);
        let version = entries.integer("version", problems);
        let comment = entries.text("comment", problems);
        let freeze = entries.text("freeze", problems);
        let (mut reserved_ids, mut reserved_names) = (Vec::new(), Vec::new());
        if let Some(tokens) = entries.list("reserved", problems) {
            let allowed = AllowedKeys {
                keys: RESERVED_KEYS,
                repeated: &[],
                elsewhere: &[],
                hint: "",
                hints: &[],
            };
            let reserved = AttributeEntries::of_tokens(tokens, allowed, problems);
            reserved_ids = reserved.integers("ids", problems).unwrap_or_default();
            let names = reserved.names("names", problems);
            reserved_names = names.map(|names| names.value).unwrap_or_default();
        }
        Some(TableAttributes {
            table: table?,
            renamed_from,
            primary_key,
            no_primary_key,
            unique,
            kind,
            ttl_seconds,
            access_level,
            version,
            reserved_ids,
            reserved_names,
            comment: comment.or_else(|| documentation(attributes)),
            freeze,
        })
    }
}

impl FieldAttributes {
    /// Reads the attributes of a field.
    pub(crate) fn read(attributes: &[Attribute], problems: &mut Problems) -> Self {
        let allowed = AllowedKeys {
            keys: FIELD_KEYS,
            repeated: &[],
            elsewhere: TABLE_KEYS,
            hint: "it belongs on the struct",
            hints: &[
                ("nullable", "make the field an `Option`"),
                ("name", "write `rename = \"..\"`"),
            ],
        };
        let entries = AttributeEntries::of_attributes(attributes, allowed, problems);
        let skip = entries.flag("skip", problems);
        if skip {
            for key in entries.keys_but(&["skip"]) {
                let message = format!("`{key}` has no effect on a field that is not a column");
                problems.push(&key, &message, &format!("delete `{key}`, or `skip`"));
            }
        }
        let flatten = entries
            .flag("flatten", problems)
            .then(|| entries.key("flatten"));
        if flatten.is_some() && !skip {
            for key in entries.keys_but(&["flatten", "nested_ids"]) {
                let message = format!("`{key}` is not allowed on a flattened field");
                let help = "delete it here, and write it on the fields of the flattened struct";
                problems.push(&key, &message, help);
            }
        }
        FieldAttributes {
            source_keys: entries.keys_but(&["rename", "unit", "skip", "flatten"]),
            flatten: flatten.flatten(),
            id: entries.integer("id", problems),
            rename: entries.text("rename", problems),
            renamed_from: entries.text("renamed_from", problems),
            source: entries.text("source", problems),
            ty: entries.text("type", problems),
            unit: entries.text("unit", problems),
            default: entries.default_value("default", problems),
            deprecated: entries.text("deprecated", problems),
            comment: entries
                .text("comment", problems)
                .or_else(|| documentation(attributes)),
            nested_ids: entries.integer("nested_ids", problems),
            skip,
        }
    }
}

/// Returns the doc comment without the blanks at the beginning of each line, or `None` if it is
/// empty.
fn documentation(attributes: &[Attribute]) -> Option<Written<String>> {
    let lines = doc_lines(attributes);
    let stripped: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    let text = stripped.join("\n").trim().to_string();
    let first = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("doc"));
    (!text.is_empty()).then(|| Written::new(text, first))
}

/// Returns the text of the doc comment.
pub(crate) fn doc_text(attributes: &[Attribute]) -> String {
    doc_values(attributes).join("\n")
}

/// Returns the lines of the doc comment that are not empty.
fn doc_lines(attributes: &[Attribute]) -> Vec<String> {
    let values = doc_values(attributes);
    values
        .iter()
        .flat_map(|value| value.lines().map(str::to_string))
        .collect()
}

fn doc_values(attributes: &[Attribute]) -> Vec<String> {
    let mut values = Vec::new();
    for attribute in attributes {
        if let syn::Meta::NameValue(doc) = &attribute.meta
            && doc.path.is_ident("doc")
            && let syn::Expr::Lit(literal) = &doc.value
            && let Lit::Str(text) = &literal.lit
        {
            values.push(text.value());
        }
    }
    values
}
