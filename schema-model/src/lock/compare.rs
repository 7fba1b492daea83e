// SPDX-License-Identifier: Apache-2.0

//! [`compare_tables`]: two sets of definitions compared without a lock.

use crate::check::CheckedTable;
use crate::diagnostic::Diagnostic;
use crate::verdict::Direction;

/// Compares two sets of definitions by the rules of `direction` at all levels.
///
/// A table is compared with the table of the same name, or of the name that it states with
/// `renamed_from`. Added tables are not reported. Problems of a table that only `before` contains
/// are located in `before`, and all others in `after`.
pub fn compare_tables(
    before: &[CheckedTable],
    after: &[CheckedTable],
    direction: Direction,
) -> Vec<Diagnostic> {
    let _ = (before, after, direction);
    todo!()
}
