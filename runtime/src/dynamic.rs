// SPDX-License-Identifier: Apache-2.0

//! Tables that are made and altered while a server runs, with rows of their own: [`DynamicTables`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use datafusion::prelude::{SessionConfig, SessionContext};
//! use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
//! use kalamtable_registry::{RegistryOptions, SchemaRegistry};
//! use kalamtable_runtime::{Actor, DynamicTables, MemoryStorage, Role, UserId};
//! use kalamtable_store::MemoryStore;
//!
//! fn notes(columns: &str) -> TableDefinition {
//!     let toml = format!(
//!         "name = 'app.notes'\n\
//!          kind = 'user'\n\
//!          primary_key = ['id']\n\
//!          [columns]\n\
//!          id = {{ id = 1, type = 'bigint' }}\n\
//!          {columns}"
//!     );
//!     let mut sources = Sources::new();
//!     let file = sources.push(SourceFile::new("notes.toml", toml));
//!     parse_and_check(&sources, file).expect("a sound definition").definition
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(MemoryStore::new());
//! let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//! let tables = DynamicTables::new(registry.clone(), Arc::new(MemoryStorage::new()));
//!
//! // A session speaks for somebody.
//! let ann = Actor::new(UserId::new("ann").ok_or("no name")?, Role::User);
//! let session = SessionContext::new_with_config(SessionConfig::new().with_extension(Arc::new(ann)));
//! enable_dml(&session);
//!
//! let first = registry.create(notes("text = { id = 2, type = 'text' }")).await?;
//! session.register_table("notes", tables.provider(&first)?)?;
//! session.sql("INSERT INTO notes (id, text) VALUES (1, 'milk')").await?.collect().await?;
//!
//! // The column is renamed and another one is added: rows that are there keep their text.
//! let altered = registry
//!     .alter(
//!         &first,
//!         notes(
//!             "body = { id = 2, type = 'text' }\n\
//!              done = { id = 3, type = 'boolean', default = false }",
//!         ),
//!     )
//!     .await?;
//! session.deregister_table("notes")?;
//! session.register_table("notes", tables.provider(&altered)?)?;
//! let query = "SELECT body FROM notes WHERE NOT done";
//! assert_eq!(session.sql(query).await?.count().await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Kinds
//! | | user | shared | stream |
//! |---|---|---|---|
//! | rows | of each user apart | of all | of all |
//! | who | who is signed in, their own | as the access level says | who is signed in |
//! | `_seq`, `_deleted` | yes | yes | no |
//! | rows live | until they are deleted | until they are deleted | for `ttl_seconds`, in so many bytes |
//!
//! # Access
//! For whom a session speaks is said by the [`Actor`] in its configuration, and asked when a plan is made
//! and when it runs: a plan that another session runs reads that session's rows. A session without an actor
//! is anonymous.
//!
//! | | read | write |
//! |---|---|---|
//! | user table | `user`, `service`, `dba`, `system`: their own rows | the same |
//! | shared, `public` | everybody | `service`, `dba`, `system` |
//! | shared, `private` | `service`, `dba`, `system` | the same |
//! | shared, `restricted` | `service`, `dba`, `system` | `dba`, `system` |
//! | shared, `dba` | `dba`, `system` | the same |
//! | stream | `user`, `service`, `dba`, `system` | the same |
//!
//! `dba` and `system` may act as another user, which `EXPLAIN` shows. `TRUNCATE` is a write.
//!
//! # Rows
//! Each row that is written gets a number, `_seq`, greater than all before it in the table. A row that is
//! deleted, in whatever way, leaves one with its key, `_deleted` and a number of its own; a row that is
//! written under that key takes its place. Queries do not see deleted rows, unless the session's actor asks
//! for them. `_seq` and `_deleted` can be read, and not written.
//!
//! A statement happens as a whole or not at all. What it writes is held to the definition: types, nulls,
//! closed sets, the primary key and unique keys.
//!
//! # Versions
//! Rows stay as they were written. Under a later version of the definition they are read by the ids of
//! columns: a column that they do not have has its
//! [initial default](kalamtable_model::initial_default), one that was renamed keeps its values, those of a
//! wider type are cast, and one that was dropped is not seen. A statement that writes is refused if the
//! table was altered after it was planned. A query that was planned before, and meets rows of a later
//! version, answers with the last rows of before; a minute later, with those of when it was planned.
//!
//! # Streams
//! Rows are not seen any more once they are older than `ttl_seconds`, and are removed by the next
//! statement that writes. A row that is updated is as old as its update.

mod access;
mod actor;
mod check_rows;
mod clock;
mod compact;
mod conflicts;
mod convert;
mod current_rows;

mod filter;
mod keys;
mod memory_storage;
mod partition_index;
mod shared_state;
mod source;
mod statement_effect;
mod storage;
mod table;
mod tables;
mod versions;
mod visible;
mod write;

pub use actor::{Actor, Role, UserId};
pub use clock::{Clock, SystemClock};
pub use shared_state::StorageLimits;
pub use filter::filter;
pub use memory_storage::MemoryStorage;
pub use storage::{
    Chunk, ChunkId, Commit, Partition, PartitionRows, RowSet, RowStorage, StoredChunk,
};
pub use table::DynamicTable;
pub use tables::{DynamicOptions, DynamicStats, DynamicTables};
