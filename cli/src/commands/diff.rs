// SPDX-License-Identifier: Apache-2.0

//! `kalamtable diff`: the effects of the changes between two sets of definitions.

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

/// Compare two sets of definitions, and report the effects of the changes
///
/// Prints the verdict of each change at four levels: SOURCE is Rust code, SQL is queries, WIRE is
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
    if let Some(names) = &after.names {
        restrict(&mut before, names, &arguments.before)?;
    }
    if let Some(names) = &before.names {
        restrict(&mut after, names, &arguments.after)?;
        if let ([before], [after]) = (&*before.tables, &mut *after.tables) {
            // Two versions of one table are compared, whatever their names are.
            let name = before.definition.name();
            after.renames.table.get_or_insert_with(|| name.clone());
        }
    }

    let mut findings = before.problems;
    findings.extend(after.problems);
    let are_valid = findings.is_empty();
    if are_valid {
        findings = compare_tables(&before.tables, &after.tables, arguments.direction);
    }
    sort_diagnostics(&mut findings, &sources);
    let mut report = CommandReport::new(sources, findings);
    if are_valid {
        let verdicts = worst_verdicts(&report);
        report.result = json!({
            "before": names(&before.tables),
            "after": names(&after.tables),
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

/// Removes all tables except the one that has one of the names.
///
/// # Errors
/// Fails if there is no such table. `written` is the operand as the user wrote it.
fn restrict(
    operand: &mut OperandTables,
    names: &[TableName],
    written: &str,
) -> Result<(), CommandError> {
    operand.tables.retain(|table| {
        let former = table.renames.table.as_ref();
        names.contains(table.definition.name()) || former.is_some_and(|name| names.contains(name))
    });
    let name = names.first().map(ToString::to_string).unwrap_or_default();
    if operand.tables.is_empty() && operand.problems.is_empty() {
        return Err(CommandError::new(format!(
            "`{written}` has no table `{name}`"
        )));
    }
    Ok(())
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
