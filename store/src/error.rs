// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: why a store did not do what it was asked.

use std::sync::Arc;

use kalamtable_model::{Diagnostic, TableName, tick};

use crate::{Damage, Sequence, TableId};

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another table has the name.
    #[error("there is a table {} already, with id {id}", tick(&.name.to_string()))]
    NameTaken {
        /// The name.
        name: TableName,
        /// The table that has it.
        id: TableId,
    },
    /// The table was dropped, or never there.
    #[error("there is no table {id}")]
    NoSuchTable {
        /// What was asked for.
        id: TableId,
    },
    /// The table is not at the version that the caller had read.
    #[error("table {id} is at version {found}, not {expected}: read it again")]
    Conflict {
        /// The table.
        id: TableId,
        /// The version that the caller named.
        expected: u32,
        /// The version that the table has.
        found: u32,
    },
    /// The table had as many versions as a number can name.
    #[error("table {id} has had {} versions, and cannot have another", u32::MAX)]
    NoMoreVersions {
        /// The table.
        id: TableId,
    },
    /// A definition that, written down, would not read back as the same one.
    #[error(
        "the definition of {} would not read back from its text{}",
        tick(&.table.to_string()),
        .problems.first().map(|problem| format!(": {}", problem.message)).unwrap_or_default()
    )]
    NotStorable {
        /// The table.
        table: TableName,
        /// What the model says to the text; empty if it reads back as another definition.
        problems: Vec<Diagnostic>,
    },
    /// An object that would be larger than what is read back.
    #[error("`{path}` would have {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// The object.
        path: String,
        /// Its size.
        bytes: u64,
        /// The limit, one of [`LogOptions`](crate::LogOptions).
        limit: u64,
    },
    /// A sequence number that the store has not got to: it is another store's, or the store was
    /// restored from an older copy.
    #[error("the store's last change is {last}: it has not got to {asked}")]
    UnknownSequence {
        /// What was asked for.
        asked: Sequence,
        /// The last change.
        last: Sequence,
    },
    /// Changes that the store does not know any more. The two stores of this crate know all; a cursor
    /// that meets this reads [`list`](crate::DefinitionStore::list) and goes on from there.
    #[error("changes after {asked} were forgotten: the oldest that is known is {oldest}")]
    ChangesForgotten {
        /// What was asked for.
        asked: Sequence,
        /// The first change that is known.
        oldest: Sequence,
    },
    /// An object that is not what was written. What came before it can be read; nothing is written
    /// until it is repaired.
    #[error(transparent)]
    Damaged(#[from] Arc<Damage>),
    /// The object store failed, and nothing was changed.
    #[error("`{path}` could not be accessed")]
    ObjectStore {
        /// The object or the folder.
        path: String,
        /// What it said.
        source: object_store::Error,
    },
    /// The object store failed while a change was written: it may have been made, and may yet appear.
    /// The next read tells.
    #[error("`{path}` was not confirmed: the change may or may not have been made")]
    InDoubt {
        /// The change's object.
        path: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder cannot be made or swept.
    #[error("the folder `{path}` could not be accessed")]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system has no random numbers, by which a process knows its own changes.
    #[error("no random number could be had")]
    Random(#[from] getrandom::Error),
    /// What a store of another crate says.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}
