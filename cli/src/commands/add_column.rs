// SPDX-License-Identifier: Apache-2.0

//! `kalamtable add-column`: adds a column to the file of a table.

use std::path::{Path, PathBuf};

use kalamtable_model::{
    CheckedTable, Diagnostic, Direction, Location, LockedTable, Severity, SourceFile, SourceSpan,
    Sources, TableDefinition, check_type_without_ids, compare_versions, format_definition,
    has_type_ids, nearest, next_free_id, parse_and_check_for_rust, quoted, with_allocated_ids,
};
use serde_json::json;

use crate::column_line::{ColumnLine, EditedText, is_toml_value, with_column};
use crate::command_error::CommandError;
use crate::definition_file::replace_definition;
use crate::definitions::{check_paths, load};
use crate::lock_search::read_existing_lock;
use crate::progress::Progress;
use crate::report::{CommandReport, ReportOptions};

/// Add a column at the end of a table
///
/// The column gets the next id that no column of the table has or had. The version of the table is
/// raised, unless the file already states the version after the latest locked one. Nested fields of
/// the type get the following ids. The rest of the file does not change, except for the alignment
/// of a file in canonical form, which keeps that form. Rows of locked versions do not have the
/// column, so it must be nullable or have a default, unless no version of the table is locked.
/// Prints the line that was added.
#[derive(Debug, clap::Args)]
pub(crate) struct AddColumnArguments {
    /// The table, such as app.events
    #[arg(value_name = "TABLE")]
    pub(crate) table: String,
    /// The name of the column
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The type of the column, such as `text` or `decimal(10, 2)`
    #[arg(value_name = "TYPE")]
    pub(crate) ty: String,
    /// The column can be null
    #[arg(long)]
    pub(crate) nullable: bool,
    /// The value that an INSERT without the column writes, and that existing rows have
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) default: Option<String>,
    /// The comment, which DESCRIBE shows
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// The folder of definitions
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    pub(crate) schemas: PathBuf,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Adds the column.
///
/// # Errors
/// Fails if there is no such table, or if its file cannot be changed or written.
pub(crate) fn add_column(arguments: &AddColumnArguments) -> Result<CommandReport, CommandError> {
    let _progress = Progress::start("adding the column", arguments.report);
    check_paths(&[&arguments.schemas])?;
    let loaded = load(&[&arguments.schemas]);
    let mut sources = loaded.sources;
    let mut problems = loaded.diagnostics;
    let lock = match read_existing_lock(&arguments.schemas, &mut sources) {
        Ok(lock) => lock,
        Err(lock_problems) => {
            problems.extend(lock_problems);
            None
        }
    };
    if !problems.is_empty() {
        return Ok(CommandReport::new(sources, problems).with_tables(&loaded.tables));
    }
    let table = find_table(&loaded.tables, &arguments.table)?;
    let locked = lock.as_ref().and_then(|lock| lock.history_of(table));
    let earlier = match earlier_versions(table, locked, lock.is_some()) {
        Ok(earlier) => earlier,
        Err(problems) => return Ok(CommandReport::new(sources, problems)),
    };
    let versions = earlier.all.iter().chain([&table.definition]);
    let Some(id) = next_free_id(versions) else {
        let message = format!("no id of `{}` is free", table.definition.name());
        return Err(CommandError::new(message));
    };
    let Some(file) = sources.get(table.source).cloned() else {
        return Err(CommandError::new("the file of the table was not read"));
    };
    let next = NextVersion {
        table,
        file: &file,
        earlier: &earlier.current,
        is_canonical: format_definition(&sources, table.source)
            .is_ok_and(|text| text == file.text()),
        column_id: id,
        ty: with_nested_ids(&arguments.ty, id),
        version: next_version(table, locked, lock.is_some()),
    };
    let added = match added(arguments, &next) {
        Ok(added) => added,
        Err(AddColumnError::Failed(error)) => return Err(error),
        Err(AddColumnError::Invalid { sources, problems }) => {
            return Ok(CommandReport::new(sources, problems));
        }
    };
    replace_definition(Path::new(file.path()), file.text(), &added.text.text)?;

    let version = added.table.definition.version();
    let mut report = CommandReport::new(added.sources, added.warnings).with_tables([&added.table]);
    report.output = format!("{}\n", added.text.line);
    report.summary = format!(
        "{}: `{}` has id {id}, and the table has version {version}",
        file.path(),
        arguments.name
    );
    report.result = json!({
        "path": file.path(),
        "table": added.table.definition.name().to_string(),
        "column": arguments.name,
        "id": id,
        "version": version,
        "line": added.text.line,
    });
    Ok(report)
}

