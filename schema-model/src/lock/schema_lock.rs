// SPDX-License-Identifier: Apache-2.0

//! [`SchemaLock`]: the settings and the history of a project.

use std::fmt::Write;

use super::header::{Header, LockSettings};
use super::header_reader::read_header;
use super::history::LockedTable;
use super::history_reader::{CONTAINS, LAST_LINE, NO_TABLES, read_history};
use crate::check::CheckedTable;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::rule::LockRule;
use crate::source::{SourceFile, SourceId, SourceSpan, Sources};
use crate::table_name::TableName;

/// The released versions of the tables of a project.
///
/// The tables are sorted by the names of their first versions, which are unique up to a number.
#[derive(Clone, Debug)]
pub struct SchemaLock {
    pub(super) header: Header,
    pub(super) tables: Vec<LockedTable>,
}

/// The line that begins the history.
const SEPARATOR: &str =
    "---- history: written by `kalamtable lock`, do not edit below this line ----";

impl SchemaLock {
    /// Creates a lock without tables, for a project that has not released any.
    pub fn new() -> Self {
        SchemaLock {
            header: Header::new(),
            tables: Vec::new(),
        }
    }

    /// Parses a lock, and checks that its history was not edited. The lines can end in LF or CRLF.
    ///
    /// # Errors
    /// All problems of the part that is edited by hand. If there are none, the first problem of
    /// each table of the history.
    pub fn parse(sources: &Sources, source: SourceId) -> Result<Self, Vec<Diagnostic>> {
        let Some(file) = sources.get(source) else {
            let message = "the file is not among the sources of this run";
            return Err(vec![Diagnostic::at_path(
                LockRule::LockMissing,
                "",
                message,
            )]);
        };
        if let Some(problem) = reject_text(file, source) {
            return Err(vec![problem]);
        }
        let text = file.text();
        let start = match text.starts_with('\u{feff}') {
            true => '\u{feff}'.len_utf8(),
            false => 0,
        };
        let separator = separator(text, start);
        let header = read_header(
            text,
            start..separator.as_ref().map_or(text.len(), |it| it.0),
            source,
        )?;
        let Some((line_start, _)) = separator.filter(|(_, line)| *line == SEPARATOR) else {
            let span = match separator {
                Some((line_start, line)) => line_start..line_start + line.len(),
                None => text.len()..text.len(),
            };
            let message = match separator {
                Some(_) => "the line that begins the history was edited",
                None => "the line that begins the history is missing",
            };
            let problem = Diagnostic::new(
                LockRule::LockSyntax,
                SourceSpan::text(source, span),
                message,
            );
            return Err(vec![problem.with_help(format!(
                "restore the file from version control: the history follows the line\n{SEPARATOR}"
            ))]);
        };
        let after_line = text.get(line_start..).and_then(|rest| rest.find('\n'));
        let history = after_line.map_or(text.len(), |newline| line_start + newline + 1);
        Ok(SchemaLock {
            header,
            tables: read_history(text, history, source)?,
        })
    }

    /// Returns the text of the lock. The part that is edited by hand keeps its comments. Lines end
    /// in LF.
    pub fn to_text(&self) -> String {
        let mut out = self.header.text.replace("\r\n", "\n");
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(SEPARATOR);
        out.push('\n');
        if self.tables.is_empty() {
            let _ = writeln!(out, "{NO_TABLES}");
        }
        for table in &self.tables {
            let _ = writeln!(out, "{CONTAINS}{}", table.id);
        }
        for table in &self.tables {
            let _ = writeln!(
                out,
                "\ntable {}\nversions {}",
                table.id,
                table.versions.len()
            );
            for version in &table.versions {
                let _ = writeln!(out, "version {} {}", version.number, version.hash);
                out.push_str(&version.body);
            }
            let _ = writeln!(out, "end {}", table.id);
        }
        let _ = writeln!(out, "\n{LAST_LINE}");
        out
    }

