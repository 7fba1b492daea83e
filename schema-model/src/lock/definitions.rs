// SPDX-License-Identifier: Apache-2.0

//! The definitions of the versions in a lock. They are created on demand, and each line is parsed
//! once, however many versions have it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::history::{LockedTable, LockedVersion};
use super::version_lines::VersionLines;
use crate::check::{CheckedTable, TableSpans, check_columns, check_locked};
use crate::definition::{Column, TableDefinition};
use crate::diagnostic::{Diagnostic, backticked};
use crate::limits;
use crate::parse::parse;
use crate::raw::RawTable;
use crate::renames::Renames;
use crate::rule::LockRule;
use crate::shared::Shared;
use crate::source::{SourceFile, Sources};

impl LockedTable {
    /// Returns the definitions of all versions, oldest first, without those that dropped the table.
    ///
    /// # Errors
    /// Fails if a version is not a valid definition.
    pub fn definitions(&self) -> Result<Vec<TableDefinition>, Vec<Diagnostic>> {
        definitions(&self.versions)
    }

    /// Returns the definitions of the versions since the table was created, or created again after
    /// it was dropped, oldest first. These are the versions whose data the table can contain.
    ///
    /// # Errors
    /// Fails if a version is not a valid definition.
    pub fn current_definitions(&self) -> Result<Vec<TableDefinition>, Vec<Diagnostic>> {
        definitions(self.since_drop())
    }

    /// Returns the definition of a version as a table whose positions are lines of the lock, or
    /// `None` if the lock has no such version or the version dropped the table.
    ///
    /// # Errors
    /// Fails if the version is not a valid definition.
    pub fn checked_table(&self, number: u32) -> Result<Option<CheckedTable>, Vec<Diagnostic>> {
        let mut versions = self.versions.iter();
        let Some(position) = versions.position(|version| version.number == number) else {
            return Ok(None);
        };
        let (before, after) = self.versions.split_at(position);
        let Some(version) = after.first().filter(|version| !version.is_dropped) else {
            return Ok(None);
        };
        let dropped = before.iter().rposition(|version| version.is_dropped);
        let start = dropped.map_or(0, |position| position + 1);
        let history = self.versions.get(start..=position).unwrap_or_default();
        let Some(definition) = definitions(history)?.pop() else {
            return Ok(None);
        };
        let spans = TableSpans {
            name: version.span.clone(),
            renamed_from: None,
            columns: vec![version.span.clone(); definition.columns().len()],
        };
        Ok(Some(CheckedTable {
            definition,
            source: version.source,
            spans,
            variants: BTreeMap::new(),
            renames: Renames {
                is_incomplete: true,
                ..Renames::default()
            },
            warnings: Vec::new(),
        }))
    }
}

/// Returns the definitions of consecutive versions, the first of which begins a table.
pub(super) fn definitions(
    versions: &[LockedVersion],
) -> Result<Vec<TableDefinition>, Vec<Diagnostic>> {
    let columns = parse_columns(versions)?;
    let mut content = VersionLines::default();
    let mut keys: Option<RawTable> = None;
    let mut previous: Option<Shared<[Column]>> = None;
    let mut definitions = Vec::with_capacity(versions.len());
    for version in versions {
        let invalid = |message: &str| vec![invalid_version(version, message)];
        if version.is_dropped {
            content = VersionLines::default();
            previous = None;
            continue;
        }
        content
            .apply(version.changes())
            .map_err(|error| invalid(&error.message))?;
        let is_column = |line: &str| {
            let definition = line.get(2..).unwrap_or_default();
            definition.starts_with(COLUMN) || line.starts_with(ORDER)
        };
        let changes_keys = version.changes().any(|line| !is_column(line));
        let changes_columns = version.changes().any(is_column);
        let raw = match keys.take().filter(|_| !changes_keys) {
            Some(raw) => raw,
            None => parse_keys(&content).map_err(|message| invalid(&message))?,
        };
        let current = match previous.take().filter(|_| !changes_columns) {
            Some(previous) => previous,
            None => {
                let lines = content.column_lines().map(|line| columns.get(line));
                let found: Option<Vec<&Column>> = lines.collect();
                let found = found.ok_or_else(|| invalid("a column is missing"))?;
                found.into_iter().cloned().collect()
            }
        };
        let definition = check_locked(&raw, version.number, Shared::clone(&current))
            .map_err(|problems| invalid(&first_message(problems)))?;
        definitions.push(definition);
        keys = Some(raw);
        previous = Some(current);
    }
    Ok(definitions)
}

