// SPDX-License-Identifier: Apache-2.0

//! `kalamtable diff`: the effects of the changes between two sets of definitions.

use std::mem;
use std::path::PathBuf;

use kalamtable_model::{
    CheckedTable, Direction, Level, Sources, TableName, Verdict, Verdicts, compare_tables,
    sort_diagnostics,
};
use serde_json::json;

use crate::command_error::CommandError;
use crate::count::count;
use crate::operand::{Operand, OperandTables};
use crate::progress::Progress;
use crate::report::{CommandReport, ReportOptions, verdicts_value};
use crate::table_differences::{TableDifference, table_differences};

/// Compare two sets of definitions, and report the effects of the changes
///
/// Prints the tables that differ, with their added, removed and changed columns, and the verdict of
/// each change that a rule reports, at four levels: SOURCE is Rust code, SQL is queries, WIRE is
/// Arrow clients, and STORAGE is stored files. Exits with 1 if a change breaks users at some level.
///
/// BEFORE and AFTER are each one of these:
///   schemas          a folder of definitions, or a single file
///   lock             the latest versions in the lock
///   app.events@3     a version in the lock
///   main             the folder of definitions in a git revision
///   main:old/path    another folder in a git revision
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DiffArguments {
    /// The definitions before the change
    #[arg(value_name = "BEFORE")]
    pub(crate) before: String,
    /// The definitions after the change
    #[arg(value_name = "AFTER", default_value = "schemas")]
    pub(crate) after: String,
    /// The folder of definitions, whose lock is used, and that is read in a git revision
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    pub(crate) schemas: PathBuf,
    /// The versions that must read data of the other ones: `backward` means that the definitions
    /// after the change read earlier data
    #[arg(long, value_name = "DIRECTION", default_value = "backward", value_parser = direction)]
    pub(crate) direction: Direction,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

fn direction(text: &str) -> Result<Direction, String> {
    let mut all = Direction::ALL.into_iter();
    all.find(|direction| direction.as_str() == text)
        .ok_or_else(|| "expected `backward`, `forward` or `full`".to_string())
}

/// Compares the definitions.
///
/// # Errors
/// Fails if an operand does not exist or git cannot be run.
pub(crate) fn diff(arguments: &DiffArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("comparing definitions", arguments.report);
    let schemas = &arguments.schemas;
    let before_operand = Operand::parse(&arguments.before, schemas);
    let after_operand = Operand::parse(&arguments.after, schemas);
    let mut sources = Sources::new();
    let mut before = before_operand.load(schemas, &mut sources)?;
    let mut after = after_operand.load(schemas, &mut sources)?;
    match_tables(&mut before, &mut after);

    let mut findings = mem::take(&mut before.problems);
    findings.append(&mut after.problems);
    let are_valid = findings.is_empty();
    if are_valid {
        check_any_compared(arguments, &before, &after)?;
        findings = compare_tables(&before.tables, &after.tables, arguments.direction);
    }
    sort_diagnostics(&mut findings, &sources);
    let mut report = CommandReport::new(sources, findings);
    let operands = [&before_operand, &after_operand].into_iter();
    let revisions = operands.filter_map(|operand| operand.revision());
    report.revisions = revisions.map(str::to_string).collect();
    if are_valid {
        let verdicts = worst_verdicts(&report);
        let changes = table_differences(&before.tables, &after.tables);
        if !arguments.report.quiet {
            let lines = changes.iter().map(|change| change.line() + "\n");
            report.output = lines.collect();
        }
        report.result = json!({
            "before": names(&before.tables),
            "after": names(&after.tables),
            "changes": changes.iter().map(TableDifference::value).collect::<Vec<_>>(),
            "verdicts": verdicts_value(verdicts),
        });
        let warnings = match report.warning_count() {
            0 => String::new(),
            warnings => format!(", {}", count(warnings, "warning")),
        };
        report.problem_summary = verdicts.to_string();
        report.summary = format!(
            "{} compared with {}: no problems{warnings} ({verdicts})",
            count(before.tables.len(), "table"),
            count(after.tables.len(), "table"),
        );
    }
    Ok(report
        .with_tables(&before.tables)
        .with_tables(&after.tables))
}

/// If an operand has only one table, keeps only this table in the other operand, under each of its
/// names.
fn match_tables(before: &mut OperandTables, after: &mut OperandTables) {
    if !before.names.is_empty() {
        after.keep_table(&before.names);
    }
    if !after.names.is_empty() {
        before.keep_table(&after.names);
    }
    // The tables are versions of one table, whatever its earlier definitions state.
    let is_pair = !before.names.is_empty() || !after.names.is_empty();
    if let ([old], [new]) = (&before.tables[..], &mut after.tables[..])
        && is_pair
        && old.definition.name() != new.definition.name()
    {
        new.renames.table = Some(old.definition.name().clone());
    }
}

/// Fails if nothing was compared. A removed table is compared with its missing definition.
fn check_any_compared(
    arguments: &DiffArguments,
    before: &OperandTables,
    after: &OperandTables,
) -> Result<(), CommandError> {
    if !before.tables.is_empty() {
        return Ok(());
    }
    let written = &arguments.before;
    if let Some(name) = after.names.first() {
        let message = format!("`{written}` has no table `{name}`, so nothing was compared");
        let help = format!(
            "name definitions or a version of this table: `kalamtable diff {name}@1 {}`",
            arguments.after
        );
        return Err(CommandError::new(message).with_help(help));
    }
    let message = format!("`{written}` has no tables, so nothing was compared");
    let help = "name definitions that have tables: a folder, a version such as `app.events@3`, or \
                a revision such as `main`";
    Err(CommandError::new(message).with_help(help))
}

fn names(tables: &[CheckedTable]) -> Vec<String> {
    let names = tables.iter().map(|table| table.definition.name());
    names.map(TableName::to_string).collect()
}

/// Returns the worst verdict of all findings at each level.
fn worst_verdicts(report: &CommandReport) -> Verdicts {
    let worst = |level: Level| {
        let verdicts = report
            .findings
            .iter()
            .filter_map(|finding| finding.verdicts);
        let verdicts = verdicts.map(|verdicts| verdicts.at(level));
        verdicts.fold(Verdict::Ok, Verdict::max)
    };
    Verdicts {
        source: worst(Level::Source),
        sql: worst(Level::Sql),
        wire: worst(Level::Wire),
        storage: worst(Level::Storage),
    }
}
