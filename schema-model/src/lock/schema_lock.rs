// SPDX-License-Identifier: Apache-2.0

//! [`SchemaLock`]: the settings and the history of a project.

use super::header::LockHeader;
use super::history::LockedTable;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources};
use crate::table_name::TableName;

/// The released versions of the tables of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaLock {
    header: LockHeader,
    tables: Vec<LockedTable>,
}

impl SchemaLock {
    /// Creates a lock without tables, for a project that has not released any.
    pub fn new() -> Self {
        todo!()
    }

    /// Parses a lock, and checks that its history was not edited.
    ///
    /// # Errors
    /// All problems of the part that is edited by hand. If there are none, the first problem of
    /// each table of the history.
    pub fn parse(sources: &Sources, source: SourceId) -> Result<Self, Vec<Diagnostic>> {
        let _ = (sources, source);
        todo!()
    }

    /// Returns the text of the lock. The part that is edited by hand keeps its comments.
    pub fn to_text(&self) -> String {
        todo!()
    }

    /// Returns the settings.
    pub fn header(&self) -> &LockHeader {
        &self.header
    }

    /// Returns the tables, sorted by the name of their first version. Dropped tables are included.
    pub fn tables(&self) -> &[LockedTable] {
        &self.tables
    }

    /// Returns the table of this name, or `None` if no table has it in its latest version. The
    /// table may have been dropped.
    pub fn table(&self, name: &TableName) -> Option<&LockedTable> {
        self.tables.iter().find(|table| table.name() == name)
    }
}

impl Default for SchemaLock {
    fn default() -> Self {
        SchemaLock::new()
    }
}
