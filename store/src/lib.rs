// SPDX-License-Identifier: Apache-2.0

//! Where definitions of tables live that are made and altered while a program runs: one trait,
//! [`DefinitionStore`], with compare-and-swap on a table's version and every change numbered.
//!
//! Two stores: [`MemoryStore`], and [`ObjectStoreLog`], a log on a folder or a bucket that many
//! processes share. What a change may do to a table is not judged here, and nothing is cached beyond
//! the definitions themselves. No DataFusion in here.
//!
//! ```
//! use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
//! use kalamtable_store::{DefinitionStore, LogOptions, ObjectStoreLog};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # futures::executor::block_on(async {
//! fn table(toml: &str) -> TableDefinition {
//!     let mut sources = Sources::new();
//!     let source = sources.push(SourceFile::new("inline", toml));
//!     parse_and_check(&sources, source).expect("a sound definition").definition
//! }
//!
//! let first = table(
//!     "name = 'app.notes'\n\
//!      primary_key = ['id']\n\
//!      [columns]\n\
//!      id = { id = 1, type = 'bigint' }\n",
//! );
//! let second = table(
//!     "name = 'app.notes'\n\
//!      primary_key = ['id']\n\
//!      [columns]\n\
//!      id   = { id = 1, type = 'bigint' }\n\
//!      text = { id = 2, type = 'text', nullable = true }\n",
//! );
//!
//! let folder = tempfile::tempdir()?;
//! let store = ObjectStoreLog::open_folder(folder.path(), LogOptions::default()).await?;
//!
//! let created = store.create(first).await?;
//! assert_eq!(created.version(), 1);
//! let altered = store.replace(created.id, created.version(), second.clone()).await?;
//! assert_eq!(altered.version(), 2);
//!
//! // Whoever read version 1 and alters it now is told that it moved, and to what.
//! let late = store.replace(created.id, 1, second).await;
//! assert_eq!(late.unwrap_err().to_string(), "table 1 is at version 2, not 1: read it again");
//!
//! // Another process sees the same, whatever happens to this one.
//! let other = ObjectStoreLog::open_folder(folder.path(), LogOptions::default()).await?;
//! let history = other.history(created.id).await?;
//! let columns: Vec<usize> = history.iter().map(|at| at.definition.columns().len()).collect();
//! assert_eq!(columns, [1, 2]);
//! # Ok(())
//! # })
//! # }
//! ```

mod checksum;
mod damage;
mod definition_store;
mod error;
mod folder;
mod format;
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
pub use log::{CleanedUp, LogOptions, ObjectStoreLog};
pub use memory::MemoryStore;
pub use table::{ChangeKind, DefinitionChange, Sequence, StoredTable, TableId};
pub use unix_micros::UnixMicros;
