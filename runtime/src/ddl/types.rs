// SPDX-License-Identifier: Apache-2.0

//! [`type_text`]: the types of SQL in the notation of definitions.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType, EnumMember, ExactNumberInfo, Ident, StructField, TimezoneInfo,
};
use kalamtable_model::{has_type_ids, limits};

use super::problem::DdlProblem;

/// Returns a type of SQL in the notation of definitions, without ids. Elements of lists, fields of
/// structs and values of maps are nullable, as in SQL.
///
/// A type in double quotes contains the notation itself. It is for types that SQL cannot express:
/// `"timestamp(ms, 'Europe/Berlin')"`, `"list<text>"` without null elements, `"arrow:LargeUtf8"`.
pub(super) fn type_text(ty: &DataType) -> Result<String, DdlProblem> {
    text(ty, 1)
}

fn text(ty: &DataType, depth: usize) -> Result<String, DdlProblem> {
    if depth > limits::NESTING {
        let limit = limits::NESTING;
        return Err(
            DdlProblem::new(format!("types are nested more than {limit} levels deep"))
                .with_help("use `JSON` for deeper nesting"),
        );
    }
    let plain = |word: &str| Ok(word.to_string());
    match ty {
        DataType::Boolean | DataType::Bool => plain("boolean"),
        DataType::TinyInt(None) => plain("tinyint"),
        DataType::SmallInt(None) | DataType::Int2(None) | DataType::Int16 => plain("smallint"),
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) | DataType::Int32 => {
            plain("int")
        }
        DataType::BigInt(None) | DataType::Int8(None) | DataType::Int64 => plain("bigint"),
        DataType::TinyIntUnsigned(None) | DataType::UTinyInt | DataType::UInt8 => plain("utinyint"),
        DataType::SmallIntUnsigned(None)
        | DataType::Int2Unsigned(None)
        | DataType::USmallInt
        | DataType::UInt16 => plain("usmallint"),
        DataType::IntUnsigned(None)
        | DataType::IntegerUnsigned(None)
        | DataType::Int4Unsigned(None)
        | DataType::UInt32 => plain("uint"),
        DataType::BigIntUnsigned(None)
        | DataType::Int8Unsigned(None)
        | DataType::UBigInt
        | DataType::UInt64 => plain("ubigint"),
        DataType::Real | DataType::Float4 | DataType::Float32 => plain("float"),
        // As in DataFusion.
        DataType::Float(ExactNumberInfo::None) => plain("float"),
        DataType::Double(ExactNumberInfo::None)
        | DataType::DoublePrecision
        | DataType::Float8
        | DataType::Float64 => plain("double"),
        DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => decimal(info),
        DataType::Text | DataType::String(None) => plain("text"),
        DataType::Varchar(None)
        | DataType::Char(None)
        | DataType::Character(None)
        | DataType::CharacterVarying(None)
        | DataType::CharVarying(None) => plain("text"),
        DataType::Varchar(Some(_))
        | DataType::Char(Some(_))
        | DataType::Character(Some(_))
        | DataType::CharacterVarying(Some(_))
        | DataType::CharVarying(Some(_))
        | DataType::String(Some(_))
        | DataType::Nvarchar(_) => Err(unsupported(
            ty,
            "texts have no maximum length: write `TEXT`",
        )),
        DataType::Bytea
        | DataType::Blob(None)
        | DataType::Bytes(None)
        | DataType::Varbinary(None)
        | DataType::Binary(None) => plain("bytes"),
        DataType::Binary(Some(length)) | DataType::Bytes(Some(length)) => {
            Ok(format!("bytes({length})"))
        }
        DataType::Date | DataType::Date32 => plain("date"),
        DataType::Time(None | Some(6), TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            plain("time")
        }
        DataType::Timestamp(precision, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
        | DataType::TimestampNtz(precision) => Ok(format!("timestamp({})", unit(ty, *precision)?)),
        DataType::Timestamp(precision, TimezoneInfo::WithTimeZone) => match precision {
            None => plain("datetime"),
            precision => Ok(format!("timestamp({}, 'UTC')", unit(ty, *precision)?)),
        },
        DataType::Timestamp(_, TimezoneInfo::Tz) => Err(unsupported(
            ty,
            "write `TIMESTAMP WITH TIME ZONE` or `DATETIME`",
        )),
        DataType::Datetime(None | Some(6)) => plain("datetime"),
        DataType::Interval {
            fields: None,
            precision: None,
        } => plain("interval"),
        DataType::Uuid => plain("uuid"),
        DataType::JSON => plain("json"),
        DataType::JSONB => Err(unsupported(ty, "write `JSON`")),
        DataType::Enum(members, None) => {
            let labels = members.iter().map(|member| match member {
                EnumMember::Name(label) => Ok(format!("'{}'", label.replace('\'', "''"))),
                EnumMember::NamedValue(..) => Err(unsupported(ty, "write `ENUM('a', 'b')`")),
            });
            let labels = labels.collect::<Result<Vec<_>, _>>()?;
            Ok(format!("enum({})", labels.join(", ")))
        }
        DataType::Array(ArrayElemTypeDef::AngleBracket(element))
        | DataType::Array(ArrayElemTypeDef::SquareBracket(element, None))
        | DataType::Array(ArrayElemTypeDef::Parenthesis(element)) => {
            Ok(format!("list<{} null>", text(element, depth + 1)?))
        }
        DataType::Array(ArrayElemTypeDef::SquareBracket(_, Some(length))) => Err(unsupported(
            ty,
            &format!(
                "lists have no fixed length: write `EMBEDDING({length})` for floats, or `T[]`"
            ),
        )),
        DataType::Struct(fields, _) => {
            let fields = fields.iter().map(|field| struct_field(ty, field, depth));
            let fields = fields.collect::<Result<Vec<_>, _>>()?;
            Ok(format!("struct<{}>", fields.join(", ")))
        }
        DataType::Map(key, value) => {
            let (key, value) = (text(key, depth + 1)?, text(value, depth + 1)?);
            Ok(format!("map<{key}, {value} null>"))
        }
        DataType::Custom(name, arguments) => custom(ty, name, arguments),
        _ => Err(foreign(ty)),
    }
}

