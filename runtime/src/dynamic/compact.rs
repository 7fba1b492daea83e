// SPDX-License-Identifier: Apache-2.0

//! [`compact`]: joins chunks in memory when they are many, small, or mostly superseded.
//! [`PartitionRows::stored_to_join`]: selects chunks in a storage for the same reasons.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use kalamtable_model::TableKind;
use kalamtable_provider::BoxError;
use kalamtable_store::UnixMicros;

use super::chunk::{Arrival, Chunk};
use super::storage::{ChunkId, JoinedChunk, PartitionChunk, PartitionRows};

/// The maximum number of rows in a joined chunk.
const MAX_ROWS: usize = 65_536;

/// The maximum size of a joined chunk in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The number of rows from which on the rows of a chunk are sorted by the primary key.
pub(super) const MIN_SORTED_ROWS: usize = 8192;

/// The limits of a joined chunk.
pub(super) struct CompactionLimits {
    max_bytes: usize,
    /// The maximum time between the first and the last row, in microseconds, if rows expire.
    max_micros: Option<i64>,
}

impl CompactionLimits {
    /// Returns the limits of a table whose rows do not expire.
    pub(super) fn permanent() -> Self {
        CompactionLimits {
            max_bytes: MAX_BYTES,
            max_micros: None,
        }
    }

    /// Returns the limits of a stream of at most `stream_bytes`. A chunk is removed as a whole:
    /// when its last row has expired, or to make room. It therefore contains the rows of a
    /// sixteenth of the time to live, and a sixty-fourth of the bytes, at most.
    pub(super) fn stream(ttl_seconds: u64, stream_bytes: usize) -> Self {
        let micros = i64::try_from(ttl_seconds)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000);
        CompactionLimits {
            max_bytes: MAX_BYTES.min(stream_bytes / 64),
            max_micros: Some(micros / 16),
        }
    }

    /// Returns whether a chunk can be joined with a group.
    fn fits(&self, group: &[&PartitionChunk], entry: &PartitionChunk) -> bool {
        let with = || group.iter().copied().chain([entry]);
        let version = entry.chunk.version();
        let first = with().map(|entry| entry.chunk.first_arrived_at().0).min();
        let last = with().map(|entry| entry.chunk.arrived_at().0).max();
        let micros = last
            .zip(first)
            .map_or(0, |(last, first)| last.saturating_sub(first));
        group.iter().all(|other| other.chunk.version() == version)
            && with().map(PartitionChunk::present).sum::<usize>() <= MAX_ROWS
            && with().map(|entry| entry.chunk.bytes()).sum::<usize>() <= self.max_bytes
            && self
                .max_micros
                .is_none_or(|max_micros| micros <= max_micros)
    }
}

/// Selects chunks in memory to join, and joins them.
///
/// If more than half of the rows of a table that is not a stream are superseded, the chunks that
/// contain them are rewritten without them. Otherwise, the last chunks are joined, as long as the
/// previous chunk has at most twice as many rows. A row is therefore copied once each time the
/// number of rows doubles, and the number of chunks stays small even if each statement writes few
/// rows.
pub(super) fn compact(
    rows: &PartitionRows,
    limits: &CompactionLimits,
) -> Result<Vec<JoinedChunk>, BoxError> {
    let in_memory = rows.chunks.iter();
    let in_memory: Vec<&PartitionChunk> = in_memory
        .filter(|entry| entry.chunk.is_in_memory())
        .collect();
    let groups = groups_to_join(&in_memory, limits);
    let numbered = (rows.next_chunk..).zip(groups);
    let joined = numbered.map(|(id, group)| join(ChunkId(id), &group));
    joined.collect()
}

/// Selects chunks to join, by the rules of [`compact`].
fn groups_to_join<'a>(
    chunks: &[&'a PartitionChunk],
    limits: &CompactionLimits,
) -> Vec<Vec<&'a PartitionChunk>> {
    let kept: usize = chunks.iter().map(|entry| entry.chunk.len()).sum();
    let present: usize = chunks.iter().map(|entry| entry.present()).sum();
    // In a stream, the chunks stay in the order of arrival: an expired row and a later one can have
    // the same key, and the later one is indexed.
    let is_sparse = kept > 2 * present && limits.max_micros.is_none();
    let chosen: Vec<&PartitionChunk> = if is_sparse {
        let chunks = chunks.iter().copied();
        chunks.filter(|entry| entry.superseded.is_some()).collect()
    } else {
        last_of_a_size(chunks, limits)
    };
    let mut groups: Vec<Vec<&PartitionChunk>> = Vec::new();
    for entry in chosen {
        match groups.last_mut() {
            Some(group) if limits.fits(group, entry) => group.push(entry),
            _ => groups.push(vec![entry]),
        }
    }
    groups
}

impl PartitionRows {
    /// Joins the rows of chunks of one version that are not superseded. Many rows of a table with a
    /// primary key are sorted by it; others are in the order of `from`. The result is in memory,
    /// and depends only on the arguments. Blocks if some of the chunks are not in memory.
    ///
    /// # Errors
    /// Fails if a chunk does not exist or cannot be read, or if the rows of the chunks have
    /// different types.
    pub fn join(&self, id: ChunkId, from: &[ChunkId]) -> Result<JoinedChunk, BoxError> {
        let chunks = from.iter().map(|id| {
            self.chunk(*id)
                .ok_or_else(|| BoxError::from(format!("there is no chunk {}", id.0)))
        });
        join(id, &chunks.collect::<Result<Vec<_>, _>>()?)
    }

