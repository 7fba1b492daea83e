// SPDX-License-Identifier: Apache-2.0

//! A cache of plans that is never stale, prepared statements, and reads by key without the planner.
//!
//! DataFusion plans each statement from its text: for a simple query, planning takes longer than
//! its execution. A [`SqlSession`] plans a text once, and keeps the optimized plan in a
//! [`PlanCache`] that all sessions of a server share:
//!
//! ```
//! use std::sync::Arc;
//!
//! use datafusion::common::ScalarValue;
//! use datafusion::prelude::SessionContext;
//! use futures::TryStreamExt;
//! use kalamtable_plans::{PlanCache, PlanCacheOptions, SqlSession};
//! use kalamtable_provider::{MemoryTable, RowProvider, register};
//! # use kalamtable_rows::doc_example::Event;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> datafusion::error::Result<()> {
//! // One cache per server, and one session per connection.
//! let cache = Arc::new(PlanCache::new(&PlanCacheOptions::default()));
//! let ctx = SessionContext::new();
//! register(&ctx, RowProvider::new(MemoryTable::<Event>::new()))?;
//! let session = SqlSession::new(ctx, Arc::clone(&cache));
//!
//! let insert = session.prepare("INSERT INTO app.events (id, title) VALUES ($1, $2)").await?;
//! for id in [1_i64, 2, 3] {
//!     let values = vec![ScalarValue::from(id), ScalarValue::from("start")];
//!     insert.execute(values).await?.try_collect::<Vec<_>>().await?;
//! }
//! for _ in 0..2 {
//!     let rows = session.execute("SELECT title FROM app.events WHERE id = 2").await?;
//!     let batches: Vec<_> = rows.try_collect().await?;
//!     assert_eq!(batches[0].num_rows(), 1);
//! }
//! assert_eq!(cache.stats().hits, 4);
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **Never stale.** A cached plan runs only if every table, view and function that it names, and
//!   every setting and rule of the session, is unchanged since the statement was planned. Tables in
//!   subqueries and views, and those that the optimizer has removed, are included. Otherwise, the
//!   statement is planned again.
//! - **No rows and no users in plans.** A scan finds the rows and the user of the session when it
//!   is planned for the session and when it runs. Two users can share a text, but never rows.
//! - **Time.** Stable functions such as `now()` are evaluated each time a plan runs, and volatile
//!   ones such as `random()` for each row.
//! - **Bounded memory.** The plans are bounded in bytes. The policy is SIEVE.
//!
//! # Plans that are not cached
//!
//! Statements that call table functions, read `information_schema`, are recursive or contain
//! extension nodes, and all statements that are neither queries nor DML are planned each time.
//!
//! # Accesses by key
//!
//! A query of columns of one table of this library, whose condition fixes all columns of the
//! primary key or of a unique key, runs without DataFusion's physical planner. So do an `INSERT ..
//! VALUES` of one row, and each `UPDATE` and `DELETE`.

mod cache;
mod dependencies;
mod environment;
mod error;
mod explain;
mod key_read;
mod parameters;
mod parse;
mod physical;
mod planning;
mod prepared;
mod recording;
mod row_insert;
mod runner;
mod session;
mod sieve;
mod states;
mod tables;
mod template;
mod view;

pub use cache::{PlanCache, PlanCacheOptions, PlanCacheStats};
pub use error::Error;
pub use prepared::PreparedStatement;
pub use session::{SessionMemory, SqlSession};
pub use tables::SessionTables;
pub use view::SqlView;
