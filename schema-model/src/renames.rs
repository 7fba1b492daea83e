// SPDX-License-Identifier: Apache-2.0

//! [`Renames`]: the renames that a definition declares.

use std::collections::BTreeMap;

use crate::table_name::TableName;

/// The renames that a definition declares with `renamed_from`. They are not part of the definition:
/// its canonical text and its fingerprint do not depend on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames {
    /// The earlier name of the table.
    pub table: Option<TableName>,
    /// The earlier names of columns, by id.
    pub columns: BTreeMap<i32, String>,
    /// Whether the definition may have declared other renames. A lock does not record renames.
    pub is_incomplete: bool,
}
