// SPDX-License-Identifier: Apache-2.0

//! Characters that comments and defaults cannot contain.

use super::context::Checks;
use crate::rule::Rule;
use crate::source::{SourceSpan, Spanned};

/// The characters that change the direction of text. `rustc` rejects them in the comments of
/// generated code.
const DIRECTIONS: [char; 9] = [
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}',
];

impl Checks<'_> {
    /// Reports a character that a comment, or the reason for having no key, cannot contain.
    pub(super) fn comment_characters(&mut self, text: &Spanned<String>) {
        self.control_characters(&text.value, &text.span, "the comment");
        if let Some(direction) = text.value.chars().find(|c| DIRECTIONS.contains(c)) {
            let message = format!(
                "the comment contains U+{:04X}, which changes the direction of text",
                u32::from(direction)
            );
            let problem = self.problem(Rule::ControlCharacter, &text.span, message);
            self.push(problem.with_help("delete the character: `rustc` rejects it in comments"));
        }
    }

    /// Reports a control character other than tabs and line breaks in a text, which messages call
    /// `what`. Returns whether it has none.
    pub(super) fn control_characters(&mut self, text: &str, span: &SourceSpan, what: &str) -> bool {
        let allowed = ['\t', '\n', '\r'];
        let mut characters = text.chars();
        let found = characters.find(|c| c.is_control() && !allowed.contains(c));
        if let Some(found) = found {
            let message = format!(
                "{what} contains U+{:04X}, a control character",
                u32::from(found)
            );
            let problem = self.problem(Rule::ControlCharacter, span, message);
            let help = "delete the character: text contains no control characters except tabs and \
                        line breaks";
            self.push(problem.with_help(help));
        }
        found.is_none()
    }
}
