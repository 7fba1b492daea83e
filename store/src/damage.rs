// SPDX-License-Identifier: Apache-2.0

//! [`Damage`]: an object of a store that is not what was written there, and why it was refused.

use kalamtable_model::Diagnostic;

use crate::Checksum;

/// An object of a store that is not what was written there.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` {kind}")]
pub struct Damage {
    /// The object.
    pub path: String,
    /// What is wrong with it.
    #[source]
    pub kind: DamageKind,
}

/// What is wrong with an object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DamageKind {
    /// It is not there, and later ones are.
    #[error("is missing, and there are later changes")]
    Missing,
    /// It was not read.
    #[error("has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// It is cut off, or no text of the form that is written.
    #[error("is not readable: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// It was written by another version of this crate.
    #[error("has format {found}; this version reads {known}")]
    UnknownFormat {
        /// What it says.
        found: u32,
        /// What is known.
        known: u32,
    },
    /// Its content is not what it was when it was written.
    #[error("does not have the content that its checksum was made of")]
    Checksum,
    /// It says another number than its name.
    #[error("says that it is number {found}")]
    WrongSequence {
        /// What it says.
        found: u64,
    },
    /// It was written after another change than the one that is there.
    #[error("follows another change than the one before it: the log was overwritten or forked")]
    Fork {
        /// The checksum of the change that is there.
        known: Checksum,
        /// The checksum of the change that it names.
        named: Checksum,
    },
    /// A definition in it is not sound by the rules of this version.
    #[error(
        "holds a definition that is not sound{}",
        .problems.first().map(|problem| format!(": {}", problem.message)).unwrap_or_default()
    )]
    Definition {
        /// What the model says to its text.
        problems: Vec<Diagnostic>,
    },
    /// A change in it cannot be made to the tables that were there.
    #[error("holds a change that does not fit what was before: {0}")]
    Misfit(&'static str),
}

impl DamageKind {
    /// Damage of the object at `path`.
    pub(crate) fn at(self, path: impl Into<String>) -> Damage {
        Damage {
            path: path.into(),
            kind: self,
        }
    }
}
