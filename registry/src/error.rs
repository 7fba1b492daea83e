// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the errors of a registry.

use std::sync::Arc;

use kalamtable_model::{EvolutionProblem, NameError, TableName, backticked};
use kalamtable_store::{Sequence, TableId};

use crate::refused::{RefusedTable, incompatible_message};

/// An error of a [`SchemaRegistry`](crate::SchemaRegistry).
///
/// Errors are cheap to clone: every lookup that waits for a failed load gets the same error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store could not be read or written, or has rejected a change. The inner error contains
    /// the cause, for example a conflict with another writer.
    #[error(transparent)]
    Store(#[from] Arc<kalamtable_store::Error>),
    /// The table was dropped or never existed.
    #[error("table {id} does not exist")]
    NoSuchTable {
        /// The id that was looked up.
        id: TableId,
    },
    /// A definition is incompatible with earlier versions of the table: stored rows could not be
    /// read under it, or would change their meaning. The table is unchanged.
    #[error("{}", incompatible_message(.table, .problems))]
    Refused {
        /// The name of the table in the refused definition.
        table: TableName,
        /// All incompatibilities, each with the rule that is violated and with help texts.
        problems: Vec<EvolutionProblem>,
    },
    /// Tables that are compiled into a server cannot replace the stored ones. Nothing was written
    /// for any table.
    #[error("{}", not_reconciled_message(.refused))]
    NotReconciled {
        /// All tables that are refused, in the order of the compiled tables.
        refused: Vec<RefusedTable>,
    },
    /// The name for a table is invalid, or the name of a system table. Nothing has changed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A name moved from one table to another at every attempt to load its table. The lookup can be
    /// retried.
    #[error("the table {} changed repeatedly while it was looked up", backticked(&.name.to_string()))]
    NameUnsettled {
        /// The name that was looked up.
        name: TableName,
    },
    /// The changes of the store are not numbered consecutively. The registry has cleared its cache,
    /// and applies no further changes until the missing ones can be read.
    #[error("change {found} of the store follows {last}: the changes between them are missing")]
    MissingChanges {
        /// The last change that was applied.
        last: Sequence,
        /// The number of the next change that the store has returned.
        found: Sequence,
    },
    /// A lookup in shadow mode has found a stale version in the cache. This is a bug of this
    /// library.
    #[error("table {id}: the cached version is {cached}, but the store has version {stored}")]
    Stale {
        /// The table.
        id: TableId,
        /// The cached version, or 0 if the absence of the table was cached.
        cached: u32,
        /// The version that the store had before the lookup, or 0 if the table did not exist.
        stored: u32,
    },
    /// A lookup in shadow mode has found a cached value that does not match its definition. This is
    /// a bug of this library.
    #[error("table {id}, version {version}: the cached {artefact} does not match the store")]
    ArtefactMismatch {
        /// The table.
        id: TableId,
        /// The version.
        version: u32,
        /// The kind of value, for example `schema`.
        artefact: &'static str,
    },
}

impl From<kalamtable_store::Error> for Error {
    fn from(error: kalamtable_store::Error) -> Self {
        Error::Store(Arc::new(error))
    }
}

fn not_reconciled_message(refused: &[RefusedTable]) -> String {
    let refused: Vec<String> = refused.iter().map(RefusedTable::to_string).collect();
    refused.join("\n")
}
