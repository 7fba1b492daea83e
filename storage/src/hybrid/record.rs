// SPDX-License-Identifier: Apache-2.0

//! [`LogRecord`]: the content of an entry of the log.
//!
//! | record | content |
//! |---|---|
//! | 1, definition | a definition that later records refer to by its number |
//! | 3, removal | the id of a table whose rows were deleted |
//! | 4, removal of an owner | the user whose rows were deleted in all tables |
//! | 5, commit | a commit to a partition, see [`CommitRecord`] |
//!
//! Record type 2 was a commit whose joined chunks were not sorted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::{Arrival, Chunk, ChunkId, Commit, Partition};
use kalamtable_store::{TableId, UnixMicros};

use super::written_definitions::{WrittenDefinition, WrittenDefinitions};
use crate::bytes::{ByteReader, ByteWriter, Malformed};
use crate::error::StorageError;

const DEFINITION: u8 = 1;
const REMOVAL: u8 = 3;
const OWNER_REMOVAL: u8 = 4;
const COMMIT: u8 = 5;

/// The content of an entry of the log.
pub(super) enum LogRecord {
    Definition(WrittenDefinition),
    Commit(CommitRecord),
    Removal(RemovedPartitions),
}

/// The partitions whose rows were deleted as a whole.
#[derive(Clone, Debug)]
pub(super) enum RemovedPartitions {
    /// All partitions of a table.
    Table(TableId),
    /// The partitions of a user in all tables.
    Owner(UserId),
}

impl RemovedPartitions {
    pub(super) fn contains(&self, partition: &Partition) -> bool {
        match self {
            RemovedPartitions::Table(table) => partition.table == *table,
            RemovedPartitions::Owner(owner) => partition.owner.as_ref() == Some(owner),
        }
    }
}

/// A commit to a partition.
pub(super) struct CommitRecord {
    pub(super) partition: Partition,
    /// The number of the rows that the commit replaces.
    pub(super) before: u64,
    /// The last `_seq` of the table.
    pub(super) last_seq: i64,
    /// The commit, without its joined chunks.
    pub(super) commit: Commit,
    /// The id of each joined chunk, and the chunks that it replaces. Their rows are not repeated.
    pub(super) joined: Vec<(ChunkId, Vec<ChunkId>)>,
}

impl LogRecord {
    pub(super) fn encode_definition(definition: &WrittenDefinition) -> Vec<u8> {
        let mut bytes = ByteWriter::default();
        bytes.u8(DEFINITION);
        definition.write_to(&mut bytes);
        bytes.0
    }

    pub(super) fn encode_removal(removed: &RemovedPartitions) -> Vec<u8> {
        let mut bytes = ByteWriter::default();
        match removed {
            RemovedPartitions::Table(table) => {
                bytes.u8(REMOVAL);
                bytes.u64(table.0);
            }
            RemovedPartitions::Owner(owner) => {
                bytes.u8(OWNER_REMOVAL);
                bytes.bytes(owner.as_str().as_bytes());
            }
        }
        bytes.0
    }

    /// Encodes a commit. `definitions` are those of the added chunks.
    pub(super) fn encode_commit(
        partition: &Partition,
        before: u64,
        last_seq: i64,
        commit: &Commit,
        definitions: &[Arc<WrittenDefinition>],
    ) -> Result<Vec<u8>, StorageError> {
        let mut bytes = ByteWriter::default();
        bytes.u8(COMMIT);
        write_partition(&mut bytes, partition);
        bytes.u64(before);
        bytes.i64(last_seq);
        bytes.items(commit.removed.iter(), |bytes, id| bytes.u64(id.0));
        bytes.items(commit.superseded.iter(), |bytes, (id, rows)| {
            bytes.u64(id.0);
            bytes.items(rows.iter(), |bytes, row| bytes.u32(*row));
        });
        bytes.u64(commit.added.len() as u64);
        for ((id, chunk), definition) in commit.added.iter().zip(definitions) {
            bytes.u64(id.0);
            bytes.u32(definition.number);
            write_arrivals(&mut bytes, chunk.arrivals());
            let table = partition.table;
            let rows = chunk.read();
            let rows = rows.map_err(|source| StorageError::unreadable(table, source))?;
            let rows = definition.encode(&rows);
            bytes.bytes(&rows.map_err(|error| StorageError::arrow(table, error))?);
        }
        bytes.items(commit.joined.iter(), |bytes, joined| {
            bytes.u64(joined.id.0);
            bytes.items(joined.from.iter(), |bytes, id| bytes.u64(id.0));
        });
        Ok(bytes.0)
    }

