// SPDX-License-Identifier: Apache-2.0

//! What a KalamTable table is, however it was written: definition, types, checks, TOML.
//!
//! [`parse_and_check`] takes a file's text to a [`CheckedTable`] or to [`Diagnostic`]s that hold the
//! fix: TOML to a [`RawTable`] ([`parse`]), that to a [`TableDefinition`] ([`check`]), and what
//! concerns several tables ([`check_tables`]). [`TableDefinition::to_toml`] is the way back, and
//! [`TableDefinition::to_sql`] what a database is told.
//! [`check_evolution`] says whether one definition may follow others of the same table.
//!
//! No tokens, no file system and no DataFusion in here; Arrow types behind feature `arrow`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "arrow")]
pub mod arrow;
mod canonical;
mod check;
mod civil;
mod constraints;
mod definition;
mod diagnostic;
mod evolution;
mod fingerprint;
pub mod limits;
mod next_id;
mod parse;
mod raw;
mod read;
mod rule;
pub mod rust_names;
mod shared;
mod source;
mod sql;
mod suggest;
mod system_columns;
mod table_name;
mod type_text;
mod types;
pub mod value_text;

pub use check::{CheckedTable, TableSpans, check, check_tables, parse_and_check};
#[doc(hidden)]
pub use check::{check_labels, check_type, column_types};
pub use constraints::{ConstraintKind, TableConstraint};
pub use definition::{
    AccessLevel, Column, ColumnDefault, DefaultFunction, Literal, MAX_ID, MIN_ID, PrimaryKey,
    Reserved, TableDefinition, TableKind, TableParts,
};
pub use diagnostic::{Diagnostic, Label, Location, Style, render, sort_diagnostics};
#[doc(hidden)]
pub use diagnostic::{backticked, backticked_list};
pub use evolution::{
    EvolutionProblem, EvolutionRule, EvolvedColumn, InitialDefault, check_evolution,
    initial_default,
};
pub use fingerprint::Fingerprint;
#[doc(hidden)]
pub use parse::file_too_large;
pub use parse::parse;
pub use raw::{
    RawColumn, RawDatetime, RawDefault, RawKey, RawTable, RawText, RawValue, Syntax, TextOrigin,
};
#[doc(hidden)]
pub use read::read_limited;
pub use rule::Rule;
pub use shared::Shared;
pub use source::{SourceFile, SourceId, SourceSpan, Sources, Spanned};
#[doc(hidden)]
pub use suggest::nearest;
pub use system_columns::{DELETED_COLUMN, SEQ_COLUMN};
pub use table_name::{NameError, TableName};
pub use types::{ColumnType, MapFields, NestedField, TimeUnit};
