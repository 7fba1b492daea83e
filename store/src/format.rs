// SPDX-License-Identifier: Apache-2.0

//! The objects of a log as text: entries and checkpoints, in JSON with a format number and a
//! checksum.
//!
//! ```json
//! {"format":1,"checksum":"..","content":{"sequence":2,"previous":"..","writer":"..",
//! "moment":1700000000000000,"change":{"drop":{"id":1}}}}
//! ```
//!
//! An entry with several changes has `{"batch":[..]}` as its change, and format 2. Other objects
//! have format 1, so that earlier versions of this crate can read them.
//!
//! The value of `moment` is the timestamp of the change in microseconds, see
//! [`UnixMicros`].
//!
//! An entry contains the checksum of the preceding entry, so a reader detects where a log was
//! forked or overwritten. A checkpoint contains all entries up to its own number, without the
//! values that can be computed from their order; its `last` is the checksum of the last entry.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::checksum::Checksum;
use crate::damage::DamageKind;
use crate::replica::{EntryId, LogEntry, Replica};
use crate::state::{Action, StoredDefinition};
use crate::table::{Sequence, TableId};
use crate::unix_micros::UnixMicros;

/// The format of an object in which each entry has one change.
const SINGLE_CHANGES: u32 = 1;
/// The format of an object in which an entry has several changes, and the last format that this
/// version reads.
const BATCHES: u32 = 2;

