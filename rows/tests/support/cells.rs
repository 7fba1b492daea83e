// SPDX-License-Identifier: Apache-2.0

//! Random types and values, and the oracle for values of changed types.
//!
//! The oracle compares values and not arrays. It reads and writes arrays cell by cell, and knows
//! nothing about promotions: two values are equal if they are the same number, the same instant or
//! the same text.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, ListArray, MapArray, StringArray, StructArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use kalamtable_model::{ColumnType, MapFields, NestedField, Shared, TimeUnit};

/// A generator of pseudorandom numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Types without nested fields. Many pairs of them have a promotion.
pub(crate) fn primitives() -> Vec<ColumnType> {
    use ColumnType::{
        BigInt, Boolean, Bytes, Date, DateTime, Decimal, Double, Enum, FixedBytes, Float, Int,
        Json, SmallInt, Text, Timestamp, TinyInt, UBigInt, UInt, USmallInt, UTinyInt, Uuid,
    };
    let decimal = |precision, scale| Decimal { precision, scale };
    let timestamp = |unit| Timestamp { unit, zone: None };
    let labels = |labels: &[&str]| {
        let labels: Vec<Shared<str>> = labels.iter().map(|label| Shared::from(*label)).collect();
        Enum(Shared::from(labels))
    };
    vec![
        Boolean,
        TinyInt,
        SmallInt,
        Int,
        BigInt,
        UTinyInt,
        USmallInt,
        UInt,
        UBigInt,
        Float,
        Double,
        decimal(5, 2),
        decimal(7, 3),
        decimal(10, 0),
        decimal(12, 2),
        decimal(20, 0),
        decimal(22, 3),
        decimal(38, 18),
        Text,
        Json,
        Bytes,
        FixedBytes(15),
        FixedBytes(16),
        Uuid,
        Date,
        DateTime,
        timestamp(TimeUnit::Second),
        timestamp(TimeUnit::Millisecond),
        timestamp(TimeUnit::Microsecond),
        timestamp(TimeUnit::Nanosecond),
        Timestamp {
            unit: TimeUnit::Microsecond,
            zone: Some(Shared::from("UTC")),
        },
        labels(&["a"]),
        labels(&["a", "b"]),
        labels(&["b", "a"]),
    ]
}

/// Generates types, whose nested ids are unique.
pub(crate) struct Types {
    pub(crate) random: Random,
    pub(crate) next_id: i32,
}

impl Types {
    pub(crate) fn field(&mut self, name: &str, depth: usize) -> NestedField {
        self.next_id += 1;
        NestedField {
            id: self.next_id,
            name: Shared::from(name),
            nullable: self.random.one_in(2),
            ty: self.any(depth),
        }
    }

    pub(crate) fn any(&mut self, depth: usize) -> ColumnType {
        match self.random.below(if depth == 0 { 1 } else { 6 }) {
            3 => ColumnType::List(Shared::from(self.field("item", depth - 1))),
            4 => {
                let key = NestedField {
                    ty: self
                        .random
                        .pick(&[ColumnType::Int, ColumnType::Text])
                        .clone(),
                    nullable: false,
                    ..self.field("key", 0)
                };
                let value = self.field("value", depth - 1);
                ColumnType::Map(Shared::from(MapFields { key, value }))
            }
            5 => {
                let count = 1 + self.random.below(3);
                let fields: Vec<NestedField> = (0..count)
                    .map(|number| self.field(&format!("f{number}"), depth - 1))
                    .collect();
                ColumnType::Struct(Shared::from(fields))
            }
            _ => self.random.pick(&primitives()).clone(),
        }
    }

