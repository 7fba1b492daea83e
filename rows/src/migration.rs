// SPDX-License-Identifier: Apache-2.0

//! [`Migration`]: converts batches that were written under an earlier version of a table to the
//! current version.

use std::borrow::Borrow;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::{DataType, SchemaRef};
use kalamtable_model::TableDefinition;

use crate::column_form::to_column_form;
use crate::conversion::Conversion;
use crate::error::{RowError, ValueError, value_error};
use crate::initial_value::initial_value;
use crate::matching::BatchFields;
use crate::validate::validate;

/// The conversion of batches that were written under one version of a table to the current version
/// of the table. It is prepared once and applied to any number of batches.
///
/// Columns are matched by id. Dropped columns are skipped. A column that was added has its initial
/// default: the default of the first version that has the column, or null. A column whose type has
/// changed is converted exactly, as the [`promotion`](kalamtable_model::promotion) between the
/// types describes.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow::array::{ArrayRef, Int32Array, RecordBatch};
/// use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
/// use kalamtable_rows::Migration;
///
/// fn version(version: u32, columns: &str) -> TableDefinition {
///     let text = format!(
///         "name = \"app.events\"\nversion = {version}\nprimary_key = [\"id\"]\n[columns]\n{columns}"
///     );
///     let mut sources = Sources::new();
///     let source = sources.push(SourceFile::new("events.toml", text));
///     parse_and_check(&sources, source).unwrap().definition
/// }
/// let first = version(1, r#"id = { id = 1, type = "int" }"#);
/// let second = version(
///     2,
///     r#"
///     id    = { id = 1, type = "bigint" }
///     state = { id = 2, type = "text", default = "open" }
///     "#,
/// );
///
/// let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
/// let stored = RecordBatch::try_from_iter([("id", numbers)])?;
/// let migration = Migration::try_new(&[first], 1, &second)?;
/// let current = migration.apply(&stored)?;
///
/// assert_eq!(*current.schema(), second.arrow_schema());
/// assert_eq!(current.num_rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Migration {
    from: TableDefinition,
    next: TableDefinition,
    /// The table schema of `next`.
    schema: SchemaRef,
    /// One origin for each column of `next`.
    columns: Vec<ColumnOrigin>,
}

/// The origin of the values of a column.
#[derive(Clone, Debug)]
enum ColumnOrigin {
    /// The column at this position of the earlier version.
    Earlier {
        position: usize,
        /// The Arrow type in the earlier version.
        ty: DataType,
        conversion: Conversion,
    },
    /// The initial value, an array of one element.
    Initial(ArrayRef),
}

impl Migration {
    /// Prepares the conversion of batches that were written under version `from_version` to `next`,
    /// the current version. `history` contains the earlier versions in any order. Versions that
    /// are not earlier than `next` are ignored.
    ///
    /// # Errors
    /// [`RowError::NoSuchVersion`] if neither `next` nor an element of `history` has the version.
    /// [`RowError::Migration`] if a column cannot be read: the evolution rules do not allow the
    /// change of its type, or it does not allow null and has no initial default. No value is read.
    pub fn try_new(
        history: &[impl Borrow<TableDefinition>],
        from_version: u32,
        next: &TableDefinition,
    ) -> Result<Self, RowError> {
        let earlier = history.iter().map(Borrow::<TableDefinition>::borrow);
        let earlier = earlier.filter(|earlier| earlier.version() < next.version());
        let versions: Vec<&TableDefinition> = earlier.chain([next]).collect();
        let mut found = versions.iter();
        let Some(from) = found.find(|version| version.version() == from_version) else {
            let history = &versions[..versions.len() - 1];
            let mut history: Vec<u32> = history.iter().map(|version| version.version()).collect();
            history.sort_unstable();
            return Err(RowError::NoSuchVersion {
                table: next.name().clone(),
                version: from_version,
                current: next.version(),
                history,
            });
        };
        let schema = next.arrow_schema();
        let mut columns = Vec::with_capacity(next.columns().len());
        for (position, column) in next.columns().iter().enumerate() {
            let mut earlier = from.columns().iter();
            let origin = match earlier.position(|earlier| earlier.id == column.id) {
                Some(position) => {
                    let earlier = &from.columns()[position];
                    Conversion::try_new(&earlier.ty, &column.ty).map(|conversion| {
                        ColumnOrigin::Earlier {
                            position,
                            ty: earlier.ty.arrow_type(),
                            conversion,
                        }
                    })
                }
                None => {
                    let ty = schema.field(position).data_type();
                    initial_value(&versions, from_version, column, ty).map(ColumnOrigin::Initial)
                }
            };
            let origin = origin.map_err(|source| RowError::Migration {
                from: from_version,
                to: next.version(),
                source: Box::new(value_error(next, position, source)),
            })?;
            columns.push(origin);
        }
        Ok(Migration {
            from: TableDefinition::clone(from),
            next: next.clone(),
            schema: Arc::new(schema),
            columns,
        })
    }

    /// Returns the table schema of the current version, which converted batches have.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Converts a batch that was written under the earlier version, and validates its values.
    ///
    /// The columns of the batch are matched by their ids, which are in the metadata of its fields.
    /// Fields without an id are matched by the names, or the sources, of the earlier version. Their
    /// types are those of the earlier version, in any physical form. Fields that match no column
    /// are skipped.
    ///
    /// # Errors
    /// [`RowError::Migration`] with the column, the row and the reason if a column is missing or
    /// ambiguous, or if a value does not fit.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, RowError> {
        self.convert(batch).map_err(|source| RowError::Migration {
            from: self.from.version(),
            to: self.next.version(),
            source: Box::new(source),
        })
    }

    fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch, RowError> {
        let fields = BatchFields::by_id(batch.schema_ref().fields());
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (position, origin) in self.columns.iter().enumerate() {
            let column = &self.next.columns()[position];
            let ty = self.schema.field(position).data_type();
            let array = match origin {
                ColumnOrigin::Initial(value) => {
                    let indices = UInt32Array::from_value(0, batch.num_rows());
                    take(value, &indices, None).map_err(ValueError::from)
                }
                ColumnOrigin::Earlier {
                    position: earlier,
                    ty: from,
                    conversion,
                } => match fields.find(&self.from, *earlier)? {
                    Some(index) => to_column_form(batch.column(index), from)
                        .and_then(|array| conversion.apply(&array, ty)),
                    None if self.from.columns()[*earlier].nullable => {
                        Ok(new_null_array(ty, batch.num_rows()))
                    }
                    None => {
                        let missing = &self.from.columns()[*earlier];
                        return Err(RowError::MissingColumn {
                            table: self.from.name().clone(),
                            column: missing.name.to_string(),
                            id: missing.id,
                        });
                    }
                },
            };
            let array = array
                .and_then(|array| validate(&*array, column).map(|()| array))
                .map_err(|source| value_error(&self.next, position, source))?;
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options).map_err(
            |source| RowError::Batch {
                table: self.next.name().clone(),
                source,
            },
        )
    }
}

/// Converts one batch that was written under version `from_version` to `next`, the current version.
/// `history` contains the earlier versions. To convert several batches, prepare a [`Migration`].
///
/// # Errors
/// The errors of [`Migration::try_new`] and [`Migration::apply`].
pub fn migrate(
    batch: &RecordBatch,
    history: &[impl Borrow<TableDefinition>],
    from_version: u32,
    next: &TableDefinition,
) -> Result<RecordBatch, RowError> {
    Migration::try_new(history, from_version, next)?.apply(batch)
}
