// SPDX-License-Identifier: Apache-2.0

//! Checks of a field against its column type: whether the Rust type can hold it, and whether its
//! unit, its nested ids and its default are stated where they are needed.

use kalamtable_model::{
    ColumnType, DefaultFunction, MAX_ID, RawValue, Spanned, TimeUnit, backticked_list,
};

use crate::problems::{Problems, TokenSpans, Written};
use crate::row::RowField;
use crate::rust_type::{optional, rust_type};

/// Returns the unit in which the field counts a time of type `ty`.
pub(crate) fn row_unit(
    field: &RowField,
    ty: &ColumnType,
    spans: &mut TokenSpans,
) -> Option<Spanned<String>> {
    ty.time_unit()?;
    let column = format!("column `{}`", field.column());
    if field.ty.is_units() {
        let unit = field.attributes.unit.as_ref()?;
        let span = spans.add(&unit.tokens, &column);
        return Some(Spanned::new(unit.value.clone(), span));
    }
    let unit = field.ty.known.as_ref()?.unit?;
    let span = spans.add(&field.ty.value, &column);
    Some(Spanned::new(unit.as_str().to_string(), span))
}

/// Checks that the Rust type can hold the column type of attribute `type`, as far as the name of
/// the Rust type shows it.
pub(crate) fn check_type_fits(field: &RowField, ty: &ColumnType, problems: &mut Problems) -> bool {
    let Some(known) = &field.ty.known else {
        return true;
    };
    let is_counted = field.ty.is_units() && ty.time_unit().is_some();
    if field.attributes.ty.is_none() || is_counted || known.fits(ty) {
        return true;
    }
    let message = format!("`{}` cannot hold `{ty}`", field.ty.name());
    let help = match (ty, rust_type(ty, None)) {
        (ty, _) if ty.time_unit().is_some() && field.attributes.unit.is_some() => {
            let rust = optional("i64".to_string(), field.ty.nullable);
            format!("write `{rust}`, which counts in the given `unit`")
        }
        (ColumnType::Enum(labels), _) => format!(
            "derive `KalamValue` on an enum with the labels {}, and write its name",
            backticked_list(labels.iter(), "and")
        ),
        (_, Some(rust)) => format!("write `{}`", optional(rust, field.ty.nullable)),
        (_, None) => "derive `KalamValue` on a type for it, and write its name".to_string(),
    };
    problems.push(&field.ty.value, &message, &help);
    false
}

/// Checks that a field of a row states a unit if and only if it is a bare number in a time column.
pub(crate) fn check_row_unit(field: &RowField, ty: Option<&ColumnType>, problems: &mut Problems) {
    let name = field.ty.name();
    let Some(unit) = &field.attributes.unit else {
        let Some(ty) = ty.filter(|ty| ty.time_unit().is_some() && field.ty.is_units()) else {
            return;
        };
        let message = format!("`{name}` in a `{}` column needs a unit", ty.keyword());
        let typed = rust_type(ty, Some(TimeUnit::Millisecond)).unwrap_or_default();
        let help = format!(
            "write `#[kalam(type = \"{ty}\", unit = \"ms\")]`\n\
             help: or change the type of the field to `{}`",
            optional(typed, field.ty.nullable)
        );
        return problems.push(&field.ty.value, &message, &help);
    };
    let is_time = ty.is_some_and(|ty| ty.time_unit().is_some());
    let (message, help) = if !field.ty.is_units() {
        let message = match &field.ty.known {
            Some(known) if known.unit.is_some() => format!("`{name}` already has a unit"),
            _ => format!("`{name}` cannot have a unit"),
        };
        let help = "delete `unit`: only a bare `i64` needs it".to_string();
        (message, help)
    } else if field.attributes.ty.is_none() {
        let message = format!("`unit` requires a time, and `{name}` is a `bigint`");
        let unit = &unit.value;
        let help = format!("write `type = \"timestamp\", unit = \"{unit}\"`");
        (message, help)
    } else if !is_time && let Some(ty) = ty {
        let message = format!("a column of type `{}` has no unit", ty.keyword());
        let help = "delete it: only `timestamp`, `datetime` and `time` have one".to_string();
        (message, help)
    } else {
        return;
    };
    problems.push(&unit.tokens, &message, &help);
}

/// Checks that a field of a value states no unit: it holds a time as a type that has one.
pub(crate) fn check_value_unit(field: &RowField, ty: Option<&ColumnType>, problems: &mut Problems) {
    let time = ty.filter(|ty| ty.time_unit().is_some());
    let typed = time
        .and_then(|ty| rust_type(ty, Some(TimeUnit::Millisecond)))
        .unwrap_or_else(|| "TimestampMillis".to_string());
    let help = format!(
        "change the type of the field to `{}`",
        optional(typed, field.ty.nullable)
    );
    let name = field.ty.name();
    if let Some(unit) = &field.attributes.unit {
        let message = "`unit` is only allowed on a field of a row";
        problems.push(&unit.tokens, message, &help);
    } else if let Some(ty) = time.filter(|_| field.ty.is_units()) {
        let message = format!("`{name}` in a `{}` field has no unit", ty.keyword());
        problems.push(&field.ty.value, &message, &help);
    }
}

/// Checks that `nested_ids` is on a field whose type does not contain the ids.
pub(crate) fn check_nested_ids(field: &RowField, problems: &mut Problems) {
    let Some(nested_ids) = &field.attributes.nested_ids else {
        return;
    };
    if field.is_inferred() {
        check_nested_ids_range(nested_ids, problems);
        return;
    }
    let message = "`nested_ids` has nothing to number";
    let help = match &field.attributes.ty {
        Some(_) => "delete it: `type` contains the ids",
        None => "delete it: the type has no nested fields",
    };
    problems.push(&nested_ids.tokens, message, help);
}

/// Checks that ids can begin above a number.
pub(crate) fn check_nested_ids_range(nested_ids: &Written<i128>, problems: &mut Problems) {
    if !(0..i128::from(MAX_ID)).contains(&nested_ids.value) {
        let message = format!("ids are from 1 to {MAX_ID}");
        let help = "`nested_ids` is the number above which the ids inside the column begin";
        problems.push(&nested_ids.tokens, &message, help);
    }
}

/// Checks that a default that looks like a function call is on a field with a known column type,
/// because it may also be a text.
pub(crate) fn check_called_default(field: &RowField, problems: &mut Problems) {
    let default = field.attributes.default.as_ref();
    let Some(default) = default.filter(|_| field.is_inferred()) else {
        return;
    };
    let RawValue::Text(text) = &default.value else {
        return;
    };
    let mut functions = DefaultFunction::ALL.into_iter();
    let Some(function) = functions.find(|function| *text == format!("{}()", function.name()))
    else {
        return;
    };
    let ty = match function {
        DefaultFunction::Now => "datetime",
        DefaultFunction::CurrentDate => "date",
        DefaultFunction::CurrentTime => "time",
    };
    let message = format!("`{text}` is a call or a text, depending on the column type");
    let help = format!("add `type = \"{ty}\"`");
    problems.push(&default.tokens, &message, &help);
}
