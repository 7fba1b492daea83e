// SPDX-License-Identifier: Apache-2.0

//! Arrays of pseudo-random values of any type, for tests with generated definitions.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, FixedSizeBinaryArray, FixedSizeListArray,
    Float32Array, Float64Array, Int32Array, Int64Array, IntervalMonthDayNanoArray,
    IntervalYearMonthArray, ListArray, MapArray, StringArray, StructArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit};
use kalamtable_model::ColumnType;

/// A deterministic generator of pseudo-random numbers.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count.max(1)
    }

    pub(crate) fn of<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len())]
    }
}

const TEXTS: [&str; 8] = [
    "",
    "a",
    "b",
    "A",
    "a%_",
    "ä",
    "longer than twelve bytes",
    "null",
];

/// The values from which [`array`] chooses.
#[derive(Clone, Copy)]
pub(crate) struct Pools {
    pub(crate) texts: &'static [&'static str],
    pub(crate) floats: &'static [f32],
}

impl Pools {
    /// Returns the values that are valid in a column.
    pub(crate) fn of(ty: &ColumnType) -> Self {
        Pools {
            texts: texts_of(ty),
            floats: &[0.0, 1.5, f32::NAN, -7.25],
        }
    }
}

const JSON: [&str; 5] = ["null", "1", "\"a\"", "{}", "[true, {\"b\": 2}]"];

/// Returns the texts that are valid in a column.
fn texts_of(ty: &ColumnType) -> &'static [&'static str] {
    match ty {
        ColumnType::Enum(_) => &["a", "b"],
        ColumnType::Json => &JSON,
        _ => &TEXTS,
    }
}

