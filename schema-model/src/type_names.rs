// SPDX-License-Identifier: Apache-2.0

//! The names of the column types, the names that other systems use for them, and the canonical text
//! of a type.

use std::fmt;

use crate::sql_text::{is_bare_name, quote};
use crate::suggest::nearest;
use crate::types::{ColumnType, NestedField, TimeUnit};

/// A word that begins a type in the type grammar.
pub(crate) struct TypeWord {
    /// The word.
    pub(crate) word: &'static str,
    /// An example of the type, in which `#ID` is a placeholder for a free id.
    pub(crate) usage: &'static str,
    /// An example of the type in DDL statements.
    pub(crate) sql_usage: &'static str,
    /// The type that the word alone denotes, or `None` if it needs parameters.
    pub(crate) plain: Option<ColumnType>,
}

/// Declares each word once: the word, its usage, its usage in SQL, the types that begin with it,
/// and the type that the word alone denotes.
macro_rules! type_words {
    ($($word:literal $usage:literal $sql_usage:literal $pattern:pat => $plain:expr;)*) => {
        /// Every word but `arrow`, in the order in which help texts list them.
        pub(crate) const TYPE_WORDS: &[TypeWord] = &[$(
            TypeWord { word: $word, usage: $usage, sql_usage: $sql_usage, plain: $plain }
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
    "boolean" "boolean" "BOOLEAN" ColumnType::Boolean => Some(ColumnType::Boolean);
    "tinyint" "tinyint" "TINYINT" ColumnType::TinyInt => Some(ColumnType::TinyInt);
    "smallint" "smallint" "SMALLINT" ColumnType::SmallInt => Some(ColumnType::SmallInt);
    "int" "int" "INT" ColumnType::Int => Some(ColumnType::Int);
    "bigint" "bigint" "BIGINT" ColumnType::BigInt => Some(ColumnType::BigInt);
    "utinyint" "utinyint" "TINYINT UNSIGNED" ColumnType::UTinyInt => Some(ColumnType::UTinyInt);
    "usmallint" "usmallint" "SMALLINT UNSIGNED" ColumnType::USmallInt => Some(ColumnType::USmallInt);
    "uint" "uint" "INT UNSIGNED" ColumnType::UInt => Some(ColumnType::UInt);
    "ubigint" "ubigint" "BIGINT UNSIGNED" ColumnType::UBigInt => Some(ColumnType::UBigInt);
    "float" "float" "REAL" ColumnType::Float => Some(ColumnType::Float);
    "double" "double" "DOUBLE" ColumnType::Double => Some(ColumnType::Double);
    "decimal" "decimal(18, 2)" "DECIMAL(18, 2)" ColumnType::Decimal { .. } => None;
    "text" "text" "TEXT" ColumnType::Text => Some(ColumnType::Text);
    "bytes" "bytes" "BYTEA" ColumnType::Bytes | ColumnType::FixedBytes(_) => Some(ColumnType::Bytes);
    "date" "date" "DATE" ColumnType::Date => Some(ColumnType::Date);
    "time" "time" "TIME" ColumnType::Time => Some(ColumnType::Time);
    "timestamp" "timestamp" "TIMESTAMP" ColumnType::Timestamp { .. } => Some(MICROSECOND_TIMESTAMP);
    "datetime" "datetime" "DATETIME" ColumnType::DateTime => Some(ColumnType::DateTime);
    "interval" "interval" "INTERVAL" ColumnType::Interval => Some(ColumnType::Interval);
    "uuid" "uuid" "UUID" ColumnType::Uuid => Some(ColumnType::Uuid);
    "json" "json" "JSON" ColumnType::Json => Some(ColumnType::Json);
    "file" "file" "FILE" ColumnType::File => Some(ColumnType::File);
    "embedding" "embedding(384)" "EMBEDDING(384)" ColumnType::Embedding(_) => None;
    "enum" "enum('a', 'b')" "ENUM('a', 'b')" ColumnType::Enum(_) => None;
    "list" "list<#ID text>" "ARRAY<TEXT>" ColumnType::List(_) => None;
    "struct" "struct<#ID name: text>" "STRUCT<name TEXT>" ColumnType::Struct(_) => None;
    "map" "map<#ID text, #ID text>" "MAP(TEXT, TEXT)" ColumnType::Map(_) => None;
}

const MICROSECOND_TIMESTAMP: ColumnType = ColumnType::Timestamp {
    unit: TimeUnit::Microsecond,
    zone: None,
};

/// Returns the entry of a word, or `None` if it does not begin a type.
pub(crate) fn type_word(word: &str) -> Option<&'static TypeWord> {
    TYPE_WORDS.iter().find(|known| known.word == word)
}

/// Returns the type that a word alone denotes, or `None` if there is no such type. The word is in
/// lower case.
#[doc(hidden)]
pub fn plain_type(word: &str) -> Option<ColumnType> {
    type_word(word)?.plain.clone()
}

/// Returns an example in SQL of the type that an unknown or misused word probably means, or `None`
/// if no type is similar.
#[doc(hidden)]
pub fn intended_sql_type(word: &str) -> Option<&'static str> {
    intended_word(word).map(|intended| intended.sql_usage)
}

/// Returns the word that a word in any case probably means: itself, the word with the same meaning,
/// or a similar word.
pub(crate) fn intended_word(word: &str) -> Option<&'static TypeWord> {
    let lower = word.to_ascii_lowercase();
    let meaning = |name: &str| {
        let entry = FOREIGN_WORDS
            .iter()
            .find(|(_, names)| names.contains(&name));
        type_word(entry.map_or(name, |(keyword, _)| *keyword))
    };
    meaning(&lower).or_else(|| {
        let words = TYPE_WORDS.iter().map(|known| known.word);
        let foreign = FOREIGN_WORDS
            .iter()
            .flat_map(|(_, names)| names.iter().copied());
        meaning(nearest(&lower, words.chain(foreign))?)
    })
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
    ("uint", &["uint32", "u32", "unsigned", "uinteger"]),
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
