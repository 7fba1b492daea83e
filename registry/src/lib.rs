// SPDX-License-Identifier: Apache-2.0

//! Tables that are made and altered while a server runs: their definitions, their Arrow schemas and what
//! else is made of them, in memory, a few nanoseconds away, and never stale.
//!
//! Definitions live in a [`DefinitionStore`](kalamtable_store::DefinitionStore). A [`SchemaRegistry`] stands in
//! front of it and publishes immutable [`TableSnapshot`]s, each of one version of one table. Whatever is made
//! of a version is kept in its snapshot, and goes with it: there is nothing to forget to clear.
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
//!     parse_and_check(&sources, file).expect("a sound definition").definition
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # pollster::block_on(async {
//! let store = Arc::new(MemoryStore::new());
//! let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//!
//! let first = registry.create(notes("id = { id = 1, type = 'int' }")).await?;
//! let found = registry.find(("app", "notes")).await?.expect("it was made");
//! assert_eq!(found.schema().fields().len(), 1);
//!
//! // The type becomes wider: rows that are stored stay readable.
//! let wider = registry.alter(&first, notes("id = { id = 1, type = 'bigint' }")).await?;
//! // The other way they would not, and it is refused, with what to do.
//! assert!(registry.alter(&wider, notes("id = { id = 1, type = 'int' }")).await.is_err());
//!
//! // What was held is what it was. Whoever asks now gets the new version, in whatever way.
//! assert_eq!(found.version(), 1);
//! assert_eq!(registry.with(first.id(), |table| table.version()), Some(2));
//! let old = registry.get_version(first.id(), 1).await?.expect("versions are kept");
//! assert_eq!(old.schema(), found.schema());
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Ways to look up
//! | | costs | |
//! |---|---|---|
//! | [`TableHandle::cached`], [`TableHandle::get`] | a load of the table's clock | for who keeps asking for one table |
//! | [`SchemaRegistry::with`], [`with_name`](SchemaRegistry::with_name), [`schema`](SchemaRegistry::schema) | the same, in the thread's own copies; else a look into a lock-free map | lends; none if the table is not in memory |
//! | [`SchemaRegistry::get`], [`find`](SchemaRegistry::find), [`get_blocking`](SchemaRegistry::get_blocking) | the map, and a count of references; else a load from the store | the usual way |
//! | [`SchemaRegistry::get_all`], [`find_all`](SchemaRegistry::find_all) | one of these for each table | several tables at one moment |
//! | [`SchemaRegistry::get_version`] | a map of versions; else a load | for data that was written long ago |
//!
//! A snapshot has the Arrow schema, that with the columns which the system adds, and schemas of some columns
//! ([`TableSnapshot::projected_schema`]); other crates keep theirs with [`TableSnapshot::extension`].
//!
//! # What is promised
//! Of one process. The tests in `registry/tests/loom` look at every
//! interleaving of few threads over the files of this crate, each beside a twin with a fault that they find;
//! `shuttle` tries many of more threads, and `history` checks the look-ups of real ones.
//!
//! - **Fresh** (G1): once `alter`, `create`, `rename` or `drop_table` has returned, no look-up that begins later,
//!   in whatever way and on whatever thread, returns an older version.
//!   `no_look_up_by_id_is_older_than_an_alteration_before_it`, `.._by_name_..`,
//!   `no_copy_of_a_thread_is_older_than_an_alteration_before_it`
//! - **One generation** (G2): what a snapshot has was made of its version.
//!   `what_was_altered_is_seen_by_every_way_to_look_up`, and each look-up of `what_threads_look_up_could_have_been`
//! - **Snapshots** (G3): a snapshot never changes; several of one call are of one moment.
//!   `several_tables_are_of_one_moment`
//! - **Never back** (G4), **read your writes** (G5): look-ups that do not overlap never go down, whoever makes them.
//!   `what_a_handle_returns_never_goes_back`, `no_copy_is_older_than_what_another_thread_has_loaded`
//! - **One load** (G6) at a time for a table and epoch; nobody joins one that began before an alteration.
//!   `two_who_look_a_table_up_at_once_load_it_once`,
//!   `a_table_is_loaded_once_in_an_epoch_and_nobody_joins_an_older_load`
//! - **No poison** (G7): a load that fails, panics or is dropped publishes nothing and blocks nobody; an error is
//!   told to those who waited for it, and not remembered.
//!   `a_load_that_is_dropped_blocks_nobody`, `a_load_that_fails_is_told_to_who_waited_and_to_nobody_else`
//! - **Eviction** (G8) changes what a look-up costs, and not what it returns.
//!   `an_evicted_table_is_not_older_when_it_is_loaded_again`
//! - **Bounded** (G9): [`RegistryOptions::budget_bytes`] holds for what is resident, artefacts that are filled on
//!   demand included; snapshots that are not resident any more, and that queries still hold, are reported apart.
//!   `what_is_filled_on_demand_makes_room_too`, `wide_tables_of_different_shapes_make_room_for_one_another`
//! - **Absence** (G10) is remembered too; a name that is taken is found at once, and a table that is made under the
//!   name of another one is another one.
//!   `a_name_that_was_taken_is_not_remembered_as_free`,
//!   `a_name_that_goes_to_another_table_is_not_found_at_the_old_one`
//! - **Hits** (G12) take no lock, write nothing that other threads read, and wait for nobody; an alteration
//!   waits for no reader. This is by construction: `local.rs`, `sync.rs`.
//! - **Unsure** (G13): if a commit succeeded, or may have, and what followed did not, the table is read again.
//!   `what_was_committed_is_seen_also_if_whoever_altered_was_cut_off`
//! - **No gaps** (G16): changes of other processes become visible in their order by
//!   [`refresh`](SchemaRegistry::refresh), and before a load that has found one publishes it; one that is missing
//!   stops this with an error, and nothing old is served.
//!   `a_gap_stops_the_cursor_and_nothing_old_is_served`,
//!   `a_name_that_another_process_gave_is_found_though_the_table_was_loaded_before`
//!
//! Between processes a change is seen at the next `refresh`, and a write under an old version is refused by
//! the store at once. Not promised: that a *future* of a writing method that was dropped has, or has not, changed
//! the store.
//!
//! # Costs to know
//! The clocks take a megabyte for each registry, and the places for a thread's copies 128 KB for each thread that
//! lends; neither is in the budget. Copies, up to two thousand a thread, keep what they have seen alive after
//! eviction, until the thread looks up others or ends.

mod alter;
mod append_only_map;
mod clocks;
mod counters;
mod error;
mod flight;
mod handle;
mod ledger;
mod local;
mod moment;
mod name;
mod pool;
mod registry;
mod shadow;
mod shape;
mod sieve;
mod slots;
mod snapshot;
mod stats;
mod sync;
mod texts;
mod weigh;

pub use append_only_map::AppendOnlyMap;
pub use clocks::Epoch;
pub use counters::Artefact;
pub use error::Error;
pub use handle::TableHandle;
pub use name::NameRef;
pub use registry::{RegistryOptions, SchemaRegistry};
pub use snapshot::TableSnapshot;
pub use stats::Stats;
