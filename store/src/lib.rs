// SPDX-License-Identifier: Apache-2.0

//! Storage for table definitions that are created and changed while a program runs.
//!
//! A [`DefinitionStore`] keeps every version of every table, assigns version numbers, and numbers
//! all changes. Writers use compare-and-swap on the version of a table, so no update is lost. This
//! crate has the trait and two stores:
//!
//! | store | definitions are kept in | shared by |
//! |---|---|---|
//! | [`MemoryStore`] | memory | the threads of one process |
//! | [`ObjectStoreLog`] | a log of changes in a folder or a bucket | any number of processes |
//!
//! Most programs do not call a store directly. They pass it to the `SchemaRegistry` of
//! `kalamtable-registry`, which caches definitions and checks that stored rows remain readable
//! after a schema change. A store accepts any valid definition as the next version. This crate does
//! not depend on DataFusion.
//!
//! # Open a store
//! ```
//! use kalamtable_store::{DefinitionStore, LogOptions, ObjectStoreLog};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # futures::executor::block_on(async {
//! let folder = tempfile::tempdir()?;
//! let store = ObjectStoreLog::open_folder(folder.path(), LogOptions::default()).await?;
//! assert_eq!(store.count().await?, 0);
//! # Ok(())
//! # })
//! # }
//! ```
//! For a bucket, pass a client of the `object_store` crate to [`ObjectStoreLog::open`].
//! [`LogOptions`] set the maximum age of the state that reads return, and the number of changes
//! between checkpoints.
//!
//! # Create and change a table
//! Definitions come from `kalamtable_model`, here from text. The store ignores the version in a
//! definition: a created table has version 1, and each replacement the next version. A replacement
//! names the version that it was derived from, and fails with [`Error::Conflict`] if the table has
//! another current version.
//! ```
//! use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
//! # use kalamtable_store::{DefinitionStore, LogOptions, ObjectStoreLog};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # futures::executor::block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let store = ObjectStoreLog::open_folder(folder.path(), LogOptions::default()).await?;
//! fn parse(toml: &str) -> TableDefinition {
//!     let mut sources = Sources::new();
//!     let source = sources.push(SourceFile::new("inline", toml));
//!     parse_and_check(&sources, source).expect("the definition is valid").definition
//! }
//!
//! let first = parse(
//!     "name = 'app.notes'\n\
//!      primary_key = ['id']\n\
//!      [columns]\n\
//!      id = { id = 1, type = 'bigint' }\n",
//! );
//! let second = parse(
//!     "name = 'app.notes'\n\
//!      primary_key = ['id']\n\
//!      [columns]\n\
//!      id   = { id = 1, type = 'bigint' }\n\
//!      text = { id = 2, type = 'text', nullable = true }\n",
//! );
//!
//! let created = store.create(first).await?;
//! assert_eq!(created.version(), 1);
//! let replaced = store.replace(created.id, 1, second.clone()).await?;
//! assert_eq!(replaced.version(), 2);
//!
//! // Another writer that has read version 1 must read the table again.
//! let conflict = store.replace(created.id, 1, second).await.unwrap_err();
//! assert_eq!(
//!     conflict.to_string(),
//!     "table 1 is at version 2, not 1: read it again and retry"
//! );
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Read from another process
//! Every process that opens the same folder or bucket sees the same versions and the same order of
//! changes. [`changes_since`](DefinitionStore::changes_since) returns the changes after a sequence
//! number, which a cache needs to stay current.
//! ```
//! # use kalamtable_model::{SourceFile, Sources, parse_and_check};
//! use kalamtable_store::{ChangeKind, Sequence};
//! # use kalamtable_store::{DefinitionStore, LogOptions, ObjectStoreLog};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # futures::executor::block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let store = ObjectStoreLog::open_folder(folder.path(), LogOptions::default()).await?;
//! # let mut sources = Sources::new();
//! # let toml =
//! #     "name = 'app.notes'\nprimary_key = ['id']\n[columns]\nid = { id = 1, type = 'int' }\n";
//! # let source = sources.push(SourceFile::new("inline", toml));
//! # let definition = parse_and_check(&sources, source).unwrap().definition;
//! # let created = store.create(definition.clone()).await?;
//! # store.replace(created.id, 1, definition).await?;
//! let other = ObjectStoreLog::open_folder(folder.path(), LogOptions::default()).await?;
//! let history = other.history(created.id).await?;
//! assert_eq!(history.len(), 2);
//!
//! let changes = other.changes_since(Sequence::START).await?;
//! assert_eq!(changes[0].kind, ChangeKind::Created);
//! assert_eq!(changes[1].kind, ChangeKind::Replaced { version: 2 });
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Implement a store
//! To implement another kind of store, implement [`DefinitionStore`], and return errors of the
//! storage as [`Error::Other`]. A store that wraps another one and overrides some of the methods
//! forwards the other methods with [`forward_definition_store!`].

mod checksum;
mod damage;
mod definition_store;
mod durable_folder;
mod error;
mod format;
mod forward;
mod log;
mod memory;
mod replica;
mod state;
mod table;
mod unix_micros;

pub use checksum::Checksum;
pub use damage::{Damage, DamageKind};
pub use definition_store::DefinitionStore;
pub use error::Error;
#[doc(hidden)]
pub use forward::__private;
#[doc(hidden)]
pub use log::check_create;
pub use log::{CleanedUp, LogOptions, ObjectStoreLog};
pub use memory::MemoryStore;
pub use table::{ChangeKind, DefinitionChange, Sequence, StoredTable, TableChange, TableId};
pub use unix_micros::UnixMicros;

/// Compiles the example in README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
