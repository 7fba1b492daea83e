// SPDX-License-Identifier: Apache-2.0

//! [`LockedTable`]: the history of one table.

use crate::check::CheckedTable;
use crate::definition::TableDefinition;
use crate::diagnostic::Diagnostic;
use crate::rule::EvolutionRule;
use crate::table_name::TableName;

/// The history of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedTable {
    name: TableName,
    versions: Vec<LockedVersion>,
}

/// A version of a table in a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockedVersion {
    /// The version of the definition.
    pub number: u32,
    /// Whether the table was dropped in this version, which then has no definition.
    pub is_dropped: bool,
    /// The changes that were accepted when the version was locked.
    pub accepted: Vec<AcceptedChange>,
}

/// A change that was accepted when a version was locked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptedChange {
    /// The rule that the change breaks.
    pub rule: EvolutionRule,
    /// The id and the name of the column or nested field, if the rule concerns one.
    pub column: Option<(i32, String)>,
    /// The reason for accepting the change.
    pub reason: String,
}

impl LockedTable {
    /// Returns the name of the table in its latest version.
    pub fn name(&self) -> &TableName {
        &self.name
    }

    /// Returns the versions, oldest first. The result is not empty.
    pub fn versions(&self) -> &[LockedVersion] {
        &self.versions
    }

    /// Returns the latest version.
    pub fn version(&self) -> u32 {
        self.versions.last().map_or(0, |version| version.number)
    }

    /// Returns whether the table was dropped.
    pub fn is_dropped(&self) -> bool {
        self.versions
            .last()
            .is_some_and(|version| version.is_dropped)
    }

    /// Returns the definitions of all versions, oldest first, without those that dropped the table.
    ///
    /// # Errors
    /// Fails if a version is not a valid definition.
    pub fn definitions(&self) -> Result<Vec<TableDefinition>, Vec<Diagnostic>> {
        todo!()
    }

    /// Returns the definition of a version as a table whose positions are lines of the lock, or
    /// `None` if the lock has no such version or the version dropped the table.
    ///
    /// # Errors
    /// Fails if the version is not a valid definition.
    pub fn checked_table(&self, version: u32) -> Result<Option<CheckedTable>, Vec<Diagnostic>> {
        let _ = version;
        todo!()
    }
}
