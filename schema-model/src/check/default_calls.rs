// SPDX-License-Identifier: Apache-2.0

//! Defaults that call a function.

use super::default_context::{DefaultContext, DefaultProblem, problem};
use crate::default_function::DefaultFunction;
use crate::diagnostic::{backticked, backticked_list};
use crate::raw::Syntax;
use crate::rule::Rule;
use crate::suggest::nearest;
use crate::types::ColumnType;

/// Returns the function of a name, which can be the name in another system.
pub(super) fn function_named(name: &str) -> Option<DefaultFunction> {
    let lower = name.to_ascii_lowercase();
    let alias = match lower.as_str() {
        "current_timestamp" | "localtimestamp" | "getdate" | "sysdate" | "utcnow" => "now",
        "today" | "curdate" => "current_date",
        "curtime" | "localtime" => "current_time",
        other => other,
    };
    let mut functions = DefaultFunction::ALL.into_iter();
    functions.find(|function| function.name() == alias)
}

/// Returns the part of a text before its parentheses.
pub(super) fn called(text: &str) -> &str {
    text.split('(').next().unwrap_or_default().trim()
}

impl DefaultContext<'_> {
    /// Returns the function that `text` calls, or `None` if `text` does not have the form of a
    /// call.
    pub(super) fn quoted_call(self, text: &str) -> Option<Result<DefaultFunction, DefaultProblem>> {
        let trimmed = text.trim();
        let called = called(trimmed);
        let is_call = trimmed.ends_with(')') && trimmed.contains('(');
        let known = function_named(called);
        if !is_call && known.is_none() {
            return None;
        }
        let Some(function) = known else {
            let names = DefaultFunction::ALL.map(DefaultFunction::name);
            let help = match nearest(called, names) {
                Some(name) => {
                    format!("did you mean {}?", self.written_text(&format!("{name}()")))
                }
                None => format!(
                    "the functions are {}",
                    backticked_list(names.map(|name| format!("{name}()")), "and")
                ),
            };
            let message = format!("unknown function {}", backticked(called));
            return Some(Err(problem(Rule::UnknownFunction, message, help)));
        };
        let call = self.call(function);
        if call.is_ok() && text != format!("{}()", function.name()) {
            let message = format!("unknown function {}", backticked(trimmed));
            let help = format!("did you mean {}?", self.written_call(function));
            return Some(Err(problem(Rule::UnknownFunction, message, help)));
        }
        Some(call)
    }

    /// Checks that a function returns a value of the column.
    pub(super) fn call(self, function: DefaultFunction) -> Result<DefaultFunction, DefaultProblem> {
        if function.fits(self.ty) {
            return Ok(function);
        }
        let call = match self.syntax {
            Syntax::Toml | Syntax::Rust => format!("`{}()`", function.name()),
            Syntax::Sql => backticked(&self.raw.text),
        };
        let message = format!("{call} is not a value of type `{}`", self.ty.keyword());
        let mut functions = DefaultFunction::ALL.into_iter();
        let mut help = match (functions.find(|other| other.fits(self.ty)), function) {
            (Some(fitting), _) => format!("write {}", self.written_call(fitting)),
            (None, DefaultFunction::Now) => "it is for `timestamp` and `datetime`".to_string(),
            (None, DefaultFunction::CurrentDate) => "it is for `date`".to_string(),
            (None, DefaultFunction::CurrentTime) => "it is for `time`".to_string(),
        };
        if *self.ty == ColumnType::Text {
            let text = self.written_text(&self.raw.text);
            help += &format!("; for the text itself, write {text}");
        }
        Err(problem(Rule::FunctionType, message, help))
    }
}
