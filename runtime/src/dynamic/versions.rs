// SPDX-License-Identifier: Apache-2.0

//! [`VersionReader`]: reads rows of one version of a definition under a later version.
//! [`Versions`]: the readers of one version, each created once.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use kalamtable_model::TableDefinition;
use kalamtable_registry::{AppendOnlyMap, Artefact, SchemaRegistry, TableSnapshot};
use kalamtable_rows::{Conversion, InvalidValue, RowError, ValueError, initial_value};

use crate::error::Error;

/// The readers of one version of a table, kept with its snapshot.
#[derive(Debug, Default)]
pub(super) struct Versions {
    /// The definitions of the previous versions.
    history: OnceLock<Vec<Arc<TableDefinition>>>,
    /// The readers, by the version under which rows were written.
    readers: AppendOnlyMap<u32, VersionReader>,
}

impl Versions {
    pub(super) fn of(table: &TableSnapshot) -> &Versions {
        table.extension(Versions::default)
    }

    /// Loads the previous versions of the table, which [`reader`](Self::reader) needs. Does nothing
    /// if they are loaded already.
    ///
    /// # Errors
    /// Fails if the definitions cannot be read.
    pub(super) async fn load(
        registry: &SchemaRegistry,
        table: &TableSnapshot,
    ) -> Result<(), Error> {
        let versions = Versions::of(table);
        if versions.history.get().is_some() {
            return Ok(());
        }
        let mut history = Vec::new();
        if table.version() > 1 {
            let store = registry.store().history(table.id()).await;
            let stored = store.map_err(kalamtable_registry::Error::from)?;
            let earlier = stored.into_iter().map(|stored| stored.definition);
            history.extend(earlier.filter(|earlier| earlier.version() < table.version()));
        }
        let bytes = size_of_val(&*history);
        if versions.history.set(history).is_ok() {
            table.charge(bytes);
        }
        Ok(())
    }

    /// Returns the reader of rows that were written under `written`.
    ///
    /// # Errors
    /// Fails if the table has no such version before its current one, or if it was not loaded, or
    /// if the version has another definition: the rows are then those of another table.
    pub(super) fn reader<'a>(
        table: &'a TableSnapshot,
        written: &Arc<TableDefinition>,
    ) -> Result<&'a VersionReader, Error> {
        let reader = Versions::reader_of(table, written.version())?;
        if reader.reads(written) {
            return Ok(reader);
        }
        Err(Error::OtherDefinition {
            table: table.name().clone(),
            version: written.version(),
            written: written.name().clone(),
        })
    }

    fn reader_of(table: &TableSnapshot, version: u32) -> Result<&VersionReader, Error> {
        let versions = Versions::of(table);
        let found = versions.readers.get(&version);
        table.record_lookup(Artefact::Reader, found.is_some());
        if let Some(reader) = found {
            return Ok(reader);
        }
        let history = versions.history.get().map_or(&[][..], Vec::as_slice);
        let reader = VersionReader::try_new(table, history, version)?;
        table.charge(reader.bytes() + AppendOnlyMap::<u32, VersionReader>::ENTRY_BYTES);
        Ok(versions.readers.insert(version, reader))
    }
}

/// Reads rows of one version under a later version. Columns are matched by id.
#[derive(Debug)]
pub(super) struct VersionReader {
    definition: TableDefinition,
    /// One source for each column, including the system columns.
    columns: Vec<ColumnSource>,
    /// The definition under which the rows were written.
    written: TableDefinition,
    /// Definitions of chunks that are known to be the same.
    verified: [OnceLock<Arc<TableDefinition>>; 2],
}

/// The source of the values of a column.
#[derive(Debug)]
enum ColumnSource {
    /// The column at this position, unchanged.
    Same(usize),
    /// The column at this position, converted from a previous type.
    Converted {
        position: usize,
        conversion: Conversion,
        ty: DataType,
    },
    /// A constant, because rows of that version do not have the column.
    Absent(ScalarValue),
}

/// The rows to read from the arrays of a chunk.
pub(super) enum Pick {
    /// The rows in this range.
    Range(Range<usize>),
    /// The rows at these positions.
    Rows(UInt32Array),
}

impl Pick {
    pub(super) fn len(&self) -> usize {
        match self {
            Pick::Range(range) => range.len(),
            Pick::Rows(rows) => rows.len(),
        }
    }

    /// Returns the picked values of an array.
    pub(super) fn of(&self, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match self {
            Pick::Range(range) => Ok(values.slice(range.start, range.len())),
            Pick::Rows(rows) => take(values, rows, None),
        }
    }

    /// Returns the same rows, as numbers from row `first` on.
    pub(super) fn relative_to(&self, first: u32) -> Pick {
        match self {
            Pick::Range(range) => {
                let first = first as usize;
                Pick::Range(range.start - first..range.end - first)
            }
            Pick::Rows(rows) => Pick::Rows(rows.unary(|row| row - first)),
        }
    }

    /// Returns the picked rows as ascending ranges.
    pub(super) fn ranges(&self) -> Vec<Range<u32>> {
        match self {
            Pick::Range(range) => {
                let range = range.start as u32..range.end as u32;
                std::iter::once(range).collect()
            }
            Pick::Rows(rows) => {
                let mut ranges: Vec<Range<u32>> = Vec::new();
                for row in rows.values() {
                    match ranges.last_mut() {
                        Some(last) if last.end == *row => last.end += 1,
                        _ => ranges.push(*row..row + 1),
                    }
                }
                ranges
            }
        }
    }
}

