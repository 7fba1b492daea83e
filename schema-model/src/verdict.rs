// SPDX-License-Identifier: Apache-2.0

//! [`Level`]: the users of a table that a schema change can affect, [`Verdict`]: its effect on
//! them, and [`Direction`]: the versions that must read the data of other versions.

use std::fmt;

/// The users of a table that a schema change can affect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Rust code that uses the generated items: it still compiles and has the same meaning.
    Source,
    /// Queries: they still have the same meaning, including the order of `SELECT *`.
    Sql,
    /// Arrow IPC and Flight clients that decode by name and type: they can still do so.
    Wire,
    /// Files that were written under an earlier version: they stay readable, and their rows and
    /// values keep their meaning.
    Storage,
}

impl Level {
    /// All levels.
    pub const ALL: [Level; 4] = [Level::Source, Level::Sql, Level::Wire, Level::Storage];

    /// Returns the name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Source => "source",
            Level::Sql => "sql",
            Level::Wire => "wire",
            Level::Storage => "storage",
        }
    }
}

/// The effect of a schema change at one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing changes.
    Ok,
    /// Some users may notice the change.
    Warn,
    /// The change breaks users.
    Break,
}

impl Verdict {
    /// Returns the verdict as messages show it: `ok`, `warn` or `BREAK`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Break => "BREAK",
        }
    }
}

/// The effect of a schema change at each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdicts {
    /// The effect on Rust code.
    pub source: Verdict,
    /// The effect on queries.
    pub sql: Verdict,
    /// The effect on clients.
    pub wire: Verdict,
    /// The effect on stored files.
    pub storage: Verdict,
}

impl Verdicts {
    /// Returns the verdict at `level`.
    pub const fn at(self, level: Level) -> Verdict {
        match level {
            Level::Source => self.source,
            Level::Sql => self.sql,
            Level::Wire => self.wire,
            Level::Storage => self.storage,
        }
    }

    /// Returns the worst verdict of all levels.
    pub fn worst(self) -> Verdict {
        let verdicts = [self.sql, self.wire, self.storage];
        verdicts.into_iter().fold(self.source, Verdict::max)
    }
}

impl fmt::Display for Verdicts {
    /// Writes the verdict of each level: `SOURCE ok, SQL warn, WIRE BREAK, STORAGE ok`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, level) in Level::ALL.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let name = level.as_str().to_ascii_uppercase();
            write!(f, "{separator}{name} {}", self.at(level).as_str())?;
        }
        Ok(())
    }
}

/// The versions that must be able to read each other's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The next version reads data of all earlier versions. The default.
    #[default]
    Backward,
    /// All earlier versions read data of the next version.
    Forward,
    /// Both.
    Full,
}

impl Direction {
    /// All directions.
    pub const ALL: [Direction; 3] = [Direction::Backward, Direction::Forward, Direction::Full];

    /// Returns the name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::Backward => "backward",
            Direction::Forward => "forward",
            Direction::Full => "full",
        }
    }

    /// Returns whether a check in this direction includes the rules of direction `rule`. Rules of
    /// direction [`Full`](Self::Full) are part of every check.
    pub fn includes(self, rule: Direction) -> bool {
        self == Direction::Full || rule == Direction::Full || self == rule
    }
}