    /// Returns a type that `ty` may change to. Most of the changes are allowed.
    pub(crate) fn changed(&mut self, ty: &ColumnType) -> ColumnType {
        if self.random.one_in(25) {
            return self.any(1);
        }
        match ty {
            ColumnType::List(item) => ColumnType::List(Shared::from(self.changed_field(item))),
            ColumnType::Map(fields) => {
                let mut key = fields.key.clone();
                if self.random.one_in(12) {
                    key.ty = ColumnType::BigInt;
                }
                let value = self.changed_field(&fields.value);
                ColumnType::Map(Shared::from(MapFields { key, value }))
            }
            ColumnType::Struct(fields) => {
                let mut changed: Vec<NestedField> = fields
                    .iter()
                    .map(|field| self.changed_field(field))
                    .collect();
                match self.random.below(12) {
                    0 if changed.len() > 1 => drop(changed.remove(0)),
                    1 => changed.rotate_left(1),
                    2..6 => {
                        let field = self.field("added", 1);
                        changed.push(NestedField {
                            name: Shared::from(format!("added_{}", field.id)),
                            nullable: field.nullable || self.random.below(4) > 0,
                            ..field
                        });
                    }
                    _ => {}
                }
                ColumnType::Struct(Shared::from(changed))
            }
            ty => {
                // Half of the changes are changes to a type that the documentation lists.
                let types = primitives();
                let listed: Vec<&ColumnType> =
                    types.iter().filter(|to| is_listed(ty, to)).collect();
                match self.random.below(8) {
                    0 => self.random.pick(&types).clone(),
                    1..5 if !listed.is_empty() => (*self.random.pick(&listed)).clone(),
                    _ => ty.clone(),
                }
            }
        }
    }

    pub(crate) fn changed_field(&mut self, field: &NestedField) -> NestedField {
        let mut changed = field.clone();
        changed.ty = self.changed(&field.ty);
        if self.random.one_in(20) {
            self.next_id += 1;
            changed.id = self.next_id;
        }
        match self.random.below(20) {
            0 => changed.nullable = false,
            1..4 => changed.nullable = true,
            4..7 if field.name.starts_with('f') => {
                changed.name = Shared::from(format!("renamed_{}", field.id));
            }
            _ => {}
        }
        changed
    }
}

/// Returns whether the documentation of the evolution rules lists a change between two different
/// types without nested fields. It lists all changes between [`primitives`].
pub(crate) fn is_listed(from: &ColumnType, to: &ColumnType) -> bool {
    const DECIMALS_OF_10: &str =
        "decimal(10,0) decimal(12,2) decimal(20,0) decimal(22,3) decimal(38,18)";
    let targets: &[&str] = match &*from.to_string().replace(", ", ",") {
        "tinyint" => &["smallint int bigint double", DECIMALS_OF_10],
        "smallint" => &["int bigint double", DECIMALS_OF_10],
        "int" => &["bigint double", DECIMALS_OF_10],
        "bigint" => &["decimal(20,0) decimal(38,18)"],
        "utinyint" => &[
            "usmallint uint ubigint smallint int bigint double",
            DECIMALS_OF_10,
        ],
        "usmallint" => &["uint ubigint int bigint double", DECIMALS_OF_10],
        "uint" => &["ubigint bigint decimal(20,0) decimal(38,18)"],
        "float" => &["double"],
        "decimal(5,2)" => &["decimal(7,3) decimal(12,2) decimal(22,3) decimal(38,18)"],
        "decimal(7,3)" => &["decimal(22,3) decimal(38,18)"],
        "decimal(10,0)" => &["decimal(12,2) decimal(20,0) decimal(22,3) decimal(38,18)"],
        "decimal(12,2)" => &["decimal(22,3) decimal(38,18)"],
        "decimal(20,0)" | "decimal(22,3)" => &["decimal(38,18)"],
        "bytes(16)" => &["uuid"],
        "date" => &["timestamp(s) timestamp(ms) timestamp"],
        "enum('a')" => &["enum('a','b')"],
        _ => &[],
    };
    let to = to.to_string().replace(", ", ",");
    targets
        .iter()
        .any(|targets| targets.split(' ').any(|target| target == to))
}

