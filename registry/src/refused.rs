// SPDX-License-Identifier: Apache-2.0

//! [`RefusedTable`]: the reason why a compiled table cannot replace the stored one.

use std::fmt;

use kalamtable_model::{EvolutionProblem, TableName, backticked};

/// A compiled table that cannot replace the stored one, and the reason.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RefusedTable {
    /// The definition is incompatible with a stored version.
    Incompatible {
        /// The name in the compiled definition.
        table: TableName,
        /// All incompatibilities, by the rules of
        /// [`check_evolution`](kalamtable_model::check_evolution).
        problems: Vec<EvolutionProblem>,
    },
    /// The store has a later version than the one that is compiled into this server.
    Superseded {
        /// The name in the compiled definition.
        table: TableName,
        /// The latest stored version that is equal to the compiled definition.
        compiled: u32,
        /// The current version of the store.
        stored: u32,
    },
    /// Two compiled tables have the name, or refer to one stored table.
    Duplicate {
        /// The name in the second definition.
        table: TableName,
    },
}

impl fmt::Display for RefusedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RefusedTable::Incompatible { table, problems } => {
                f.write_str(&incompatible_message(table, problems))
            }
            RefusedTable::Superseded {
                table,
                compiled,
                stored,
            } => write!(
                f,
                "table {} has version {stored} in the store, but the compiled definition is that of \
                 version {compiled}\n  help: start a server that was built with version {stored} or \
                 a later one",
                backticked(&table.to_string())
            ),
            RefusedTable::Duplicate { table } => write!(
                f,
                "table {} is compiled into the server twice\n  help: pass each table once",
                backticked(&table.to_string())
            ),
        }
    }
}

/// Describes an incompatible definition: one line per problem, followed by its help texts.
pub(crate) fn incompatible_message(table: &TableName, problems: &[EvolutionProblem]) -> String {
    let mut text = format!(
        "the definition of table {} is incompatible with its earlier versions",
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
