// SPDX-License-Identifier: Apache-2.0

//! [`WrittenDefinitions`]: the definitions under which stored rows were written. The log and the
//! manifest refer to them by number, so that an entry does not repeat its schema.

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};
use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_runtime::dynamic::{Chunk, Partition, PartitionRows};
use kalamtable_store::TableId;

use crate::bytes::{ByteReader, ByteWriter, Malformed};
use crate::error::StorageError;

/// A definition under which rows were written, and the schema of these rows.
#[derive(Debug)]
pub(crate) struct WrittenDefinition {
    pub(crate) number: u32,
    pub(crate) table: TableId,
    pub(crate) definition: Arc<TableDefinition>,
    pub(crate) schema: SchemaRef,
    /// The start of an Arrow IPC stream, with the schema. Entries contain what follows it.
    stream_start: Vec<u8>,
}

impl WrittenDefinition {
    fn of_chunk(number: u32, table: TableId, chunk: &Chunk) -> Result<Self, ArrowError> {
        let schema = chunk.schema();
        let stream = StreamWriter::try_new(Vec::new(), &schema)?;
        Ok(WrittenDefinition {
            number,
            table,
            definition: Arc::clone(chunk.definition()),
            schema,
            stream_start: stream.get_ref().clone(),
        })
    }

    /// Returns whether the rows of a chunk were written under this definition.
    pub(crate) fn is_of(&self, chunk: &Chunk) -> bool {
        Arc::ptr_eq(&self.definition, chunk.definition())
            || (*self.definition == **chunk.definition() && self.schema == chunk.schema())
    }

    pub(crate) fn write_to(&self, bytes: &mut ByteWriter) {
        bytes.u32(self.number);
        bytes.u64(self.table.0);
        bytes.u32(self.definition.version());
        bytes.bytes(self.definition.to_toml().as_bytes());
        bytes.bytes(&self.stream_start);
    }

    pub(crate) fn read_from(bytes: &mut ByteReader<'_>) -> Result<Self, Malformed> {
        let number = bytes.u32()?;
        let table = TableId(bytes.u64()?);
        let version = bytes.u32()?;
        let text = bytes.text()?;
        let stream_start = bytes.bytes()?.to_vec();
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("definition", text));
        let definition = parse_and_check(&sources, source).map_err(|problems| {
            let problem = problems.first().map_or("", |problem| &problem.message);
            Malformed(format!(
                "the definition of table {table} is invalid: {problem}"
            ))
        })?;
        let definition = definition.definition;
        if definition.version() != version {
            return Err(Malformed(format!(
                "the definition of table {table} has version {}, not {version}",
                definition.version()
            )));
        }
        let schema = StreamReader::try_new(Cursor::new(&stream_start), None)
            .map_err(|error| Malformed(format!("the schema of table {table}: {error}")))?
            .schema();
        Ok(WrittenDefinition {
            number,
            table,
            definition: Arc::new(definition),
            schema,
            stream_start,
        })
    }

    /// Returns the rest of an Arrow IPC stream with the rows.
    pub(crate) fn encode(&self, rows: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
        let mut stream = StreamWriter::try_new(Vec::new(), &self.schema)?;
        let start = stream.get_ref().len();
        stream.write(rows)?;
        let mut bytes = stream.into_inner()?;
        bytes.drain(..start);
        Ok(bytes)
    }

    /// Decodes the result of [`encode`](Self::encode).
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<RecordBatch, ArrowError> {
        let stream = Cursor::new(&self.stream_start).chain(Cursor::new(bytes));
        let mut batches = StreamReader::try_new(stream, None)?;
        let missing = || ArrowError::IpcError("the entry has no rows".to_string());
        batches.next().ok_or_else(missing)?
    }
}

/// The definitions under which stored rows were written, by number and by version.
#[derive(Debug, Default)]
pub(crate) struct WrittenDefinitions(RwLock<Definitions>);

#[derive(Debug, Default)]
struct Definitions {
    next: u32,
    by_number: HashMap<u32, Arc<WrittenDefinition>>,
    by_version: HashMap<(TableId, u32), Vec<Arc<WrittenDefinition>>>,
}

impl Definitions {
    fn find(&self, table: TableId, chunk: &Chunk) -> Option<Arc<WrittenDefinition>> {
        let mut written = self.by_version.get(&(table, chunk.version()))?.iter();
        written.find(|written| written.is_of(chunk)).cloned()
    }

    fn insert(&mut self, written: Arc<WrittenDefinition>) {
        self.next = self.next.max(written.number.saturating_add(1));
        let version = (written.table, written.definition.version());
        self.by_version
            .entry(version)
            .or_default()
            .push(Arc::clone(&written));
        self.by_number.insert(written.number, written);
    }
}

// A poisoned lock is harmless: the definitions are valid after each statement.
impl WrittenDefinitions {
    pub(crate) fn insert(&self, written: WrittenDefinition) {
        let mut definitions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        definitions.insert(Arc::new(written));
    }

    pub(crate) fn get(&self, number: u32) -> Option<Arc<WrittenDefinition>> {
        let definitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        definitions.by_number.get(&number).cloned()
    }

    /// Returns the definition of a chunk. Passes it to `log` if it is new, before any other thread
    /// gets it.
    pub(crate) fn of_chunk(
        &self,
        table: TableId,
        chunk: &Chunk,
        log: impl FnOnce(&WrittenDefinition) -> Result<(), StorageError>,
    ) -> Result<Arc<WrittenDefinition>, StorageError> {
        let found = {
            let definitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
            definitions.find(table, chunk)
        };
        if let Some(found) = found {
            return Ok(found);
        }
        let mut definitions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = definitions.find(table, chunk) {
            return Ok(found);
        }
        let written = WrittenDefinition::of_chunk(definitions.next, table, chunk)
            .map_err(|error| StorageError::arrow(table, error))?;
        log(&written)?;
        let written = Arc::new(written);
        definitions.insert(Arc::clone(&written));
        Ok(written)
    }

    /// Removes the definitions of a table.
    pub(crate) fn remove_table(&self, table: TableId) {
        let mut definitions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = |written: &WrittenDefinition| written.table != table;
        definitions.by_number.retain(|_, written| is_other(written));
        definitions.by_version.retain(|(id, _), _| *id != table);
    }

    /// Removes the definitions that no chunk of these partitions has. A later chunk logs its
    /// definition again.
    pub(crate) fn retain_versions_of(&self, partitions: &[(Partition, Arc<PartitionRows>)]) {
        let chunks = partitions.iter().flat_map(|(partition, rows)| {
            let chunks = rows.chunks.iter();
            chunks.map(|stored| (partition.table, stored.chunk.version()))
        });
        let used: HashSet<(TableId, u32)> = chunks.collect();
        let mut definitions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        definitions
            .by_version
            .retain(|version, _| used.contains(version));
        definitions
            .by_number
            .retain(|_, written| used.contains(&(written.table, written.definition.version())));
    }

    /// Returns all definitions, by number.
    pub(crate) fn all(&self) -> Vec<Arc<WrittenDefinition>> {
        let definitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = definitions.by_number.values().cloned().collect();
        all.sort_unstable_by_key(|written| written.number);
        all
    }
}
