// SPDX-License-Identifier: Apache-2.0

//! [`StoredFile`]: reads rows of a row file. [`StoredSlice`]: the rows of a chunk in a file.
//!
//! The metadata of a file stays in memory: the positions and bounds of its row groups and pages. A
//! read decodes the pages that contain the rows, of the columns that are needed.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Datum, RecordBatch, Scalar, StringArray, UInt64Array,
};
use arrow::compute::kernels::cmp::{gt_eq, lt_eq};
use arrow::compute::{and, cast, filter, take};
use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use kalamtable_provider::BoxError;
use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::{SectionBounds, StoredRows};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};

use super::checked_file::{CheckedFile, FileCursor};
use super::row_file::{
    IPC_BATCH_ROWS, PAGE_ROWS, ROW_GROUP_ROWS, RowFile, RowFileFormat, converted, file_schema,
};
use super::row_files::{BloomFilterId, RowFiles};
use super::written_definitions::WrittenDefinition;
use crate::error::StorageError;

/// The approximate size in memory of the rows of a section.
const SECTION_BYTES: usize = 8 * 1024 * 1024;

/// A row file that is read.
#[derive(Debug)]
pub(super) struct StoredFile {
    pub(super) file: Arc<RowFile>,
    files: Arc<RowFiles>,
    /// The open file, if it can be deleted by another process. Otherwise, it is opened for each
    /// read, because the number of open files of a process is limited.
    held: Option<CheckedFile>,
    /// The schema of the file.
    file_schema: SchemaRef,
    /// The schema of the chunks. It has the same columns, except for the owner.
    chunk_schema: SchemaRef,
    /// `None` if the file is in IPC format.
    parquet: Option<ArrowReaderMetadata>,
    /// The row groups, or parts of the same size of a file in IPC format.
    groups: Vec<Range<u64>>,
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
        files: &Arc<RowFiles>,
        file: &Arc<RowFile>,
        definition: &WrittenDefinition,
    ) -> Result<Self, StorageError> {
        let folder = &files.folder;
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
        Ok(StoredFile {
            file: Arc::clone(file),
            files: Arc::clone(files),
            held: files.is_read_only.then_some(opened),
            bounds: schema.fields().iter().map(|_| OnceLock::new()).collect(),
            file_schema: schema,
            chunk_schema: Arc::clone(&definition.schema),
            parquet,
            groups,
        })
    }

    fn opened(&self) -> Result<CheckedFile, StorageError> {
        match &self.held {
            Some(held) => Ok(held.clone()),
            None => CheckedFile::open(&self.files.folder, &self.file),
        }
    }

    /// Returns the rows of a chunk of a partition with this owner. `bytes` is their size in memory.
    ///
    /// # Errors
    /// Fails if the file has fewer rows, or rows of other owners only.
    pub(super) fn slice(
        self: &Arc<Self>,
        owner: Option<&UserId>,
        first_row: u64,
        length: u32,
        bytes: usize,
    ) -> Result<StoredSlice, StorageError> {
        let (folder, name) = (&*self.files.folder, self.file.name());
        let end = first_row.saturating_add(u64::from(length));
        if end > self.file.rows {
            return Err(StorageError::damaged(folder, &name, "it has too few rows"));
        }
        let first_group = self.groups.partition_point(|group| group.end <= first_row);
        let groups = self.groups.iter().skip(first_group);
        let groups = groups.take_while(|group| group.start < end);
        let numbers = first_group..first_group + groups.clone().count();
        if !self.admits_owner(owner, numbers) {
            let reason = "it has rows of other users where the manifest expects rows of this one";
            return Err(StorageError::damaged(folder, &name, reason));
        }
        let row_bytes = bytes.div_ceil(length.max(1) as usize).max(1);
        let section_rows = (SECTION_BYTES / row_bytes).clamp(PAGE_ROWS, ROW_GROUP_ROWS);
        let section_rows = section_rows / PAGE_ROWS * PAGE_ROWS;
        let (mut sections, mut section_groups) = (Vec::new(), Vec::new());
        for (number, group) in (first_group as u64..).zip(groups) {
            let (first, last) = (group.start.max(first_row), group.end.min(end));
            for start in (first..last).step_by(section_rows) {
                let rows = start - first_row..last.min(start + section_rows as u64) - first_row;
                sections.push(rows.start as u32..rows.end as u32);
                section_groups.push(number);
            }
        }
        Ok(StoredSlice {
            file: Arc::clone(self),
            first_row,
            sections,
            section_groups: section_groups.into(),
        })
    }

    /// Returns whether the bounds of the column with the owner admit an owner in some row groups.
    fn admits_owner(&self, owner: Option<&UserId>, mut groups: Range<usize>) -> bool {
        let columns = self.chunk_schema.fields().len();
        let Some(owner) = owner else {
            return self.file_schema.fields().len() == columns;
        };
        if self.file_schema.fields().len() == columns {
            return false;
        }
        let owner: ArrayRef = Arc::new(StringArray::from(vec![owner.as_str()]));
        self.bounds(columns).is_none_or(|[lower, upper]| {
            groups.all(|group| {
                let admitted = between(&owner, lower, upper, group);
                admitted.is_none_or(|admitted| admitted.value(0))
            })
        })
    }

    /// Reads columns of rows, in the types of the chunks.
    fn read(
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
    fn bounds(&self, column: usize) -> Option<&[ArrayRef; 2]> {
        let compute = || {
            let metadata = self.parquet.as_ref()?;
            let converter = self.statistics(metadata, column)?;
            let groups = metadata.metadata().row_groups();
            let lower = converter.row_group_mins(groups).ok()?;
            Some([lower, converter.row_group_maxes(groups).ok()?])
        };
        self.bounds.get(column)?.get_or_init(compute).as_ref()
    }

    fn statistics<'a>(
        &'a self,
        metadata: &'a ArrowReaderMetadata,
        column: usize,
    ) -> Option<StatisticsConverter<'a>> {
        let name = self.file_schema.field(column).name();
        StatisticsConverter::try_new(name, metadata.schema(), metadata.parquet_schema()).ok()
    }

    /// Returns the rows of a row group that can have one of the keys.
    fn candidates_in(
        &self,
        group: usize,
        keys: Vec<KeyColumn>,
    ) -> Result<Vec<Range<u64>>, StorageError> {
        let all = vec![self.groups[group].clone()];
        let Some(metadata) = &self.parquet else {
            return Ok(all);
        };
        let mut keys = keys;
        for index in 0..keys.len() {
            if let Some([lower, upper]) = self.bounds(keys[index].column) {
                let admitted = between(&keys[index].values, lower, upper, group);
                keys = with_values(keys, admitted.as_ref());
            }
        }
        let row_group = metadata.metadata().row_group(group);
        for index in 0..keys.len() {
            if keys[index].values.is_empty() {
                return Ok(Vec::new());
            }
            let leaf = leaf_of(metadata, keys[index].column);
            if let Some(leaf) = leaf
                && row_group.column(leaf).bloom_filter_offset().is_some()
            {
                let bloom = self.bloom_filter(metadata, group, leaf)?;
                let admitted = bloom.and_then(|bloom| in_filter(&bloom, &keys[index].values));
                keys = with_values(keys, admitted.as_ref());
            }
        }
        let Some(first) = keys.first() else {
            return Ok(all);
        };
        if first.values.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.pages(metadata, group, first).unwrap_or(all))
    }

    /// Returns the Bloom filter of a Parquet column in a row group, if it has one.
    fn bloom_filter(
        &self,
        metadata: &ArrowReaderMetadata,
        row_group: usize,
        leaf: usize,
    ) -> Result<Option<Arc<Sbbf>>, StorageError> {
        let id = BloomFilterId {
            file: self.file.number,
            row_group,
            leaf,
        };
        if let Some(found) = self.files.bloom_filters.get(&id) {
            return Ok(Some(found));
        }
        let opened = self.opened()?;
        let column = metadata.metadata().row_group(row_group).column(leaf);
        let read = Sbbf::read_from_column_chunk(column, &opened);
        let read = read.map_err(|error| opened.failure(error))?.map(Arc::new);
        if let Some(read) = &read {
            self.files.bloom_filters.insert(id, Arc::clone(read));
        }
        Ok(read)
    }

    /// Returns the bounds of a column in each page of a row group, if each page has [`PAGE_ROWS`]
    /// rows, except for the last one.
    fn page_bounds(
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

    /// Returns the rows of the pages whose bounds admit one of the values, or `None` if the bounds
    /// are unknown.
    fn pages(
        &self,
        metadata: &ArrowReaderMetadata,
        group: usize,
        key: &KeyColumn,
    ) -> Option<Vec<Range<u64>>> {
        let converter = self.statistics(metadata, key.column)?;
        let columns = metadata.metadata().column_index()?;
        let offsets = metadata.metadata().offset_index()?;
        let groups = [group];
        let lower = converter.data_page_mins(columns, offsets, &groups).ok()?;
        let upper = converter.data_page_maxes(columns, offsets, &groups).ok()?;
        let row_groups = metadata.metadata().row_groups();
        let counts = converter.data_page_row_counts(offsets, row_groups, &groups);
        let counts = counts.ok()??;
        if lower.len() != counts.len() || upper.len() != counts.len() {
            return None;
        }
        let mut pages: Vec<Range<u64>> = Vec::new();
        let mut first = self.groups[group].start;
        for page in 0..counts.len() {
            let rows = first..first + counts.value(page);
            first = rows.end;
            let admitted = between(&key.values, &lower, &upper, page);
            if admitted.is_some_and(|admitted| admitted.true_count() == 0) {
                continue;
            }
            match pages.last_mut() {
                Some(last) if last.end == rows.start => last.end = rows.end,
                _ => pages.push(rows),
            }
        }
        (first == self.groups[group].end).then_some(pages)
    }
}