fn struct_field(ty: &DataType, field: &StructField, depth: usize) -> Result<String, DdlProblem> {
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
    Ok(format!(
        "{}: {} null",
        field_name_text(name),
        text(field_type, depth + 1)?
    ))
}

/// Returns the name of a struct field. A name in quotes keeps its case.
fn field_name_text(name: &Ident) -> String {
    let value = match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_ascii_lowercase(),
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if !value.is_empty() && value.chars().all(is_word) {
        value
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}

/// Converts a type that the parser does not know: one in quotes, or a word of the definitions.
fn custom(
    ty: &DataType,
    name: &datafusion::sql::sqlparser::ast::ObjectName,
    arguments: &[String],
) -> Result<String, DdlProblem> {
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
        return Ok(word.value.clone());
    }
    let lower = word.value.to_ascii_lowercase();
    match (&*lower, arguments) {
        ("file" | "json" | "utinyint" | "usmallint" | "uint" | "ubigint", []) => Ok(lower),
        ("embedding", [length]) => Ok(format!("embedding({length})")),
        ("embedding", _) => Err(unsupported(ty, "write for example `EMBEDDING(384)`")),
        ("serial" | "bigserial" | "smallserial", _) => Err(unsupported(
            ty,
            "keys are not generated: write `BIGINT` and insert the values, or `UUID`",
        )),
        ("timestamptz", _) => Err(unsupported(
            ty,
            "write `TIMESTAMP WITH TIME ZONE` or `DATETIME`",
        )),
        _ => Err(foreign(ty)),
    }
}

fn decimal(info: &ExactNumberInfo) -> Result<String, DdlProblem> {
    match info {
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            Ok(format!("decimal({precision}, {scale})"))
        }
        ExactNumberInfo::Precision(precision) => Ok(format!("decimal({precision}, 0)")),
        ExactNumberInfo::None => Err(DdlProblem::new("`DECIMAL` needs the number of digits")
            .with_help("write for example `DECIMAL(18, 2)`")),
    }
}

/// Returns the unit of a timestamp. Without a precision, it is the microsecond, as in definitions.
fn unit(ty: &DataType, precision: Option<u64>) -> Result<&'static str, DdlProblem> {
    match precision {
        Some(0) => Ok("s"),
        Some(3) => Ok("ms"),
        None | Some(6) => Ok("us"),
        Some(9) => Ok("ns"),
        Some(_) => Err(unsupported(ty, "the precisions are 0, 3, 6 and 9")),
    }
}

fn unsupported(ty: &DataType, help: &str) -> DdlProblem {
    DdlProblem::new(format!("type `{ty}` is not supported")).with_help(help)
}

/// Returns the problem of an unknown type.
fn foreign(ty: &DataType) -> DdlProblem {
    const KNOWN: [&str; 25] = [
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "real",
        "double",
        "decimal",
        "text",
        "bytea",
        "date",
        "time",
        "timestamp",
        "datetime",
        "interval",
        "uuid",
        "json",
        "file",
        "embedding",
        "enum",
        "array",
        "struct",
        "map",
        "varchar",
        "binary",
    ];
    let written = ty.to_string().to_ascii_lowercase();
    let word = written.split(['(', '<', ' ']).next().unwrap_or_default();
    let help = match kalamtable_model::nearest(word, KNOWN) {
        Some(near) if near != word => format!("did you mean `{}`?", near.to_ascii_uppercase()),
        _ => {
            "write another type; a type in double quotes has the notation of definitions, such as \
              `\"list<text>\"`"
                .to_string()
        }
    };
    unsupported(ty, &help)
}
