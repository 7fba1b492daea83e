// SPDX-License-Identifier: Apache-2.0

//! Tables that are created and altered while a server runs, and their rows: [`DynamicTables`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use datafusion::prelude::{SessionConfig, SessionContext};
//! use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
//! use kalamtable_provider::enable_dml;
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
//!     parse_and_check(&sources, file).expect("a valid definition").definition
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(MemoryStore::new());
//! let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//! let tables = DynamicTables::new(registry.clone(), Arc::new(MemoryStorage::new()));
//!
//! // The session of a user.
//! let ann = Actor::new(UserId::new("ann").ok_or("no name")?, Role::User);
//! let session = SessionContext::new_with_config(SessionConfig::new().with_extension(Arc::new(ann)));
//! enable_dml(&session);
//!
//! let first = registry.create(notes("text = { id = 2, type = 'text' }")).await?;
//! session.register_table("notes", tables.provider(&first)?)?;
//! session.sql("INSERT INTO notes (id, text) VALUES (1, 'milk')").await?.collect().await?;
//!
//! // A column is renamed and another one is added. Existing rows keep their values.
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
//! | rows | separate for each user | common to all users | common to all users |
//! | access | signed-in users, to their own rows | by access level | signed-in users |
//! | `_seq`, `_deleted` | yes | yes | no |
//! | lifetime of rows | until they are deleted | until they are deleted | `ttl_seconds`, within a size limit |
//!
//! # Access
//! The [`Actor`] in the configuration of a session determines its user. Access is checked when a
//! statement is planned and again when the plan runs: a plan that another session runs accesses the
//! rows of the user of that session. A session without an actor is anonymous.
//!
//! | | read | write |
//! |---|---|---|
//! | user table | `user`, `service`, `dba`, `system`: their own rows | the same |
//! | shared, `public` | all sessions | `service`, `dba`, `system` |
//! | shared, `private` | `service`, `dba`, `system` | the same |
//! | shared, `restricted` | `service`, `dba`, `system` | `dba`, `system` |
//! | shared, `dba` | `dba`, `system` | the same |
//! | stream | `user`, `service`, `dba`, `system` | the same |
//!
//! `dba` and `system` may act as another user, which `EXPLAIN` shows. `TRUNCATE` is a write.
//!
//! # Rows
//! Each written row gets a sequence number, `_seq`, which is greater than all previous ones of the
//! table. A deleted row leaves a tombstone with its key, `_deleted` and a sequence number of its
//! own. A row that is written with that key replaces the tombstone. Queries do not return deleted
//! rows, unless the actor requests them. `_seq` and `_deleted` are read-only.
//!
//! A statement is applied completely or not at all. Its rows are checked against the definition:
//! types, nulls, closed sets, the primary key and unique keys.
//!
//! # Versions
//! Stored rows are never rewritten for a schema change. Under a later version of the definition,
//! their columns are matched by id: a column that they do not have has its [initial
//! default](kalamtable_model::initial_default), a renamed column keeps its values, values of a
//! widened type are cast, and a dropped column is not visible. A DML statement fails if the table
//! was altered after the statement was planned. A query that was planned for an earlier version
//! reads the last rows of that version, which are kept for at most a minute, and after that the
//! rows at planning time. It fails with [`Error::Altered`](crate::Error::Altered) if these rows are
//! also of a later version, or if they belong to another user.
//!
//! # Streams
//! Rows expire when they are older than `ttl_seconds`. Queries do not return expired rows, and the
//! next DML statement removes them. An update makes a row as recent as the update.

pub(crate) mod access;
pub(crate) mod actor;
mod chunk;
mod chunk_reader;
mod compact;
mod conflicts;
mod current_rows;
mod filter;
mod keys;
mod memory_storage;
mod partition_index;
mod partition_scan;
mod row_set;
mod shared_state;
mod source;
mod statement_effect;
mod storage;
mod stored_filter;
mod stored_keys;
mod stored_rows;
pub(crate) mod table;
pub(crate) mod tables;
mod time_source;
mod versions;
mod visible;
mod write;

pub use actor::{Actor, Role, UserId};
pub use chunk::{Arrival, Chunk, ChunkRows};
pub use filter::filter;
pub use memory_storage::MemoryStorage;
pub use row_set::RowSet;
pub use shared_state::StorageLimits;
pub use storage::{
    ChunkId, Commit, FlushedRows, JoinedChunk, Partition, PartitionChunk, PartitionRows, RowStorage,
};
pub use stored_rows::{ColumnBounds, StoredRows};
pub use table::DynamicTable;
pub use tables::{DynamicOptions, DynamicStats, DynamicTables};
pub use time_source::{SystemTimeSource, TimeSource};
