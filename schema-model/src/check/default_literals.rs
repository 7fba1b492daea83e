// SPDX-License-Identifier: Apache-2.0

//! Defaults that are literals.
//!
//! TOML has its own dates and times. Other values without a literal are texts, and [`value_text`]
//! parses those.

use super::default_context::{
    DefaultContext, DefaultProblem, holds_any_text, problem, takes_datetime,
};
use super::default_times::{instant, time_literal};
use crate::definition::Literal;
use crate::diagnostic::{backticked, backticked_list};
use crate::parse::parse_datetime;
use crate::raw::{RawDefault, RawValue, Syntax};
use crate::rule::Rule;
use crate::shared::Shared;
use crate::types::ColumnType;
use crate::value_text::{self, TextError};

impl DefaultContext<'_> {
    pub(super) fn literal(self, value: &RawValue) -> Result<Literal, DefaultProblem> {
        let (ty, raw, syntax) = (self.ty, self.raw, self.syntax);
        match (ty, value) {
            (_, RawValue::Typed { ty: stated, text }) => self.typed(stated, text),
            (_, RawValue::Text(text)) if takes_datetime(ty) && syntax != Syntax::Toml => {
                self.time_of_text(text)
            }
            (ColumnType::Boolean, RawValue::Boolean(value)) => Ok(Literal::Boolean(*value)),
            (ColumnType::Float | ColumnType::Double, RawValue::Float(value)) => {
                float(*value, ty, raw, syntax)
            }
            (ColumnType::Float | ColumnType::Double, RawValue::Integer(value)) => {
                self.float_of_integer(*value)
            }
            // SQL has no other literals for these numbers.
            (ColumnType::Float | ColumnType::Double, RawValue::Text(text))
                if syntax == Syntax::Sql && not_finite(text).is_some() =>
            {
                Ok(Literal::Float(not_finite(text).unwrap_or_default()))
            }
            (ColumnType::Decimal { precision, scale }, RawValue::Text(text)) => {
                self.decimal(text, *precision, *scale)
            }
            (ColumnType::Decimal { precision, scale }, RawValue::Integer(value)) => {
                self.decimal(&value.to_string(), *precision, *scale)
            }
            // The number as SQL writes it has all digits.
            (ColumnType::Decimal { precision, scale }, RawValue::Float(_))
                if syntax == Syntax::Sql =>
            {
                self.decimal(&raw.text, *precision, *scale)
            }
            (ColumnType::Decimal { .. }, RawValue::Float(_)) => {
                let written = self.written_text(&raw.text);
                Err(self.wrong(value, format!("a float is not exact: write {written}")))
            }
            (_, RawValue::Integer(value)) if ty.integer_range().is_some() => {
                integer(*value, ty, syntax)
            }
            (ColumnType::Enum(labels), RawValue::Text(text)) => label(text, labels),
            (ColumnType::Json | ColumnType::File, RawValue::Text(text)) => json(text, syntax),
            (ColumnType::Text, RawValue::Text(text)) => Ok(Literal::Text(text.as_str().into())),
            (ColumnType::Uuid, RawValue::Text(text)) => uuid(text),
            (_, RawValue::Datetime(datetime)) => match instant(datetime, ty) {
                Some(instant) => time_literal(&instant?, ty),
                None => Err(self.wrong(value, self.example())),
            },
            // The value is of the right type, except that it has quotes or lacks them.
            (_, RawValue::Text(text)) if reads_without_quotes(text, ty) => {
                let written = self.written(text);
                Err(self.wrong(value, format!("write it without quotes: {written}")))
            }
            (ColumnType::Text, _) => {
                let written = self.written_text(&raw.text);
                Err(self.wrong(value, format!("write it in quotes: {written}")))
            }
            _ => Err(self.wrong(value, self.example())),
        }
    }

    /// Creates the problem of a value of another type.
    fn wrong(self, value: &RawValue, help: String) -> DefaultProblem {
        self.wrong_kind(
            match value {
                RawValue::Boolean(_) => "a boolean",
                RawValue::Integer(_) => "an integer",
                RawValue::Float(_) => "a float",
                RawValue::Text(_) | RawValue::Typed { .. } => "a string",
                RawValue::Call(_) => "a call",
                RawValue::Datetime(value) => match (value.date, value.time, value.offset) {
                    (Some(_), None, _) => "a date",
                    (None, _, _) => "a time",
                    (_, _, Some(_)) => "a date and time with an offset",
                    _ => "a date and time without an offset",
                },
            },
            help,
        )
    }

    pub(super) fn wrong_kind(self, found: &str, help: String) -> DefaultProblem {
        let ty = self.ty.keyword();
        let message = format!("the default is {found}, the column is of type `{ty}`");
        problem(Rule::DefaultType, message, help)
    }

    /// Converts a string with a type before it.
    fn typed(self, stated: &ColumnType, text: &str) -> Result<Literal, DefaultProblem> {
        let literal = self.literal(&RawValue::Text(text.to_string()));
        if is_literal_of(stated, self.ty) {
            return literal;
        }
        let help = match literal {
            Ok(_) => format!("write it without a type: {}", self.written_text(text)),
            Err(_) => self.example(),
        };
        let stated = stated.keyword();
        Err(self.wrong_kind(&format!("of type `{stated}`"), help))
    }
}

