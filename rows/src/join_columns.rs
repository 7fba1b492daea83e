// SPDX-License-Identifier: Apache-2.0

//! [`join_columns`]: joins the columns of a table with flattened fields into one constant.

use std::mem;

use kalamtable_model::{
    Column, ColumnDefault, ColumnType, Literal, MapFields, NestedField, Shared,
};

/// Returns the columns of `runs`, one run after the other.
///
/// # Panics
/// If the runs do not have `N` columns together, or if a column has a reference-counted part, which
/// a constant cannot have.
pub const fn join_columns<const N: usize>(runs: &[&[Column]]) -> [Column; N] {
    const NONE: Column = Column {
        id: 0,
        name: Shared::Static(""),
        source: None,
        ty: ColumnType::Boolean,
        nullable: false,
        default: None,
        unit: None,
        rust: None,
        deprecated: None,
        comment: None,
    };
    let mut joined = [NONE; N];
    let (mut run, mut count) = (0, 0);
    while run < runs.len() {
        let mut at = 0;
        while at < runs[run].len() {
            // A constant function cannot drop the replaced column.
            mem::forget(mem::replace(&mut joined[count], column(&runs[run][at])));
            count += 1;
            at += 1;
        }
        run += 1;
    }
    assert!(count == N, "the runs have another number of columns");
    joined
}

/// Returns the largest of `numbers`, or 0 if the slice is empty.
pub const fn largest(numbers: &[i32]) -> i32 {
    let (mut largest, mut at) = (0, 0);
    while at < numbers.len() {
        if numbers[at] > largest {
            largest = numbers[at];
        }
        at += 1;
    }
    largest
}

// `Clone` is not a constant function, so each part is copied by hand.

const fn column(column: &Column) -> Column {
    Column {
        id: column.id,
        name: shared(&column.name),
        source: optional(&column.source),
        ty: column_type(&column.ty),
        nullable: column.nullable,
        default: match &column.default {
            Some(ColumnDefault::Literal(value)) => Some(ColumnDefault::Literal(literal(value))),
            Some(ColumnDefault::Call(function)) => Some(ColumnDefault::Call(*function)),
            None => None,
        },
        unit: column.unit,
        rust: optional(&column.rust),
        deprecated: optional(&column.deprecated),
        comment: optional(&column.comment),
    }
}

const fn literal(value: &Literal) -> Literal {
    match value {
        Literal::Boolean(value) => Literal::Boolean(*value),
        Literal::Integer(value) => Literal::Integer(*value),
        Literal::Float(value) => Literal::Float(*value),
        Literal::Text(value) => Literal::Text(shared(value)),
        Literal::Bytes(value) => Literal::Bytes(shared(value)),
    }
}

const fn column_type(ty: &ColumnType) -> ColumnType {
    match ty {
        ColumnType::Boolean => ColumnType::Boolean,
        ColumnType::TinyInt => ColumnType::TinyInt,
        ColumnType::SmallInt => ColumnType::SmallInt,
        ColumnType::Int => ColumnType::Int,
        ColumnType::BigInt => ColumnType::BigInt,
        ColumnType::UTinyInt => ColumnType::UTinyInt,
        ColumnType::USmallInt => ColumnType::USmallInt,
        ColumnType::UInt => ColumnType::UInt,
        ColumnType::UBigInt => ColumnType::UBigInt,
        ColumnType::Float => ColumnType::Float,
        ColumnType::Double => ColumnType::Double,
        ColumnType::Decimal { precision, scale } => ColumnType::Decimal {
            precision: *precision,
            scale: *scale,
        },
        ColumnType::Text => ColumnType::Text,
        ColumnType::Bytes => ColumnType::Bytes,
        ColumnType::FixedBytes(length) => ColumnType::FixedBytes(*length),
        ColumnType::Date => ColumnType::Date,
        ColumnType::Time => ColumnType::Time,
        ColumnType::Timestamp { unit, zone } => ColumnType::Timestamp {
            unit: *unit,
            zone: optional(zone),
        },
        ColumnType::DateTime => ColumnType::DateTime,
        ColumnType::Interval => ColumnType::Interval,
        ColumnType::Uuid => ColumnType::Uuid,
        ColumnType::Json => ColumnType::Json,
        ColumnType::File => ColumnType::File,
        ColumnType::Embedding(length) => ColumnType::Embedding(*length),
        ColumnType::Enum(labels) => ColumnType::Enum(shared(labels)),
        ColumnType::List(item) => ColumnType::List(shared::<NestedField>(item)),
        ColumnType::Struct(fields) => ColumnType::Struct(shared(fields)),
        ColumnType::Map(fields) => ColumnType::Map(shared::<MapFields>(fields)),
        ColumnType::Arrow(notation) => ColumnType::Arrow(shared(notation)),
        _ => panic!("the column type is not known to this version"),
    }
}

const fn optional(text: &Option<Shared<str>>) -> Option<Shared<str>> {
    match text {
        Some(text) => Some(shared(text)),
        None => None,
    }
}

const fn shared<T: ?Sized>(value: &Shared<T>) -> Shared<T> {
    match value {
        Shared::Static(value) => Shared::Static(value),
        Shared::Counted(_) => panic!("a constant cannot be reference-counted"),
    }
}
