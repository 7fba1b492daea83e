// SPDX-License-Identifier: Apache-2.0

//! `kalamtable check`: reports every problem of definitions.

use std::collections::HashSet;
use std::path::PathBuf;

use kalamtable_build::LoadedDefinitions;
use serde_json::json;

use crate::command_error::CommandError;
use crate::count::count;
use crate::definitions::load;
use crate::progress::Progress;
use crate::report::{CommandReport, ReportOptions};

/// Check all definitions in the given files and folders
///
/// Prints every problem with its position and its fix. Exits with 0 if there are no problems, and
/// with 1 otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArguments {
    /// Folders of definitions, or single files
    #[arg(value_name = "PATH", default_value = "schemas")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Checks definitions.
///
/// # Errors
/// Never fails: problems are part of the report.
pub(crate) fn check(arguments: &CheckArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("checking definitions", arguments.report);
    let loaded = load(&arguments.paths);
    Ok(definitions_report(loaded))
}

/// Returns the report about definitions: their problems and warnings, and the number of tables.
fn definitions_report(loaded: LoadedDefinitions) -> CommandReport {
    let files: HashSet<_> = loaded.tables.iter().map(|table| table.source).collect();
    let columns = loaded
        .tables
        .iter()
        .map(|table| table.definition.columns().len());
    let (files, tables, columns) = (files.len(), loaded.tables.len(), columns.sum());
    let warnings = match loaded.warnings.len() {
        0 => String::new(),
        warnings => format!(", {}", count(warnings, "warning")),
    };
    let summary = format!(
        "{}, {}, {}: no problems{warnings}",
        count(files, "file"),
        count(tables, "table"),
        count(columns, "column")
    );
    let mut report = CommandReport::new(loaded.sources, loaded.diagnostics);
    report.findings.extend(loaded.warnings);
    if !report.has_problems() {
        report.summary = summary;
    }
    report.result = json!({ "files": files, "tables": tables, "columns": columns });
    report.with_tables(&loaded.tables)
}
