// SPDX-License-Identifier: Apache-2.0

//! [`Chunk`]: an immutable batch of stored rows, in memory or in a storage.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, make_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use kalamtable_model::{TableDefinition, TableKind};
use kalamtable_provider::BoxError;
use kalamtable_store::UnixMicros;

use super::row_set::RowSet;
use super::stored_rows::StoredRows;

/// An immutable batch of stored rows.
#[derive(Debug)]
pub struct Chunk {
    definition: Arc<TableDefinition>,
    rows: ChunkRows,
    /// The arrival times, in the order of the rows. There is at least one.
    arrivals: Vec<Arrival>,
    tombstones: RowSet,
    bytes: usize,
}

/// The rows of a chunk.
#[derive(Clone, Debug)]
pub enum ChunkRows {
    /// The rows in memory.
    Memory(RecordBatch),
    /// The rows in a storage, which reads them when they are needed.
    Stored(Arc<dyn StoredRows>),
}

/// The arrival time of successive rows of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The number of the row after the last one.
    pub end: u32,
    /// The time.
    pub at: UnixMicros,
}

impl Chunk {
    /// Creates a chunk of rows in memory that were written under a definition. `rows` has the
    /// columns of the definition, in their order, followed by the system columns of its kind.
    pub fn new(
        definition: &Arc<TableDefinition>,
        rows: RecordBatch,
        arrived_at: UnixMicros,
    ) -> Self {
        let end = rows.num_rows() as u32;
        let arrival = Arrival {
            end,
            at: arrived_at,
        };
        Chunk::with_arrivals(definition, rows, vec![arrival])
    }

    /// Creates a chunk of rows in memory that arrived at different times. `arrivals` is not empty,
    /// its numbers ascend, and the last one is the number of rows.
    pub fn with_arrivals(
        definition: &Arc<TableDefinition>,
        rows: RecordBatch,
        arrivals: Vec<Arrival>,
    ) -> Self {
        let rows = without_unused_bytes(rows);
        Chunk {
            definition: Arc::clone(definition),
            arrivals,
            tombstones: tombstones(definition.kind(), &rows),
            bytes: rows.columns().iter().map(bytes_of).sum(),
            rows: ChunkRows::Memory(rows),
        }
    }

    /// Returns the chunk with the same rows, which are now in a storage.
    #[must_use]
    pub fn moved_to(&self, rows: Arc<dyn StoredRows>) -> Self {
        Chunk::stored(
            &self.definition,
            rows,
            self.arrivals.clone(),
            self.tombstones.clone(),
            self.bytes,
        )
    }

    /// Creates a chunk of rows in a storage. `arrivals` is as in
    /// [`with_arrivals`](Self::with_arrivals), `tombstones` are the rows that are tombstones, and
    /// `bytes` is the size of the rows in memory.
    pub fn stored(
        definition: &Arc<TableDefinition>,
        rows: Arc<dyn StoredRows>,
        arrivals: Vec<Arrival>,
        tombstones: RowSet,
        bytes: usize,
    ) -> Self {
        Chunk {
            definition: Arc::clone(definition),
            rows: ChunkRows::Stored(rows),
            arrivals,
            tombstones,
            bytes,
        }
    }

    /// Returns the rows.
    pub fn rows(&self) -> &ChunkRows {
        &self.rows
    }

