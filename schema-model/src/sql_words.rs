// SPDX-License-Identifier: Apache-2.0

//! The keywords that SQL does not accept as names without quotes.
//!
//! The lists are those of sqlparser 0.62 in the generic dialect, which DataFusion 55 uses by
//! default. The parser does not expose them: they are found by planning statements with each of its
//! keywords, as `provider/tests/provider/sql_words.rs` does to compare them.

/// The keywords that are not accepted as the name of a column in every query and statement, in
/// alphabetical order.
const COLUMN_WORDS: &[&str] = &[
    "all",
    "analyze",
    "any",
    "cluster",
    "cube",
    "current_date",
    "current_time",
    "current_timestamp",
    "distinct",
    "distribute",
    "end",
    "except",
    "exclude",
    "exists",
    "explain",
    "false",
    "fetch",
    "from",
    "group",
    "having",
    "intersect",
    "interval",
    "into",
    "lateral",
    "limit",
    "minus",
    "not",
    "null",
    "offset",
    "on",
    "order",
    "returning",
    "rollup",
    "select",
    "some",
    "sort",
    "struct",
    "top",
    "trim",
    "true",
    "union",
    "values",
    "view",
    "where",
    "with",
];

/// The keywords that are not accepted as the name of a table, in alphabetical order. They are
/// accepted after `FROM`, but not before the name of a column.
const TABLE_WORDS: &[&str] = &[
    "all",
    "current_catalog",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "distinct",
    "exists",
    "false",
    "from",
    "interval",
    "localtime",
    "localtimestamp",
    "null",
    "session_user",
    "struct",
    "top",
    "trim",
    "true",
    "user",
];

/// The keywords that are not accepted as the name of a namespace, in alphabetical order.
const NAMESPACE_WORDS: &[&str] = &[
    "all",
    "current_catalog",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "directory",
    "distinct",
    "exists",
    "false",
    "from",
    "interval",
    "lateral",
    "local",
    "localtime",
    "localtimestamp",
    "null",
    "replace",
    "session_user",
    "struct",
    "table",
    "top",
    "trim",
    "true",
    "unnest",
    "user",
];

/// Returns whether SQL accepts `name` only in quotes as the name of a column, ignoring case.
pub fn is_column_word(name: &str) -> bool {
    has_word(COLUMN_WORDS, name)
}

/// Returns whether SQL accepts `name` only in quotes as the name of a table, ignoring case.
pub fn is_table_word(name: &str) -> bool {
    has_word(TABLE_WORDS, name)
}

/// Returns whether SQL accepts `name` only in quotes as the name of a namespace, ignoring case.
pub fn is_namespace_word(name: &str) -> bool {
    has_word(NAMESPACE_WORDS, name)
}

fn has_word(words: &[&str], name: &str) -> bool {
    words
        .binary_search(&name.to_ascii_lowercase().as_str())
        .is_ok()
}
