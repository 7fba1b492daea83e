// SPDX-License-Identifier: Apache-2.0

//! [`Header`]: the part of a lock that is edited by hand.

use std::ops::Range;

use semver::Version;

use crate::canonical::date_text;
use crate::rule::EvolutionRule;
use crate::source::SourceSpan;
use crate::verdict::{Direction, Level};

/// The settings of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockSettings {
    /// The levels at which changes are reported, in the order of [`Level::ALL`].
    pub levels: Vec<Level>,
    /// The versions that must be able to read each other's data.
    pub direction: Direction,
}

/// The part of a lock that is edited by hand.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// The text up to the line that begins the history.
    pub(super) text: String,
    pub(super) settings: LockSettings,
    pub(super) accepts: Vec<PendingAccept>,
    pub(super) yanked: Vec<YankedVersion>,
}

/// An `[[accept]]` entry.
#[derive(Clone, Debug)]
pub(super) struct PendingAccept {
    pub(super) rule: EvolutionRule,
    /// The name of the table, in the next version or in the previous one.
    pub(super) table: String,
    /// The name of the column, or the path of the nested field.
    pub(super) column: Option<String>,
    pub(super) reason: String,
    pub(super) expires: Expiry,
    /// The position of `[[accept]]`.
    pub(super) span: SourceSpan,
    /// The position of the value of `expires`.
    pub(super) expires_span: SourceSpan,
    /// The lines of the entry, as bytes of the text.
    pub(super) lines: Range<usize>,
}

/// The last day or the last release for which an acknowledgment is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// The number of days since 1970-01-01.
    Day(i64),
    /// A release of the project.
    Release(Version),
}

/// A `[[yanked]]` entry.
#[derive(Clone, Debug)]
pub(super) struct YankedVersion {
    pub(super) table: String,
    pub(super) version: u32,
    /// The position of `[[yanked]]`.
    pub(super) span: SourceSpan,
}

/// The text of the header of a lock without settings.
const NEW_HEADER: &str = "\
# Schema history of the tables in this folder, written by `kalamtable lock`.
# Only the part above the line is edited by hand: settings, [[accept]] and [[yanked]].
format = 1

";

impl Header {
    /// Creates the header of a lock without settings.
    pub(super) fn new() -> Self {
        Header {
            text: NEW_HEADER.to_string(),
            settings: LockSettings {
                levels: Level::ALL.to_vec(),
                direction: Direction::default(),
            },
            accepts: Vec::new(),
            yanked: Vec::new(),
        }
    }

    /// Returns the header without its acknowledgments. The rest of the text is unchanged.
    pub(super) fn without_accepts(&self) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let mut end = 0;
        for accept in &self.accepts {
            text.push_str(self.text.get(end..accept.lines.start).unwrap_or_default());
            end = accept.lines.end.max(end);
        }
        text.push_str(self.text.get(end..).unwrap_or_default());
        Header {
            text,
            accepts: Vec::new(),
            ..self.clone()
        }
    }
}

impl Expiry {
    /// Returns the expiry as the lock states it.
    pub(super) fn text(&self) -> String {
        match self {
            Expiry::Day(day) => date_text(*day),
            Expiry::Release(release) => release.to_string(),
        }
    }
}
