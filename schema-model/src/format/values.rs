// SPDX-License-Identifier: Apache-2.0

//! The values of a document as text on one line.

use toml::de::DeValue;

use crate::canonical::quoted;

/// Returns a value in its canonical form. Numbers and times are written as in `text`, and so are
/// strings of several lines.
pub(super) fn entry_value(value: &toml::Spanned<DeValue<'_>>, text: &str) -> String {
    let written = text.get(value.span()).unwrap_or_default();
    match value.get_ref() {
        DeValue::String(_) if written.starts_with("\"\"\"") || written.starts_with("'''") => {
            written.to_string()
        }
        DeValue::String(string) => quoted(string),
        DeValue::Array(values) => {
            let values = values.iter().map(|value| entry_value(value, text));
            format!("[{}]", values.collect::<Vec<_>>().join(", "))
        }
        DeValue::Table(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_by_key(|(key, _)| key.span().start);
            let entries = entries.into_iter().map(|(key, value)| {
                let key = key_text(key.get_ref());
                format!("{key} = {}", entry_value(value, text))
            });
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            written.to_string()
        }
    }
}

/// Returns a key, in quotes if it is not a bare key of TOML.
pub(super) fn key_text(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.bytes().all(is_bare) {
        key.to_string()
    } else {
        quoted(key)
    }
}
