// SPDX-License-Identifier: Apache-2.0

//! Reads the history of a lock, and checks that it was not edited.

use std::ops::Range;

use toml::de::{DeString, DeValue};

use super::history::{
    ACCEPTED, AcceptedChange, DROPPED, LockedTable, LockedVersion, VersionHash, changes,
};
use super::version_lines::VersionLines;
use crate::diagnostic::{Diagnostic, backticked};
use crate::limits;
use crate::rule::{EvolutionRule, LockRule};
use crate::source::{SourceId, SourceSpan};
use crate::table_name::TableName;

/// The beginning of a line that lists a table.
pub(super) const CONTAINS: &str = "contains ";
/// The line of a lock without tables. Without it, the deletion of all tables would not be detected.
pub(super) const NO_TABLES: &str = "contains no table";
/// The last line of a lock. Without it, the lock is incomplete.
pub(super) const LAST_LINE: &str = "end of history";

/// The help for a history that was edited or damaged.
const RESTORE: &str = "restore the file from version control, then run `kalamtable lock`";

/// Reads the history, which is the text of `source` from `start`.
///
/// # Errors
/// The first problem of each table, and the problems of the lines outside of tables.
pub(super) fn read_history(
    text: &str,
    start: usize,
    source: SourceId,
) -> Result<Vec<LockedTable>, Vec<Diagnostic>> {
    let mut reader = HistoryReader {
        lines: lines(text, start),
        next: 0,
        source,
        diagnostics: Vec::new(),
    };
    if reader.setting_below_start() {
        return Err(reader.diagnostics);
    }
    let tables = reader.history();
    if reader.diagnostics.is_empty() {
        return Ok(tables);
    }
    Err(reader.diagnostics)
}

/// A line without its end, which is LF or CRLF.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    /// The offset in the file.
    start: usize,
}

fn lines(text: &str, mut start: usize) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let without_newline = line.strip_suffix('\n').unwrap_or(line);
        lines.push(Line {
            text: without_newline
                .strip_suffix('\r')
                .unwrap_or(without_newline),
            start,
        });
        start += line.len();
    }
    lines
}

struct HistoryReader<'a> {
    lines: Vec<Line<'a>>,
    next: usize,
    source: SourceId,
    diagnostics: Vec<Diagnostic>,
}

/// The first line of a version.
struct VersionLine<'a> {
    number: u32,
    hash: &'a str,
    line: Line<'a>,
}

impl<'a> HistoryReader<'a> {
    /// Reports the first setting or entry in the history, which only the part above it can have.
    /// Returns whether there is one.
    fn setting_below_start(&mut self) -> bool {
        let mut lines = self.lines.iter();
        let Some(line) = lines.find(|line| is_setting(line.text)).copied() else {
            return false;
        };
        let key = line.text.split('=').next().unwrap_or_default().trim();
        let message = format!("{} is in the history of the lock", backticked(key));
        let help = "move it above the line that begins the history";
        self.report(LockRule::LockSyntax, range(line), &message, help);
        true
    }

    fn history(&mut self) -> Vec<LockedTable> {
        let mut listed = Vec::new();
        let is_empty = self.peek().is_some_and(|line| line.text == NO_TABLES);
        self.next += usize::from(is_empty);
        while let Some(name) = self
            .peek()
            .and_then(|line| line.text.strip_prefix(CONTAINS))
        {
            listed.push((name, self.next));
            self.next += 1;
        }
        let mut tables: Vec<LockedTable> = Vec::new();
        loop {
            let Some(line) = self.take() else {
                // A table without its end has been reported.
                if self.diagnostics.is_empty() {
                    let end = self.end();
                    let message = "the history is incomplete: its last line is missing";
                    self.report(LockRule::LockSyntax, end, message, RESTORE);
                }
                return tables;
            };
            match line.text {
                "" => {}
                LAST_LINE => break,
                _ => match self.table(line) {
                    Ok(table) => tables.push(table),
                    Err(problem) => {
                        self.diagnostics.push(*problem);
                        self.skip_table();
                    }
                },
            }
        }
        if let Some(line) = self
            .lines
            .get(self.next..)
            .and_then(|rest| rest.iter().find(|line| !line.text.is_empty()))
        {
            let line = *line;
            let message = "the history continues after its last line";
            self.report(LockRule::LockSyntax, range(line), message, RESTORE);
        }
        if self.diagnostics.is_empty() {
            self.compare_with_list(&listed, &tables);
        }
        if self.diagnostics.is_empty() && tables.is_empty() != is_empty {
            let end = self.end();
            let message = "the tables of the lock are missing";
            self.report(LockRule::LockEdited, end, message, RESTORE);
        }
        tables
    }

