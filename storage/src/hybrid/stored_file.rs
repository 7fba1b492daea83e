// SPDX-License-Identifier: Apache-2.0

//! [`StoredFile`]: reads rows of a row file.
//!
//! The metadata of a file stays in memory: the positions and bounds of its row groups and pages. A
//! read decodes the pages that contain the rows, of the columns that are needed.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};

use super::checked_file::{CheckedFile, FileCursor};
use super::row_file::{
    IPC_BATCH_ROWS, PAGE_ROWS, ROW_GROUP_ROWS, RowFile, RowFileFormat, converted, file_schema,
};
use super::row_folder::RowFolder;
use super::written_definitions::WrittenDefinition;
use crate::error::StorageError;

/// A row file that is read.
#[derive(Debug)]
pub(super) struct StoredFile {
    pub(super) file: Arc<RowFile>,
    pub(super) row_folder: Arc<RowFolder>,
    /// The open file, if it is an object, or can be deleted by another process. Otherwise, it is
    /// opened for each read, because the number of open files of a process is limited.
    held: Option<CheckedFile>,
    /// The schema of the file.
    pub(super) file_schema: SchemaRef,
    /// The schema of the chunks. It has the same columns, except for the owner.
    pub(super) chunk_schema: SchemaRef,
    /// `None` if the file is in IPC format.
    pub(super) parquet: Option<ArrowReaderMetadata>,
    /// The row groups, or parts of the same size of a file in IPC format.
    pub(super) groups: Vec<Range<u64>>,
    /// The bounds of each column in each row group, once they were needed.
    bounds: Vec<OnceLock<Option<[ArrayRef; 2]>>>,
}

impl StoredFile {
    /// Opens a file, and reads its metadata. A read-only storage keeps the file open.
    ///
    /// # Errors
    /// Fails if the file is missing or damaged, or if it cannot be read. Only the metadata is
    /// checked.
    pub(super) fn open(
        row_folder: &Arc<RowFolder>,
        file: &Arc<RowFile>,
        definition: &WrittenDefinition,
    ) -> Result<Self, StorageError> {
        let folder = &row_folder.folder;
        let opened = CheckedFile::open(folder, file)?;
        let schema = Arc::new(file_schema(definition));
        let unexpected = |what: &str| {
            StorageError::damaged(&**folder, &file.name(), format!("it has other {what}"))
        };
        let (parquet, groups) = match file.format {
            RowFileFormat::Parquet => {
                let options = ArrowReaderOptions::new();
                let options = options.with_page_index_policy(PageIndexPolicy::Optional);
                let metadata = ArrowReaderMetadata::load(&opened, options);
                let metadata = metadata.map_err(|error| opened.failure(error))?;
                if metadata.schema().fields().len() != schema.fields().len() {
                    return Err(unexpected("columns"));
                }
                let groups = metadata.metadata().row_groups().iter();
                let groups = adjacent(groups.map(|group| group.num_rows() as u64));
                (Some(metadata), groups)
            }
            RowFileFormat::Ipc => {
                let reader = FileReader::try_new(FileCursor::new(&opened), None);
                let reader = reader.map_err(|error| opened.failure(error))?;
                if reader.schema().fields().len() != schema.fields().len() {
                    return Err(unexpected("columns"));
                }
                let group = ROW_GROUP_ROWS as u64;
                let starts = (0..file.rows).step_by(ROW_GROUP_ROWS);
                let groups = adjacent(starts.map(|start| group.min(file.rows - start)));
                (None, groups)
            }
        };
        if groups.last().map_or(0, |last| last.end) != file.rows {
            return Err(unexpected("rows"));
        }
        // An open object needs no resources.
        let is_held = row_folder.is_read_only || folder.objects().is_some();
        Ok(StoredFile {
            file: Arc::clone(file),
            row_folder: Arc::clone(row_folder),
            held: is_held.then_some(opened),
            bounds: schema.fields().iter().map(|_| OnceLock::new()).collect(),
            file_schema: schema,
            chunk_schema: Arc::clone(&definition.schema),
            parquet,
            groups,
        })
    }

