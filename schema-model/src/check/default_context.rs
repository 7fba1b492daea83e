// SPDX-License-Identifier: Apache-2.0

//! [`DefaultContext`]: a default that is checked, and the help texts about it in each syntax.

use crate::default_function::DefaultFunction;
use crate::definition::ColumnDefault;
use crate::raw::{RawDefault, Syntax};
use crate::rule::Rule;
use crate::sql_text::quote;
use crate::types::ColumnType;

/// A default, the type of its column, and the syntax of help texts.
#[derive(Clone, Copy)]
pub(super) struct DefaultContext<'a> {
    pub(super) raw: &'a RawDefault,
    pub(super) ty: &'a ColumnType,
    pub(super) syntax: Syntax,
    /// An example of a default of the type in TOML.
    pub(super) value_example: &'static str,
}

/// A problem of a default. The diagnostic points at the whole value.
pub(super) struct DefaultProblem {
    pub(super) rule: Rule,
    pub(super) message: String,
    pub(super) help: String,
}

pub(super) fn problem(
    rule: Rule,
    message: impl Into<String>,
    help: impl Into<String>,
) -> DefaultProblem {
    DefaultProblem {
        rule,
        message: message.into(),
        help: help.into(),
    }
}

impl DefaultContext<'_> {
    /// Returns the text that declares a default, with its value as written.
    pub(super) fn written(self, value: &str) -> String {
        match self.syntax {
            Syntax::Toml | Syntax::Rust => format!("`default = {value}`"),
            Syntax::Sql => format!("`DEFAULT {value}`"),
        }
    }

    /// Returns the text that declares a default that is a string.
    pub(super) fn written_text(self, text: &str) -> String {
        match self.syntax {
            Syntax::Toml | Syntax::Rust => self.written(&format!("\"{text}\"")),
            Syntax::Sql => self.written(&quote(text)),
        }
    }

    /// Returns the text that declares a default that is a call.
    pub(super) fn written_call(self, function: DefaultFunction) -> String {
        match self.syntax {
            Syntax::Toml | Syntax::Rust => self.written_text(&format!("{}()", function.name())),
            Syntax::Sql => self.written(&ColumnDefault::Call(function).to_sql(self.ty)),
        }
    }

    /// Returns help with an example of a default.
    pub(super) fn example(self) -> String {
        let value = self.value_example;
        let written = match value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(digits) if self.is_decimal() && self.syntax == Syntax::Sql => self.written(digits),
            Some(text) => self.written_text(text),
            None if takes_datetime(self.ty) && self.syntax != Syntax::Toml => {
                self.written_text(value)
            }
            None => self.written(value),
        };
        format!("write for example {written}")
    }

    fn is_decimal(self) -> bool {
        matches!(self.ty, ColumnType::Decimal { .. })
    }
}

/// Returns whether the type has dates or times as values.
pub(super) fn takes_datetime(ty: &ColumnType) -> bool {
    ty.time_unit().is_some() || *ty == ColumnType::Date
}

/// Returns whether `"now()"` is a text for a column of this type, and not a function call.
pub(super) fn holds_any_text(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Text | ColumnType::Json | ColumnType::File | ColumnType::Enum(_)
    )
}
