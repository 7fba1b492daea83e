// SPDX-License-Identifier: Apache-2.0

//! [`PartitionScan`]: reads the rows of a partition that a statement needs.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::iter;
use std::ops::Range;
use std::sync::Arc;

use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result};
use futures::future::{self, Either};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use kalamtable_provider::RowReader;
use kalamtable_registry::TableSnapshot;

use super::chunk::ChunkRows;
use super::chunk_reader::ChunkReader;
use super::keys::RowAddress;
use super::storage::{PartitionChunk, PartitionRows};
use super::stored_filter::{PreferredOrder, StoredFilter};
use super::stored_keys::StoredKeys;
use super::versions::Versions;
use super::visible::Visibility;
use crate::error::Error;

/// The minimum and the maximum number of sections of stored rows that a query reads at the same
/// time. The maximum bounds the memory of a scan.
const READ_AHEAD: [usize; 2] = [3, 16];

/// The number of parts of a section whose columns are loaded when the section is opened.
const LOADED_PARTS: usize = 3;

/// The number of stored chunks in which keys are looked up by one task.
const KEY_CHUNKS: usize = 64;

/// A scan of a snapshot of a partition. All fields but the last restrict the rows that are read.
#[derive(Clone)]
pub(super) struct PartitionScan {
    pub(super) table: Arc<TableSnapshot>,
    pub(super) rows: Arc<PartitionRows>,
    pub(super) view: Visibility,
    /// The addresses of the rows in memory to read, or `None` for all rows in memory.
    pub(super) found: Option<Vec<RowAddress>>,
    /// The keys of the stored rows to read, or `None` for all stored rows.
    pub(super) keys: Option<Arc<StoredKeys>>,
    /// The filter of the stored rows to read.
    pub(super) filter: Option<Arc<StoredFilter>>,
    /// The maximum number of rows.
    pub(super) limit: Option<usize>,
    /// The number of threads that the query can use.
    pub(super) threads: usize,
}

/// The rows of a chunk that are opened together.
enum ChunkPart {
    /// Rows in memory: those at the positions, or all of them.
    Memory(PartitionChunk, Option<Vec<u32>>),
    /// One section of stored rows.
    Section(PartitionChunk, usize),
    /// The rows of stored chunks with the keys of the statement.
    WithKeys(Vec<PartitionChunk>),
}

