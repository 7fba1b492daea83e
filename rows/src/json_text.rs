// SPDX-License-Identifier: Apache-2.0

//! [`check_json`]: whether a text is one JSON value.

use serde_core::de::IgnoredAny;

use crate::error::InvalidValue;

/// Checks that `text` is one JSON value and nothing else, without building the value.
///
/// # Errors
/// [`InvalidValue::NotJson`] otherwise.
pub fn check_json(text: &str) -> Result<(), InvalidValue> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(IgnoredAny) => Ok(()),
        Err(error) => Err(not_json(text, &error)),
    }
}

/// The error for a text that serde_json does not parse.
pub(crate) fn not_json(text: &str, error: &serde_json::Error) -> InvalidValue {
    InvalidValue::NotJson {
        found: text.to_string(),
        reason: reason(error),
    }
}

/// The message of the parser, with the position counted in characters if the text is one line.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.strip_suffix(&format!(" at line 1 column {}", error.column())) {
        Some(message) => format!("{message} at character {}", error.column()),
        None => message,
    }
}
