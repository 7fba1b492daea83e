// SPDX-License-Identifier: Apache-2.0

//! Parses statements, after a check of the depth of their types.

use datafusion::common::plan_err;
use datafusion::config::Dialect;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{CommentDef, FlushType, Statement as SqlStatement};
use datafusion::sql::sqlparser::dialect::{GenericDialect, dialect_from_str};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

/// The maximum depth of the types in a statement.
const MAX_TYPE_DEPTH: usize = 64;

/// The words that begin a type with other types in brackets.
const NESTING_WORDS: [&str; 9] = [
    "ARRAY",
    "LIST",
    "LOWCARDINALITY",
    "MAP",
    "NESTED",
    "NULLABLE",
    "STRUCT",
    "TUPLE",
    "UNION",
];

/// Parses one statement with the dialect of a session.
///
/// # Errors
/// Fails if the text is not one statement, or if a type in it is nested too deeply. The parser
/// limits the depth of expressions and queries, but not that of types: a deep type would overflow
/// the stack.
pub(crate) fn parse(text: &str, state: &SessionState) -> Result<Statement> {
    let dialect = state.config_options().sql_parser.dialect;
    check_type_depth(text, &dialect)?;
    if let Some(flush) = flush_table(text)? {
        return Ok(flush);
    }
    let Some((rest, comment)) = without_comment(text) else {
        return state.sql_to_statement(text, &dialect);
    };
    let mut statement = state.sql_to_statement(&rest, &dialect)?;
    if let Statement::Statement(inner) = &mut statement
        && let SqlStatement::CreateTable(create) = &mut **inner
    {
        create.comment = Some(CommentDef::WithoutEq(comment));
    }
    Ok(statement)
}

/// Parses `FLUSH TABLE name`, or returns `None` for another statement. The parser of DataFusion has
/// only `FLUSH TABLES`, as in MySQL.
fn flush_table(text: &str) -> Result<Option<Statement>> {
    let starts_with_flush = text
        .trim_start()
        .get(..5)
        .is_some_and(|word| word.eq_ignore_ascii_case("flush"));
    if !starts_with_flush {
        return Ok(None);
    }
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text)?;
    if !parser.parse_keywords(&[Keyword::FLUSH, Keyword::TABLE]) {
        return Ok(None);
    }
    let table = parser.parse_object_name(false)?;
    let _ = parser.consume_token(&Token::SemiColon);
    parser.expect_token(&Token::EOF)?;
    let flush = SqlStatement::Flush {
        object_type: FlushType::Tables,
        location: None,
        channel: None,
        read_lock: false,
        export: false,
        tables: vec![table],
    };
    Ok(Some(Statement::Statement(Box::new(flush))))
}

/// Splits the clause `COMMENT 'text'` of a `CREATE TABLE` from the statement, and returns both. The
/// parser does not accept it after `WITH (..)`. Returns `None` for a statement without the clause.
fn without_comment(text: &str) -> Option<(String, String)> {
    let starts_with_create = text
        .trim_start()
        .get(..6)
        .is_some_and(|word| word.eq_ignore_ascii_case("create"));
    if !starts_with_create {
        return None;
    }
    let tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize_with_location()
        .ok()?;
    let tokens: Vec<_> = tokens
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .collect();
    let is_word = |token: &Token, keyword: Keyword| matches!(token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none());
    if !is_word(&tokens.get(1)?.token, Keyword::TABLE) {
        return None;
    }
    let mut depth = 0_usize;
    for (index, found) in tokens.iter().enumerate() {
        match &found.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            // The clause is before the query.
            token if depth == 0 && is_word(token, Keyword::AS) => return None,
            token if depth == 0 && is_word(token, Keyword::COMMENT) => {
                let mut after = tokens.get(index + 1..)?.iter();
                let value = after.find(|token| token.token != Token::Eq)?;
                let Token::SingleQuotedString(comment) = &value.token else {
                    return None;
                };
                let from = offset(text, found.span.start)?;
                let to = offset(text, value.span.end)?;
                let rest = format!("{} {}", text.get(..from)?, text.get(to..)?);
                return Some((rest, comment.clone()));
            }
            _ => {}
        }
    }
    None
}

/// Returns the offset in bytes of a position in a text.
pub(crate) fn offset(text: &str, location: Location) -> Option<usize> {
    let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(line).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    let within = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(at, _)| at);
    Some(before + within)
}

/// An open bracket.
enum Bracket {
    /// `<` of a type.
    Angle,
    /// `(` of a type.
    TypeParenthesis,
    /// Any other `(`.
    Parenthesis,
}

/// Fails if a type in a text is nested too deeply.
fn check_type_depth(text: &str, dialect: &Dialect) -> Result<()> {
    // An upper bound, which is nearly always low enough: texts and comments count as well.
    if type_depth(text) <= MAX_TYPE_DEPTH {
        return Ok(());
    }
    // Where texts and comments end depends on the dialect, so that its tokenizer decides.
    let Some(dialect) = dialect_from_str(dialect) else {
        return plan_err!("the dialect `{dialect}` is unknown");
    };
    let Ok(tokens) = Tokenizer::new(&*dialect, text).tokenize() else {
        // The parser, which begins with the same tokens, reports the error.
        return Ok(());
    };
    let mut code = String::with_capacity(text.len());
    for token in tokens {
        match token {
            Token::Word(word) if word.quote_style.is_none() => code.push_str(&word.value),
            Token::Number(..) | Token::Whitespace(_) => code.push(' '),
            Token::Word(_) => code.push_str(" quoted "),
            token if is_text(&token) => code.push_str(" quoted "),
            token => code.push_str(&token.to_string()),
        }
        code.push(' ');
    }
    if type_depth(&code) > MAX_TYPE_DEPTH {
        return plan_err!("types are nested more than {MAX_TYPE_DEPTH} levels deep");
    }
    Ok(())
}

