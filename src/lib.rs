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

/// Table definitions, their checks, and the rules for their evolution.
pub use kalamtable_model as model;
/// Cached definitions and schemas of tables that are created while a server runs.
pub use kalamtable_registry as registry;
pub use kalamtable_runtime::*;
/// Durable storage of definitions that change while a server runs.
pub use kalamtable_store as store;

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
