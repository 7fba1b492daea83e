// SPDX-License-Identifier: Apache-2.0

//! Timestamps in the deprecated physical type INT96 of Parquet.
//!
//! Such a timestamp has a day of 32 bits and the nanoseconds within that day. No Arrow type can
//! hold all of them: the reader converts them to a unit, wraps around if the result does not fit in
//! 64 bits, and drops digits that are finer than the unit. Here the unit is that of the column, and
//! [`check`] finds the values that the reader would change.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::Date32Array;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use kalamtable_model::value_text::{TextError, units};
use kalamtable_model::{Column, ColumnType, NestedField, TimeUnit};
use parquet::basic::Type as PhysicalType;
use parquet::column::reader::ColumnReader;
use parquet::data_type::Int96;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::SchemaDescriptor;

use crate::error::{DataError, ValueMismatch, open, unreadable};
use crate::schema_check::field_id;
use crate::values;

/// A leaf column of a Parquet file that contains INT96 timestamps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Int96Leaf {
    /// The number of the leaf column in the file, from 0.
    leaf: usize,
    /// The position of the column in the definition.
    pub(crate) column: usize,
    /// The declared unit of the timestamps.
    unit: TimeUnit,
}

/// The INT96 timestamps of a file.
pub(crate) struct Int96Columns {
    /// The schema of the file, with the declared unit and zone for each timestamp.
    pub(crate) schema: SchemaRef,
    pub(crate) leaves: Vec<Int96Leaf>,
}

impl Int96Columns {
    /// Finds the INT96 timestamps of a file. Returns `None` if the file has none. `declared`
    /// returns the position and the type of the column of the definition for a field of the file.
    pub(crate) fn find<'a>(
        declared: impl Fn(&Field) -> Option<(usize, &'a ColumnType)>,
        inferred: &SchemaRef,
        parquet: &SchemaDescriptor,
    ) -> Option<Self> {
        let leaves = parquet.columns().iter();
        let is_int96: Vec<bool> = leaves
            .map(|leaf| leaf.physical_type() == PhysicalType::INT96)
            .collect();
        if !is_int96.contains(&true) {
            return None;
        }
        let mut visitor = LeafVisitor {
            is_int96,
            next: 0,
            column: 0,
            found: Vec::new(),
        };
        let mut fields = Vec::with_capacity(inferred.fields().len());
        for field in inferred.fields() {
            let declared = declared(field);
            visitor.column = declared.map_or(0, |(position, _)| position);
            fields.push(visitor.field(field, declared.map(|(_, ty)| ty)));
        }
        let schema = Schema::new_with_metadata(fields, inferred.metadata().clone());
        Some(Int96Columns {
            schema: Arc::new(schema),
            leaves: visitor.found,
        })
    }
}

/// Visits the leaves of an Arrow schema, which are those of the Parquet schema in the same order.
struct LeafVisitor {
    /// For each leaf, whether its physical type is INT96.
    is_int96: Vec<bool>,
    /// The number of leaves that were visited.
    next: usize,
    /// The position of the current column in the definition.
    column: usize,
    found: Vec<Int96Leaf>,
}

impl LeafVisitor {
    /// Returns the field with the declared type for each INT96 timestamp. `declared` is `None`
    /// where the definition has no such field.
    fn field(&mut self, field: &FieldRef, declared: Option<&ColumnType>) -> FieldRef {
        let ty = match field.data_type() {
            DataType::Struct(fields) => {
                let declared: &[NestedField] = match declared {
                    Some(ColumnType::Struct(fields)) => fields,
                    _ => &[],
                };
                let fields = fields.iter().map(|field| {
                    let declared = declared.iter().find(|other| match field_id(field) {
                        Some(id) => other.id == id,
                        None => *other.name == **field.name(),
                    });
                    self.field(field, declared.map(|declared| &declared.ty))
                });
                DataType::Struct(fields.collect())
            }
            DataType::List(item) => DataType::List(self.element(item, declared)),
            DataType::LargeList(item) => DataType::LargeList(self.element(item, declared)),
            DataType::ListView(item) => DataType::ListView(self.element(item, declared)),
            DataType::LargeListView(item) => DataType::LargeListView(self.element(item, declared)),
            DataType::FixedSizeList(item, size) => {
                DataType::FixedSizeList(self.element(item, declared), *size)
            }
            DataType::Map(entries, sorted) => {
                let DataType::Struct(fields) = entries.data_type() else {
                    return Arc::clone(field);
                };
                let declared = match declared {
                    Some(ColumnType::Map(fields)) => [Some(&fields.key), Some(&fields.value)],
                    _ => [None, None],
                };
                let fields = fields.iter().zip(declared).map(|(field, declared)| {
                    self.field(field, declared.map(|declared| &declared.ty))
                });
                let ty = DataType::Struct(fields.collect());
                DataType::Map(with_type(entries, ty), *sorted)
            }
            ty => self.leaf(declared).unwrap_or_else(|| ty.clone()),
        };
        with_type(field, ty)
    }

