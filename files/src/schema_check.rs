// SPDX-License-Identifier: Apache-2.0

//! Compares the Arrow schema of a file with a definition.
//!
//! A schema fits if it has every column that is not nullable and has no default, if it has no
//! unknown column, and if the declared type of each column holds every value of the file's type
//! exactly.

use std::fmt;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, TimeUnit};
use kalamtable_model::arrow::FIELD_ID_KEY;
use kalamtable_model::{Column, ColumnType, NestedField, TableDefinition, nearest};
use kalamtable_rows::physical::without_encoding;

use crate::default_value::default_text;
use crate::error::{did_you_mean, occurs_twice, shorten};

/// Returns a message for each mismatch; empty if the schema fits.
pub(crate) fn schema_mismatches(definition: &TableDefinition, found: &Schema) -> Vec<String> {
    let mut mismatches = Vec::new();
    for (position, field) in found.fields().iter().enumerate() {
        let name = field.name();
        if found.fields()[..position]
            .iter()
            .any(|other| other.name() == name)
        {
            mismatches.push(format!("column `{name}` occurs twice"));
        } else if definition.file_column(name).is_none() {
            mismatches.push(unknown_column(definition, found, field));
        }
    }
    for column in definition.columns() {
        if let Some(source) = &column.source
            && found.index_of(source).is_ok()
            && found.index_of(&column.name).is_ok()
        {
            mismatches.push(format!("column `{source}`{}", occurs_twice(column, source)));
        }
        let Some((_, field)) = file_field(found, column) else {
            let has_value = column.nullable || default_text(column).is_some();
            if !has_value && !is_renamed(found, column.id, definition) {
                mismatches.push(missing_column(definition, column));
            }
            continue;
        };
        if let Some(mismatch) = id_mismatch(field, column.id) {
            mismatches.push(format!("column `{}`: {mismatch}", column.name));
        }
        for mismatch in type_mismatches(&column.ty, field.data_type()) {
            mismatches.push(format!("column `{}`{mismatch}", column.name));
        }
    }
    mismatches
}

/// Returns the field of a file that has the name or the source of `column`, and its position.
pub(crate) fn file_field<'a>(schema: &'a Schema, column: &Column) -> Option<(usize, &'a FieldRef)> {
    let mut fields = schema.fields().iter().enumerate();
    fields.find(|(_, field)| column.has_file_name(field.name()))
}

/// Returns the message for a column that the file lacks and that has no value without it.
pub(crate) fn missing_column(definition: &TableDefinition, column: &Column) -> String {
    let (name, table) = (column.source_name(), definition.name());
    format!("column `{name}` is missing, but the definition of `{table}` does not allow null")
}

/// Returns the message for a field of a file that is not a column of the definition.
pub(crate) fn unknown_column(
    definition: &TableDefinition,
    found: &Schema,
    field: &Field,
) -> String {
    let (name, table) = (field.name(), definition.name());
    let mut by_id = definition
        .columns()
        .iter()
        .filter(|column| field_id(field) == Some(column.id) && file_field(found, column).is_none());
    if let Some(column) = by_id.next() {
        let (id, declared) = (column.id, column.source_name());
        return format!(
            "column `{name}` has the field id {id}, which `{table}` gives to `{declared}`: rename it in the file"
        );
    }
    let names = definition.columns().iter().map(Column::source_name);
    let hint = did_you_mean(nearest(name, names));
    format!(
        "column `{}` is not in the definition of `{table}`{hint}",
        shorten(name)
    )
}

/// Returns whether the file has the column with this id under a name that the definition lacks.
pub(crate) fn is_renamed(found: &Schema, id: i32, definition: &TableDefinition) -> bool {
    found
        .fields()
        .iter()
        .any(|field| field_id(field) == Some(id) && definition.file_column(field.name()).is_none())
}

/// Returns the id of a field of a file, or `None` if it has no valid id.
pub(crate) fn field_id(field: &Field) -> Option<i32> {
    field.metadata().get(FIELD_ID_KEY)?.parse().ok()
}

fn id_mismatch(field: &Field, declared: i32) -> Option<String> {
    let found = field_id(field).filter(|found| *found != declared)?;
    Some(format!(
        "the field id is {found}, but {declared} is declared"
    ))
}

/// A mismatch between a declared type and the type in a file.
pub(crate) struct TypeMismatch {
    /// The path inside the column, such as `.routes[].name`; empty for the column itself.
    path: String,
    message: String,
}

impl TypeMismatch {
    fn new(message: String) -> Self {
        let path = String::new();
        TypeMismatch { path, message }
    }

    fn inside(mut self, segment: &str) -> Self {
        self.path.insert_str(0, segment);
        self
    }
}

