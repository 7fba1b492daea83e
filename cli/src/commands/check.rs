// SPDX-License-Identifier: Apache-2.0

//! `kalamtable check`: reports every problem of definitions, and of their changes since the latest
//! locked versions.

use std::collections::HashSet;
use std::path::PathBuf;

use kalamtable_build::{LoadedDefinitions, lock_path, read_lock};
use kalamtable_model::{CheckedTable, SchemaLock, TableName, check_lock, sort_diagnostics};
use serde_json::json;

use crate::command_error::CommandError;
use crate::count::count;
use crate::definitions::load;
use crate::progress::Progress;
use crate::release::release_context;
use crate::report::{CommandReport, ReportOptions};

/// Check definitions, and compare them with the lock
///
/// Prints every problem with its position and its fix. Exits with 0 if there are no problems, and
/// with 1 otherwise. Nothing is written: `kalamtable lock` adds the definitions to the lock.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArguments {
    /// Folders of definitions, or single files
    #[arg(value_name = "PATH", default_value = "schemas")]
    pub(crate) paths: Vec<PathBuf>,
    /// The lock. The default is `schemas.lock` in the first PATH
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// Check only the definitions, and not their changes since the locked versions
    #[arg(long, conflicts_with_all = ["lock", "release"])]
    pub(crate) unlocked: bool,
    /// The release that is prepared, by which acknowledgments expire. The default is the version of
    /// the nearest Cargo.toml
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Checks definitions.
///
/// # Errors
/// Fails if the release is not a version, or a manifest cannot be read.
pub(crate) fn check(arguments: &CheckArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("checking definitions", arguments.report);
    let mut loaded = load(&arguments.paths);
    let mut removed = Vec::new();
    if !arguments.unlocked
        && let Some(first) = arguments.paths.first()
    {
        let path = arguments.lock.clone().unwrap_or_else(|| lock_path(first));
        let context = release_context(arguments.release.as_deref(), first)?;
        match read_lock(&path, &mut loaded.sources) {
            Err(problems) => loaded.diagnostics.extend(problems),
            // A table with a problem would be reported as removed.
            Ok(_) if !loaded.diagnostics.is_empty() => {}
            Ok(lock) => {
                let problems = check_lock(&loaded.tables, &lock, &context);
                loaded.diagnostics.extend(problems);
                removed = removed_tables(&lock, &loaded.tables);
            }
        }
    }
    Ok(definitions_report(loaded).with_tables(&removed))
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
    report.result = json!({ "files": files, "tables": tables, "columns": columns });
    report.with_tables(&loaded.tables)
}
