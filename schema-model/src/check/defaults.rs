// SPDX-License-Identifier: Apache-2.0

//! Checks the default of a column: converts a TOML value to the representation that the column
//! stores.
//!
//! Values that TOML has no type for are quoted. [`value_text`] parses those.

use super::context::{Checks, TypedColumn};
use crate::civil::days_from_date;
use crate::definition::{ColumnDefault, DefaultFunction, Literal};
use crate::diagnostic::{backticked, backticked_list};
use crate::parse::parse_datetime;
use crate::raw::{RawDatetime, RawDefault, RawValue, Syntax};
use crate::rule::Rule;
use crate::shared::Shared;
use crate::suggest::nearest;
use crate::types::ColumnType;
use crate::value_text::{self, TextError};

/// A problem of a default. The diagnostic points at the whole value.
struct DefaultProblem {
    rule: Rule,
    message: String,
    help: String,
}

fn problem(rule: Rule, message: impl Into<String>, help: impl Into<String>) -> DefaultProblem {
    DefaultProblem {
        rule,
        message: message.into(),
        help: help.into(),
    }
}

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
        if let RawValue::Text(text) = &raw.value
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
    let Some(example) = example(ty, syntax) else {
        let message = format!("a column of type `{}` cannot have a default", ty.keyword());
        let help = syntax.choose(
            "delete it; let the column be `nullable = true` if an insert may leave it out",
            "delete it; let the field be an `Option` if an insert may leave it out",
            "delete it; delete `NOT NULL` if an insert may leave the column out",
        );
        return Err(problem(Rule::DefaultNotAllowed, message, help));
    };
    if let RawValue::Text(text) = &raw.value
        && !holds_any_text(ty)
        && let Some(call) = call(text, ty)
    {
        return call.map(ColumnDefault::Call);
    }
    match (&raw.value, syntax) {
        (RawValue::Text(text), Syntax::Rust | Syntax::Sql) if takes_datetime(ty) => {
            let Some(value) = parse_datetime(text) else {
                let message = format!("{} is not a {}", backticked(text), ty.keyword());
                let help = format!("write for example `{example}`");
                return Err(problem(Rule::DefaultType, message, help));
            };
            literal(raw, &RawValue::Datetime(value), ty, &example, syntax)
        }
        (value, _) => literal(raw, value, ty, &example, syntax),
    }
    .map(ColumnDefault::Literal)
}

fn takes_datetime(ty: &ColumnType) -> bool {
    ty.time_unit().is_some() || *ty == ColumnType::Date
}

/// Returns whether `"now()"` is a text for a column of this type, and not a function call.
fn holds_any_text(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Text | ColumnType::Json | ColumnType::File | ColumnType::Enum(_)
    )
}

/// Returns an example of a default of the type, or `None` if the type cannot have a default.
fn example(ty: &ColumnType, syntax: Syntax) -> Option<String> {
    let value = value_example(ty)?;
    Some(match syntax {
        Syntax::Rust if takes_datetime(ty) => format!("default = \"{value}\""),
        Syntax::Toml | Syntax::Rust => format!("default = {value}"),
        Syntax::Sql if takes_datetime(ty) => format!("DEFAULT '{value}'"),
        Syntax::Sql => format!("DEFAULT {}", value.replace('"', "'")),
    })
}

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

// ---- functions ----

