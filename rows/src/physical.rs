// SPDX-License-Identifier: Apache-2.0

//! Physical forms of Arrow arrays: the same values as a plain, large, view, dictionary or run-end
//! encoded array.
//!
//! Code that reads arrays of other origin compares types and unwraps encodings with these
//! functions.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Fields};

use crate::error::{ValueError, mismatch};

/// Returns the type of the decoded values: looks through dictionary and run-end encoding.
pub fn without_encoding(ty: &DataType) -> &DataType {
    match ty {
        DataType::Dictionary(_, values) => without_encoding(values),
        DataType::RunEndEncoded(_, values) => without_encoding(values.data_type()),
        ty => ty,
    }
}

/// Returns the plain form of text and byte types, without encoding; any other type is returned
/// without its encoding.
///
/// ```
/// use arrow::datatypes::DataType;
/// use kalamtable_rows::physical::plain_type;
///
/// let keys = Box::new(DataType::Int32);
/// let encoded = DataType::Dictionary(keys, Box::new(DataType::Utf8View));
/// assert_eq!(plain_type(&encoded), &DataType::Utf8);
/// ```
pub fn plain_type(ty: &DataType) -> &DataType {
    match without_encoding(ty) {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => &DataType::Utf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => &DataType::Binary,
        ty => ty,
    }
}

/// Returns whether two types differ only in their physical form, at any depth.
///
/// Struct fields must have the same names in the same order. The names of list elements and of map
/// entries are ignored, and so are nullability and metadata.
pub fn is_same_logical_type(found: &DataType, expected: &DataType) -> bool {
    let (found, expected) = (plain_type(found), plain_type(expected));
    if let (Some(found), Some(expected)) = (list_element(found), list_element(expected)) {
        return is_same_logical_type(found, expected);
    }
    match (found, expected) {
        (
            DataType::FixedSizeList(found, length),
            DataType::FixedSizeList(expected, expected_length),
        ) => {
            length == expected_length
                && is_same_logical_type(found.data_type(), expected.data_type())
        }
        (DataType::Struct(found), DataType::Struct(expected)) => {
            let mut pairs = found.iter().zip(expected);
            found.len() == expected.len()
                && pairs.all(|(found, expected)| found.name() == expected.name())
                && are_same_logical_types(found, expected)
        }
        (DataType::Map(found, _), DataType::Map(expected, _)) => {
            match (found.data_type(), expected.data_type()) {
                (DataType::Struct(found), DataType::Struct(expected)) => {
                    found.len() == expected.len() && are_same_logical_types(found, expected)
                }
                _ => false,
            }
        }
        (found, expected) => found == expected,
    }
}

fn are_same_logical_types(found: &Fields, expected: &Fields) -> bool {
    let mut pairs = found.iter().zip(expected);
    pairs.all(|(found, expected)| is_same_logical_type(found.data_type(), expected.data_type()))
}

/// Returns the element type of a list whose lists may have different lengths.
fn list_element(ty: &DataType) -> Option<&DataType> {
    match ty {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => Some(item.data_type()),
        _ => None,
    }
}

/// Returns `array` as an array of type `ty`; it shares the memory of `array` if the types are
/// equal.
///
/// # Errors
/// - [`InvalidValue::Type`](crate::InvalidValue::Type) unless the types differ only in their
///   physical form.
/// - [`InvalidValue::Arrow`](crate::InvalidValue::Arrow) if the values do not fit `ty`, such as
///   more than 2 GiB of text in a plain array.
pub fn to_physical_type(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
    if array.data_type() == ty {
        return Ok(ArrayRef::clone(array));
    }
    if !is_same_logical_type(array.data_type(), ty) {
        return Err(mismatch(array.data_type(), ty));
    }
    cast(array, ty).map_err(ValueError::from)
}

/// Returns `array` without dictionary and run-end encoding.
///
/// # Errors
/// If Arrow cannot decode the array.
pub(crate) fn decode(array: &ArrayRef) -> Result<ArrayRef, ValueError> {
    let ty = without_encoding(array.data_type());
    if array.data_type() == ty {
        return Ok(ArrayRef::clone(array));
    }
    cast(array, ty).map_err(ValueError::from)
}

/// Returns `array` without encoding, and as a plain array of texts, bytes, lists or maps. The
/// values inside lists, structs and maps keep their form.
pub(crate) fn to_plain(array: &dyn Array) -> Result<ArrayRef, ValueError> {
    let found = array.data_type();
    let ty = match plain_type(found) {
        DataType::LargeList(item) | DataType::ListView(item) | DataType::LargeListView(item) => {
            Cow::Owned(DataType::List(Arc::clone(item)))
        }
        ty => Cow::Borrowed(ty),
    };
    if *found == *ty {
        return Ok(array.slice(0, array.len()));
    }
    cast(array, &ty).map_err(ValueError::from)
}

/// Returns the elements that lists with these `offsets` contain, and the offsets in them. The lists
/// of a slice share the elements of the whole array.
pub(crate) fn elements_of(
    offsets: &OffsetBuffer<i32>,
    elements: &ArrayRef,
) -> (OffsetBuffer<i32>, ArrayRef) {
    let (begin, end) = (offsets[0], offsets[offsets.len() - 1]);
    let shifted: Vec<i32> = offsets.iter().map(|offset| offset - begin).collect();
    let elements = elements.slice(begin as usize, (end - begin) as usize);
    (OffsetBuffer::new(shifted.into()), elements)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    fn dictionary(values: DataType) -> DataType {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
    }

    fn run_ends(values: DataType) -> DataType {
        DataType::RunEndEncoded(
            Arc::new(Field::new("run_ends", DataType::Int32, false)),
            Arc::new(Field::new("values", values, true)),
        )
    }

    fn list(name: &str, item: DataType) -> DataType {
        DataType::List(Arc::new(Field::new(name, item, true)))
    }

    #[test]
    fn encodings_nest() {
        let ty = run_ends(dictionary(DataType::LargeUtf8));
        assert_eq!(without_encoding(&ty), &DataType::LargeUtf8);
        assert_eq!(plain_type(&ty), &DataType::Utf8);
        assert_eq!(plain_type(&dictionary(DataType::Int8)), &DataType::Int8);
    }

    #[test]
    fn forms_are_compared_at_any_depth() {
        let view = list("element", dictionary(DataType::Utf8View));
        assert!(is_same_logical_type(&view, &list("item", DataType::Utf8)));
        assert!(!is_same_logical_type(
            &view,
            &list("item", DataType::Binary)
        ));
        let large = DataType::LargeList(Arc::new(Field::new("item", DataType::LargeUtf8, false)));
        assert!(is_same_logical_type(&large, &view));
        let strukt = |name: &str, ty| DataType::Struct(vec![Field::new(name, ty, true)].into());
        assert!(is_same_logical_type(
            &strukt("a", DataType::Utf8View),
            &strukt("a", DataType::Utf8)
        ));
        assert!(!is_same_logical_type(
            &strukt("b", DataType::Utf8),
            &strukt("a", DataType::Utf8)
        ));
        assert!(!is_same_logical_type(&DataType::Int32, &DataType::Int64));
    }
}
