// SPDX-License-Identifier: Apache-2.0

//! [`column_type`]: the types of SQL as types of columns.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType, EnumMember, ExactNumberInfo, Ident, ObjectName, StructField,
    TimezoneInfo,
};
use kalamtable_model::{
    ColumnType, MapFields, NestedField, Shared, TimeUnit, check_type_without_ids, has_type_ids,
    intended_sql_type, limits, plain_type,
};

use super::problem::DdlProblem;

/// Returns a type of SQL as the type of a column, whose nested fields have no valid ids. Elements
/// of lists, fields of structs and values of maps are nullable, as in SQL. The checks of
/// definitions decide whether lengths are in range and labels are unique.
///
/// A type in double quotes contains the notation of definitions. It is for types that SQL cannot
/// express: `"timestamp(ms, 'Europe/Berlin')"`, `"list<text>"` without null elements,
/// `"arrow:LargeUtf8"`.
pub(super) fn column_type(ty: &DataType) -> Result<ColumnType, DdlProblem> {
    convert(ty, 1)
}

fn convert(ty: &DataType, depth: usize) -> Result<ColumnType, DdlProblem> {
    if depth > limits::NESTING {
        let limit = limits::NESTING;
        return Err(
            DdlProblem::new(format!("types are nested more than {limit} levels deep"))
                .with_help("use `JSON` for deeper nesting"),
        );
    }
    Ok(match ty {
        DataType::Boolean | DataType::Bool => ColumnType::Boolean,
        DataType::TinyInt(None) => ColumnType::TinyInt,
        DataType::SmallInt(None) | DataType::Int2(None) | DataType::Int16 => ColumnType::SmallInt,
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) | DataType::Int32 => {
            ColumnType::Int
        }
        DataType::BigInt(None) | DataType::Int8(None) | DataType::Int64 => ColumnType::BigInt,
        DataType::TinyIntUnsigned(None) | DataType::UTinyInt | DataType::UInt8 => {
            ColumnType::UTinyInt
        }
        DataType::SmallIntUnsigned(None)
        | DataType::Int2Unsigned(None)
        | DataType::USmallInt
        | DataType::UInt16 => ColumnType::USmallInt,
        DataType::IntUnsigned(None)
        | DataType::IntegerUnsigned(None)
        | DataType::Int4Unsigned(None)
        | DataType::UInt32 => ColumnType::UInt,
        DataType::BigIntUnsigned(None)
        | DataType::Int8Unsigned(None)
        | DataType::UBigInt
        | DataType::UInt64 => ColumnType::UBigInt,
        DataType::Real | DataType::Float4 | DataType::Float32 => ColumnType::Float,
        // As in DataFusion.
        DataType::Float(ExactNumberInfo::None) => ColumnType::Float,
        DataType::Double(ExactNumberInfo::None)
        | DataType::DoublePrecision
        | DataType::Float8
        | DataType::Float64 => ColumnType::Double,
        DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => {
            decimal(ty, info)?
        }
        DataType::Text | DataType::String(None) => ColumnType::Text,
        DataType::Varchar(None)
        | DataType::Char(None)
        | DataType::Character(None)
        | DataType::CharacterVarying(None)
        | DataType::CharVarying(None) => ColumnType::Text,
        DataType::Varchar(Some(_))
        | DataType::Char(Some(_))
        | DataType::Character(Some(_))
        | DataType::CharacterVarying(Some(_))
        | DataType::CharVarying(Some(_))
        | DataType::String(Some(_))
        | DataType::Nvarchar(_) => {
            return Err(unsupported(
                ty,
                "texts have no maximum length: write `TEXT`",
            ));
        }
        DataType::Bytea
        | DataType::Blob(None)
        | DataType::Bytes(None)
        | DataType::Varbinary(None)
        | DataType::Binary(None) => ColumnType::Bytes,
        DataType::Binary(Some(length)) | DataType::Bytes(Some(length)) => {
            ColumnType::FixedBytes(saturating(*length))
        }
        DataType::Date | DataType::Date32 => ColumnType::Date,
        DataType::Time(None | Some(6), TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            ColumnType::Time
        }
        DataType::Timestamp(precision, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
        | DataType::TimestampNtz(precision) => ColumnType::Timestamp {
            unit: unit(ty, *precision)?,
            zone: None,
        },
        DataType::Timestamp(None, TimezoneInfo::WithTimeZone) => ColumnType::DateTime,
        DataType::Timestamp(precision, TimezoneInfo::WithTimeZone) => ColumnType::Timestamp {
            unit: unit(ty, *precision)?,
            zone: Some("UTC".into()),
        },
        DataType::Timestamp(_, TimezoneInfo::Tz) => {
            return Err(unsupported(
                ty,
                "write `TIMESTAMP WITH TIME ZONE` or `DATETIME`",
            ));
        }
        DataType::Datetime(None | Some(6)) => ColumnType::DateTime,
        DataType::Interval {
            fields: None,
            precision: None,
        } => ColumnType::Interval,
        DataType::Uuid => ColumnType::Uuid,
        DataType::JSON => ColumnType::Json,
        DataType::Enum(members, None) => {
            let labels = members.iter().map(|member| match member {
                EnumMember::Name(label) => Ok(label.as_str().into()),
                EnumMember::NamedValue(..) => Err(unsupported(ty, "write `ENUM('a', 'b')`")),
            });
            ColumnType::Enum(labels.collect::<Result<_, _>>()?)
        }
        DataType::Array(ArrayElemTypeDef::AngleBracket(element))
        | DataType::Array(ArrayElemTypeDef::SquareBracket(element, None))
        | DataType::Array(ArrayElemTypeDef::Parenthesis(element)) => {
            let element = nested("item", convert(element, depth + 1)?);
            ColumnType::List(Shared::Counted(element.into()))
        }
        DataType::Array(ArrayElemTypeDef::SquareBracket(_, Some(length))) => {
            return Err(unsupported(
                ty,
                &format!(
                    "lists have no fixed length: write `EMBEDDING({length})` for floats, or `T[]`"
                ),
            ));
        }
        DataType::Struct(fields, _) => {
            let fields = fields.iter().map(|field| struct_field(ty, field, depth));
            ColumnType::Struct(fields.collect::<Result<_, _>>()?)
        }
        DataType::Map(key, value) => {
            let key = NestedField {
                nullable: false,
                ..nested("key", convert(key, depth + 1)?)
            };
            let value = nested("value", convert(value, depth + 1)?);
            ColumnType::Map(Shared::Counted(MapFields { key, value }.into()))
        }
        DataType::Custom(name, arguments) => custom(ty, name, arguments)?,
        _ => return Err(foreign(ty)),
    })
}

