// SPDX-License-Identifier: Apache-2.0

//! [`compact`]: joins chunks when they are many, small, or mostly superseded.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::error::ArrowError;

use super::storage::{Chunk, ChunkId, PartitionRows, StoredChunk};

/// The maximum number of rows in a joined chunk.
const MAX_ROWS: usize = 65_536;

/// The maximum size of a joined chunk in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Chunks that replace others and have the same rows.
pub(super) struct Compacted {
    pub(super) removed: HashSet<ChunkId>,
    pub(super) added: Vec<(ChunkId, Arc<Chunk>)>,
}

/// Selects chunks to join and joins them. Returns `None` if all chunks can stay.
///
/// If more than half of the stored rows are superseded, the chunks that contain them are rewritten
/// without them. Otherwise, the last chunks are joined, as long as the previous chunk has at most
/// twice as many rows. A row is therefore copied once each time the number of rows doubles, and the
/// number of chunks stays small even if each statement writes few rows.
pub(super) fn compact(rows: &PartitionRows) -> Result<Option<Compacted>, ArrowError> {
    let kept: usize = rows.chunks.iter().map(|stored| stored.chunk.len()).sum();
    let present: usize = rows.chunks.iter().map(StoredChunk::present).sum();
    let chosen: Vec<&StoredChunk> = if kept > 2 * present {
        let chunks = rows.chunks.iter();
        chunks
            .filter(|stored| stored.superseded.is_some())
            .collect()
    } else {
        last_of_a_size(&rows.chunks)
    };
    if chosen.is_empty() {
        return Ok(None);
    }
    let mut compacted = Compacted {
        removed: chosen.iter().map(|stored| stored.id).collect(),
        added: Vec::new(),
    };
    let mut next = rows.next_chunk;
    let mut group: Vec<&StoredChunk> = Vec::new();
    for stored in chosen {
        if !group.is_empty() && !fits(&group, stored) {
            compacted.added.push((ChunkId(next), joined(&group)?));
            next += 1;
            group.clear();
        }
        group.push(stored);
    }
    compacted.added.push((ChunkId(next), joined(&group)?));
    Ok(Some(compacted))
}

/// Returns the last chunks of one version, at least two, none of which is much larger than all
/// following ones.
fn last_of_a_size(chunks: &[StoredChunk]) -> Vec<&StoredChunk> {
    let mut chosen: Vec<&StoredChunk> = Vec::new();
    let mut length = 0;
    for stored in chunks.iter().rev() {
        let present = stored.present();
        let is_near = chosen.is_empty() || (present <= 2 * length && fits(&chosen, stored));
        if !is_near {
            break;
        }
        length += present;
        chosen.push(stored);
    }
    chosen.reverse();
    if chosen.len() < 2 {
        return Vec::new();
    }
    chosen
}

/// Returns whether a chunk can be joined with a group.
fn fits(group: &[&StoredChunk], stored: &StoredChunk) -> bool {
    let with = || group.iter().copied().chain([stored]);
    let version = stored.chunk.version();
    group.iter().all(|other| other.chunk.version() == version)
        && with().map(StoredChunk::present).sum::<usize>() <= MAX_ROWS
        && with().map(|stored| stored.chunk.bytes()).sum::<usize>() <= MAX_BYTES
}

/// Joins the rows of chunks of one version that are not superseded.
fn joined(chunks: &[&StoredChunk]) -> Result<Arc<Chunk>, ArrowError> {
    let batches = chunks.iter().map(|stored| match &stored.superseded {
        None => Ok(stored.chunk.rows().clone()),
        Some(_) => {
            let rows = 0..stored.chunk.len() as u32;
            let present: UInt32Array = rows.filter(|row| stored.is_present(*row)).collect();
            take_record_batch(stored.chunk.rows(), &present)
        }
    });
    let batches = batches.collect::<Result<Vec<RecordBatch>, ArrowError>>()?;
    let (Some(first), Some(last)) = (
        chunks.first(),
        chunks.iter().map(|stored| stored.chunk.arrived_at()).max(),
    ) else {
        return Err(ArrowError::ComputeError("no chunks to join".to_string()));
    };
    let rows = concat_batches(first.chunk.rows().schema_ref(), &batches)?;
    Ok(Arc::new(Chunk::new(
        first.chunk.kind(),
        rows,
        first.chunk.version(),
        last,
    )))
}
