// SPDX-License-Identifier: Apache-2.0

//! [`check_nesting`]: rejects statements whose expressions are too deep for the stack.
//!
//! The parser builds a tree whose depth is the length of a chain of operators, and the planner
//! recurses into the tree. The depth is computed from the tokens, because even dropping a tree
//! that is too deep overflows the stack.

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// The maximum depth of the tree of a statement. That of SQLite is equal.
const MAX_DEPTH: usize = 1000;

/// Checks the depth of a statement.
///
/// # Errors
/// Fails if an expression, or a chain of joins or set operations, is deeper than [`MAX_DEPTH`].
pub(crate) fn check_nesting(statement: &str) -> Result<(), DataFusionError> {
    // The parser reports a text that has no tokens.
    let Ok(tokens) = Tokenizer::new(&GenericDialect, statement).tokenize() else {
        return Ok(());
    };
    let depth = max_depth(&tokens);
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(DataFusionError::Plan(format!(
        "the statement nests operators {depth} levels deep, and the maximum is {MAX_DEPTH}: split the chain with parentheses, or write a chain of `OR` as `IN (..)`"
    )))
}

/// Returns an upper bound of the depth of the tree that the parser builds.
fn max_depth(tokens: &[Token]) -> usize {
    let mut levels = vec![NestingLevel::default()];
    let mut previous = Keyword::NoKeyword;
    for token in tokens {
        let last = levels.len() - 1;
        let level = &mut levels[last];
        let keyword = match token {
            Token::Word(word) => word.keyword,
            Token::Whitespace(_) => continue,
            _ => Keyword::NoKeyword,
        };
        let follows_interval = previous == Keyword::INTERVAL;
        previous = keyword;
        match token {
            Token::LParen | Token::LBrace => levels.push(NestingLevel::default()),
            Token::LBracket => {
                // A subscript is an operator, too.
                level.operators += 1;
                levels.push(NestingLevel::default());
            }
            Token::RParen | Token::RBracket | Token::RBrace => close(&mut levels),
            Token::Comma => {
                level.joins += usize::from(level.is_from);
                level.end_expression();
            }
            Token::Word(_) => match keyword {
                Keyword::OR | Keyword::XOR => level.or(),
                Keyword::AND => level.and(),
                Keyword::CASE => levels.push(NestingLevel {
                    is_case: true,
                    ..NestingLevel::default()
                }),
                Keyword::END if level.is_case => close(&mut levels),
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
                    level.set_operations += 1;
                    level.end_expression();
                }
                Keyword::JOIN => {
                    level.joins += 1;
                    level.end_expression();
                }
                Keyword::FROM => {
                    level.end_expression();
                    level.is_from = true;
                }
                Keyword::ON => level.end_expression(),
                keyword if ENDS_CLAUSE.contains(&keyword) => {
                    level.end_expression();
                    level.is_from = false;
                }
                // Each nests an expression or a statement. One interval in a chain of operators is
                // an operand.
                Keyword::INTERVAL => level.operators += usize::from(follows_interval),
                Keyword::EXPLAIN => level.operators += 1,
                keyword if OPERATORS.contains(&keyword) => level.operators += 1,
                _ => {}
            },
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Period
            | Token::SemiColon
            | Token::EOF => {}
            // Every other token is an operator or a literal of a rare form.
            _ => level.operators += 1,
        }
    }
    while levels.len() > 1 {
        close(&mut levels);
    }
    levels[0].depth()
}

/// The keywords that end an expression and a list of tables.
const ENDS_CLAUSE: &[Keyword] = &[
    Keyword::SELECT,
    Keyword::WHERE,
    Keyword::GROUP,
    Keyword::HAVING,
    Keyword::ORDER,
    Keyword::LIMIT,
    Keyword::OFFSET,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::VALUES,
    Keyword::SET,
    Keyword::QUALIFY,
];

/// The keywords that are operators.
const OPERATORS: &[Keyword] = &[
    Keyword::NOT,
    Keyword::IS,
    Keyword::IN,
    Keyword::LIKE,
    Keyword::ILIKE,
    Keyword::RLIKE,
    Keyword::REGEXP,
    Keyword::SIMILAR,
    Keyword::BETWEEN,
    Keyword::COLLATE,
    Keyword::AT,
    Keyword::DIV,
    Keyword::OPERATOR,
];

