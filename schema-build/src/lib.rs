// SPDX-License-Identifier: Apache-2.0

//! `kalamtable-build` compiles table definitions in TOML to Rust in a build script.
//!
//! For each table it generates a row type, its conversions to and from Arrow, and a static
//! definition with its Arrow schema. The `kalamtable` crate registers the tables with
//! DataFusion, and reads and writes their rows.
//!
//! # Example
//!
//! This example builds a small server with one table, from an empty folder to a query.
//!
//! Create a package:
//!
//! ```console
//! $ cargo new my-server
//! $ cd my-server
//! ```
//!
//! Describe a table in `schemas/app/events.toml`, with one line per column. The value of `name`
//! consists of a namespace and the name of the table within it:
//!
//! ```toml
//! name        = "app.events"
//! comment     = "What happened, and when"
//! primary_key = ["id"]
//! row         = "Event"
//!
//! [columns]
//! id      = { id = 1, type = "bigint" }
//! level   = { id = 2, type = "enum('info', 'warning', 'error')", rust = "Level", default = "info" }
//! title   = { id = 3, type = "text", nullable = true }
//! seen_at = { id = 4, type = "timestamp", unit = "ms", default = "now()" }
//! ```
//!
//! The `id` of a column identifies it in stored files. It stays the same when the column is renamed
//! or moved.
//!
//! Add the dependencies to `Cargo.toml`. KalamTable is not published on crates.io, so the paths
//! refer to a clone of its repository next to `my-server`:
//!
//! ```toml
//! [dependencies]
//! datafusion = { version = "55.2", default-features = false, features = ["sql"] }
//! kalamtable = { path = "../kalamtable" }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//!
//! [build-dependencies]
//! kalamtable-build = { path = "../kalamtable/schema-build" }
//! ```
//!
//! Compile the folder of definitions in `build.rs`:
//!
//! ```no_run
//! fn main() {
//!     kalamtable_build::compile("schemas");
//! }
//! ```
//!
//! Include the generated code in `src/main.rs`, and use the row type `Event` in a query:
//!
//! ```ignore
//! use std::sync::Arc;
//!
//! use datafusion::prelude::SessionContext;
//! use kalamtable::{MemoryTable, RowProvider, TimestampMillis, register};
//!
//! kalamtable::include_tables!();
//!
//! use app::events::{Event, Level};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let events = Arc::new(MemoryTable::<Event>::new());
//!     let ctx = SessionContext::new();
//!     register(&ctx, RowProvider::new(Arc::clone(&events)))?;
//!
//!     events.insert([Event {
//!         id: 1,
//!         level: Level::Warning,
//!         title: Some("disk is almost full".to_string()),
//!         seen_at: TimestampMillis::now(),
//!     }])?;
//!     let insert = "INSERT INTO app.events (id, title) VALUES (2, 'disk was cleaned')";
//!     ctx.sql(insert).await?.collect().await?;
//!
//!     ctx.sql("SELECT id, level, title FROM app.events ORDER BY id")
//!         .await?
//!         .show()
//!         .await?;
//!     Ok(())
//! }
//! ```
//!
//! `cargo run` prints the row from Rust and the row from SQL, which has the default level:
//!
//! ```text
//! +----+---------+---------------------+
//! | id | level   | title               |
//! +----+---------+---------------------+
//! | 1  | warning | disk is almost full |
//! | 2  | info    | disk was cleaned    |
//! +----+---------+---------------------+
//! ```
//!
//! # Generated code
//!
//! [`compile`] writes one file, `kalamtable.rs` in cargo's `OUT_DIR`. The file contains one module
//! per namespace, which contains one module per table. In the example:
//!
//! | item | description |
//! |---|---|
//! | `app::events::Event` | a row, with one field per column |
//! | `app::events::EventView` | a row that borrows from a record batch |
//! | `app::events::Level` | the enum of a column with a closed set of labels |
//! | `app::events::column::TITLE` | the index of column `title` |
//! | `app::events::DEFINITION` | the definition |
//! | `app::events::SCHEMA` | the Arrow schema, with ids and comments as metadata |
//! | `app::events::QUERY_SCHEMA` | the Arrow schema for DataFusion, without this metadata |
//! | `app::events::TABLE` | the definition and the schemas, which is also the constant `Event::TABLE` of `ToArrow` |
//! | `TABLES` | all tables, sorted by name |
//! | `COMPILED_TABLES` | all tables with their earlier names, for `reconcile` |
//!
//! `Event` implements `ToArrow` and `FromArrow`, and `KeyedRow` for its primary key.
//!
//! The content of the file depends only on the definitions and the configuration. The file is
//! written only when its content changes, so reformatting a TOML file does not recompile the crate.
//!
//! # Names
//!
//! Columns become fields in snake case, and the labels of an enum become variants in camel case. A
//! label without letters and digits has no such name, and two labels can have the same one. For
//! these labels, `variants` names the variants. It only concerns the generated code: the canonical
//! text and the fingerprint of the definition do not depend on it.
//!
//! ```toml
//! operator = { id = 5, type = "enum('=', '>=')", rust = "Operator", variants = { "=" = "Equal", ">=" = "AtLeast" } }
//! ```
//!
//! Files and other programs may use names that SQL accepts only in quotes. `source` gives the name
//! of a column in files and in batches of other programs, and every query uses the name of the
//! definition:
//!
//! ```toml
//! first_name = { id = 6, type = "text", source = "First Name" }
//! ```
//!
//! # Changes of released definitions
//!
//! A column keeps its `id` when its name changes. `renamed_from` is the earlier name of a column or
//! table, so that a rename is distinguished from a mistake. It is not part of the definition.
//! `deprecated` is the reason why a later version will drop a column, and the documentation of its
//! field shows it:
//!
//! ```toml
//! author = { id = 7, type = "text", renamed_from = "actor" }
//! note   = { id = 8, type = "text", nullable = true, deprecated = "use title" }
//! ```
//!
//! A server whose tables are in a store passes `COMPILED_TABLES` to
//! `kalamtable::registry::reconcile` when it starts. A renamed table is found by its earlier names,
//! and keeps its id and its rows. The earlier names are those in the [lock](#released-versions) and
//! `renamed_from`, which can be deleted once the version is locked. Without a lock, `renamed_from`
//! stays until each store has been upgraded.
//!
//! # Errors in definitions
//!
//! A mistake in a definition fails the build. Cargo shows each mistake with its file, line and
//! column, the code of the rule, and usually a suggestion:
//!
//! ```text
//! error: my-server@0.1.0: schemas/app/events.toml:9:36: unknown key `nulable` [KT0101]; help: did you mean `nullable`?
//! ```
//!
//! `kalamtable check schemas` of the command line tool `kalamtable-cli` shows the same mistakes
//! with an excerpt of the file.
//!
//! # Released versions
//!
//! A file `schemas/schemas.lock` contains all versions of the tables that were released. Write it
//! with `kalamtable lock schemas` of the command line tool, commit it, and let the build script
//! compare the definitions with it:
//!
//! ```no_run
//! fn main() {
//!     kalamtable_build::Config::new()
//!         .schemas("schemas")
//!         .locked(true)
//!         .compile();
//! }
//! ```
//!
//! A change that breaks queries, clients, Rust code or stored files fails the build, unless the
//! lock accepts it:
//!
//! ```text
//! error: my-server@0.1.0: schemas/app/events.toml:10:1: `title` (id 3) of `app.events` is `int`, but was `text` in version 1 [KT1204]; help: write `type = "text"`, or add another column; ..
//! ```
//!
//! The entry that accepts a change is written above the line in the lock that begins the history.
//! It states a reason, and the last release or day on which it is valid:
//!
//! ```toml
//! [[accept]]
//! rule    = "type-changed"
//! table   = "app.events"
//! column  = "title"
//! reason  = "no rows were written"
//! expires = "0.2.0"
//! ```
//!
//! A change also needs the next `version`. The build warns until `kalamtable lock` adds that
//! version to the lock, which moves the entry into the history. `levels = ["storage"]` in the lock
//! limits the comparison to stored files. The other levels are `source`, `sql` and `wire`.
//!
//! # Configuration
//!
//! [`Config`] adds attributes to row types, replaces the Rust types of columns, and renames the
//! generated file:
//!
//! ```no_run
//! fn main() {
//!     kalamtable_build::Config::new()
//!         .schemas("schemas")
//!         .row_attribute("app.events", "#[derive(Eq, Hash)]")
//!         .column_type("app.events.id", "crate::EventId")
//!         .compile();
//! }
//! ```
//!
//! A program that is not a build script reads definitions with [`load`], or generates code into a
//! folder of its choice with [`Config::try_compile`].

#![expect(
    clippy::needless_doctest_main,
    reason = "the examples are complete build scripts"
)]

mod config;
mod error;
mod load;
mod lock_file;
mod replace_file;

pub use config::{Compiled, Config, compile, generate, generate_tables};
pub use error::Error;
#[doc(hidden)]
pub use load::load_providing;
pub use load::{LoadedDefinitions, load};
pub use lock_file::{LOCK_FILE, lock_path, read_lock, today, write_lock};
#[doc(hidden)]
pub use replace_file::replace_file;