/// Returns whether a token is a text in quotes.
fn is_text(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::TripleSingleQuotedByteStringLiteral(_)
            | Token::TripleDoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::TripleSingleQuotedRawStringLiteral(_)
            | Token::TripleDoubleQuotedRawStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
    )
}

/// Returns an upper bound of the depth of the types in a text. Characters in texts and comments
/// count as if they were code.
fn type_depth(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut open = Vec::new();
    let (mut depth, mut deepest) = (0, 0);
    let mut word = "";
    // The number of `[]` after one type.
    let mut suffixes = 0;
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        if c.is_alphanumeric() || c == '_' {
            let mut end = at + c.len_utf8();
            while let Some((next, c)) = chars.next_if(|(_, c)| c.is_alphanumeric() || *c == '_') {
                end = next + c.len_utf8();
            }
            word = text.get(at..end).unwrap_or_default();
            suffixes = 0;
            continue;
        }
        let is_type = || {
            NESTING_WORDS
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
        };
        match c {
            '<' if is_type() => {
                open.push(Bracket::Angle);
                depth += 1;
            }
            '(' if is_type() => {
                open.push(Bracket::TypeParenthesis);
                depth += 1;
            }
            '(' => open.push(Bracket::Parenthesis),
            '>' => {
                if let Some(Bracket::Angle) = open.last() {
                    open.pop();
                    depth -= 1;
                }
            }
            ')' => {
                // `<` without `>` was not the bracket of a type.
                while let Some(Bracket::Angle) = open.last() {
                    open.pop();
                    depth -= 1;
                }
                if let Some(Bracket::TypeParenthesis) = open.pop() {
                    depth -= 1;
                }
            }
            '[' => suffixes += 1,
            _ => {}
        }
        if !matches!(c, '[' | ']') {
            suffixes = 0;
        }
        deepest = deepest.max(depth + suffixes);
        word = "";
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comment_of_a_table_is_split_off() {
        let split = |text| without_comment(text);
        assert_eq!(
            split(
                "CREATE TABLE t (a INT COMMENT 'x')\n WITH (b = 'é') COMMENT = 'it''s' AS SELECT 1"
            ),
            Some((
                "CREATE TABLE t (a INT COMMENT 'x')\n WITH (b = 'é')   AS SELECT 1".to_string(),
                "it's".to_string()
            ))
        );
        for text in [
            "CREATE TABLE t (a INT COMMENT 'x')",
            "CREATE TABLE t AS SELECT 1 AS comment",
            "CREATE VIEW v AS SELECT comment FROM t",
            "CREATE TABLE \"comment\" (a INT)",
            "SELECT 1",
            "CREATE",
            "",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn depth_is_that_of_the_deepest_type() {
        for (text, depth) in [
            ("SELECT 1", 0),
            ("SELECT a < b AND (c > d) FROM t WHERE x < 1", 0),
            (
                "CREATE TABLE t (a ARRAY<INT>, b ARRAY<STRUCT<c MAP(TEXT, INT)>>, d INT[][])",
                3,
            ),
            ("SELECT 1 -- '\n, CAST(NULL AS ARRAY<ARRAY<INT>>)", 2),
            ("SELECT map(1, 2), array < 5, (array < 6)", 2),
            ("CAST(x AS INT[][][][])", 4),
            ("ARRAY<ARRAY<ARRAY<", 3),
            (")>)>)", 0),
        ] {
            assert_eq!(type_depth(text), depth, "{text}");
        }
        let wide = "a ARRAY<INT>, ".repeat(1000);
        assert_eq!(type_depth(&wide), 1);
    }

    #[test]
    fn deep_types_are_found_after_quotes_in_comments() {
        let deep = format!("{}INT{}", "ARRAY<".repeat(100), ">".repeat(100));
        let brackets = "[".repeat(100);
        for text in [
            format!("SELECT 1 -- '\n, CAST(NULL AS {deep})"),
            format!("SELECT /* ' */ CAST(NULL AS {deep})"),
            format!("SELECT $$ ' $$, CAST(NULL AS {deep})"),
            format!("SELECT '\\', CAST(NULL AS {deep})"),
            format!("SELECT 1 AS \"'\", CAST(NULL AS {deep})"),
        ] {
            let checked = check_type_depth(&text, &Dialect::PostgreSQL);
            assert!(checked.is_err(), "{text}");
        }
        // With backslashes that escape, the quote does not end the text.
        let escaped = format!("SELECT '\\' , CAST(NULL AS {deep})");
        let checked = check_type_depth(&escaped, &Dialect::MySQL);
        // The text has no end: the parser reports it.
        assert!(checked.is_ok());
        let escaped = format!("SELECT 'a\\'', CAST(NULL AS {deep}) -- '");
        assert!(check_type_depth(&escaped, &Dialect::MySQL).is_err());
        for text in [
            format!("SELECT '{deep}', '{brackets}'"),
            format!("SELECT 1 -- {deep}"),
            format!("SELECT \"{brackets}\" /* {deep} */"),
        ] {
            let checked = check_type_depth(&text, &Dialect::Generic);
            assert!(checked.is_ok(), "{text}");
        }
    }
}
