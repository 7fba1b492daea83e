// SPDX-License-Identifier: Apache-2.0

//! [`Comments`]: the comments and blank lines of a document, by the line to which they belong.

use std::collections::BTreeMap;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::anchors::{Anchor, Target};

/// A line without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnLine {
    Blank,
    /// A comment, beginning with `#`.
    Comment(String),
}

/// The comments of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Trivia {
    /// The lines above it.
    pub(super) leading: Vec<OwnLine>,
    /// The comment at its end.
    pub(super) trailing: Option<String>,
}

/// A comment or a blank line in the order of the document.
#[derive(Debug)]
enum Attached {
    /// A line of its own.
    Own(OwnLine),
    /// A comment after other tokens.
    Trailing(String),
}

/// The comments and blank lines of a document.
#[derive(Debug, Default)]
pub(super) struct Comments {
    first: Option<Target>,
    lines: BTreeMap<Target, Vec<Attached>>,
    /// The lines after the last key.
    rest: Vec<OwnLine>,
}

impl Comments {
    /// Reads the comments of a valid document. `anchors` are its parts, sorted by position.
    pub(super) fn read(text: &str, anchors: &[Anchor]) -> Self {
        let mut comments = Comments {
            first: anchors.first().map(|anchor| anchor.target.clone()),
            ..Comments::default()
        };
        let mut has_content = false;
        let mut is_blank = true;
        for token in Source::new(text).lex() {
            let (start, end) = (token.span().start(), token.span().end());
            match token.kind() {
                TokenKind::Whitespace | TokenKind::Eof => {}
                TokenKind::Newline => {
                    if is_blank {
                        comments.add_line(start, OwnLine::Blank, anchors);
                    }
                    has_content = false;
                    is_blank = true;
                }
                TokenKind::Comment => {
                    let comment = text.get(start..end).unwrap_or_default();
                    let comment = comment.trim_end().to_string();
                    is_blank = false;
                    if has_content {
                        comments.add_trailing(start, comment, anchors);
                    } else {
                        comments.add_line(start, OwnLine::Comment(comment), anchors);
                    }
                }
                _ => {
                    has_content = true;
                    is_blank = false;
                }
            }
        }
        comments
    }

    fn add_line(&mut self, at: usize, line: OwnLine, anchors: &[Anchor]) {
        let before = anchors.partition_point(|anchor| anchor.range.start <= at);
        let (earlier, later) = anchors.split_at(before);
        let target = match earlier.last() {
            // Inside of a value, only comments are kept.
            Some(anchor) if at < anchor.range.end => match line {
                OwnLine::Blank => return,
                OwnLine::Comment(_) => Some(&anchor.target),
            },
            _ => later.first().map(|anchor| &anchor.target),
        };
        match target {
            Some(target) => {
                let lines = self.lines.entry(target.clone()).or_default();
                lines.push(Attached::Own(line));
            }
            None => self.rest.push(line),
        }
    }

    fn add_trailing(&mut self, at: usize, comment: String, anchors: &[Anchor]) {
        let before = anchors.partition_point(|anchor| anchor.range.start <= at);
        match anchors.get(before.saturating_sub(1)) {
            Some(anchor) => {
                let lines = self.lines.entry(anchor.target.clone()).or_default();
                lines.push(Attached::Trailing(comment));
            }
            None => self.rest.push(OwnLine::Comment(comment)),
        }
    }

    /// Removes the comments of the file as a whole: those at its start that a blank line separates
    /// from the first key, and a directive for editors such as `#:schema`.
    pub(super) fn take_header(&mut self) -> Vec<OwnLine> {
        let Some(lines) = self
            .first
            .as_ref()
            .and_then(|first| self.lines.get_mut(first))
        else {
            return Vec::new();
        };
        let is_directive = |line: &Attached| matches!(line, Attached::Own(OwnLine::Comment(comment)) if comment.starts_with("#:"));
        let own = lines
            .iter()
            .take_while(|line| matches!(line, Attached::Own(_)))
            .count();
        let own_lines = lines.get(..own).unwrap_or_default();
        let directives = own_lines
            .iter()
            .take_while(|line| is_directive(line))
            .count();
        let is_blank = |line: &Attached| matches!(line, Attached::Own(OwnLine::Blank));
        let blank = own_lines.iter().rposition(is_blank);
        let end = directives.max(blank.map_or(0, |at| at + 1));
        lines.drain(..end).map(Attached::into_line).collect()
    }

    /// Removes and returns the comments of a line. A line can have only one comment at its end, so
    /// several ones move above it.
    pub(super) fn take(&mut self, target: &Target) -> Trivia {
        let mut lines = self.lines.remove(target).unwrap_or_default();
        let is_trailing = |line: &Attached| matches!(line, Attached::Trailing(_));
        let only = match lines.iter().filter(|line| is_trailing(line)).count() {
            1 => lines.iter().position(is_trailing),
            _ => None,
        };
        let trailing = only.map(|at| lines.remove(at)).map(Attached::into_line);
        Trivia {
            leading: lines.into_iter().map(Attached::into_line).collect(),
            trailing: trailing.and_then(OwnLine::into_comment),
        }
    }

    /// Removes and returns all other lines.
    pub(super) fn take_rest(&mut self) -> Vec<OwnLine> {
        std::mem::take(&mut self.rest)
    }
}

impl Attached {
    fn into_line(self) -> OwnLine {
        match self {
            Attached::Own(line) => line,
            Attached::Trailing(comment) => OwnLine::Comment(comment),
        }
    }
}

impl OwnLine {
    fn into_comment(self) -> Option<String> {
        match self {
            OwnLine::Blank => None,
            OwnLine::Comment(comment) => Some(comment),
        }
    }
}
