// SPDX-License-Identifier: Apache-2.0

//! Conversion of values through the numbers of an array. Most types of other crates use it.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::DataType;

use super::primitive::NativeBuilder;

use crate::error::{InvalidValue, ValueError, mismatch};
use crate::physical::decode;

/// An exact conversion between values of one type and the numbers of an array.
pub trait Codec {
    /// The type of the values.
    type Value: Copy;
    /// The Arrow type of the numbers.
    type Primitive: ArrowPrimitiveType;
    /// The parameter of the conversion that the type of the array determines: a unit, or a scale.
    type Form: Debug + Send + 'static;

    /// Returns the form of arrays of type `ty`, or an error if they do not hold values of this
    /// type.
    fn form(ty: &DataType) -> Result<Self::Form, InvalidValue>;

    /// Returns whether an array of type `found`, which has a form, can be read as a column of type
    /// `ty`.
    fn is_read(found: &DataType, ty: &DataType) -> bool {
        found == ty
    }

    /// Returns the number for `value`.
    fn encode(value: Self::Value, form: &Self::Form) -> Result<Native<Self>, InvalidValue>;

    /// Returns the value for a number.
    fn decode(native: Native<Self>, form: &Self::Form) -> Result<Self::Value, InvalidValue>;
}

type Native<C> = <<C as Codec>::Primitive as ArrowPrimitiveType>::Native;

/// Builds an array of the numbers of values.
#[derive(Debug)]
pub struct ComputedBuilder<P: ArrowPrimitiveType, F> {
    ty: DataType,
    form: F,
    natives: NativeBuilder<P>,
}

impl<P: ArrowPrimitiveType, F> ComputedBuilder<P, F> {
    pub(super) fn try_new<C>(ty: &DataType, capacity: usize) -> Result<Self, ValueError>
    where
        C: Codec<Primitive = P, Form = F>,
    {
        let form = C::form(ty).map_err(ValueError::whole)?;
        let natives = if PrimitiveArray::<P>::is_compatible(ty) {
            NativeBuilder::try_new(ty, capacity)?
        } else {
            // Plain numbers; `finish` casts them to the type with its unit.
            NativeBuilder::try_new(&P::DATA_TYPE, capacity)?
        };
        Ok(ComputedBuilder {
            ty: ty.clone(),
            form,
            natives,
        })
    }

    pub(super) fn append<C>(&mut self, cells: &[C::Value]) -> Result<(), ValueError>
    where
        C: Codec<Primitive = P, Form = F>,
    {
        let encode = |(index, &cell)| self.encode::<C>(index, cell);
        let encoded = cells.iter().enumerate().map(encode);
        self.natives
            .append(&encoded.collect::<Result<Vec<_>, _>>()?);
        Ok(())
    }

    pub(super) fn append_nullable<C>(
        &mut self,
        cells: &[Option<C::Value>],
    ) -> Result<(), ValueError>
    where
        C: Codec<Primitive = P, Form = F>,
    {
        let encode = |(index, cell): (usize, &Option<C::Value>)| {
            let native = cell.map(|cell| self.encode::<C>(index, cell));
            native.transpose()
        };
        let encoded = cells.iter().enumerate().map(encode);
        self.natives
            .append_nullable(&encoded.collect::<Result<Vec<_>, _>>()?);
        Ok(())
    }

