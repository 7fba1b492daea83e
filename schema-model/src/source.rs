// SPDX-License-Identifier: Apache-2.0

//! [`Sources`]: the texts that definitions come from, and where in them a byte is.

use std::ops::Range;

/// A value and the bytes of its file that it was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where, in bytes.
    pub span: Range<usize>,
}

impl<T> Spanned<T> {
    /// `value`, as written in `span`.
    pub fn new(value: T, span: Range<usize>) -> Self {
        Spanned { value, span }
    }
}

/// One file's text, with the path that messages show for it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    /// Offsets at which lines start: sorted, the first one 0.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// A file that is shown as `path`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let after_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        SourceFile {
            path: path.into(),
            line_starts: std::iter::once(0).chain(after_newlines).collect(),
            text,
        }
    }

    /// The path that messages show.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of the character at byte `offset`, both from 1, the column in characters.
    ///
    /// An offset past the end is taken as the end, one inside a character as its start.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_start(line);
        let before = self.text.get(start..offset).unwrap_or_default();
        // A byte order mark takes no place that an editor would count.
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        (line, before.chars().count() + 1)
    }

    /// The offset at which a line starts, counted from 1.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        let index = line.saturating_sub(1);
        self.line_starts
            .get(index)
            .copied()
            .unwrap_or(self.text.len())
    }

    /// The largest character boundary that is not above `offset`.
    pub(crate) fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

/// Names one file of a [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(usize);

/// The files of one run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// No files.
    pub fn new() -> Self {
        Sources::default()
    }

    /// Adds a file.
    pub fn push(&mut self, file: SourceFile) -> SourceId {
        self.files.push(file);
        SourceId(self.files.len() - 1)
    }

    /// The file of that id; none if the id is another collection's.
    pub fn get(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0)
    }

    /// Every file with its id, in the order they were added.
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
    fn columns_count_characters_and_lines_end_at_newlines() {
        let file = SourceFile::new("x.toml", "äb\r\nc\n");
        assert_eq!(file.line_column(0), (1, 1));
        assert_eq!(file.line_column(1), (1, 1));
        assert_eq!(file.line_column(2), (1, 2));
        assert_eq!(file.line_column(5), (2, 1));
        assert_eq!(file.line_column(7), (3, 1));
        assert_eq!(file.line_column(99), (3, 1));
    }

    #[test]
    fn byte_order_mark_is_no_column() {
        let file = SourceFile::new("x.toml", "\u{feff}name = 1");
        assert_eq!(file.line_column(3), (1, 1));
    }
}
