// SPDX-License-Identifier: Apache-2.0

//! The result of a command, and its output in each format.

mod command_report;
mod github;
mod human;
mod json;
mod location;
mod options;
mod repository_path;
mod sarif;

use std::io::{self, Write};

pub(crate) use command_report::CommandReport;
#[cfg(feature = "sql")]
pub(crate) use human::terminal_style;
pub(crate) use json::{rule as rule_value, verdicts as verdicts_value};
pub(crate) use options::{ReportFormat, ReportOptions};

use crate::command_error::CommandError;

/// Writes the result of the subcommand `command` in the chosen format.
///
/// # Errors
/// Fails if `output` or `errors` cannot be written to.
pub(crate) fn write_report(
    command: &str,
    result: &Result<CommandReport, CommandError>,
    options: ReportOptions,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<()> {
    match options.format {
        ReportFormat::Human => match result {
            Ok(report) => human::write(report, options.quiet, output, errors)?,
            Err(error) => human::write_error(error, errors)?,
        },
        ReportFormat::Json => writeln!(output, "{:#}", json::document(command, result))?,
        ReportFormat::Sarif => writeln!(output, "{:#}", sarif::document(result))?,
        ReportFormat::Github => match result {
            Ok(report) => github::write(report, options.quiet, output)?,
            Err(error) => github::write_error(error, output)?,
        },
    }
    output.flush()?;
    errors.flush()
}
