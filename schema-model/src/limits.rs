// SPDX-License-Identifier: Apache-2.0

//! The limits of definitions. They prevent a file from exhausting the memory or the stack of a
//! build, and are far above the needs of real tables.

/// The maximum number of bytes of a file.
pub const FILE_BYTES: u64 = 1024 * 1024;
/// The maximum number of columns of a table.
pub const COLUMNS: usize = 4096;
/// The maximum number of unique keys of a table. Each is looked up for every row that is written.
pub const UNIQUE_KEYS: usize = 64;
/// The maximum nesting depth of types. `list<#2 list<#3 int>>` has depth 3.
pub const NESTING: usize = 16;
/// The maximum number of bytes of the name of a namespace, table, column or nested field, and of a
/// Rust name.
pub const NAME_BYTES: usize = 128;
/// The maximum number of bytes of the name of a column in files, `source`.
pub const SOURCE_BYTES: usize = 1024;
/// The maximum number of labels of an enum.
pub const ENUM_LABELS: usize = 1024;
/// The maximum number of bytes of a label.
pub const LABEL_BYTES: usize = 255;
/// The maximum `n` of `embedding(n)`. The limit of KalamDB is 8192.
pub const EMBEDDING: u32 = 65_536;
/// The maximum `n` of `bytes(n)`.
pub const FIXED_BYTES: u32 = 1024 * 1024;
/// The maximum number of bytes of a comment, and of the reason for having no primary key or for
/// deprecating a column.
pub const COMMENT_BYTES: usize = 64 * 1024;
/// The maximum number of syntax errors that are shown per file. Further errors usually follow from
/// the first ones.
pub const SYNTAX_ERRORS: usize = 100;
/// The maximum number of bytes of a lock.
pub const LOCK_BYTES: u64 = 64 * 1024 * 1024;
/// The maximum number of bytes of a line of a lock, which describes one column with its comment.
pub const LOCK_LINE_BYTES: usize = 2 * 1024 * 1024;
/// The maximum number of versions of a table in a lock.
pub const LOCK_VERSIONS: usize = 10_000;
