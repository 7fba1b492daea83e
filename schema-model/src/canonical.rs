// SPDX-License-Identifier: Apache-2.0

//! The canonical text of a definition: TOML with one aligned line per column, without values that
//! equal their default.

use std::fmt::Write;

use crate::civil::date_from_days;
use crate::definition::{
    AccessLevel, Column, ColumnDefault, Literal, PrimaryKey, TableDefinition, TableKind,
};
use crate::rust_names::camel_case;
use crate::types::{ColumnType, TimeUnit};

impl TableDefinition {
    /// Returns the definition as formatted TOML. Parsing and checking the text yields an equal
    /// definition.
    ///
    /// The text does not contain the keys `variants` and `renamed_from`, whose values are not part
    /// of the definition.
    pub fn to_toml(&self) -> String {
        let keys = self.table_keys();
        let mut out = String::new();
        write_keys(&mut out, &keys);
        out.push_str("\n[columns]\n");
        self.write_columns(&mut out);

        let reserved = self.reserved_keys();
        if !reserved.is_empty() {
            out.push_str("\n[reserved]\n");
            write_keys(&mut out, &reserved);
        }
        out
    }

    /// Returns the keys above the columns, without those that have their default.
    pub(crate) fn table_keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![("name", quoted(&self.name().to_string()))];
        if self.kind() != TableKind::default_in(&self.name().namespace) {
            keys.push(("kind", quoted(self.kind().as_str())));
        }
        if let Some(seconds) = self.ttl_seconds() {
            keys.push(("ttl_seconds", seconds.to_string()));
        }
        if let Some(level) = self.access_level()
            && level != AccessLevel::default()
        {
            keys.push(("access_level", quoted(level.as_str())));
        }
        if self.version() != 1 {
            keys.push(("version", self.version().to_string()));
        }
        if let Some(comment) = self.comment() {
            keys.push(("comment", quoted(comment)));
        }
        match self.primary_key() {
            PrimaryKey::Columns(key) => keys.push(("primary_key", self.names(key))),
            PrimaryKey::None { reason } => keys.push(("no_primary_key", quoted(reason))),
        }
        if !self.unique_keys().is_empty() {
            let unique = self.unique_keys().iter().map(|key| self.names(key));
            keys.push(("unique", array(unique)));
        }
        if self.row() != camel_case(&self.name().table) {
            keys.push(("row", quoted(self.row())));
        }
        keys
    }

    /// Returns the keys of the section `[reserved]`, without those that are empty.
    pub(crate) fn reserved_keys(&self) -> Vec<(&'static str, String)> {
        let reserved = self.reserved();
        let mut keys = Vec::new();
        if !reserved.ids.is_empty() {
            keys.push(("ids", array(reserved.ids.iter().map(i32::to_string))));
        }
        if !reserved.names.is_empty() {
            keys.push((
                "names",
                array(reserved.names.iter().map(|name| quoted(name))),
            ));
        }
        keys
    }

    /// Returns the names of the columns of a key as a TOML array.
    fn names(&self, key: &[usize]) -> String {
        let columns = key.iter().filter_map(|at| self.columns().get(*at));
        array(columns.map(|column| quoted(&column.name)))
    }

    fn write_columns(&self, out: &mut String) {
        let columns = self.columns();
        let name_width = columns
            .iter()
            .map(|column| column.name.len())
            .max()
            .unwrap_or(0);
        let id_width = columns
            .iter()
            .map(|column| digits(column.id))
            .max()
            .unwrap_or(0);
        for column in columns {
            let id = format!("{},", column.id);
            let _ = write!(
                out,
                "{:name_width$} = {{ id = {id:width$} type = {}",
                column.name,
                quoted(&column.ty.to_string()),
                width = id_width + 1,
            );
            for (key, value) in optional_keys(column) {
                let _ = write!(out, ", {key} = {value}");
            }
            out.push_str(" }\n");
        }
    }
}

fn digits(id: i32) -> usize {
    id.to_string().len()
}

