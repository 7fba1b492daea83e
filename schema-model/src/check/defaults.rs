// SPDX-License-Identifier: Apache-2.0

//! Defaults: a TOML value to a value in the column's own representation.

use super::context::{Checks, TypedColumn};
use crate::civil::days_from_date;
use crate::definition::{ColumnDefault, DefaultFunction, Literal};
use crate::diagnostic::{backticked, backticked_list};
use crate::parse::parse_datetime;
use crate::raw::{RawDatetime, RawDefault, RawValue, Syntax};
use crate::rule::Rule;
use crate::shared::Shared;
use crate::suggest::nearest;
use crate::types::{ColumnType, TimeUnit};

/// What is wrong with a default; its place is the whole value.
struct Misfit {
    rule: Rule,
    message: String,
    help: String,
}

fn misfit(rule: Rule, message: impl Into<String>, help: impl Into<String>) -> Misfit {
    Misfit {
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
            let problem = self.problem(Rule::DefaultOnKey, &raw.span, message);
            self.push(problem.with_help("delete it: every row brings its own key"));
        }
        match convert(raw, column.ty.as_ref()?, self.raw.syntax) {
            Ok(default) => Some(default),
            Err(misfit) => {
                let problem = self.problem(misfit.rule, &raw.span, misfit.message);
                self.push(problem.with_help(misfit.help));
                None
            }
        }
    }
}