fn find_table<'a>(
    tables: &'a [CheckedTable],
    written: &str,
) -> Result<&'a CheckedTable, CommandError> {
    let names = || tables.iter().map(|table| table.definition.name());
    let mut named = tables.iter().filter(|table| {
        let name = table.definition.name();
        name.to_string() == written || *name.table == *written
    });
    match (named.next(), named.next()) {
        (Some(table), None) => Ok(table),
        (Some(_), Some(_)) => {
            let message = format!("several tables have the name `{written}`");
            let namespaces = names().filter(|name| *name.table == *written);
            let namespaces: Vec<String> = namespaces.map(|name| format!("`{name}`")).collect();
            let help = format!("write one of {}", namespaces.join(", "));
            Err(CommandError::new(message).with_help(help))
        }
        (None, _) => {
            let error = CommandError::new(format!("no definition has the name `{written}`"));
            let names: Vec<String> = names().map(ToString::to_string).collect();
            Err(match nearest(written, names.iter().map(String::as_str)) {
                Some(name) => error.with_help(format!("did you mean `{name}`?")),
                None => error,
            })
        }
    }
}

/// The earlier versions of a table.
struct EarlierVersions {
    /// All versions, whose ids are not free.
    all: Vec<TableDefinition>,
    /// The versions whose rows the table can contain.
    current: Vec<TableDefinition>,
}

/// Returns the locked versions of a table. Without a lock, the definition itself is an earlier
/// version.
fn earlier_versions(
    table: &CheckedTable,
    locked: Option<&LockedTable>,
    has_lock: bool,
) -> Result<EarlierVersions, Vec<Diagnostic>> {
    match locked {
        Some(locked) => Ok(EarlierVersions {
            all: locked.definitions()?,
            current: locked.current_definitions()?,
        }),
        None if has_lock => Ok(EarlierVersions {
            all: Vec::new(),
            current: Vec::new(),
        }),
        None => Ok(EarlierVersions {
            all: Vec::new(),
            current: vec![table.definition.clone()],
        }),
    }
}

/// Returns the version of the table with the column: the version after the latest locked one. A
/// table that was never locked keeps its version, and without a lock each change is a version.
fn next_version(table: &CheckedTable, locked: Option<&LockedTable>, has_lock: bool) -> u32 {
    let current = table.definition.version();
    match locked {
        Some(locked) => current.max(locked.version().saturating_add(1)),
        None if has_lock => current,
        None => current.saturating_add(1),
    }
}

/// Returns the text of a type with the ids after `column_id` for its nested fields. A type that has
/// ids, or is not valid, does not change.
fn with_nested_ids(ty: &str, column_id: i32) -> String {
    if has_type_ids(ty) {
        return ty.to_string();
    }
    let mut id = column_id;
    let mut next_id = || {
        // The checks report an id above the maximum.
        id = id.saturating_add(1);
        id
    };
    let parsed = check_type_without_ids(ty).ok();
    let with_ids = parsed.map(|ty| with_allocated_ids(&ty, None, &mut next_id).to_string());
    // Other types stay as written, so that the checks report types of SQL.
    with_ids
        .filter(|text| has_type_ids(text))
        .unwrap_or_else(|| ty.to_string())
}

/// The table that gets a column, and its next version.
struct NextVersion<'a> {
    table: &'a CheckedTable,
    file: &'a SourceFile,
    /// Whether the file is in its canonical form.
    is_canonical: bool,
    /// The versions whose rows the table can contain.
    earlier: &'a [TableDefinition],
    /// The id of the added column.
    column_id: i32,
    /// The type of the added column, with ids of nested fields.
    ty: String,
    version: u32,
}

