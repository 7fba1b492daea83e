// SPDX-License-Identifier: Apache-2.0

//! [`Statements`]: splits SQL text that arrives in pieces at its semicolons.
//!
//! Each character is read once, so that the time is linear in the length of the text, no matter
//! how many lines a statement has. The grammar of quotes and comments is that of sqlparser's
//! `GenericDialect`.

/// A statement of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlText {
    /// The statement, without its semicolon and the comments before it.
    pub(crate) text: String,
    /// The line on which the statement begins, from 1.
    pub(crate) line: usize,
}

/// A buffer of SQL text that arrives in pieces. A piece ends between two tokens, or in a quoted
/// text or a comment.
#[derive(Debug)]
pub(crate) struct Statements {
    text: String,
    /// The offset of the first byte that does not belong to a returned statement.
    begin: usize,
    /// The offset of the first token of the current statement, or `None` if it has none yet.
    first: Option<usize>,
    /// The offset of the first byte that is not read yet.
    read: usize,
    /// The part of the text that the unread bytes continue.
    lexeme: Lexeme,
    /// The line of the text at `begin`, from 1.
    line: usize,
}

#[derive(Debug)]
enum Lexeme {
    /// Any token without quotes, or whitespace.
    Plain,
    /// A text or an identifier in quotes.
    Quoted { quote: char, has_escapes: bool },
    /// A comment until the end of the line.
    LineComment,
    /// Comments inside of each other, with their number.
    BlockComment(usize),
    /// A text in dollar quotes, with the delimiter that ends it and the offset of its content.
    DollarQuoted { delimiter: String, content: usize },
}

impl Default for Statements {
    fn default() -> Self {
        Statements {
            text: String::new(),
            begin: 0,
            first: None,
            read: 0,
            lexeme: Lexeme::Plain,
            line: 1,
        }
    }
}

impl Statements {
    /// Appends a piece of text.
    pub(crate) fn push(&mut self, piece: &str) {
        if self.begin > 0 {
            // The text of returned statements. What remains is at most one incomplete statement.
            self.text.drain(..self.begin);
            self.read -= self.begin;
            if let Some(first) = &mut self.first {
                *first -= self.begin;
            }
            if let Lexeme::DollarQuoted { content, .. } = &mut self.lexeme {
                *content -= self.begin;
            }
            self.begin = 0;
        }
        self.text.push_str(piece);
    }

    /// Removes and returns the first statement that ends in a semicolon. Skips statements that are
    /// empty or contain only comments.
    pub(crate) fn next_complete(&mut self) -> Option<SqlText> {
        while let Some(semicolon) = self.read_to_semicolon() {
            let statement = self.take(semicolon);
            self.read = semicolon + 1;
            self.begin = self.read;
            if statement.is_some() {
                return statement;
            }
        }
        None
    }

    /// Removes and returns the remaining text, whose semicolon may be missing. Returns `None` if it
    /// is empty or contains only comments.
    pub(crate) fn take_rest(&mut self) -> Option<SqlText> {
        if self.read < self.text.len() && matches!(self.lexeme, Lexeme::Plain) {
            // A `-` or `/` that does not begin a comment.
            self.first.get_or_insert(self.read);
        }
        let rest = self.take(self.text.len());
        self.clear();
        rest
    }

    /// Removes and returns a command, which begins with a backslash where a statement could begin
    /// and has the rest of the line. Statements end there until it is taken.
    pub(crate) fn take_command(&mut self) -> Option<SqlText> {
        if !self.is_at_command() {
            return None;
        }
        let rest = &self.text[self.read..];
        let length = rest.find('\n').unwrap_or(rest.len());
        let text = rest[..length].trim().to_string();
        let line = self.line + count_lines(&self.text[self.begin..self.read]);
        self.line = line;
        self.read += length;
        self.begin = self.read;
        Some(SqlText { text, line })
    }

    fn is_at_command(&self) -> bool {
        self.first.is_none()
            && matches!(self.lexeme, Lexeme::Plain)
            && self.text[self.read..].starts_with('\\')
    }

