// SPDX-License-Identifier: Apache-2.0

//! Rust tokens for checked definitions. The crate performs no I/O, and it cannot fail: its input is
//! a [`TableDefinition`](kalamtable_model::TableDefinition), which has passed every check.
//!
//! Two front ends use it. `kalamtable-build` generates modules for definitions in TOML with
//! [`tables`]. `kalamtable-macros` generates the items for an existing struct or enum with
//! [`derive_row`], [`derive_value`], [`derive_closed_set`] and [`derive_newtype`]. For a table that
//! is written once as TOML and once as a struct, both front ends generate the same tokens.
//!
//! The output consists of items that name the runtime's module `__private` by the alias `__kalam`.
//! It contains no macro calls, so that prettyplease formats all of it; `macro_rules!` in the
//! runtime would be shorter in the generated file, but rustc compiles the same items either way.
//!
//! | part | file |
//! |---|---|
//! | modules of namespaces and tables | `modules` |
//! | every name in a table's module | `table_names` |
//! | the static definition | `definition` |
//! | comments as documentation | `docs` |
//! | the fields of a row struct, generated or written by hand | `fields` |
//! | Rust types of columns | `field_types` |
//! | the row struct and the types of its fields | `types` |
//! | `impl ToArrow`, `impl FromArrow` | `to_arrow`, `from_arrow` |
//! | the row's view | `view` |
//! | `impl RowKey`, `impl KeyedRow` | `row_key` |
//! | impls for enums, newtypes and structs inside columns | `closed_set`, `newtype`, `struct_value` |
//! | structs inside columns that are written by hand | `value` |

mod closed_set;
mod definition;
mod docs;
mod field_types;
mod fields;
mod from_arrow;
mod modules;
mod names;
mod newtype;
mod options;
mod row_key;
mod struct_value;
mod table_names;
mod to_arrow;
mod types;
mod value;
mod view;

pub use closed_set::derive_closed_set;
pub use definition::{ColumnTokens, default_tokens, type_tokens};
pub use docs::{column_docs, comment_docs};
pub use field_types::value_type;
pub use fields::{
    ColumnField, FieldRepresentation, FlattenedField, GenericParameters, RowAccess, RowFields,
    TimeType,
};
pub use modules::{DerivedTokens, derive_row, table, tables};
pub use newtype::derive_newtype;
pub use options::CodegenOptions;
pub use value::derive_value;
