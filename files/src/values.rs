// SPDX-License-Identifier: Apache-2.0

//! Checks whether the values of an Arrow array fit a column beyond their Arrow type: nulls, labels
//! of enums, and JSON.

use arrow::array::{Array, AsArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use kalamtable_model::value_text::{self, TextError};
use kalamtable_model::{ColumnType, NestedField};

use crate::error::{ValueMismatch, ValueProblem};

/// Returns whether [`check`] can fail for a column of type `ty`.
pub(crate) fn needs_check(ty: &ColumnType, nullable: bool) -> bool {
    !nullable
        || match ty {
            ColumnType::Enum(_) | ColumnType::Json | ColumnType::File => true,
            ColumnType::Embedding(_) => true,
            _ => ty
                .children()
                .iter()
                .any(|child| needs_check(&child.ty, child.nullable)),
        }
}

/// Checks every value of `array`, which has the Arrow type of `ty` except for nullability.
///
/// # Errors
/// Fails with the first value that does not fit.
pub(crate) fn check(
    array: &dyn Array,
    ty: &ColumnType,
    nullable: bool,
) -> Result<(), ValueMismatch> {
    check_visible(array, ty, nullable, None)
}

/// Like [`check`], but ignores the values at indices that are null in `parent`.
fn check_visible(
    array: &dyn Array,
    ty: &ColumnType,
    nullable: bool,
    parent: Option<&NullBuffer>,
) -> Result<(), ValueMismatch> {
    let is_visible = |index| parent.is_none_or(|parent| parent.is_valid(index));
    if !nullable && array.null_count() > 0 {
        let mut nulls = (0..array.len()).filter(|&index| array.is_null(index));
        if let Some(index) = nulls.find(|&index| is_visible(index)) {
            return Err(ValueMismatch::new(index, None, ValueProblem::Null));
        }
    }
    let valid = NullBuffer::union(parent, array.nulls());
    match ty {
        ColumnType::Enum(labels) => check_texts(array, valid.as_ref(), |text| {
            value_text::label(text, labels)
        }),
        ColumnType::Json | ColumnType::File => check_texts(array, valid.as_ref(), value_text::json),
        ColumnType::Embedding(length) => {
            let Some(list) = array.as_fixed_size_list_opt() else {
                return Ok(());
            };
            let floats = list.values();
            if floats.null_count() == 0 {
                return Ok(());
            }
            let length = *length as usize;
            let is_valid = |index| valid.as_ref().is_none_or(|valid| valid.is_valid(index));
            let mut nulls = (0..floats.len()).filter(|&index| floats.is_null(index));
            match nulls.find(|&index| is_valid(index / length)) {
                Some(index) => {
                    let mismatch = ValueMismatch::new(index, None, ValueProblem::Null);
                    Err(mismatch.inside(index / length, &format!("[{}]", index % length)))
                }
                None => Ok(()),
            }
        }
        ColumnType::List(element) => {
            let Some(list) = array.as_list_opt::<i32>() else {
                return Ok(());
            };
            check_elements(list.values(), element, "", list.offsets(), valid.as_ref())
        }
        ColumnType::Map(fields) => {
            let Some(map) = array.as_map_opt() else {
                return Ok(());
            };
            let (offsets, valid) = (map.offsets(), valid.as_ref());
            check_elements(map.keys(), &fields.key, ".key", offsets, valid)?;
            check_elements(map.values(), &fields.value, "", offsets, valid)
        }
        ColumnType::Struct(fields) => {
            let Some(strukt) = array.as_struct_opt() else {
                return Ok(());
            };
            for (field, child) in fields.iter().zip(strukt.columns()) {
                check_visible(child, &field.ty, field.nullable, valid.as_ref()).map_err(
                    |mismatch| {
                        let index = mismatch.index;
                        mismatch.inside(index, &format!(".{}", field.name))
                    },
                )?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Checks the elements of the lists, or the keys or values of the maps, that are not null.
fn check_elements(
    elements: &dyn Array,
    field: &NestedField,
    suffix: &str,
    offsets: &[i32],
    valid: Option<&NullBuffer>,
) -> Result<(), ValueMismatch> {
    // Checking all elements at once is faster. Only if that fails, check each list, because
    // elements of null lists do not count and the error needs the index of the list.
    if check(elements, &field.ty, field.nullable).is_ok() {
        return Ok(());
    }
    for (index, bounds) in offsets.windows(2).enumerate() {
        if valid.is_some_and(|valid| valid.is_null(index)) {
            continue;
        }
        let (begin, end) = (bounds[0] as usize, bounds[1] as usize);
        let list = elements.slice(begin, end - begin);
        check(&list, &field.ty, field.nullable).map_err(|mismatch| {
            let segment = format!("[{}]{suffix}", mismatch.index);
            mismatch.inside(index, &segment)
        })?;
    }
    Ok(())
}

fn check_texts(
    array: &dyn Array,
    valid: Option<&NullBuffer>,
    check: impl Fn(&str) -> Result<(), TextError>,
) -> Result<(), ValueMismatch> {
    let Some(texts) = array.as_any().downcast_ref::<StringArray>() else {
        return Ok(());
    };
    for index in 0..texts.len() {
        if valid.is_none_or(|valid| valid.is_valid(index)) {
            let text = texts.value(index);
            check(text).map_err(|error| ValueMismatch::new(index, Some(text), error.into()))?;
        }
    }
    Ok(())
}

/// Returns the value at `index` as text for an error message.
pub(crate) fn show(array: &dyn Array, index: usize) -> Option<String> {
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::default()).ok()?;
    formatter.value(index).try_to_string().ok()
}