    pub(super) fn opened(&self) -> Result<CheckedFile, StorageError> {
        match &self.held {
            Some(held) => Ok(held.for_read()),
            None => CheckedFile::open(&self.row_folder.folder, &self.file),
        }
    }

    /// Reads columns of rows, in the types of the chunks.
    pub(super) fn read(
        &self,
        rows: &[Range<u64>],
        columns: &[usize],
    ) -> Result<Vec<Vec<ArrayRef>>, StorageError> {
        let mut sorted = columns.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let opened = self.opened()?;
        let batches = match &self.parquet {
            Some(metadata) => self.read_parquet(&opened, metadata, rows, &sorted)?,
            None => self.read_ipc(&opened, rows, &sorted)?,
        };
        let batches = batches.iter().map(|batch| {
            let arrays = columns.iter().map(|column| {
                let index = sorted.partition_point(|sorted| sorted < column);
                converted(batch.column(index), &self.chunk_schema.fields()[*column])
            });
            arrays.collect()
        });
        let batches = batches.collect::<Result<Vec<_>, ArrowError>>();
        batches.map_err(|error| opened.failure(error))
    }

    fn read_parquet(
        &self,
        opened: &CheckedFile,
        metadata: &ArrowReaderMetadata,
        rows: &[Range<u64>],
        columns: &[usize],
    ) -> Result<Vec<RecordBatch>, StorageError> {
        let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
        let mut batches = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            let selected: Vec<Range<usize>> = parts_in(rows, group).collect();
            if selected.is_empty() {
                continue;
            }
            let length = (group.end - group.start) as usize;
            let pages = pages_to_read(metadata.metadata(), number, &mask, &selected);
            let file = opened.with_loaded(&pages)?;
            let selection = RowSelection::from_consecutive_ranges(selected.into_iter(), length);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                .with_row_groups(vec![number])
                .with_projection(mask.clone())
                .with_row_selection(selection)
                .with_batch_size(PAGE_ROWS)
                .build();
            let reader = reader.map_err(|error| opened.failure(error))?;
            for batch in reader {
                batches.push(batch.map_err(|error| opened.failure(error))?);
            }
        }
        Ok(batches)
    }

    fn read_ipc(
        &self,
        opened: &CheckedFile,
        rows: &[Range<u64>],
        columns: &[usize],
    ) -> Result<Vec<RecordBatch>, StorageError> {
        let failure = |error: ArrowError| opened.failure(error);
        let reader = FileReader::try_new(FileCursor::new(opened), Some(columns.to_vec()));
        let mut reader = reader.map_err(failure)?;
        let batch_rows = IPC_BATCH_ROWS as u64;
        let mut batches = Vec::new();
        let mut first = 0;
        for number in 0..reader.num_batches() {
            let batch = first..(first + batch_rows).min(self.file.rows);
            first = batch.end;
            let mut selected = parts_in(rows, &batch).peekable();
            if selected.peek().is_none() {
                continue;
            }
            reader.set_index(number).map_err(failure)?;
            let Some(read) = reader.next() else {
                continue;
            };
            let read = read.map_err(failure)?;
            if read.num_rows() as u64 != batch.end - batch.start {
                return Err(opened.failure("a batch has another number of rows"));
            }
            batches.extend(selected.map(|part| read.slice(part.start, part.len())));
        }
        Ok(batches)
    }

    /// Returns the bounds of a column in each row group.
    pub(super) fn bounds(&self, column: usize) -> Option<&[ArrayRef; 2]> {
        let compute = || {
            let metadata = self.parquet.as_ref()?;
            let converter = self.statistics(metadata, column)?;
            let groups = metadata.metadata().row_groups();
            let lower = converter.row_group_mins(groups).ok()?;
            Some([lower, converter.row_group_maxes(groups).ok()?])
        };
        self.bounds.get(column)?.get_or_init(compute).as_ref()
    }

    pub(super) fn statistics<'a>(
        &'a self,
        metadata: &'a ArrowReaderMetadata,
        column: usize,
    ) -> Option<StatisticsConverter<'a>> {
        let name = self.file_schema.field(column).name();
        StatisticsConverter::try_new(name, metadata.schema(), metadata.parquet_schema()).ok()
    }

    /// Returns the bounds of a column in each page of a row group, if each page has [`PAGE_ROWS`]
    /// rows, except for the last one.
    pub(super) fn page_bounds(
        &self,
        metadata: &ArrowReaderMetadata,
        group: usize,
        column: usize,
    ) -> Option<[ArrayRef; 2]> {
        let leaf = leaf_of(metadata, column)?;
        let offsets = metadata.metadata().offset_index()?;
        let pages = offsets.get(group)?.get(leaf)?.page_locations();
        let mut starts = (0..).step_by(PAGE_ROWS).zip(pages);
        let rows = self.groups[group].end - self.groups[group].start;
        let is_regular = starts.all(|(start, page)| page.first_row_index == start)
            && pages.len() as u64 == rows.div_ceil(PAGE_ROWS as u64);
        if !is_regular {
            return None;
        }
        let converter = self.statistics(metadata, column)?;
        let columns = metadata.metadata().column_index()?;
        let lower = converter.data_page_mins(columns, offsets, &[group]).ok()?;
        let upper = converter.data_page_maxes(columns, offsets, &[group]).ok()?;
        (lower.len() == pages.len() && upper.len() == pages.len()).then_some([lower, upper])
    }
}

