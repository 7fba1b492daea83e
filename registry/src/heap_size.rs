// SPDX-License-Identifier: Apache-2.0

//! The heap memory of definitions and schemas, computed from their contents.
//!
//! `tests/memory` compares the results with the bytes that the allocator counts.

use std::mem::{size_of, size_of_val};

use arrow_schema::{DataType, Field, Fields, Schema};
use kalamtable_model::{
    Column, ColumnDefault, ColumnType, Literal, NestedField, Shared, TableDefinition,
};

/// The strong and weak counts in the allocation of an `Arc`.
pub(crate) const ARC_BYTES: usize = 2 * size_of::<usize>();

/// The size of an allocation of `bytes` bytes, rounded up as common allocators do.
pub(crate) fn allocation(bytes: usize) -> usize {
    bytes.next_multiple_of(16)
}

/// The heap memory of a definition, without its columns and without its interned strings: the
/// namespace and the name of the row type.
pub(crate) fn definition(definition: &TableDefinition) -> usize {
    let texts = [&*definition.name().table]
        .into_iter()
        .chain(definition.comment());
    let reserved = definition.reserved();
    texts.map(arc_text).sum::<usize>()
        + shared(&reserved.ids)
        + shared(&reserved.names)
        + reserved
            .names
            .iter()
            .map(|name| arc_text(name))
            .sum::<usize>()
}

/// The heap memory of the columns and keys of a definition.
pub(crate) fn columns(definition: &TableDefinition) -> usize {
    let keys = definition.unique_keys();
    let columns = definition.columns();
    arc(size_of_val(columns))
        + columns.iter().map(column).sum::<usize>()
        + arc(size_of_val(definition.key_columns()))
        + arc(size_of_val(keys))
        + keys
            .iter()
            .map(|key| arc(size_of_val(&**key)))
            .sum::<usize>()
}

fn column(column: &Column) -> usize {
    let texts = column.comment.iter().chain(&column.rust);
    let default = match &column.default {
        Some(ColumnDefault::Literal(Literal::Text(text))) => arc_text(text),
        Some(ColumnDefault::Literal(Literal::Bytes(bytes))) => arc(bytes.len()),
        _ => 0,
    };
    arc_text(&column.name)
        + texts.map(|text| arc_text(text)).sum::<usize>()
        + default
        + column_type(&column.ty)
}

fn column_type(ty: &ColumnType) -> usize {
    let fields = |fields: &[NestedField]| -> usize {
        fields
            .iter()
            .map(|field| arc_text(&field.name) + column_type(&field.ty))
            .sum()
    };
    match ty {
        ColumnType::Timestamp {
            zone: Some(text), ..
        }
        | ColumnType::Arrow(text) => arc_text(text),
        ColumnType::Enum(labels) => {
            arc(size_of_val(&**labels)) + labels.iter().map(|label| arc_text(label)).sum::<usize>()
        }
        ColumnType::List(element) => {
            arc(size_of_val(&**element)) + fields(std::slice::from_ref(element))
        }
        ColumnType::Struct(nested) => arc(size_of_val(&**nested)) + fields(nested),
        ColumnType::Map(map) => {
            arc(size_of_val(&**map)) + fields(&[map.key.clone(), map.value.clone()])
        }
        _ => 0,
    }
}

/// The heap memory of an `Arc<Schema>`, without its fields.
pub(crate) fn schema(schema: &Schema) -> usize {
    arc(size_of::<Schema>()) + field_list(schema.fields())
}

fn field_list(fields: &Fields) -> usize {
    arc(size_of_val(&**fields))
}

/// The heap memory of the fields, without their list.
pub(crate) fn fields(fields: &Fields) -> usize {
    fields.iter().map(|nested| field(nested)).sum()
}

/// The heap memory of an `Arc<Field>`.
fn field(field: &Field) -> usize {
    let metadata = field.metadata();
    let texts: usize = metadata
        .iter()
        .map(|(key, value)| allocation(key.capacity()) + allocation(value.capacity()))
        .sum();
    let buckets = match metadata.capacity() {
        0 => 0,
        capacity => {
            // The standard library's hash map uses at most seven eighths of its buckets, and has a
            // control byte per bucket.
            let buckets = (capacity * 8).div_ceil(7).next_power_of_two();
            allocation(buckets * (size_of::<(String, String)>() + 1) + 16)
        }
    };
    arc(size_of::<Field>())
        + allocation(field.name().len())
        + data_type(field.data_type())
        + buckets
        + texts
}

fn data_type(ty: &DataType) -> usize {
    match ty {
        DataType::Timestamp(_, Some(zone)) => arc_text(zone),
        DataType::List(nested)
        | DataType::LargeList(nested)
        | DataType::ListView(nested)
        | DataType::LargeListView(nested)
        | DataType::FixedSizeList(nested, _)
        | DataType::Map(nested, _) => field(nested),
        DataType::Struct(nested) => field_list(nested) + fields(nested),
        DataType::Union(fields, _) => {
            let nested = fields
                .iter()
                .map(|(_, nested)| field(nested) + size_of::<(i8, Field)>());
            nested.sum()
        }
        DataType::Dictionary(key, value) => {
            2 * allocation(size_of::<DataType>()) + data_type(key) + data_type(value)
        }
        DataType::RunEndEncoded(ends, values) => field(ends) + field(values),
        _ => 0,
    }
}

fn shared<T>(values: &Shared<[T]>) -> usize {
    match values {
        Shared::Static(_) => 0,
        Shared::Counted(values) => arc(size_of_val(&**values)),
    }
}

fn arc_text(text: &str) -> usize {
    arc(text.len())
}

/// The size of the allocation of an `Arc` with `bytes` bytes of content. An empty slice is
/// allocated too.
fn arc(bytes: usize) -> usize {
    allocation(ARC_BYTES + bytes)
}
