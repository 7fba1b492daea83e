// SPDX-License-Identifier: Apache-2.0

//! [`Statements`]: SQL text that comes in pieces, cut at semicolons.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

/// SQL text that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    text: String,
    /// Whether a piece with a semicolon came since the text was last cut.
    may_be_complete: bool,
}

impl Statements {
    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
        self.may_be_complete |= piece.contains(';');
    }

    /// Takes the first statement that ends in a semicolon, without it. Those of nothing but
    /// comments are passed over.
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

    /// Takes what is left, which may lack its semicolon; `None` if it is nothing but comments.
    pub(crate) fn take_rest(&mut self) -> Option<String> {
        let text = std::mem::take(self).text;
        let is_empty =
            tokens(&text).is_some_and(|mut tokens| tokens.all(|(token, _)| is_space(&token)));
        (!is_empty).then(|| text.trim().to_string())
    }

    /// Whether nothing has been begun.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Forgets what has been begun.
    pub(crate) fn clear(&mut self) {
        *self = Statements::default();
    }
}

/// Where the first semicolon is that ends a statement, and whether there is nothing before it.
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

/// The tokens with their places; `None` as long as a quote or a comment is open.
fn tokens(text: &str) -> Option<impl Iterator<Item = (Token, Location)>> {
    let tokens = Tokenizer::new(&GenericDialect, text).tokenize_with_location();
    let tokens = tokens.ok()?.into_iter();
    Some(tokens.map(|token| (token.token, token.span.start)))
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_) | Token::EOF)
}

/// The tokenizer counts lines and characters, from 1.
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
    fn semicolons_end_statements_unless_quoted_or_in_a_comment() {
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
    fn a_statement_may_come_in_pieces() {
        let (complete, rest) = split(&["SELECT 1,\n", "'a;\n", "b' ;SELECT", " 2;; ;\n -- done\n"]);
        assert_eq!(complete, ["SELECT 1,\n'a;\nb'", "SELECT 2"]);
        assert_eq!(rest, None);
    }

    #[test]
    fn the_last_statement_may_lack_its_semicolon() {
        let (complete, rest) = split(&["SELECT 1; SELECT 2\n"]);
        assert_eq!(complete, ["SELECT 1"]);
        assert_eq!(rest.as_deref(), Some("SELECT 2"));
    }

    #[test]
    fn an_open_quote_is_left_to_the_parser() {
        let (complete, rest) = split(&["SELECT 'a; SELECT 2;"]);
        assert!(complete.is_empty());
        assert_eq!(rest.as_deref(), Some("SELECT 'a; SELECT 2;"));
    }
}
