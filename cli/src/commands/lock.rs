// SPDX-License-Identifier: Apache-2.0

//! `kalamtable lock`: accepts the definitions as the latest versions of their tables.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use kalamtable_build::{LOCK_FILE, read_lock, write_lock};
use kalamtable_model::{
    AcceptedChange, CheckedTable, LockUpdate, LockedTable, SchemaLock, TableName, next_lock,
    sort_diagnostics,
};
use serde_json::{Value, json};

use crate::command_error::CommandError;
use crate::count::count;
use crate::definitions::{check_paths, load};
use crate::lock_search::{contains_all_definitions, find_lock, folder_of};
use crate::progress::Progress;
use crate::release::release_context;
use crate::report::{CommandReport, ReportOptions};

/// Accept the definitions as the latest versions of their tables
///
/// Adds the definitions to the lock, and prints the versions that were added. The lock is created
/// if it does not exist. Writes nothing if there are problems, such as a change that breaks users
/// and is not accepted in the lock.
#[derive(Debug, clap::Args)]
pub(crate) struct LockArguments {
    /// All folders of definitions, or single files
    #[arg(value_name = "PATH", default_value = "schemas")]
    pub(crate) paths: Vec<PathBuf>,
    /// The lock. The default is `schemas.lock` in the first PATH, or in a folder above it
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// The release that is prepared, by which `[[accept]]` entries expire. The default is the
    /// version of the nearest Cargo.toml
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Writes the lock.
///
/// # Errors
/// Fails if a path does not exist, if the paths are only a part of the definitions, if the lock
/// cannot be written, or if the release is not a version.
pub(crate) fn lock(arguments: &LockArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("locking definitions", arguments.report);
    // The argument has a default, so there is at least one path.
    let first = arguments
        .paths
        .first()
        .map_or(Path::new(""), PathBuf::as_path);
    let context = release_context(arguments.release.as_deref(), first)?;
    check_paths(&arguments.paths)?;
    let loaded = load(&arguments.paths);
    let path = arguments.lock.clone().unwrap_or_else(|| find_lock(first));
    let mut report = CommandReport::new(loaded.sources, loaded.diagnostics);
    // Any other problem of the lock is reported: an existing lock is never replaced.
    let is_missing = matches!(path.symlink_metadata(), Err(error)
        if error.kind() == std::io::ErrorKind::NotFound);
    let before = if is_missing {
        Ok(SchemaLock::new())
    } else {
        read_lock(&path, &mut report.sources)
    };
    let before = before.unwrap_or_else(|problems| {
        report.findings.extend(problems);
        SchemaLock::new()
    });
    if !report.has_problems() {
        if !contains_all_definitions(&arguments.paths, &path) {
            check_all_defined(&before, &loaded.tables, &path)?;
        }
        match next_lock(&loaded.tables, &before, &context) {
            Err(problems) => report.findings.extend(problems),
            Ok(LockUpdate {
                lock: after,
                warnings,
            }) => {
                report.findings.extend(warnings);
                let versions = added_versions(&before, &after, &loaded.tables);
                if is_missing || after.to_text() != before.to_text() {
                    write_lock(&path, &after)
                        .map_err(|error| CommandError::new(error.to_string()))?;
                }
                if !arguments.report.quiet {
                    report.output = versions.iter().map(AddedVersion::line).collect();
                }
                report.summary = summary(&versions);
                if is_missing {
                    report.summary.push_str(&unknown_history(&loaded.tables));
                }
                report.result = json!({
                    "lock": path.to_string_lossy().replace('\\', "/"),
                    "versions": versions.iter().map(AddedVersion::value).collect::<Vec<_>>(),
                });
            }
        }
    }
    report.findings.extend(loaded.warnings);
    sort_diagnostics(&mut report.findings, &report.sources);
    Ok(report.with_tables(&loaded.tables))
}

/// Fails if a table of the lock has no definition in the given part of the folder: its definition
/// can be in another part, and would be reported as removed.
fn check_all_defined(
    lock: &SchemaLock,
    tables: &[CheckedTable],
    path: &Path,
) -> Result<(), CommandError> {
    let continued = tables.iter().filter_map(|table| lock.history_of(table));
    let continued: HashSet<&TableName> = continued.map(LockedTable::name).collect();
    let mut locked = lock.tables().iter().filter(|table| !table.is_dropped());
    let Some(other) = locked.find(|table| !continued.contains(table.name())) else {
        return Ok(());
    };
    let message = format!(
        "PATH is only a part of the definitions in `{}`, which contains `{}` too",
        path.display(),
        other.name()
    );
    let help = format!(
        "pass the whole folder: `kalamtable lock {}`",
        folder_of(path).display()
    );
    Err(CommandError::new(message).with_help(help))
}

/// A version that the command adds to the lock.
struct AddedVersion {
    table: String,
    version: u32,
    is_dropped: bool,
    accepted: Vec<String>,
}

impl AddedVersion {
    fn line(&self) -> String {
        let dropped = if self.is_dropped { ", dropped" } else { "" };
        let mut line = format!("{} version {}{dropped}\n", self.table, self.version);
        for accepted in &self.accepted {
            line.push_str(&format!("  accepted {accepted}\n"));
        }
        line
    }

