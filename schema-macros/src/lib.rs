// SPDX-License-Identifier: Apache-2.0

//! The struct front end of KalamTable: [`KalamTable`] makes a struct the row of a table, [`KalamValue`]
//! makes a type one that a column can hold.
//!
//! | part | file |
//! |---|---|
//! | `#[kalam(..)]`: keys and values; what they say | `entries`, `attributes` |
//! | the struct and its fields | `row` |
//! | what a Rust type says by its name | `rust_type` |
//! | the struct as the source of its table | `source` |
//! | the struct beside a TOML file | `schema` |
//! | what is wrong, and where | `problems` |
//! | tokens | `expand` |
//! | enums and newtypes | `value` |
//! | structs that are no rows | `strukt` |

mod attributes;
mod entries;
mod expand;
mod problems;
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

/// Makes a struct the row of a table, in one of two ways.
///
/// The struct is the source. Names, order, types and nullability are those of its fields, and only
/// what they do not say is written:
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// # use kalamtable::{KalamTable, TimestampMillis, Uuid};
/// # #[derive(Clone, Debug, Default)]
/// # struct Cache;
/// /// What happened.
/// #[derive(Clone, Debug, KalamTable)]
/// #[kalam(table = "app.events", primary_key(id))]
/// struct Event {
///     /// Identifies it everywhere.
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
/// Or a TOML file is the source, and the struct is compared with it. A field that is missing,
/// misspelt or too many, or has another type, unit or nullability, does not compile, and the message
/// names the line of the file:
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
/// Fields are matched with columns by name. Their order is free: that of `SELECT *` is the file's.
///
/// A struct that borrows can be written to Arrow and not be read from it. Any other gets a view too,
/// whose fields borrow from a batch. A struct may have parameters that no column depends on.
///
/// # The struct
///
/// | key | |
/// |---|---|
/// | `table = "app.events"` | the table that the struct describes |
/// | `primary_key(id, region)` | the columns of its key, in key order |
/// | `no_primary_key = "why"` | why it has none |
/// | `unique(tenant, name)` | columns whose values no two rows share, in key order; once for each such key. `Option`s may be among them: a row with a `None` there is like no other |
/// | `kind = "user"` | `system`, `user`, `shared`, `stream` or `view`; `shared` outside namespace `system` |
/// | `ttl_seconds = 3600` | for how many seconds the rows of a stream live; every stream says it |
/// | `access_level = "public"` | who may use a shared table: `public`, `private`, `restricted` or `dba`; `private` if it is not said |
/// | `version = 2` | the version of the definition, 1 if it is not said |
/// | `reserved(ids(2, 5), names("username"))` | what dropped columns had |
/// | `comment = ".."` | instead of the doc comment |
/// | `freeze = "schemas/frozen/events.toml"` | adds a test that the definition is the one in the file; in a function no test is found |
/// | `schema = "schemas/app/events.toml"` | the file that describes the table, from the folder of `Cargo.toml`; only the keys below stand beside it |
/// | `view = EventView` | the name of the view |
/// | `crate = ::kalamtable` | where the crate is found |
///
/// # A field
///
/// | key | |
/// |---|---|
/// | `rename = "column"` | the name of the column |
/// | `unit = "ms"` | what a bare `i64` in a time column counts: `s`, `ms`, `us` or `ns` |
/// | `skip` | no column; `Default::default()` when a row is read, and kept by SQL's `UPDATE` (not within a nested value) |
/// | `flatten` | the fields of a struct with [`KalamValue`] are columns here, in its place |
/// | `id = 3` | the column's identity for ever |
/// | `type = "decimal(10, 2)"` | a column type, where it is not the one of the Rust type |
/// | `default = 5` | what an `INSERT` that leaves it out writes: `true`, a number, a text, `"now()"` |
/// | `nested_ids = 20` | the number above which the ids inside the column's type begin, or those of flattened columns |
/// | `comment = ".."` | instead of the doc comment |
///
/// Beside `schema` the file says all but the first three, and lists every column, so nothing is
/// flattened. A date or a time as a default is written in quotes: `default = "2024-05-27"`.
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
/// | `TimestampMillis`, `Timestamp<Millis>` | `timestamp(ms)`, and so on for each unit |
/// | `TimeOfDay<Millis>` | `time`, counted in that unit |
///
/// These are known by their names. Any other type says its column type through `HasType`: enums,
/// newtypes and structs with [`KalamValue`], your own, and these, where other crates' types stand behind features
/// named like the crate:
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
/// | `rust_decimal::Decimal` | a `decimal`, whose digits `type` says |
/// | `Vec<T>`, `[T; N]` | `list<T>` |
/// | `BTreeMap<K, V>`, `HashMap<K, V>` | `map<K, V>` |
///
/// `Option` around any of them makes the column nullable.
///
/// # Ids
///
/// Files that were written keep their columns' ids, so a column keeps its id for ever. Either every
/// field says one, which is for whatever is stored: fields may then be moved, renamed and, with
/// `reserved`, dropped. Or none does, and they are numbered in order from 1, which is for what is not
/// stored or still young: `freeze` shows when an id changes.
///
/// The fields inside a list, a struct or a map have ids too. They follow the largest one that is
/// said, column after column, so a column that is added moves them; `nested_ids` holds them in place.
#[proc_macro_derive(KalamTable, attributes(kalam))]
pub fn kalam_table(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    expand::kalam_table(&input, folder.as_ref())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes an enum or a struct one that a column can hold.
///
/// An enum without fields is a closed set: a column `enum(..)` of its labels, which are the variants'
/// names in snake case. A text outside the set is an error when it is read.
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
/// A tuple struct of one field is held, and seen in views, as that field is; with
/// `#[kalam(transparent)]` one with a name is too:
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// # use kalamtable::KalamValue;
/// #[derive(Clone, Debug, KalamValue)]
/// struct JobId(String);
/// ```
///
/// A struct with named fields stands inside a column of type `struct<..>`, or, where a row says
/// `flatten`, its fields are columns themselves, with their comments and defaults:
///
/// ```
/// # extern crate kalamtable_rows as kalamtable;
/// use kalamtable::{KalamTable, KalamValue, TimestampMillis, ToArrow};
///
/// #[derive(Clone, Debug, KalamValue)]
/// struct Place {
///     name: String,
///     height: Option<f64>,
/// }
///
/// #[derive(Clone, Debug, KalamValue)]
/// struct Audit {
///     /// When it was written.
///     #[kalam(id = 1, default = "now()")]
///     created_at: TimestampMillis,
///     /// Who wrote it.
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
///     stops: Vec<Place>,
///     #[kalam(flatten, nested_ids = 100)]
///     audit: Audit,
/// }
///
/// let columns = Trip::TABLE.definition.columns().iter();
/// let columns: Vec<String> = columns.map(|column| format!("{} {}", column.id, column.name)).collect();
/// assert_eq!(columns, ["1 id", "2 stops", "101 created_at", "102 author"]);
/// ```
///
/// The ids of a struct's fields are counted from where it stands: either each field says its own, from
/// 1, or they are numbered in order, and those inside their types follow. A field takes `id`, `rename`,
/// `type`, `default` (which counts where it is a column), `nested_ids`, `comment` and `skip`, as a row's
/// does.
///
/// `#[kalam(crate = ::kalamtable)]` on the type says where the crate is found, `#[kalam(view = PlaceView)]`
/// what the view of a struct is called.
#[proc_macro_derive(KalamValue, attributes(kalam))]
pub fn kalam_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    value::kalam_value(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