/// Returns the keys of a column other than `id` and `type`, without those that have their default.
pub(crate) fn optional_keys(column: &Column) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    if let Some(source) = &column.source {
        keys.push(("source", quoted(source)));
    }
    if column.nullable {
        keys.push(("nullable", "true".to_string()));
    }
    if let Some(unit) = column.unit {
        keys.push(("unit", quoted(unit.as_str())));
    }
    if let Some(rust) = &column.rust {
        keys.push(("rust", quoted(rust)));
    }
    if let Some(default) = &column.default {
        keys.push(("default", default_text(default, &column.ty)));
    }
    if let Some(reason) = &column.deprecated {
        keys.push(("deprecated", quoted(reason)));
    }
    if let Some(comment) = &column.comment {
        keys.push(("comment", quoted(comment)));
    }
    keys
}

pub(crate) fn write_keys(out: &mut String, keys: &[(&str, String)]) {
    let width = keys.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, value) in keys {
        let _ = writeln!(out, "{key:width$} = {value}");
    }
}

pub(crate) fn array(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

/// Writes a basic string of TOML.
#[doc(hidden)]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

// ---- defaults ----

impl ColumnDefault {
    /// Returns the default of a column of type `ty` as TOML.
    pub fn to_toml(&self, ty: &ColumnType) -> String {
        default_text(self, ty)
    }
}

fn default_text(default: &ColumnDefault, ty: &ColumnType) -> String {
    match default {
        ColumnDefault::Call(function) => format!("\"{}()\"", function.name()),
        ColumnDefault::Literal(Literal::Boolean(value)) => value.to_string(),
        ColumnDefault::Literal(Literal::Integer(value)) => integer_text(*value, ty),
        ColumnDefault::Literal(Literal::Float(value)) => float_text(*value),
        ColumnDefault::Literal(Literal::Text(text)) => quoted(text),
        ColumnDefault::Literal(Literal::Bytes(bytes)) => quoted(&uuid_text(bytes)),
    }
}

fn integer_text(value: i128, ty: &ColumnType) -> String {
    match ty {
        ColumnType::Decimal { scale, .. } => quoted(&decimal_text(value, *scale)),
        ColumnType::Date => date_text(i64::try_from(value).unwrap_or_default()),
        ColumnType::Time => time_text(value, TimeUnit::Microsecond),
        ColumnType::Timestamp { unit, zone: None } => instant_text(value, *unit, 'T'),
        ColumnType::Timestamp { unit, .. } => instant_text(value, *unit, 'T') + "Z",
        ColumnType::DateTime => instant_text(value, TimeUnit::Microsecond, 'T') + "Z",
        _ => value.to_string(),
    }
}

fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    // `Debug` writes the shortest text that parses as the same number, with a point or an exponent,
    // which TOML requires.
    format!("{value:?}")
}

pub(crate) fn decimal_text(unscaled: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

pub(crate) fn uuid_text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
    out
}

pub(crate) fn date_text(days: i64) -> String {
    let (year, month, day) = date_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Writes a date and a time of day, with `separator` between them.
pub(crate) fn instant_text(units: i128, unit: TimeUnit, separator: char) -> String {
    let per_day = i128::from(unit.per_second()) * 86_400;
    let days = i64::try_from(units.div_euclid(per_day)).unwrap_or_default();
    format!(
        "{}{separator}{}",
        date_text(days),
        time_text(units.rem_euclid(per_day), unit)
    )
}

/// Writes a time of day with as many fractional digits as necessary.
pub(crate) fn time_text(units: i128, unit: TimeUnit) -> String {
    let per_second = i128::from(unit.per_second());
    let (seconds, rest) = (units.div_euclid(per_second), units.rem_euclid(per_second));
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut out = format!("{hour:02}:{minute:02}:{second:02}");
    if rest != 0 {
        let nanoseconds = rest * (1_000_000_000 / per_second);
        let fraction = format!("{nanoseconds:09}");
        let _ = write!(out, ".{}", fraction.trim_end_matches('0'));
    }
    out
}