    /// Returns whether the remaining text is blank or consists of whole comments.
    pub(crate) fn is_blank(&self) -> bool {
        self.first.is_none() && matches!(self.lexeme, Lexeme::Plain | Lexeme::LineComment)
    }

    /// Removes all text, but continues to count lines.
    pub(crate) fn clear(&mut self) {
        *self = Statements {
            line: self.line + count_lines(&self.text[self.begin..]),
            ..Statements::default()
        };
    }

    /// Adds a line that is not part of a statement, and returns its number.
    pub(crate) fn skip_line(&mut self) -> usize {
        let number = self.line + count_lines(&self.text[self.begin..]);
        self.line += 1;
        number
    }

    /// Returns the current statement, which ends at `end`.
    fn take(&mut self, end: usize) -> Option<SqlText> {
        let first = self.first.take();
        let statement = first.map(|first| SqlText {
            text: self.text[first..end].trim_end().to_string(),
            line: self.line + count_lines(&self.text[self.begin..first]),
        });
        if end < self.text.len() {
            self.line += count_lines(&self.text[self.begin..end]);
        }
        statement
    }

    /// Reads until a semicolon that ends a statement, and returns its offset. Returns `None` at the
    /// end of the text.
    fn read_to_semicolon(&mut self) -> Option<usize> {
        while self.read < self.text.len() && !self.is_at_command() {
            let rest = &self.text[self.read..];
            match &mut self.lexeme {
                Lexeme::Plain => {
                    let c = rest.chars().next()?;
                    if c == ';' {
                        return Some(self.read);
                    }
                    self.read_plain(c)?;
                }
                Lexeme::Quoted {
                    quote,
                    has_escapes: true,
                } => {
                    let Some(at) = rest.find(['\\', *quote]) else {
                        self.read = self.text.len();
                        return None;
                    };
                    let (is_escape, next) = (rest[at..].starts_with('\\'), &rest[at + 1..]);
                    if !is_escape && !next.starts_with(*quote) {
                        self.lexeme = Lexeme::Plain;
                        self.read += at + 1;
                    } else {
                        // The escaped character can be in the next piece.
                        let escaped = next.chars().next()?;
                        self.read += at + 1 + escaped.len_utf8();
                    }
                }
                Lexeme::Quoted { quote, .. } => match rest.find(*quote) {
                    // A doubled quote begins another text in quotes, which has the same effect.
                    Some(at) => {
                        self.read += at + 1;
                        self.lexeme = Lexeme::Plain;
                    }
                    None => self.read = self.text.len(),
                },
                Lexeme::LineComment => match rest.find('\n') {
                    Some(at) => {
                        self.read += at + 1;
                        self.lexeme = Lexeme::Plain;
                    }
                    None => self.read = self.text.len(),
                },
                Lexeme::BlockComment(depth) => match rest.find(['*', '/']) {
                    Some(at) if rest[at..].starts_with("/*") => {
                        *depth += 1;
                        self.read += at + 2;
                    }
                    Some(at) if rest[at..].starts_with("*/") => {
                        *depth -= 1;
                        self.read += at + 2;
                        if *depth == 0 {
                            self.lexeme = Lexeme::Plain;
                        }
                    }
                    Some(at) if at + 1 < rest.len() => self.read += at + 1,
                    // The second half can be in the next piece.
                    Some(at) => {
                        self.read += at;
                        return None;
                    }
                    None => self.read = self.text.len(),
                },
                Lexeme::DollarQuoted { delimiter, content } => {
                    // A delimiter can begin in the previous piece.
                    let mut from = self.read.saturating_sub(delimiter.len()).max(*content);
                    while !self.text.is_char_boundary(from) {
                        from -= 1;
                    }
                    match self.text[from..].find(delimiter.as_str()) {
                        Some(at) => {
                            self.read = from + at + delimiter.len();
                            self.lexeme = Lexeme::Plain;
                        }
                        None => self.read = self.text.len(),
                    }
                }
            }
        }
        None
    }

