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

/// A row whose enums have hostile labels.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "hostile.derived", no_primary_key = "a test", crate = kalamtable_rows)]
pub struct Derived {
    /// The name of the row.
    pub name: Name,
    /// Other names.
    pub others: Vec<Option<Name>>,
}