    fn value(&self) -> Value {
        json!({
            "table": self.table,
            "version": self.version,
            "dropped": self.is_dropped,
            "accepted": self.accepted,
        })
    }
}

fn summary(versions: &[AddedVersion]) -> String {
    match versions.len() {
        0 => format!("{LOCK_FILE} is up to date"),
        versions => format!("{} locked", count(versions, "version")),
    }
}

/// Returns a note about the definitions whose versions before the first locked one are not known.
fn unknown_history(tables: &[CheckedTable]) -> String {
    let later = tables.iter().map(|table| &table.definition);
    let later = later.filter(|definition| definition.version() > 1);
    let names: Vec<String> = later
        .map(|definition| format!("`{}` (version {})", definition.name(), definition.version()))
        .collect();
    let (first, others) = match &names[..] {
        [] => return String::new(),
        [first] => (first, String::new()),
        [first, others @ ..] => (
            first,
            format!(" and {}", count(others.len(), "other table")),
        ),
    };
    format!(
        "\nnote: the lock did not exist, so the earlier versions of {first}{others} are not known, \
         and the changes between them were not checked\nhelp: if a lock existed, restore it from version \
         control, and run `kalamtable lock` again"
    )
}

fn added_versions(
    before: &SchemaLock,
    after: &SchemaLock,
    tables: &[CheckedTable],
) -> Vec<AddedVersion> {
    let added = after.tables().iter().flat_map(|table| {
        let earlier = earlier(before, table, tables).map_or(0, LockedTable::version);
        let versions = table.versions().iter();
        let versions = versions.filter(move |version| version.number > earlier);
        versions.map(|version| AddedVersion {
            table: table.name().to_string(),
            version: version.number,
            is_dropped: version.is_dropped,
            accepted: version.accepted.iter().map(accepted_text).collect(),
        })
    });
    added.collect()
}

/// Returns the history of a table in the previous lock, or `None` if the table is added.
fn earlier<'a>(
    before: &'a SchemaLock,
    table: &LockedTable,
    tables: &[CheckedTable],
) -> Option<&'a LockedTable> {
    let mut definitions = tables.iter();
    match definitions.find(|checked| checked.definition.name() == table.name()) {
        Some(definition) => before.history_of(definition),
        None => before.table(table.name()),
    }
}

fn accepted_text(change: &AcceptedChange) -> String {
    let column = match &change.column {
        Some((_, name)) => format!(" of `{name}`"),
        None => String::new(),
    };
    format!("{}{column}: {}", change.rule.name(), change.reason)
}