/// The part that all formats have in common. It is parsed first, because the rest of an object in
/// another format may have any structure.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<C> {
    #[serde(rename = "format")]
    _format: u32,
    checksum: Checksum,
    content: C,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryContent {
    sequence: u64,
    previous: Checksum,
    writer: String,
    #[serde(rename = "moment")]
    changed_at: i64,
    change: ChangeContent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointContent {
    sequence: u64,
    last: Checksum,
    changes: Vec<CheckpointEntry>,
}

/// The part of an entry that a checkpoint contains.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointEntry {
    writer: String,
    #[serde(rename = "moment")]
    changed_at: i64,
    change: ChangeContent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum ChangeContent {
    Create { id: u64, definition: String },
    Replace { id: u64, definition: String },
    Drop { id: u64 },
    Batch(Vec<ChangeContent>),
}

// ---- entries ----

/// Creates the entry of `actions` with number `sequence`, and serializes it.
pub(crate) fn write_entry(
    sequence: Sequence,
    previous: Checksum,
    writer: String,
    changed_at: UnixMicros,
    actions: Vec<Action>,
) -> (LogEntry, Vec<u8>) {
    let content = EntryContent {
        sequence: sequence.0,
        previous,
        writer,
        changed_at: changed_at.0,
        change: ChangeContent::from_actions(&actions),
    };
    let (checksum, bytes) = seal(content.change.format(), &content);
    let entry = LogEntry {
        previous,
        id: EntryId {
            writer: content.writer.into(),
            checksum,
        },
        changed_at,
        actions,
    };
    (entry, bytes)
}

/// Parses the entry with number `sequence`, the object at `path`.
pub(crate) fn read_entry(
    path: &str,
    sequence: Sequence,
    bytes: &[u8],
) -> Result<LogEntry, DamageKind> {
    let (checksum, content) = open::<EntryContent>(bytes)?;
    if content.sequence != sequence.0 {
        return Err(DamageKind::WrongSequence {
            found: content.sequence,
        });
    }
    Ok(LogEntry {
        previous: content.previous,
        id: EntryId {
            writer: content.writer.into(),
            checksum,
        },
        changed_at: UnixMicros(content.changed_at),
        actions: content.change.into_actions(path)?,
    })
}

// ---- checkpoints ----

/// Serializes the checkpoint of all entries of `replica`. The bytes depend on the entries alone, so
/// two processes write the same checkpoint.
pub(crate) fn write_checkpoint(replica: &Replica) -> Vec<u8> {
    let ids = replica.entry_ids().iter();
    let content = CheckpointContent {
        sequence: replica.last().0,
        last: replica.head(),
        changes: replica
            .state()
            .commits()
            .zip(ids)
            .map(|((changed_at, actions), id)| CheckpointEntry {
                writer: id.writer.to_string(),
                changed_at: changed_at.0,
                change: ChangeContent::from_actions(&actions),
            })
            .collect(),
    };
    let formats = content.changes.iter().map(|entry| entry.change.format());
    let format = formats.max().unwrap_or(SINGLE_CHANGES);
    seal(format, &content).1
}

/// Parses the checkpoint with number `sequence`, the object at `path`.
pub(crate) fn read_checkpoint(
    path: &str,
    sequence: Sequence,
    bytes: &[u8],
) -> Result<Replica, DamageKind> {
    let (_, content) = open::<CheckpointContent>(bytes)?;
    if content.sequence != sequence.0 || content.changes.len() as u64 != sequence.0 {
        return Err(DamageKind::WrongSequence {
            found: content.sequence,
        });
    }
    let mut replica = Replica::default();
    for CheckpointEntry {
        writer,
        changed_at,
        change,
    } in content.changes
    {
        let actions = change.into_actions(path)?;
        let (sequence, previous) = (replica.last().next(), replica.head());
        let (entry, _) = write_entry(sequence, previous, writer, UnixMicros(changed_at), actions);
        replica.apply(entry)?;
    }
    if replica.head() != content.last {
        return Err(DamageKind::Fork {
            known: replica.head(),
            named: content.last,
        });
    }
    Ok(replica)
}

// ---- both kinds of object ----

impl ChangeContent {
    /// Returns the format of an object with this change.
    fn format(&self) -> u32 {
        match self {
            ChangeContent::Batch(_) => BATCHES,
            _ => SINGLE_CHANGES,
        }
    }

    fn from_actions(actions: &[Action]) -> Self {
        match actions {
            [action] => ChangeContent::from_action(action),
            actions => {
                ChangeContent::Batch(actions.iter().map(ChangeContent::from_action).collect())
            }
        }
    }

    fn into_actions(self, path: &str) -> Result<Vec<Action>, DamageKind> {
        match self {
            ChangeContent::Batch(changes) => {
                let changes = changes.into_iter();
                changes.map(|change| change.into_action(path)).collect()
            }
            change => Ok(vec![change.into_action(path)?]),
        }
    }

    fn from_action(action: &Action) -> Self {
        match action {
            Action::Create { id, definition } => ChangeContent::Create {
                id: id.0,
                definition: definition.text.to_string(),
            },
            Action::Replace { id, definition } => ChangeContent::Replace {
                id: id.0,
                definition: definition.text.to_string(),
            },
            Action::Drop { id } => ChangeContent::Drop { id: id.0 },
        }
    }

    fn into_action(self, path: &str) -> Result<Action, DamageKind> {
        Ok(match self {
            ChangeContent::Create { id, definition } => Action::Create {
                id: TableId(id),
                definition: StoredDefinition::read(path, &definition)?,
            },
            ChangeContent::Replace { id, definition } => Action::Replace {
                id: TableId(id),
                definition: StoredDefinition::read(path, &definition)?,
            },
            ChangeContent::Drop { id } => Action::Drop { id: TableId(id) },
            ChangeContent::Batch(_) => return Err(DamageKind::Inapplicable("its batch is nested")),
        })
    }
}

/// Serializes an object, and returns the checksum of its content and its bytes.
fn seal(format: u32, content: &impl Serialize) -> (Checksum, Vec<u8>) {
    let content = text(content);
    let checksum = Checksum::of(&content);
    let mut bytes =
        format!(r#"{{"format":{format},"checksum":"{checksum}","content":"#).into_bytes();
    bytes.extend(content);
    bytes.extend(b"}\n");
    (checksum, bytes)
}

/// Parses an object, and returns its checksum and content after they have been compared.
fn open<C: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<(Checksum, C), DamageKind> {
    let FormatOnly { format } = serde_json::from_slice(bytes).map_err(DamageKind::Unreadable)?;
    if !(SINGLE_CHANGES..=BATCHES).contains(&format) {
        return Err(DamageKind::UnknownFormat {
            found: format,
            known: BATCHES,
        });
    }
    let envelope: Envelope<C> = serde_json::from_slice(bytes).map_err(DamageKind::Unreadable)?;
    // The checksum covers the serialized content, not the bytes of the object: white space between
    // tokens does not count as damage.
    if Checksum::of(&text(&envelope.content)) != envelope.checksum {
        return Err(DamageKind::Checksum);
    }
    Ok((envelope.checksum, envelope.content))
}

fn text(content: &impl Serialize) -> Vec<u8> {
    // Serializing structs of numbers and strings cannot fail. If it did, the object would be
    // rejected when it is read, because no content has the checksum of an empty text.
    serde_json::to_vec(content).unwrap_or_default()
}
