// SPDX-License-Identifier: Apache-2.0

//! [`BatchCheck`]: checks the values of the batches that a scan of Parquet files returns, and finds
//! the file and row of a value that does not fit.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::FormatOptions;
use datafusion::common::Result;
use datafusion::common::nested_struct::cast_column;
use datafusion::error::DataFusionError;
use kalamtable_model::{Column, TableDefinition};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{DataError, ValueMismatch, ValueProblem};
use crate::nullable_schema::nullable_type;
use crate::values;

/// The Parquet files of a table.
#[derive(Debug)]
pub(crate) struct ParquetFiles {
    pub(crate) definition: Arc<TableDefinition>,
    /// The files, of which there is at least one.
    pub(crate) paths: Vec<PathBuf>,
}

/// The check of the batches of one scan.
#[derive(Debug)]
pub(crate) struct BatchCheck {
    files: Arc<ParquetFiles>,
    /// The positions in the definition of the columns of a batch.
    positions: Vec<usize>,
    /// The declared schema, which a checked batch has.
    schema: SchemaRef,
}

impl BatchCheck {
    pub(crate) fn new(files: Arc<ParquetFiles>, positions: Vec<usize>, schema: SchemaRef) -> Self {
        BatchCheck {
            files,
            positions,
            schema,
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

    /// Returns an error with the file and row of the first value that does not fit, or the `error`
    /// of the scan unchanged if all values fit.
    pub(crate) fn explain(&self, error: DataFusionError) -> DataFusionError {
        match self.columns().find_map(|column| self.files.locate(column)) {
            Some(located) => DataFusionError::External(Box::new(located)),
            None => error,
        }
    }
}

/// Options of a cast that fails for a value that does not fit, instead of replacing it with null.
const STRICT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: FormatOptions::new(),
};

impl ParquetFiles {
    /// Returns the path of the only file, or of the folder that contains all files.
    fn common_path(&self) -> &Path {
        match &self.paths[..] {
            [path] => path,
            paths => paths[0].parent().unwrap_or(&paths[0]),
        }
    }

    /// Returns the error of the first value of `column` that does not fit, or `None` if all values
    /// fit or the files cannot be read. Reads only that column.
    fn locate(&self, column: &Column) -> Option<DataError> {
        self.paths
            .iter()
            .find_map(|path| locate_in_file(path, column).ok().flatten())
    }
}

fn locate_in_file(path: &Path, column: &Column) -> Result<Option<DataError>, Box<dyn Error>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [&*column.name]);
    let ty = nullable_type(&column.ty.query_type());
    let mut rows_before = 0;
    for batch in builder.with_projection(mask).build()? {
        let batch = batch?;
        let Some(array) = batch.columns().first() else {
            break;
        };
        let mismatch = match cast_column(array, &ty, &STRICT) {
            Ok(array) => values::check(&array, column).err(),
            Err(_) => first_cast_error(array, &ty),
        };
        if let Some(mismatch) = mismatch {
            let row = rows_before + mismatch.index as u64 + 1;
            let error = DataError::value(path, None, Some(row), column, mismatch);
            return Ok(Some(error));
        }
        rows_before += batch.num_rows() as u64;
    }
    Ok(None)
}

fn first_cast_error(array: &ArrayRef, ty: &DataType) -> Option<ValueMismatch> {
    (0..array.len()).find_map(|index| {
        // `take` copies the value. A slice is not enough: the cast of a list to one of a fixed size
        // ignores the offset of a slice.
        let value = take(array, &UInt32Array::from(vec![index as u32]), None).ok()?;
        let error = cast_column(&value, ty, &STRICT).err()?;
        let found = values::show(array, index);
        let problem = ValueProblem::Conversion(Box::new(error));
        Some(ValueMismatch::new(index, found.as_deref(), problem))
    })
}