/// Returns the function that `text` calls, or `None` if `text` does not have the form of a call.
fn call(text: &str, ty: &ColumnType) -> Option<Result<DefaultFunction, DefaultProblem>> {
    let trimmed = text.trim();
    let called = trimmed.split('(').next().unwrap_or_default().trim_end();
    let lower = called.to_ascii_lowercase();
    let is_call = trimmed.ends_with(')') && trimmed.contains('(');
    let alias = match lower.as_str() {
        "current_timestamp" | "localtimestamp" | "getdate" | "sysdate" | "utcnow" => "now",
        "today" | "curdate" => "current_date",
        "curtime" | "localtime" => "current_time",
        other => other,
    };
    let known = DefaultFunction::ALL
        .into_iter()
        .find(|function| function.name() == alias);
    if !is_call && known.is_none() {
        return None;
    }
    let Some(function) = known else {
        let names = DefaultFunction::ALL.map(DefaultFunction::name);
        let help = match nearest(called, names) {
            Some(name) => format!("did you mean `default = \"{name}()\"`?"),
            None => format!(
                "the functions are {}",
                backticked_list(names.map(|name| format!("{name}()")), "and")
            ),
        };
        let message = format!("unknown function {}", backticked(called));
        return Some(Err(problem(Rule::UnknownFunction, message, help)));
    };
    let canonical = format!("{}()", function.name());
    if !function.fits(ty) {
        let message = format!("`{canonical}` is not a value of type `{}`", ty.keyword());
        let fitting = DefaultFunction::ALL
            .into_iter()
            .find(|other| other.fits(ty));
        let help = match (fitting, function) {
            (Some(fitting), _) => format!("write `default = \"{}()\"`", fitting.name()),
            (None, DefaultFunction::Now) => "it is for `timestamp` and `datetime`".to_string(),
            (None, DefaultFunction::CurrentDate) => "it is for `date`".to_string(),
            (None, DefaultFunction::CurrentTime) => "it is for `time`".to_string(),
        };
        return Some(Err(problem(Rule::FunctionType, message, help)));
    }
    if trimmed != canonical || trimmed != text {
        let message = format!("unknown function {}", backticked(trimmed));
        let help = format!("did you mean `default = \"{canonical}\"`?");
        return Some(Err(problem(Rule::UnknownFunction, message, help)));
    }
    Some(Ok(function))
}

// ---- literals ----

fn literal(
    raw: &RawDefault,
    value: &RawValue,
    ty: &ColumnType,
    example: &str,
    syntax: Syntax,
) -> Result<Literal, DefaultProblem> {
    let wrong = |help: String| {
        let found = match value {
            RawValue::Boolean(_) => "a boolean",
            RawValue::Integer(_) => "an integer",
            RawValue::Float(_) => "a float",
            RawValue::Text(_) => "a string",
            RawValue::Datetime(value) => match (value.date, value.time, value.offset) {
                (Some(_), None, _) => "a date",
                (None, _, _) => "a time",
                (_, _, Some(_)) => "a date and time with an offset",
                _ => "a date and time without an offset",
            },
        };
        let message = format!(
            "the default is {found}, the column is of type `{ty_name}`",
            ty_name = ty.keyword()
        );
        problem(Rule::DefaultType, message, help)
    };
    match (ty, value) {
        (ColumnType::Boolean, RawValue::Boolean(value)) => Ok(Literal::Boolean(*value)),
        (ColumnType::Float | ColumnType::Double, RawValue::Float(value)) => {
            float(*value, ty, raw, syntax)
        }
        (ColumnType::Float | ColumnType::Double, RawValue::Integer(value)) => {
            float_of_integer(*value, ty)
        }
        (ColumnType::Decimal { precision, scale }, RawValue::Text(text)) => {
            decimal(text, *precision, *scale)
        }
        (ColumnType::Decimal { precision, scale }, RawValue::Integer(value)) => {
            decimal(&value.to_string(), *precision, *scale)
        }
        (ColumnType::Decimal { .. }, RawValue::Float(_)) => Err(wrong(format!(
            "a float is not exact: write `default = \"{}\"`",
            raw.text
        ))),
        (_, RawValue::Integer(value)) if ty.integer_range().is_some() => {
            integer(*value, ty, syntax)
        }
        (ColumnType::Enum(labels), RawValue::Text(text)) => label(text, labels),
        (ColumnType::Json | ColumnType::File, RawValue::Text(text)) => json(text, syntax),
        (ColumnType::Text, RawValue::Text(text)) => Ok(Literal::Text(text.as_str().into())),
        (ColumnType::Uuid, RawValue::Text(text)) => uuid(text),
        (_, RawValue::Datetime(value)) => match instant(value, ty) {
            Some(instant) => time_literal(&instant?, ty),
            None => Err(wrong(format!("write for example `{example}`"))),
        },
        // The value is of the right type, except that it has quotes or lacks them.
        (_, RawValue::Text(text)) if reads_without_quotes(text, ty) => Err(wrong(format!(
            "write it without quotes: `default = {text}`"
        ))),
        (ColumnType::Text, _) => Err(wrong(format!(
            "write it in quotes: `default = \"{}\"`",
            raw.text
        ))),
        _ => Err(wrong(format!("write for example `{example}`"))),
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
    let written_infinite = raw.text.contains("inf");
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

fn float_of_integer(value: i128, ty: &ColumnType) -> Result<Literal, DefaultProblem> {
    // Beyond this bound not every integer has a floating point number. The integers there that do
    // have one are rejected too, because a rule for them would be hard to explain.
    let exact = match ty {
        ColumnType::Float => 1 << f32::MANTISSA_DIGITS,
        _ => 1_i128 << f64::MANTISSA_DIGITS,
    };
    if (-exact..=exact).contains(&value) {
        return Ok(Literal::Float(value as f64));
    }
    let message = format!(
        "`{}` does not hold every integer of this size exactly",
        ty.keyword()
    );
    Err(problem(
        Rule::DefaultNotExact,
        message,
        format!("write it as a float: `default = {:e}`", value as f64),
    ))
}

fn decimal(text: &str, precision: u8, scale: u8) -> Result<Literal, DefaultProblem> {
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
                "the default has more than the {digits} digits before the point that `{ty}` holds"
            ),
            "choose a smaller value, or raise the precision",
        )),
        Err(_) => Err(problem(
            Rule::DefaultMalformed,
            format!("{} is not a decimal number", backticked(text)),
            "write digits with an optional point: `default = \"1.50\"`",
        )),
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

