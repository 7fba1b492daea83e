// SPDX-License-Identifier: Apache-2.0

//! [`Sources`]: the texts of the definitions of one run, and [`SourceSpan`]: a position in a text.

use std::ops::Range;

/// The position of a part of a definition.
///
/// The checks only copy and order positions, so a front end without text, such as a derive macro,
/// can use keys of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SourceSpan {
    /// A range of bytes in a text. It may be empty, to point between two characters.
    Text {
        /// The file.
        source: SourceId,
        /// The bytes of its text.
        range: Range<usize>,
    },
    /// A key that the front end chose. A part that is written later has a larger key.
    Key(usize),
}

impl SourceSpan {
    /// Creates the position of `range`, in bytes, in the text of `source`.
    pub fn text(source: SourceId, range: Range<usize>) -> Self {
        SourceSpan::Text { source, range }
    }

    /// Returns the offset of the first byte, or the key. Positions of one definition are ordered by
    /// this number.
    pub fn start(&self) -> usize {
        match self {
            SourceSpan::Text { range, .. } => range.start,
            SourceSpan::Key(key) => *key,
        }
    }
}

/// A value with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The position at which it is written.
    pub span: SourceSpan,
}

impl<T> Spanned<T> {
    /// Creates a value that is written at `span`.
    pub fn new(value: T, span: SourceSpan) -> Self {
        Spanned { value, span }
    }
}

/// The text of one file, with the path that messages show.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    /// The offset of the start of each line, in ascending order. The first is 0.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// Creates a file that messages show as `path`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let after_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        SourceFile {
            path: path.into(),
            line_starts: std::iter::once(0).chain(after_newlines).collect(),
            text,
        }
    }

    /// Returns the path that messages show.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the line and the column of the character at byte `offset`, both counted from 1. The
    /// column counts characters.
    ///
    /// An offset past the end is treated as the end, an offset inside a character as its start.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_start(line);
        let before = self.text.get(start..offset).unwrap_or_default();
        // Editors do not count a byte order mark as a column.
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        (line, before.chars().count() + 1)
    }

    /// Returns the offset at which `line`, counted from 1, starts.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        let index = line.saturating_sub(1);
        self.line_starts
            .get(index)
            .copied()
            .unwrap_or(self.text.len())
    }

    /// Returns the largest character boundary that does not exceed `offset`.
    pub(crate) fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

/// Identifies one file of a [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(usize);

/// The files of one run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Sources::default()
    }

    /// Adds a file and returns its id.
    pub fn push(&mut self, file: SourceFile) -> SourceId {
        self.files.push(file);
        SourceId(self.files.len() - 1)
    }

    /// Returns the file with this id, or `None` if the collection has no such file.
    ///
    /// An id is valid only in the collection whose [`push`](Self::push) returned it. Another
    /// collection can return an unrelated file.
    pub fn get(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0)
    }

    /// Iterates over the files and their ids in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (SourceId(index), file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_column_counts_characters_and_newlines() {
        let file = SourceFile::new("x.toml", "äb\r\nc\n");
        assert_eq!(file.line_column(0), (1, 1));
        assert_eq!(file.line_column(1), (1, 1));
        assert_eq!(file.line_column(2), (1, 2));
        assert_eq!(file.line_column(5), (2, 1));
        assert_eq!(file.line_column(7), (3, 1));
        assert_eq!(file.line_column(99), (3, 1));
    }

    #[test]
    fn line_column_skips_byte_order_mark() {
        let file = SourceFile::new("x.toml", "\u{feff}name = 1");
        assert_eq!(file.line_column(3), (1, 1));
    }
}
