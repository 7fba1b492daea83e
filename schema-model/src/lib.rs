//! What a KalamTable table is, however it was written: definition, types, checks, TOML.
//!
//! No tokens, no file system and no DataFusion in here; Arrow types behind feature `arrow`.

#[cfg(feature = "arrow")]
pub mod arrow;
mod definition;
pub mod rust_names;
mod shared;
mod types;

pub use definition::{
    Column, ColumnDefault, DefaultFunction, Literal, MAX_ID, MIN_ID, PrimaryKey, Reserved,
    TableDefinition, TableKind, TableName, TableParts,
};
pub use shared::Shared;
pub use types::{ColumnType, MapFields, NestedField, TimeUnit};