/// The values of a key column, in the type of the file.
#[derive(Clone)]
struct KeyColumn {
    column: usize,
    values: ArrayRef,
}

/// Keeps the keys for which a mask is true.
fn with_values(keys: Vec<KeyColumn>, mask: Option<&BooleanArray>) -> Vec<KeyColumn> {
    let Some(mask) = mask else {
        return keys;
    };
    let kept = keys.iter().map(|key| {
        let values = filter(&key.values, mask).ok()?;
        Some(KeyColumn { values, ..*key })
    });
    kept.collect::<Option<Vec<_>>>().unwrap_or(keys)
}

/// Returns whether one of the values is between the bounds with a number, or `None` if that is
/// unknown. Is faster than [`between`] for few values of common types.
fn any_between(
    values: &ArrayRef,
    lower: &ArrayRef,
    upper: &ArrayRef,
    number: usize,
) -> Option<bool> {
    if lower.is_null(number) || upper.is_null(number) {
        return None;
    }
    let integers = AsArray::as_primitive_opt::<Int64Type>;
    if let (Some(values), Some(lower), Some(upper)) =
        (integers(&**values), integers(&**lower), integers(&**upper))
    {
        let bounds = lower.value(number)..=upper.value(number);
        return Some(values.values().iter().any(|value| bounds.contains(value)));
    }
    let texts = AsArray::as_string_opt::<i32>;
    if let (Some(values), Some(lower), Some(upper)) =
        (texts(&**values), texts(&**lower), texts(&**upper))
    {
        let bounds = lower.value(number)..=upper.value(number);
        let mut values = (0..values.len()).map(|row| values.value(row));
        return Some(values.any(|value| bounds.contains(&value)));
    }
    let admitted = between(values, lower, upper, number)?;
    Some(admitted.true_count() > 0)
}

