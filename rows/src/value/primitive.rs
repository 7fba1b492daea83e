// SPDX-License-Identifier: Apache-2.0

//! Values of fixed size: booleans, numbers, decimals, intervals, uuids and byte strings of one
//! length.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBufferBuilder,
    FixedSizeBinaryArray, PrimitiveArray,
};
use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use uuid::Uuid;

use super::{OwnedValue, Validity, Value};
use crate::error::{InvalidValue, ValueError, mismatch};
use crate::physical::to_physical_type;

/// Builds an array of an Arrow primitive type. The type of the column can have a unit, a zone or a
/// precision.
#[derive(Debug)]
pub struct NativeBuilder<P: ArrowPrimitiveType> {
    ty: DataType,
    values: Vec<P::Native>,
    validity: Validity,
}

impl<P: ArrowPrimitiveType> NativeBuilder<P> {
    pub(crate) fn try_new(ty: &DataType, capacity: usize) -> Result<Self, ValueError> {
        if !PrimitiveArray::<P>::is_compatible(ty) {
            return Err(mismatch(&P::DATA_TYPE, ty));
        }
        Ok(NativeBuilder {
            ty: ty.clone(),
            values: Vec::with_capacity(capacity),
            validity: Validity::default(),
        })
    }

    pub(crate) fn append(&mut self, values: &[P::Native]) {
        self.values.extend_from_slice(values);
        self.validity.append_valid(values.len());
    }

    pub(crate) fn append_nullable(&mut self, values: &[Option<P::Native>]) {
        let natives = values.iter().map(|value| value.unwrap_or_default());
        self.values.extend(natives);
        self.validity.append(values);
    }

    /// Returns the last `count` elements. A null is stored as zero.
    pub(crate) fn last_mut(&mut self, count: usize) -> &mut [P::Native] {
        let begin = self.values.len() - count;
        &mut self.values[begin..]
    }

    pub(crate) fn finish(self) -> Result<ArrayRef, ValueError> {
        PrimitiveArray::<P>::try_new(ScalarBuffer::from(self.values), self.validity.finish())
            .map(|array| Arc::new(array.with_data_type(self.ty)) as ArrayRef)
            .map_err(ValueError::from)
    }
}

/// Decodes `array`, whose decoded type must be `ty`, to a primitive array.
pub(super) fn primitive_reader<P: ArrowPrimitiveType>(
    array: &ArrayRef,
    ty: &DataType,
) -> Result<PrimitiveArray<P>, ValueError> {
    let array = to_physical_type(array, ty)?;
    array
        .as_primitive_opt::<P>()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), &P::DATA_TYPE))
}

macro_rules! native_values {
    ($($native:ty => $arrow:ty $({ $($write:item)* })?),* $(,)?) => {$(
        impl Value for $native {
            type Cell<'a> = $native;
            type Builder = NativeBuilder<$arrow>;

            const IN_SQL_ORDER: bool = true;

            $($($write)*)?

            #[inline]
            fn cell(&self) -> $native {
                *self
            }

            fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
                NativeBuilder::try_new(ty, capacity)
            }

            fn append(builder: &mut Self::Builder, cells: &[$native]) -> Result<(), ValueError> {
                builder.append(cells);
                Ok(())
            }

            fn append_nullable(
                builder: &mut Self::Builder,
                cells: &[Option<$native>],
            ) -> Result<(), ValueError> {
                builder.append_nullable(cells);
                Ok(())
            }

            fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
                builder.finish()
            }
        }

        impl OwnedValue for $native {
            type Reader = PrimitiveArray<$arrow>;
            type View<'a> = $native;

            fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
                primitive_reader::<$arrow>(array, ty)
            }

            #[inline]
            fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
                Ok(reader.values()[index])
            }

            #[inline]
            fn view(reader: &Self::Reader, index: usize) -> Result<$native, ValueError> {
                Ok(reader.values()[index])
            }

            #[inline]
            fn read_slot(reader: &Self::Reader, index: usize) -> Option<Self> {
                Some(reader.values()[index])
            }

            #[inline]
            fn view_slot(reader: &Self::Reader, index: usize) -> Option<$native> {
                Some(reader.values()[index])
            }

            fn read_run(reader: &Self::Reader, range: Range<usize>) -> Option<Vec<Self>> {
                Some(reader.values()[range].to_vec())
            }
        }
    )*};
}

native_values!(
    i8 => Int8Type,
    i16 => Int16Type,
    i32 => Int32Type,
    i64 => Int64Type,
    u8 => UInt8Type {
        const IS_BYTE: bool = true;

        fn as_bytes(values: &[u8]) -> Option<&[u8]> {
            Some(values)
        }
    },
    u16 => UInt16Type,
    u32 => UInt32Type,
    u64 => UInt64Type,
    f32 => Float32Type {
        const IS_FLOAT: bool = true;
    },
    f64 => Float64Type,
    IntervalMonthDayNano => IntervalMonthDayNanoType,
);

