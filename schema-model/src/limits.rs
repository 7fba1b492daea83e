// SPDX-License-Identifier: Apache-2.0

//! What a definition may not exceed. Every limit is there so that a file cannot exhaust the memory
//! or the stack of a build, and is far above what a table needs.

/// Bytes of one file.
pub const FILE_BYTES: u64 = 1024 * 1024;
/// Columns of one table.
pub const COLUMNS: usize = 4096;
/// Unique keys of one table: each is looked up for every row that is written.
pub const UNIQUE_KEYS: usize = 64;
/// How deep types nest: `list<#2 list<#3 int>>` is three deep.
pub const NESTING: usize = 16;
/// Bytes of a namespace, a table's, a column's or a nested field's name, and of a Rust name.
pub const NAME_BYTES: usize = 128;
/// Labels of one enum.
pub const ENUM_LABELS: usize = 1024;
/// Bytes of one enum label.
pub const LABEL_BYTES: usize = 255;
/// The largest `n` of `embedding(n)`. KalamDB itself stops at 8192.
pub const EMBEDDING: u32 = 65_536;
/// The largest `n` of `bytes(n)`.
pub const FIXED_BYTES: u32 = 1024 * 1024;
/// Bytes of a comment, and of the reason for having no primary key.
pub const COMMENT_BYTES: usize = 64 * 1024;
/// Syntax errors that are shown for one file: past a point they only echo the first.
pub const SYNTAX_ERRORS: usize = 100;
