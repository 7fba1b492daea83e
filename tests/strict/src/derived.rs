// SPDX-License-Identifier: Apache-2.0

//! Derived rows and values with the same names as the generated ones.

use kalamtable_rows::{KalamTable, KalamValue, TimestampMillis};

/// The labels whose variants have the names of associated types, of traits and of keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
#[expect(missing_docs, reason = "each variant is its label")]
pub enum Name {
    Err,
    Error,
    Ok,
    Builder,
    Reader,
    Readers,
    Value,
    View,
    Cell,
    Key,
    Prefix,
    Output,
    Item,
    Target,
    Owned,
    All,
    Labels,
    Label,
    None,
    Some,
    Super,
    Crate,
    Option,
    Result,
    String,
    Vec,
    Type,
    Box,
    Ordering,
    Base,
    Ids,
    Columns,
    Fields,
    Table,
    Definition,
    Schema,
    From,
    Into,
    IntoIter,
    Residual,
    Hash,
    Eq,
    Ord,
    Clone,
    Copy,
    Debug,
    Display,
    Default,
    Drop,
    Fn,
    Static,
    Iterator,
    Send,
    Sync,
    Sized,
    Async,
    Gen,
    Try,
    AsStr,
    FromLabel,
    Parse,
    Max,
    Min,
    Infallible,
    Const,
    True,
    Count,
    Append,
    Finish,
}

/// The labels that are no names in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub enum Sign {
    /// The label `>=`.
    #[kalam(rename = ">=")]
    AtLeast,
    /// A Greek label.
    #[kalam(rename = "ελληνικά")]
    Greek,
    /// A label that becomes the same name in camel case as the next one.
    #[kalam(rename = "gpt-3.5-turbo")]
    Dashed,
    /// The label `gpt_3_5_turbo`.
    #[kalam(rename = "gpt_3_5_turbo")]
    Underscored,
}

/// A row whose enums have hostile labels.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "hostile.derived", no_primary_key = "a test", crate = kalamtable_rows)]
pub struct Derived {
    /// The name of the row.
    pub name: Name,
    /// Other names.
    pub others: Vec<Option<Name>>,
    /// A label that is no name in Rust.
    pub sign: Option<Sign>,
}

/// A struct whose fields are columns of [`Documented`].
#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub struct Audit {
    /// The author, not [`Self::at`].
    pub author: String,
    /// The time, in
    ///
    /// ```text
    /// seconds
    /// ```
    pub at: TimestampMillis,
}

/// A wrapper with parameters and documentation that only this struct can contain: [`Self::id`].
///
/// ```
/// assert_eq!(std::any::type_name::<kalamtable_strict::derived::Audit>().len(), 33);
/// ```
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "hostile.documented", primary_key(id, seen_at), crate = kalamtable_rows)]
pub struct Documented<T>
where
    T: Default,
{
    /// The id of [`Documented`], which is not [`Self::name`].
    pub id: i64,
    /// The name:
    ///
    /// - one item
    /// - another
    ///
    /// # Examples
    ///
    /// ```
    /// let name = "a doctest of the field";
    /// assert_eq!(name.len(), 22);
    /// ```
    ///
    ///     let indented = "a second doctest";
    ///     assert!(!indented.is_empty());
    pub name: Option<String>,
    #[allow(missing_docs)]
    #[kalam(comment = "A [comment] with <html> and https://example.com")]
    pub state: Name,
    /// The time in milliseconds.
    #[kalam(type = "timestamp", unit = "ms")]
    pub seen_at: i64,
    /// The optional time.
    #[kalam(type = "time", unit = "s")]
    pub time: Option<i64>,
    /// Who changed the row, see [`Self::id`].
    #[kalam(flatten, nested_ids = 1_000_000)]
    pub audit: Audit,
    /// Not a column.
    #[kalam(skip)]
    pub skipped: T,
}

/// A row that borrows, with hostile names of fields.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "hostile.borrowed", primary_key(row), crate = kalamtable_rows)]
pub struct Borrowed<'a> {
    /// The row.
    pub row: &'a str,
    /// The rows.
    pub rows: i64,
    /// The column.
    pub column: Option<&'a [u8]>,
}

/// A wrapper of a text.
#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub struct Text(
    /// The text, which is not [`Borrowed::row`].
    pub String,
);

/// A row of a table in a file, which states no variants.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(schema = "derived/signs.toml", crate = kalamtable_rows)]
pub struct SignRow {
    /// The id.
    pub id: i64,
    /// The sign.
    pub sign: Sign,
    /// A column whose name cannot be a field.
    #[kalam(rename = "self")]
    pub this: i32,
}