/// Builds an array of booleans.
#[derive(Debug)]
pub struct BooleanBuilder {
    bits: BooleanBufferBuilder,
    validity: Validity,
}

impl Value for bool {
    type Cell<'a> = bool;
    type Builder = BooleanBuilder;

    const IN_SQL_ORDER: bool = true;

    #[inline]
    fn cell(&self) -> bool {
        *self
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<BooleanBuilder, ValueError> {
        if *ty != DataType::Boolean {
            return Err(mismatch(&DataType::Boolean, ty));
        }
        Ok(BooleanBuilder {
            bits: BooleanBufferBuilder::new(capacity),
            validity: Validity::default(),
        })
    }

    fn append(builder: &mut BooleanBuilder, cells: &[bool]) -> Result<(), ValueError> {
        append_bits(&mut builder.bits, cells, |cell| cell);
        builder.validity.append_valid(cells.len());
        Ok(())
    }

    fn append_nullable(
        builder: &mut BooleanBuilder,
        cells: &[Option<bool>],
    ) -> Result<(), ValueError> {
        append_bits(&mut builder.bits, cells, |cell| cell == Some(true));
        builder.validity.append(cells);
        Ok(())
    }

    fn finish(mut builder: BooleanBuilder) -> Result<ArrayRef, ValueError> {
        let nulls = builder.validity.finish();
        Ok(Arc::new(BooleanArray::new(builder.bits.finish(), nulls)))
    }
}

fn append_bits<C: Copy>(bits: &mut BooleanBufferBuilder, cells: &[C], bit: impl Fn(C) -> bool) {
    for cells in cells.chunks(64) {
        let mut word = 0u64;
        for (index, cell) in cells.iter().enumerate() {
            word |= u64::from(bit(*cell)) << index;
        }
        bits.append_word(word, cells.len());
    }
}

impl OwnedValue for bool {
    type Reader = BooleanArray;
    type View<'a> = bool;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        let array = to_physical_type(array, ty)?;
        array
            .as_boolean_opt()
            .cloned()
            .ok_or_else(|| mismatch(array.data_type(), &DataType::Boolean))
    }

    #[inline]
    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        Ok(reader.values().value(index))
    }

    #[inline]
    fn view(reader: &Self::Reader, index: usize) -> Result<bool, ValueError> {
        Ok(reader.values().value(index))
    }

    #[inline]
    fn read_slot(reader: &Self::Reader, index: usize) -> Option<Self> {
        Some(reader.values().value(index))
    }

    #[inline]
    fn view_slot(reader: &Self::Reader, index: usize) -> Option<bool> {
        Some(reader.values().value(index))
    }
}

/// A decimal with at most `P` digits, `S` of them after the decimal point. It stores the unscaled
/// value: the number times 10 to the power of `S`.
///
/// ```
/// use kalamtable_rows::Decimal;
///
/// let price = Decimal::<10, 2>::from_unscaled(1_999).unwrap();
/// assert_eq!(price.to_string(), "19.99");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const P: u8, const S: u8>(i128);

impl<const P: u8, const S: u8> Decimal<P, S> {
    /// Fails to compile if the type has more digits than 128 bits hold.
    const FITS: () = assert!(
        P >= 1 && P <= 38 && S <= P,
        "a decimal has 1 to 38 digits, and at most that many after the decimal point"
    );

    /// Creates a decimal from the value times 10 to the power of `S`. Returns `None` if that number
    /// has more than `P` digits.
    pub const fn from_unscaled(unscaled: i128) -> Option<Self> {
        let () = Self::FITS;
        if has_digits(unscaled, P) {
            Some(Decimal(unscaled))
        } else {
            None
        }
    }

    /// Returns the value times 10 to the power of `S`.
    pub const fn unscaled(self) -> i128 {
        self.0
    }
}

/// Returns whether `unscaled` has at most `digits` digits.
pub(crate) const fn has_digits(unscaled: i128, digits: u8) -> bool {
    unscaled.unsigned_abs() < 10u128.pow(digits as u32)
}

pub(super) fn out_of_range(index: usize, value: impl ToString, target: String) -> ValueError {
    ValueError::new(
        index,
        InvalidValue::OutOfRange {
            value: value.to_string(),
            target,
        },
    )
}

impl<const P: u8, const S: u8> std::fmt::Display for Decimal<P, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let () = Self::FITS;
        let unit = 10u128.pow(u32::from(S));
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        match usize::from(S) {
            0 => write!(f, "{sign}{magnitude}"),
            digits => write!(
                f,
                "{sign}{}.{:0digits$}",
                magnitude / unit,
                magnitude % unit
            ),
        }
    }
}

