// SPDX-License-Identifier: Apache-2.0

//! [`Diagnostic`]: one problem, where it is and how to mend it; and how a run's problems are shown.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::{Rule, SourceFile, SourceId, Sources};

/// One problem of a definition, or of the file that it should be in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// The rule that was broken.
    pub rule: Rule,
    /// What is wrong: lower case, no full stop, backticks round names, one line.
    pub message: String,
    /// Where.
    pub place: Place,
    /// How to mend it; each may have several lines.
    pub help: Vec<String>,
}

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a text.
    Text {
        /// The range that has to change.
        primary: Label,
        /// Ranges that explain why, in any file.
        others: Vec<Label>,
    },
    /// In a file or folder without a text to show.
    Path(String),
}

/// A range of a text, with what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub source: SourceId,
    /// The bytes of it; may be empty, to point between two characters.
    pub span: Range<usize>,
    /// A few words, or none.
    pub text: String,
}

impl Diagnostic {
    /// A problem at `span` of `source`, without help or labels yet.
    pub fn new(
        rule: Rule,
        source: SourceId,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let primary = Label {
            source,
            span,
            text: String::new(),
        };
        Diagnostic {
            rule,
            message: message.into(),
            place: Place::Text {
                primary,
                others: Vec::new(),
            },
            help: Vec::new(),
        }
    }

    /// A problem of a whole file or folder.
    pub fn at_path(rule: Rule, path: impl Into<String>, message: impl Into<String>) -> Self {
        Diagnostic {
            rule,
            message: message.into(),
            place: Place::Path(path.into()),
            help: Vec::new(),
        }
    }

    /// Adds a way to mend it.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Says something at the range itself.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        if let Place::Text { primary, .. } = &mut self.place {
            primary.text = text.into();
        }
        self
    }

    /// Adds a range that explains the problem.
    pub fn with_label(
        mut self,
        source: SourceId,
        span: Range<usize>,
        text: impl Into<String>,
    ) -> Self {
        if let Place::Text { others, .. } = &mut self.place {
            others.push(Label {
                source,
                span,
                text: text.into(),
            });
        }
        self
    }

    /// `path:line:column: message`, on one line, for tools that list problems.
    pub fn one_line(&self, sources: &Sources) -> String {
        match &self.place {
            Place::Path(path) => format!("{path}: {}", self.message),
            Place::Text { primary, .. } => {
                let Some(file) = sources.get(primary.source) else {
                    return self.message.clone();
                };
                let (line, column) = file.line_column(primary.span.start);
                format!("{}:{line}:{column}: {}", file.path(), self.message)
            }
        }
    }

    /// Where it is shown among the others: by file, then by position.
    fn order<'a>(&'a self, sources: &'a Sources) -> (&'a str, usize) {
        match &self.place {
            Place::Path(path) => (path, 0),
            Place::Text { primary, .. } => (path_of(sources, primary), primary.span.start),
        }
    }
}

fn path_of<'a>(sources: &'a Sources, label: &Label) -> &'a str {
    sources.get(label.source).map_or("", SourceFile::path)
}

/// Puts problems in the order in which they are shown: by file, then by position.
pub fn sort_diagnostics(diagnostics: &mut [Diagnostic], sources: &Sources) {
    diagnostics.sort_by(|a, b| a.order(sources).cmp(&b.order(sources)));
}

/// How [`render`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With the terminal's colours.
    Coloured,
}

/// The problems as a person reads them, by file and position, a blank line between two.
///
/// Empty if there are none, else it ends with a newline.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.order(sources));
    let mut output = String::new();
    for diagnostic in sorted {
        if !output.is_empty() {
            output.push('\n');
        }
        // annotate-snippets leaves spaces at the end of some lines, which editors and diffs dislike.
        for line in renderer.render(&[group(diagnostic, sources)]).lines() {
            output.push_str(line.trim_end());
            output.push('\n');
        }
    }
    output
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let title = Level::ERROR
        .primary_title(&diagnostic.message)
        .id(diagnostic.rule.id());
    let mut group = Group::with_title(title);
    match &diagnostic.place {
        Place::Path(path) => group = group.element(Origin::path(path)),
        Place::Text { primary, others } => {
            for excerpt in excerpts(primary, others, sources) {
                group = match excerpt.lines() {
                    Some(lines) => group.element(excerpt.snippet(lines)),
                    None => group.element(excerpt.origin()),
                };
            }
        }
    }
    group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(help)))
}

