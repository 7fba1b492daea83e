// SPDX-License-Identifier: Apache-2.0

//! [`ReportLocation`]: the position of a finding as lines and columns, and [`TableSubject`]: the
//! table that is defined there.

use std::ops::Range;

use kalamtable_model::{CheckedTable, Label, Location, SourceId, SourceSpan, Sources};

/// A position in a file. Lines and columns are counted from 1, and columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReportLocation {
    /// The path, with `/` as separator.
    pub(super) path: String,
    /// The range in the file, or `None` if the finding concerns the file as a whole.
    pub(super) range: Option<ReportRange>,
}

/// A range of characters in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReportRange {
    /// The line of the first character.
    pub(super) line: usize,
    /// The column of the first character.
    pub(super) column: usize,
    /// The line of the last character.
    pub(super) end_line: usize,
    /// The column after the last character.
    pub(super) end_column: usize,
}

impl ReportLocation {
    /// Returns the position, or `None` if the finding has no path.
    pub(super) fn of(location: &Location, sources: &Sources) -> Option<Self> {
        match location {
            Location::Path(path) if path.is_empty() => None,
            Location::Path(path) => Some(ReportLocation {
                path: path.clone(),
                range: None,
            }),
            Location::Span { primary, .. } => ReportLocation::of_label(primary, sources),
        }
    }

    /// Returns the position of a label, or `None` if it is not in a text of `sources`.
    pub(super) fn of_label(label: &Label, sources: &Sources) -> Option<Self> {
        let (source, range) = text_range(&label.span)?;
        let file = sources.get(source)?;
        let (line, column) = file.line_column(range.start);
        let (end_line, end_column) = file.line_column(range.end);
        Some(ReportLocation {
            path: file.path().to_string(),
            range: Some(ReportRange {
                line,
                column,
                end_line,
                end_column,
            }),
        })
    }
}

fn text_range(span: &SourceSpan) -> Option<(SourceId, &Range<usize>)> {
    match span {
        SourceSpan::Text { source, range } => Some((*source, range)),
        SourceSpan::Key(_) => None,
    }
}

/// A table with the positions of its columns.
#[derive(Debug)]
pub(super) struct TableSubject {
    source: SourceId,
    /// The byte at which the name of the table is.
    start: usize,
    name: String,
    /// The positions and the names of the columns.
    columns: Vec<(SourceSpan, String)>,
}

impl TableSubject {
    pub(super) fn new(table: &CheckedTable) -> Self {
        let names = table.definition.columns().iter();
        let names = names.map(|column| column.name.to_string());
        TableSubject {
            source: table.source,
            start: table.spans.name.start(),
            name: table.definition.name().to_string(),
            columns: table.spans.columns.iter().cloned().zip(names).collect(),
        }
    }

    /// Returns the name of the table and of the column at a location. The column is `None` if the
    /// location is not on the line of exactly one column.
    pub(super) fn at<'a>(
        subjects: &'a [TableSubject],
        location: &Location,
        sources: &Sources,
    ) -> Option<(&'a str, Option<&'a str>)> {
        let Location::Span { primary, .. } = location else {
            return None;
        };
        let (source, range) = text_range(&primary.span)?;
        // A lock contains several tables. The last one that begins before the location contains it.
        let in_file = || subjects.iter().filter(|subject| subject.source == source);
        let before = in_file().filter(|subject| subject.start <= range.start);
        let subject = before
            .max_by_key(|subject| subject.start)
            .or_else(|| in_file().next())?;
        let file = sources.get(source)?;
        let line_at = |offset| file.line_column(offset).0;
        let line = line_at(range.start);
        let mut on_line = subject
            .columns
            .iter()
            .filter(|(span, _)| line_at(span.start()) == line);
        let column = match (on_line.next(), on_line.next()) {
            // In a lock, all parts of a version are on the line of its header.
            (Some(_), None) if line == line_at(subject.start) => None,
            (column, None) => column,
            (_, Some(_)) => None,
        };
        Some((&subject.name, column.map(|(_, name)| name.as_str())))
    }
}