// ---- dates and times ----

/// A point in time, or a time of day with `days` 0.
struct Instant {
    days: i64,
    seconds: i64,
    nanoseconds: i64,
}

/// Returns the instant that a TOML date or time denotes in a column of type `ty`, or `None` if its
/// parts (date, time and offset) are not those of the type.
fn instant(value: &RawDatetime, ty: &ColumnType) -> Option<Result<Instant, DefaultProblem>> {
    let parts = (
        value.date.is_some(),
        value.time.is_some(),
        value.offset.is_some(),
    );
    let needs = match ty {
        ColumnType::Date => (true, false, false),
        ColumnType::Time => (false, true, false),
        ColumnType::Timestamp { zone: None, .. } => (true, true, false),
        ColumnType::Timestamp { zone: Some(_), .. } | ColumnType::DateTime => (true, true, true),
        _ => return None,
    };
    if parts != needs {
        return None;
    }
    let days = value.date.map_or(0, |(year, month, day)| {
        days_from_date(year.into(), month.into(), day.into())
    });
    let mut instant = Instant {
        days,
        seconds: 0,
        nanoseconds: 0,
    };
    if let Some((hour, minute, second, nanosecond)) = value.time {
        if second > 59 {
            let message = "a leap second is not a value of a column";
            let help = "write the previous or the following second";
            return Some(Err(problem(Rule::DefaultOutOfRange, message, help)));
        }
        instant.seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        instant.nanoseconds = nanosecond.into();
    }
    if let Some(minutes) = value.offset {
        instant.seconds -= i64::from(minutes) * 60;
        instant.days += instant.seconds.div_euclid(86_400);
        instant.seconds = instant.seconds.rem_euclid(86_400);
    }
    Some(Ok(instant))
}

fn time_literal(instant: &Instant, ty: &ColumnType) -> Result<Literal, DefaultProblem> {
    // TOML, which definitions are written back to, has no other years. An offset can leave them.
    let years = days_from_date(0, 1, 1)..=days_from_date(9999, 12, 31);
    if !years.contains(&instant.days) {
        let message = "the default is outside the years 0 to 9999 in UTC";
        let help = "choose a time within them";
        return Err(problem(Rule::DefaultOutOfRange, message, help));
    }
    let Some(unit) = ty.time_unit() else {
        return Ok(Literal::Integer(instant.days.into()));
    };
    let seconds = i128::from(instant.days) * 86_400 + i128::from(instant.seconds);
    let nanoseconds = seconds * 1_000_000_000 + i128::from(instant.nanoseconds);
    match value_text::units(nanoseconds, unit) {
        Ok(units) => Ok(Literal::Integer(units.into())),
        Err(TextError::Inexact { .. }) => Err(problem(
            Rule::DefaultNotExact,
            format!(
                "the default is more precise than the column, which counts in `{}`",
                unit.as_str()
            ),
            "leave out the digits that the column cannot hold, or choose a type with a finer unit",
        )),
        Err(_) => Err(problem(
            Rule::DefaultOutOfRange,
            format!(
                "the default does not fit into 64 bits of `{}`",
                unit.as_str()
            ),
            "nanoseconds reach from 1677 to 2262: choose a coarser unit",
        )),
    }
}