/// The changed text of a definition, and the table that it defines.
struct AddedColumn {
    text: EditedText,
    sources: Sources,
    table: CheckedTable,
    warnings: Vec<Diagnostic>,
}

/// The reason why a column cannot be added.
enum AddColumnError {
    /// The table with the column is not valid, or not compatible.
    Invalid {
        /// The texts to which the problems refer.
        sources: Sources,
        problems: Vec<Diagnostic>,
    },
    /// The text cannot be changed.
    Failed(CommandError),
}

/// Returns the changed text.
///
/// # Errors
/// Fails if the column is not valid, or if the text cannot be changed.
fn added(
    arguments: &AddColumnArguments,
    next: &NextVersion<'_>,
) -> Result<AddedColumn, AddColumnError> {
    // A default can be written without the quotes of TOML.
    let defaults: Vec<Option<String>> = match &arguments.default {
        None => vec![None],
        Some(text) if is_toml_value(text) => vec![Some(text.clone()), Some(quoted(text))],
        Some(text) => vec![Some(quoted(text))],
    };
    let mut first = None;
    for default in defaults {
        let line = ColumnLine {
            name: arguments.name.clone(),
            id: next.column_id,
            ty: next.ty.clone(),
            nullable: arguments.nullable,
            default,
            comment: arguments.comment.clone(),
        };
        match checked(&line, next) {
            Ok(added) => return Ok(added),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or(AddColumnError::Failed(CommandError::new(
        "no default is valid",
    ))))
}

fn checked(line: &ColumnLine, next: &NextVersion<'_>) -> Result<AddedColumn, AddColumnError> {
    let mut text = with_column(next.file, line, next.version).map_err(AddColumnError::Failed)?;
    let (mut sources, mut after) = parsed(next.file.path(), &text.text)?;
    // The line has the canonical notation of the type and the default.
    if let Some((_, column)) = after.definition.column(&line.name) {
        let canonical = ColumnLine {
            ty: column.ty.to_string(),
            default: column
                .default
                .as_ref()
                .map(|default| default.to_toml(&column.ty)),
            ..line.clone()
        };
        if canonical != *line {
            return checked(&canonical, next);
        }
    }
    // The column can change the alignment of the other lines.
    let formatted = format_definition(&sources, after.source).ok();
    if let Some(formatted) =
        formatted.filter(|formatted| next.is_canonical && *formatted != text.text)
    {
        (sources, after) = parsed(next.file.path(), &formatted)?;
        text = EditedText {
            line: last_column_line(&after, &formatted),
            text: formatted,
        };
    }
    // Only problems of the added column are reported: `check` reports other changes of the file.
    let problems = compare_versions(
        next.earlier,
        &after.definition,
        &next.table.renames,
        Direction::Backward,
    );
    let is_of_line = |problem: &Diagnostic| is_at(problem, after.spans.columns.last());
    let problems = problems.into_iter();
    let findings: Vec<Diagnostic> = problems
        .map(|problem| problem.into_diagnostic(&after))
        .filter(is_of_line)
        .collect();
    if findings.iter().any(|one| one.severity == Severity::Error) {
        return Err(AddColumnError::Invalid {
            sources,
            problems: findings,
        });
    }
    let warnings = after.warnings.iter().filter(|one| is_of_line(one)).cloned();
    let warnings = findings.into_iter().chain(warnings).collect();
    Ok(AddedColumn {
        text,
        sources,
        warnings,
        table: after,
    })
}

/// Parses and checks a changed text.
fn parsed(path: &str, text: &str) -> Result<(Sources, CheckedTable), AddColumnError> {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new(path, text));
    match parse_and_check_for_rust(&sources, source) {
        Ok(table) => Ok((sources, table)),
        Err(problems) => Err(AddColumnError::Invalid { sources, problems }),
    }
}

/// Returns the line of the last column.
fn last_column_line(table: &CheckedTable, text: &str) -> String {
    let start = table.spans.columns.last().map_or(0, SourceSpan::start);
    let line = text.get(start..).and_then(|rest| rest.lines().next());
    line.unwrap_or_default().to_string()
}

fn is_at(problem: &Diagnostic, span: Option<&SourceSpan>) -> bool {
    matches!(&problem.location, Location::Span { primary, .. } if Some(&primary.span) == span)
}