/// Returns the number that a text without digits denotes: an infinity, or not a number.
fn not_finite(text: &str) -> Option<f64> {
    let value = value_text::double(text).ok()?;
    (!value.is_finite()).then_some(value)
}

/// Returns whether a literal that states the type `stated` can be a value of a column of type `ty`.
fn is_literal_of(stated: &ColumnType, ty: &ColumnType) -> bool {
    let has_zone = |ty: &ColumnType| match ty {
        ColumnType::Timestamp { zone, .. } => Some(zone.is_some()),
        ColumnType::DateTime => Some(true),
        _ => None,
    };
    match (has_zone(stated), has_zone(ty)) {
        (Some(stated), Some(has_zone)) => stated == has_zone,
        _ if *stated == ColumnType::Text => holds_any_text(ty),
        _ => stated.keyword() == ty.keyword(),
    }
}

fn reads_without_quotes(text: &str, ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Boolean => matches!(text, "true" | "false"),
        ColumnType::Float | ColumnType::Double => {
            text.parse::<f64>().is_ok() && text.starts_with(|c: char| c.is_ascii_digit())
        }
        _ if ty.integer_range().is_some() => text.parse::<i64>().is_ok(),
        _ => parse_datetime(text).is_some_and(|value| instant(&value, ty).is_some()),
    }
}

fn integer(value: i128, ty: &ColumnType, syntax: Syntax) -> Result<Literal, DefaultProblem> {
    let (min, max) = ty.integer_range().unwrap_or_default();
    if (min..=max).contains(&value) {
        return Ok(Literal::Integer(value));
    }
    const WIDER: [ColumnType; 8] = [
        ColumnType::TinyInt,
        ColumnType::SmallInt,
        ColumnType::Int,
        ColumnType::BigInt,
        ColumnType::UTinyInt,
        ColumnType::USmallInt,
        ColumnType::UInt,
        ColumnType::UBigInt,
    ];
    let keyword = ty.keyword();
    // The wider type must hold the default and every value of the declared type.
    let wider = WIDER.iter().find(|wider| {
        wider
            .integer_range()
            .is_some_and(|(lowest, highest)| lowest <= min.min(value) && max.max(value) <= highest)
    });
    let help = match wider {
        Some(wider) if syntax == Syntax::Toml => {
            format!("choose a value within the range, or `type = \"{wider}\"`")
        }
        _ => "choose a value within the range".to_string(),
    };
    let message = format!("the default is out of range: `{keyword}` is from {min} to {max}");
    Err(problem(Rule::DefaultOutOfRange, message, help))
}

