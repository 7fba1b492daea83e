// SPDX-License-Identifier: Apache-2.0

//! Reads single TOML values: strings, integers, booleans, arrays and defaults.

use toml::de::{DeTable, DeValue};
use toml::value::Offset;

use super::reader::{Reader, TomlValue, get};
use crate::raw::{RawDatetime, RawDefault, RawText, RawValue, TextOrigin};
use crate::rule::Rule;
use crate::source::Spanned;

impl Reader<'_> {
    pub(super) fn array_at<T>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        expected: &str,
        read: impl FnMut(&mut Self, TomlValue<'_, '_>) -> Option<T>,
    ) -> Option<Spanned<Vec<T>>> {
        let (_, value) = get(table, name)?;
        let brackets = [&*format!("{name} = ["), "]"];
        self.array(name, value, expected, brackets, read)
    }

    /// Reads an array, and each element with `read`. If the value is not an array, the help
    /// suggests to write it between `open` and `close`.
    pub(super) fn array<T>(
        &mut self,
        name: &str,
        value: TomlValue<'_, '_>,
        expected: &str,
        [open, close]: [&str; 2],
        mut read: impl FnMut(&mut Self, TomlValue<'_, '_>) -> Option<T>,
    ) -> Option<Spanned<Vec<T>>> {
        let DeValue::Array(items) = value.get_ref() else {
            let written = match value.get_ref() {
                DeValue::String(_) | DeValue::Integer(_) => self.excerpt(value.span()),
                _ => "..",
            };
            let help = format!("write `{open}{written}{close}`");
            self.wrong_kind(name, value, expected, &help);
            return None;
        };
        let values = items.iter().filter_map(|item| read(self, item)).collect();
        Some(Spanned::new(values, self.span(value.span())))
    }

    pub(super) fn text_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<Spanned<String>> {
        let (_, value) = get(table, name)?;
        self.string(name, value)
    }

    pub(super) fn string(
        &mut self,
        name: &str,
        value: TomlValue<'_, '_>,
    ) -> Option<Spanned<String>> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(Spanned::new(text.to_string(), self.span(value.span())));
        }
        let help = match value.get_ref() {
            _ if name == "type" => "for example `type = \"text\"`".to_string(),
            _ if name == "unit" => "for example `unit = \"ms\"`".to_string(),
            DeValue::Boolean(_) if name == "deprecated" => {
                "write the reason, for example `deprecated = \"use title\"`".to_string()
            }
            DeValue::Array(_) | DeValue::Table(_) => {
                "write one string in double quotes".to_string()
            }
            _ => format!("write it in quotes: `\"{}\"`", self.excerpt(value.span())),
        };
        self.wrong_kind(name, value, "a string", &help);
        None
    }

    pub(super) fn raw_text_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<RawText> {
        let (_, value) = get(table, name)?;
        let text = self.string(name, value)?;
        let written = self.excerpt(value.span());
        let quotes = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quotes| written.starts_with(quotes))
            .map_or(0, str::len);
        let verbatim = written
            .get(quotes..written.len().saturating_sub(quotes))
            .is_some_and(|content| content == text.value);
        let origin = if verbatim {
            TextOrigin::Verbatim(value.span().start + quotes)
        } else {
            TextOrigin::Quoted
        };
        Some(RawText::new(text.value, text.span, origin))
    }

    pub(super) fn integer_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<Spanned<i128>> {
        let (_, value) = get(table, name)?;
        self.integer(name, value)
    }

    pub(super) fn integer(
        &mut self,
        name: &str,
        value: TomlValue<'_, '_>,
    ) -> Option<Spanned<i128>> {
        if let DeValue::Integer(number) = value.get_ref() {
            return Some(Spanned::new(integer_value(number), self.span(value.span())));
        }
        let help = match value.get_ref() {
            DeValue::String(text) if text.trim().parse::<i64>().is_ok() => {
                format!("write it without quotes: `{}`", text.trim())
            }
            _ => "write a whole number".to_string(),
        };
        self.wrong_kind(name, value, "an integer", &help);
        None
    }

    pub(super) fn boolean_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<Spanned<bool>> {
        let (_, value) = get(table, name)?;
        if let DeValue::Boolean(boolean) = value.get_ref() {
            return Some(Spanned::new(*boolean, self.span(value.span())));
        }
        let help = match value.get_ref() {
            DeValue::String(text) if matches!(&**text, "true" | "false") => {
                format!("write it without quotes: `{name} = {text}`")
            }
            _ => format!("write `{name} = true`, or leave it out"),
        };
        self.wrong_kind(name, value, "a boolean", &help);
        None
    }

    pub(super) fn default_at(&mut self, column: &DeTable<'_>) -> Option<RawDefault> {
        let (_, value) = get(column, "default")?;
        let raw = match value.get_ref() {
            DeValue::Boolean(boolean) => RawValue::Boolean(*boolean),
            DeValue::Integer(number) => RawValue::Integer(integer_value(number)),
            DeValue::Float(number) => {
                // Rust parses every float of TOML, so the fallback is never used.
                RawValue::Float(number.as_str().parse().unwrap_or(f64::NAN))
            }
            DeValue::String(text) => RawValue::Text(text.to_string()),
            DeValue::Datetime(_) => RawValue::Datetime(datetime(value.get_ref())?),
            DeValue::Array(_) | DeValue::Table(_) => {
                self.wrong_kind(
                    "default",
                    value,
                    "a single value",
                    "leave it out: lists, structs and maps have no default",
                );
                return None;
            }
        };
        let span = self.span(value.span());
        Some(RawDefault::new(raw, span, self.excerpt(value.span())))
    }

    pub(super) fn wrong_kind(
        &mut self,
        name: &str,
        value: TomlValue<'_, '_>,
        expected: &str,
        help: &str,
    ) {
        let message = format!("`{name}` is {}, expected {expected}", kind(value.get_ref()));
        self.report(Rule::WrongValueType, value.span(), message, help);
    }
}

/// Converts an integer. Saturates, since every limit of a definition is far below those of `i128`.
pub(super) fn integer_value(number: &toml::de::DeInteger<'_>) -> i128 {
    i128::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| {
        if number.as_str().starts_with('-') {
            i128::MIN
        } else {
            i128::MAX
        }
    })
}

/// Parses a text that is one date or time in the syntax of TOML.
pub(crate) fn parse_datetime(text: &str) -> Option<RawDatetime> {
    let value = DeValue::parse(text).ok()?;
    datetime(value.get_ref())
}

fn datetime(value: &DeValue<'_>) -> Option<RawDatetime> {
    let value = value.as_datetime()?;
    Some(RawDatetime {
        date: value.date.map(|date| (date.year, date.month, date.day)),
        time: value.time.map(|time| {
            let (second, nanosecond) = (time.second.unwrap_or(0), time.nanosecond.unwrap_or(0));
            (time.hour, time.minute, second, nanosecond)
        }),
        offset: value.offset.map(|offset| match offset {
            Offset::Z => 0,
            Offset::Custom { minutes } => minutes,
        }),
    })
}

/// Returns the type of a TOML value, with its article.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