    pub(super) fn decode(
        bytes: &[u8],
        definitions: &WrittenDefinitions,
    ) -> Result<Self, Malformed> {
        let mut bytes = ByteReader(bytes);
        let record = match bytes.u8()? {
            DEFINITION => LogRecord::Definition(WrittenDefinition::read_from(&mut bytes)?),
            COMMIT => LogRecord::Commit(decode_commit(&mut bytes, definitions)?),
            REMOVAL => LogRecord::Removal(RemovedPartitions::Table(TableId(bytes.u64()?))),
            OWNER_REMOVAL => {
                let owner = UserId::new(bytes.text()?);
                let owner = owner.ok_or_else(|| Malformed::new("the user has no name"))?;
                LogRecord::Removal(RemovedPartitions::Owner(owner))
            }
            other => {
                return Err(Malformed(format!(
                    "record type {other} is unknown: another release has written the log"
                )));
            }
        };
        bytes.end()?;
        Ok(record)
    }
}

fn decode_commit(
    bytes: &mut ByteReader<'_>,
    definitions: &WrittenDefinitions,
) -> Result<CommitRecord, Malformed> {
    let partition = read_partition(bytes)?;
    let before = bytes.u64()?;
    let last_seq = bytes.i64()?;
    let removed: HashSet<ChunkId> = chunk_ids(bytes)?.into_iter().collect();
    let superseded =
        bytes.items(|bytes| Ok((ChunkId(bytes.u64()?), bytes.items(ByteReader::u32)?)));
    let superseded: HashMap<ChunkId, Vec<u32>> = superseded?.into_iter().collect();
    let added = bytes.items(|bytes| {
        let id = ChunkId(bytes.u64()?);
        let number = bytes.u32()?;
        let definition = definitions.get(number);
        let definition =
            definition.ok_or_else(|| Malformed(format!("definition {number} is missing")))?;
        let arrivals = read_arrivals(bytes)?;
        let rows = definition.decode(bytes.bytes()?);
        let rows = rows.map_err(|error| Malformed(format!("the rows are invalid: {error}")))?;
        if arrivals.last().map(|arrival| arrival.end as usize) != Some(rows.num_rows()) {
            return Err(Malformed::new("the arrival times do not fit the rows"));
        }
        let chunk = Chunk::with_arrivals(&definition.definition, rows, arrivals);
        Ok((id, Arc::new(chunk)))
    })?;
    let joined = bytes.items(|bytes| Ok((ChunkId(bytes.u64()?), chunk_ids(bytes)?)))?;
    Ok(CommitRecord {
        partition,
        before,
        last_seq,
        commit: Commit {
            added,
            superseded,
            removed,
            joined: Vec::new(),
        },
        joined,
    })
}

fn chunk_ids(bytes: &mut ByteReader<'_>) -> Result<Vec<ChunkId>, Malformed> {
    bytes.items(|bytes| Ok(ChunkId(bytes.u64()?)))
}

pub(super) fn write_partition(bytes: &mut ByteWriter, partition: &Partition) {
    bytes.u64(partition.table.0);
    // The name of an owner is not empty.
    let owner = partition.owner.as_ref().map_or("", UserId::as_str);
    bytes.bytes(owner.as_bytes());
}

pub(super) fn read_partition(bytes: &mut ByteReader<'_>) -> Result<Partition, Malformed> {
    Ok(Partition {
        table: TableId(bytes.u64()?),
        owner: UserId::new(bytes.text()?),
    })
}

pub(super) fn write_arrivals(bytes: &mut ByteWriter, arrivals: &[Arrival]) {
    bytes.items(arrivals.iter(), |bytes, arrival| {
        bytes.u32(arrival.end);
        bytes.i64(arrival.at.0);
    });
}

/// Reads arrival times. There is at least one, and their ends ascend.
pub(super) fn read_arrivals(bytes: &mut ByteReader<'_>) -> Result<Vec<Arrival>, Malformed> {
    let arrivals = bytes.items(|bytes| {
        Ok(Arrival {
            end: bytes.u32()?,
            at: UnixMicros(bytes.i64()?),
        })
    })?;
    if arrivals.is_empty() || !arrivals.is_sorted_by_key(|arrival| arrival.end) {
        return Err(Malformed::new("the arrival times are invalid"));
    }
    Ok(arrivals)
}
