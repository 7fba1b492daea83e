// SPDX-License-Identifier: Apache-2.0

//! `kalamtable check`: reports every problem of definitions, and of their changes since the latest
//! locked versions.

mod base;

use std::collections::HashSet;
use std::path::PathBuf;

use kalamtable_build::{LoadedDefinitions, read_lock};
use kalamtable_model::{
    AnyRule, CheckedTable, Diagnostic, EvolutionRule, Location, LockRule, SchemaLock, SourceSpan,
    TableName, check_lock, sort_diagnostics,
};
use serde_json::json;

use self::base::compare_with_base;
use crate::command_error::CommandError;
use crate::count::count;
use crate::definitions::{check_paths, load};
use crate::lock_search::{contains_all_definitions, find_lock};
use crate::progress::Progress;
use crate::release::release_context;
use crate::report::{CommandReport, ReportOptions};

/// Check definitions, and compare them with the lock
///
/// Prints every problem with its position and its fix. Exits with 0 if there are no problems, and
/// with 1 otherwise. Nothing is written: `kalamtable lock` adds the definitions to the lock.
///
/// The lock is the file `schemas.lock` in the folder of the first PATH, or else in the nearest
/// folder above it, up to the root of the git repository or a folder with a Cargo.toml. --lock
/// names another file. If PATH is a part of the folder of the lock, only these tables are compared.
///
/// A lock cannot show that it was deleted and written again, or that a merge kept the wrong side.
/// --base compares it with the lock of the branch that the change is merged into: each version
/// there must be in this lock too.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArguments {
    /// Folders of definitions, or single files
    #[arg(value_name = "PATH", default_value = "schemas")]
    pub(crate) paths: Vec<PathBuf>,
    /// The lock. The default is `schemas.lock` in the first PATH, or in a folder above it
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// Check only the definitions, and not their changes since the locked versions
    #[arg(long, conflicts_with_all = ["lock", "release", "base"])]
    pub(crate) unlocked: bool,
    /// The git revision that the change is merged into, such as origin/main
    #[arg(long, value_name = "REVISION")]
    pub(crate) base: Option<String>,
    /// The release that is prepared, by which `[[accept]]` entries expire. The default is the
    /// version of the nearest Cargo.toml
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Checks definitions.
///
/// # Errors
/// Fails if a path does not exist, if the release is not a version, if a manifest cannot be read,
/// or if the base does not exist.
pub(crate) fn check(arguments: &CheckArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("checking definitions", arguments.report);
    check_paths(&arguments.paths)?;
    let mut loaded = load(&arguments.paths);
    let has_files = loaded.sources.iter().next().is_some();
    let mut removed = Vec::new();
    let mut base = None;
    if !arguments.unlocked
        && let Some(first) = arguments.paths.first()
    {
        let path = arguments.lock.clone().unwrap_or_else(|| find_lock(first));
        let context = release_context(arguments.release.as_deref(), first)?;
        let lock = read_lock(&path, &mut loaded.sources);
        if let Some(revision) = &arguments.base {
            let lock = lock.as_ref().ok();
            let compared = compare_with_base(lock, &path, revision, &mut loaded.sources)?;
            base = Some((revision.clone(), compared));
        }
        match lock {
            // Without files, it is not known whether there should be a lock.
            Err(problems) if is_missing(&problems) && !has_files => {}
            Err(problems) => loaded.diagnostics.extend(problems),
            // A table with a problem would be reported as removed.
            Ok(_) if !loaded.diagnostics.is_empty() => {}
            Ok(lock) => {
                let mut problems = check_lock(&loaded.tables, &lock, &context);
                if contains_all_definitions(&arguments.paths, &path) {
                    keep_cause(&mut problems);
                    removed = removed_tables(&lock, &loaded.tables);
                } else {
                    problems.retain(|problem| !can_concern_other_table(problem, &loaded.tables));
                }
                loaded.diagnostics.extend(problems);
            }
        }
    }
    let Some((revision, compared)) = base else {
        return Ok(definitions_report(loaded).with_tables(&removed));
    };
    loaded.diagnostics.extend(compared.problems);
    let mut report = definitions_report(loaded).with_tables(&removed);
    report.summary.push_str(&compared.note);
    report.result["base"] = compared.result;
    report.revisions.push(revision);
    Ok(report)
}

/// Returns whether the lock does not exist.
fn is_missing(problems: &[Diagnostic]) -> bool {
    let mut rules = problems.iter().map(|problem| problem.rule);
    rules.any(|rule| rule == AnyRule::Lock(LockRule::LockMissing))
}

/// If the lock belongs to other definitions, removes the problems that this causes.
fn keep_cause(problems: &mut Vec<Diagnostic>) {
    let is_cause = |problem: &Diagnostic| {
        let cause = LockRule::LockOfOtherProject;
        problem.rule == AnyRule::Lock(cause)
    };
    if problems.iter().any(is_cause) {
        problems.retain(is_cause);
    }
}

/// Returns whether a problem can concern a table of the lock whose definition is not in `tables`.
/// These problems are located in the lock.
fn can_concern_other_table(problem: &Diagnostic, tables: &[CheckedTable]) -> bool {
    let is_about_table = matches!(
        problem.rule,
        AnyRule::Evolution(EvolutionRule::TableRemoved)
            | AnyRule::Lock(
                LockRule::NotLocked | LockRule::AcceptUnused | LockRule::LockOfOtherProject
            )
    );
    let source = match &problem.location {
        Location::Span { primary, .. } => match &primary.span {
            SourceSpan::Text { source, .. } => Some(*source),
            SourceSpan::Key(_) => None,
        },
        Location::Path(_) => None,
    };
    let mut sources = tables.iter().map(|table| Some(table.source));
    is_about_table && !sources.any(|table| table == source)
}

/// Returns the latest versions of the tables that have no definition. Their problems are located
/// in the lock.
fn removed_tables(lock: &SchemaLock, tables: &[CheckedTable]) -> Vec<CheckedTable> {
    let defined: HashSet<&TableName> = tables.iter().map(|table| table.definition.name()).collect();
    let removed = lock
        .tables()
        .iter()
        .filter(|table| !defined.contains(table.name()));
    // A version that is not valid has been reported.
    let versions = removed.filter_map(|table| table.checked_table(table.version()).ok());
    versions.flatten().collect()
}

/// Returns the report about definitions: their problems and warnings, and the number of tables.
fn definitions_report(loaded: LoadedDefinitions) -> CommandReport {
    let files: HashSet<_> = loaded.tables.iter().map(|table| table.source).collect();
    let columns = loaded
        .tables
        .iter()
        .map(|table| table.definition.columns().len());
    let (files, tables, columns) = (files.len(), loaded.tables.len(), columns.sum());
    let mut report = CommandReport::new(loaded.sources, loaded.diagnostics);
    report.findings.extend(loaded.warnings);
    sort_diagnostics(&mut report.findings, &report.sources);
    if !report.has_problems() {
        let warnings = match report.warning_count() {
            0 => String::new(),
            warnings => format!(", {}", count(warnings, "warning")),
        };
        report.summary = format!(
            "{}, {}, {}: no problems{warnings}",
            count(files, "file"),
            count(tables, "table"),
            count(columns, "column")
        );
    }
    report.result = json!({ "files": files, "tables": tables, "columns": columns, "base": null });
    report.with_tables(&loaded.tables)
}
