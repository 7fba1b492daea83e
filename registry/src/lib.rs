// SPDX-License-Identifier: Apache-2.0

//! An in-memory registry of table definitions and their Arrow schemas, for servers whose tables are
//! created and altered at run time.
//!
//! Table definitions are stored in a [`DefinitionStore`](kalamtable_store::DefinitionStore). A
//! [`SchemaRegistry`] caches them as immutable [`TableSnapshot`]s. A snapshot is one version of one
//! table. It contains the definition, the Arrow schemas, and other values that were derived from
//! them. A cached lookup takes no lock and completes in nanoseconds. It never returns a version
//! that precedes a completed schema change.
//!
//! Use this crate if queries have to find tables that users define. If all tables are known at
//! compile time, the schemas of their row types are constants, and no registry is needed.
//!
//! # Tutorial
//! Open a registry over a store, and create a table. Definitions come from TOML, or are generated
//! from a struct.
//!
//! ```
//! use std::sync::Arc;
//!
//! use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
//! use kalamtable_registry::{RegistryOptions, SchemaRegistry};
//! use kalamtable_store::MemoryStore;
//!
//! fn notes(columns: &str) -> TableDefinition {
//!     let toml = format!("name = 'app.notes'\nprimary_key = ['id']\n[columns]\n{columns}");
//!     let mut sources = Sources::new();
//!     let file = sources.push(SourceFile::new("notes.toml", toml));
//!     parse_and_check(&sources, file).expect("a valid definition").definition
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # pollster::block_on(async {
//! let store = Arc::new(MemoryStore::new());
//! let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//! let first = registry.create(notes("id = { id = 1, type = 'int' }")).await?;
//!
//! // A planner looks tables up by name. `find` loads the table from the store if it is not cached.
//! let found = registry.find(("app", "notes")).await?.expect("the table exists");
//! assert_eq!(found.schema().fields().len(), 1);
//!
//! // Stored rows remain readable with a wider type, but not with a narrower one.
//! let wider = registry.alter(&first, notes("id = { id = 1, type = 'bigint' }")).await?;
//! assert!(registry.alter(&wider, notes("id = { id = 1, type = 'int' }")).await.is_err());
//!
//! // A snapshot that a query holds does not change. Every later lookup returns version 2.
//! assert_eq!(found.version(), 1);
//! assert!(!registry.is_current(&found));
//! assert_eq!(registry.with(first.id(), |table| table.version()), Some(2));
//!
//! // Older versions remain readable, for data that was written under them.
//! let old = registry.get_version(first.id(), 1).await?.expect("versions are kept");
//! assert_eq!(old.schema(), found.schema());
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Which lookup to use
//! All lookups are methods of [`SchemaRegistry`]. A query planner looks up names, and also needs
//! tables that are not cached:
//!
//! | call | result | if the table is not cached |
//! |---|---|---|
//! | [`find`], or [`get`] by id | an `Arc<TableSnapshot>` | loads it |
//! | [`find_all`], or [`get_all`] by id | a consistent snapshot of several tables | loads them |
//! | [`with_name`] | calls a closure with a `&TableSnapshot` | returns `None` |
//! | [`get_version`] | an older version | loads it |
//! | [`get_blocking`] | an `Arc<TableSnapshot>`, without an async runtime | loads it, and blocks |
//!
//! Hot paths that know the id of a table, such as ingestion, avoid hashing a name and updating a
//! shared reference count:
//!
//! | call | result | if the table is not cached |
//! |---|---|---|
//! | [`handle`] | a [`TableHandle`], for repeated lookups of one table | `get` loads it |
//! | [`with`] | calls a closure with a `&TableSnapshot` | returns `None` |
//! | [`schema`] | a `SchemaRef` with a reference count per thread | returns `None` |
//!
//! # Costs
//! The times are medians of `benches/peers`; BENCHMARKS.md describes the machine.
//!
//! | cost of | |
//! |---|---|
//! | a cached lookup of one hot table | [`handle`] 3 ns, [`with`] 6 ns, [`with_name`] 23 ns |
//! | a cached lookup of a random table among 10,000 | [`with`] 24 ns, [`with_name`] 157 ns |
//! | a table with the same columns as other tables | about 600 bytes |
//! | a table with columns of its own | about 370 bytes per column: the column and its Arrow field |
//! | a registry | 1 MiB for its [clocks](RegistryOptions::clocks) |
//! | a thread that uses [`with`], [`schema`] and [`with_name`] | 144 KiB for its cache |
//! | a schema change | a write to the store, and a check against all earlier versions |
//!
//! The cache of a thread holds up to 2,048 snapshots. After the registry has evicted a table, its
//! snapshot stays in memory until the thread reuses the slot of the snapshot or ends. A thread that
//! looks up many tables at random reads the maps that all threads share instead of its cache.
//!
//! The shared maps grow in small steps, so no lookup or load waits until a map is copied. The map
//! of ids is an array. Table ids should therefore be dense, as the stores assign them: ids that are
//! more than twice as large as the number of cached tables are in a hash map, which is slower.
//!
//! [`RegistryOptions::budget_bytes`] limits the memory of tables, but not that of registries and
//! thread caches. [`SchemaRegistry::stats`] reports the memory of tables and registries.
//!
//! # Derived values
//! A snapshot caches the [schema with system columns](TableSnapshot::schema_with_system_columns)
//! and [projected schemas](TableSnapshot::projected_schema). Other crates cache their own values
//! with [`TableSnapshot::extension`]. A derived value is dropped with its snapshot, so it is never
//! used with another version, and needs no invalidation.
//!
//! ```
//! # use std::sync::Arc;
//! # use kalamtable_model::{SourceFile, Sources, parse_and_check};
//! # use kalamtable_registry::{RegistryOptions, SchemaRegistry};
//! # use kalamtable_store::MemoryStore;
//! use kalamtable_registry::TableSnapshot;
//!
//! struct NumericColumns(Vec<usize>);
//!
//! /// Returns the indices of the numeric columns, which are computed once per version of a table.
//! fn numeric_columns(table: &TableSnapshot) -> &[usize] {
//!     let columns = table.extension(|| {
//!         let fields = table.schema().fields().iter().enumerate();
//!         let numeric = fields.filter(|(_, field)| field.data_type().is_numeric());
//!         let columns: Vec<usize> = numeric.map(|(index, _)| index).collect();
//!         // The bytes count towards the budget of the registry.
//!         table.charge(size_of_val(&*columns));
//!         NumericColumns(columns)
//!     });
//!     &columns.0
//! }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut sources = Sources::new();
//! # let toml = "name = 'app.a'\nprimary_key = ['id']\n[columns]\nid = { id = 1, type = 'int' }\n";
//! # let file = sources.push(SourceFile::new("a.toml", toml));
//! # let definition = parse_and_check(&sources, file).expect("a valid definition").definition;
//! # pollster::block_on(async {
//! # let store = Arc::new(MemoryStore::new());
//! # let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//! # let table = registry.create(definition).await?;
//! # assert_eq!(numeric_columns(&table), [0]);
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Compiled tables
//! A server whose tables are compiled into it calls [`reconcile`] when it starts. It creates the
//! tables that the store does not have, upgrades the compatible ones, and refuses the rest.
//!
//! # Several processes
//! If several processes share a store, call [`refresh`](SchemaRegistry::refresh) periodically.
//! Lookups see the changes of other processes after the next refresh, or earlier. A schema change
//! that is based on an outdated version always fails, even before the next refresh, because the
//! store checks the version.
//!
//! # Guarantees
//! The guarantees hold within one process. Each is shown by the tests that are named with it. The
//! models in `registry/checkers/loom` explore every interleaving of few threads, and include faulty
//! twins that they are shown to reject. The models in `registry/checkers/shuttle` run random
//! schedules of more threads, and `registry/tests/history` checks that the lookups of real threads
//! are linearizable.
//!
//! - **Freshness.** A lookup that begins after `create`, `alter`, `rename` or `drop_table` has
//!   returned does not return an older version. (`lookups_by_id_include_earlier_schema_changes`,
//!   `lookups_by_name_include_earlier_schema_changes`,
//!   `thread_caches_include_earlier_schema_changes`)
//! - **Monotonic reads.** A lookup never returns an older version than a lookup that was complete
//!   before it began, on any thread. (`handles_never_return_an_older_version`,
//!   `thread_caches_include_loads_of_other_threads`)
//! - **One version.** All values of a snapshot are derived from its version.
//!   (`every_lookup_sees_each_schema_change`, `lookups_of_real_threads_are_linearizable`)
//! - **Consistency.** All tables that one call of `get_all` or `find_all` returns were current at
//!   the same time. (`several_tables_are_read_consistently`)
//! - **Single flight.** Concurrent lookups load a table once per epoch, and never join a load that
//!   began before a schema change. (`concurrent_lookups_load_a_table_once`,
//!   `each_epoch_loads_once_and_joins_no_older_load`)
//! - **Failure isolation.** A load that fails, panics or is dropped publishes nothing and blocks no
//!   other lookup. Errors are returned to the lookups that wait for the load, and are not cached.
//!   (`dropped_load_blocks_no_lookup`, `failed_load_fails_only_its_waiters`)
//! - **Transparent eviction.** Eviction affects the cost of a lookup, but not its result.
//!   (`reloaded_tables_include_earlier_schema_changes`)
//! - **Bounded memory.** Cached tables and the values derived from them stay within the budget.
//!   (`projections_count_towards_the_budget`, `wide_tables_evict_each_other`)
//! - **Absence.** The absence of a name is cached too. A table that is created under the name is
//!   found immediately. (`created_table_replaces_cached_absence`,
//!   `moved_name_does_not_find_its_old_table`)
//! - **Interrupted changes.** If the call of a schema change does not complete, but the change may
//!   have been committed, the next lookup loads the table again.
//!   (`interrupted_schema_changes_are_visible`)
//! - **Ordered changes.** Changes of other processes are applied in their order. If one is missing,
//!   `refresh` fails, and the cache is cleared.
//!   (`missing_change_stops_refresh_and_clears_the_cache`,
//!   `name_given_by_another_process_is_found`)
//! - **Hits without contention.** A hit takes no lock. A hit in the cache of a thread also writes
//!   no memory that other threads read. Schema changes do not wait for readers. This follows from
//!   the construction of the maps and the thread caches, and the benchmarks show it.
//!
//! If the future of a method that changes a table is dropped before it completes, the change may or
//! may not have been committed.
//!
//! [`find`]: SchemaRegistry::find
//! [`get`]: SchemaRegistry::get
//! [`find_all`]: SchemaRegistry::find_all
//! [`get_all`]: SchemaRegistry::get_all
//! [`with_name`]: SchemaRegistry::with_name
//! [`get_version`]: SchemaRegistry::get_version
//! [`get_blocking`]: SchemaRegistry::get_blocking
//! [`handle`]: SchemaRegistry::handle
//! [`with`]: SchemaRegistry::with
//! [`schema`]: SchemaRegistry::schema

