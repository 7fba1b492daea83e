// SPDX-License-Identifier: Apache-2.0

//! [`StoredSlice`]: the rows of a chunk in a row file.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, UInt64Array};
use arrow::compute::{cast, take};
use arrow::datatypes::SchemaRef;
use kalamtable_provider::BoxError;
use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::{ColumnBounds, StoredRows};

use super::key_candidates::{KeyColumn, any_between, between};
use super::row_file::{PAGE_ROWS, ROW_GROUP_ROWS};
use super::stored_file::StoredFile;
use crate::error::StorageError;

/// The approximate size in memory of the rows of a section.
const SECTION_BYTES: usize = 8 * 1024 * 1024;

/// The rows of a chunk in a row file.
#[derive(Debug)]
pub(super) struct StoredSlice {
    file: Arc<StoredFile>,
    /// The number in the file of the first row of the chunk.
    first_row: u64,
    sections: Vec<Range<u32>>,
    /// The row group of each section.
    section_groups: UInt64Array,
}

impl StoredSlice {
    /// Returns the rows from `first_row` on, of a chunk of a partition with this owner. `bytes` is
    /// their size in memory.
    ///
    /// # Errors
    /// Fails if the file has too few rows, or rows of other owners only.
    pub(super) fn try_new(
        file: &Arc<StoredFile>,
        owner: Option<&UserId>,
        first_row: u64,
        length: u32,
        bytes: usize,
    ) -> Result<Self, StorageError> {
        let (folder, name) = (&*file.row_folder.folder, file.file.name());
        let end = first_row.saturating_add(u64::from(length));
        if end > file.file.rows {
            return Err(StorageError::damaged(folder, &name, "it has too few rows"));
        }
        let first_group = file.groups.partition_point(|group| group.end <= first_row);
        let groups = file.groups.iter().skip(first_group);
        let groups = groups.take_while(|group| group.start < end);
        let numbers = first_group..first_group + groups.clone().count();
        if !admits_owner(file, owner, numbers) {
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
            file: Arc::clone(file),
            first_row,
            sections,
            section_groups: section_groups.into(),
        })
    }

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

    fn bounds(&self, column: usize) -> Option<ColumnBounds> {
        let [lower, upper] = self.file.bounds(column)?;
        let of_sections = |bounds: &ArrayRef| take(bounds, &self.section_groups, None).ok();
        Some(ColumnBounds {
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

    fn page_bounds(&self, section: usize, column: usize) -> Option<ColumnBounds> {
        let rows = self.sections.get(section)?;
        let group = *self.section_groups.values().get(section)? as usize;
        let metadata = self.file.parquet.as_ref()?;
        let [lower, upper] = self.file.page_bounds(metadata, group, column)?;
        let first = self.first_row + u64::from(rows.start) - self.file.groups[group].start;
        let first_page = first as usize / PAGE_ROWS;
        let pages = self.pages(section).len();
        (first_page + pages <= lower.len()).then(|| ColumnBounds {
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

/// Returns whether the bounds of the column with the owner admit an owner in some row groups.
fn admits_owner(file: &StoredFile, owner: Option<&UserId>, mut groups: Range<usize>) -> bool {
    let columns = file.chunk_schema.fields().len();
    let Some(owner) = owner else {
        return file.file_schema.fields().len() == columns;
    };
    if file.file_schema.fields().len() == columns {
        return false;
    }
    let owner: ArrayRef = Arc::new(StringArray::from(vec![owner.as_str()]));
    file.bounds(columns).is_none_or(|[lower, upper]| {
        groups.all(|group| {
            let admitted = between(&owner, lower, upper, group);
            admitted.is_none_or(|admitted| admitted.value(0))
        })
    })
}
