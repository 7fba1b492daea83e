// SPDX-License-Identifier: Apache-2.0

//! [`BatchCheck`]: checks the values of the batches that a scan of Parquet files returns, and finds
//! the file and row of a value that does not fit.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{cast_with_options, take};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::nested_struct::cast_column;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use futures::lock::Mutex;
use kalamtable_model::{Column, TableDefinition};
use parquet::arrow::ProjectionMask;

use crate::earlier_type::{EarlierError, STRICT};
use crate::error::{DataError, ValueMismatch, unreadable};
use crate::int96;
use crate::nullable_schema::nullable_type;
use crate::parquet_file::ParquetFile;
use crate::values;

/// The Parquet files of a table.
#[derive(Debug)]
pub(crate) struct ParquetFiles {
    pub(crate) definition: Arc<TableDefinition>,
    /// The files, of which there is at least one.
    pub(crate) files: Vec<ParquetFile>,
}

/// The check of the batches of one scan.
#[derive(Debug)]
pub(crate) struct BatchCheck {
    files: Arc<ParquetFiles>,
    /// The positions in the definition of the columns of a batch.
    positions: Vec<usize>,
    /// The declared schema, which a checked batch has.
    schema: SchemaRef,
    /// Whether the values that the reader converts before they become a batch were checked.
    is_converted_checked: Mutex<bool>,
}

impl BatchCheck {
    pub(crate) fn new(files: Arc<ParquetFiles>, positions: Vec<usize>, schema: SchemaRef) -> Self {
        BatchCheck {
            files,
            positions,
            schema,
            is_converted_checked: Mutex::new(false),
        }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn table(&self) -> &TableDefinition {
        &self.files.definition
    }

    fn columns(&self) -> impl Iterator<Item = &Column> {
        let columns = self.files.definition.columns();
        self.positions.iter().map(|&position| &columns[position])
    }

    /// Returns the number of rows in the files when they were registered.
    pub(crate) fn registered_rows(&self) -> usize {
        self.files.files.iter().map(|file| file.rows).sum()
    }

    /// Returns the indices in a batch of the columns whose statistics may exclude rows, in every
    /// file.
    pub(crate) fn prunable(&self) -> HashSet<usize> {
        let positions = self.positions.iter().enumerate();
        let prunable = positions.filter(|&(_, &position)| {
            let mut files = self.files.files.iter();
            files.all(|file| file.prunable[position])
        });
        prunable.map(|(index, _)| index).collect()
    }

    /// Checks the values that the reader converts before they become a batch, once per scan.
    ///
    /// # Errors
    /// Fails with a value that the reader would change.
    pub(crate) async fn check_converted(self: &Arc<Self>) -> Result<()> {
        let mut is_checked = self.is_converted_checked.lock().await;
        if *is_checked {
            return Ok(());
        }
        if self.files.files.iter().any(|file| !file.int96.is_empty()) {
            let check = Arc::clone(self);
            SpawnedTask::spawn_blocking(move || check.check_int96())
                .join_unwind()
                .await
                .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
                .map_err(|error| DataFusionError::External(Box::new(error)))?;
        }
        *is_checked = true;
        Ok(())
    }

    fn check_int96(&self) -> Result<(), DataError> {
        for file in &self.files.files {
            let leaves = file.int96.iter();
            for leaf in leaves.filter(|leaf| self.positions.contains(&leaf.column)) {
                let column = &self.files.definition.columns()[leaf.column];
                int96::check(&file.path, *leaf, column)?;
            }
        }
        Ok(())
    }

    /// Checks the values of `batch` and returns them with the declared schema.
    ///
    /// # Errors
    /// If a value does not fit, fails with the first such value in the files.
    pub(crate) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(batch.num_columns());
        let fields = self.schema.fields();
        for ((column, field), array) in self.columns().zip(fields).zip(batch.columns()) {
            if let Err(mismatch) = values::check(array, column) {
                // A batch does not carry the file and the row numbers of its rows. If reading the
                // files again finds nothing, the error names all files and no row.
                let error = self.files.locate(column).unwrap_or_else(|| {
                    DataError::value(self.files.common_path(), None, None, column, mismatch)
                });
                return Err(DataFusionError::External(Box::new(error)));
            }
            arrays.push(cast_with_options(array, field.data_type(), &STRICT)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let checked =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?;
        Ok(checked)
    }

    /// Returns an error with the file and row of the first value that does not fit, or with the
    /// file and column that cannot be read. Returns the `error` of the scan unchanged if neither
    /// exists.
    pub(crate) fn explain(&self, error: DataFusionError) -> DataFusionError {
        if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) {
            return error;
        }
        match self.columns().find_map(|column| self.files.locate(column)) {
            Some(located) => DataFusionError::External(Box::new(located)),
            None => error,
        }
    }
}

impl ParquetFiles {
    /// Returns the path of the only file, or of the folder that contains all files.
    fn common_path(&self) -> &Path {
        let first = &self.files[0].path;
        if self.files.len() == 1 {
            first
        } else {
            first.parent().unwrap_or(first)
        }
    }

    /// Returns the error of the first value of `column` that does not fit or cannot be read, or
    /// `None` if all values fit. Reads only that column.
    fn locate(&self, column: &Column) -> Option<DataError> {
        let mut columns = self.definition.columns().iter();
        let position = columns.position(|other| other.id == column.id)?;
        self.files
            .iter()
            .find_map(|file| locate_in_file(file, column, position).err())
    }
}

fn locate_in_file(file: &ParquetFile, column: &Column, position: usize) -> Result<(), DataError> {
    // A column that the file does not have has the same valid value in every row.
    let Some(found) = &file.columns[position] else {
        return Ok(());
    };
    let path = &file.path;
    let builder = file.open()?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [found.position]);
    let ty = nullable_type(&column.ty.query_type());
    let read = |array: &ArrayRef| match &found.earlier {
        Some(earlier) => earlier.read(array, &ty),
        None => cast_column(array, &ty, &STRICT).map_err(EarlierError::Cast),
    };
    let mut rows_before = 0;
    let reader = builder.with_projection(mask).build();
    for batch in reader.map_err(|error| unreadable(path, column, &error))? {
        let batch = batch.map_err(|error| unreadable(path, column, &error))?;
        let Some(array) = batch.columns().first() else {
            break;
        };
        let mismatch = match read(array) {
            Ok(array) => values::check(&array, column).err(),
            Err(_) => first_error(array, read),
        };
        if let Some(mismatch) = mismatch {
            let row = rows_before + mismatch.index as u64 + 1;
            return Err(DataError::value(path, None, Some(row), column, mismatch));
        }
        rows_before += batch.num_rows() as u64;
    }
    Ok(())
}

/// Returns the error of the first value that `read` rejects.
fn first_error(
    array: &ArrayRef,
    read: impl Fn(&ArrayRef) -> Result<ArrayRef, EarlierError>,
) -> Option<ValueMismatch> {
    (0..array.len()).find_map(|index| {
        // `take` copies the value. A slice is not enough: the cast of a list to one of a fixed size
        // ignores the offset of a slice.
        let value = take(array, &UInt32Array::from(vec![index as u32]), None).ok()?;
        let error = read(&value).err()?;
        let found = values::show(array, index);
        Some(error.into_mismatch(index, found.as_deref()))
    })
}
