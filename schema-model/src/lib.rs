// SPDX-License-Identifier: Apache-2.0

//! Table definitions of KalamTable: their types, their checks, the rules of schema evolution, and
//! their form as TOML, as SQL and, with feature `arrow`, as Arrow schemas.
//!
//! A definition names a table, its columns and its keys. Each column has an id that never changes,
//! so that it can be renamed while old files stay readable:
//!
//! ```
//! use kalamtable_model::{SourceFile, Sources, Style, parse_and_check, render};
//!
//! let text = r#"
//! name        = "app.events"
//! primary_key = ["id"]
//!
//! [columns]
//! id    = { id = 1, type = "uuid" }
//! title = { id = 2, type = "text", nullable = true }
//! level = { id = 3, type = "enum('low', 'high')", default = "low" }
//! "#;
//! let mut sources = Sources::new();
//! let source = sources.push(SourceFile::new("events.toml", text));
//! let definition = match parse_and_check(&sources, source) {
//!     Ok(table) => table.definition,
//!     Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
//! };
//! assert_eq!(definition.columns().len(), 3);
//! assert_eq!(definition.columns()[2].ty.to_string(), "enum('low', 'high')");
//! ```
//!
//! A file is processed in stages, and each stage reports all of its problems as [`Diagnostic`]s:
//!
//! | stage | from | to |
//! |---|---|---|
//! | [`parse`] | TOML text | [`RawTable`] |
//! | [`check`] | [`RawTable`] | [`TableDefinition`] |
//! | [`check_tables`] | several tables | problems between tables |
//!
//! [`parse_and_check`] runs the first two stages. Front ends other than TOML build a [`RawTable`]
//! themselves. [`Rule`] lists the rules, with an id and a reason for each. A valid definition can
//! have [`warnings`].
//!
//! If Rust code is generated for a table, its columns become fields and its labels become variants.
//! [`parse_and_check_for_rust`] also checks these names. A table that is created while a server
//! runs has no Rust code, and its names and labels can be any that SQL accepts.
//!
//! [`TableDefinition::to_toml`] writes a definition back, [`TableDefinition::to_sql`] renders it as
//! `CREATE TABLE`, and [`TableDefinition::fingerprint`] identifies it. [`check_evolution`] checks
//! whether stored files stay readable if a definition follows earlier definitions of its table.
//! [`compare_versions`] also reports the changes that affect Rust code, queries and clients.
//! [`SchemaLock`] contains the released versions of all tables, and [`check_lock`] compares
//! definitions with them.
//!
//! This crate does not access files and does not depend on DataFusion.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "arrow")]
pub mod arrow;
mod canonical;
mod check;
#[doc(hidden)]
pub mod civil;
mod compiled_table;
mod constraints;
mod default_function;
mod definition;
mod diagnostic;
mod evolution;
mod fingerprint;
mod format;
mod free_id;
pub mod limits;
mod lock;
mod next_id;
mod parse;
mod provided;
mod raw;
mod read;
mod renames;
mod rule;
pub mod rust_names;
mod shared;
mod source;
mod sql;
#[doc(hidden)]
pub mod sql_text;
mod sql_words;
mod suggest;
mod system_columns;
mod table_name;
mod type_ids;
mod type_names;
mod type_text;
mod types;
pub mod value_text;
mod verdict;
mod zone;

#[doc(hidden)]
pub use canonical::quoted;
pub use check::{
    CheckedTable, TableSpans, VariantNames, check, check_tables, parse_and_check,
    parse_and_check_for_rust, warnings,
};
#[doc(hidden)]
pub use check::{
    check_labels, check_provided_names, check_type, check_type_without_ids, column_types,
};
pub use compiled_table::CompiledTable;
pub use constraints::{ConstraintKind, TableConstraint};
pub use default_function::DefaultFunction;
pub use definition::{
    AccessLevel, Column, ColumnDefault, Literal, MAX_ID, MIN_ID, PrimaryKey, Reserved,
    TableDefinition, TableKind, TableParts,
};
pub use diagnostic::{Diagnostic, Label, Location, Style, render, sort_diagnostics};
#[doc(hidden)]
pub use diagnostic::{backticked, backticked_list};
pub use evolution::{
    EvolutionProblem, EvolvedColumn, HistorySummary, InitialDefault, Promotion, check_evolution,
    compare_versions, initial_default, promotion,
};
pub use fingerprint::Fingerprint;
pub use format::format_definition;
pub use free_id::next_free_id;
#[doc(hidden)]
pub use lock::lock_too_large;
pub use lock::{
    AcceptedChange, LockSettings, LockUpdate, LockedTable, LockedVersion, ReleaseContext,
    ReleaseError, SchemaLock, check_base, check_lock, compare_tables, next_lock,
};
#[doc(hidden)]
pub use parse::file_too_large;
pub use parse::parse;
#[doc(hidden)]
pub use provided::is_provided_definition;
pub use raw::{
    RawColumn, RawDatetime, RawDefault, RawKey, RawTable, RawText, RawValue, RawVariant, Syntax,
    TextOrigin,
};
#[doc(hidden)]
pub use read::read_limited;
pub use renames::Renames;
pub use rule::{AnyRule, EvolutionRule, Fixture, LockRule, Rule, Severity};
pub use shared::Shared;
pub use source::{SourceFile, SourceId, SourceSpan, Sources, Spanned};
#[doc(hidden)]
pub use sql_words::{is_column_word, is_namespace_word, is_table_word};
#[doc(hidden)]
pub use suggest::nearest;
pub use system_columns::{DELETED_COLUMN, SEQ_COLUMN};
pub use table_name::{NameError, TableName};
#[doc(hidden)]
pub use type_ids::{has_type_ids, with_allocated_ids};
#[doc(hidden)]
pub use type_names::{intended_sql_type, plain_type};
pub use types::{ColumnType, MapFields, NestedField, TimeUnit};
pub use verdict::{Direction, Level, Verdict, Verdicts};