/// A value, independent of the type that represents it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Boolean(bool),
    /// A number as a fraction of a power of ten.
    Number {
        unscaled: i128,
        scale: u8,
    },
    /// The bits of a double.
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
    /// Nanoseconds since 1970-01-01.
    Instant(i128),
    List(Vec<Cell>),
    /// Fields by their ids, in ascending order. A null is omitted.
    Struct(Vec<(i32, Cell)>),
    Map(Vec<(Cell, Cell)>),
}

/// Returns a whole number or decimal. Equal numbers are equal cells.
pub(crate) fn number(mut unscaled: i128, mut scale: u8) -> Cell {
    while scale > 0 && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    Cell::Number { unscaled, scale }
}

pub(crate) const DAY: i128 = 86_400_000_000_000;

/// Returns a random value of type `ty`. Extreme values are frequent.
pub(crate) fn random_cell(random: &mut Random, ty: &ColumnType) -> Cell {
    let between = |random: &mut Random, least: i128, greatest: i128| match random.below(4) {
        0 => least,
        1 => greatest,
        2 => random.below(100) as i128,
        _ => i128::from(random.next()).rem_euclid(greatest / 2 - least / 2) + least / 2,
    };
    let nullable = |random: &mut Random, field: &NestedField| {
        if field.nullable && random.one_in(3) {
            Cell::Null
        } else {
            random_cell(random, &field.ty)
        }
    };
    match ty {
        ColumnType::Boolean => Cell::Boolean(random.one_in(2)),
        ColumnType::Float => {
            let value = *random.pick(&[0.1_f32, -0.0, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY]);
            Cell::Float(f64::from(value).to_bits())
        }
        ColumnType::Double => Cell::Float(random.pick(&[0.1_f64, -0.0, f64::MAX, 3.0]).to_bits()),
        ColumnType::Decimal { precision, scale } => {
            let greatest = 10_i128.pow(u32::from(*precision)) - 1;
            number(between(random, -greatest, greatest), *scale)
        }
        ColumnType::Text => Cell::Text(format!("text {}", random.below(9))),
        ColumnType::Json => Cell::Text(format!("[{}]", random.below(9))),
        ColumnType::Enum(labels) => Cell::Text(random.pick(labels).to_string()),
        ColumnType::Bytes => Cell::Bytes(vec![7; random.below(4)]),
        ColumnType::FixedBytes(length) => {
            Cell::Bytes(vec![random.below(256) as u8; *length as usize])
        }
        ColumnType::Uuid => Cell::Bytes(vec![random.below(256) as u8; 16]),
        ColumnType::Date => Cell::Instant(between(random, -96_465_292, 95_026_236) * DAY),
        ColumnType::Timestamp { .. } | ColumnType::DateTime => {
            let unit = ty.time_unit().unwrap();
            let nanoseconds = 1_000_000_000 / i128::from(unit.per_second());
            Cell::Instant(i128::from(random.next() as i64 / 2) * nanoseconds)
        }
        ColumnType::List(item) => {
            let count = random.below(3);
            Cell::List((0..count).map(|_| nullable(random, item)).collect())
        }
        ColumnType::Struct(fields) => {
            let fields = fields
                .iter()
                .map(|field| (field.id, nullable(random, field)));
            structure(fields.collect())
        }
        ColumnType::Map(fields) => {
            // One entry, so that keys are unique.
            let count = random.below(2);
            let entries = (0..count).map(|_| {
                let key = random_cell(random, &fields.key.ty);
                (key, nullable(random, &fields.value))
            });
            Cell::Map(entries.collect())
        }
        integer => {
            let (least, greatest) = integer.integer_range().unwrap();
            number(between(random, least, greatest), 0)
        }
    }
}

pub(crate) fn structure(mut fields: Vec<(i32, Cell)>) -> Cell {
    fields.retain(|(_, cell)| *cell != Cell::Null);
    fields.sort_by_key(|(id, _)| *id);
    Cell::Struct(fields)
}