/// Creates a nullable field. Its id is a placeholder.
fn nested(name: &str, ty: ColumnType) -> NestedField {
    NestedField {
        id: 0,
        name: name.into(),
        ty,
        nullable: true,
    }
}

fn struct_field(
    ty: &DataType,
    field: &StructField,
    depth: usize,
) -> Result<NestedField, DdlProblem> {
    let StructField {
        field_name,
        field_type,
        options,
    } = field;
    let Some(name) = field_name else {
        return Err(unsupported(ty, "write `STRUCT<name TYPE, ..>`"));
    };
    if options.is_some() {
        return Err(unsupported(ty, "delete the options of the field"));
    }
    Ok(nested(
        &struct_field_name(name),
        convert(field_type, depth + 1)?,
    ))
}

/// Returns the name of a struct field. A name in quotes keeps its case.
fn struct_field_name(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_ascii_lowercase(),
    }
}

/// Converts a type that the parser does not know: one in quotes, or a word of the definitions.
fn custom(
    ty: &DataType,
    name: &ObjectName,
    arguments: &[String],
) -> Result<ColumnType, DdlProblem> {
    let word = match &name.0[..] {
        [part] => part.as_ident(),
        _ => None,
    };
    let Some(word) = word else {
        return Err(foreign(ty));
    };
    if word.quote_style.is_some() {
        if has_type_ids(&word.value) {
            return Err(unsupported(
                ty,
                "delete `#` and the ids: they are allocated",
            ));
        }
        return check_type_without_ids(&word.value)
            .map_err(|problems| DdlProblem::of_type_checks(&problems));
    }
    let lower = word.value.to_ascii_lowercase();
    match (&*lower, arguments) {
        ("embedding", [length]) => match length.parse() {
            Ok(length) => Ok(ColumnType::Embedding(saturating(length))),
            Err(_) => Err(foreign(ty)),
        },
        ("serial" | "bigserial" | "smallserial", _) => Err(unsupported(
            ty,
            "keys are not generated: write `BIGINT` and insert the values, or `UUID`",
        )),
        (word, []) => plain_type(word).ok_or_else(|| foreign(ty)),
        _ => Err(foreign(ty)),
    }
}

fn decimal(ty: &DataType, info: &ExactNumberInfo) -> Result<ColumnType, DdlProblem> {
    let (precision, scale) = match info {
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::None => {
            return Err(DdlProblem::new("`DECIMAL` needs the number of digits")
                .with_help("write for example `DECIMAL(18, 2)`"));
        }
    };
    let Ok(scale) = u64::try_from(scale) else {
        return Err(unsupported(
            ty,
            "write the number of digits after the point: 0 for whole numbers",
        ));
    };
    let saturating = |digits: u64| u8::try_from(digits).unwrap_or(u8::MAX);
    Ok(ColumnType::Decimal {
        precision: saturating(precision),
        scale: saturating(scale),
    })
}

/// Converts a length. The bound of `u32` is out of range for every type.
fn saturating(length: u64) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Returns the unit of a timestamp. Without a precision, it is the microsecond, as in definitions.
fn unit(ty: &DataType, precision: Option<u64>) -> Result<TimeUnit, DdlProblem> {
    let precision = precision.unwrap_or(6);
    let mut units = TimeUnit::ALL.into_iter();
    units
        .find(|unit| u64::from(unit.fraction_digits()) == precision)
        .ok_or_else(|| unsupported(ty, "the precisions are 0, 3, 6 and 9"))
}

fn unsupported(ty: &DataType, help: &str) -> DdlProblem {
    DdlProblem::new(format!("type `{ty}` is not supported")).with_help(help)
}

/// Returns the problem of a type that is not one of a column.
fn foreign(ty: &DataType) -> DdlProblem {
    let written = ty.to_string().to_ascii_lowercase();
    let mut words = written.split(|c: char| !c.is_alphanumeric() && c != '_');
    let first = words.next().unwrap_or_default();
    let word = match words.any(|word| word == "unsigned") {
        true => format!("u{first}"),
        false => first.to_string(),
    };
    let help = match intended_sql_type(&word) {
        Some(intended) => format!("did you mean `{intended}`?"),
        None => {
            "write another type; a type in double quotes has the notation of definitions, such as \
              `\"list<text>\"`"
                .to_string()
        }
    };
    unsupported(ty, &help)
}
