// SPDX-License-Identifier: Apache-2.0

//! [`check_lock`]: compares definitions with the lock.

use super::release::ReleaseContext;
use super::review::Review;
use super::schema_lock::SchemaLock;
use crate::check::CheckedTable;
use crate::diagnostic::Diagnostic;

/// Compares definitions with the released versions in `lock`.
///
/// `tables` are all definitions of the project. The result contains every error and warning:
/// changes that affect users at a configured level and are not accepted, definitions and versions
/// that are not in the lock, wrong version numbers, tables without a definition, and
/// acknowledgments that are unused, expired or invalid.
pub fn check_lock(
    tables: &[CheckedTable],
    lock: &SchemaLock,
    context: &ReleaseContext,
) -> Vec<Diagnostic> {
    Review::new(tables, lock, context).diagnostics
}
