// SPDX-License-Identifier: Apache-2.0

//! Checks whether the values of an Arrow array are values of a column, with the errors of data
//! files.

use arrow::array::Array;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use kalamtable_model::value_text::TextError;
use kalamtable_model::{Column, nearest};
use kalamtable_rows::{InvalidValue, ValueError, validate};

use crate::error::{ValueMismatch, ValueProblem};

/// Checks every value of `array`, which has a physical form of the type of `column`.
///
/// # Errors
/// Fails with a value that does not fit.
pub(crate) fn check(array: &dyn Array, column: &Column) -> Result<(), ValueMismatch> {
    validate(array, column).map_err(mismatch)
}

/// Returns the error of a value as an error of a data file.
pub(crate) fn mismatch(error: ValueError) -> ValueMismatch {
    let (index, path) = (error.index().unwrap_or_default(), error.path());
    let (found, problem) = match error.into_reason() {
        InvalidValue::Null => (None, ValueProblem::Null),
        InvalidValue::NotALabel { found, labels } => {
            let nearest = nearest(&found, labels.iter().map(String::as_str)).map(str::to_string);
            (Some(found), TextError::NotALabel { nearest }.into())
        }
        InvalidValue::NotJson { found, reason } => (Some(found), TextError::NotJson(reason).into()),
        InvalidValue::OutOfRange { value, .. } => (Some(value), TextError::OutOfRange.into()),
        InvalidValue::DuplicateMapKey => (None, ValueProblem::DuplicateKey),
        InvalidValue::Arrow(error) => (None, ValueProblem::Arrow(error)),
        reason => {
            let error = ArrowError::ExternalError(Box::new(reason));
            (None, ValueProblem::Arrow(error))
        }
    };
    ValueMismatch {
        path,
        ..ValueMismatch::new(index, found.as_deref(), problem)
    }
}

/// Returns the value at `index` as text for an error message.
pub(crate) fn show(array: &dyn Array, index: usize) -> Option<String> {
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::default()).ok()?;
    formatter.value(index).try_to_string().ok()
}
