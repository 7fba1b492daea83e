//! Values of fixed size: booleans, numbers, decimals, fixed bytes, intervals, uuids, embeddings.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, FixedSizeBinaryArray,
    FixedSizeListArray, Float32Array, PrimitiveArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use uuid::Uuid;

use super::{Problem, Value, ValueError, mismatch, null_buffer, to_physical};

macro_rules! native_values {
    ($($native:ty => $arrow:ty $({ $($extra:item)* })?),* $(,)?) => {$(
        impl Value for $native {
            type Reader = PrimitiveArray<$arrow>;

            fn build(
                values: &[Option<&Self>],
                ty: &DataType,
                nullable: bool,
            ) -> Result<ArrayRef, ValueError> {
                let values = values.iter().copied();
                build_primitive::<$arrow, _>(values.map(|value| value.copied()), ty, nullable)
            }

            fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
                primitive_reader::<$arrow>(array, ty)
            }

            fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
                Ok(reader.value(index))
            }

            $($($extra)*)?
        }
    )*};
}

native_values!(
    i8 => Int8Type,
    i16 => Int16Type,
    i32 => Int32Type,
    i64 => Int64Type,
    u8 => UInt8Type {
        fn as_bytes(values: &[u8]) -> Option<&[u8]> {
            Some(values)
        }

        fn from_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
            Some(bytes.to_vec())
        }
    },
    u16 => UInt16Type,
    u32 => UInt32Type,
    u64 => UInt64Type,
    f32 => Float32Type,
    f64 => Float64Type,
    IntervalMonthDayNano => IntervalMonthDayNanoType,
);

/// An array of `values` as they are; `ty` may add a unit, a zone, or a precision.
pub(super) fn build_primitive<P, I>(
    values: I,
    ty: &DataType,
    nullable: bool,
) -> Result<ArrayRef, ValueError>
where
    P: ArrowPrimitiveType,
    I: ExactSizeIterator<Item = Option<P::Native>> + Clone,
{
    if !PrimitiveArray::<P>::is_compatible(ty) {
        return Err(mismatch(&P::DATA_TYPE, ty));
    }
    let nulls = null_buffer(values.clone(), nullable);
    let natives: Vec<P::Native> = values.map(Option::unwrap_or_default).collect();
    let array = PrimitiveArray::<P>::try_new(ScalarBuffer::from(natives), nulls)
        .map_err(|error| ValueError::whole(Problem::Arrow(error)))?;
    Ok(Arc::new(array.with_data_type(ty.clone())))
}

/// The primitive array behind `array`, whose type must be exactly `ty` once decoded.
pub(super) fn primitive_reader<P: ArrowPrimitiveType>(
    array: &ArrayRef,
    ty: &DataType,
) -> Result<PrimitiveArray<P>, ValueError> {
    let array = to_physical(array, ty)?;
    array
        .as_primitive_opt::<P>()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), &P::DATA_TYPE))
}

impl Value for bool {
    type Reader = BooleanArray;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        if *ty != DataType::Boolean {
            return Err(mismatch(&DataType::Boolean, ty));
        }
        let nulls = null_buffer(values.clone(), nullable);
        let mut bits = values;
        let bits =
            BooleanBuffer::collect_bool(bits.len(), |_| matches!(bits.next(), Some(Some(true))));
        Ok(Arc::new(BooleanArray::new(bits, nulls)))
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        let array = to_physical(array, ty)?;
        array
            .as_boolean_opt()
            .cloned()
            .ok_or_else(|| mismatch(array.data_type(), &DataType::Boolean))
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        Ok(reader.value(index))
    }
}

/// A decimal of at most `P` digits, `S` of them after the point: the value times 10 to the `S`.
///
/// ```
/// use kalamtable_runtime::Decimal;
///
/// let price = Decimal::<10, 2>::from_unscaled(1_999).unwrap();
/// assert_eq!(price.to_string(), "19.99");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const P: u8, const S: u8>(i128);

impl<const P: u8, const S: u8> Decimal<P, S> {
    /// What 128 bits hold; another type does not compile where it is used.
    const FITS: () = assert!(
        P >= 1 && P <= 38 && S <= P,
        "a decimal has 1 to 38 digits, and no more than those after the point"
    );

    /// From the value times 10 to the `S`; `None` if that has more than `P` digits.
    pub const fn from_unscaled(unscaled: i128) -> Option<Self> {
        let () = Self::FITS;
        if unscaled.unsigned_abs() < 10u128.pow(P as u32) {
            Some(Decimal(unscaled))
        } else {
            None
        }
    }