    #[inline]
    fn encode<C>(&self, index: usize, cell: C::Value) -> Result<P::Native, ValueError>
    where
        C: Codec<Primitive = P, Form = F>,
    {
        C::encode(cell, &self.form).map_err(|problem| ValueError::new(index, problem))
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ValueError> {
        let array = self.natives.finish()?;
        if *array.data_type() == self.ty {
            return Ok(array);
        }
        // The cast changes the type of the numbers and does not copy them.
        arrow::compute::cast(&array, &self.ty).map_err(ValueError::from)
    }
}

/// Reads values from an array of numbers.
#[derive(Debug)]
pub struct ComputedReader<P: ArrowPrimitiveType, F> {
    form: F,
    natives: PrimitiveArray<P>,
}

impl<P: ArrowPrimitiveType, F> ComputedReader<P, F> {
    pub(super) fn try_new<C>(array: &ArrayRef, ty: &DataType) -> Result<Self, ValueError>
    where
        C: Codec<Primitive = P, Form = F>,
    {
        C::form(ty).map_err(ValueError::whole)?;
        let array = decode(array)?;
        let found = array.data_type();
        let form = C::form(found).ok().filter(|_| C::is_read(found, ty));
        let Some(form) = form else {
            return Err(mismatch(found, ty));
        };
        let natives = if PrimitiveArray::<P>::is_compatible(found) {
            ArrayRef::clone(&array)
        } else {
            arrow::compute::cast(&array, &P::DATA_TYPE)?
        };
        let natives = natives.as_primitive_opt::<P>().cloned();
        Ok(ComputedReader {
            form,
            natives: natives.ok_or_else(|| mismatch(found, ty))?,
        })
    }

    #[inline]
    pub(super) fn read<C>(&self, index: usize) -> Result<C::Value, ValueError>
    where
        C: Codec<Primitive = P, Form = F>,
    {
        C::decode(self.natives.value(index), &self.form)
            .map_err(|problem| ValueError::new(index, problem))
    }
}

/// Implements the traits of values, and `HasType`, for types that have a [`Codec`].
macro_rules! computed_values {
    ($($codec:ty => $ty:ty: $column:expr),* $(,)?) => {$(
        impl $crate::value::Value for $ty {
            type Cell<'a> = $ty;
            type Builder = $crate::value::computed::ComputedBuilder<
                <$codec as $crate::value::computed::Codec>::Primitive,
                <$codec as $crate::value::computed::Codec>::Form,
            >;

            #[inline]
            fn cell(&self) -> $ty {
                *self
            }

            fn builder(
                ty: &arrow::datatypes::DataType,
                capacity: usize,
            ) -> Result<Self::Builder, $crate::error::ValueError> {
                Self::Builder::try_new::<$codec>(ty, capacity)
            }

            fn append(
                builder: &mut Self::Builder,
                cells: &[$ty],
            ) -> Result<(), $crate::error::ValueError> {
                builder.append::<$codec>(cells)
            }

            fn append_nullable(
                builder: &mut Self::Builder,
                cells: &[Option<$ty>],
            ) -> Result<(), $crate::error::ValueError> {
                builder.append_nullable::<$codec>(cells)
            }

            fn finish(
                builder: Self::Builder,
            ) -> Result<arrow::array::ArrayRef, $crate::error::ValueError> {
                builder.finish()
            }
        }

        impl $crate::value::OwnedValue for $ty {
            type Reader = $crate::value::computed::ComputedReader<
                <$codec as $crate::value::computed::Codec>::Primitive,
                <$codec as $crate::value::computed::Codec>::Form,
            >;
            type View<'a> = $ty;

            fn reader(
                array: &arrow::array::ArrayRef,
                ty: &arrow::datatypes::DataType,
            ) -> Result<Self::Reader, $crate::error::ValueError> {
                Self::Reader::try_new::<$codec>(array, ty)
            }

            #[inline]
            fn read(
                reader: &Self::Reader,
                index: usize,
            ) -> Result<Self, $crate::error::ValueError> {
                reader.read::<$codec>(index)
            }

            #[inline]
            fn view(
                reader: &Self::Reader,
                index: usize,
            ) -> Result<$ty, $crate::error::ValueError> {
                reader.read::<$codec>(index)
            }
        }

        $crate::column_type::plain_types!([] $ty => $column);
    )*};
}

pub(super) use computed_values;

/// Fails unless `ty` is `own`.
pub(super) fn only(own: DataType, ty: &DataType) -> Result<(), InvalidValue> {
    if *ty == own {
        return Ok(());
    }
    Err(InvalidValue::Type {
        expected: ty.clone(),
        found: own,
    })
}
