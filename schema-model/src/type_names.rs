// SPDX-License-Identifier: Apache-2.0

//! The names of the column types, the names that other systems use for them, and the canonical text
//! of a type.

use std::fmt;

use crate::sql_text::{is_bare_name, quote};
use crate::types::{ColumnType, NestedField, TimeUnit};

/// A word that begins a type in the type grammar.
pub(crate) struct TypeWord {
    /// The word.
    pub(crate) word: &'static str,
    /// An example of the type, in which `#ID` is a placeholder for a free id.
    pub(crate) usage: &'static str,
    /// The type that the word alone denotes, or `None` if it needs parameters.
    pub(crate) plain: Option<ColumnType>,
}

/// Declares each word once: the word, its usage, the types that begin with it, and the type that
/// the word alone denotes.
macro_rules! type_words {
    ($($word:literal $usage:literal $pattern:pat => $plain:expr;)*) => {
        /// Every word but `arrow`, in the order in which help texts list them.
        pub(crate) const TYPE_WORDS: &[TypeWord] = &[$(
            TypeWord { word: $word, usage: $usage, plain: $plain }
        ),*];

        impl ColumnType {
            /// Returns the word that begins the type: `decimal` for `decimal(10, 2)`.
            pub fn keyword(&self) -> &'static str {
                match self {
                    $($pattern => $word,)*
                    ColumnType::Arrow(_) => "arrow",
                }
            }
        }
    };
}

type_words! {
    "boolean" "boolean" ColumnType::Boolean => Some(ColumnType::Boolean);
    "tinyint" "tinyint" ColumnType::TinyInt => Some(ColumnType::TinyInt);
    "smallint" "smallint" ColumnType::SmallInt => Some(ColumnType::SmallInt);
    "int" "int" ColumnType::Int => Some(ColumnType::Int);
    "bigint" "bigint" ColumnType::BigInt => Some(ColumnType::BigInt);
    "utinyint" "utinyint" ColumnType::UTinyInt => Some(ColumnType::UTinyInt);
    "usmallint" "usmallint" ColumnType::USmallInt => Some(ColumnType::USmallInt);
    "uint" "uint" ColumnType::UInt => Some(ColumnType::UInt);
    "ubigint" "ubigint" ColumnType::UBigInt => Some(ColumnType::UBigInt);
    "float" "float" ColumnType::Float => Some(ColumnType::Float);
    "double" "double" ColumnType::Double => Some(ColumnType::Double);
    "decimal" "decimal(18, 2)" ColumnType::Decimal { .. } => None;
    "text" "text" ColumnType::Text => Some(ColumnType::Text);
    "bytes" "bytes" ColumnType::Bytes | ColumnType::FixedBytes(_) => Some(ColumnType::Bytes);
    "date" "date" ColumnType::Date => Some(ColumnType::Date);
    "time" "time" ColumnType::Time => Some(ColumnType::Time);
    "timestamp" "timestamp" ColumnType::Timestamp { .. } => Some(MICROSECOND_TIMESTAMP);
    "datetime" "datetime" ColumnType::DateTime => Some(ColumnType::DateTime);
    "interval" "interval" ColumnType::Interval => Some(ColumnType::Interval);
    "uuid" "uuid" ColumnType::Uuid => Some(ColumnType::Uuid);
    "json" "json" ColumnType::Json => Some(ColumnType::Json);
    "file" "file" ColumnType::File => Some(ColumnType::File);
    "embedding" "embedding(384)" ColumnType::Embedding(_) => None;
    "enum" "enum('a', 'b')" ColumnType::Enum(_) => None;
    "list" "list<#ID text>" ColumnType::List(_) => None;
    "struct" "struct<#ID name: text>" ColumnType::Struct(_) => None;
    "map" "map<#ID text, #ID text>" ColumnType::Map(_) => None;
}

const MICROSECOND_TIMESTAMP: ColumnType = ColumnType::Timestamp {
    unit: TimeUnit::Microsecond,
    zone: None,
};

/// Returns the entry of a word, or `None` if it does not begin a type.
pub(crate) fn type_word(word: &str) -> Option<&'static TypeWord> {
    TYPE_WORDS.iter().find(|known| known.word == word)
}

