// SPDX-License-Identifier: Apache-2.0

//! [`Diagnostic`]: one problem of a definition with its position and its fix, and the rendering of
//! the diagnostics of a run.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::rule::{AnyRule, Severity};
use crate::source::{SourceFile, SourceId, SourceSpan, Sources};
use crate::verdict::Verdicts;

/// One problem of a definition, its file, its history or the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// The rule that is broken.
    pub rule: AnyRule,
    /// The consequence.
    pub severity: Severity,
    /// The effect at each level, if the problem is a change of a schema.
    pub verdicts: Option<Verdicts>,
    /// The problem on one line: lower case, no trailing period, names in backticks.
    pub message: String,
    /// The position of the problem.
    pub location: Location,
    /// Ways to fix the problem. Each may have several lines.
    pub help: Vec<String>,
}

/// The position of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A part of a definition.
    Span {
        /// The part that has to change.
        primary: Label,
        /// Parts that explain the problem, in any file.
        related: Vec<Label>,
    },
    /// A file or folder as a whole.
    Path(String),
}

/// A part of a definition with a short text about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The position of the part.
    pub span: SourceSpan,
    /// A few words. Empty if the message needs no addition.
    pub text: String,
}

impl Diagnostic {
    /// Creates a problem at `span`, without help and without related labels.
    pub fn new(rule: impl Into<AnyRule>, span: SourceSpan, message: impl Into<String>) -> Self {
        let primary = Label {
            span,
            text: String::new(),
        };
        let location = Location::Span {
            primary,
            related: Vec::new(),
        };
        Diagnostic::at(rule.into(), location, message.into())
    }

    /// Creates a problem of a whole file or folder.
    pub fn at_path(
        rule: impl Into<AnyRule>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Diagnostic::at(rule.into(), Location::Path(path.into()), message.into())
    }

    fn at(rule: AnyRule, location: Location, message: String) -> Self {
        Diagnostic {
            rule,
            severity: rule.severity(),
            verdicts: match rule {
                AnyRule::Evolution(rule) => Some(rule.verdicts()),
                AnyRule::Definition(_) | AnyRule::Lock(_) => None,
            },
            message,
            location,
            help: Vec::new(),
        }
    }

    /// Adds a way to fix the problem.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a part that explains the problem. Has no effect on a problem of a whole file.
    pub fn with_label(mut self, span: SourceSpan, text: impl Into<String>) -> Self {
        if let Location::Span { related, .. } = &mut self.location {
            related.push(Label {
                span,
                text: text.into(),
            });
        }
        self
    }

    /// Formats the problem as `path:line:column: message`, for tools that list problems.
    ///
    /// Omits the position if it is not in a text of `sources`.
    pub fn one_line(&self, sources: &Sources) -> String {
        match &self.location {
            Location::Path(path) => format!("{path}: {}", self.message),
            Location::Span { primary, .. } => {
                let Some((file, range)) = primary.in_text(sources) else {
                    return self.message.clone();
                };
                let (line, column) = file.line_column(range.start);
                format!("{}:{line}:{column}: {}", file.path(), self.message)
            }
        }
    }

    /// Returns the path and the offset by which diagnostics are sorted.
    fn sort_key<'a>(&'a self, sources: &'a Sources) -> (&'a str, usize) {
        match &self.location {
            Location::Path(path) => (path, 0),
            Location::Span { primary, .. } => {
                let path = primary
                    .in_text(sources)
                    .map_or("", |(file, _)| SourceFile::path(file));
                (path, primary.span.start())
            }
        }
    }
}

impl Label {
    /// Returns the file and the range of bytes, or `None` if the position is not in a text of
    /// `sources`.
    fn in_text<'a>(&'a self, sources: &'a Sources) -> Option<(&'a SourceFile, &'a Range<usize>)> {
        match &self.span {
            SourceSpan::Text { source, range } => Some((sources.get(*source)?, range)),
            SourceSpan::Key(_) => None,
        }
    }
}

/// Sorts diagnostics as [`render`] shows them: by file, then by position.
pub fn sort_diagnostics(diagnostics: &mut [Diagnostic], sources: &Sources) {
    diagnostics.sort_by(|a, b| a.sort_key(sources).cmp(&b.sort_key(sources)));
}

/// The format of [`render`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text without escape sequences.
    Plain,
    /// Text with the colours of a terminal.
    Coloured,
}

/// Renders diagnostics with excerpts of their sources, sorted by file and position and separated by
/// blank lines.
///
/// The result is empty if there are no diagnostics; otherwise it ends with a newline. Positions
/// that are not in a text of `sources` are omitted.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.sort_key(sources));
    let mut output = String::new();
    for diagnostic in sorted {
        if !output.is_empty() {
            output.push('\n');
        }
        // annotate-snippets leaves trailing spaces on some lines, which editors and diffs flag.
        for line in renderer.render(&[group(diagnostic, sources)]).lines() {
            output.push_str(line.trim_end());
            output.push('\n');
        }
    }
    output
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(&diagnostic.message)
        .id(diagnostic.rule.id());
    let mut group = Group::with_title(title);
    match &diagnostic.location {
        Location::Path(path) => group = group.element(Origin::path(path)),
        Location::Span { primary, related } => {
            for excerpt in excerpts(primary, related, sources) {
                group = match excerpt.lines() {
                    Some(lines) => group.element(excerpt.snippet(lines)),
                    None => group.element(excerpt.origin()),
                };
            }
        }
    }
    if let Some(verdicts) = diagnostic.verdicts {
        group = group.element(Level::NOTE.message(verdicts.to_string()));
    }
    group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(help)))
}

