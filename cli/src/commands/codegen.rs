// SPDX-License-Identifier: Apache-2.0

//! `kalamtable codegen`: prints the Rust code that a build script generates.

use std::path::PathBuf;

use kalamtable_build::generate_tables;
use serde_json::json;

use crate::command_error::CommandError;
use crate::definitions::{check_paths, load};
use crate::progress::Progress;
use crate::report::{CommandReport, ReportOptions};

/// Print the Rust code that a build script generates
///
/// The code is that of a build script with the default configuration. Nothing is written.
#[derive(Debug, clap::Args)]
pub(crate) struct CodegenArguments {
    /// Folders of definitions, or single files
    #[arg(value_name = "PATH", default_value = "schemas")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Generates the code.
///
/// # Errors
/// Fails if a path does not exist, or if the generated code is not valid, which is a bug.
pub(crate) fn codegen(arguments: &CodegenArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("generating code", arguments.report);
    check_paths(&arguments.paths)?;
    let loaded = load(&arguments.paths);
    let mut report = CommandReport::new(loaded.sources, loaded.diagnostics);
    if !report.has_problems() {
        let code = generate_tables(&loaded.tables);
        report.output = code.map_err(|error| CommandError::new(error.to_string()))?;
        report.result = json!({ "code": report.output });
    }
    report.findings.extend(loaded.warnings);
    Ok(report.with_tables(&loaded.tables))
}
