// SPDX-License-Identifier: Apache-2.0

//! The columns of a query, for `CREATE TABLE .. AS SELECT`.

use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::DFSchema;

use super::apply::InferredColumn;
use super::problem::DdlProblem;

/// Returns the columns of a query in the notation of definitions.
///
/// # Errors
/// Fails if a column has a type that tables do not have.
pub(super) fn columns_of(schema: &DFSchema) -> Result<Vec<InferredColumn>, Vec<DdlProblem>> {
    let mut columns = Vec::new();
    let mut problems = Vec::new();
    for field in schema.fields() {
        match notation(field) {
            Some(ty) => columns.push(InferredColumn {
                name: field.name().clone(),
                ty,
                nullable: field.is_nullable(),
            }),
            None => problems.push(
                DdlProblem::new(format!(
                    "column `{}` of the query has type {}, which tables do not have",
                    field.name(),
                    field.data_type()
                ))
                .with_help("cast it to another type, such as `TEXT`"),
            ),
        }
    }
    if problems.is_empty() {
        Ok(columns)
    } else {
        Err(problems)
    }
}

fn notation(field: &Field) -> Option<String> {
    let is_uuid = field
        .metadata()
        .get("ARROW:extension:name")
        .is_some_and(|name| name == "arrow.uuid");
    Some(match field.data_type() {
        DataType::Boolean => "boolean".to_string(),
        DataType::Int8 => "tinyint".to_string(),
        DataType::Int16 => "smallint".to_string(),
        DataType::Int32 => "int".to_string(),
        DataType::Int64 => "bigint".to_string(),
        DataType::UInt8 => "utinyint".to_string(),
        DataType::UInt16 => "usmallint".to_string(),
        DataType::UInt32 => "uint".to_string(),
        DataType::UInt64 => "ubigint".to_string(),
        DataType::Float32 => "float".to_string(),
        DataType::Float64 => "double".to_string(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_string(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "bytes".to_string(),
        DataType::FixedSizeBinary(16) if is_uuid => "uuid".to_string(),
        DataType::FixedSizeBinary(length) => format!("bytes({length})"),
        DataType::Date32 => "date".to_string(),
        DataType::Time64(TimeUnit::Microsecond) => "time".to_string(),
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            };
            match zone {
                None => format!("timestamp({unit})"),
                Some(zone) if &**zone == "+00:00" => format!("timestamp({unit}, 'UTC')"),
                Some(zone) => format!("timestamp({unit}, '{zone}')"),
            }
        }
        DataType::List(element) | DataType::LargeList(element) | DataType::ListView(element) => {
            format!("list<{}>", nested(element)?)
        }
        DataType::Struct(fields) => {
            let fields = fields.iter().map(|field| {
                let name = field.name();
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let name = if !name.is_empty() && name.chars().all(is_word) {
                    name.clone()
                } else {
                    format!("'{}'", name.replace('\'', "''"))
                };
                Some(format!("{name}: {}", nested(field)?))
            });
            let fields: Vec<String> = fields.collect::<Option<_>>()?;
            format!("struct<{}>", fields.join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                format!("map<{}, {}>", notation(&fields[0])?, nested(&fields[1])?)
            }
            _ => return None,
        },
        _ => return None,
    })
}

fn nested(field: &Field) -> Option<String> {
    let null = if field.is_nullable() { " null" } else { "" };
    Some(notation(field)? + null)
}
