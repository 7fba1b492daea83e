// SPDX-License-Identifier: Apache-2.0

//! Dynamic tables: tables that are created and altered while a server runs.
//!
//! The definitions of dynamic tables are in a [registry](kalamtable_registry), and their rows in a
//! [storage](dynamic::RowStorage). [`DynamicTables`] combines both. It creates a
//! [`RowProvider`](kalamtable_provider::RowProvider) for a version of a table, or registers all
//! tables in the catalog of a session:
//!
//! - [`ddl`] describes the statements that create and change tables.
//! - [`dynamic`] describes the kinds of tables, access control, and rows of earlier versions.
//! - [`catalog`] describes lookups by name, and queries over one consistent snapshot of several
//!   tables.
//!
//! ```
//! use std::sync::Arc;
//!
//! use datafusion::prelude::{SessionConfig, SessionContext};
//! use kalamtable_registry::{RegistryOptions, SchemaRegistry};
//! use kalamtable_runtime::{Actor, DynamicTables, MemoryStorage, Role, UserId};
//! use kalamtable_store::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // One registry and one storage per server.
//! let store = Arc::new(MemoryStore::new());
//! let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//! let tables = DynamicTables::new(registry, Arc::new(MemoryStorage::new()));
//!
//! // One session per connection, with the user that was authenticated.
//! let ann = Actor::new(UserId::new("ann").ok_or("a user needs a name")?, Role::User);
//! let config = SessionConfig::new().with_extension(Arc::new(ann));
//! let session = SessionContext::new_with_config(config);
//! tables.register(&session)?;
//! # Ok(())
//! # }
//! ```

pub mod catalog;
pub mod ddl;
pub mod dynamic;
mod error;

pub use dynamic::{
    Actor, DynamicOptions, DynamicTable, DynamicTables, MemoryStorage, Role, UserId,
};
pub use error::Error;
