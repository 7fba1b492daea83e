// SPDX-License-Identifier: Apache-2.0

//! The two columns that the system adds to user and shared tables.

use crate::definition::{Column, TableKind};
use crate::shared::Shared;
use crate::types::ColumnType;

/// The name of the column that says in which order rows were written.
pub const SEQ_COLUMN: &str = "_seq";
/// The name of the column that says whether a row was deleted.
pub const DELETED_COLUMN: &str = "_deleted";

// Iceberg's ids for what these columns mean: `_last_updated_sequence_number` and `_deleted`. Both are
// above `MAX_ID`, where no column of a definition can have them.
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
        ty,
        nullable: false,
        default: None,
        unit: None,
        rust: None,
        comment: Some(Shared::Static(comment)),
    }
}

impl TableKind {
    /// The columns that the system adds behind those of the definition: `_seq` and `_deleted` in user
    /// and shared tables, none in others.
    pub const fn system_columns(self) -> &'static [Column] {
        match self {
            TableKind::User | TableKind::Shared => &SYSTEM_COLUMNS,
            TableKind::System | TableKind::Stream | TableKind::View => &[],
        }
    }
}
