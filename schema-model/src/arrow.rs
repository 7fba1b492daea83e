// SPDX-License-Identifier: Apache-2.0

//! The two Arrow schemas of a definition.
//!
//! The *table schema* ([`TableDefinition::arrow_schema`]) is for files, IPC and clients. Its fields
//! have this metadata:
//!
//! | metadata key | value |
//! |---|---|
//! | `PARQUET:field_id` | the id of the column or nested field |
//! | `comment` | the column's comment |
//! | `ARROW:extension:name`, `ARROW:extension:metadata` | the canonical extension of `uuid` and `json` |
//! | `kalam_data_type` | the type as KalamDB serializes it, for the types that KalamDB supports |
//! | `kalam_column_flags` | a JSON array of `pk` (primary key), `nn` (not null) and `uq` (unique), in this order. `uq` also marks a column that forms a unique key by itself |
//!
//! The *query schema* ([`TableDefinition::query_schema`]) is for DataFusion. Its fields have only
//! the keys of the extension. DataFusion 55 treats fields that differ in metadata as different
//! types, so `UNION`, recursive queries and aggregates over lists would fail
//! ([apache/datafusion#18337](https://github.com/apache/datafusion/issues/18337)). It also copies
//! metadata to results, where an id names the column of another table.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema};

use crate::definition::{Column, TableDefinition, TableKind};
use crate::limits;
use crate::shared::Shared;
use crate::types::{ColumnType, MapFields, NestedField, TimeUnit};

/// The metadata key of an id. The Parquet reader and writer of arrow-rs use it.
pub const FIELD_ID_KEY: &str = "PARQUET:field_id";
/// The metadata key of the comment of a column.
pub const COMMENT_KEY: &str = "comment";
/// The metadata key of the type in KalamDB.
pub const KALAM_DATA_TYPE_KEY: &str = "kalam_data_type";
/// The metadata key of the column flags of KalamDB.
pub const KALAM_COLUMN_FLAGS_KEY: &str = "kalam_column_flags";

const EXTENSION_NAME_KEY: &str = "ARROW:extension:name";
const EXTENSION_METADATA_KEY: &str = "ARROW:extension:metadata";

impl TableDefinition {
    /// Returns the table schema, with one field per column of the definition. The fields have the
    /// metadata that the [module](crate::arrow) describes, and the schema has no metadata. System
    /// columns are not included; see [`TableKind::system_fields`].
    pub fn arrow_schema(&self) -> Schema {
        let fields: Fields = self
            .columns()
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let in_primary_key = self.key_columns().contains(&index);
                let is_unique = self.unique_keys().iter().any(|key| **key == [index]);
                column_field(column, in_primary_key, is_unique)
            })
            .collect();
        // No schema metadata, not even the comment: DataFusion 55 compares it, and rejects joins
        // and unions of tables with different metadata.
        Schema::new(fields)
    }

    /// Returns the query schema: the names, types, nullability and extension types of the fields
    /// of [`arrow_schema`](Self::arrow_schema), without the other metadata. System columns are not
    /// included; see [`TableKind::system_query_fields`].
    pub fn query_schema(&self) -> Schema {
        Schema::new(query_fields(self.columns()))
    }
}

static SYSTEM_FIELDS: LazyLock<Vec<FieldRef>> = LazyLock::new(|| {
    let columns = all_system_columns().iter();
    columns
        .map(|column| column_field(column, false, false))
        .collect()
});

static SYSTEM_QUERY_FIELDS: LazyLock<Fields> = LazyLock::new(|| query_fields(all_system_columns()));

/// All kinds with system columns have the same ones.
fn all_system_columns() -> &'static [Column] {
    TableKind::Shared.system_columns()
}

impl TableKind {
    /// Returns the fields of the columns that the system adds to tables of this kind, for the table
    /// schema. They follow those of [`arrow_schema`](TableDefinition::arrow_schema).
    pub fn system_fields(self) -> &'static [FieldRef] {
        &SYSTEM_FIELDS[..self.system_columns().len()]
    }

    /// Returns the fields of the columns that the system adds to tables of this kind, for the query
    /// schema. They follow those of [`query_schema`](TableDefinition::query_schema).
    pub fn system_query_fields(self) -> &'static [FieldRef] {
        &SYSTEM_QUERY_FIELDS[..self.system_columns().len()]
    }
}

