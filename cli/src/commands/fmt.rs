// SPDX-License-Identifier: Apache-2.0

//! `kalamtable fmt`: writes definitions in their canonical form.

use std::path::{Path, PathBuf};

use kalamtable_model::{
    AnyRule, Diagnostic, Location, Rule, SourceFile, SourceId, SourceSpan, Sources,
    format_definition, parse_and_check, sort_diagnostics,
};
use serde_json::json;

use crate::command_error::CommandError;
use crate::count::count;
use crate::definition_file::replace_definition;
use crate::definitions::{check_paths, load, readable_sources};
use crate::progress::Progress;
use crate::report::{CommandReport, ReportOptions};

/// Write definitions in their canonical form
///
/// Sorts the keys, aligns the values, and writes one line per column. Comments are kept, and the
/// table that a file defines does not change. Prints the files that were changed.
#[derive(Debug, clap::Args)]
pub(crate) struct FmtArguments {
    /// Folders of definitions, or single files
    #[arg(value_name = "PATH", default_value = "schemas")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write nothing, report the files that would change, and exit with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Formats definitions, or checks whether they are formatted.
///
/// # Errors
/// Fails if a path does not exist, or if a file cannot be written.
pub(crate) fn fmt(arguments: &FmtArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("formatting definitions", arguments.report);
    check_paths(&arguments.paths)?;
    let loaded = load(&arguments.paths);
    let mut findings = Vec::new();
    let mut changed = Vec::new();
    let readable = readable_sources(&loaded);
    for source in &readable {
        let Some(file) = loaded.sources.get(*source) else {
            continue;
        };
        match format_definition(&loaded.sources, *source) {
            Err(problems) => findings.extend(problems),
            Ok(text) if text == file.text() => {}
            Ok(text) if arguments.check => {
                findings.push(difference(*source, file, &text));
                changed.push(file.path().to_string());
            }
            Ok(text) => {
                check_meaning(file, &text)?;
                replace_definition(Path::new(file.path()), file.text(), &text)?;
                changed.push(file.path().to_string());
            }
        }
    }
    // Files that cannot be read are problems of the loader.
    let others = loaded.diagnostics.into_iter().filter(is_about_file);
    let others: Vec<Diagnostic> = others.filter(|other| !findings.contains(other)).collect();
    findings.extend(others);
    sort_diagnostics(&mut findings, &loaded.sources);

    let mut report = CommandReport::new(loaded.sources, findings);
    report.result = json!({ "files": readable.len(), "changed": changed });
    let files = count(readable.len(), "file");
    if arguments.check {
        report.summary = format!("{files}: no changes");
    } else {
        report.output = changed.iter().map(|path| format!("{path}\n")).collect();
        report.summary = format!("{} of {files} changed", changed.len());
    }
    Ok(report)
}

fn is_about_file(problem: &Diagnostic) -> bool {
    let is_damaged = problem.rule == AnyRule::Definition(Rule::NotUtf8);
    is_damaged || matches!(problem.location, Location::Path(_))
}

/// Returns the problem of a file that is not in canonical form, at the first line that differs.
fn difference(source: SourceId, file: &SourceFile, formatted: &str) -> Diagnostic {
    let mut start = 0;
    let mut lines = formatted.split_inclusive('\n');
    for line in file.text().split_inclusive('\n') {
        if lines.next() != Some(line) {
            break;
        }
        start += line.len();
    }
    let rest = file.text().get(start..).unwrap_or_default();
    let length = rest.lines().next().map_or(0, str::len);
    let span = SourceSpan::text(source, start..start + length);
    let message = "the definition is not in its canonical form";
    Diagnostic::new(Rule::NotFormatted, span, message)
        .with_help(format!("run `kalamtable fmt {}`", file.path()))
}

/// Fails if the formatted text defines another table, which is a bug.
fn check_meaning(file: &SourceFile, formatted: &str) -> Result<(), CommandError> {
    let mut sources = Sources::new();
    let before = sources.push(file.clone());
    let after = sources.push(SourceFile::new(file.path(), formatted));
    let is_equal = match (
        parse_and_check(&sources, before),
        parse_and_check(&sources, after),
    ) {
        (Ok(before), Ok(after)) => {
            before.definition == after.definition
                && before.variants == after.variants
                && before.renames == after.renames
        }
        _ => false,
    };
    if is_equal {
        return Ok(());
    }
    let message = format!(
        "bug in kalamtable: `fmt` would change the table in {}",
        file.path()
    );
    Err(CommandError::new(message).with_help("the file is unchanged: please report the bug"))
}
