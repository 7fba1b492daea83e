// SPDX-License-Identifier: Apache-2.0

//! [`next_lock`]: the lock that contains the current definitions.

use super::release::ReleaseContext;
use super::schema_lock::SchemaLock;
use crate::check::CheckedTable;
use crate::diagnostic::Diagnostic;

/// Returns `lock` with the definitions as the latest versions of their tables.
///
/// Acknowledgments that cover a change move into the history. If no definition changed, the result
/// is equal to `lock`.
///
/// # Errors
/// All errors of [`check_lock`](super::check_lock) except the definitions and versions that are not
/// in the lock. The warnings are included.
pub fn next_lock(
    tables: &[CheckedTable],
    lock: &SchemaLock,
    context: &ReleaseContext,
) -> Result<SchemaLock, Vec<Diagnostic>> {
    let _ = (tables, lock, context);
    todo!()
}