/// Returns whether each value is between the bounds with a number, or `None` if that is unknown.
fn between(
    values: &ArrayRef,
    lower: &ArrayRef,
    upper: &ArrayRef,
    number: usize,
) -> Option<BooleanArray> {
    if lower.is_null(number) || upper.is_null(number) {
        return None;
    }
    let bound = |bounds: &ArrayRef| Scalar::new(bounds.slice(number, 1));
    let values: &dyn Datum = values;
    let above = gt_eq(values, &bound(lower)).ok()?;
    and(&above, &lt_eq(values, &bound(upper)).ok()?).ok()
}

/// Returns whether each value can be in a Bloom filter, or `None` for types whose encoding in the
/// filter differs from their values.
fn in_filter(bloom: &Sbbf, values: &ArrayRef) -> Option<BooleanArray> {
    let rows = 0..values.len();
    let mask: Vec<bool> = match values.data_type() {
        DataType::Int8 => {
            let values = values.as_primitive::<Int8Type>().values().iter();
            values
                .map(|value| bloom.check(&i32::from(*value)))
                .collect()
        }
        DataType::Int16 => {
            let values = values.as_primitive::<Int16Type>().values().iter();
            values
                .map(|value| bloom.check(&i32::from(*value)))
                .collect()
        }
        DataType::Int32 => {
            let values = values.as_primitive::<Int32Type>().values().iter();
            values.map(|value| bloom.check(value)).collect()
        }
        DataType::Int64 => {
            let values = values.as_primitive::<Int64Type>().values().iter();
            values.map(|value| bloom.check(value)).collect()
        }
        DataType::Utf8 => {
            let values = values.as_string::<i32>();
            rows.map(|row| bloom.check(values.value(row))).collect()
        }
        DataType::Binary => {
            let values = values.as_binary::<i32>();
            rows.map(|row| bloom.check(values.value(row))).collect()
        }
        DataType::FixedSizeBinary(_) => {
            let values = values.as_fixed_size_binary();
            rows.map(|row| bloom.check(values.value(row))).collect()
        }
        _ => return None,
    };
    Some(mask.into())
}

