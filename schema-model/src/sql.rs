// SPDX-License-Identifier: Apache-2.0

//! Renders definitions as SQL: `CREATE TABLE` statements, types and defaults. The dialect is that
//! of DataFusion, and standard SQL for features that DataFusion does not have.

use std::fmt::Write;

use crate::canonical::{date_text, decimal_text, instant_text, time_text, uuid_text};
use crate::constraints::{ConstraintKind, TableConstraint};
use crate::default_function::DefaultFunction;
use crate::definition::{ColumnDefault, Literal, TableDefinition};
use crate::sql_text::{quote, quote_identifier};
use crate::type_ids::type_without_ids;
use crate::types::{ColumnType, TimeUnit};

/// The number of decimal digits that a double always represents exactly.
const EXACT_DIGITS: usize = f64::DIGITS as usize;

impl TableDefinition {
    /// Returns the `CREATE TABLE` statement of the table, on one line, with all names in quotes:
    ///
    /// ```text
    /// CREATE TABLE "app"."events" ("id" BIGINT NOT NULL, "title" TEXT, PRIMARY KEY ("id"))
    /// ```
    ///
    /// The statement contains columns, types, defaults and keys. It omits comments, and enums are
    /// `TEXT`, since DataFusion does not accept comments and `CHECK` constraints.
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
        let names: Vec<String> = constraint
            .columns
            .iter()
            .filter_map(|position| self.columns().get(*position))
            .map(|column| quote_identifier(&column.name))
            .collect();
        let _ = write!(out, ", {} ({})", constraint.kind.as_str(), names.join(", "));
    }
}

impl ColumnType {
    /// Returns the type in SQL.
    ///
    /// DataFusion parses the result as the Arrow type of the column, with these exceptions:
    ///
    /// - Its SQL cannot express that a nested field is not null.
    /// - It cannot express the zone of a timestamp, and uses that of the session.
    /// - DataFusion rejects `BINARY(n)`, `TIME(6)`, `UUID`, `MAP(..)` and `"arrow:.."`.
    /// - `TEXT` is `Utf8` only if `datafusion.sql_parser.map_string_types_to_utf8view` is off.
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
            // `FLOAT` has 64 bits in standard SQL, and 32 bits in DataFusion.
            ColumnType::Float => "REAL".to_string(),
            ColumnType::Double => "DOUBLE PRECISION".to_string(),
            ColumnType::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
            ColumnType::Text | ColumnType::Json | ColumnType::File | ColumnType::Enum(_) => {
                "TEXT".to_string()
            }
            ColumnType::Bytes => "BYTEA".to_string(),
            ColumnType::FixedBytes(length) => format!("BINARY({length})"),
            ColumnType::Date => "DATE".to_string(),
            // Without a precision, DataFusion would use nanoseconds.
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
            // Not `T[]`: after the `>>` of nested types, the parser assigns it to the inner type.
            ColumnType::List(element) => format!("ARRAY<{}>", element.ty.to_sql()),
            ColumnType::Struct(fields) => {
                let fields: Vec<String> = fields
                    .iter()
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

impl ColumnType {
    /// Returns the type as DDL statements write it. Unlike [`to_sql`](Self::to_sql), it is exact: a
    /// type that SQL cannot express is in double quotes, in the notation of definitions without
    /// ids.
    #[doc(hidden)]
    pub fn to_ddl(&self) -> String {
        match self {
            ColumnType::Boolean
            | ColumnType::TinyInt
            | ColumnType::SmallInt
            | ColumnType::Int
            | ColumnType::BigInt
            | ColumnType::UTinyInt
            | ColumnType::USmallInt
            | ColumnType::UInt
            | ColumnType::UBigInt
            | ColumnType::Float
            | ColumnType::Decimal { .. }
            | ColumnType::Text
            | ColumnType::Bytes
            | ColumnType::FixedBytes(_)
            | ColumnType::Date
            | ColumnType::Uuid
            | ColumnType::Interval
            | ColumnType::Timestamp { zone: None, .. } => self.to_sql(),
            ColumnType::Double => "DOUBLE".to_string(),
            ColumnType::Time => "TIME".to_string(),
            ColumnType::DateTime => "DATETIME".to_string(),
            ColumnType::Json => "JSON".to_string(),
            ColumnType::File => "FILE".to_string(),
            ColumnType::Embedding(length) => format!("EMBEDDING({length})"),
            ColumnType::Enum(labels) => {
                let labels: Vec<String> = labels.iter().map(|label| quote(label)).collect();
                format!("ENUM({})", labels.join(", "))
            }
            ColumnType::List(element) if element.nullable => {
                format!("ARRAY<{}>", element.ty.to_ddl())
            }
            // Zones, and nested fields that can be not null.
            ColumnType::Timestamp { zone: Some(_), .. }
            | ColumnType::List(_)
            | ColumnType::Struct(_)
            | ColumnType::Map(_)
            | ColumnType::Arrow(_) => quote_identifier(&type_without_ids(self)),
        }
    }
}

impl ColumnDefault {
    /// Returns the default of a column of type `ty` as an SQL expression: a literal, or a function
    /// such as `CURRENT_TIMESTAMP`. The type precedes a literal that would otherwise have another
    /// value.
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
            // DataFusion parses a number with a point as a double.
            if text.bytes().filter(u8::is_ascii_digit).count() <= EXACT_DIGITS {
                text
            } else {
                typed(ty, &text)
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

/// Returns a literal with its type: the type, then the value as a string.
fn typed(ty: &ColumnType, text: &str) -> String {
    format!("{} {}", ty.to_sql(), quote(text))
}
