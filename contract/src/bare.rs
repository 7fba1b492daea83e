// SPDX-License-Identifier: Apache-2.0

//! Removes the metadata of fields, at any depth.
//!
//! DataFusion 55 treats types whose fields differ in metadata as different types, and some queries
//! fail. A reference table with the metadata of the provider would fail in the same way, and the
//! comparison would hide the fault.

use std::sync::Arc;

use arrow::array::{ArrayData, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

/// Returns the schema without metadata.
pub(crate) fn bare_schema(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new(bare_fields(schema.fields())))
}

/// Returns the rows with `schema`, which is the schema of the batch without metadata.
///
/// # Errors
/// Fails if the batch has other columns than `schema`.
pub(crate) fn bare_batch(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(bare_array);
    let columns = columns.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// Returns the array without metadata in its type.
pub(crate) fn bare_array(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if *array.data_type() == bare_type(array.data_type()) {
        return Ok(Arc::clone(array));
    }
    Ok(make_array(bare_data(array.to_data())?))
}

fn bare_data(data: ArrayData) -> Result<ArrayData, ArrowError> {
    let children = data.child_data().iter().cloned().map(bare_data);
    let children = children.collect::<Result<Vec<ArrayData>, ArrowError>>()?;
    let ty = bare_type(data.data_type());
    data.into_builder()
        .data_type(ty)
        .child_data(children)
        .build()
}

/// Returns the type without the metadata of its fields.
pub(crate) fn bare_type(ty: &DataType) -> DataType {
    match ty {
        DataType::List(item) => DataType::List(bare_field(item)),
        DataType::LargeList(item) => DataType::LargeList(bare_field(item)),
        DataType::ListView(item) => DataType::ListView(bare_field(item)),
        DataType::LargeListView(item) => DataType::LargeListView(bare_field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(bare_field(item), *length),
        DataType::Struct(fields) => DataType::Struct(bare_fields(fields)),
        DataType::Map(entries, sorted) => DataType::Map(bare_field(entries), *sorted),
        DataType::Dictionary(keys, values) => {
            DataType::Dictionary(keys.clone(), Box::new(bare_type(values)))
        }
        DataType::RunEndEncoded(ends, values) => {
            DataType::RunEndEncoded(bare_field(ends), bare_field(values))
        }
        ty => ty.clone(),
    }
}

fn bare_field(field: &FieldRef) -> FieldRef {
    let ty = bare_type(field.data_type());
    let bare = field.as_ref().clone().with_data_type(ty);
    Arc::new(bare.with_metadata(Default::default()))
}

fn bare_fields(fields: &Fields) -> Fields {
    fields.iter().map(bare_field).collect()
}