/// Returns the number of the Parquet column of a column that is not nested.
pub(super) fn leaf_of(metadata: &ArrowReaderMetadata, column: usize) -> Option<usize> {
    let schema = metadata.parquet_schema();
    let mut leaves = 0..schema.num_columns();
    let leaf = leaves.find(|leaf| schema.get_column_root_idx(*leaf) == column)?;
    (schema.column(leaf).path().parts().len() == 1).then_some(leaf)
}

/// Returns the positions in a file of the pages of a row group that contain selected rows, in
/// ascending order.
fn pages_to_read(
    metadata: &ParquetMetaData,
    group: usize,
    mask: &ProjectionMask,
    selected: &[Range<usize>],
) -> Vec<Range<u64>> {
    let row_group = metadata.row_group(group);
    let offsets = metadata.offset_index().and_then(|index| index.get(group));
    let mut ranges: Vec<Range<u64>> = Vec::new();
    let mut add = |range: Range<u64>| match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ if range.is_empty() => {}
        _ => ranges.push(range),
    };
    for (leaf, column) in row_group.columns().iter().enumerate() {
        if !mask.leaf_included(leaf) {
            continue;
        }
        let (start, length) = column.byte_range();
        let pages = offsets.and_then(|offsets| offsets.get(leaf));
        let pages = pages.map_or(&[][..], |pages| pages.page_locations().as_slice());
        let Some(first) = pages.first() else {
            add(start..start + length);
            continue;
        };
        // The dictionary.
        add(start..first.offset as u64);
        let ends = pages.iter().skip(1).map(|next| next.first_row_index);
        let ends = ends.chain([row_group.num_rows()]);
        for (page, end) in pages.iter().zip(ends) {
            let rows = page.first_row_index as usize..end as usize;
            let mut selected = selected.iter();
            if selected.any(|part| part.start < rows.end && rows.start < part.end) {
                let start = page.offset as u64;
                add(start..start + page.compressed_page_size as u64);
            }
        }
    }
    ranges.sort_unstable_by_key(|range| range.start);
    ranges
}

/// Returns adjacent ranges of these lengths, from 0 on.
fn adjacent(lengths: impl Iterator<Item = u64>) -> Vec<Range<u64>> {
    let mut end = 0;
    let ranges = lengths.map(|length| {
        let start = end;
        end += length;
        start..end
    });
    ranges.collect()
}

/// Returns the parts of `rows` that are in a group, as numbers from the start of the group.
fn parts_in<'a>(
    rows: &'a [Range<u64>],
    group: &'a Range<u64>,
) -> impl Iterator<Item = Range<usize>> + 'a {
    rows.iter().filter_map(|rows| {
        let part = rows.start.max(group.start)..rows.end.min(group.end);
        let is_in = part.start < part.end;
        is_in.then(|| (part.start - group.start) as usize..(part.end - group.start) as usize)
    })
}
