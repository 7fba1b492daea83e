//! [`AnyValue`]: a value that carries its own Arrow type, for columns of types that only Arrow has.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use super::{Problem, Value, ValueError, mismatch};

/// A value that carries its own Arrow type: the row type of `arrow:<type>` columns.
///
/// Its type is checked when an array is built. It is slower than the other types: name a type of
/// your own with `rust = ".."` where that matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnyValue(pub ScalarValue);

impl Value for AnyValue {
    type Reader = ArrayRef;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        _nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        let failed = |error| ValueError::whole(Problem::Other(Box::new(error)));
        let null = ScalarValue::try_from(ty).map_err(failed)?;
        let mut scalars = Vec::with_capacity(values.len());
        for (index, value) in values.enumerate() {
            match value {
                Some(AnyValue(scalar)) if scalar.data_type() != *ty => {
                    let found = scalar.data_type();
                    let expected = ty.clone();
                    return Err(ValueError::new(index, Problem::Type { expected, found }));
                }
                Some(AnyValue(scalar)) => scalars.push(scalar.clone()),
                None => scalars.push(null.clone()),
            }
        }
        if scalars.is_empty() {
            return Ok(arrow::array::new_empty_array(ty));
        }
        ScalarValue::iter_to_array(scalars).map_err(failed)
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        if array.data_type() == ty {
            Ok(array.clone())
        } else {
            Err(mismatch(array.data_type(), ty))
        }
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        ScalarValue::try_from_array(reader, index)
            .map(AnyValue)
            .map_err(|error| ValueError::new(index, Problem::Other(Box::new(error))))
    }
}