    /// Checks that the history contains the listed tables in their order, which is sorted.
    fn compare_with_list(&mut self, listed: &[(&str, usize)], tables: &[LockedTable]) {
        let names = listed.iter().map(|(name, _)| *name);
        let ids = tables.iter().map(|table| &*table.id);
        if names.clone().eq(ids) && names.is_sorted_by(|a, b| a < b) {
            return;
        }
        let missing = listed
            .iter()
            .find(|(name, _)| tables.iter().all(|table| table.id != *name));
        let unlisted = tables
            .iter()
            .find(|table| listed.iter().all(|(name, _)| *name != table.id));
        let (span, message) = if let Some((name, index)) = missing {
            let line = self.lines.get(*index).copied();
            let span = line.map_or(self.end(), range);
            let message = format!("the history of {} is missing", backticked(name));
            (self.span(span), message)
        } else if let Some(table) = unlisted {
            let first = table.versions.first();
            let span = first.map_or(self.span(self.end()), |version| version.span.clone());
            let message = format!(
                "the history contains {}, but the list of tables does not",
                backticked(&table.id)
            );
            (span, message)
        } else {
            let line = self.lines.first().copied();
            let span = line.map_or(self.end(), range);
            let message = "the tables are not sorted, or a table is listed twice";
            (self.span(span), message.to_string())
        };
        let problem = Diagnostic::new(LockRule::LockEdited, span, message);
        self.diagnostics.push(problem.with_help(RESTORE));
    }

    // ---- one table ----

    /// Reads the table that begins in `line`.
    fn table(&mut self, line: Line<'a>) -> Result<LockedTable, Box<Diagnostic>> {
        let Some(id) = line.text.strip_prefix("table ") else {
            return Err(self.not_understood(line));
        };
        // The number is in a line of its own, so that a merge with a table that another branch adds
        // above has no conflict.
        let Some(count) = self
            .peek()
            .and_then(|next| next.text.strip_prefix("versions "))
        else {
            return Err(self.not_understood(line));
        };
        self.next += 1;
        let mut content = VersionLines::default();
        let mut table = LockedTable {
            id: id.to_string(),
            versions: Vec::new(),
            name: self.table_name(id.split('#').next().unwrap_or(id), line)?,
        };
        loop {
            let Some(next) = self.take() else {
                let message = format!("the history of {} is incomplete", backticked(id));
                let end = self.end();
                return Err(self.problem(LockRule::LockSyntax, end, message));
            };
            if let Some(end) = next.text.strip_prefix("end ") {
                if end != id {
                    return Err(self.not_understood(next));
                }
                if table.versions.len().to_string() != count {
                    let message = format!(
                        "the history of {} does not have the number of versions that it states",
                        backticked(id)
                    );
                    return Err(self.problem(LockRule::LockEdited, range(next), message));
                }
                return match table.versions.is_empty() {
                    true => Err(self.not_understood(next)),
                    false => Ok(table),
                };
            }
            let first = self.version_line(next)?;
            if table.versions.len() == limits::LOCK_VERSIONS {
                let message = format!(
                    "the history of {} has more than {} versions",
                    backticked(id),
                    limits::LOCK_VERSIONS
                );
                let problem = self.problem(LockRule::LockTooLarge, range(next), message);
                return Err(problem);
            }
            let version = self.version(&table, &mut content, &first)?;
            if table.versions.is_empty() && version.name != table.name {
                return Err(self.not_understood(line));
            }
            table.push(version);
        }
    }

