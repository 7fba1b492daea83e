// SPDX-License-Identifier: Apache-2.0

//! The report as workflow commands of GitHub Actions, which become annotations of a pull request:
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use std::io::{self, Write};

use kalamtable_model::{Diagnostic, Severity};

use super::command_report::CommandReport;
use super::location::ReportLocation;
use super::repository_path::RepositoryPaths;
use crate::command_error::CommandError;

pub(super) fn write(report: &CommandReport, quiet: bool, output: &mut dyn Write) -> io::Result<()> {
    output.write_all(report.output.as_bytes())?;
    let paths = RepositoryPaths::new(&report.revisions);
    for finding in &report.findings {
        if !quiet || finding.severity == Severity::Error {
            writeln!(output, "{}", annotation(finding, report, &paths))?;
        }
    }
    if !quiet && !report.has_problems() && !report.summary.is_empty() {
        writeln!(output, "{}", report.summary)?;
    }
    Ok(())
}

pub(super) fn write_error(error: &CommandError, output: &mut dyn Write) -> io::Result<()> {
    let text = with_help(&error.message, &error.help);
    writeln!(output, "::error title=kalamtable::{}", escaped_data(&text))
}

fn annotation(finding: &Diagnostic, report: &CommandReport, paths: &RepositoryPaths<'_>) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(place) = ReportLocation::of(&finding.location, &report.sources) {
        let path = paths.relative(&place.path);
        properties.push(format!("file={}", escaped_property(&path)));
        if let Some(range) = place.range {
            properties.push(format!("line={}", range.line));
            properties.push(format!("col={}", range.column));
            properties.push(format!("endLine={}", range.end_line));
            // GitHub accepts an end column only on the line of the start.
            if range.end_line == range.line {
                properties.push(format!("endColumn={}", range.end_column));
            }
        }
    }
    let title = format!("{} {}", finding.rule.id(), finding.rule.name());
    properties.push(format!("title={}", escaped_property(&title)));
    let mut help = Vec::new();
    help.extend(finding.verdicts.map(|verdicts| verdicts.to_string()));
    let lines = finding.help.iter().map(|text| format!("help: {text}"));
    help.extend(lines);
    let text = with_help(&finding.message, &help);
    format!(
        "::{command} {}::{}",
        properties.join(","),
        escaped_data(&text)
    )
}

fn with_help(message: &str, help: &[String]) -> String {
    let mut lines = vec![message];
    lines.extend(help.iter().map(String::as_str));
    lines.join("\n")
}

/// Escapes the message of a command as the toolkit of GitHub does:
/// <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.
fn escaped_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a command, whose end is a comma or a colon.
fn escaped_property(text: &str) -> String {
    escaped_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_line_breaks_are_escaped() {
        assert_eq!(escaped_data("50%, a:b\r\nc"), "50%25, a:b%0D%0Ac");
        assert_eq!(escaped_property("50%, a:b\n"), "50%25%2C a%3Ab%0A");
    }
}
