// SPDX-License-Identifier: Apache-2.0

//! A definition as SQL: `CREATE TABLE`, types, defaults; in the words of DataFusion's dialect where it
//! has them, in the standard's where it has not.

use std::fmt::Write;

use crate::canonical::{date_text, decimal_text, instant_text, time_text, uuid_text};
use crate::constraints::{ConstraintKind, TableConstraint};
use crate::definition::{ColumnDefault, DefaultFunction, Literal, TableDefinition};
use crate::types::{ColumnType, TimeUnit, quote};

/// How many decimal digits a double holds, whichever they are.
const EXACT_DIGITS: usize = f64::DIGITS as usize;

impl TableDefinition {
    /// The statement that would create the table, on one line, with every name in quotes:
    ///
    /// ```text
    /// CREATE TABLE "app"."events" ("id" BIGINT NOT NULL, "title" TEXT, PRIMARY KEY ("id"))
    /// ```
    ///
    /// It says columns, types, defaults and keys. Comments are left out, and closed sets are `TEXT`:
    /// DataFusion refuses the statement with either.
    pub fn to_sql(&self) -> String {
        let name = self.name();
        let mut out = format!(
            "CREATE TABLE {}.{} (",
            quote_identifier(&name.namespace),
            quote_identifier(&name.table)
        );
        for (index, column) in self.columns().iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            let _ = write!(
                out,
                "{} {}",
                quote_identifier(&column.name),
                column.ty.to_sql()
            );
            if !column.nullable {
                out.push_str(" NOT NULL");
            }
            if let Some(default) = &column.default {
                let _ = write!(out, " DEFAULT {}", default.to_sql(&column.ty));
            }
        }
        for constraint in self.constraints() {
            self.write_key(&mut out, &constraint);
        }
        out.push(')');
        out
    }

    fn write_key(&self, out: &mut String, constraint: &TableConstraint) {
        if constraint.kind == ConstraintKind::Check {
            return;
        }
        let columns = constraint.columns.iter();
        let columns = columns.filter_map(|at| self.columns().get(*at));
        let names: Vec<String> = columns
            .map(|column| quote_identifier(&column.name))
            .collect();
        let _ = write!(out, ", {} ({})", constraint.kind.as_str(), names.join(", "));
    }
}

impl ColumnType {
    /// The type in SQL.
    ///
    /// DataFusion reads it as the type's Arrow type, but for what its SQL cannot say: that a nested
    /// field is not null, and which zone a timestamp has, which is that of the session. `BINARY(n)`,
    /// `TIME(6)`, `UUID`, `MAP(..)` and `"arrow:.."` it refuses. A `TEXT` is `Utf8` to it where
    /// `datafusion.sql_parser.map_string_types_to_utf8view` is off.
    pub fn to_sql(&self) -> String {
        match self {
            ColumnType::Boolean => "BOOLEAN".to_string(),
            ColumnType::TinyInt => "TINYINT".to_string(),
            ColumnType::SmallInt => "SMALLINT".to_string(),
            ColumnType::Int => "INT".to_string(),
            ColumnType::BigInt => "BIGINT".to_string(),
            ColumnType::UTinyInt => "TINYINT UNSIGNED".to_string(),
            ColumnType::USmallInt => "SMALLINT UNSIGNED".to_string(),
            ColumnType::UInt => "INT UNSIGNED".to_string(),
            ColumnType::UBigInt => "BIGINT UNSIGNED".to_string(),
            // `FLOAT` has 64 bits in the standard, and 32 in DataFusion.
            ColumnType::Float => "REAL".to_string(),
            ColumnType::Double => "DOUBLE PRECISION".to_string(),
            ColumnType::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
            ColumnType::Text | ColumnType::Json | ColumnType::File | ColumnType::Enum(_) => {
                "TEXT".to_string()
            }
            ColumnType::Bytes => "BYTEA".to_string(),
            ColumnType::FixedBytes(length) => format!("BINARY({length})"),
            ColumnType::Date => "DATE".to_string(),
            // Without its digits it would be one of nanoseconds in DataFusion.
            ColumnType::Time => "TIME(6)".to_string(),
            ColumnType::Timestamp { unit, zone: None } => {
                format!("TIMESTAMP({})", unit.fraction_digits())
            }
            ColumnType::Timestamp { unit, .. } => {
                format!("TIMESTAMP({}) WITH TIME ZONE", unit.fraction_digits())
            }
            ColumnType::DateTime => "TIMESTAMP(6) WITH TIME ZONE".to_string(),
            ColumnType::Interval => "INTERVAL".to_string(),
            ColumnType::Uuid => "UUID".to_string(),
            ColumnType::Embedding(length) => format!("REAL[{length}]"),
            // Not `T[]`: behind the `>>` of nested types the parser takes it for the inner one's.
            ColumnType::List(element) => format!("ARRAY<{}>", element.ty.to_sql()),
            ColumnType::Struct(fields) => {
                let fields = fields.iter();
                let fields: Vec<String> = fields
                    .map(|field| format!("{} {}", quote_identifier(&field.name), field.ty.to_sql()))
                    .collect();
                format!("STRUCT<{}>", fields.join(", "))
            }
            ColumnType::Map(fields) => format!(
                "MAP({}, {})",
                fields.key.ty.to_sql(),
                fields.value.ty.to_sql()
            ),
            ColumnType::Arrow(notation) => quote_identifier(&format!("arrow:{notation}")),
        }
    }
}