    fn element(&mut self, item: &FieldRef, declared: Option<&ColumnType>) -> FieldRef {
        let declared = match declared {
            Some(ColumnType::List(element)) => Some(&element.ty),
            _ => None,
        };
        self.field(item, declared)
    }

    /// Visits a leaf. Returns its declared type if it is an INT96 timestamp.
    fn leaf(&mut self, declared: Option<&ColumnType>) -> Option<DataType> {
        let leaf = self.next;
        self.next += 1;
        if !*self.is_int96.get(leaf)? {
            return None;
        }
        let unit = match declared? {
            ColumnType::Timestamp { unit, .. } => *unit,
            ColumnType::DateTime => TimeUnit::Microsecond,
            _ => return None,
        };
        self.found.push(Int96Leaf {
            leaf,
            column: self.column,
            unit,
        });
        declared.map(ColumnType::arrow_type)
    }
}

fn with_type(field: &FieldRef, ty: DataType) -> FieldRef {
    Arc::new(Field::clone(field).with_data_type(ty))
}

/// Checks that every timestamp of `leaf` in a file has an exact value in its declared unit.
///
/// # Errors
/// Fails with the first value that has none, or if the file cannot be read.
pub(crate) fn check(path: &Path, leaf: Int96Leaf, column: &Column) -> Result<(), DataError> {
    let found = SerializedFileReader::new(open(path)?)
        .and_then(|reader| first_inexact(&reader, leaf))
        .map_err(|error| unreadable(path, column, &error))?;
    match found {
        None => Ok(()),
        Some((row, problem)) => {
            let mismatch = ValueMismatch::new(0, Some(&problem.shown), problem.error.into());
            Err(DataError::value(path, None, Some(row), column, mismatch))
        }
    }
}

struct Int96Problem {
    shown: String,
    error: TextError,
}

/// Returns the row, from 1, and the problem of the first value that `unit` does not hold.
fn first_inexact(
    reader: &SerializedFileReader<File>,
    leaf: Int96Leaf,
) -> Result<Option<(u64, Int96Problem)>, ParquetError> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let max_definition_level = schema.column(leaf.leaf).max_def_level();
    let mut rows_before = 0;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let ColumnReader::Int96ColumnReader(mut column) = group.get_column_reader(leaf.leaf)?
        else {
            break;
        };
        let mut row = rows_before;
        rows_before += group.metadata().num_rows() as u64;
        loop {
            let (mut definitions, mut repetitions) = (Vec::new(), Vec::new());
            let mut values: Vec<Int96> = Vec::new();
            let (records, ..) = column.read_records(
                8192,
                Some(&mut definitions),
                Some(&mut repetitions),
                &mut values,
            )?;
            if records == 0 {
                break;
            }
            // A column without optional or repeated parents has no levels.
            let levels = definitions.len().max(values.len());
            let mut values = values.iter();
            for level in 0..levels {
                if repetitions.get(level).is_none_or(|level| *level == 0) {
                    row += 1;
                }
                let is_value = definitions
                    .get(level)
                    .is_none_or(|level| *level == max_definition_level);
                let Some(value) = is_value.then(|| values.next()).flatten() else {
                    continue;
                };
                let nanoseconds = nanoseconds(value);
                if let Err(error) = units(nanoseconds, leaf.unit) {
                    let shown = show(nanoseconds);
                    return Ok(Some((row, Int96Problem { shown, error })));
                }
            }
        }
    }
    Ok(None)
}

/// The Julian day of 1970-01-01.
const EPOCH_DAY: i128 = 2_440_588;
const NANOSECONDS_PER_DAY: i128 = 86_400_000_000_000;

/// Returns the nanoseconds since 1970-01-01 00:00.
fn nanoseconds(value: &Int96) -> i128 {
    let &[low, high, day] = value.data() else {
        return 0;
    };
    let of_day = (i64::from(high) << 32) | i64::from(low);
    (i128::from(day as i32) - EPOCH_DAY) * NANOSECONDS_PER_DAY + i128::from(of_day)
}

fn show(nanoseconds: i128) -> String {
    let days = nanoseconds.div_euclid(NANOSECONDS_PER_DAY);
    let of_day = nanoseconds.rem_euclid(NANOSECONDS_PER_DAY);
    let (seconds, fraction) = (of_day / 1_000_000_000, of_day % 1_000_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let date = match i32::try_from(days) {
        Ok(days) => {
            let date = Date32Array::from(vec![days]);
            values::show(&date, 0).unwrap_or_else(|| format!("day {days}"))
        }
        Err(_) => format!("day {days}"),
    };
    let mut shown = format!("{date}T{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        let digits = format!("{fraction:09}");
        shown.push('.');
        shown.push_str(digits.trim_end_matches('0'));
    }
    shown
}
