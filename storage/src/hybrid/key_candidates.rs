// SPDX-License-Identifier: Apache-2.0

//! The rows of a row file that can have one of several keys, by bounds of row groups and pages, and
//! by Bloom filters.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, Scalar};
use arrow::compute::kernels::cmp::{gt_eq, lt_eq};
use arrow::compute::{and, filter};
use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::bloom_filter::Sbbf;

use super::row_folder::BloomFilterId;
use super::stored_file::{StoredFile, leaf_of};
use crate::error::StorageError;

/// The values of a key column, in the type of the file.
#[derive(Clone)]
pub(super) struct KeyColumn {
    pub(super) column: usize,
    pub(super) values: ArrayRef,
}

impl StoredFile {
    /// Returns the rows of a row group that can have one of the keys.
    pub(super) fn candidates_in(
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
        if let Some(found) = self.row_folder.bloom_filters.get(&id) {
            return Ok(Some(found));
        }
        let opened = self.opened()?;
        let column = metadata.metadata().row_group(row_group).column(leaf);
        let read = Sbbf::read_from_column_chunk(column, &opened);
        let read = read.map_err(|error| opened.failure(error))?.map(Arc::new);
        if let Some(read) = &read {
            self.row_folder.bloom_filters.insert(id, Arc::clone(read));
        }
        Ok(read)
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
pub(super) fn any_between(
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
pub(super) fn between(
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
