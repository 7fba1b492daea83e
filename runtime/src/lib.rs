//! Rows to and from Arrow, and the DataFusion provider over them.
//!
//! Server crates use this through `kalamtable`; generated code names it through [`__private`]
//! alone. It does not know how a table was written: as TOML, as a struct, or made at run time.

mod chunks;
mod columns;
pub mod contract;
mod default;
#[doc(hidden)]
pub mod doc_example;
mod error;
mod filter;
mod generated;
mod insert;
mod memory_table;
mod provider;
mod register;
mod scan;
mod source;
mod table;
mod value;

pub use columns::{ColumnReader, Columns};
pub use error::{Error, PathSegment, Problem, ValueError};
pub use memory_table::MemoryTable;
pub use provider::RowProvider;
pub use register::{register, register_as};
pub use source::{BoxError, FixedRows, Snapshot, TableSource, VirtualRows};
pub use table::{KeyedRow, Row, Table};
/// The row type of `uuid` columns, from the crate of that name.
pub use uuid::Uuid;
pub use value::{
    AnyValue, Date, Decimal, Element, ElementReader, Micros, Millis, Nanos, Seconds, TimeOfDay,
    TimeOfDayMicros, Timestamp, TimestampMicros, TimestampMillis, TimestampNanos, TimestampSeconds,
    Unit, Value,
};

/// What generated code names. No part of the public API.
///
/// The standard names are here because a generated type may have one of them.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;
    pub use std::cmp::{Ord, Ordering};
    pub use std::collections::BTreeMap;
    pub use std::option::Option;
    pub use std::result::Result;
    pub use std::string::String;
    pub use std::sync::LazyLock;
    pub use std::vec::Vec;

    pub use arrow::array::{ArrayRef, StringArray};
    pub use arrow::datatypes::{DataType, IntervalMonthDayNano, SchemaRef};
    pub use kalamtable_model as model;
    pub use uuid::Uuid;

    pub use crate::table::build_column;
    pub use crate::value::{
        FieldReader, StructFields, build_labels, build_struct, read_text, text_reader,
    };
    pub use crate::{
        __closed_set as closed_set, __struct_value as struct_value, AnyValue, Columns, Date,
        Decimal, Element, Error, KeyedRow, Micros, Millis, Nanos, Problem, Row, Seconds, Table,
        TimeOfDay, Timestamp, Value, ValueError,
    };
}