    /// Returns the settings.
    pub fn settings(&self) -> &LockSettings {
        &self.header.settings
    }

    /// Returns the tables, sorted by the name of their first version. Dropped tables are included.
    pub fn tables(&self) -> &[LockedTable] {
        &self.tables
    }

    /// Returns the table whose latest version has this name, or `None` if there is no such table. A
    /// dropped table is returned only if no other table has the name.
    pub fn table(&self, name: &TableName) -> Option<&LockedTable> {
        let named = || self.tables.iter().filter(|table| table.name() == name);
        named()
            .find(|table| !table.is_dropped())
            .or_else(|| named().next_back())
    }

    /// Returns the history that a definition continues: that of its name, or of the earlier name
    /// that it states with `renamed_from`. Returns `None` if the lock has neither.
    pub fn history_of(&self, table: &CheckedTable) -> Option<&LockedTable> {
        let by_earlier_name = || self.table(table.renames.table.as_ref()?);
        self.table(table.definition.name()).or_else(by_earlier_name)
    }
}

impl Default for SchemaLock {
    fn default() -> Self {
        SchemaLock::new()
    }
}

/// Returns the offset and the text of the line that begins the history.
fn separator(text: &str, start: usize) -> Option<(usize, &str)> {
    let mut offset = start;
    for line in text.get(start..)?.split_inclusive('\n') {
        if line.starts_with("----") {
            return Some((offset, line.trim_end_matches(['\r', '\n'])));
        }
        offset += line.len();
    }
    None
}

/// Returns the problem of a text that cannot be a lock.
fn reject_text(file: &SourceFile, source: SourceId) -> Option<Diagnostic> {
    let text = file.text();
    if text.len() as u64 > limits::LOCK_BYTES {
        return Some(lock_too_large(file.path(), text.len() as u64));
    }
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let problem = Diagnostic::at_path(LockRule::LockSyntax, file.path(), "the lock is empty");
        return Some(problem.with_help(
            "restore the file from version control; if no version was released, delete it and run \
             `kalamtable lock`",
        ));
    }
    for marker in ["<<<<<<< ", "||||||| ", ">>>>>>> "] {
        let at = match text.starts_with(marker) {
            true => Some(0),
            false => text.find(&format!("\n{marker}")).map(|newline| newline + 1),
        };
        if let Some(at) = at {
            let span = SourceSpan::text(source, at..at + marker.len() - 1);
            let message = "the lock has the conflict markers of a merge";
            let problem = Diagnostic::new(LockRule::LockConflict, span, message);
            return Some(problem.with_help(format!(
                "keep the whole lock of the branch that others have: if it is `main`, run `git checkout \
                 main -- {}`; then give the other change the next version, and run `kalamtable lock`",
                file.path()
            )));
        }
    }
    long_line(text).map(|(at, length)| {
        let limit = limits::LOCK_LINE_BYTES;
        let message = format!("the line has {length} bytes, more than the maximum of {limit}");
        let problem = Diagnostic::new(
            LockRule::LockTooLarge,
            SourceSpan::text(source, at..at),
            message,
        );
        problem.with_help("restore the file from version control")
    })
}

/// Returns the offset and the length of the first line that exceeds the limit.
fn long_line(text: &str) -> Option<(usize, usize)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > limits::LOCK_LINE_BYTES {
            return Some((start, line.len()));
        }
        start += line.len();
    }
    None
}

/// Creates the problem of a lock above the size limit, for callers that know the size before they
/// read the text.
#[doc(hidden)]
pub fn lock_too_large(path: &str, bytes: u64) -> Diagnostic {
    let limit = limits::LOCK_BYTES;
    let message = format!("the lock has {bytes} bytes, more than the maximum of {limit}");
    Diagnostic::at_path(LockRule::LockTooLarge, path, message)
        .with_help("restore the file from version control, or divide the definitions into projects")
}
