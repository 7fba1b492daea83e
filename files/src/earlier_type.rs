// SPDX-License-Identifier: Apache-2.0

//! [`EarlierType`]: reads the values of a file whose column had another type when the file was
//! written.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::CastOptions;
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::util::display::FormatOptions;
use datafusion::common::nested_struct::cast_column;
use datafusion::common::{Result, internal_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use kalamtable_model::ColumnType;
use kalamtable_rows::{Conversion, ValueError};

use crate::error::{ValueMismatch, ValueProblem};
use crate::nullable_schema::nullable_type;
use crate::values;

/// Options of a cast that fails for a value that does not fit, instead of replacing it with null.
pub(crate) const STRICT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: FormatOptions::new(),
};

/// The type under which the values of a column were written, and their conversion to the current
/// type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EarlierType {
    /// The earlier type in the query schema, with every field nullable.
    ty: DataType,
    conversion: Conversion,
}

/// A value that cannot be read as a value of the current type.
pub(crate) enum EarlierError {
    /// A value in the file is not a value of the earlier type.
    Cast(DataFusionError),
    /// A value of the earlier type is not a value of the current type.
    Value(ValueError),
}

impl EarlierError {
    pub(crate) fn into_mismatch(self, index: usize, found: Option<&str>) -> ValueMismatch {
        match self {
            EarlierError::Cast(error) => {
                ValueMismatch::new(index, found, ValueProblem::Conversion(Box::new(error)))
            }
            EarlierError::Value(error) => ValueMismatch {
                index,
                ..values::mismatch(error)
            },
        }
    }
}

impl EarlierType {
    /// # Errors
    /// Fails if the evolution rules do not allow the change from type `earlier` to type `current`.
    pub(crate) fn try_new(earlier: &ColumnType, current: &ColumnType) -> Result<Self, ValueError> {
        Ok(EarlierType {
            ty: nullable_type(&earlier.query_type()),
            conversion: Conversion::try_new(earlier, current)?,
        })
    }

    /// Converts an array of the file, which has a form of the earlier type, to type `ty`: the
    /// current type in the query schema, with every field nullable.
    pub(crate) fn read(&self, array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, EarlierError> {
        let array = cast_column(array, &self.ty, &STRICT).map_err(EarlierError::Cast)?;
        let converted = self.conversion.apply(&array, ty);
        converted.map_err(EarlierError::Value)
    }
}

/// A column of a file, converted to the current type of the column.
#[derive(Debug)]
pub(crate) struct ConvertedColumn {
    /// The column of the file.
    column: Arc<dyn PhysicalExpr>,
    earlier: Arc<EarlierType>,
    /// The field of the scan schema.
    field: FieldRef,
}

impl ConvertedColumn {
    pub(crate) fn new(
        column: Arc<dyn PhysicalExpr>,
        earlier: Arc<EarlierType>,
        field: FieldRef,
    ) -> Self {
        ConvertedColumn {
            column,
            earlier,
            field,
        }
    }
}

impl PartialEq for ConvertedColumn {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && self.earlier == other.earlier && self.field == other.field
    }
}

impl Eq for ConvertedColumn {}

impl Hash for ConvertedColumn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.field.hash(state);
    }
}

impl fmt::Display for ConvertedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "convert({}, {})", self.column, self.field.data_type())
    }
}

impl PhysicalExpr for ConvertedColumn {
    fn return_field(&self, _input_schema: &Schema) -> Result<FieldRef> {
        Ok(Arc::clone(&self.field))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let array = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let converted = self.earlier.read(&array, self.field.data_type());
        // The check of the batches finds the file and the row of the value.
        let converted = converted.map_err(|error| match error {
            EarlierError::Cast(error) => error,
            EarlierError::Value(error) => DataFusionError::External(Box::new(error)),
        })?;
        Ok(ColumnarValue::Array(converted))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        match <[_; 1]>::try_from(children) {
            Ok([column]) => Ok(Arc::new(ConvertedColumn {
                column,
                earlier: Arc::clone(&self.earlier),
                field: Arc::clone(&self.field),
            })),
            Err(children) => {
                internal_err!("ConvertedColumn has one child, not {}", children.len())
            }
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