    /// Reads the token or the whitespace that begins with `c`, or the begin of a quoted text or a
    /// comment. Returns `None` if the next piece determines which of them it is.
    fn read_plain(&mut self, c: char) -> Option<()> {
        let rest = &self.text[self.read..];
        let after = &rest[c.len_utf8()..];
        let (length, lexeme) = match c {
            '-' if after.starts_with('-') => (2, Lexeme::LineComment),
            '/' if after.starts_with('*') => (2, Lexeme::BlockComment(1)),
            // An operator.
            '/' if after.starts_with('/') => (2, Lexeme::Plain),
            '-' | '/' if after.is_empty() => return None,
            '\'' | '"' | '`' => (
                1,
                Lexeme::Quoted {
                    quote: c,
                    has_escapes: false,
                },
            ),
            '$' => {
                let is_tag = |c: char| c.is_alphanumeric() || c == '_';
                let tag = after.find(|c| !is_tag(c)).unwrap_or(after.len());
                let length = 1 + tag;
                if after[tag..].starts_with('$') {
                    let delimiter = rest[..=length].to_string();
                    let content = self.read + delimiter.len();
                    let lexeme = Lexeme::DollarQuoted { delimiter, content };
                    (length + 1, lexeme)
                } else {
                    (length, Lexeme::Plain)
                }
            }
            c if is_word_start(c) => match after.find(|c| !is_word_part(c)) {
                // `E'..'` and `X'..'` have escapes with a backslash.
                Some(0) if matches!(c, 'e' | 'E' | 'x' | 'X') && after.starts_with('\'') => (
                    2,
                    Lexeme::Quoted {
                        quote: '\'',
                        has_escapes: true,
                    },
                ),
                length => (c.len_utf8() + length.unwrap_or(after.len()), Lexeme::Plain),
            },
            c => (c.len_utf8(), Lexeme::Plain),
        };
        let is_space =
            c.is_whitespace() || matches!(lexeme, Lexeme::LineComment | Lexeme::BlockComment(_));
        if !is_space {
            self.first.get_or_insert(self.read);
        }
        self.read += length;
        self.lexeme = lexeme;
        Some(())
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '#' | '@')
}

fn is_word_part(c: char) -> bool {
    is_word_start(c) || c.is_ascii_digit() || c == '$'
}