/// The expressions between two brackets. `OR` binds less than `AND`, which binds less than all
/// other operators, so that the depths of their chains are added.
#[derive(Default)]
struct NestingLevel {
    operators: usize,
    /// The maximum depth of an operand of the current chain of operators.
    operand: usize,
    ands: usize,
    and_operand: usize,
    ors: usize,
    or_operand: usize,
    joins: usize,
    set_operations: usize,
    /// The maximum depth of an earlier expression.
    expression: usize,
    is_from: bool,
    is_case: bool,
}

impl NestingLevel {
    fn and(&mut self) {
        self.and_operand = self.and_operand.max(self.operators + self.operand);
        (self.operators, self.operand) = (0, 0);
        self.ands += 1;
    }

    fn or(&mut self) {
        self.and();
        self.ands -= 1;
        self.or_operand = self.or_operand.max(self.ands + self.and_operand);
        (self.ands, self.and_operand) = (0, 0);
        self.ors += 1;
    }

    fn end_expression(&mut self) {
        self.or();
        self.ors -= 1;
        self.expression = self.expression.max(self.ors + self.or_operand);
        (self.ors, self.or_operand) = (0, 0);
    }

    /// Ends the level and returns its depth.
    fn depth(&mut self) -> usize {
        self.end_expression();
        self.expression + self.joins + self.set_operations
    }
}

fn close(levels: &mut Vec<NestingLevel>) {
    // The parser reports a closing bracket without an opening one.
    if levels.len() > 1
        && let Some(mut closed) = levels.pop()
        && let Some(level) = levels.last_mut()
    {
        level.operand = level.operand.max(closed.depth() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(statement: &str) -> usize {
        max_depth(
            &Tokenizer::new(&GenericDialect, statement)
                .tokenize()
                .unwrap(),
        )
    }

    #[test]
    fn chains_of_operators_are_deep() {
        let chain = |separator: &str, count: usize| vec!["a"; count].join(separator);
        for operator in ["+", "||", " AND ", " OR ", "::", " IS NULL OR "] {
            let depth = depth(&format!("SELECT {}", chain(operator, 500)));
            assert!((499..=501).contains(&depth), "{operator}: {depth}");
        }
        let union = chain(" UNION ALL SELECT ", 500);
        assert_eq!(depth(&format!("SELECT {union}")), 499);
        let from = chain(" CROSS JOIN ", 500);
        // The star counts as an operator.
        assert_eq!(depth(&format!("SELECT * FROM {from}")), 500);
        assert_eq!(depth(&format!("SELECT * FROM {}", chain(", ", 500))), 500);
        let inner = format!("({})+1", chain("+", 300));
        assert_eq!(depth(&format!("SELECT {inner}+({inner})")), 304);
        assert_eq!(
            depth(&format!("SELECT CASE WHEN a THEN {} END", chain("+", 9))),
            9
        );
    }

    #[test]
    fn keywords_before_an_operand_are_deep() {
        for prefix in ["INTERVAL ", "NOT ", "- ", "~ ", "CASE "] {
            let depth = depth(&format!("SELECT {}1", prefix.repeat(500)));
            assert!((499..=501).contains(&depth), "{prefix}: {depth}");
        }
        for prefix in ["EXPLAIN ", "EXPLAIN ANALYZE VERBOSE "] {
            assert_eq!(depth(&format!("{}SELECT 1", prefix.repeat(500))), 500);
        }
        let intervals = vec!["INTERVAL '1 day'"; 900].join(" + ");
        assert_eq!(depth(&format!("SELECT {intervals}")), 899);
    }

    #[test]
    fn lists_are_flat() {
        let list = |item: &str| vec![item; 5000].join(", ");
        assert!(depth(&format!("SELECT a IN ({})", list("-1 + 2"))) < 10);
        assert!(
            depth(&format!(
                "INSERT INTO t VALUES {}",
                list("(-1, 'a' || 'b')")
            )) < 10
        );
        assert!(depth(&format!("SELECT {}", list("a + 1 AS b"))) < 10);
        let branches = "WHEN a = 1 AND b = 2 THEN 3 ".repeat(5000);
        assert!(depth(&format!("SELECT CASE {branches} END")) < 10);
        let disjunction = vec!["a = 1"; 900].join(" OR ");
        assert!(check_nesting(&format!("SELECT {disjunction}")).is_ok());
    }
}
