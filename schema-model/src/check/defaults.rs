// SPDX-License-Identifier: Apache-2.0

//! Checks the default of a column: converts a value as written to the representation that the
//! column stores.
//!
//! TOML has its own dates and times. Other values without a literal are texts, and [`value_text`]
//! parses those.

use super::context::{Checks, TypedColumn};
use crate::civil::days_from_date;
use crate::default_function::DefaultFunction;
use crate::definition::{ColumnDefault, Literal};
use crate::diagnostic::{backticked, backticked_list};
use crate::parse::parse_datetime;
use crate::raw::{RawDatetime, RawDefault, RawValue, Syntax};
use crate::rule::Rule;
use crate::shared::Shared;
use crate::sql_text::quote;
use crate::suggest::nearest;
use crate::types::{ColumnType, TimeUnit};
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

/// Returns whether the type has dates or times as values.
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

/// Returns an example of a default of the type in TOML, or `None` if the type cannot have a default.
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

/// A default, the type of its column, and the syntax of help texts.
#[derive(Clone, Copy)]
struct DefaultContext<'a> {
    raw: &'a RawDefault,
    ty: &'a ColumnType,
    syntax: Syntax,
    /// An example of a default of the type in TOML.
    value_example: &'static str,
}

// ---- help texts ----

impl DefaultContext<'_> {
    /// Returns the text that declares a default, with its value as written.
    fn written(self, value: &str) -> String {
        match self.syntax {
            Syntax::Toml | Syntax::Rust => format!("`default = {value}`"),
            Syntax::Sql => format!("`DEFAULT {value}`"),
        }
    }

    /// Returns the text that declares a default that is a string.
    fn written_text(self, text: &str) -> String {
        match self.syntax {
            Syntax::Toml | Syntax::Rust => self.written(&format!("\"{text}\"")),
            Syntax::Sql => self.written(&quote(text)),
        }
    }

    /// Returns the text that declares a default that is a call.
    fn written_call(self, function: DefaultFunction) -> String {
        match self.syntax {
            Syntax::Toml | Syntax::Rust => self.written_text(&format!("{}()", function.name())),
            Syntax::Sql => self.written(&ColumnDefault::Call(function).to_sql(self.ty)),
        }
    }

    /// Returns help with an example of a default.
    fn example(self) -> String {
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

// ---- functions ----

/// Returns the function of a name, which can be the name in another system.
fn function_named(name: &str) -> Option<DefaultFunction> {
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
fn called(text: &str) -> &str {
    text.split('(').next().unwrap_or_default().trim()
}

impl DefaultContext<'_> {
    /// Returns the function that `text` calls, or `None` if `text` does not have the form of a call.
    fn quoted_call(self, text: &str) -> Option<Result<DefaultFunction, DefaultProblem>> {
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
    fn call(self, function: DefaultFunction) -> Result<DefaultFunction, DefaultProblem> {
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

// ---- literals ----

impl DefaultContext<'_> {
    fn literal(self, value: &RawValue) -> Result<Literal, DefaultProblem> {
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

    fn wrong_kind(self, found: &str, help: String) -> DefaultProblem {
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

// ---- dates and times ----

impl DefaultContext<'_> {
    /// Converts a text to a date, a time or a timestamp, by the grammar of [`value_text`].
    fn time_of_text(self, text: &str) -> Result<Literal, DefaultProblem> {
        let parsed = match (self.ty, self.ty.time_unit()) {
            (ColumnType::Time, Some(unit)) => value_text::time(text, unit),
            (ty, Some(unit)) => {
                let has_zone = !matches!(ty, ColumnType::Timestamp { zone: None, .. });
                value_text::timestamp(text, unit, has_zone)
            }
            (_, None) => value_text::date(text).map(i64::from),
        };
        match (parsed, self.ty.time_unit()) {
            (Ok(days), None) => {
                check_years(days)?;
                Ok(Literal::Integer(days.into()))
            }
            (Ok(units), Some(unit)) => {
                check_years(units.div_euclid(unit.per_second() * 86_400))?;
                Ok(Literal::Integer(units.into()))
            }
            (Err(TextError::Inexact { .. }), Some(unit)) => Err(not_exact(unit)),
            (Err(TextError::OutOfRange), Some(unit)) => Err(too_far(unit)),
            (Err(TextError::OutOfRange), None) => Err(outside_years()),
            (Err(_), _) => Err(self.not_a_time(text)),
        }
    }

    /// Creates the problem of a text that is not a value of the type, which has dates or times.
    fn not_a_time(self, text: &str) -> DefaultProblem {
        if self.syntax == Syntax::Sql
            && let Some(function) = function_named(called(text.trim()))
        {
            let message = format!(
                "{} in quotes is a text, the column is of type `{}`",
                backticked(text),
                self.ty.keyword()
            );
            let function = match function.fits(self.ty) {
                true => Some(function),
                false => DefaultFunction::ALL
                    .into_iter()
                    .find(|other| other.fits(self.ty)),
            };
            let help = match function {
                Some(function) => format!("write the call: {}", self.written_call(function)),
                None => self.example(),
            };
            return problem(Rule::DefaultType, message, help);
        }
        let timestamp = value_text::timestamp(text, TimeUnit::Nanosecond, false);
        let found = match timestamp {
            Err(TextError::UnexpectedOffset) => "a date and time with an offset",
            Err(TextError::Malformed { .. }) => {
                if value_text::date(text).is_ok() {
                    "a date"
                } else if value_text::time(text, TimeUnit::Nanosecond).is_ok() {
                    "a time"
                } else {
                    let ty = self.ty.keyword();
                    let message = format!("{} is not a {ty}", backticked(text));
                    return problem(Rule::DefaultType, message, self.example());
                }
            }
            _ => "a date and time without an offset",
        };
        self.wrong_kind(found, self.example())
    }
}

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
    check_years(instant.days)?;
    let Some(unit) = ty.time_unit() else {
        return Ok(Literal::Integer(instant.days.into()));
    };
    let seconds = i128::from(instant.days) * 86_400 + i128::from(instant.seconds);
    let nanoseconds = seconds * 1_000_000_000 + i128::from(instant.nanoseconds);
    match value_text::units(nanoseconds, unit) {
        Ok(units) => Ok(Literal::Integer(units.into())),
        Err(TextError::Inexact { .. }) => Err(not_exact(unit)),
        Err(_) => Err(too_far(unit)),
    }
}

/// Fails unless a day is in the years of TOML, to which definitions are written back. An offset can
/// leave them.
fn check_years(days: i64) -> Result<(), DefaultProblem> {
    let years = days_from_date(0, 1, 1)..=days_from_date(9999, 12, 31);
    if years.contains(&days) {
        return Ok(());
    }
    Err(outside_years())
}

fn outside_years() -> DefaultProblem {
    problem(
        Rule::DefaultOutOfRange,
        "the default is outside the years 0 to 9999 in UTC",
        "choose a time within them",
    )
}

fn not_exact(unit: TimeUnit) -> DefaultProblem {
    problem(
        Rule::DefaultNotExact,
        format!(
            "the default is more precise than the column, which counts in `{}`",
            unit.as_str()
        ),
        "leave out the digits that the column cannot hold, or choose a type with a finer unit",
    )
}

fn too_far(unit: TimeUnit) -> DefaultProblem {
    problem(
        Rule::DefaultOutOfRange,
        format!(
            "the default does not fit into 64 bits of `{}`",
            unit.as_str()
        ),
        "nanoseconds reach from 1677 to 2262: choose a coarser unit",
    )
}
