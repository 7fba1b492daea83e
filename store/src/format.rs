// SPDX-License-Identifier: Apache-2.0

//! The text of log entries and checkpoints: JSON, with a format number and the checksum of its content.
//!
//! ```json
//! {"format":1,"checksum":"..","content":{"sequence":2,"previous":"..","writer":"..","moment":1700000000000000,"change":{"drop":{"id":1}}}}
//! ```
//!
//! Moments are numbers, of microseconds: see [`UnixMicros`].
//!
//! An entry names the checksum of the one before it, so a log that was forked or overwritten is
//! noticed where the two meet. A checkpoint is every entry up to it, without what follows from their
//! order; it ends in the checksum of the last one, which follows from all of them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::checksum::Checksum;
use crate::replica::{Entry, Replica, Stamp};
use crate::state::{Action, Definition};
use crate::{DamageKind, Sequence, TableId, UnixMicros};

/// The only format so far.
const FORMAT: u32 = 1;

/// What is looked at first: the rest of another format may be anything.
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
    moment: i64,
    change: ChangeContent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointContent {
    sequence: u64,
    last: Checksum,
    changes: Vec<Stamped>,
}

/// What a checkpoint holds of an entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamped {
    writer: String,
    moment: i64,
    change: ChangeContent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum ChangeContent {
    Create { id: u64, definition: String },
    Replace { id: u64, definition: String },
    Drop { id: u64 },
}

// ---- entries ----

/// The entry of `action` as change `sequence`, with the bytes that are written.
pub(crate) fn write_entry(
    sequence: Sequence,
    previous: Checksum,
    writer: String,
    moment: UnixMicros,
    action: Action,
) -> (Entry, Vec<u8>) {
    let content = EntryContent {
        sequence: sequence.0,
        previous,
        writer,
        moment: moment.0,
        change: ChangeContent::of(&action),
    };
    let (checksum, bytes) = seal(&content);
    let stamp = Stamp {
        writer: content.writer.into(),
        checksum,
    };
    let entry = Entry {
        previous,
        stamp,
        moment,
        action,
    };
    (entry, bytes)
}

/// The entry that the object at `path` should hold.
pub(crate) fn read_entry(
    path: &str,
    sequence: Sequence,
    bytes: &[u8],
) -> Result<Entry, DamageKind> {
    let (checksum, content) = open::<EntryContent>(bytes)?;
    if content.sequence != sequence.0 {
        return Err(DamageKind::WrongSequence {
            found: content.sequence,
        });
    }
    Ok(Entry {
        previous: content.previous,
        stamp: Stamp {
            writer: content.writer.into(),
            checksum,
        },
        moment: UnixMicros(content.moment),
        action: content.change.action(path)?,
    })
}

// ---- checkpoints ----

/// The bytes of a checkpoint. They depend on the entries alone: two processes write the same.
pub(crate) fn write_checkpoint(replica: &Replica) -> Vec<u8> {
    let stamps = replica.stamps().iter();
    let content = CheckpointContent {
        sequence: replica.last().0,
        last: replica.head(),
        changes: replica
            .state()
            .actions()
            .zip(stamps)
            .map(|((moment, action), stamp)| Stamped {
                writer: stamp.writer.to_string(),
                moment: moment.0,
                change: ChangeContent::of(&action),
            })
            .collect(),
    };
    seal(&content).1
}

/// The tables of the checkpoint that the object at `path` should hold.
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
    for Stamped {
        writer,
        moment,
        change,
    } in content.changes
    {
        let action = change.action(path)?;
        let (sequence, previous) = (replica.last().next(), replica.head());
        let (entry, _) = write_entry(sequence, previous, writer, UnixMicros(moment), action);
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

// ---- both ----

impl ChangeContent {
    fn of(action: &Action) -> Self {
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

    fn action(self, path: &str) -> Result<Action, DamageKind> {
        Ok(match self {
            ChangeContent::Create { id, definition } => Action::Create {
                id: TableId(id),
                definition: Definition::read(path, &definition)?,
            },
            ChangeContent::Replace { id, definition } => Action::Replace {
                id: TableId(id),
                definition: Definition::read(path, &definition)?,
            },
            ChangeContent::Drop { id } => Action::Drop { id: TableId(id) },
        })
    }
}

/// The checksum of a content, and the bytes of its object.
fn seal(content: &impl Serialize) -> (Checksum, Vec<u8>) {
    let content = text(content);
    let checksum = Checksum::of(&content);
    let mut bytes =
        format!(r#"{{"format":{FORMAT},"checksum":"{checksum}","content":"#).into_bytes();
    bytes.extend(content);
    bytes.extend(b"}\n");
    (checksum, bytes)
}

/// The content of an object, with its checksum.
fn open<C: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<(Checksum, C), DamageKind> {
    let FormatOnly { format } = serde_json::from_slice(bytes).map_err(DamageKind::Unreadable)?;
    if format != FORMAT {
        return Err(DamageKind::UnknownFormat {
            found: format,
            known: FORMAT,
        });
    }
    let envelope: Envelope<C> = serde_json::from_slice(bytes).map_err(DamageKind::Unreadable)?;
    // Of the content as it is written, not of the bytes: spaces between two tokens are no damage.
    if Checksum::of(&text(&envelope.content)) != envelope.checksum {
        return Err(DamageKind::Checksum);
    }
    Ok((envelope.checksum, envelope.content))
}

fn text(content: &impl Serialize) -> Vec<u8> {
    // Structs of numbers and strings: nothing in them can fail. If something did, nothing would be read
    // back, as no content has the checksum of an empty text.
    serde_json::to_vec(content).unwrap_or_default()
}
