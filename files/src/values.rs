// SPDX-License-Identifier: Apache-2.0

//! Whether the values of an Arrow array fit a column: what its Arrow type alone does not say.
//!
//! That is: no null where the definition allows none, texts of closed sets, and JSON.

use arrow::array::{Array, AsArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use kalamtable_model::{ColumnType, NestedField};

use crate::problem::{Misfit, Problem};
use crate::text;

/// Whether [`check`] can find anything in a column of type `ty`.
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

/// Checks every value of `array`, which has the Arrow type of `ty` but for nullability.
///
/// # Errors
/// The first value that does not fit.
pub(crate) fn check(array: &dyn Array, ty: &ColumnType, nullable: bool) -> Result<(), Misfit> {
    check_visible(array, ty, nullable, None)
}

/// The same; what is null in `parent` is hidden.
fn check_visible(
    array: &dyn Array,
    ty: &ColumnType,
    nullable: bool,
    parent: Option<&NullBuffer>,
) -> Result<(), Misfit> {
    let is_visible = |index| parent.is_none_or(|parent| parent.is_valid(index));
    if !nullable && array.null_count() > 0 {
        let mut nulls = (0..array.len()).filter(|&index| array.is_null(index));
        if let Some(index) = nulls.find(|&index| is_visible(index)) {
            return Err(Misfit::new(index, None, Problem::Null));
        }
    }
    let valid = NullBuffer::union(parent, array.nulls());
    match ty {
        ColumnType::Enum(labels) => {
            check_texts(array, valid.as_ref(), |text| text::label(text, labels))
        }
        ColumnType::Json | ColumnType::File => check_texts(array, valid.as_ref(), text::json),
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
                    let misfit = Misfit::new(index, None, Problem::Null);
                    Err(misfit.inside(index / length, &format!("[{}]", index % length)))
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
                    |misfit| {
                        let index = misfit.index;
                        misfit.inside(index, &format!(".{}", field.name))
                    },
                )?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Checks the elements of lists, or the keys or values of maps, that are not null.
fn check_elements(
    elements: &dyn Array,
    field: &NestedField,
    suffix: &str,
    offsets: &[i32],
    valid: Option<&NullBuffer>,
) -> Result<(), Misfit> {
    // One look at all elements is enough where none is bad, which is nearly always.
    if check(elements, &field.ty, field.nullable).is_ok() {
        return Ok(());
    }
    for (index, bounds) in offsets.windows(2).enumerate() {
        if valid.is_some_and(|valid| valid.is_null(index)) {
            continue;
        }
        let (begin, end) = (bounds[0] as usize, bounds[1] as usize);
        let of_one = elements.slice(begin, end - begin);
        check(&of_one, &field.ty, field.nullable).map_err(|misfit| {
            let segment = format!("[{}]{suffix}", misfit.index);
            misfit.inside(index, &segment)
        })?;
    }
    Ok(())
}

fn check_texts(
    array: &dyn Array,
    valid: Option<&NullBuffer>,
    check: impl Fn(&str) -> Result<(), Problem>,
) -> Result<(), Misfit> {
    let Some(texts) = array.as_any().downcast_ref::<StringArray>() else {
        return Ok(());
    };
    for index in 0..texts.len() {
        if valid.is_none_or(|valid| valid.is_valid(index)) {
            let text = texts.value(index);
            check(text).map_err(|problem| Misfit::new(index, Some(text), problem))?;
        }
    }
    Ok(())
}

/// The value at `index` for a reader.
pub(crate) fn show(array: &dyn Array, index: usize) -> Option<String> {
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::default()).ok()?;
    formatter.value(index).try_to_string().ok()
}
