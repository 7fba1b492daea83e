// SPDX-License-Identifier: Apache-2.0

//! DDL as SQL: dynamic tables that are created, altered and dropped by statements, through
//! [`DynamicTables::sql`](crate::DynamicTables::sql) and
//! [`DynamicTables::session`](crate::DynamicTables::session).
//!
//! ```
//! # use std::sync::Arc;
//! # use datafusion::prelude::{SessionConfig, SessionContext};
//! # use kalamtable_registry::{RegistryOptions, SchemaRegistry};
//! # use kalamtable_runtime::{Actor, DynamicTables, MemoryStorage, Role, UserId};
//! # use kalamtable_store::MemoryStore;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let store = Arc::new(MemoryStore::new());
//! # let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//! # let tables = DynamicTables::new(registry.clone(), Arc::new(MemoryStorage::new()));
//! # let server = Actor::new(UserId::new("server").ok_or("no name")?, Role::System);
//! # let config = SessionConfig::new().with_extension(Arc::new(server));
//! # let ctx = SessionContext::new_with_config(config);
//! # tables.register(&ctx)?;
//! for statement in [
//!     "CREATE TABLE app.messages (
//!        id BIGINT PRIMARY KEY,
//!        body TEXT NOT NULL,
//!        level ENUM('info', 'warning') DEFAULT 'info',
//!        tags TEXT[]
//!      ) WITH (type = 'user') COMMENT 'What users say'",
//!     "INSERT INTO app.messages (id, body) VALUES (1, 'hello')",
//!     "ALTER TABLE app.messages ADD COLUMN stars INT NOT NULL DEFAULT 0, RENAME COLUMN body TO text",
//! ] {
//!     tables.sql(&ctx, statement).await?.collect().await?;
//! }
//! let rows = tables.sql(&ctx, "SELECT text, level, stars FROM app.messages").await?;
//! assert_eq!(rows.count().await?, 1);
//!
//! // A change that stored rows would not survive is rejected.
//! let rejected = tables.sql(&ctx, "ALTER TABLE app.messages ALTER COLUMN text TYPE INT").await;
//! assert!(rejected.unwrap_err().to_string().contains("KT1204"));
//! # Ok(())
//! # }
//! ```
//!
//! # Statements
//!
//! | statement | role |
//! |---|---|
//! | `CREATE TABLE [IF NOT EXISTS] name (column TYPE [NOT NULL] [DEFAULT value] [COMMENT text], .., PRIMARY KEY (..), UNIQUE (..)) [WITH (option = value, ..)] [COMMENT text]` | service |
//! | `CREATE TABLE name (PRIMARY KEY (..)) [WITH (..)] AS SELECT ..` | service |
//! | `ALTER TABLE [IF EXISTS] name action, ..` with `ADD COLUMN`, `DROP COLUMN`, `RENAME COLUMN`, `ALTER COLUMN .. SET NOT NULL`, `DROP NOT NULL`, `TYPE`, `SET DEFAULT`, `DROP DEFAULT`, `RENAME TO`, `SET (option = value)` | service; dba to change `access_level` |
//! | `COMMENT ON TABLE name IS text`, `COMMENT ON COLUMN name.column IS text` | service |
//! | `DROP TABLE [IF EXISTS] name`, which also deletes the rows | dba |
//! | `FLUSH TABLE name, ..`, which writes the logged rows of all tables to files, and returns a row with the columns `files`, `rows` and `bytes` of the written files, all 0 if the storage has no files | dba |
//! | `SHOW CREATE TABLE name`, `DESCRIBE name` | a role that may read the table |
//! | `CREATE EXTERNAL TABLE`, `COPY`, which access files of the server | dba |
//!
//! A role that may not write to a shared table may not change it either. The options are `type`
//! (`user`, `shared` or `stream`), `ttl_seconds`, `access_level` and `no_primary_key`, the reason
//! for having none.
//!
//! All actions of an `ALTER TABLE` are one change, which is applied completely or not at all. It
//! has to be compatible with all rows that were stored under earlier versions: the rules are those
//! of [`check_evolution`](kalamtable_model::check_evolution). Ids of columns are allocated, and the
//! id and the name of a dropped column are never used again.
//!
//! # Types
//!
//! The types are those of DataFusion's SQL, and `UUID`, `JSON`, `FILE`, `EMBEDDING(n)`, `ENUM(..)`,
//! `STRUCT<name TYPE, ..>`, `ARRAY<TYPE>` and `MAP(TYPE, TYPE)`. `FLOAT` has 32 bits, and a
//! `TIMESTAMP` without a precision has microseconds. A type in double quotes has the notation of
//! definitions, without ids: `"timestamp(ms, 'Europe/Berlin')"`, or `"list<text>"` for a list
//! without nulls.
//!
//! # Defaults
//!
//! A default is a literal, `NULL`, or a call: `now()` or `CURRENT_TIMESTAMP`, `CURRENT_DATE`, or
//! `CURRENT_TIME`. A text in quotes is never a call. Dates, times and timestamps are texts in the
//! [grammar of data files](kalamtable_model::value_text). A literal with a type, such as
//! `DATE '2024-02-29'`, has to be of the type of the column.
//!
//! # Other ways
//!
//! `SessionContext::sql` does not know these statements. There, DataFusion would create a table in
//! memory for `CREATE TABLE`; the catalog rejects it.

mod apply;
mod inferred;
mod options;
mod problem;
mod run;
mod show;
mod statement;
mod types;
mod values;
mod written_default;

pub use problem::DdlProblem;
pub(crate) use run::DdlTarget;