/// The schema whose types and fields are created.
#[derive(Clone, Copy)]
enum SchemaKind {
    Table,
    Query,
}

impl ColumnType {
    /// Returns the Arrow type in the table schema. Inner fields have the fixed names `item`,
    /// `entries`, `key` and `value`, and carry their ids.
    pub fn arrow_type(&self) -> DataType {
        self.type_in(SchemaKind::Table)
    }

    /// Returns the Arrow type in the query schema, whose inner fields carry no ids.
    pub fn query_type(&self) -> DataType {
        self.type_in(SchemaKind::Query)
    }

    fn type_in(&self, schema: SchemaKind) -> DataType {
        match self {
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::TinyInt => DataType::Int8,
            ColumnType::SmallInt => DataType::Int16,
            ColumnType::Int => DataType::Int32,
            ColumnType::BigInt => DataType::Int64,
            ColumnType::UTinyInt => DataType::UInt8,
            ColumnType::USmallInt => DataType::UInt16,
            ColumnType::UInt => DataType::UInt32,
            ColumnType::UBigInt => DataType::UInt64,
            ColumnType::Float => DataType::Float32,
            ColumnType::Double => DataType::Float64,
            // The checks limit the scale to 38.
            ColumnType::Decimal { precision, scale } => {
                DataType::Decimal128(*precision, *scale as i8)
            }
            ColumnType::Text | ColumnType::Json | ColumnType::File | ColumnType::Enum(_) => {
                DataType::Utf8
            }
            ColumnType::Bytes => DataType::Binary,
            // The checks limit lengths to 31 bits, here and in an embedding.
            ColumnType::FixedBytes(length) => DataType::FixedSizeBinary(*length as i32),
            ColumnType::Date => DataType::Date32,
            ColumnType::Time => DataType::Time64(arrow_schema::TimeUnit::Microsecond),
            ColumnType::Timestamp { unit, zone } => {
                DataType::Timestamp((*unit).into(), zone.as_ref().map(|zone| Arc::from(&**zone)))
            }
            ColumnType::DateTime => {
                DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, Some(Arc::from("UTC")))
            }
            ColumnType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            ColumnType::Uuid => DataType::FixedSizeBinary(16),
            ColumnType::Embedding(length) => DataType::FixedSizeList(
                Arc::new(Field::new("item", DataType::Float32, false)),
                *length as i32,
            ),
            ColumnType::List(element) => DataType::List(nested_field(element, schema)),
            ColumnType::Struct(fields) => {
                let fields = fields.iter().map(|field| nested_field(field, schema));
                DataType::Struct(fields.collect())
            }
            ColumnType::Map(fields) => {
                let entries: Fields = [&fields.key, &fields.value]
                    .into_iter()
                    .map(|field| nested_field(field, schema))
                    .collect();
                let entries = Field::new("entries", DataType::Struct(entries), false);
                DataType::Map(Arc::new(entries), false)
            }
            // The checks accept only types that Arrow parses.
            ColumnType::Arrow(notation) => notation.parse().unwrap_or_else(|error| {
                unreachable!("a checked definition has the Arrow type `{notation}`: {error}")
            }),
        }
    }

    /// Returns the type whose values are those of an Arrow type, or `None` if there is no such type
    /// or it has nested fields. `uuid`, `json`, `file` and `enum` have no Arrow type of their own.
    pub fn from_arrow(ty: &DataType) -> Option<ColumnType> {
        let within = |length: i32, limit: u32| {
            u32::try_from(length)
                .ok()
                .filter(|length| (1..=limit).contains(length))
        };
        Some(match ty {
            DataType::Boolean => ColumnType::Boolean,
            DataType::Int8 => ColumnType::TinyInt,
            DataType::Int16 => ColumnType::SmallInt,
            DataType::Int32 => ColumnType::Int,
            DataType::Int64 => ColumnType::BigInt,
            DataType::UInt8 => ColumnType::UTinyInt,
            DataType::UInt16 => ColumnType::USmallInt,
            DataType::UInt32 => ColumnType::UInt,
            DataType::UInt64 => ColumnType::UBigInt,
            DataType::Float32 => ColumnType::Float,
            DataType::Float64 => ColumnType::Double,
            DataType::Decimal128(precision, scale) => ColumnType::Decimal {
                precision: *precision,
                scale: u8::try_from(*scale).ok()?,
            },
            DataType::Utf8 => ColumnType::Text,
            DataType::Binary => ColumnType::Bytes,
            DataType::FixedSizeBinary(length) => {
                ColumnType::FixedBytes(within(*length, limits::FIXED_BYTES)?)
            }
            DataType::Date32 => ColumnType::Date,
            DataType::Time64(arrow_schema::TimeUnit::Microsecond) => ColumnType::Time,
            DataType::Timestamp(unit, zone) => match (TimeUnit::from(*unit), zone) {
                (TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => ColumnType::DateTime,
                (unit, zone) => ColumnType::Timestamp {
                    unit,
                    zone: zone.as_ref().map(|zone| Shared::from(&**zone)),
                },
            },
            DataType::Interval(IntervalUnit::MonthDayNano) => ColumnType::Interval,
            DataType::FixedSizeList(item, length)
                if *item.data_type() == DataType::Float32
                    && !item.is_nullable()
                    && item.name() == "item" =>
            {
                ColumnType::Embedding(within(*length, limits::EMBEDDING)?)
            }
            _ => return None,
        })
    }

    /// Returns the type of a column for the values of an Arrow field, or `None` if there is no such
    /// type. Nested fields have no id: it is 0.
    ///
    /// The layouts of Arrow for the same values, such as `LargeUtf8` and `Utf8View`, have the same
    /// type. Only `uuid` is known from its extension type: a function can return other texts than
    /// JSON in a field that still has that extension.
    #[doc(hidden)]
    pub fn from_field(field: &Field) -> Option<ColumnType> {
        let nested = |name: &str, field: &Field| {
            Some(NestedField {
                id: 0,
                name: name.into(),
                ty: ColumnType::from_field(field)?,
                nullable: field.is_nullable(),
            })
        };
        let extension = field.metadata().get(EXTENSION_NAME_KEY);
        Some(match field.data_type() {
            DataType::LargeUtf8 | DataType::Utf8View => ColumnType::Text,
            DataType::LargeBinary | DataType::BinaryView => ColumnType::Bytes,
            DataType::FixedSizeBinary(16) if extension.is_some_and(|name| name == "arrow.uuid") => {
                ColumnType::Uuid
            }
            DataType::Timestamp(unit, Some(zone)) if &**zone == "+00:00" => {
                ColumnType::from_arrow(&DataType::Timestamp(*unit, Some(Arc::from("UTC"))))?
            }
            DataType::List(element)
            | DataType::LargeList(element)
            | DataType::ListView(element) => {
                ColumnType::List(Shared::Counted(nested("item", element)?.into()))
            }
            DataType::Struct(fields) => {
                let fields = fields.iter().map(|field| nested(field.name(), field));
                ColumnType::Struct(fields.collect::<Option<Vec<_>>>()?.into())
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => {
                    let key = nested("key", &fields[0])?;
                    ColumnType::Map(Shared::Counted(
                        MapFields {
                            key: NestedField {
                                nullable: false,
                                ..key
                            },
                            value: nested("value", &fields[1])?,
                        }
                        .into(),
                    ))
                }
                _ => return None,
            },
            ty => ColumnType::from_arrow(ty)?,
        })
    }

    /// Returns the type as KalamDB serializes it, or `None` if KalamDB does not support the type.
    pub fn kalam_data_type(&self) -> Option<String> {
        let name = match self {
            ColumnType::Boolean => "Boolean",
            ColumnType::SmallInt => "SmallInt",
            ColumnType::Int => "Int",
            ColumnType::BigInt => "BigInt",
            ColumnType::Float => "Float",
            ColumnType::Double => "Double",
            ColumnType::Text | ColumnType::Enum(_) => "Text",
            ColumnType::Json => "Json",
            ColumnType::File => "File",
            ColumnType::Bytes => "Bytes",
            ColumnType::Timestamp {
                unit: TimeUnit::Microsecond,
                zone: None,
            } => "Timestamp",
            ColumnType::DateTime => "DateTime",
            ColumnType::Date => "Date",
            ColumnType::Time => "Time",
            ColumnType::Uuid => "Uuid",
            ColumnType::Embedding(length) => return Some(format!(r#"{{"Embedding":{length}}}"#)),
            ColumnType::Decimal { precision, scale } => {
                return Some(format!(
                    r#"{{"Decimal":{{"precision":{precision},"scale":{scale}}}}}"#
                ));
            }
            _ => return None,
        };
        Some(format!("\"{name}\""))
    }
}

impl From<TimeUnit> for arrow_schema::TimeUnit {
    fn from(unit: TimeUnit) -> Self {
        match unit {
            TimeUnit::Second => Self::Second,
            TimeUnit::Millisecond => Self::Millisecond,
            TimeUnit::Microsecond => Self::Microsecond,
            TimeUnit::Nanosecond => Self::Nanosecond,
        }
    }
}

impl From<arrow_schema::TimeUnit> for TimeUnit {
    fn from(unit: arrow_schema::TimeUnit) -> Self {
        match unit {
            arrow_schema::TimeUnit::Second => Self::Second,
            arrow_schema::TimeUnit::Millisecond => Self::Millisecond,
            arrow_schema::TimeUnit::Microsecond => Self::Microsecond,
            arrow_schema::TimeUnit::Nanosecond => Self::Nanosecond,
        }
    }
}

fn column_field(column: &Column, in_primary_key: bool, is_unique: bool) -> FieldRef {
    let mut metadata = extension_metadata(&column.ty);
    metadata.insert(FIELD_ID_KEY.to_string(), column.id.to_string());
    if let Some(comment) = &column.comment {
        metadata.insert(COMMENT_KEY.to_string(), comment.to_string());
    }
    if let Some(data_type) = column.ty.kalam_data_type() {
        metadata.insert(KALAM_DATA_TYPE_KEY.to_string(), data_type);
    }
    let flags = match (in_primary_key, column.nullable, is_unique) {
        (true, ..) => r#"["pk","nn","uq"]"#,
        (false, false, true) => r#"["nn","uq"]"#,
        (false, false, false) => r#"["nn"]"#,
        (false, true, true) => r#"["uq"]"#,
        (false, true, false) => "[]",
    };
    metadata.insert(KALAM_COLUMN_FLAGS_KEY.to_string(), flags.to_string());
    let field = Field::new(&*column.name, column.ty.arrow_type(), column.nullable);
    Arc::new(field.with_metadata(metadata))
}

fn query_fields(columns: &[Column]) -> Fields {
    let field = |column: &Column| {
        let field = Field::new(&*column.name, column.ty.query_type(), column.nullable);
        Arc::new(field.with_metadata(extension_metadata(&column.ty)))
    };
    columns.iter().map(field).collect()
}

fn nested_field(field: &NestedField, schema: SchemaKind) -> FieldRef {
    let mut metadata = extension_metadata(&field.ty);
    if let SchemaKind::Table = schema {
        metadata.insert(FIELD_ID_KEY.to_string(), field.id.to_string());
    }
    let ty = field.ty.type_in(schema);
    Arc::new(Field::new(&*field.name, ty, field.nullable).with_metadata(metadata))
}

fn extension_metadata(ty: &ColumnType) -> HashMap<String, String> {
    let entry = |key: &str, value: &str| (key.to_string(), value.to_string());
    match ty {
        ColumnType::Uuid => HashMap::from([entry(EXTENSION_NAME_KEY, "arrow.uuid")]),
        ColumnType::Json => HashMap::from([
            entry(EXTENSION_NAME_KEY, "arrow.json"),
            // The extension requires the key with an empty value.
            entry(EXTENSION_METADATA_KEY, ""),
        ]),
        _ => HashMap::new(),
    }
}
