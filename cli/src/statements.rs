// SPDX-License-Identifier: Apache-2.0

//! [`Statements`]: splits SQL text that arrives in pieces at its semicolons.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

/// A buffer of SQL text that arrives in pieces.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    text: String,
    /// Whether a semicolon was added since the last attempt to split the text.
    may_be_complete: bool,
}

impl Statements {
    /// Appends a piece of text.
    pub(crate) fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
        self.may_be_complete |= piece.contains(';');
    }

    /// Removes and returns the first statement that ends in a semicolon, without the semicolon.
    /// Skips statements that are empty or contain only comments.
    pub(crate) fn next_complete(&mut self) -> Option<String> {
        while self.may_be_complete {
            let Some((end, is_empty)) = first_end(&self.text) else {
                self.may_be_complete = false;
                return None;
            };
            let rest = self.text.split_off(end + 1);
            let mut statement = std::mem::replace(&mut self.text, rest);
            statement.truncate(end);
            if !is_empty {
                return Some(statement.trim().to_string());
            }
        }
        None
    }

    /// Removes and returns the remaining text, whose semicolon may be missing. Returns `None` if it
    /// is empty or contains only comments.
    pub(crate) fn take_rest(&mut self) -> Option<String> {
        let text = std::mem::take(self).text;
        let is_empty =
            tokens(&text).is_some_and(|mut tokens| tokens.all(|(token, _)| is_space(&token)));
        (!is_empty).then(|| text.trim().to_string())
    }

    /// Returns whether the remaining text is blank.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Removes all text.
    pub(crate) fn clear(&mut self) {
        *self = Statements::default();
    }
}

/// Returns the offset of the first semicolon that ends a statement, and whether that statement is
/// empty.
fn first_end(text: &str) -> Option<(usize, bool)> {
    let mut is_empty = true;
    for (token, location) in tokens(text)? {
        match token {
            Token::SemiColon => return Some((offset(text, location)?, is_empty)),
            token => is_empty &= is_space(&token),
        }
    }
    None
}

/// Returns the tokens with their locations, or `None` while a quote or a comment is not closed.
fn tokens(text: &str) -> Option<impl Iterator<Item = (Token, Location)>> {
    let tokens = Tokenizer::new(&GenericDialect, text).tokenize_with_location();
    let tokens = tokens.ok()?.into_iter();
    Some(tokens.map(|token| (token.token, token.span.start)))
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_) | Token::EOF)
}

/// Converts a location of the tokenizer, which counts lines and characters from 1, to a byte
/// offset.
fn offset(text: &str, location: Location) -> Option<usize> {
    let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
    let lines = text.split_inclusive('\n');
    let line_start: usize = lines.take(line).map(str::len).sum();
    let (at, _) = text.get(line_start..)?.char_indices().nth(column)?;
    Some(line_start + at)
}

#[cfg(test)]
mod tests {
    use super::Statements;

    fn split(pieces: &[&str]) -> (Vec<String>, Option<String>) {
        let mut statements = Statements::default();
        let mut complete = Vec::new();
        for piece in pieces {
            statements.push(piece);
            complete.extend(std::iter::from_fn(|| statements.next_complete()));
        }
        (complete, statements.take_rest())
    }

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_split() {
        let text =
            "SELECT ';', \"a;b\" -- no; end\n, /* nor; /* here; */ ; */ 'it''s;' ; SELECT 'ü;' ;";
        let (complete, rest) = split(&[text]);
        assert_eq!(
            complete,
            [
                "SELECT ';', \"a;b\" -- no; end\n, /* nor; /* here; */ ; */ 'it''s;'",
                "SELECT 'ü;'",
            ]
        );
        assert_eq!(rest, None);
    }

    #[test]
    fn statements_are_joined_from_pieces() {
        let (complete, rest) = split(&["SELECT 1,\n", "'a;\n", "b' ;SELECT", " 2;; ;\n -- done\n"]);
        assert_eq!(complete, ["SELECT 1,\n'a;\nb'", "SELECT 2"]);
        assert_eq!(rest, None);
    }

    #[test]
    fn last_statement_needs_no_semicolon() {
        let (complete, rest) = split(&["SELECT 1; SELECT 2\n"]);
        assert_eq!(complete, ["SELECT 1"]);
        assert_eq!(rest.as_deref(), Some("SELECT 2"));
    }

    #[test]
    fn open_quote_is_left_to_the_parser() {
        let (complete, rest) = split(&["SELECT 'a; SELECT 2;"]);
        assert!(complete.is_empty());
        assert_eq!(rest.as_deref(), Some("SELECT 'a; SELECT 2;"));
    }
}
