// SPDX-License-Identifier: Apache-2.0

//! [`check_base`]: compares a lock with the lock of the branch that a change is merged into.

use std::collections::HashMap;

use super::history::{LockedTable, LockedVersion};
use super::schema_lock::SchemaLock;
use crate::diagnostic::{Diagnostic, backticked};
use crate::rule::LockRule;

/// Checks that `lock` continues the histories in `base`, the lock of the git revision `revision`.
///
/// A lock alone cannot show that it was deleted and written again, or that a merge kept the wrong
/// side. Each version of a table in `base` must be in `lock` with the same hash. The result has the
/// first version of each table that is missing or different. `path` is the path of the lock.
pub fn check_base(
    lock: &SchemaLock,
    base: &SchemaLock,
    revision: &str,
    path: &str,
) -> Vec<Diagnostic> {
    let tables = lock.tables().iter().map(|table| (&*table.id, table));
    let tables: HashMap<&str, &LockedTable> = tables.collect();
    let compared = base.tables().iter().filter_map(|released| {
        let table = tables.get(&*released.id).copied();
        let versions = table.map(LockedTable::versions).unwrap_or_default();
        let mut pairs = released.versions().iter().enumerate();
        let (released_version, found) = pairs.find_map(|(position, version)| {
            let found = versions.get(position);
            let is_equal = found.is_some_and(|found| found.hash == version.hash);
            (!is_equal).then_some((version, found))
        })?;
        let problem = ReplacedVersion {
            table: released,
            version: released_version,
            found,
            last: versions.last(),
        };
        Some(problem.into_diagnostic(revision, path))
    });
    compared.collect()
}

/// A version in the lock of the other branch that the lock does not contain.
struct ReplacedVersion<'a> {
    table: &'a LockedTable,
    version: &'a LockedVersion,
    /// The version that the lock has in its place.
    found: Option<&'a LockedVersion>,
    /// The last version of the table in the lock.
    last: Option<&'a LockedVersion>,
}

impl ReplacedVersion<'_> {
    fn into_diagnostic(self, revision: &str, path: &str) -> Diagnostic {
        let subject = format!(
            "version {} of {}",
            self.version.number,
            backticked(&self.table.name().to_string())
        );
        let shown = backticked(revision);
        let message = match self.found {
            Some(_) => format!("{subject} differs from the one in the lock of {shown}"),
            None => format!("{subject} is in the lock of {shown}, but not in this lock"),
        };
        let rule = LockRule::HistoryReplaced;
        let mut problem = match self.found.or(self.last) {
            Some(version) => Diagnostic::new(rule, version.span.clone(), message),
            None => Diagnostic::at_path(rule, path, message),
        };
        if self.found.is_none() {
            let help = format!("merge {shown} if it has changed since this branch began");
            problem = problem.with_help(help);
        }
        problem.with_help(format!(
            "restore the released history with `git checkout {revision} -- {path}`, give each changed \
             definition its next version, and run `kalamtable lock`"
        ))
    }
}
