// SPDX-License-Identifier: Apache-2.0

//! Tables described once, in TOML or on a struct: Arrow schemas, typed rows and DataFusion providers,
//! checked before the program runs.
//!
//! This is the crate a server depends on. Its build script compiles a folder of definitions:
//!
//! ```no_run
//! // In `main` of build.rs:
//! kalamtable_build::compile("schemas");
//! ```
//!
//! and the crate takes in what it made with [`include_tables!`]: `app::events::Event` is the row type
//! of table `app.events`. Without a build script, a struct with [`KalamTable`] is a table. README.md
//! shows one table from end to end.

#![cfg_attr(docsrs, feature(doc_cfg))]

// Generated code says `::kalamtable`, in this crate too.
extern crate self as kalamtable;

#[cfg(feature = "system-tables")]
pub mod system;

/// What a table is: definitions, their checks, and what may follow one.
pub use kalamtable_model as model;
/// Tables that are made and altered while a server runs: their schemas, memoized.
pub use kalamtable_registry as registry;
pub use kalamtable_runtime::*;
/// Where definitions live that are made and altered while a server runs.
pub use kalamtable_store as store;

/// Takes in what `kalamtable_build::compile` made: a module a namespace, in it one a table, and
/// `TABLES`, which lists them.
///
/// With a name, takes in the file that `Config::output` named.
#[macro_export]
macro_rules! include_tables {
    () => {
        $crate::include_tables!("kalamtable.rs");
    };
    ($file:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $file));
    };
}

/// What README.md shows of structs is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
