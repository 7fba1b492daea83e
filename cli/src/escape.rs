// SPDX-License-Identifier: Apache-2.0

//! Control characters as text. In data, they could move the cursor of a terminal, hide text, or
//! make the terminal send input.

use std::borrow::Cow;
use std::io::{self, Write};

/// Returns `text` with each control character, except those in `kept`, and each character that
/// changes the direction of text, as an escape such as `\u{1b}`.
pub(crate) fn escape_controls<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let is_escaped = |c: char| {
        c.is_control() && !kept.contains(&c)
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// A terminal, which receives control characters, except line breaks, as text.
pub(crate) struct TerminalOutput<W> {
    writer: W,
    /// The bytes of a character that is not complete yet.
    rest: Vec<u8>,
}

impl<W: Write> TerminalOutput<W> {
    /// Creates an output to the terminal `writer`.
    pub(crate) fn new(writer: W) -> Self {
        TerminalOutput {
            writer,
            rest: Vec::new(),
        }
    }
}

impl<W: Write> Write for TerminalOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        let (complete, rest) = match std::str::from_utf8(&self.rest) {
            Ok(text) => (Cow::Borrowed(text), Vec::new()),
            Err(error) if error.error_len().is_none() => {
                let (complete, rest) = self.rest.split_at(error.valid_up_to());
                (String::from_utf8_lossy(complete), rest.to_vec())
            }
            Err(_) => (String::from_utf8_lossy(&self.rest), Vec::new()),
        };
        let escaped = escape_controls(&complete, &['\n']);
        self.writer.write_all(escaped.as_bytes())?;
        self.rest = rest;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_receives_controls_as_text_even_if_a_character_is_split() {
        let text = "a\u{1b}[2J\u{9b}é\r\n\u{202e}";
        let expected = "a\\u{1b}[2J\\u{9b}é\\r\n\\u{202e}";
        for size in 1..text.len() {
            let mut terminal = TerminalOutput::new(Vec::new());
            for part in text.as_bytes().chunks(size) {
                terminal.write_all(part).unwrap();
            }
            assert_eq!(String::from_utf8(terminal.writer).unwrap(), expected);
        }
    }
}