/// Returns the integer that represents each cell in a type with `scale` digits after the point.
pub(crate) fn integers<T: TryFrom<i128>>(cells: &[Cell], scale: u8) -> Vec<Option<T>> {
    let integers = cells.iter().map(|cell| match cell {
        Cell::Number {
            unscaled,
            scale: digits,
        } => {
            let integer = unscaled * 10_i128.pow(u32::from(scale - digits));
            Some(T::try_from(integer).ok().unwrap())
        }
        _ => None,
    });
    integers.collect()
}

pub(crate) fn instants<T: TryFrom<i128>>(cells: &[Cell], nanoseconds: i128) -> Vec<Option<T>> {
    let instants = cells.iter().map(|cell| match cell {
        Cell::Instant(instant) => Some(T::try_from(instant / nanoseconds).ok().unwrap()),
        _ => None,
    });
    instants.collect()
}

pub(crate) fn texts(cells: &[Cell]) -> Vec<Option<&str>> {
    let texts = cells.iter().map(|cell| match cell {
        Cell::Text(text) => Some(&**text),
        _ => None,
    });
    texts.collect()
}

pub(crate) fn floats(cells: &[Cell]) -> Vec<Option<f64>> {
    let floats = cells.iter().map(|cell| match cell {
        Cell::Float(bits) => Some(f64::from_bits(*bits)),
        _ => None,
    });
    floats.collect()
}

pub(crate) fn bytes(cells: &[Cell]) -> Vec<Option<&[u8]>> {
    let bytes = cells.iter().map(|cell| match cell {
        Cell::Bytes(bytes) => Some(&**bytes),
        _ => None,
    });
    bytes.collect()
}