impl VersionReader {
    fn try_new(
        table: &TableSnapshot,
        history: &[Arc<TableDefinition>],
        version: u32,
    ) -> Result<Self, Error> {
        let definition = table.definition();
        let old = if version == definition.version() {
            definition
        } else {
            let mut earlier = history.iter();
            let found = earlier.find(|earlier| earlier.version() == version);
            found.ok_or_else(|| Error::UnknownVersion {
                table: definition.name().clone(),
                version,
                current: definition.version(),
            })?
        };
        let all: Vec<&TableDefinition> = history
            .iter()
            .map(|earlier| &**earlier)
            .chain([definition])
            .collect();
        let mut columns = Vec::new();
        for (position, column) in definition.columns().iter().enumerate() {
            let ty = table.schema().field(position).data_type();
            let value_error = |source| RowError::Value {
                table: definition.name().clone(),
                column: column.name.to_string(),
                source,
            };
            let found = old.columns().iter().position(|old| old.id == column.id);
            columns.push(match found {
                // Compared with ids: a field of a struct may have been dropped, and another one
                // added under its name.
                Some(position)
                    if old.columns()[position].ty.arrow_type() == column.ty.arrow_type() =>
                {
                    ColumnSource::Same(position)
                }
                Some(position) => ColumnSource::Converted {
                    position,
                    conversion: Conversion::try_new(&old.columns()[position].ty, &column.ty)
                        .map_err(value_error)?,
                    ty: ty.clone(),
                },
                None => {
                    let value = initial_value(&all, version, column, ty).map_err(value_error)?;
                    let value = ScalarValue::try_from_array(&value, 0).map_err(|error| {
                        value_error(ValueError::whole(InvalidValue::Other(Box::new(error))))
                    })?;
                    ColumnSource::Absent(value)
                }
            });
        }
        let system_columns = definition.kind().system_columns().len();
        columns.extend(
            (0..system_columns).map(|column| ColumnSource::Same(old.columns().len() + column)),
        );
        Ok(VersionReader {
            definition: definition.clone(),
            columns,
            written: old.clone(),
            verified: Default::default(),
        })
    }

    /// Returns whether the rows of a definition have the columns that this reader expects.
    fn reads(&self, written: &Arc<TableDefinition>) -> bool {
        let mut verified = self.verified.iter().filter_map(OnceLock::get);
        if verified.any(|verified| Arc::ptr_eq(verified, written)) {
            return true;
        }
        let (expected, found) = (self.written.columns(), written.columns());
        let mut columns = expected.iter().zip(found);
        let is_same = self.written.kind() == written.kind()
            && expected.len() == found.len()
            && columns.all(|(expected, found)| expected.id == found.id && expected.ty == found.ty);
        if is_same {
            let mut slots = self.verified.iter();
            let _ = slots.any(|slot| slot.set(Arc::clone(written)).is_ok());
        }
        is_same
    }

    /// Returns the position in the written rows of the column at `position`, or `None` if they do
    /// not have the column.
    pub(super) fn source(&self, position: usize) -> Option<usize> {
        match self.columns[position] {
            ColumnSource::Same(written) => Some(written),
            ColumnSource::Converted { position, .. } => Some(position),
            ColumnSource::Absent(_) => None,
        }
    }

    /// Returns the position in the written rows of the column at `position`, if its values need no
    /// conversion.
    pub(super) fn unconverted(&self, position: usize) -> Option<usize> {
        match self.columns[position] {
            ColumnSource::Same(written) => Some(written),
            _ => None,
        }
    }

    /// Returns the value that the column at `position` has in all rows, if the written rows do not
    /// have the column.
    pub(super) fn constant(&self, position: usize) -> Option<&ScalarValue> {
        match &self.columns[position] {
            ColumnSource::Absent(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the values of the column at `position` in the picked rows.
    ///
    /// # Errors
    /// Fails if a value does not fit the current type of the column.
    pub(super) fn column(
        &self,
        rows: &RecordBatch,
        pick: &Pick,
        position: usize,
    ) -> Result<ArrayRef, Error> {
        let values = self
            .source(position)
            .map(|source| pick.of(rows.column(source)))
            .transpose()
            .map_err(|error| self.arrow_error(position, error))?;
        self.converted(position, values, pick.len())
    }

    /// Converts `values` of the written rows to values of the column at `position`. `values` are
    /// those of the column at [`source`](Self::source), if there is one, and `length` is their
    /// number.
    ///
    /// # Errors
    /// Fails if a value does not fit the current type of the column.
    pub(super) fn converted(
        &self,
        position: usize,
        values: Option<ArrayRef>,
        length: usize,
    ) -> Result<ArrayRef, Error> {
        match (&self.columns[position], values) {
            (ColumnSource::Absent(value), _) => {
                let array = value.to_array_of_size(length);
                array.map_err(|error| {
                    let value = InvalidValue::Other(Box::new(error));
                    self.value_error(position, ValueError::whole(value))
                })
            }
            (ColumnSource::Converted { conversion, ty, .. }, Some(values)) => conversion
                .apply(&values, ty)
                .map_err(|source| self.value_error(position, source)),
            (ColumnSource::Same(_), Some(values)) => Ok(values),
            (_, None) => {
                let missing = ArrowError::ComputeError("the column was not read".to_string());
                Err(self.arrow_error(position, missing))
            }
        }
    }

    fn arrow_error(&self, position: usize, error: ArrowError) -> Error {
        self.value_error(position, ValueError::whole(InvalidValue::Arrow(error)))
    }

    fn value_error(&self, position: usize, source: ValueError) -> Error {
        let column = self.definition.columns().get(position);
        RowError::Value {
            table: self.definition.name().clone(),
            column: column.map_or_else(String::new, |column| column.name.to_string()),
            source,
        }
        .into()
    }

    /// Returns the approximate size in bytes.
    fn bytes(&self) -> usize {
        size_of_val(&*self.columns)
    }
}