/// Returns values of a type, with repetitions, and with nulls if it is nullable. Texts and floats
/// are taken from `pools`. Negative zero is omitted: in DataFusion 55 it equals zero, but is not in
/// a list that contains zero.
pub(crate) fn array(
    ty: &DataType,
    nullable: bool,
    rows: usize,
    pools: Pools,
    random: &mut Random,
) -> ArrayRef {
    let nulls: Option<NullBuffer> = nullable.then(|| {
        (0..rows)
            .map(|_| random.below(4) > 0)
            .collect::<Vec<_>>()
            .into()
    });
    let whole = |random: &mut Random| -> Int64Array {
        (0..rows)
            .map(|_| Some(random.below(9) as i64 - 2))
            .collect()
    };
    let values: ArrayRef = match ty {
        DataType::Boolean => Arc::new(
            (0..rows)
                .map(|_| Some(random.below(2) == 0))
                .collect::<BooleanArray>(),
        ),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            let values: UInt64Array = (0..rows).map(|_| Some(random.below(9) as u64)).collect();
            cast(&values, ty).unwrap()
        }
        DataType::Float32 => Arc::new(
            (0..rows)
                .map(|_| Some(*random.of(pools.floats)))
                .collect::<Float32Array>(),
        ),
        DataType::Float64 => Arc::new(
            (0..rows)
                .map(|_| Some(*random.of(&[0.0, 0.1, f64::MAX, -7.25])))
                .collect::<Float64Array>(),
        ),
        DataType::Decimal128(precision, scale) => {
            let limit = 10_i128.pow((*precision).into());
            let values: Decimal128Array = (0..rows)
                .map(|_| Some((random.below(9_000) as i128 * 1000 - 2_000) % limit))
                .collect();
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => {
            let values: StringArray = (0..rows).map(|_| Some(*random.of(pools.texts))).collect();
            cast(&values, ty).unwrap()
        }
        DataType::FixedSizeBinary(width) => {
            let values = (0..rows).map(|_| vec![random.below(3) as u8; *width as usize]);
            let values: Vec<Vec<u8>> = values.collect();
            match rows {
                0 => arrow::array::new_empty_array(ty),
                _ => Arc::new(FixedSizeBinaryArray::try_from_iter(values.into_iter()).unwrap()),
            }
        }
        DataType::Date32 => {
            let values: Int32Array = (0..rows)
                .map(|_| Some(random.below(9) as i32 * 100 - 200))
                .collect();
            cast(&values, ty).unwrap()
        }
        DataType::Time32(_) => {
            let values: Int32Array = (0..rows)
                .map(|_| Some(random.below(9) as i32 * 1_003))
                .collect();
            cast(&values, ty).unwrap()
        }
        DataType::Interval(IntervalUnit::YearMonth) => Arc::new(
            (0..rows)
                .map(|_| Some(random.below(30) as i32))
                .collect::<IntervalYearMonthArray>(),
        ),
        DataType::Interval(_) => Arc::new(
            (0..rows)
                .map(|_| {
                    Some(IntervalMonthDayNano::new(
                        random.below(3) as i32,
                        1,
                        random.below(3) as i64,
                    ))
                })
                .collect::<IntervalMonthDayNanoArray>(),
        ),
        DataType::Time64(_) => {
            let values: Int64Array = (0..rows)
                .map(|_| Some(random.below(9) as i64 * 1_000_003))
                .collect();
            cast(&values, ty).unwrap()
        }
        DataType::FixedSizeList(field, width) => {
            let children = array(
                field.data_type(),
                field.is_nullable(),
                rows * *width as usize,
                pools,
                random,
            );
            let list = FixedSizeListArray::try_new(field.clone(), *width, children, nulls);
            return Arc::new(list.unwrap());
        }
        DataType::List(field) => {
            let offsets =
                OffsetBuffer::from_lengths((0..rows).map(|_| random.below(3)).collect::<Vec<_>>());
            let count = *offsets.last().unwrap() as usize;
            let children = array(field.data_type(), field.is_nullable(), count, pools, random);
            return Arc::new(ListArray::try_new(field.clone(), offsets, children, nulls).unwrap());
        }
        DataType::LargeList(field) | DataType::ListView(field) | DataType::LargeListView(field) => {
            let list = DataType::List(field.clone());
            return cast(&array(&list, nullable, rows, pools, random), ty).unwrap();
        }
        DataType::Dictionary(_, values) => {
            return cast(&array(values, nullable, rows, pools, random), ty).unwrap();
        }
        DataType::RunEndEncoded(_, values) => {
            let values = array(values.data_type(), nullable, rows, pools, random);
            return cast(&values, ty).unwrap();
        }
        DataType::Null => return arrow::array::new_null_array(ty, rows),
        DataType::Struct(fields) => {
            let children = fields
                .iter()
                .map(|field| array(field.data_type(), field.is_nullable(), rows, pools, random));
            let children: Vec<ArrayRef> = children.collect();
            return Arc::new(StructArray::try_new(fields.clone(), children, nulls).unwrap());
        }
        DataType::Map(entries, sorted) => {
            let lengths: Vec<usize> = (0..rows).map(|_| random.below(3)).collect();
            let DataType::Struct(fields) = entries.data_type() else {
                unreachable!()
            };
            // The keys of a map are distinct.
            let keys: ArrayRef = match fields[0].data_type() {
                DataType::Utf8 => {
                    let keys = lengths.iter().flat_map(|length| &TEXTS[1..=*length]);
                    Arc::new(keys.map(|key| Some(*key)).collect::<StringArray>())
                }
                ty => {
                    let keys = lengths.iter().flat_map(|length| 0..*length as i64);
                    cast(&keys.map(Some).collect::<Int64Array>(), ty).unwrap()
                }
            };
            let values = array(
                fields[1].data_type(),
                fields[1].is_nullable(),
                keys.len(),
                pools,
                random,
            );
            let entries_array =
                StructArray::try_new(fields.clone(), vec![keys, values], None).unwrap();
            let offsets = OffsetBuffer::from_lengths(lengths);
            let map = MapArray::try_new(entries.clone(), offsets, entries_array, nulls, *sorted);
            return Arc::new(map.unwrap());
        }
        _ => cast(&whole(random), ty).unwrap(),
    };
    let data = values
        .to_data()
        .into_builder()
        .nulls(nulls)
        .build()
        .unwrap();
    arrow::array::make_array(data)
}
