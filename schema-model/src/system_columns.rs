// SPDX-License-Identifier: Apache-2.0

//! The columns that the system adds to user and shared tables.

use crate::definition::{Column, TableKind};
use crate::shared::Shared;
use crate::types::ColumnType;

/// The name of the column with the sequence number of the write.
pub const SEQ_COLUMN: &str = "_seq";
/// The name of the column that marks deleted rows.
pub const DELETED_COLUMN: &str = "_deleted";

// The ids of the corresponding metadata columns of Iceberg: `_last_updated_sequence_number` and
// `_deleted`. Both are above `MAX_ID`, so no column of a definition has them.
const SEQ_ID: i32 = 2_147_483_539;
const DELETED_ID: i32 = 2_147_483_644;

static SYSTEM_COLUMNS: [Column; 2] = [
    system_column(
        SEQ_ID,
        SEQ_COLUMN,
        ColumnType::BigInt,
        "Greater the later the row was written",
    ),
    system_column(
        DELETED_ID,
        DELETED_COLUMN,
        ColumnType::Boolean,
        "Whether the row was deleted",
    ),
];

const fn system_column(
    id: i32,
    name: &'static str,
    ty: ColumnType,
    comment: &'static str,
) -> Column {
    Column {
        id,
        name: Shared::Static(name),
        source: None,
        ty,
        nullable: false,
        default: None,
        unit: None,
        rust: None,
        deprecated: None,
        comment: Some(Shared::Static(comment)),
    }
}

impl TableKind {
    /// Returns the columns that the system appends to those of the definition: `_seq` and
    /// `_deleted` for user and shared tables, no columns for other kinds.
    pub const fn system_columns(self) -> &'static [Column] {
        match self {
            TableKind::User | TableKind::Shared => &SYSTEM_COLUMNS,
            TableKind::System | TableKind::Stream | TableKind::View => &[],
        }
    }
}