    /// Returns whether the rows are in memory.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.rows, ChunkRows::Memory(_))
    }

    /// Returns all rows. Blocks until they are read, if they are in a storage.
    ///
    /// # Errors
    /// Fails if the storage cannot be read.
    pub fn read(&self) -> Result<RecordBatch, BoxError> {
        match &self.rows {
            ChunkRows::Memory(rows) => Ok(rows.clone()),
            ChunkRows::Stored(rows) => {
                let columns: Vec<usize> = (0..rows.schema().fields().len()).collect();
                let schema = rows.schema();
                let batches = rows.read(rows.sections(), &columns)?.into_iter();
                let batches =
                    batches.map(|arrays| RecordBatch::try_new(Arc::clone(schema), arrays));
                let batches = batches.collect::<Result<Vec<_>, _>>()?;
                Ok(concat_batches(schema, &batches)?)
            }
        }
    }

    /// Returns the schema of the rows.
    pub fn schema(&self) -> SchemaRef {
        match &self.rows {
            ChunkRows::Memory(rows) => rows.schema(),
            ChunkRows::Stored(rows) => Arc::clone(rows.schema()),
        }
    }

    /// Returns the definition under which the rows were written.
    pub fn definition(&self) -> &Arc<TableDefinition> {
        &self.definition
    }

    /// Returns the version of the definition.
    pub fn version(&self) -> u32 {
        self.definition.version()
    }

    /// Returns the time at which the last of the rows was written.
    pub fn arrived_at(&self) -> UnixMicros {
        let times = self.arrivals.iter().map(|arrival| arrival.at);
        times.max().unwrap_or(UnixMicros(0))
    }

    /// Returns the time at which the first of the rows was written.
    pub(super) fn first_arrived_at(&self) -> UnixMicros {
        let times = self.arrivals.iter().map(|arrival| arrival.at);
        times.min().unwrap_or(UnixMicros(0))
    }

    /// Returns the time at which a row was written.
    pub(super) fn row_arrived_at(&self, row: u32) -> UnixMicros {
        let run = self.arrivals.partition_point(|arrival| arrival.end <= row);
        self.arrivals
            .get(run)
            .map_or_else(|| self.arrived_at(), |arrival| arrival.at)
    }

    /// Returns the arrival times, in the order of the rows.
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// Returns the size that the rows have in memory, in bytes, even if they are in a storage.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the rows that are tombstones.
    pub fn tombstones(&self) -> &RowSet {
        &self.tombstones
    }

    /// Returns the number of rows, including tombstones.
    pub fn len(&self) -> usize {
        self.arrivals
            .last()
            .map_or(0, |arrival| arrival.end as usize)
    }

    /// Returns whether the chunk has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Copies the values of text and binary views, which can refer to the buffers of rows that are not
/// in the batch.
fn without_unused_bytes(rows: RecordBatch) -> RecordBatch {
    let mut fields = rows.schema_ref().fields().iter();
    if !fields.any(|field| has_views(field.data_type())) {
        return rows;
    }
    let columns = rows.columns().iter().map(with_own_values).collect();
    // The columns have the types that they had before.
    RecordBatch::try_new(rows.schema(), columns).unwrap_or(rows)
}

/// Returns whether a type is that of a view, or contains one.
fn has_views(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8View | DataType::BinaryView => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => has_views(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_views(field.data_type())),
        _ => false,
    }
}

/// Copies the values of views at any depth.
fn with_own_values(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        ty if has_views(ty) => {
            let data = array.to_data();
            let children = data.child_data().iter();
            let children = children
                .map(|child| with_own_values(&make_array(child.clone())).to_data())
                .collect();
            let copied = data.into_builder().child_data(children).build();
            copied.map_or_else(|_| Arc::clone(array), make_array)
        }
        _ => Arc::clone(array),
    }
}

/// Returns the size of the values of an array. Other arrays can share its buffers.
fn bytes_of(array: &ArrayRef) -> usize {
    let size =
        (!has_views(array.data_type())).then(|| array.to_data().get_slice_memory_size().ok());
    size.flatten()
        .unwrap_or_else(|| array.get_array_memory_size())
}

/// Returns the rows whose column `_deleted` is true, if the kind of the table has that column. It
/// is the last column. It is not found by name, because a stream table may have a column of that
/// name.
fn tombstones(kind: TableKind, rows: &RecordBatch) -> RowSet {
    let mut tombstones = RowSet::default();
    let last = rows.num_columns().checked_sub(1);
    if let (Some(_), Some(last)) = (kind.system_columns().last(), last)
        && let Some(deleted) = rows.column(last).as_boolean_opt()
    {
        let rows = deleted.values().set_indices();
        rows.for_each(|row| tombstones.insert(row as u32));
    }
    tombstones
}