const COLUMN: &str = "columns.";
const ORDER: &str = "order ";

/// Creates the problem of a version that is not a valid definition.
fn invalid_version(version: &LockedVersion, message: &str) -> Diagnostic {
    let message = format!(
        "version {} of {} is not a valid definition: {message}",
        version.number,
        backticked(&version.name.to_string())
    );
    Diagnostic::new(LockRule::LockInvalidVersion, version.span.clone(), message)
        .with_help("use the release of KalamTable that wrote the version, or a later one")
}

fn first_message(problems: Vec<Diagnostic>) -> String {
    let first = problems.into_iter().next();
    first.map_or_else(String::new, |problem| problem.message)
}

/// Parses the lines that are not columns.
fn parse_keys(content: &VersionLines<'_>) -> Result<RawTable, String> {
    let (table, reserved) = content.key_lines();
    let mut text = String::new();
    for line in table.chain(["[columns]", "[reserved]"]).chain(reserved) {
        text.push_str(line);
        text.push('\n');
    }
    parse_text(text)
}

fn parse_text(text: String) -> Result<RawTable, String> {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("", text));
    parse(&sources, source).map_err(first_message)
}

/// Parses each different column of the versions. The result has the line of a column as its key.
fn parse_columns(versions: &[LockedVersion]) -> Result<HashMap<&str, Column>, Vec<Diagnostic>> {
    let mut columns: HashMap<&str, Column> = HashMap::new();
    let mut pending: Vec<(&str, &LockedVersion)> = Vec::new();
    let mut bytes = 0;
    for version in versions {
        for change in version.changes() {
            let Some(line) = change.strip_prefix("+ ") else {
                continue;
            };
            let Some(line) = line.strip_prefix(COLUMN) else {
                continue;
            };
            // A parsed text is limited to the size of a file.
            if bytes + line.len() > MAX_TEXT {
                parse_lines(&mut pending, &mut columns)?;
                bytes = 0;
            }
            bytes += line.len() + MAX_NAME;
            pending.push((line, version));
        }
    }
    parse_lines(&mut pending, &mut columns)?;
    Ok(columns)
}

/// The maximum number of bytes of columns that are parsed together.
const MAX_TEXT: usize = limits::FILE_BYTES as usize / 2;
/// The number of bytes by which a line is longer than its column.
const MAX_NAME: usize = 16;

fn parse_lines<'a>(
    lines: &mut Vec<(&'a str, &LockedVersion)>,
    columns: &mut HashMap<&'a str, Column>,
) -> Result<(), Vec<Diagnostic>> {
    let texts: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
    match columns_of(&texts) {
        Ok(parsed) => columns.extend(texts.into_iter().zip(parsed)),
        Err(_) => {
            for (line, version) in lines.iter() {
                columns_of(&[line]).map_err(|message| vec![invalid_version(version, &message)])?;
            }
        }
    }
    lines.clear();
    Ok(())
}

/// Parses columns as one table, with numbers in place of their names, which can be equal.
fn columns_of(lines: &[&str]) -> Result<Vec<Column>, String> {
    let mut text = "name = \"a.b\"\n[columns]\n".to_string();
    let mut names = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let (name, value) = line.split_once(" = ").unwrap_or((line, ""));
        let _ = writeln!(text, "{index} = {value}");
        names.push(name);
    }
    let mut raw = parse_text(text)?;
    if raw.columns.value.len() != lines.len() {
        return Err("a column has several lines".to_string());
    }
    for (column, name) in raw.columns.value.iter_mut().zip(names) {
        column.name.value = name.to_string();
    }
    check_columns(&raw).map_err(first_message)
}
