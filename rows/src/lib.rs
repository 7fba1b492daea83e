// SPDX-License-Identifier: Apache-2.0

//! Conversions between typed rows of KalamTable and Arrow, without DataFusion.
//!
//! Generated code implements [`ToArrow`] and [`FromArrow`] for the row type of a table; [`Value`]
//! and [`OwnedValue`] are the traits of the types of its fields. [`validate`] checks an Arrow array
//! of other origin against a column. Servers use this crate through `kalamtable`; a client that
//! only exchanges rows can depend on this crate alone.
//!
//! ```
//! use kalamtable_rows::{FromArrow, KalamTable, TimestampMillis, ToArrow};
//!
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
//! # Rows of earlier versions
//! A [`Migration`] converts batches that were written under an earlier version of a table to its
//! current version, and [`migrate`] converts one batch. [`Conversion`] is the part for one column,
//! and [`initial_value`] the value of a column in rows that were written without it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow::array::{ArrayRef, Int32Array, RecordBatch};
//! use kalamtable_model::{SourceFile, Sources, parse_and_check};
//! use kalamtable_rows::{FromArrow, KalamTable, ToArrow, migrate};
//!
//! // In version 1, the column was called `number` and had the type `int`.
//! let text = r#"
//!     name = "app.events"
//!     version = 1
//!     primary_key = ["number"]
//!     [columns]
//!     number = { id = 1, type = "int" }
//! "#;
//! let mut sources = Sources::new();
//! let source = sources.push(SourceFile::new("events.toml", text));
//! let first = parse_and_check(&sources, source).unwrap().definition;
//!
//! #[derive(Clone, Debug, PartialEq, KalamTable)]
//! #[kalam(table = "app.events", primary_key(id), version = 2, crate = kalamtable_rows)]
//! struct Event {
//!     #[kalam(id = 1)]
//!     id: i64,
//!     #[kalam(id = 2)]
//!     title: Option<String>,
//! }
//!
//! let numbers: ArrayRef = Arc::new(Int32Array::from(vec![7]));
//! let stored = RecordBatch::try_from_iter([("number", numbers)])?;
//! let batch = migrate(&stored, &[first], 1, Event::TABLE.definition)?;
//! let rows = Event::from_batch_by_id(&batch)?;
//! assert_eq!(rows, [Event { id: 7, title: None }]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `derive` (default) | `#[derive(KalamTable)]` and `#[derive(KalamValue)]` |
//! | `bytes`, `chrono`, `jiff`, `rust_decimal`, `serde_json` | types of the crate of that name as values; see [`Value`] |
//! | `futures-core` | `ToArrow::to_batch_stream`: batches from a stream of rows |
//! | `datafusion` | `From<RowError> for DataFusionError` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod checks;
mod column_builder;
mod column_form;
mod column_type;
mod columns;
mod conversion;
#[doc(hidden)]
pub mod doc_example;
mod error;
mod exact_cast;
mod fields;
mod from_arrow;
mod frozen;
mod initial_value;
mod join_columns;
mod matching;
mod migration;
pub mod physical;
mod row_key;
mod table;
mod to_arrow;
pub mod type_ids;
mod validate;
mod value;

pub use column_builder::ColumnBuilder;
pub use column_type::{HasType, TypeAt};
pub use columns::{ColumnReader, Columns};
pub use conversion::Conversion;
pub use error::{InvalidValue, PathSegment, RowError, ValueError};
pub use exact_cast::cast_exact;
pub use fields::{Fields, FieldsAt, OwnedFields};
pub use from_arrow::{FromArrow, KeyedRow, Row, Views};
pub use initial_value::initial_value;
#[cfg(feature = "derive")]
pub use kalamtable_macros::{KalamTable, KalamValue};
pub use migration::{Migration, migrate};
pub use row_key::RowKey;
pub use table::Table;
#[cfg(feature = "futures-core")]
pub use to_arrow::BatchStream;
pub use to_arrow::{BatchBuilder, Batches, ToArrow};
/// The row type of `uuid` columns, from the crate of that name.
pub use uuid::Uuid;
pub use validate::{read_validated, validate, validate_batch};
pub use value::{
    AnyValue, AnyView, ClosedSet, Date, Decimal, Element, ListItems, MapEntries, Micros, Millis,
    Nanos, OutOfRange, OwnedElement, OwnedValue, Seconds, TimeOfDay, TimeOfDayMicros, Timestamp,
    TimestampMicros, TimestampMillis, TimestampNanos, TimestampSeconds, Unit, Value,
};

/// The items that generated code names. They are not part of the public API.
///
/// Names of the standard library are included because a generated type may shadow them.
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
        assert_default, assert_flattened, assert_holds, assert_key, assert_type, assert_unique_ids,
    };
    pub use crate::columns::ReadersBuilder;
    pub use crate::from_arrow::{Skipped, skipped};
    pub use crate::frozen::assert_frozen;
    pub use crate::join_columns::{join_columns, largest};
    pub use crate::matching::BatchFields;
    pub use crate::row_key::{KeyReader, compare_part};
    pub use crate::to_arrow::build_columns;
    pub use crate::type_ids::{BaseAfter, FixedBase, IdBase, OffsetBase};
    pub use crate::value::{
        AnyBuilder, BooleanBuilder, BytesBuilder, ElementReader, FieldReader, FixedBytesBuilder,
        ListBuilder, ListReader, MapBuilder, MapReader, NativeBuilder, StructBuilder, StructFields,
        TextBuilder, TimeBuilder, TimeReader, parse_label, read_label, text_reader,
    };
    pub use crate::{
        AnyValue, ClosedSet, ColumnBuilder, ColumnReader, Columns, Date, Decimal, Element, Fields,
        FieldsAt, FromArrow, HasType, InvalidValue, KeyedRow, Micros, Millis, Nanos, OwnedElement,
        OwnedFields, OwnedValue, Row, RowError, RowKey, Seconds, Table, TimeOfDay, Timestamp,
        ToArrow, TypeAt, Value, ValueError,
    };
}

/// Tests the examples in the documentation of the derives. See `doctest` in the package of the
/// derives.
#[cfg(all(doctest, feature = "derive"))]
mod derive_examples {
    #[doc = include_str!("../../schema-macros/src/kalam_table.md")]
    mod kalam_table {}

    #[doc = include_str!("../../schema-macros/src/kalam_value.md")]
    mod kalam_value {}
}
