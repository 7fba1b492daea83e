// SPDX-License-Identifier: Apache-2.0

//! The report as text for people. Findings are written to stderr, and results to stdout.

use std::env;
use std::io::{self, IsTerminal, Write};

use kalamtable_model::{Diagnostic, Severity, Style, render};

use super::command_report::CommandReport;
use crate::command_error::CommandError;
use crate::escape::escape_controls;

pub(super) fn write(
    report: &CommandReport,
    quiet: bool,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<()> {
    output.write_all(report.output.as_bytes())?;
    let is_shown = |finding: &&Diagnostic| !quiet || finding.severity == Severity::Error;
    let shown: Vec<Diagnostic> = report.findings.iter().filter(is_shown).cloned().collect();
    errors.write_all(render(&shown, &report.sources, terminal_style()).as_bytes())?;
    if quiet {
        return Ok(());
    }
    let summary = report.summary_text();
    if report.has_problems() {
        writeln!(errors, "\n{summary}")?;
    } else if !summary.is_empty() {
        writeln!(output, "{}", escape_controls(&summary, &['\n']))?;
    }
    Ok(())
}

pub(super) fn write_error(error: &CommandError, errors: &mut dyn Write) -> io::Result<()> {
    let message = error.to_string();
    writeln!(errors, "error: {}", escape_controls(&message, &['\n']))
}

/// Returns the style for stderr: plain if it is not a terminal or the user sets `NO_COLOR`, as
/// described at <https://no-color.org>.
pub(crate) fn terminal_style() -> Style {
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_color || !io::stderr().is_terminal() {
        Style::Plain
    } else {
        Style::Coloured
    }
}
