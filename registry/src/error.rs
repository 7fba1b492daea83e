// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: why a registry did not do what it was asked.

use std::sync::Arc;

use kalamtable_model::{EvolutionProblem, NameError, TableName, backticked};
use kalamtable_store::{Sequence, TableId};

/// Why a registry did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store said no. Of one failed load all who waited for it are told.
    #[error(transparent)]
    Store(#[from] Arc<kalamtable_store::Error>),
    /// A table that was dropped, or never there.
    #[error("there is no table {id}")]
    NoSuchTable {
        /// What was asked for.
        id: TableId,
    },
    /// A definition under which rows that are stored already could not be read, or would mean something else.
    /// Nothing changed.
    #[error("{}", refusal(.table, .problems))]
    Refused {
        /// The table.
        table: TableName,
        /// Every reason, with what to do.
        problems: Vec<EvolutionProblem>,
    },
    /// A name that no table may have. Nothing changed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A name that went from one table to another as often as it was looked up.
    #[error("the table {} kept changing while it was looked up: ask again", backticked(&.name.to_string()))]
    NameUnsettled {
        /// What was asked for.
        name: TableName,
    },
    /// The store's changes are not numbered one after the other. The registry has forgotten everything, and
    /// reads no further: a change that it does not know of would leave it with old definitions.
    #[error("change {found} of the store follows {last}: changes between them are missing")]
    MissingChanges {
        /// The last change that was seen.
        last: Sequence,
        /// The number of the next one.
        found: Sequence,
    },
    /// What is remembered is not what the store says: a bug of this library, found by its shadow mode.
    #[error("table {id}: version {cached} was answered from memory, the store has {stored}")]
    Stale {
        /// The table.
        id: TableId,
        /// The version that was answered.
        cached: u32,
        /// The version of the store before the question.
        stored: u32,
    },
    /// Something derived is not what is derived anew: a bug of this library, found by its shadow mode.
    #[error(
        "table {id}, version {version}: the {artefact} in memory is not what its definition says"
    )]
    ArtefactMismatch {
        /// The table.
        id: TableId,
        /// The version.
        version: u32,
        /// What differs.
        artefact: &'static str,
    },
}

impl From<kalamtable_store::Error> for Error {
    fn from(error: kalamtable_store::Error) -> Self {
        Error::Store(Arc::new(error))
    }
}

/// Each problem on a line of its own, with its help below.
fn refusal(table: &TableName, problems: &[EvolutionProblem]) -> String {
    let mut text = format!(
        "table {} cannot become that",
        backticked(&table.to_string())
    );
    for problem in problems {
        text += &format!("\n[{}] {problem}", problem.rule.id());
        for help in &problem.help {
            text += &format!("\n  help: {}", help.replace('\n', "\n  "));
        }
    }
    text
}
