// SPDX-License-Identifier: Apache-2.0

//! [`TableOptions`]: the options in `WITH (..)` and `SET (..)`.

use datafusion::sql::sqlparser::ast::{Expr, SqlOption, UnaryOperator, Value};
use kalamtable_model::nearest;

use super::problem::DdlProblem;

/// The options of a table as written.
#[derive(Debug, Default)]
pub(super) struct TableOptions {
    pub(super) kind: Option<String>,
    pub(super) ttl_seconds: Option<i128>,
    pub(super) access_level: Option<String>,
    pub(super) no_primary_key: Option<String>,
}

const NAMES: [&str; 4] = ["type", "ttl_seconds", "access_level", "no_primary_key"];

/// Reads the options. An option that is written twice is an error.
pub(super) fn parse_options(options: &[SqlOption]) -> Result<TableOptions, DdlProblem> {
    let mut parsed = TableOptions::default();
    let mut names: Vec<String> = Vec::new();
    for option in options {
        let SqlOption::KeyValue { key, value } = option else {
            return Err(DdlProblem::new(format!("`{option}` is not an option"))
                .with_help("write `name = value`"));
        };
        let name = key.value.to_ascii_lowercase();
        if names.contains(&name) {
            return Err(DdlProblem::new(format!("option `{name}` is written twice"))
                .with_help("delete one of the two"));
        }
        match &*name {
            "type" => parsed.kind = Some(text(&name, value)?.to_ascii_lowercase()),
            "ttl_seconds" => parsed.ttl_seconds = Some(number(&name, value)?),
            "access_level" => {
                parsed.access_level = Some(text(&name, value)?.to_ascii_lowercase());
            }
            "no_primary_key" => parsed.no_primary_key = Some(text(&name, value)?),
            "comment" => {
                return Err(DdlProblem::new("`comment` is not an option")
                    .with_help("write `COMMENT 'text'` after the options, or `COMMENT ON TABLE`"));
            }
            _ => {
                let known = NAMES.map(|name| format!("`{name}`")).join(", ");
                let help = match nearest(&name, NAMES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the options are {known}"),
                };
                return Err(DdlProblem::new(format!("unknown option `{name}`")).with_help(help));
            }
        }
        names.push(name);
    }
    Ok(parsed)
}

fn text(name: &str, value: &Expr) -> Result<String, DdlProblem> {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Ok(text.clone()),
            other => Err(not_a_text(name, &other.to_string())),
        },
        // Without quotes, as in `type = user`.
        Expr::Identifier(word) => Ok(word.value.clone()),
        other => Err(not_a_text(name, &other.to_string())),
    }
}

fn not_a_text(name: &str, value: &str) -> DdlProblem {
    DdlProblem::new(format!(
        "the value of option `{name}` is `{value}`, not a text"
    ))
    .with_help(format!("write `{name} = 'text'`"))
}

fn number(name: &str, value: &Expr) -> Result<i128, DdlProblem> {
    let problem = || {
        DdlProblem::new(format!(
            "the value of option `{name}` is `{value}`, not a whole number"
        ))
        .with_help(format!("write for example `{name} = 3600`"))
    };
    let (is_negative, value) = match value {
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => (true, &**expr),
        value => (false, value),
    };
    let Expr::Value(written) = value else {
        return Err(problem());
    };
    let digits = match &written.value {
        Value::Number(digits, _) | Value::SingleQuotedString(digits) => digits,
        _ => return Err(problem()),
    };
    let number: i128 = digits.parse().map_err(|_| problem())?;
    Ok(if is_negative { -number } else { number })
}
