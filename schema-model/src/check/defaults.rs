// SPDX-License-Identifier: Apache-2.0

//! Checks the default of a column: converts a value as written to the representation that the
//! column stores.

use super::context::{Checks, TypedColumn};
use super::default_context::{DefaultContext, DefaultProblem, holds_any_text, problem};
use crate::definition::ColumnDefault;
use crate::diagnostic::backticked;
use crate::raw::{RawDefault, RawValue, Syntax};
use crate::rule::Rule;
use crate::types::ColumnType;

impl Checks<'_> {
    pub(super) fn default(&mut self, column: &TypedColumn<'_>) -> Option<ColumnDefault> {
        let raw = column.raw.default.as_ref()?;
        let name = &column.raw.name.value;
        let key = self.raw.primary_key.as_ref();
        if key.is_some_and(|key| key.value.iter().any(|part| part.value == *name)) {
            let message = format!("key column {} has a default", backticked(name));
            let diagnostic = self.problem(Rule::DefaultOnKey, &raw.span, message);
            self.push(diagnostic.with_help("delete it: every row brings its own key"));
        }
        // The labels of an enum are checked on their own.
        if let RawValue::Text(text) | RawValue::Typed { text, .. } = &raw.value
            && !matches!(column.ty, Some(ColumnType::Enum(_)))
            && !self.control_characters(text, &raw.span, "the default")
        {
            return None;
        }
        match convert(raw, column.ty.as_ref()?, self.raw.syntax) {
            Ok(default) => Some(default),
            Err(problem) => {
                let diagnostic = self.problem(problem.rule, &raw.span, problem.message);
                self.push(diagnostic.with_help(problem.help));
                None
            }
        }
    }
}

fn convert(
    raw: &RawDefault,
    ty: &ColumnType,
    syntax: Syntax,
) -> Result<ColumnDefault, DefaultProblem> {
    let Some(value_example) = value_example(ty) else {
        let message = format!("a column of type `{}` cannot have a default", ty.keyword());
        let help = syntax.choose(
            "delete it; let the column be `nullable = true` if an insert may leave it out",
            "delete it; let the field be an `Option` if an insert may leave it out",
            "delete it; delete `NOT NULL` if an insert may leave the column out",
        );
        return Err(problem(Rule::DefaultNotAllowed, message, help));
    };
    let context = DefaultContext {
        raw,
        ty,
        syntax,
        value_example,
    };
    match &raw.value {
        RawValue::Call(function) => return context.call(*function).map(ColumnDefault::Call),
        RawValue::Text(text) if syntax != Syntax::Sql && !holds_any_text(ty) => {
            if let Some(call) = context.quoted_call(text) {
                return call.map(ColumnDefault::Call);
            }
        }
        _ => {}
    }
    context.literal(&raw.value).map(ColumnDefault::Literal)
}

/// Returns an example of a default of the type in TOML, or `None` if the type cannot have a
/// default.
fn value_example(ty: &ColumnType) -> Option<&'static str> {
    Some(match ty {
        ColumnType::Boolean => "false",
        ColumnType::TinyInt
        | ColumnType::SmallInt
        | ColumnType::Int
        | ColumnType::BigInt
        | ColumnType::UTinyInt
        | ColumnType::USmallInt
        | ColumnType::UInt
        | ColumnType::UBigInt => "0",
        ColumnType::Float | ColumnType::Double => "0.5",
        ColumnType::Decimal { .. } => "\"1.50\"",
        ColumnType::Text | ColumnType::Enum(_) => "\"..\"",
        ColumnType::Json | ColumnType::File => "\"{}\"",
        ColumnType::Date => "2024-05-27",
        ColumnType::Time => "07:30:00",
        ColumnType::Timestamp { zone: None, .. } => "2024-05-27T07:30:00",
        ColumnType::Timestamp { zone: Some(_), .. } | ColumnType::DateTime => {
            "2024-05-27T07:30:00Z"
        }
        ColumnType::Uuid => "\"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        ColumnType::Bytes
        | ColumnType::FixedBytes(_)
        | ColumnType::Interval
        | ColumnType::Embedding(_)
        | ColumnType::List(_)
        | ColumnType::Struct(_)
        | ColumnType::Map(_)
        | ColumnType::Arrow(_) => return None,
    })
}
