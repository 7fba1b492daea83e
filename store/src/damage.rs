// SPDX-License-Identifier: Apache-2.0

//! [`Damage`]: an object of a log that was rejected, and the reason.

use kalamtable_model::Diagnostic;

use crate::checksum::Checksum;

/// An object of an [`ObjectStoreLog`](crate::ObjectStoreLog) that is missing or does not have the
/// content that was written.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` {kind}")]
pub struct Damage {
    /// The path of the object in the object store.
    pub path: String,
    /// The reason why the object was rejected.
    #[source]
    pub kind: DamageKind,
}

/// The reason why an object of a log was rejected. The error texts are predicates: the subject is
/// the path of the object, see [`Damage`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DamageKind {
    /// The object does not exist, although later objects do.
    #[error("is missing, but later changes exist")]
    Missing,
    /// The object exceeds the size limit, and was not read.
    #[error("has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The size of the object in bytes.
        bytes: u64,
        /// The limit in bytes, from [`LogOptions`](crate::LogOptions).
        limit: u64,
    },
    /// The object is truncated, or is not JSON of the expected structure.
    #[error("cannot be parsed: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// The object has a format that this version of the crate cannot read.
    #[error("has format {found}, but this version reads formats up to {known}")]
    UnknownFormat {
        /// The format of the object.
        found: u32,
        /// The last format that this version reads.
        known: u32,
    },
    /// The content of the object was modified.
    #[error("does not match its checksum")]
    Checksum,
    /// The sequence number in the object differs from the number in its path.
    #[error("contains the changes of sequence number {found}")]
    WrongSequence {
        /// The sequence number in the object.
        found: u64,
    },
    /// The object names a preceding change that differs from the preceding change in the log.
    #[error("does not follow the change before it: the log was overwritten or forked")]
    Fork {
        /// The checksum of the preceding change in the log.
        known: Checksum,
        /// The checksum of the preceding change that the object names.
        named: Checksum,
    },
    /// A definition in the object does not pass the checks of this version of the crate.
    #[error(
        "contains an invalid definition{}",
        .problems.first().map(|problem| format!(": {}", problem.message)).unwrap_or_default()
    )]
    Definition {
        /// The problems of the definition.
        problems: Vec<Diagnostic>,
    },
    /// A change in the object cannot be applied to the state after the preceding change. The text
    /// is the reason.
    #[error("contains a change that cannot be applied: {0}")]
    Inapplicable(&'static str),
}

impl DamageKind {
    /// Returns this damage of the object at `path`.
    pub(crate) fn at(self, path: impl Into<String>) -> Damage {
        Damage {
            path: path.into(),
            kind: self,
        }
    }
}