/// The words of other systems, by the word that has the same meaning here.
pub(crate) const FOREIGN_WORDS: [(&str, &[&str]); 24] = [
    (
        "text",
        &[
            "string",
            "str",
            "varchar",
            "utf8",
            "char",
            "character",
            "nvarchar",
            "clob",
            "largeutf8",
            "utf8view",
        ],
    ),
    ("int", &["integer", "int32", "i32", "int4", "mediumint"]),
    ("bigint", &["int64", "i64", "long", "bigserial"]),
    ("smallint", &["int16", "i16", "short", "int2"]),
    ("tinyint", &["int8", "i8", "byte"]),
    ("utinyint", &["uint8", "u8"]),
    ("usmallint", &["uint16", "u16"]),
    ("uint", &["uint32", "u32", "unsigned"]),
    ("ubigint", &["uint64", "u64", "ulong"]),
    ("float", &["float32", "f32", "real", "float4"]),
    ("double", &["float64", "f64", "float8"]),
    ("boolean", &["bool", "bit"]),
    (
        "bytes",
        &["blob", "bytea", "binary", "varbinary", "largebinary"],
    ),
    (
        "decimal",
        &["numeric", "number", "dec", "decimal128", "money"],
    ),
    ("datetime", &["timestamptz", "timestamp_tz", "instant"]),
    ("json", &["jsonb", "variant", "document"]),
    ("list", &["array", "vec", "sequence", "set"]),
    ("embedding", &["vector", "halfvec", "fixedsizelist"]),
    ("uuid", &["guid", "uniqueidentifier"]),
    ("date", &["date32", "day"]),
    ("time", &["time64"]),
    ("interval", &["duration", "timedelta"]),
    ("struct", &["record", "row", "object", "tuple"]),
    ("map", &["dict", "dictionary", "hashmap", "hstore"]),
];

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())?;
        match self {
            ColumnType::Decimal { precision, scale } => write!(f, "({precision}, {scale})"),
            ColumnType::FixedBytes(length) => write!(f, "({length})"),
            ColumnType::Embedding(length) => write!(f, "({length})"),
            ColumnType::Timestamp { unit, zone } => match (unit, zone) {
                (TimeUnit::Microsecond, None) => Ok(()),
                (unit, None) => write!(f, "({})", unit.as_str()),
                (unit, Some(zone)) => write!(f, "({}, {})", unit.as_str(), quote(zone)),
            },
            ColumnType::Enum(labels) => {
                for (index, label) in labels.iter().enumerate() {
                    f.write_str(if index == 0 { "(" } else { ", " })?;
                    f.write_str(&quote(label))?;
                }
                f.write_str(")")
            }
            ColumnType::List(element) => write!(f, "<{}>", Unnamed(element)),
            ColumnType::Struct(fields) => {
                for (index, field) in fields.iter().enumerate() {
                    f.write_str(if index == 0 { "<" } else { ", " })?;
                    write!(f, "#{} {}: {}", field.id, quote_name(&field.name), field.ty)?;
                    f.write_str(null_suffix(field))?;
                }
                f.write_str(">")
            }
            ColumnType::Map(fields) => {
                write!(f, "<{}, {}>", Unnamed(&fields.key), Unnamed(&fields.value))
            }
            ColumnType::Arrow(notation) => write!(f, ":{notation}"),
            _ => Ok(()),
        }
    }
}

/// A nested field without its name, which the kind of the outer type implies.
struct Unnamed<'a>(&'a NestedField);

impl fmt::Display for Unnamed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}{}", self.0.id, self.0.ty, null_suffix(self.0))
    }
}

fn null_suffix(field: &NestedField) -> &'static str {
    if field.nullable { " null" } else { "" }
}

/// Writes the name of a struct field, in quotes only if the type grammar requires them.
fn quote_name(name: &str) -> String {
    if is_bare_name(name) {
        name.to_string()
    } else {
        quote(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_type_is_displayed_as_its_word() {
        for entry in TYPE_WORDS {
            if let Some(plain) = &entry.plain {
                assert_eq!(plain.to_string(), entry.word);
            }
        }
    }

    #[test]
    fn foreign_words_are_unique_and_lead_to_known_words() {
        let mut seen: Vec<&str> = TYPE_WORDS.iter().map(|entry| entry.word).collect();
        for (word, foreign) in FOREIGN_WORDS {
            assert!(type_word(word).is_some(), "{word}");
            for name in foreign {
                assert!(!seen.contains(name), "{name}");
                seen.push(name);
            }
        }
    }
}
