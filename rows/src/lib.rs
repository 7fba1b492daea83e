// SPDX-License-Identifier: Apache-2.0

//! Typed rows of KalamTable to and from Arrow, without DataFusion.
//!
//! [`ToArrow`] and [`FromArrow`] are what generated code implements for a table's rows, [`Value`] what
//! their fields have in common. Server crates use this through `kalamtable`; a client that only
//! exchanges rows can do with this crate. Generated code names it through [`__private`] alone.
//!
//! ```
//! use kalamtable_rows::{FromArrow, KalamTable, TimestampMillis, ToArrow};
//!
//! /// What happened, and when.
//! #[derive(Clone, Debug, PartialEq, KalamTable)]
//! #[kalam(table = "app.events", primary_key(id), crate = kalamtable_rows)]
//! struct Event {
//!     #[kalam(id = 1)]
//!     id: i64,
//!     #[kalam(id = 2)]
//!     title: Option<String>,
//!     #[kalam(id = 3, default = "now()")]
//!     seen_at: TimestampMillis,
//! }
//!
//! let rows = [Event { id: 1, title: None, seen_at: TimestampMillis::new(0) }];
//! let batch = Event::to_batch(&rows)?;
//! assert_eq!(Event::from_batch(&batch)?, rows);
//! # Ok::<(), kalamtable_rows::RowError>(())
//! ```
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `derive` | `#[derive(KalamTable)]` and `#[derive(KalamValue)]`; on unless turned off |
//! | `bytes`, `chrono`, `jiff`, `rust_decimal`, `serde_json` | types of these crates as values: see [`Value`] |
//! | `futures-core` | `ToArrow::to_batch_stream`: batches from a stream of rows |
//! | `datafusion` | `From<RowError> for DataFusionError` |

#[cfg(feature = "futures-core")]
mod batch_stream;
mod checks;
mod column_builder;
mod column_type;
mod columns;
#[doc(hidden)]
pub mod doc_example;
mod error;
mod fields;
mod from_arrow;
mod generated;
mod join_columns;
mod json_text;
pub mod physical;
mod row_key;
mod table;
mod to_arrow;
mod validate;
mod value;

#[cfg(feature = "futures-core")]
pub use batch_stream::BatchStream;
pub use column_builder::ColumnBuilder;
pub use column_type::{Above, After, Base, HasType, Ids, TypeAt};
pub use columns::{ColumnReader, Columns};
pub use error::{InvalidValue, PathSegment, RowError, ValueError};
pub use fields::{Fields, FieldsAt, OwnedFields};
pub use from_arrow::{FromArrow, KeyedRow, Row, Views};
pub use json_text::check_json;
#[cfg(feature = "derive")]
pub use kalamtable_macros::{KalamTable, KalamValue};
pub use row_key::RowKey;
pub use table::Table;
pub use to_arrow::{BatchBuilder, Batches, ToArrow};
/// The row type of `uuid` columns, from the crate of that name.
pub use uuid::Uuid;
pub use validate::validate;
pub use value::{
    AnyBuilder, AnyValue, AnyView, BooleanBuilder, BytesBuilder, ClosedSet, Date, Decimal, Element,
    ElementReader, Entries, FixedBytesBuilder, Items, ListBuilder, ListReader, MapBuilder,
    MapReader, Micros, Millis, Nanos, NativeBuilder, OutOfRange, OwnedElement, OwnedValue, Seconds,
    TextBuilder, TimeBuilder, TimeOfDay, TimeOfDayMicros, TimeReader, Timestamp, TimestampMicros,
    TimestampMillis, TimestampNanos, TimestampSeconds, Unit, Value,
};

/// What generated code names. No part of the public API.
///
/// The standard names are here because a generated type may have one of them.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;
    pub use std::cmp::{Ord, Ordering};
    pub use std::collections::BTreeMap;
    pub use std::mem::swap;
    pub use std::ops::Range;
    pub use std::option::Option;
    pub use std::result::Result;
    pub use std::string::String;
    pub use std::sync::LazyLock;
    pub use std::vec::Vec;

    pub use arrow::array::{ArrayRef, RecordBatch, StringArray};
    pub use arrow::datatypes::{DataType, IntervalMonthDayNano, SchemaRef};
    pub use kalamtable_model as model;
    pub use uuid::Uuid;

    pub use crate::checks::{
        assert_default, assert_flattened, assert_frozen, assert_holds, assert_key, assert_type,
        assert_unique_ids,
    };
    pub use crate::columns::{Readers, find_column};
    pub use crate::from_arrow::{Skipped, skipped};
    pub use crate::join_columns::{join_columns, largest};
    pub use crate::row_key::{KeyReader, compare_part};
    pub use crate::to_arrow::build_columns;
    pub use crate::value::{FieldReader, StructBuilder, StructFields, read_label, text_reader};
    pub use crate::{
        __closed_set as closed_set, __closed_set_value as closed_set_value,
        __newtype_value as newtype_value, __owned_fields as owned_fields,
        __owned_struct_value as owned_struct_value, __struct_value as struct_value, Above, After,
        AnyValue, Base, ColumnBuilder, ColumnReader, Columns, Date, Decimal, Element, Fields,
        FieldsAt, FromArrow, HasType, Ids, InvalidValue, KeyedRow, Micros, Millis, Nanos,
        OwnedElement, OwnedFields, OwnedValue, Row, RowError, RowKey, Seconds, Table, TimeOfDay,
        Timestamp, ToArrow, TypeAt, Value, ValueError,
    };
}