/// Labels of one file that are shown together.
struct Excerpt<'a> {
    file: &'a SourceFile,
    labels: Vec<(AnnotationKind, &'a Label)>,
}

/// Lines further apart than this are shown as two excerpts, and a line longer than this as none:
/// annotate-snippets looks at every character from the first line to the last.
const EXCERPT_BYTES: usize = 16 * 1024;

/// The labels, grouped by file and nearness; the primary one's group comes first.
fn excerpts<'a>(primary: &'a Label, others: &'a [Label], sources: &'a Sources) -> Vec<Excerpt<'a>> {
    let mut excerpts: Vec<(SourceId, Excerpt<'a>)> = Vec::new();
    let labels = std::iter::once((AnnotationKind::Primary, primary))
        .chain(others.iter().map(|label| (AnnotationKind::Context, label)));
    for (kind, label) in labels {
        let Some(file) = sources.get(label.source) else {
            continue;
        };
        let near = excerpts.iter_mut().find(|(source, excerpt)| {
            *source == label.source
                && excerpt.labels.iter().all(|(_, shown)| {
                    shown.span.start.abs_diff(label.span.start) < EXCERPT_BYTES / 2
                })
        });
        match near {
            Some((_, excerpt)) => excerpt.labels.push((kind, label)),
            None => {
                let labels = vec![(kind, label)];
                excerpts.push((label.source, Excerpt { file, labels }));
            }
        }
    }
    excerpts.into_iter().map(|(_, excerpt)| excerpt).collect()
}

impl<'a> Excerpt<'a> {
    /// The bytes of the lines that the labels are on; none if that is more than one should show.
    fn lines(&self) -> Option<Range<usize>> {
        let spans = || self.labels.iter().map(|(_, label)| &label.span);
        let text = self.file.text();
        let first = self.file.floor(spans().map(|span| span.start).min()?);
        let last = self.file.floor(spans().map(|span| span.end).max()?);
        let start = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
        let end = text
            .get(last..)?
            .find('\n')
            .map_or(text.len(), |at| last + at);
        (end - start <= EXCERPT_BYTES).then_some(start..end)
    }

    fn snippet(&self, lines: Range<usize>) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let text = self.file.text().get(lines.clone()).unwrap_or_default();
        // Nobody sees a byte order mark, and it would shift the column.
        let (text, base) = match text.strip_prefix('\u{feff}') {
            Some(rest) => (rest, lines.start + '\u{feff}'.len_utf8()),
            None => (text, lines.start),
        };
        let text = text.strip_suffix('\r').unwrap_or(text);
        let (line, _) = self.file.line_column(lines.start);
        let annotations = self.labels.iter().map(|(kind, label)| {
            let start = text.floor_char_boundary(label.span.start.saturating_sub(base));
            let end = text.floor_char_boundary(label.span.end.saturating_sub(base));
            let annotation = kind.span(start..end.max(start));
            match label.text.as_str() {
                "" => annotation,
                words => annotation.label(words),
            }
        });
        Snippet::source(text)
            .path(self.file.path())
            .line_start(line)
            .annotations(annotations)
    }

    /// The place alone.
    fn origin(&self) -> Origin<'a> {
        let origin = Origin::path(self.file.path());
        match self.labels.first() {
            Some((_, label)) => {
                let (line, column) = self.file.line_column(label.span.start);
                origin.line(line).char_column(column)
            }
            None => origin,
        }
    }
}

/// Text that a user wrote, as it appears in a message: in backticks, on one line, not too long.
pub fn tick(text: &str) -> String {
    const CHARS: usize = 60;
    let mut out = String::from("`");
    for (index, c) in text.chars().enumerate() {
        if index == CHARS {
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

/// `a`, `b` and `c`, each in backticks.
pub fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>, joint: &str) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| tick(name.as_ref())).collect();
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} {joint} {last}", names.join(", ")),
    }
}