/// Labels of one file that are shown together.
struct Excerpt<'a> {
    source: SourceId,
    file: &'a SourceFile,
    labels: Vec<Annotated<'a>>,
}

/// A label with its range of bytes in the file.
struct Annotated<'a> {
    kind: AnnotationKind,
    range: &'a Range<usize>,
    text: &'a str,
}

/// The maximum size of an excerpt. Labels that are further apart are shown as two excerpts, and a
/// longer line is not shown: annotate-snippets visits every character of an excerpt.
const EXCERPT_BYTES: usize = 16 * 1024;

/// Groups the labels by file and proximity. The group of the primary label comes first.
fn excerpts<'a>(
    primary: &'a Label,
    related: &'a [Label],
    sources: &'a Sources,
) -> Vec<Excerpt<'a>> {
    let mut excerpts: Vec<Excerpt<'a>> = Vec::new();
    let labels = std::iter::once((AnnotationKind::Primary, primary))
        .chain(related.iter().map(|label| (AnnotationKind::Context, label)));
    for (kind, label) in labels {
        let SourceSpan::Text { source, range } = &label.span else {
            continue;
        };
        let Some(file) = sources.get(*source) else {
            continue;
        };
        let annotated = Annotated {
            kind,
            range,
            text: &label.text,
        };
        let near = excerpts.iter_mut().find(|excerpt| {
            excerpt.source == *source
                && excerpt
                    .labels
                    .iter()
                    .all(|shown| shown.range.start.abs_diff(range.start) < EXCERPT_BYTES / 2)
        });
        match near {
            Some(excerpt) => excerpt.labels.push(annotated),
            None => excerpts.push(Excerpt {
                source: *source,
                file,
                labels: vec![annotated],
            }),
        }
    }
    excerpts
}

impl<'a> Excerpt<'a> {
    /// Returns the bytes of the lines that contain the labels, or `None` if they exceed
    /// [`EXCERPT_BYTES`].
    fn lines(&self) -> Option<Range<usize>> {
        let ranges = || self.labels.iter().map(|label| label.range);
        let text = self.file.text();
        let first = self.file.floor(ranges().map(|range| range.start).min()?);
        let last = self.file.floor(ranges().map(|range| range.end).max()?);
        let start = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
        let end = text
            .get(last..)?
            .find('\n')
            .map_or(text.len(), |at| last + at);
        (end - start <= EXCERPT_BYTES).then_some(start..end)
    }

    fn snippet(&self, lines: Range<usize>) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let excerpt = self.file.text().get(lines.clone()).unwrap_or_default();
        // A byte order mark is invisible and would shift the column.
        let (visible, base) = match excerpt.strip_prefix('\u{feff}') {
            Some(rest) => (rest, lines.start + '\u{feff}'.len_utf8()),
            None => (excerpt, lines.start),
        };
        let text = visible.strip_suffix('\r').unwrap_or(visible);
        let (line, _) = self.file.line_column(lines.start);
        let annotations = self.labels.iter().map(|label| {
            let start = text.floor_char_boundary(label.range.start.saturating_sub(base));
            let end = text.floor_char_boundary(label.range.end.saturating_sub(base));
            let annotation = label.kind.span(start..end.max(start));
            match label.text {
                "" => annotation,
                words => annotation.label(words),
            }
        });
        Snippet::source(text)
            .path(self.file.path())
            .line_start(line)
            .annotations(annotations)
    }

    /// Returns the path, line and column without any text.
    fn origin(&self) -> Origin<'a> {
        let origin = Origin::path(self.file.path());
        match self.labels.first() {
            Some(label) => {
                let (line, column) = self.file.line_column(label.range.start);
                origin.line(line).char_column(column)
            }
            None => origin,
        }
    }
}

/// Formats user text for a message: in backticks, on one line, at most 60 characters.
#[doc(hidden)]
pub fn backticked(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    let mut out = String::from("`");
    for (index, c) in text.chars().enumerate() {
        if index == MAX_CHARS {
            out.push_str("..");
            break;
        }
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// Formats names as "`a`, `b` and `c`", with `conjunction` before the last one.
#[doc(hidden)]
pub fn backticked_list<T: AsRef<str>>(
    names: impl IntoIterator<Item = T>,
    conjunction: &str,
) -> String {
    let mut names: Vec<String> = names
        .into_iter()
        .map(|name| backticked(name.as_ref()))
        .collect();
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} {conjunction} {last}", names.join(", ")),
    }
}