// The model checkers build this library without the tests that use all of it.
#![cfg_attr(any(loom, shuttle), allow(dead_code))]

mod append_only_map;
mod change_feed;
mod clocks;
mod consistent_read;
mod counters;
mod error;
mod handle;
mod heap_size;
mod inner;
mod intern_pool;
mod layout;
mod loads;
mod map_key;
mod metrics;
mod name;
mod options;
mod reconcile;
mod refused;
mod registry;
mod resident;
mod schema_changes;
mod shadow;
mod sieve;
mod single_flight;
mod slots;
mod snapshot;
mod stats;
mod string_interner;
mod sync;
mod thread_cache;

// The packages `registry/checkers/*` compile this file with `cfg(loom)` or `cfg(shuttle)`.
#[cfg(all(test, loom))]
#[path = "../checkers/loom/models/all.rs"]
mod models;
#[cfg(all(test, shuttle))]
#[path = "../checkers/shuttle/models/all.rs"]
mod models;

pub use append_only_map::AppendOnlyMap;
pub use clocks::Epoch;
pub use counters::Artefact;
pub use error::Error;
pub use handle::TableHandle;
pub use kalamtable_model::CompiledTable;
pub use name::NameRef;
pub use options::RegistryOptions;
pub use reconcile::{Reconciled, reconcile};
pub use refused::RefusedTable;
pub use registry::SchemaRegistry;
pub use snapshot::TableSnapshot;
pub use stats::Stats;