    /// Returns the chunks in a storage that should be joined, in groups: they are small, or more
    /// than half of their rows are superseded. A storage calls this method when it flushes, and
    /// commits the joined chunks. `max_bytes` is the maximum size in memory of a group with several
    /// chunks.
    pub fn stored_to_join(&self, max_bytes: usize) -> Vec<Vec<ChunkId>> {
        let chunks = self.chunks.iter();
        let mut chunks: Vec<&PartitionChunk> =
            chunks.filter(|entry| !entry.chunk.is_in_memory()).collect();
        // Small chunks last, because the last ones are joined. A joined chunk would otherwise be
        // joined again with each small chunk that follows.
        chunks.sort_by_key(|entry| (entry.chunk.version(), Reverse(entry.present())));
        let mut limits = CompactionLimits::permanent();
        limits.max_bytes = limits.max_bytes.min(max_bytes);
        let groups = groups_to_join(&chunks, &limits);
        let ids = groups
            .into_iter()
            .map(|group| group.iter().map(|entry| entry.id).collect());
        ids.collect()
    }
}

/// Returns the last chunks of one version, at least two, each of which has at most twice as many
/// rows as all following ones together.
fn last_of_a_size<'a>(
    chunks: &[&'a PartitionChunk],
    limits: &CompactionLimits,
) -> Vec<&'a PartitionChunk> {
    let mut chosen: Vec<&PartitionChunk> = Vec::new();
    let mut length = 0;
    for entry in chunks.iter().rev() {
        let present = entry.present();
        let is_near = chosen.is_empty() || (present <= 2 * length && limits.fits(&chosen, entry));
        if !is_near {
            break;
        }
        length += present;
        chosen.push(entry);
    }
    chosen.reverse();
    if chosen.len() < 2 {
        return Vec::new();
    }
    chosen
}

fn join(id: ChunkId, chunks: &[&PartitionChunk]) -> Result<JoinedChunk, BoxError> {
    let batches = chunks.iter().map(|entry| {
        let batch = entry.chunk.read()?;
        if entry.superseded.is_none() {
            return Ok(batch);
        }
        let rows = 0..entry.chunk.len() as u32;
        let present: UInt32Array = rows.filter(|row| entry.is_present(*row)).collect();
        Ok(take_record_batch(&batch, &present)?)
    });
    let batches = batches.collect::<Result<Vec<RecordBatch>, BoxError>>()?;
    let Some(first) = chunks.first() else {
        return Err("no chunks to join".into());
    };
    let rows = concat_batches(&first.chunk.schema(), &batches)?;
    let definition = first.chunk.definition();
    let chunk = if definition.kind() == TableKind::Stream {
        Chunk::with_arrivals(definition, rows, arrivals(chunks))
    } else {
        let rows = sorted_by_key(rows, definition.key_columns())?;
        let arrived_at = chunks.iter().map(|entry| entry.chunk.arrived_at()).max();
        Chunk::new(definition, rows, arrived_at.unwrap_or(UnixMicros(0)))
    };
    Ok(JoinedChunk {
        id,
        from: chunks.iter().map(|entry| entry.id).collect(),
        chunk: Arc::new(chunk),
    })
}

/// Sorts many rows by a key, so that a storage finds a key without reading all of them.
fn sorted_by_key(rows: RecordBatch, key: &[usize]) -> Result<RecordBatch, ArrowError> {
    if key.is_empty() || rows.num_rows() < MIN_SORTED_ROWS {
        return Ok(rows);
    }
    let columns = key.iter().map(|column| Arc::clone(rows.column(*column)));
    let columns: Vec<ArrayRef> = columns.collect();
    let fields = columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    let keys = converter.convert_columns(&columns)?;
    let mut order: Vec<(&[u8], u32)> = keys.iter().map(|key| key.data()).zip(0..).collect();
    if order.is_sorted() {
        return Ok(rows);
    }
    order.sort_unstable();
    let order: UInt32Array = order.into_iter().map(|(_, row)| row).collect();
    take_record_batch(&rows, &order)
}

/// Returns the arrival times of the rows of chunks that are not superseded.
fn arrivals(chunks: &[&PartitionChunk]) -> Vec<Arrival> {
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut end = 0;
    for entry in chunks {
        for row in (0..entry.chunk.len() as u32).filter(|row| entry.is_present(*row)) {
            let at = entry.chunk.row_arrived_at(row);
            end += 1;
            match arrivals.last_mut() {
                Some(last) if last.at == at => last.end = end,
                _ => arrivals.push(Arrival { end, at }),
            }
        }
    }
    if arrivals.is_empty() {
        let at = chunks.iter().map(|entry| entry.chunk.arrived_at()).max();
        let at = at.unwrap_or(UnixMicros(0));
        arrivals.push(Arrival { end, at });
    }
    arrivals
}
