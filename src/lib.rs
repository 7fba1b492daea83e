// SPDX-License-Identifier: Apache-2.0

//! Generates Arrow schemas, typed rows and DataFusion providers from table definitions, which are
//! written in TOML or on a struct and checked before the program runs.
//!
//! A server depends on this crate. Its build script compiles a folder of definitions:
//!
//! ```no_run
//! // In `main` of build.rs:
//! kalamtable_build::compile("schemas");
//! ```
//!
//! and the server includes the generated code with [`include_tables!`]: `app::events::Event` is the
//! row type of table `app.events`. Without a build script, a struct that derives [`KalamTable`]
//! defines a table. README.md shows one table from end to end.

#![cfg_attr(docsrs, feature(doc_cfg))]

// Generated code contains paths that start with `::kalamtable`, in this crate too.
extern crate self as kalamtable;

#[cfg(feature = "system-tables")]
pub mod system;

/// Table definitions: parsing, checks, and the rules for schema changes.
pub use kalamtable_model as model;
/// Cached plans, prepared statements, and reads and writes by key without the planner.
pub use kalamtable_plans as plans;
/// The schema registry: tables that are created and changed while a server runs.
#[cfg(feature = "dynamic")]
pub use kalamtable_registry as registry;
/// Conversion of rows to and from Arrow, including the builders and readers of user-defined values.
pub use kalamtable_rows as rows;
/// Durable storage of the rows of tables that are created while a server runs.
#[cfg(feature = "durable")]
pub use kalamtable_storage as storage;
/// Durable storage of table definitions.
#[cfg(feature = "dynamic")]
pub use kalamtable_store as store;

// Rows.
#[cfg(feature = "futures-core")]
pub use kalamtable_rows::BatchStream;
pub use kalamtable_rows::{
    AnyValue, AnyView, BatchBuilder, Batches, ClosedSet, ColumnBuilder, ColumnReader, Columns,
    Date, Decimal, Element, Fields, FieldsAt, FromArrow, HasType, InvalidValue, KalamTable,
    KalamValue, KeyedRow, ListItems, MapEntries, Micros, Millis, Nanos, OutOfRange, OwnedElement,
    OwnedFields, OwnedValue, PathSegment, Row, RowError, RowKey, Seconds, Table, TimeOfDay,
    TimeOfDayMicros, Timestamp, TimestampMicros, TimestampMillis, TimestampNanos, TimestampSeconds,
    ToArrow, TypeAt, Unit, Uuid, Value, ValueError, Views, read_validated, validate,
    validate_batch,
};

// Provider.
pub use kalamtable_provider::{
    BoxError, ChangeStatement, Error, FixedRows, KalamTableOptions, KeyOrder, KeyRange, Lookup,
    MemoryTable, QueryEnded, RowChange, RowProvider, RowSender, RowStream, Rows, ScanRequest,
    Snapshot, SourceStatistics, Statement, TableSource, UniqueValues, VirtualRows,
    annotated_schema, enable_dml, enable_types, metadata, register, register_as, sql,
    statement_to_plan,
};

// Dynamic tables.
#[cfg(feature = "dynamic")]
pub use kalamtable_runtime::{
    Actor, DynamicOptions, DynamicTable, DynamicTables, MemoryStorage, Role, UserId, catalog,
    dynamic,
};

/// Names for generated code. Not part of the public API.
#[doc(hidden)]
pub use kalamtable_rows::__private;

/// Includes the code that `kalamtable_build::compile` generated: one module per namespace, which
/// contains one module per table, and `TABLES`, the list of all tables.
///
/// With a file name, includes the file that was set with `Config::output`.
#[macro_export]
macro_rules! include_tables {
    () => {
        $crate::include_tables!("kalamtable.rs");
    };
    ($file:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $file));
    };
}

/// Compiles the Rust code of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