/// Writes cells as an array with the type of `ty` in the table schema.
pub(crate) fn write(ty: &ColumnType, cells: &[Cell]) -> ArrayRef {
    let validity = || NullBuffer::from_iter(cells.iter().map(|cell| *cell != Cell::Null));
    match (ty, ty.arrow_type()) {
        (ColumnType::Boolean, _) => {
            Arc::new(BooleanArray::from_iter(cells.iter().map(
                |cell| match cell {
                    Cell::Boolean(value) => Some(*value),
                    _ => None,
                },
            )))
        }
        (ColumnType::TinyInt, _) => Arc::new(Int8Array::from(integers::<i8>(cells, 0))),
        (ColumnType::SmallInt, _) => Arc::new(Int16Array::from(integers::<i16>(cells, 0))),
        (ColumnType::Int, _) => Arc::new(Int32Array::from(integers::<i32>(cells, 0))),
        (ColumnType::BigInt, _) => Arc::new(Int64Array::from(integers::<i64>(cells, 0))),
        (ColumnType::UTinyInt, _) => Arc::new(UInt8Array::from(integers::<u8>(cells, 0))),
        (ColumnType::USmallInt, _) => Arc::new(UInt16Array::from(integers::<u16>(cells, 0))),
        (ColumnType::UInt, _) => Arc::new(UInt32Array::from(integers::<u32>(cells, 0))),
        (ColumnType::UBigInt, _) => Arc::new(UInt64Array::from(integers::<u64>(cells, 0))),
        (ColumnType::Float, _) => {
            let floats = floats(cells).into_iter();
            let floats = floats.map(|value| value.map(|value| value as f32));
            Arc::new(Float32Array::from_iter(floats))
        }
        (ColumnType::Double, _) => Arc::new(Float64Array::from(floats(cells))),
        (ColumnType::Decimal { precision, scale }, _) => Arc::new(
            Decimal128Array::from(integers::<i128>(cells, *scale))
                .with_precision_and_scale(*precision, *scale as i8)
                .unwrap(),
        ),
        (_, DataType::Utf8) => Arc::new(StringArray::from(texts(cells))),
        (_, DataType::Binary) => Arc::new(BinaryArray::from(bytes(cells))),
        (_, DataType::FixedSizeBinary(length)) => Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes(cells).into_iter(), length)
                .unwrap(),
        ),
        (ColumnType::Date, _) => Arc::new(Date32Array::from(instants::<i32>(cells, DAY))),
        (_, DataType::Timestamp(unit, zone)) => {
            use arrow::datatypes::TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
            match unit {
                Second => Arc::new(
                    TimestampSecondArray::from(instants::<i64>(cells, 1_000_000_000))
                        .with_timezone_opt(zone),
                ),
                Millisecond => Arc::new(
                    TimestampMillisecondArray::from(instants::<i64>(cells, 1_000_000))
                        .with_timezone_opt(zone),
                ),
                Microsecond => Arc::new(
                    TimestampMicrosecondArray::from(instants::<i64>(cells, 1000))
                        .with_timezone_opt(zone),
                ),
                Nanosecond => Arc::new(
                    TimestampNanosecondArray::from(instants::<i64>(cells, 1))
                        .with_timezone_opt(zone),
                ),
            }
        }
        (ColumnType::List(item), DataType::List(field)) => {
            let lists = cells.iter().map(|cell| match cell {
                Cell::List(items) => items.clone(),
                _ => Vec::new(),
            });
            let lists: Vec<Vec<Cell>> = lists.collect();
            let offsets = OffsetBuffer::from_lengths(lists.iter().map(Vec::len));
            let items = write(&item.ty, &lists.concat());
            Arc::new(ListArray::new(field, offsets, items, Some(validity())))
        }
        (ColumnType::Map(fields), DataType::Map(entries, _)) => {
            let maps = cells.iter().map(|cell| match cell {
                Cell::Map(entries) => entries.clone(),
                _ => Vec::new(),
            });
            let maps: Vec<Vec<(Cell, Cell)>> = maps.collect();
            let offsets = OffsetBuffer::from_lengths(maps.iter().map(Vec::len));
            let (keys, values): (Vec<Cell>, Vec<Cell>) = maps.concat().into_iter().unzip();
            let columns = vec![
                write(&fields.key.ty, &keys),
                write(&fields.value.ty, &values),
            ];
            let DataType::Struct(arrow) = entries.data_type() else {
                unreachable!("the entries of a map are structs");
            };
            let pairs = StructArray::new(arrow.clone(), columns, None);
            Arc::new(MapArray::new(
                entries,
                offsets,
                pairs,
                Some(validity()),
                false,
            ))
        }
        (ColumnType::Struct(fields), DataType::Struct(arrow)) => {
            let columns = fields.iter().map(|field| {
                let cells = cells.iter().map(|cell| match cell {
                    Cell::Struct(fields) => {
                        let found = fields.iter().find(|(id, _)| *id == field.id);
                        found.map_or(Cell::Null, |(_, cell)| cell.clone())
                    }
                    _ => Cell::Null,
                });
                write(&field.ty, &cells.collect::<Vec<_>>())
            });
            Arc::new(StructArray::new(arrow, columns.collect(), Some(validity())))
        }
        (ty, _) => unreachable!("{ty} is not generated"),
    }
}

