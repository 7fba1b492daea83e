// SPDX-License-Identifier: Apache-2.0

//! [`AnyValue`]: a value with its own Arrow type, for columns of types that only Arrow has.

use std::fmt;

use arrow::array::{Array, ArrayRef, new_empty_array, new_null_array};
use arrow::datatypes::DataType;

use super::{OwnedValue, Value, validate_times_of_day};
use crate::error::{InvalidValue, ValueError, mismatch};

/// A value with its own Arrow type: the row type of `arrow:<type>` columns.
///
/// It is an array of one element. The type of the array is checked when the value is appended to a
/// column. Conversions are slower than those of other types; if that matters, implement [`Value`]
/// for a type of your own and name it with `rust = ".."` in the definition.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow::array::DurationSecondArray;
/// use kalamtable_rows::AnyValue;
///
/// let minute = AnyValue::try_new(Arc::new(DurationSecondArray::from(vec![60])))?;
/// assert_eq!(minute.array().len(), 1);
/// # Ok::<(), kalamtable_rows::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct AnyValue(ArrayRef);

impl PartialEq for AnyValue {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl AnyValue {
    /// Creates a value from the only element of `array`. `ScalarValue::to_array` of DataFusion
    /// returns such arrays.
    ///
    /// # Errors
    /// [`InvalidValue::Length`] unless the array has exactly one element; [`InvalidValue::Null`] if
    /// the element is null: a null is `None` in an `Option<AnyValue>`.
    pub fn try_new(array: ArrayRef) -> Result<Self, InvalidValue> {
        if array.len() != 1 {
            let found = array.len();
            return Err(InvalidValue::Length { expected: 1, found });
        }
        if array.is_null(0) {
            return Err(InvalidValue::Null);
        }
        Ok(AnyValue(array))
    }

    /// Returns the value as an array of one element.
    pub fn array(&self) -> &ArrayRef {
        &self.0
    }
}

impl fmt::Debug for AnyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Builds an array of values of one Arrow type.
#[derive(Debug)]
pub struct AnyBuilder {
    ty: DataType,
    values: Vec<ArrayRef>,
}

impl Value for AnyValue {
    type Cell<'a> = &'a AnyValue;
    type Builder = AnyBuilder;

    fn cell(&self) -> &AnyValue {
        self
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<AnyBuilder, ValueError> {
        Ok(AnyBuilder {
            ty: ty.clone(),
            values: Vec::with_capacity(capacity),
        })
    }

    fn append(builder: &mut AnyBuilder, cells: &[&AnyValue]) -> Result<(), ValueError> {
        for (index, AnyValue(value)) in cells.iter().enumerate() {
            builder.push(value, index)?;
        }
        Ok(())
    }

    fn append_nullable(
        builder: &mut AnyBuilder,
        cells: &[Option<&AnyValue>],
    ) -> Result<(), ValueError> {
        for (index, cell) in cells.iter().enumerate() {
            match cell {
                Some(AnyValue(value)) => builder.push(value, index)?,
                None => builder.values.push(new_null_array(&builder.ty, 1)),
            }
        }
        Ok(())
    }

    fn finish(builder: AnyBuilder) -> Result<ArrayRef, ValueError> {
        if builder.values.is_empty() {
            return Ok(new_empty_array(&builder.ty));
        }
        let values: Vec<&dyn Array> = builder.values.iter().map(|value| &**value).collect();
        arrow::compute::concat(&values).map_err(ValueError::from)
    }
}

impl AnyBuilder {
    fn push(&mut self, value: &ArrayRef, index: usize) -> Result<(), ValueError> {
        if *value.data_type() != self.ty {
            let found = value.data_type().clone();
            let expected = self.ty.clone();
            return Err(ValueError::new(
                index,
                InvalidValue::Type { expected, found },
            ));
        }
        validate_times_of_day(value, 0..value.len()).map_err(|error| error.with_index(index))?;
        self.values.push(value.clone());
        Ok(())
    }
}

/// One element of an array of any type.
#[derive(Clone, Copy)]
pub struct AnyView<'a> {
    array: &'a ArrayRef,
    index: usize,
}

impl AnyView<'_> {
    /// Returns the element as an array of length one, which shares the memory of the array.
    pub fn array(&self) -> ArrayRef {
        self.array.slice(self.index, 1)
    }
}

impl fmt::Debug for AnyView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.array(), f)
    }
}

impl OwnedValue for AnyValue {
    type Reader = ArrayRef;
    type View<'a> = AnyView<'a>;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
        if array.data_type() == ty {
            validate_times_of_day(array, 0..array.len())?;
            Ok(ArrayRef::clone(array))
        } else {
            Err(mismatch(array.data_type(), ty))
        }
    }

    fn read(reader: &ArrayRef, index: usize) -> Result<AnyValue, ValueError> {
        Ok(AnyValue(reader.slice(index, 1)))
    }

    fn view(reader: &ArrayRef, index: usize) -> Result<AnyView<'_>, ValueError> {
        Ok(AnyView {
            array: reader,
            index,
        })
    }
}