fn count_lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

    use super::Statements;

    fn split(pieces: &[&str]) -> (Vec<String>, Option<String>) {
        let mut statements = Statements::default();
        let mut complete = Vec::new();
        for piece in pieces {
            statements.push(piece);
            let texts = std::iter::from_fn(|| statements.next_complete());
            complete.extend(texts.map(|statement| statement.text));
        }
        (complete, statements.take_rest().map(|rest| rest.text))
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
    fn escapes_and_dollar_quotes_do_not_split() {
        let text = r"SELECT E'\';', $$;$$, $a$ ; $b$ $a$, x_$;SELECT 'E\';SELECT $1;";
        let (complete, rest) = split(&[text]);
        let expected = [
            r"SELECT E'\';', $$;$$, $a$ ; $b$ $a$, x_$",
            r"SELECT 'E\'",
            "SELECT $1",
        ];
        assert_eq!(complete, expected);
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

    #[test]
    fn command_after_a_statement_has_the_rest_of_the_line() {
        let mut statements = Statements::default();
        statements.push("\nSELECT '\\q'; \\d a; b'\nSELECT 2;");
        assert_eq!(statements.take_command(), None);
        assert_eq!(statements.next_complete().unwrap().text, r"SELECT '\q'");
        assert_eq!(statements.next_complete(), None);
        let command = statements.take_command().unwrap();
        assert_eq!((&*command.text, command.line), (r"\d a; b'", 2));
        assert_eq!(statements.take_command(), None);
        let next = statements.next_complete().unwrap();
        assert_eq!((&*next.text, next.line), ("SELECT 2", 3));
        assert!(statements.is_blank());
    }

    #[test]
    fn lines_of_statements_are_counted() {
        let mut statements = Statements::default();
        let mut lines = Vec::new();
        for piece in [
            "-- a\n\nSELECT\n1; SELECT 2;\n",
            "\n",
            "SELECT 3\n;",
            "\n/* b\n */ SELECT 4",
        ] {
            statements.push(piece);
            while let Some(statement) = statements.next_complete() {
                lines.push(statement.line);
            }
        }
        lines.push(statements.take_rest().unwrap().line);
        assert_eq!(lines, [3, 4, 6, 9]);
    }

    /// Splits the whole text with the tokenizer of sqlparser. Returns `None` if the text has an
    /// open quote or comment.
    fn split_with_tokenizer(text: &str) -> Option<Vec<Vec<Token>>> {
        let tokens = Tokenizer::new(&GenericDialect, text).tokenize().ok()?;
        let tokens: Vec<Token> = tokens
            .into_iter()
            .filter(|token| !matches!(token, Token::Whitespace(_)))
            .collect();
        let statements = tokens.split(|token| *token == Token::SemiColon);
        Some(
            statements
                .filter(|tokens| !tokens.is_empty())
                .map(<[Token]>::to_vec)
                .collect(),
        )
    }

    #[test]
    fn random_texts_are_split_as_by_the_tokenizer() {
        const PARTS: &[&str] = &[
            "'", "''", "\"", "`", ";", ";", "\n", "--", "-", "/*", "*/", "/", "*", "$$", "$a$",
            "$", "$1", "E'", "e", "x'", "X", "N'", "b'", "U&'", "\\", "\\'", " ", " ", "a", "ü",
            "€", "1", "_", "SELECT", ",", "(", "\r\n",
        ];
        let mut state = 7_u64;
        let mut random = move |limit: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % limit
        };
        let mut compared = 0;
        for _ in 0..200_000 {
            let count = 1 + random(12);
            let pieces: Vec<String> = (0..count)
                .map(|_| PARTS[random(PARTS.len())].to_string())
                .collect();
            let text = pieces.concat();
            let Some(expected) = split_with_tokenizer(&text) else {
                continue;
            };
            // A command ends the text.
            if expected.iter().any(|tokens| tokens[0] == Token::Backslash) {
                continue;
            }
            let (mut found, rest) = split(&[&text]);
            found.extend(rest);
            let found: Option<Vec<Vec<Token>>> = found
                .iter()
                .map(|statement| split_with_tokenizer(statement).map(|parts| parts.concat()))
                .collect();
            assert_eq!(found, Some(expected), "{text:?}");
            compared += 1;
        }
        assert!(compared > 50_000, "{compared}");
    }

    /// Returns the shortest of three times, which the other processes of the machine disturb least.
    fn time(run: impl Fn()) -> Duration {
        let times = (0..3).map(|_| {
            let begin = Instant::now();
            run();
            begin.elapsed()
        });
        times.min().unwrap_or_default()
    }

    /// Fails if four times the input takes more than ten times as long. Quadratic time takes
    /// sixteen times as long.
    fn check_linear(name: &str, run: impl Fn(usize)) {
        let one = time(|| run(50_000));
        let four = time(|| run(200_000));
        assert!(four < one * 10, "{name}: {one:?} and {four:?}");
    }

    #[test]
    fn splitting_takes_linear_time() {
        // Every line is searched for the end of the statement, which contains semicolons in text.
        check_linear("one statement of many lines", |lines| {
            let mut statements = Statements::default();
            statements.push("INSERT INTO t VALUES\n");
            for _ in 0..lines {
                statements.push("('a; b;', ';'),\n");
                assert_eq!(statements.next_complete(), None);
            }
        });
        check_linear("many statements on one line", |count| {
            let mut statements = Statements::default();
            statements.push(&"SELECT ';';".repeat(count));
            let found = std::iter::from_fn(|| statements.next_complete()).count();
            assert_eq!(found, count);
        });
        check_linear("many statements on their own lines", |count| {
            let mut statements = Statements::default();
            for _ in 0..count {
                statements.push("SELECT 1;\n");
                assert!(statements.next_complete().is_some());
            }
        });
        for (begin, line) in [
            ("SELECT '", "a;\n"),
            ("SELECT $a$", "$a;\n"),
            ("/*", "*;\n"),
        ] {
            check_linear(begin, |lines| {
                let mut statements = Statements::default();
                statements.push(begin);
                for _ in 0..lines {
                    statements.push(line);
                    assert_eq!(statements.next_complete(), None);
                }
            });
        }
    }
}