/// Reads a cell of an array with the type of `ty` in the table schema.
pub(crate) fn read(ty: &ColumnType, array: &dyn Array, row: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Null;
    }
    let seconds = |value: i64, per_second: i128| {
        Cell::Instant(i128::from(value) * (1_000_000_000 / per_second))
    };
    match ty {
        ColumnType::Boolean => Cell::Boolean(array.as_boolean().value(row)),
        ColumnType::TinyInt => number(array.as_primitive::<Int8Type>().value(row).into(), 0),
        ColumnType::SmallInt => number(array.as_primitive::<Int16Type>().value(row).into(), 0),
        ColumnType::Int => number(array.as_primitive::<Int32Type>().value(row).into(), 0),
        ColumnType::BigInt => number(array.as_primitive::<Int64Type>().value(row).into(), 0),
        ColumnType::UTinyInt => number(array.as_primitive::<UInt8Type>().value(row).into(), 0),
        ColumnType::USmallInt => number(array.as_primitive::<UInt16Type>().value(row).into(), 0),
        ColumnType::UInt => number(array.as_primitive::<UInt32Type>().value(row).into(), 0),
        ColumnType::UBigInt => number(array.as_primitive::<UInt64Type>().value(row).into(), 0),
        ColumnType::Float => {
            let value = array.as_primitive::<Float32Type>().value(row);
            Cell::Float(f64::from(value).to_bits())
        }
        ColumnType::Double => Cell::Float(array.as_primitive::<Float64Type>().value(row).to_bits()),
        ColumnType::Decimal { scale, .. } => {
            number(array.as_primitive::<Decimal128Type>().value(row), *scale)
        }
        ColumnType::Text | ColumnType::Json | ColumnType::Enum(_) => {
            Cell::Text(array.as_string::<i32>().value(row).to_string())
        }
        ColumnType::Bytes => Cell::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        ColumnType::FixedBytes(_) | ColumnType::Uuid => {
            Cell::Bytes(array.as_fixed_size_binary().value(row).to_vec())
        }
        ColumnType::Date => {
            Cell::Instant(i128::from(array.as_primitive::<Date32Type>().value(row)) * DAY)
        }
        ColumnType::Timestamp { .. } | ColumnType::DateTime => match ty.time_unit() {
            Some(TimeUnit::Second) => {
                seconds(array.as_primitive::<TimestampSecondType>().value(row), 1)
            }
            Some(TimeUnit::Millisecond) => seconds(
                array.as_primitive::<TimestampMillisecondType>().value(row),
                1000,
            ),
            Some(TimeUnit::Microsecond) => seconds(
                array.as_primitive::<TimestampMicrosecondType>().value(row),
                1_000_000,
            ),
            _ => seconds(
                array.as_primitive::<TimestampNanosecondType>().value(row),
                1_000_000_000,
            ),
        },
        ColumnType::List(item) => {
            let items = array.as_list::<i32>().value(row);
            Cell::List(
                (0..items.len())
                    .map(|index| read(&item.ty, &items, index))
                    .collect(),
            )
        }
        ColumnType::Map(fields) => {
            let entries = array.as_map().value(row);
            let entry = |index| {
                let key = read(&fields.key.ty, entries.column(0), index);
                (key, read(&fields.value.ty, entries.column(1), index))
            };
            Cell::Map((0..entries.len()).map(entry).collect())
        }
        ColumnType::Struct(fields) => {
            let structs = array.as_struct();
            let fields = fields.iter().zip(structs.columns());
            let fields = fields.map(|(field, column)| (field.id, read(&field.ty, column, row)));
            structure(fields.collect())
        }
        ty => unreachable!("{ty} is not generated"),
    }
}

/// Returns a value with the numbers of type `from` as numbers of type `to`: a whole number and a
/// float can be the same number.
pub(crate) fn as_number_of(cell: &Cell, to: &ColumnType) -> Cell {
    match (cell, to) {
        (Cell::Number { unscaled, scale: 0 }, ColumnType::Double) => {
            let float = *unscaled as f64;
            assert_eq!(float as i128, *unscaled, "the number has no exact double");
            Cell::Float(float.to_bits())
        }
        (Cell::List(items), ColumnType::List(item)) => Cell::List(
            items
                .iter()
                .map(|cell| as_number_of(cell, &item.ty))
                .collect(),
        ),
        (Cell::Map(entries), ColumnType::Map(fields)) => {
            let entries = entries.iter();
            let entries =
                entries.map(|(key, value)| (key.clone(), as_number_of(value, &fields.value.ty)));
            Cell::Map(entries.collect())
        }
        (Cell::Struct(cells), ColumnType::Struct(fields)) => {
            let cells = cells.iter().map(|(id, cell)| {
                let field = fields.iter().find(|field| field.id == *id).unwrap();
                (*id, as_number_of(cell, &field.ty))
            });
            Cell::Struct(cells.collect())
        }
        _ => cell.clone(),
    }
}
