// SPDX-License-Identifier: Apache-2.0

//! Derive macros of KalamTable: [`KalamTable`] turns a struct into the row type of a table, and
//! [`KalamValue`] lets columns hold an enum or a struct.
//!
//! The derives are re-exported by `kalamtable` and `kalamtable_rows`, whose items the generated
//! code uses. A crate with definitions in TOML only needs `kalamtable-build` instead.
//!
//! | part | file |
//! |---|---|
//! | `#[kalam(..)]`: its syntax, its keys on structs and fields | `entries`, `attributes` |
//! | the struct and its fields | `row` |
//! | column types of Rust types and back | `rust_type` |
//! | the struct as the source of its table | `source`, `raw_table`, `field_checks` |
//! | types that only the compiler knows | `inferred`, `nested_ids`, `compiler_checks` |
//! | the struct with a TOML file as the source | `schema` |
//! | the table as the generator takes it | `mapping` |
//! | enums and newtypes; structs inside columns | `value`; `strukt` |
//! | problems at tokens | `problems` |
//! | tokens | `expand`, `output` |

mod attributes;
mod compiler_checks;
mod entries;
mod expand;
mod field_checks;
mod inferred;
mod mapping;
mod nested_ids;
mod output;
mod problems;
mod raw_table;
mod row;
mod rust_type;
mod schema;
mod source;
mod strukt;
#[cfg(test)]
mod tests;
mod value;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives the row type of a table. The source of the definition is the struct or a TOML file.
///
/// If the struct is the source, names, order, types and nullability of the columns follow from its
/// fields. Attributes add the rest:
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// # use kalamtable::{KalamTable, TimestampMillis, Uuid};
/// # #[derive(Clone, Debug, Default)]
/// # struct Cache;
/// /// An event of the application.
/// #[derive(Clone, Debug, KalamTable)]
/// #[kalam(table = "app.events", primary_key(id))]
/// struct Event {
///     /// Identifies the event.
///     #[kalam(id = 1)]
///     id: Uuid,
///     #[kalam(id = 2)]
///     title: Option<String>,
///     #[kalam(id = 3, default = "now()")]
///     created_at: TimestampMillis,
///     #[kalam(id = 4, type = "timestamp", unit = "ms")]
///     seen_at: i64,
///     #[kalam(id = 5, nested_ids = 100)]
///     tags: Vec<String>,
///     #[kalam(skip)]
///     cache: Cache,
/// }
/// ```
///
/// If a TOML file is the source, the derive compares the struct with it. A missing, misspelled or
/// additional field, or a field with a different type, unit or nullability, is a compile error
/// whose message names the line of the file:
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// # use kalamtable::{KalamTable, KalamValue};
/// # #[derive(Clone, Copy, Debug, KalamValue)]
/// # enum Status { New, Done }
/// #[derive(Clone, Debug, KalamTable)]
/// #[kalam(schema = "schemas/jobs.toml")]
/// struct Job {
///     job_id: String,
///     status: Status,
///     #[kalam(unit = "ms")]
///     created_at: i64,
/// }
/// ```
///
/// Fields are matched with columns by name, in any order. `SELECT *` has the order of the file.
///
/// The derive implements `ToArrow`. For a struct that does not borrow, it also implements
/// `FromArrow` and generates a view: a struct with the same fields that borrows from a batch. A
/// table with a primary key implements `KeyedRow`. A struct may have parameters if no column
/// depends on them.
///
/// # The struct
///
/// | key | meaning |
/// |---|---|
/// | `table = "app.events"` | the name of the table, if the struct is the source |
/// | `primary_key(id, region)` | the columns of the primary key, in key order |
/// | `no_primary_key = "why"` | the reason why the table has no primary key |
/// | `unique(tenant, name)` | the columns of a unique key, in key order. Can be repeated. Fields may be `Option`s; NULLs are distinct, so such a row never conflicts |
/// | `kind = "user"` | `system`, `user`, `shared`, `stream` or `view`. The default is `shared`, and `system` in namespace `system` |
/// | `ttl_seconds = 3600` | the time-to-live of the rows of a stream; required for a stream |
/// | `access_level = "public"` | who may use a shared table: `public`, `private` (default), `restricted` or `dba` |
/// | `version = 2` | the version of the definition, 1 by default |
/// | `reserved(ids(2, 5), names("username"))` | ids and names of dropped columns, which no column may have |
/// | `comment = ".."` | the comment of the table, instead of the doc comment |
/// | `freeze = "schemas/frozen/events.toml"` | adds a test that the definition equals the one in the file. The test harness finds it only if the struct is in a module, not in a function |
/// | `schema = "schemas/app/events.toml"` | the file that is the source, relative to the folder of `Cargo.toml`. Can only be combined with the keys below |
/// | `view = EventView` | the name of the view, by default `EventView` for `Event` |
/// | `crate = ::kalamtable` | the path of the crate `kalamtable`, or of a crate that re-exports it |
///
/// # A field
///
/// | key | meaning |
/// |---|---|
/// | `rename = "column"` | the name of the column |
/// | `unit = "ms"` | the unit in which a bare `i64` counts the time of its column: `s`, `ms`, `us` or `ns` |
/// | `skip` | the field is not a column. It is `Default::default()` when a row is read. `UPDATE` keeps it, except inside a nested value |
/// | `flatten` | the field's type is a struct with [`KalamValue`], whose fields are columns of the table at this position |
/// | `id = 3` | the permanent id of the column |
/// | `type = "decimal(10, 2)"` | the column type, if it does not follow from the Rust type |
/// | `default = 5` | the value that an `INSERT` without the column writes: `true`, a number, a text, `"now()"` |
/// | `nested_ids = 20` | the number above which the ids inside the column's type begin, or the ids of flattened columns |
/// | `comment = ".."` | the comment of the column, instead of the doc comment |
///
/// With `schema` on the struct, a field can only have the first three keys, because the file
/// contains the rest. A default that is a date or a time is in quotes: `default = "2024-05-27"`.
///
/// # Types
///
/// | Rust | column |
/// |---|---|
/// | `bool`, `i8` .. `u64`, `f32`, `f64` | `boolean`, `tinyint` .. `ubigint`, `float`, `double` |
/// | `String`, `&str`, `Box<str>`, `Arc<str>`, `Cow<str>` | `text` |
/// | `Vec<u8>`, `[u8; N]` | `bytes`, `bytes(N)` |
/// | `[f32; N]`, `Box<[f32; N]>` | `embedding(N)` |
/// | `Uuid`, `Date`, `Decimal<P, S>` | `uuid`, `date`, `decimal(P, S)` |
/// | `TimestampMillis`, `Timestamp<Millis>` | `timestamp(ms)`, likewise for the other units |
/// | `TimeOfDay<Millis>` | `time`, with values in that unit |
///
/// The derive knows these types by their names. Any other type implements `HasType`, which contains
/// its column type: enums, newtypes and structs with [`KalamValue`], your own types, and the
/// following. The types of other crates require a feature with the name of the crate:
///
/// | Rust | column |
/// |---|---|
/// | `i128`, `u128` | `decimal(38, 0)` |
/// | `Box<[u8]>`, `Arc<[u8]>`, `Cow<[u8]>`, `&[u8]`, `bytes::Bytes` | `bytes` |
/// | `SystemTime`, `chrono::DateTime<Utc>`, `jiff::Timestamp` | `timestamp(ns, 'UTC')` |
/// | `chrono::NaiveDateTime`, `jiff::civil::DateTime` | `timestamp(ns)` |
/// | `chrono::NaiveDate`, `jiff::civil::Date` | `date` |
/// | `chrono::NaiveTime`, `jiff::civil::Time` | `time` |
/// | `Duration`, `chrono::TimeDelta`, `jiff::SignedDuration` | `interval` |
/// | `serde_json::Value` | `json` |
/// | `rust_decimal::Decimal` | a `decimal`, with the precision and scale of `type` |
/// | `Vec<T>`, `[T; N]` | `list<T>` |
/// | `BTreeMap<K, V>`, `HashMap<K, V>` | `map<K, V>` |
///
/// An `Option` of any of these types makes the column nullable.
///
/// # Ids
///
/// Stored files refer to columns by id, so the id of a column must never change. There are two ways
/// to assign ids. If every field has an `id`, fields can be moved, renamed and, with `reserved`,
/// dropped; use this for stored tables. If no field has an `id`, fields are numbered from 1 in
/// their order; use this for tables that are not stored, or with `freeze`, whose test fails when an
/// id changes.
///
/// The fields inside a list, a struct or a map have ids too. By default they follow the largest id
/// of the columns, in the order of the columns, so an additional column changes them. `nested_ids`
/// fixes the ids of one column.
#[proc_macro_derive(KalamTable, attributes(kalam))]
pub fn kalam_table(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    expand::kalam_table(&input, folder.as_ref())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Lets columns hold an enum or a struct.
///
/// An enum without fields is a closed set of labels, and its column type is `enum(..)`. The labels
/// are the names of the variants in snake case. Reading any other text is an error.
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// # use kalamtable::KalamValue;
/// #[derive(Clone, Copy, Debug, KalamValue)]
/// enum Status {
///     New,
///     // The label is `in_progress`.
///     InProgress,
///     #[kalam(rename = "it's done")]
///     Done,
/// }
/// ```
///
/// A tuple struct with one field has the column type and the view of that field. With
/// `#[kalam(transparent)]`, so does a struct with one named field:
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// # use kalamtable::KalamValue;
/// #[derive(Clone, Debug, KalamValue)]
/// struct JobId(String);
/// ```
///
/// A struct with named fields has the column type `struct<..>`. If a row flattens it, its fields
/// are columns with their comments and defaults:
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// use kalamtable::{KalamTable, KalamValue, TimestampMillis, ToArrow};
///
/// #[derive(Clone, Debug, KalamValue)]
/// struct Stop {
///     name: String,
///     height: Option<f64>,
/// }
///
/// #[derive(Clone, Debug, KalamValue)]
/// struct Audit {
///     /// The time of the insertion.
///     #[kalam(id = 1, default = "now()")]
///     created_at: TimestampMillis,
///     /// The author of the entry.
///     #[kalam(id = 2)]
///     author: Option<String>,
/// }
///
/// #[derive(Clone, Debug, KalamTable)]
/// #[kalam(table = "app.trips", primary_key(id))]
/// struct Trip {
///     #[kalam(id = 1)]
///     id: i64,
///     #[kalam(id = 2, nested_ids = 10)]
///     stops: Vec<Stop>,
///     #[kalam(flatten, nested_ids = 100)]
///     audit: Audit,
/// }
///
/// let columns = Trip::TABLE.definition.columns().iter();
/// let columns: Vec<String> = columns.map(|column| format!("{} {}", column.id, column.name)).collect();
/// assert_eq!(columns, ["1 id", "2 stops", "101 created_at", "102 author"]);
/// ```
///
/// The ids of a struct's fields are relative to the column that holds it. Either every field has an
/// `id`, from 1, or no field has one and they are numbered in their order. Ids inside the types of
/// fields follow. A field has the keys `id`, `rename`, `type`, `default` (used where the field is a
/// column), `nested_ids`, `comment` and `skip`, with the same meaning as in a row.
///
/// On the type, `#[kalam(crate = ::kalamtable)]` sets the path of the crate, and
/// `#[kalam(view = StopView)]` the name of a struct's view.
#[proc_macro_derive(KalamValue, attributes(kalam))]
pub fn kalam_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    value::kalam_value(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