/// Returns the number of the Parquet column of a column that is not nested.
fn leaf_of(metadata: &ArrowReaderMetadata, column: usize) -> Option<usize> {
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

/// The rows of a chunk in a row file.
#[derive(Debug)]
pub(super) struct StoredSlice {
    file: Arc<StoredFile>,
    first_row: u64,
    sections: Vec<Range<u32>>,
    /// The row group of each section.
    section_groups: UInt64Array,
}

impl StoredSlice {
    /// Returns the row groups with rows of the chunk.
    fn groups(&self) -> impl Iterator<Item = u64> {
        let groups = self.section_groups.values();
        let ends = groups.first().zip(groups.last());
        ends.map_or(0..0, |(first, last)| *first..last + 1)
    }
}

impl StoredRows for StoredSlice {
    fn schema(&self) -> &SchemaRef {
        &self.file.chunk_schema
    }

    fn sections(&self) -> &[Range<u32>] {
        &self.sections
    }

    fn bounds(&self, column: usize) -> Option<SectionBounds> {
        let [lower, upper] = self.file.bounds(column)?;
        let of_sections = |bounds: &ArrayRef| take(bounds, &self.section_groups, None).ok();
        Some(SectionBounds {
            lower: of_sections(lower)?,
            upper: of_sections(upper)?,
        })
    }

    fn read(&self, rows: &[Range<u32>], columns: &[usize]) -> Result<Vec<Vec<ArrayRef>>, BoxError> {
        let in_file = |row: u32| self.first_row + u64::from(row);
        let rows = rows
            .iter()
            .map(|rows| in_file(rows.start)..in_file(rows.end));
        let rows: Vec<Range<u64>> = rows.collect();
        Ok(self.file.read(&rows, columns)?)
    }

    fn pages(&self, section: usize) -> Vec<Range<u32>> {
        let Some(rows) = self.sections.get(section) else {
            return Vec::new();
        };
        let group = self.section_groups.value(section) as usize;
        let group_start = self.file.groups[group].start;
        // The rows of the chunk that begin a page.
        let page = PAGE_ROWS as u64;
        let first = self.first_row + u64::from(rows.start) - group_start;
        let starts = (first.next_multiple_of(page)..).step_by(PAGE_ROWS);
        let starts = starts.map(|start| (group_start + start - self.first_row) as u32);
        let starts = starts.take_while(|start| *start < rows.end);
        let mut pages: Vec<Range<u32>> = Vec::new();
        let mut start = rows.start;
        for end in starts.filter(|end| *end > rows.start).chain([rows.end]) {
            pages.push(start..end);
            start = end;
        }
        pages
    }

    fn page_bounds(&self, section: usize, column: usize) -> Option<SectionBounds> {
        let rows = self.sections.get(section)?;
        let group = *self.section_groups.values().get(section)? as usize;
        let metadata = self.file.parquet.as_ref()?;
        let [lower, upper] = self.file.page_bounds(metadata, group, column)?;
        let first = self.first_row + u64::from(rows.start) - self.file.groups[group].start;
        let first_page = first as usize / PAGE_ROWS;
        let pages = self.pages(section).len();
        (first_page + pages <= lower.len()).then(|| SectionBounds {
            lower: lower.slice(first_page, pages),
            upper: upper.slice(first_page, pages),
        })
    }

    fn admits(&self, columns: &[usize], keys: &[ArrayRef]) -> bool {
        let (Some(column), Some(values)) = (columns.first(), keys.first()) else {
            return true;
        };
        let Some([lower, upper]) = self.file.bounds(*column) else {
            return true;
        };
        self.groups().any(|group| {
            let admitted = any_between(values, lower, upper, group as usize);
            admitted.unwrap_or(true)
        })
    }

    fn candidates(
        &self,
        columns: &[usize],
        keys: &[ArrayRef],
    ) -> Result<Vec<Range<u32>>, BoxError> {
        let columns = columns.iter().zip(keys);
        let keys: Vec<KeyColumn> = columns
            .filter_map(|(column, values)| {
                let ty = self.file.file_schema.field(*column).data_type();
                let values = cast(values, ty).ok()?;
                Some(KeyColumn {
                    column: *column,
                    values,
                })
            })
            .collect();
        let end = self.sections.last().map_or(0, |last| last.end);
        let mut candidates: Vec<Range<u32>> = Vec::new();
        for group in self.groups() {
            let found = self.file.candidates_in(group as usize, keys.clone())?;
            let relative = |row: u64| row.saturating_sub(self.first_row).min(u64::from(end)) as u32;
            let parts = found
                .iter()
                .map(|rows| relative(rows.start)..relative(rows.end));
            candidates.extend(parts.filter(|part| !part.is_empty()));
        }
        Ok(candidates)
    }
}
