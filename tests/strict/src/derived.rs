// SPDX-License-Identifier: Apache-2.0

//! Derived rows and values with the same names as the generated ones.

use kalamtable_rows::{KalamTable, KalamValue};

/// The labels whose variants have the names of associated types, of traits and of keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
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
