// SPDX-License-Identifier: Apache-2.0

//! How many bytes of memory things take, by arithmetic: asking the allocator is slow, and is left to a
//! test.

use std::mem::{size_of, size_of_val};

use arrow_schema::{DataType, Field, Fields, Schema};
use kalamtable_model::{Column, ColumnDefault, ColumnType, Literal, NestedField, TableDefinition};

/// The two counts before what an `Arc` holds.
pub(crate) const ARC_BYTES: usize = 2 * size_of::<usize>();

/// What an allocation of so many bytes takes, with what allocators add and round.
pub(crate) fn allocation(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        bytes => bytes.next_multiple_of(16),
    }
}

/// What a definition holds besides itself, without its columns and without what is interned: its namespace
/// and the name of its row type.
pub(crate) fn definition(definition: &TableDefinition) -> usize {
    let texts = [&*definition.name().table]
        .into_iter()
        .chain(definition.comment());
    let reserved = definition.reserved();
    texts.map(arc_text).sum::<usize>()
        + arc(size_of_val(&*reserved.ids))
        + arc(size_of_val(&*reserved.names))
        + reserved
            .names
            .iter()
            .map(|name| arc_text(name))
            .sum::<usize>()
}

/// What a list of columns takes that is shared by reference, and the keys over it.
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

/// What an Arrow schema takes that is shared by reference, without its fields.
pub(crate) fn schema(schema: &Schema) -> usize {
    arc(size_of::<Schema>()) + field_list(schema.fields())
}

fn field_list(fields: &Fields) -> usize {
    arc(size_of_val(&**fields))
}

/// What an Arrow field takes that is shared by reference.
pub(crate) fn field(field: &Field) -> usize {
    let metadata = field.metadata();
    let texts: usize = metadata
        .iter()
        .map(|(key, value)| allocation(key.capacity()) + allocation(value.capacity()))
        .sum();
    let buckets = match metadata.capacity() {
        0 => 0,
        capacity => {
            // Seven eighths of the buckets can be used, and each has a byte of its own.
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
        DataType::Struct(fields) => {
            field_list(fields) + fields.iter().map(|nested| field(nested)).sum::<usize>()
        }
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

fn arc_text(text: &str) -> usize {
    arc(text.len())
}

/// An allocation behind an `Arc`; of an empty slice too.
fn arc(bytes: usize) -> usize {
    allocation(ARC_BYTES + bytes)
}
