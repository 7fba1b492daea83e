// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the error type of all stores.

use std::sync::Arc;

use kalamtable_model::{Diagnostic, TableName, backticked};

use crate::damage::Damage;
use crate::table::{Sequence, TableId};

/// An error of a [`DefinitionStore`](crate::DefinitionStore).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another table has the name.
    #[error("table {} already exists, with id {id}", backticked(&.name.to_string()))]
    NameTaken {
        /// The name.
        name: TableName,
        /// The table that has the name.
        id: TableId,
    },
    /// The table was dropped or never existed.
    #[error("table {id} does not exist")]
    NoSuchTable {
        /// The requested id.
        id: TableId,
    },
    /// The table is not at the version that the caller expected: another caller has changed it.
    #[error("table {id} is at version {found}, not {expected}: read it again and retry")]
    Conflict {
        /// The table.
        id: TableId,
        /// The version that the caller expected.
        expected: u32,
        /// The current version of the table.
        found: u32,
    },
    /// The table is at the highest version that can be represented.
    #[error("table {id} cannot have more than {} versions", u32::MAX)]
    NoMoreVersions {
        /// The table.
        id: TableId,
    },
    /// The definition cannot be stored, because parsing its canonical text fails or results in
    /// another definition. This does not happen to a definition that was parsed and checked, but
    /// may happen to one that was assembled in code.
    #[error(
        "the definition of {} cannot be read back from its canonical text{}",
        backticked(&.table.to_string()),
        .problems.first().map(|problem| format!(": {}", problem.message)).unwrap_or_default()
    )]
    NotStorable {
        /// The name in the definition.
        table: TableName,
        /// The problems of the canonical text; empty if the text is valid but defines another
        /// table.
        problems: Vec<Diagnostic>,
    },
    /// An object would exceed the size limit for reading, so it was not written.
    #[error("`{path}` would have {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The path of the object.
        path: String,
        /// The size of the object in bytes.
        bytes: u64,
        /// The limit in bytes, from [`LogOptions`](crate::LogOptions).
        limit: u64,
    },
    /// The last change of the store is before the requested sequence number. Either the number
    /// belongs to another store, or the store was restored from a backup.
    #[error("sequence number {asked} does not exist: the last change of the store is {last}")]
    UnknownSequence {
        /// The requested sequence number.
        asked: Sequence,
        /// The number of the last change.
        last: Sequence,
    },
    /// The store no longer has the requested changes. The stores of this crate keep all changes,
    /// and never return this error. A consumer that receives it reads
    /// [`last_sequence`](crate::DefinitionStore::last_sequence) and then
    /// [`list`](crate::DefinitionStore::list), and continues with the changes after that number.
    #[error("the changes after {asked} are no longer available: the oldest one is {oldest}")]
    ChangesForgotten {
        /// The sequence number after which changes were requested.
        asked: Sequence,
        /// The oldest change that is available.
        oldest: Sequence,
    },
    /// An object does not have the content that was written. The changes before it remain readable;
    /// writes fail until the object is repaired.
    #[error(transparent)]
    Damaged(#[from] Arc<Damage>),
    /// The object store returned an error, and nothing was changed.
    #[error("cannot access `{path}`")]
    ObjectStore {
        /// The path of the object or folder.
        path: String,
        /// The error of the object store.
        source: object_store::Error,
    },
    /// The object store overwrites an object that a request should create. If two processes wrote a
    /// change at the same time, one of the changes would be lost.
    #[error(
        "the object store has overwritten `{path}` instead of rejecting its creation: it ignores \
         `PutMode::Create`, so changes would be lost; enable conditional writes, or use another \
         object store"
    )]
    OverwritesObjects {
        /// The path of the object that was overwritten.
        path: String,
    },
    /// The object store returned an error while a change was written. The change may have been
    /// committed, or may still become visible; the next successful read shows whether it was.
    #[error("no confirmation for `{path}`: the change may or may not have been committed")]
    InDoubt {
        /// The path of the object that holds the change.
        path: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder of a log cannot be created, read or cleaned.
    #[error("cannot access folder `{path}`")]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The operating system did not supply a random number, which a process needs to recognize its
    /// own changes in a log.
    #[error("cannot get a random number from the operating system")]
    Random(#[from] getrandom::Error),
    /// An error of a store that is implemented in another crate.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}