    fn version_line(&self, line: Line<'a>) -> Result<VersionLine<'a>, Box<Diagnostic>> {
        let parts = line
            .text
            .strip_prefix("version ")
            .and_then(|rest| rest.split_once(' '));
        let Some((number, hash)) = parts else {
            return Err(self.not_understood(line));
        };
        match number.parse::<u32>() {
            // The hash covers the parsed number, so it does not detect another spelling.
            Ok(value) if value.to_string() == number => Ok(VersionLine {
                number: value,
                hash,
                line,
            }),
            _ => Err(self.not_understood(line)),
        }
    }

    /// Reads the lines of a version after the first one, and applies them to `content`.
    fn version(
        &mut self,
        table: &LockedTable,
        content: &mut VersionLines<'a>,
        first: &VersionLine<'a>,
    ) -> Result<LockedVersion, Box<Diagnostic>> {
        let start = self.next;
        while self.peek().is_some_and(|line| is_body(line.text)) {
            self.next += 1;
        }
        let body = self.lines.get(start..self.next).unwrap_or_default();
        let texts = || body.iter().map(|line| line.text);
        // After a merge that kept both sides, the hash of the second one does not match either.
        if let Some(previous) = table.versions.last()
            && previous.number == first.number
        {
            return Err(self.locked_twice(&previous.name, first));
        }
        let hash = VersionHash::of(table.hash(), first.number, texts());
        if hash.hex() != first.hash.as_bytes() {
            let message = format!(
                "version {} of {} was edited: its hash does not match its lines",
                first.number,
                backticked(&table.id)
            );
            return Err(self.problem(LockRule::LockEdited, range(first.line), message));
        }
        let previous = table.versions.last();
        if previous.is_some_and(|version| version.number.checked_add(1) != Some(first.number)) {
            let message = format!(
                "version {} of {} does not follow version {}",
                first.number,
                backticked(&table.id),
                table.version()
            );
            return Err(self.problem(LockRule::LockSyntax, range(first.line), message));
        }
        let is_dropped = body.iter().any(|line| line.text == DROPPED);
        if is_dropped {
            if previous.is_none_or(|version| version.is_dropped) || changes(texts()).count() > 0 {
                return Err(self.not_understood(first.line));
            }
            *content = VersionLines::default();
        } else {
            content.apply(changes(texts())).map_err(|error| {
                let lines = body
                    .iter()
                    .filter(|line| changes([line.text].into_iter()).count() > 0);
                let line = lines.copied().nth(error.line).unwrap_or(first.line);
                self.problem(LockRule::LockSyntax, range(line), error.message)
            })?;
        }
        let name = match content.name() {
            Some(name) => self.table_name(name, first.line)?,
            None if is_dropped => table.name.clone(),
            None => return Err(self.not_understood(first.line)),
        };
        let mut accepted = Vec::new();
        for line in body.iter().filter(|line| line.text.starts_with(ACCEPTED)) {
            match accepted_change(line.text) {
                Some(change) => accepted.push(change),
                None => {
                    let message = "the line names an unknown rule, or is not understood";
                    let mut problem = self.problem(LockRule::LockSyntax, range(*line), message);
                    problem.help = vec![
                        "update KalamTable if a later release wrote the lock, or restore the file \
                         from version control"
                            .to_string(),
                    ];
                    return Err(problem);
                }
            }
        }
        let mut text = String::new();
        for line in texts() {
            text.push_str(line);
            text.push('\n');
        }
        Ok(LockedVersion {
            number: first.number,
            is_dropped,
            accepted,
            name,
            hash,
            body: text.into(),
            source: self.source,
            span: self.span(range(first.line)),
        })
    }

    fn table_name(&self, name: &str, line: Line<'_>) -> Result<TableName, Box<Diagnostic>> {
        TableName::parse(name)
            .map_err(|error| self.problem(LockRule::LockSyntax, range(line), error.message))
    }

    /// Continues after the end of a table with a problem.
    fn skip_table(&mut self) {
        let rest = self
            .lines
            .get(self.next.saturating_sub(1)..)
            .unwrap_or_default();
        let is_boundary =
            |line: &Line<'_>| line.text.starts_with("end ") || line.text.starts_with("table ");
        // The line that begins the table with the problem can be the first one.
        let found = rest.iter().skip(1).position(is_boundary);
        match found {
            Some(position) => {
                self.next += position;
                let is_end = self
                    .peek()
                    .is_some_and(|line| line.text.starts_with("end ") && line.text != LAST_LINE);
                self.next += usize::from(is_end);
            }
            None => self.next = self.lines.len(),
        }
    }

    // ---- lines ----

    fn peek(&self) -> Option<Line<'a>> {
        self.lines.get(self.next).copied()
    }