impl<const P: u8, const S: u8> Value for Decimal<P, S> {
    type Cell<'a> = i128;
    type Builder = NativeBuilder<Decimal128Type>;

    const IN_SQL_ORDER: bool = true;

    #[inline]
    fn cell(&self) -> i128 {
        self.0
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        let own = DataType::Decimal128(P, S as i8);
        if *ty != own {
            return Err(mismatch(&own, ty));
        }
        NativeBuilder::try_new(ty, capacity)
    }

    fn append(builder: &mut Self::Builder, cells: &[i128]) -> Result<(), ValueError> {
        builder.append(cells);
        Ok(())
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<i128>],
    ) -> Result<(), ValueError> {
        builder.append_nullable(cells);
        Ok(())
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        builder.finish()
    }
}

impl<const P: u8, const S: u8> OwnedValue for Decimal<P, S> {
    type Reader = PrimitiveArray<Decimal128Type>;
    type View<'a> = Self;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        let own = DataType::Decimal128(P, S as i8);
        if *ty != own {
            return Err(mismatch(ty, &own));
        }
        primitive_reader::<Decimal128Type>(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        let unscaled = reader.value(index);
        Self::from_unscaled(unscaled)
            .ok_or_else(|| out_of_range(index, unscaled, format!("decimal({P}, {S})")))
    }

    fn view(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        Self::read(reader, index)
    }
}

/// Builds an array of byte strings of one length.
#[derive(Debug)]
pub struct FixedBytesBuilder {
    length: i32,
    bytes: Vec<u8>,
    validity: Validity,
}

impl FixedBytesBuilder {
    pub(super) fn new(length: i32, capacity: usize) -> Self {
        FixedBytesBuilder {
            length,
            bytes: Vec::with_capacity(capacity * length as usize),
            validity: Validity::default(),
        }
    }

    pub(super) fn append<C: AsRef<[u8]> + Copy>(
        &mut self,
        cells: &[Option<C>],
    ) -> Result<(), ValueError> {
        let length = self.length as usize;
        for (index, cell) in cells.iter().enumerate() {
            match cell {
                Some(cell) => {
                    check_length(length, cell.as_ref().len(), index)?;
                    self.bytes.extend_from_slice(cell.as_ref());
                }
                None => self.bytes.resize(self.bytes.len() + length, 0),
            }
        }
        self.validity.append(cells);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ValueError> {
        let length = self.validity.len();
        let nulls = self.validity.finish();
        let bytes = Buffer::from_vec(self.bytes);
        // The number of values is passed, because a buffer of byte strings without bytes is empty.
        FixedSizeBinaryArray::try_new_with_len(self.length, bytes, nulls, length)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(ValueError::from)
    }
}

pub(super) fn check_length(expected: usize, found: usize, index: usize) -> Result<(), ValueError> {
    if expected == found {
        Ok(())
    } else {
        Err(ValueError::new(
            index,
            InvalidValue::Length { expected, found },
        ))
    }
}

pub(super) fn fixed_bytes_reader(
    array: &ArrayRef,
    ty: &DataType,
) -> Result<FixedSizeBinaryArray, ValueError> {
    let array = to_physical_type(array, ty)?;
    array
        .as_fixed_size_binary_opt()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), ty))
}

impl Value for Uuid {
    type Cell<'a> = &'a [u8; 16];
    type Builder = FixedBytesBuilder;

    const IN_SQL_ORDER: bool = true;

    #[inline]
    fn cell(&self) -> &[u8; 16] {
        self.as_bytes()
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        if *ty != DataType::FixedSizeBinary(16) {
            return Err(mismatch(&DataType::FixedSizeBinary(16), ty));
        }
        Ok(FixedBytesBuilder::new(16, capacity))
    }

    fn append(builder: &mut Self::Builder, cells: &[&[u8; 16]]) -> Result<(), ValueError> {
        let cells: Vec<Option<&[u8; 16]>> = cells.iter().map(|cell| Some(*cell)).collect();
        builder.append(&cells)
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<&[u8; 16]>],
    ) -> Result<(), ValueError> {
        builder.append(cells)
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        builder.finish()
    }
}

impl OwnedValue for Uuid {
    type Reader = FixedSizeBinaryArray;
    type View<'a> = Uuid;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        fixed_bytes_reader(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        let bytes = reader.value(index);
        Uuid::from_slice(bytes).map_err(|_| {
            let found = bytes.len();
            ValueError::new(
                index,
                InvalidValue::Length {
                    expected: 16,
                    found,
                },
            )
        })
    }

    fn view(reader: &Self::Reader, index: usize) -> Result<Uuid, ValueError> {
        Self::read(reader, index)
    }
}
