// SPDX-License-Identifier: Apache-2.0

//! [`StatementEffect`]: the rows that a statement removes from a partition, and those that it adds.

use arrow::array::RecordBatch;

use super::keys::RowAddress;

/// The effect of one statement on a snapshot of a partition.
pub(super) struct StatementEffect {
    pub(super) removed: RemovedRows,
    /// The rows to add, with the columns of the definition; `None` if the statement adds no rows.
    pub(super) added: Option<RecordBatch>,
    pub(super) on_conflict: OnConflict,
    /// Whether the added rows are the removed ones with other values.
    pub(super) is_update: bool,
}

impl StatementEffect {
    /// Creates the effect of a statement that removes rows and adds none.
    pub(super) fn removal(removed: RemovedRows) -> Self {
        StatementEffect {
            removed,
            added: None,
            on_conflict: OnConflict::Refuse,
            is_update: false,
        }
    }
}

/// The rows that a statement removes.
pub(super) enum RemovedRows {
    None,
    All,
    At(Vec<RowAddress>),
}

/// The treatment of an added row whose primary key an existing row has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnConflict {
    /// The statement fails.
    Refuse,
    /// The added row replaces the existing one.
    Replace,
}
