// SPDX-License-Identifier: Apache-2.0

//! Declared types with every field nullable.
//!
//! Parquet files are read with these types. Otherwise the reader would fail at a null that the
//! definition does not allow, without naming its row. The check of the values finds such a null and
//! names the row.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};

/// Returns `schema` with every field nullable.
pub(crate) fn nullable_schema(schema: &Schema) -> Schema {
    let fields: Fields = schema.fields().iter().map(nullable_field).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

fn nullable_field(field: &FieldRef) -> FieldRef {
    let ty = nullable_type(field.data_type());
    Arc::new(Field::clone(field).with_data_type(ty).with_nullable(true))
}

/// Returns `ty` with every field and element nullable.
pub(crate) fn nullable_type(ty: &DataType) -> DataType {
    match ty {
        DataType::List(item) => DataType::List(nullable_field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(nullable_field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(nullable_field).collect()),
        DataType::Map(entries, sorted) => {
            // Arrow allows null neither for an entry nor for its key.
            let DataType::Struct(fields) = entries.data_type() else {
                return ty.clone();
            };
            // The key is the first field, whatever its name is.
            let fields: Fields = fields
                .iter()
                .enumerate()
                .map(|(position, field)| {
                    let inner = nullable_field(field);
                    Arc::new(Field::clone(&inner).with_nullable(position > 0))
                })
                .collect();
            let entries = Field::clone(entries).with_data_type(DataType::Struct(fields));
            DataType::Map(Arc::new(entries), *sorted)
        }
        ty => ty.clone(),
    }
}