fn float(
    value: f64,
    ty: &ColumnType,
    raw: &RawDefault,
    syntax: Syntax,
) -> Result<Literal, DefaultProblem> {
    let written_infinite = raw.text.to_ascii_lowercase().contains("inf");
    let stored = match ty {
        ColumnType::Float => f64::from(value as f32),
        _ => value,
    };
    if stored.is_infinite() && !written_infinite {
        let message = format!("the default is larger than a `{}` can be", ty.keyword());
        let help = syntax.choose(
            "choose a smaller value, or write `inf`",
            "choose a smaller value",
            "choose a smaller value",
        );
        return Err(problem(Rule::DefaultOutOfRange, message, help));
    }
    Ok(Literal::Float(value))
}

impl DefaultContext<'_> {
    fn float_of_integer(self, value: i128) -> Result<Literal, DefaultProblem> {
        // Beyond this bound not every integer has a floating point number. The integers there that
        // do have one are rejected too, because a rule for them would be hard to explain.
        let exact = match self.ty {
            ColumnType::Float => 1 << f32::MANTISSA_DIGITS,
            _ => 1_i128 << f64::MANTISSA_DIGITS,
        };
        if (-exact..=exact).contains(&value) {
            return Ok(Literal::Float(value as f64));
        }
        let message = format!(
            "`{}` does not hold every integer of this size exactly",
            self.ty.keyword()
        );
        let written = self.written(&format!("{:e}", value as f64));
        let help = format!("write it as a float: {written}");
        Err(problem(Rule::DefaultNotExact, message, help))
    }

    fn decimal(self, text: &str, precision: u8, scale: u8) -> Result<Literal, DefaultProblem> {
        let ty = format!("decimal({precision}, {scale})");
        match value_text::decimal(text, precision, scale) {
            Ok(unscaled) => Ok(Literal::Integer(unscaled)),
            Err(TextError::Inexact { digits }) => Err(problem(
                Rule::DefaultNotExact,
                format!("the default has more than {digits} digits after the point"),
                format!("round it, or raise the scale: `{ty}` has {digits}"),
            )),
            Err(TextError::TooLarge { digits }) => Err(problem(
                Rule::DefaultOutOfRange,
                format!(
                    "the default has more than the {digits} digits before the point that `{ty}` \
                     holds"
                ),
                "choose a smaller value, or raise the precision",
            )),
            Err(_) => {
                let written = self.syntax.choose(
                    self.written_text("1.50"),
                    self.written_text("1.50"),
                    self.written("1.50"),
                );
                Err(problem(
                    Rule::DefaultMalformed,
                    format!("{} is not a decimal number", backticked(text)),
                    format!("write digits with an optional point: {written}"),
                ))
            }
        }
    }
}

fn label(text: &str, labels: &[Shared<str>]) -> Result<Literal, DefaultProblem> {
    let nearest = match value_text::label(text, labels) {
        Ok(()) => return Ok(Literal::Text(text.into())),
        Err(TextError::NotALabel { nearest }) => nearest,
        Err(_) => None,
    };
    let help = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if labels.len() <= 16 => format!("the labels are {}", backticked_list(labels, "and")),
        None => "choose one of the enum's labels".to_string(),
    };
    let message = format!("{} is not a label of the enum", backticked(text));
    Err(problem(Rule::DefaultNotALabel, message, help))
}

fn json(text: &str, syntax: Syntax) -> Result<Literal, DefaultProblem> {
    let Err(error) = value_text::json(text) else {
        return Ok(Literal::Text(text.into()));
    };
    let help = syntax.choose(
        "write JSON in single quotes: `default = '{\"a\": 1}'`, or `'\"text\"'` for a text",
        "write JSON: `default = r#\"{\"a\": 1}\"#`, or `r#\"\"text\"\"#` for a text",
        "write JSON: `DEFAULT '{\"a\": 1}'`, or `'\"text\"'` for a text",
    );
    Err(problem(
        Rule::DefaultMalformed,
        format!("the default {error}"),
        help,
    ))
}

fn uuid(text: &str) -> Result<Literal, DefaultProblem> {
    let Ok(bytes) = value_text::uuid(text) else {
        let message = format!("{} is not a UUID", backticked(text));
        let help = "write 32 hexadecimal digits in groups: `67e55044-10b1-426f-9247-bb680e5fe0c8`";
        return Err(problem(Rule::DefaultMalformed, message, help));
    };
    Ok(Literal::Bytes(bytes.to_vec().into()))
}