    fn take(&mut self) -> Option<Line<'a>> {
        let line = self.peek()?;
        self.next += 1;
        Some(line)
    }

    /// Returns the empty range at the end of the file.
    fn end(&self) -> Range<usize> {
        let end = self.lines.last().map_or(0, |line| range(*line).end);
        end..end
    }

    fn span(&self, range: Range<usize>) -> SourceSpan {
        SourceSpan::text(self.source, range)
    }

    fn problem(
        &self,
        rule: LockRule,
        range: Range<usize>,
        message: impl Into<String>,
    ) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(rule, self.span(range), message).with_help(RESTORE))
    }

    fn locked_twice(&self, table: &TableName, version: &VersionLine<'_>) -> Box<Diagnostic> {
        let table = backticked(&table.to_string());
        let message = format!("version {} of {table} is in the lock twice", version.number);
        let span = self.span(range(version.line));
        let problem = Diagnostic::new(LockRule::LockSyntax, span, message);
        Box::new(problem.with_help(
            "keep the block of the branch that was merged first, give the other change the next \
             version, and run `kalamtable lock`",
        ))
    }

    fn not_understood(&self, line: Line<'_>) -> Box<Diagnostic> {
        let message = "the line is not part of a history";
        self.problem(LockRule::LockSyntax, range(line), message)
    }

    fn report(&mut self, rule: LockRule, range: Range<usize>, message: &str, help: &str) {
        let problem = Diagnostic::new(rule, self.span(range), message);
        self.diagnostics.push(problem.with_help(help));
    }
}

fn range(line: Line<'_>) -> Range<usize> {
    line.start..line.start + line.text.len()
}

/// Returns whether a line belongs to the part of a lock above the history.
fn is_setting(line: &str) -> bool {
    let key = line.split('=').next().unwrap_or_default().trim();
    let is_entry = matches!(key, "[[accept]]" | "[[yanked]]");
    is_entry || (line.contains('=') && matches!(key, "levels" | "direction"))
}

/// Returns whether a line belongs to a version and does not begin it.
fn is_body(line: &str) -> bool {
    let prefixes = ["+ ", "- ", ACCEPTED, "order "];
    prefixes.iter().any(|prefix| line.starts_with(prefix)) || line == DROPPED
}

/// Parses a line about an accepted change, which has the form of `AcceptedChange`.
fn accepted_change(line: &str) -> Option<AcceptedChange> {
    let text = line.strip_prefix(ACCEPTED)?;
    // The reason is the only part after a colon and a space that can contain spaces.
    let (name, rest) = text.split_at(text.find([' ', ':'])?);
    let mut rules = EvolutionRule::ALL.iter().copied();
    let rule = rules.find(|rule| rule.name() == name || rule.id() == name)?;
    if let Some(reason) = rest.strip_prefix(": ") {
        return Some(AcceptedChange {
            rule,
            column: None,
            reason: parse_quoted(reason)?,
        });
    }
    let (id, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    let name_end = if rest.starts_with('"') {
        rest.find("\": \"")? + 1
    } else {
        rest.find(": ")?
    };
    let (name, reason) = rest.split_at(name_end);
    let name = if name.starts_with('"') {
        parse_quoted(name)?
    } else {
        name.to_string()
    };
    Some(AcceptedChange {
        rule,
        column: Some((id.parse().ok()?, name)),
        reason: parse_quoted(reason.strip_prefix(": ")?)?,
    })
}

/// Returns the value of a basic string of TOML.
fn parse_quoted(text: &str) -> Option<String> {
    let value = DeValue::parse(text).ok()?;
    match value.get_ref() {
        DeValue::String(text) => Some(DeString::as_ref(text).to_string()),
        _ => None,
    }
}