impl fmt::Display for TypeMismatch {
    /// Writes the text that follows the name of the column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, ", at `${}`", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Returns the mismatches of a declared type and a type in a file; empty if the declared type holds
/// every value of the file exactly and has the names and ids of all nested fields.
pub(crate) fn type_mismatches(declared: &ColumnType, found: &DataType) -> Vec<TypeMismatch> {
    let found = without_encoding(found);
    let mismatches = match declared {
        ColumnType::List(element) => {
            list_item(found).map(|item| nested_mismatches(element, item, "[]"))
        }
        ColumnType::Struct(fields) => match found {
            DataType::Struct(found) => Some(struct_mismatches(fields, found)),
            _ => None,
        },
        ColumnType::Map(fields) => map_entry(found).map(|[key, value]| {
            let mut mismatches = nested_mismatches(&fields.key, key, ".key");
            mismatches.extend(nested_mismatches(&fields.value, value, "[]"));
            mismatches
        }),
        declared => primitive_fits(declared, found).then(Vec::new),
    };
    mismatches.unwrap_or_else(|| {
        let (declared, found) = (declared.to_string(), found.to_string());
        vec![TypeMismatch::new(format!(
            "`{}` is declared, but the file has {}",
            shorten(&declared),
            shorten(&found)
        ))]
    })
}

fn nested_mismatches(declared: &NestedField, found: &Field, segment: &str) -> Vec<TypeMismatch> {
    let id = id_mismatch(found, declared.id).map(TypeMismatch::new);
    let types = type_mismatches(&declared.ty, found.data_type());
    let mismatches = id.into_iter().chain(types);
    mismatches
        .map(|mismatch| mismatch.inside(segment))
        .collect()
}

fn struct_mismatches(declared: &[NestedField], found: &Fields) -> Vec<TypeMismatch> {
    let mut mismatches = Vec::new();
    for field in found {
        let name = field.name();
        if declared.iter().all(|declared| *declared.name != **name) {
            let names = declared.iter().map(|declared| &*declared.name);
            let hint = did_you_mean(nearest(name, names));
            mismatches.push(TypeMismatch::new(format!(
                "the field `{}` is not in the definition{hint}",
                shorten(name)
            )));
        }
    }
    for declared in declared {
        let name = &declared.name;
        match found.find(name) {
            Some((_, found)) => {
                mismatches.extend(nested_mismatches(declared, found, &format!(".{name}")));
            }
            None if declared.nullable => {}
            None => mismatches.push(TypeMismatch::new(format!(
                "the field `{name}` is missing, but the definition does not allow null"
            ))),
        }
    }
    mismatches
}

/// Returns the element of a list type.
pub(crate) fn list_item(ty: &DataType) -> Option<&Field> {
    match ty {
        DataType::List(item) | DataType::LargeList(item) => Some(item),
        _ => None,
    }
}

/// Returns the key and the value of a map type.
pub(crate) fn map_entry(ty: &DataType) -> Option<[&FieldRef; 2]> {
    let DataType::Map(entries, _) = ty else {
        return None;
    };
    match entries.data_type() {
        DataType::Struct(fields) => match &fields[..] {
            [key, value] => Some([key, value]),
            _ => None,
        },
        _ => None,
    }
}

/// Returns whether `declared` holds every value of `found` exactly.
pub(crate) fn primitive_fits(declared: &ColumnType, found: &DataType) -> bool {
    use DataType as D;
    match declared {
        ColumnType::Boolean => matches!(found, D::Boolean),
        ColumnType::TinyInt => matches!(found, D::Int8),
        ColumnType::SmallInt => matches!(found, D::Int16 | D::Int8 | D::UInt8),
        ColumnType::Int => matches!(found, D::Int32 | D::Int16 | D::Int8 | D::UInt16 | D::UInt8),
        ColumnType::BigInt => {
            found.is_signed_integer() || matches!(found, D::UInt32 | D::UInt16 | D::UInt8)
        }
        ColumnType::UTinyInt => matches!(found, D::UInt8),
        ColumnType::USmallInt => matches!(found, D::UInt16 | D::UInt8),
        ColumnType::UInt => matches!(found, D::UInt32 | D::UInt16 | D::UInt8),
        ColumnType::UBigInt => found.is_unsigned_integer(),
        ColumnType::Float => matches!(found, D::Float32 | D::Float16),
        ColumnType::Double => found.is_floating(),
        ColumnType::Decimal { precision, scale } => match found {
            D::Decimal32(digits, places)
            | D::Decimal64(digits, places)
            | D::Decimal128(digits, places)
            | D::Decimal256(digits, places) => {
                let (digits, places) = (i16::from(*digits), i16::from(*places));
                let (precision, scale) = (i16::from(*precision), i16::from(*scale));
                places <= scale && digits - places <= precision - scale
            }
            _ => false,
        },
        ColumnType::Text | ColumnType::Json | ColumnType::File | ColumnType::Enum(_) => {
            found.is_string()
        }
        ColumnType::Bytes => found.is_binary(),
        ColumnType::FixedBytes(length) => *found == D::FixedSizeBinary(*length as i32),
        ColumnType::Uuid => *found == D::FixedSizeBinary(16),
        ColumnType::Date => matches!(found, D::Date32),
        ColumnType::Time => matches!(found, D::Time64(TimeUnit::Microsecond) | D::Time32(_)),
        ColumnType::Timestamp { unit, zone } => match found {
            // A zone determines how an instant is displayed, not which instant it is.
            D::Timestamp(found, found_zone) => {
                *found <= TimeUnit::from(*unit) && found_zone.is_some() == zone.is_some()
            }
            _ => false,
        },
        ColumnType::DateTime => match found {
            D::Timestamp(found, zone) => *found <= TimeUnit::Microsecond && zone.is_some(),
            _ => false,
        },
        // The Parquet reader silently drops the parts of intervals of other units that Parquet
        // cannot store.
        ColumnType::Interval => matches!(
            found,
            D::Interval(IntervalUnit::MonthDayNano | IntervalUnit::YearMonth)
        ),
        ColumnType::Embedding(length) => match found {
            D::FixedSizeList(item, found) => {
                *found == *length as i32 && *item.data_type() == D::Float32
            }
            found => list_item(found).is_some_and(|item| *item.data_type() == D::Float32),
        },
        ColumnType::Arrow(_) => without_encoding(&declared.arrow_type()).equals_datatype(found),
        _ => false,
    }
}