impl PartitionScan {
    /// Returns the readers. Blocks while stored rows are read.
    pub(super) fn readers(self) -> impl Iterator<Item = Result<ChunkReader, Error>> {
        let mut first_row = 0;
        let parts = match self.parts() {
            Ok(parts) => parts.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        parts
            .into_iter()
            .flat_map(
                move |part| match part.and_then(|part| self.open(part, &[])) {
                    Ok(readers) => readers.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error)],
                },
            )
            .map(move |reader| Ok(numbered(reader?, &mut first_row)))
    }

    /// Returns the readers as a stream that reads stored rows ahead. `columns` are the columns of
    /// the table that are needed, besides those of the filter.
    pub(super) fn stream(
        self,
        columns: Vec<usize>,
    ) -> BoxStream<'static, Result<Box<dyn RowReader>>> {
        let parts = match self.parts() {
            Ok(parts) => parts,
            Err(error) => return stream::iter([Err(error.into())]).boxed(),
        };
        // A limit is usually reached in the first part.
        let [min, max] = READ_AHEAD;
        let read_ahead = match self.limit {
            Some(_) => 1,
            None => self.threads.clamp(min, max),
        };
        let (scan, columns) = (Arc::new(self), Arc::new(columns));
        let mut parts = VecDeque::from(parts);
        let filter = scan.filter.as_ref();
        let is_dynamic = filter.is_some_and(|filter| filter.filter().is_dynamic());
        if is_dynamic {
            // `ORDER BY .. DESC LIMIT` of a key that ascends then finds its rows at once.
            parts.make_contiguous().reverse();
        }
        let mut waiting = WaitingParts { parts, order: None };
        // The rows of the first part change the filter, which then excludes most other parts.
        let first = is_dynamic.then(|| waiting.next(&scan)).flatten();
        let own = Arc::clone(&scan);
        let others = iter::from_fn(move || waiting.next(&own));
        let open = move |part: ChunkPart| {
            if let ChunkPart::Memory(..) = part {
                let opened = scan.open(part, &columns);
                return Either::Left(future::ready(opened.map_err(DataFusionError::from)));
            }
            let (scan, columns) = (Arc::clone(&scan), Arc::clone(&columns));
            Either::Right(async move {
                let work = SpawnedTask::spawn_blocking(move || scan.open(part, &columns));
                let opened = work.join().await;
                Ok(opened.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??)
            })
        };
        let others = stream::iter(others).map(open.clone()).buffered(read_ahead);
        let opened = stream::iter(first).then(open).chain(others);
        let mut first_row = 0;
        opened
            .map_ok(|readers| stream::iter(readers.into_iter().map(Ok)))
            .try_flatten()
            .map_ok(move |reader| -> Box<dyn RowReader> {
                Box::new(numbered(reader, &mut first_row))
            })
            .boxed()
    }

    /// Returns the parts in the order of the chunks.
    fn parts(&self) -> Result<Vec<ChunkPart>, Error> {
        let mut parts = Vec::new();
        let admitted = match &self.filter {
            Some(filter) if self.keys.is_none() => {
                filter.admitted_sections(&self.table, &self.rows)?
            }
            _ => None,
        };
        let mut admitted = admitted.into_iter().flatten().chain(iter::repeat(true));
        for entry in &self.rows.chunks {
            match (entry.chunk.rows(), &self.found) {
                (ChunkRows::Memory(_), None) => {
                    parts.push(ChunkPart::Memory(entry.clone(), None));
                }
                (ChunkRows::Memory(_), Some(found)) => {
                    let in_chunk = found.iter().filter(|address| address.chunk == entry.id);
                    let positions: Vec<u32> = in_chunk.map(|address| address.row).collect();
                    if !positions.is_empty() {
                        parts.push(ChunkPart::Memory(entry.clone(), Some(positions)));
                    }
                }
                (ChunkRows::Stored(rows), _) => match &self.keys {
                    Some(keys) => {
                        if !keys.admits(&self.table, &entry.chunk, &**rows)? {
                            continue;
                        }
                        match parts.last_mut() {
                            Some(ChunkPart::WithKeys(chunks)) if chunks.len() < KEY_CHUNKS => {
                                chunks.push(entry.clone());
                            }
                            _ => parts.push(ChunkPart::WithKeys(Vec::from([entry.clone()]))),
                        }
                    }
                    None => {
                        let sections = 0..rows.sections().len();
                        let admitted = sections.zip(admitted.by_ref());
                        let admitted = admitted.filter(|(_, is_admitted)| *is_admitted);
                        parts.extend(
                            admitted.map(|(section, _)| ChunkPart::Section(entry.clone(), section)),
                        );
                    }
                },
            }
        }
        Ok(parts)
    }

    /// Opens a part, and loads its columns if its rows are stored. Blocks in that case.
    fn open(&self, part: ChunkPart, columns: &[usize]) -> Result<Vec<ChunkReader>, Error> {
        let (table, view) = (&self.table, &self.view);
        match part {
            ChunkPart::Memory(entry, positions) => {
                let reader = match positions {
                    Some(positions) => ChunkReader::at(table, entry, view, &positions),
                    None => {
                        let all = 0..entry.chunk.len() as u32;
                        ChunkReader::new(table, entry, view, all)
                    }
                };
                Ok(Vec::from([self.limited(reader)]))
            }
            ChunkPart::Section(entry, section) => {
                let ChunkRows::Stored(rows) = entry.chunk.rows() else {
                    return Ok(Vec::new());
                };
                let parts = match &self.filter {
                    Some(filter) => {
                        let reader = Versions::reader(table, entry.chunk.definition())?;
                        filter.admitted_ranges(&**rows, section, reader)
                    }
                    None => rows.sections().get(section).cloned().into_iter().collect(),
                };
                let mut readers = Vec::new();
                self.open_stored(&entry, parts, columns, &mut readers)?;
                Ok(readers)
            }
            ChunkPart::WithKeys(chunks) => {
                let mut readers = Vec::new();
                for entry in &chunks {
                    if let (ChunkRows::Stored(rows), Some(keys)) = (entry.chunk.rows(), &self.keys)
                    {
                        let parts = keys.candidates(table, &entry.chunk, &**rows)?;
                        self.open_stored(entry, parts, columns, &mut readers)?;
                    }
                }
                Ok(readers)
            }
        }
    }

    /// Opens parts of a stored chunk, and loads their columns.
    fn open_stored(
        &self,
        entry: &PartitionChunk,
        parts: Vec<Range<u32>>,
        columns: &[usize],
        readers: &mut Vec<ChunkReader>,
    ) -> Result<(), Error> {
        for part in parts {
            let reader = ChunkReader::new(&self.table, entry.clone(), &self.view, part);
            let mut reader = self.limited(reader);
            if let Some(filter) = &self.filter {
                reader.retain(filter.filter())?;
            }
            // The others load their columns when they are read, which bounds the memory.
            if readers.len() < LOADED_PARTS {
                reader.load(columns)?;
            }
            readers.push(reader);
        }
        Ok(())
    }

    fn limited(&self, mut reader: ChunkReader) -> ChunkReader {
        if let Some(limit) = self.limit {
            reader.truncate(limit);
        }
        reader
    }
}

/// The parts that are not opened yet.
struct WaitingParts {
    parts: VecDeque<ChunkPart>,
    /// The order in which they are opened, or `None` to open them in the order of the chunks.
    order: Option<PreferredOrder>,
}

impl WaitingParts {
    /// Returns the next part to open. If the filter implies a sort order, it is the part whose
    /// bounds are the first in that order, so that the filter then excludes most other parts.
    fn next(&mut self, scan: &PartitionScan) -> Option<ChunkPart> {
        let filter = scan.filter.as_deref();
        let order = filter.and_then(StoredFilter::preferred_order);
        if order.is_some() && order != self.order {
            self.order = order;
            let parts = self.parts.make_contiguous();
            parts.sort_by_cached_key(|part| Reverse(part.priority(scan, order)));
        }
        self.parts.pop_front()
    }
}

impl ChunkPart {
    /// Returns the greatest value for the part that is opened first.
    fn priority(&self, scan: &PartitionScan, order: Option<PreferredOrder>) -> Priority {
        match (self, order) {
            // Opened without reading, and probably with the latest rows.
            (ChunkPart::Memory(..), _) => Priority::First,
            (ChunkPart::Section(entry, section), Some(order)) => {
                let bound = order.bound(&scan.table, entry, *section);
                bound.map_or(Priority::Last, Priority::ByBound)
            }
            _ => Priority::Last,
        }
    }
}

/// The priority of a part.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    Last,
    /// The bound as bytes, of which the greatest comes first.
    ByBound(Vec<u8>),
    First,
}

/// Sets the number of the first row of a reader, and counts its rows.
fn numbered(mut reader: ChunkReader, first_row: &mut usize) -> ChunkReader {
    reader.set_first_row(*first_row);
    *first_row += reader.len();
    reader
}
