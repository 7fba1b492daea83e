// SPDX-License-Identifier: Apache-2.0

//! [`LockedTable`]: the history of one table, whose versions form a chain of hashes.

use std::fmt;

use sha2::{Digest, Sha256};

use super::version_lines::VersionLines;
use crate::canonical::quoted;
use crate::rule::EvolutionRule;
use crate::source::{SourceId, SourceSpan};
use crate::table_name::TableName;

/// The history of one table.
///
/// There is at least one version. The versions have consecutive numbers, and the lines of each
/// version can be applied to the previous one.
#[derive(Clone, Debug)]
pub struct LockedTable {
    /// The name of the first version. The history of another table with the same first name has a
    /// number after it: `app.events#2`.
    pub(super) id: String,
    pub(super) versions: Vec<LockedVersion>,
    pub(super) name: TableName,
}

/// A version of a table in a lock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LockedVersion {
    /// The version of the definition.
    pub number: u32,
    /// Whether the table was dropped in this version, which then has no definition.
    pub is_dropped: bool,
    /// The changes that were accepted when the version was locked.
    pub accepted: Vec<AcceptedChange>,
    /// The name of the table in this version, or in the previous one if this version dropped it.
    pub(super) name: TableName,
    pub(super) hash: VersionHash,
    /// The lines of the version after the first one, each with a newline.
    pub(super) body: Box<str>,
    pub(super) source: SourceId,
    /// The position of the first line in the lock, or of the name in the definition that was
    /// locked.
    pub(super) span: SourceSpan,
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

/// The line of a version that drops the table.
pub(super) const DROPPED: &str = "dropped";
/// The beginning of a line about an accepted change.
pub(super) const ACCEPTED: &str = "accepted ";

impl LockedTable {
    /// Returns the name of the table in its latest version.
    pub fn name(&self) -> &TableName {
        &self.name
    }

    /// Returns the versions, oldest first. The result is not empty.
    pub fn versions(&self) -> &[LockedVersion] {
        &self.versions
    }

    /// Returns the names that the table had in earlier versions since it was last created, latest
    /// first, without its current name.
    pub fn earlier_names(&self) -> Vec<TableName> {
        let mut names: Vec<TableName> = Vec::new();
        for version in self.since_drop().iter().rev() {
            if version.name != self.name && !names.contains(&version.name) {
                names.push(version.name.clone());
            }
        }
        names
    }

    /// Returns the number of the latest version.
    pub fn version(&self) -> u32 {
        self.versions.last().map_or(0, |version| version.number)
    }

    /// Returns whether the table was dropped.
    pub fn is_dropped(&self) -> bool {
        self.versions
            .last()
            .is_some_and(|version| version.is_dropped)
    }

    /// Returns the lines of the latest version. They are empty if the table was dropped.
    pub(super) fn head(&self) -> VersionLines<'_> {
        let mut content = VersionLines::default();
        for version in self.since_drop() {
            // The lines were applied when the lock was parsed or the version was locked.
            let _ = content.apply(version.changes());
        }
        content
    }

    /// Returns the versions after the one that last dropped the table.
    pub(super) fn since_drop(&self) -> &[LockedVersion] {
        let dropped = self.versions.iter().rposition(|version| version.is_dropped);
        let start = dropped.map_or(0, |position| position + 1);
        self.versions.get(start..).unwrap_or_default()
    }

    /// Returns the hash from which the hash of the next version is computed.
    pub(super) fn hash(&self) -> PreviousHash<'_> {
        match self.versions.last() {
            Some(version) => PreviousHash::Version(version.hash),
            None => PreviousHash::Table(&self.id),
        }
    }

    pub(super) fn push(&mut self, version: LockedVersion) {
        self.name = version.name.clone();
        self.versions.push(version);
    }
}

impl LockedVersion {
    /// Returns the lines that differ from the previous version.
    pub(super) fn changes(&self) -> impl Iterator<Item = &str> {
        changes(self.body.lines())
    }
}

/// Returns the lines that change a definition, in the lines of a version after the first one.
pub(super) fn changes<'a>(body: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    body.filter(|line| !line.starts_with(ACCEPTED) && *line != DROPPED)
}

impl fmt::Display for AcceptedChange {
    /// Writes the line of the lock without a newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ACCEPTED}{}", self.rule.name())?;
        if let Some((id, name)) = &self.column {
            let is_bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            match name.chars().all(is_bare) {
                true => write!(f, " {id} {name}")?,
                false => write!(f, " {id} {}", quoted(name))?,
            }
        }
        write!(f, ": {}", quoted(&self.reason))
    }
}

// ---- hashes ----

/// The SHA-256 hash of a version. `Display` writes it in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VersionHash([u8; 32]);

/// The start of the text whose hash identifies a version.
#[derive(Clone, Copy, Debug)]
pub(super) enum PreviousHash<'a> {
    /// The table, for the first version.
    Table(&'a str),
    /// The previous version.
    Version(VersionHash),
}

impl VersionHash {
    /// Computes the hash of the version `number` with the lines of `body`, each of which is
    /// followed by a newline.
    pub(super) fn of<'a>(
        previous: PreviousHash<'_>,
        number: u32,
        body: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut hash = Sha256::new();
        match previous {
            PreviousHash::Table(id) => {
                hash.update("table ");
                hash.update(id);
            }
            PreviousHash::Version(previous) => hash.update(previous.hex()),
        }
        hash.update(format!("\nversion {number}\n"));
        for line in body {
            hash.update(line);
            hash.update("\n");
        }
        VersionHash(hash.finalize().into())
    }
}

impl VersionHash {
    /// Returns the hash in hexadecimal.
    pub(super) fn hex(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (digits, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            digits[0] = DIGITS[usize::from(byte >> 4)];
            digits[1] = DIGITS[usize::from(byte & 15)];
        }
        hex
    }
}

impl fmt::Display for VersionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}