    /// The value times 10 to the `S`.
    pub const fn unscaled(self) -> i128 {
        self.0
    }
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
    type Reader = PrimitiveArray<Decimal128Type>;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        let own = DataType::Decimal128(P, S as i8);
        if *ty != own {
            return Err(mismatch(&own, ty));
        }
        build_primitive::<Decimal128Type, _>(values.map(|value| value.map(|v| v.0)), ty, nullable)
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        let own = DataType::Decimal128(P, S as i8);
        if *ty != own {
            return Err(mismatch(ty, &own));
        }
        primitive_reader::<Decimal128Type>(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        let unscaled = reader.value(index);
        Self::from_unscaled(unscaled).ok_or_else(|| {
            ValueError::new(
                index,
                Problem::OutOfRange {
                    value: unscaled.to_string(),
                    target: format!("decimal({P}, {S})"),
                },
            )
        })
    }
}

/// An array of fixed-size binary values from the bytes of each.
fn build_fixed_bytes<'a, const N: usize, I>(
    values: I,
    ty: &DataType,
    nullable: bool,
) -> Result<ArrayRef, ValueError>
where
    I: ExactSizeIterator<Item = Option<&'a [u8; N]>> + Clone,
{
    let own = i32::try_from(N).map(DataType::FixedSizeBinary);
    if own.as_ref() != Ok(ty) {
        return Err(mismatch(&own.unwrap_or(DataType::Binary), ty));
    }
    let nulls = null_buffer(values.clone(), nullable);
    let mut bytes = Vec::with_capacity(values.len() * N);
    for value in values {
        bytes.extend_from_slice(value.unwrap_or(&[0; N]));
    }
    FixedSizeBinaryArray::try_new(N as i32, Buffer::from_vec(bytes), nulls)
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|error| ValueError::whole(Problem::Arrow(error)))
}

fn fixed_bytes_reader(array: &ArrayRef, ty: &DataType) -> Result<FixedSizeBinaryArray, ValueError> {
    let array = to_physical(array, ty)?;
    array
        .as_fixed_size_binary_opt()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), ty))
}

impl<const N: usize> Value for [u8; N] {
    type Reader = FixedSizeBinaryArray;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        build_fixed_bytes(values, ty, nullable)
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        fixed_bytes_reader(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        read_array(reader.value(index), index)
    }
}

impl Value for Uuid {
    type Reader = FixedSizeBinaryArray;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        build_fixed_bytes(values.map(|value| value.map(Uuid::as_bytes)), ty, nullable)
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        fixed_bytes_reader(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        read_array(reader.value(index), index).map(Uuid::from_bytes)
    }
}

impl<const N: usize> Value for Box<[f32; N]> {
    type Reader = FixedSizeListArray;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        let DataType::FixedSizeList(item, length) = ty else {
            return Err(ValueError::whole(Problem::NotAnEmbedding {
                found: ty.clone(),
            }));
        };
        check_length(*length as usize, N, 0)?;
        let nulls = null_buffer(values.clone(), nullable);
        let mut floats: Vec<f32> = Vec::with_capacity(values.len() * N);
        for value in values {
            match value {
                Some(value) => floats.extend_from_slice(&value[..]),
                None => floats.resize(floats.len() + N, 0.0),
            }
        }
        let floats = Arc::new(Float32Array::new(ScalarBuffer::from(floats), None));
        FixedSizeListArray::try_new(item.clone(), *length, floats, nulls)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| ValueError::whole(Problem::Arrow(error)))
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        array
            .as_fixed_size_list_opt()
            .filter(|list| list.values().data_type() == &DataType::Float32)
            .cloned()
            .ok_or_else(|| mismatch(array.data_type(), ty))
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        let floats = reader.value(index);
        let floats = floats.as_primitive::<Float32Type>();
        if floats.null_count() > 0 {
            return Err(ValueError::new(index, Problem::Null));
        }
        let floats: Box<[f32]> = floats.values().iter().copied().collect();
        let found = floats.len();
        floats
            .try_into()
            .map_err(|_| ValueError::new(index, Problem::Length { expected: N, found }))
    }
}

fn read_array<T: Copy, const N: usize>(slice: &[T], index: usize) -> Result<[T; N], ValueError> {
    check_length(N, slice.len(), index)?;
    <[T; N]>::try_from(slice).map_err(|_| {
        let found = slice.len();
        ValueError::new(index, Problem::Length { expected: N, found })
    })
}

fn check_length(expected: usize, found: usize, index: usize) -> Result<(), ValueError> {
    if expected == found {
        Ok(())
    } else {
        Err(ValueError::new(index, Problem::Length { expected, found }))
    }
}