fn convert(raw: &RawDefault, ty: &ColumnType, syntax: Syntax) -> Result<ColumnDefault, Misfit> {
    let Some(example) = example(ty, syntax) else {
        let message = format!("a column of type `{}` cannot have a default", ty.keyword());
        let help = syntax.choose(
            "delete it; let the column be `nullable = true` if an insert may leave it out",
            "delete it; let the field be an `Option` if an insert may leave it out",
        );
        return Err(misfit(Rule::DefaultNotAllowed, message, help));
    };
    // In a text column `now()` is a text.
    if let RawValue::Text(text) = &raw.value
        && !takes_text(ty)
        && let Some(call) = call(text, ty)
    {
        return call.map(ColumnDefault::Call);
    }
    match (&raw.value, syntax) {
        (RawValue::Text(text), Syntax::Rust) if takes_datetime(ty) => {
            let Some(value) = parse_datetime(text) else {
                let message = format!("{} is not a {}", backticked(text), ty.keyword());
                let help = format!("write for example `{example}`");
                return Err(misfit(Rule::DefaultType, message, help));
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

fn takes_text(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Text | ColumnType::Json | ColumnType::File | ColumnType::Enum(_)
    )
}

/// Returns an example of a default of the type, or `None` if the type cannot have a default.
fn example(ty: &ColumnType, syntax: Syntax) -> Option<String> {
    let value = value_example(ty)?;
    Some(if takes_datetime(ty) && syntax == Syntax::Rust {
        format!("default = \"{value}\"")
    } else {
        format!("default = {value}")
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
        ColumnType::Text | ColumnType::File | ColumnType::Enum(_) => "\"..\"",
        ColumnType::Json => "\"{}\"",
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

/// The function that `text` calls; none if it has not the form of a call.
fn call(text: &str, ty: &ColumnType) -> Option<Result<DefaultFunction, Misfit>> {
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
        return Some(Err(misfit(Rule::UnknownFunction, message, help)));
    };
    let canonical = format!("{}()", function.name());
    if !function.fits(ty) {
        let message = format!("`{canonical}` is no value of type `{}`", ty.keyword());
        let fitting = DefaultFunction::ALL
            .into_iter()
            .find(|other| other.fits(ty));
        let help = match (fitting, function) {
            (Some(fitting), _) => format!("write `default = \"{}()\"`", fitting.name()),
            (None, DefaultFunction::Now) => "it is for `timestamp` and `datetime`".to_string(),
            (None, DefaultFunction::CurrentDate) => "it is for `date`".to_string(),
            (None, DefaultFunction::CurrentTime) => "it is for `time`".to_string(),
        };
        return Some(Err(misfit(Rule::FunctionType, message, help)));
    }
    if trimmed != canonical || trimmed != text {
        let message = format!("unknown function {}", backticked(trimmed));
        let help = format!("did you mean `default = \"{canonical}\"`?");
        return Some(Err(misfit(Rule::UnknownFunction, message, help)));
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
) -> Result<Literal, Misfit> {
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
        misfit(Rule::DefaultType, message, help)
    };
    match (ty, value) {
        (ColumnType::Boolean, RawValue::Boolean(value)) => Ok(Literal::Boolean(*value)),
        (ColumnType::Float | ColumnType::Double, RawValue::Float(value)) => float(*value, ty, raw),
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
        (ColumnType::Json, RawValue::Text(text)) => json(text, syntax),
        (ColumnType::Text | ColumnType::File, RawValue::Text(text)) => {
            Ok(Literal::Text(text.as_str().into()))
        }
        (ColumnType::Uuid, RawValue::Text(text)) => uuid(text),
        (_, RawValue::Datetime(value)) => match instant(value, ty) {
            Some(parts) => time_literal(parts?, ty),
            None => Err(wrong(format!("write for example `{example}`"))),
        },
        // A value that only has quotes too many, or too few.
        (_, RawValue::Text(text)) if reads_without_quotes(text, ty) => Err(wrong(format!(
            "write it without quotes: `default = {text}`"
        ))),
        (ColumnType::Text | ColumnType::File, _) => Err(wrong(format!(
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

fn integer(value: i128, ty: &ColumnType, syntax: Syntax) -> Result<Literal, Misfit> {
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
    // One that holds what the column holds already, and the default too.
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
    Err(misfit(Rule::DefaultOutOfRange, message, help))
}

fn float(value: f64, ty: &ColumnType, raw: &RawDefault) -> Result<Literal, Misfit> {
    let written_infinite = raw.text.contains("inf");
    let held = match ty {
        ColumnType::Float => f64::from(value as f32),
        _ => value,
    };
    if held.is_infinite() && !written_infinite {
        let message = format!("the default is larger than a `{}` can be", ty.keyword());
        let help = "choose a smaller value, or write `inf`";
        return Err(misfit(Rule::DefaultOutOfRange, message, help));
    }
    Ok(Literal::Float(value))
}

fn float_of_integer(value: i128, ty: &ColumnType) -> Result<Literal, Misfit> {
    // Above these, floating point numbers skip integers; the numbers between that happen to be
    // exact are not worth a rule of their own.
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
    Err(misfit(
        Rule::DefaultNotExact,
        message,
        format!("write it as a float: `default = {:e}`", value as f64),
    ))
}

fn decimal(text: &str, precision: u8, scale: u8) -> Result<Literal, Misfit> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !whole.is_empty()
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit())
        && !digits.ends_with('.');
    if !is_number {
        let message = format!("{} is no decimal number", backticked(text));
        let help = "write digits, and a point if need be: `default = \"1.50\"`";
        return Err(misfit(Rule::DefaultMalformed, message, help));
    }
    let (kept, lost) = fraction.split_at(fraction.len().min(usize::from(scale)));
    if lost.bytes().any(|byte| byte != b'0') {
        let message = format!("the default has more than {scale} digits after the point");
        let help =
            format!("round it, or raise the scale: `decimal({precision}, {scale})` has {scale}");
        return Err(misfit(Rule::DefaultNotExact, message, help));
    }
    let zeros = usize::from(scale) - kept.len();
    let unscaled = whole
        .bytes()
        .chain(kept.bytes())
        .chain(std::iter::repeat_n(b'0', zeros))
        .try_fold(0_i128, |sum, digit| {
            sum.checked_mul(10)?.checked_add(i128::from(digit - b'0'))
        })
        .filter(|unscaled| *unscaled < 10_i128.pow(u32::from(precision.min(38))));
    let Some(unscaled) = unscaled else {
        let message = format!(
            "the default has more than the {} digits before the point that `decimal({precision}, {scale})` holds",
            precision - scale.min(precision)
        );
        let help = "choose a smaller value, or raise the precision";
        return Err(misfit(Rule::DefaultOutOfRange, message, help));
    };
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Ok(Literal::Integer(sign * unscaled))
}

fn label(text: &str, labels: &[Shared<str>]) -> Result<Literal, Misfit> {
    if labels.iter().any(|label| **label == *text) {
        return Ok(Literal::Text(text.into()));
    }
    let help = match nearest(text, labels.iter().map(|label| &**label)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if labels.len() <= 16 => format!("the labels are {}", backticked_list(labels, "and")),
        None => "choose one of the enum's labels".to_string(),
    };
    let message = format!("{} is no label of the enum", backticked(text));
    Err(misfit(Rule::DefaultNotALabel, message, help))
}

fn json(text: &str, syntax: Syntax) -> Result<Literal, Misfit> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(Literal::Text(text.into())),
        Err(error) => {
            let message = format!("the default is no JSON value: {error}");
            let help = syntax.choose(
                "write JSON in single quotes: `default = '{\"a\": 1}'`, or `'\"text\"'` for a text",
                "write JSON: `default = r#\"{\"a\": 1}\"#`, or `r#\"\"text\"\"#` for a text",
            );
            Err(misfit(Rule::DefaultMalformed, message, help))
        }
    }
}

fn uuid(text: &str) -> Result<Literal, Misfit> {
    let is_grouped = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    if !is_grouped || digits.len() != 32 {
        let message = format!("{} is no UUID", backticked(text));
        let help = "write 32 hexadecimal digits in groups: `67e55044-10b1-426f-9247-bb680e5fe0c8`";
        return Err(misfit(Rule::DefaultMalformed, message, help));
    }
    let (pairs, _) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs
        .iter()
        .map(|[high, low]| (high * 16 + low) as u8)
        .collect();
    Ok(Literal::Bytes(bytes.into()))
}

// ---- dates and times ----

/// A point in time, or a time of day.
struct Instant {
    days: i64,
    seconds: i64,
    nanoseconds: i64,
}

/// The instant that a TOML date or time means for a column of type `ty`; none if it has not the
/// parts that the type needs, or has others.
fn instant(value: &RawDatetime, ty: &ColumnType) -> Option<Result<Instant, Misfit>> {
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
            let message = "a leap second is no value of a column";
            let help = "write the second before or after it";
            return Some(Err(misfit(Rule::DefaultOutOfRange, message, help)));
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

fn time_literal(instant: Instant, ty: &ColumnType) -> Result<Literal, Misfit> {
    // Definitions are written back as TOML, which has these years only; an offset can leave them.
    let years = days_from_date(0, 1, 1)..=days_from_date(9999, 12, 31);
    if !years.contains(&instant.days) {
        let message = "the default is outside the years 0 to 9999 in UTC";
        let help = "choose a time within them";
        return Err(misfit(Rule::DefaultOutOfRange, message, help));
    }
    let Some(unit) = ty.time_unit() else {
        return Ok(Literal::Integer(instant.days.into()));
    };
    let per_second = unit.per_second();
    let step = TimeUnit::Nanosecond.per_second() / per_second;
    if instant.nanoseconds % step != 0 {
        let message = format!(
            "the default is finer than the column, which counts in `{}`",
            unit.as_str()
        );
        let help = "leave out the digits that the column cannot hold, or choose a finer type";
        return Err(misfit(Rule::DefaultNotExact, message, help));
    }
    let seconds = i128::from(instant.days) * 86_400 + i128::from(instant.seconds);
    let units = seconds * i128::from(per_second) + i128::from(instant.nanoseconds / step);
    if i64::try_from(units).is_err() {
        let message = format!(
            "the default does not fit into 64 bits of `{}`",
            unit.as_str()
        );
        let help = "nanoseconds reach from 1677 to 2262: choose a coarser unit";
        return Err(misfit(Rule::DefaultOutOfRange, message, help));
    }
    Ok(Literal::Integer(units))
}