impl ColumnDefault {
    /// The default of a column of type `ty`, as an expression of SQL: a literal, one with its type
    /// before it where a bare one would mean another value, or `CURRENT_TIMESTAMP` and the like.
    pub fn to_sql(&self, ty: &ColumnType) -> String {
        match self {
            ColumnDefault::Call(DefaultFunction::Now) => "CURRENT_TIMESTAMP".to_string(),
            ColumnDefault::Call(DefaultFunction::CurrentDate) => "CURRENT_DATE".to_string(),
            ColumnDefault::Call(DefaultFunction::CurrentTime) => "CURRENT_TIME".to_string(),
            ColumnDefault::Literal(literal) => literal_sql(literal, ty),
        }
    }
}

fn literal_sql(literal: &Literal, ty: &ColumnType) -> String {
    match literal {
        Literal::Boolean(true) => "TRUE".to_string(),
        Literal::Boolean(false) => "FALSE".to_string(),
        Literal::Integer(value) => integer_sql(*value, ty),
        Literal::Float(value) if value.is_nan() => typed(ty, "NaN"),
        Literal::Float(value) if value.is_infinite() && *value > 0.0 => typed(ty, "Infinity"),
        Literal::Float(value) if value.is_infinite() => typed(ty, "-Infinity"),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Text(text) => quote(text),
        Literal::Bytes(bytes) => typed(ty, &uuid_text(bytes)),
    }
}

fn integer_sql(value: i128, ty: &ColumnType) -> String {
    match ty {
        ColumnType::Decimal { scale, .. } => {
            let text = decimal_text(value, *scale);
            // DataFusion reads a number with a point as a double.
            match text.bytes().filter(u8::is_ascii_digit).count() <= EXACT_DIGITS {
                true => text,
                false => typed(ty, &text),
            }
        }
        ColumnType::Date => typed(ty, &date_text(i64::try_from(value).unwrap_or_default())),
        ColumnType::Time => typed(ty, &time_text(value, TimeUnit::Microsecond)),
        ColumnType::Timestamp { unit, zone: None } => typed(ty, &instant_text(value, *unit, ' ')),
        ColumnType::Timestamp { unit, .. } => typed(ty, &utc_text(value, *unit)),
        ColumnType::DateTime => typed(ty, &utc_text(value, TimeUnit::Microsecond)),
        _ => value.to_string(),
    }
}

fn utc_text(units: i128, unit: TimeUnit) -> String {
    instant_text(units, unit, ' ') + "+00:00"
}

/// A literal of type `ty`: the type, then the value as text.
fn typed(ty: &ColumnType, text: &str) -> String {
    format!("{} {}", ty.to_sql(), quote(text))
}

/// A name in double quotes, a quote inside doubled.
fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
