// SPDX-License-Identifier: Apache-2.0

//! Defaults that are dates and times.

use super::default_calls::{called, function_named};
use super::default_context::{DefaultContext, DefaultProblem, problem};
use crate::civil::days_from_date;
use crate::default_function::DefaultFunction;
use crate::definition::Literal;
use crate::diagnostic::backticked;
use crate::raw::{RawDatetime, Syntax};
use crate::rule::Rule;
use crate::types::{ColumnType, TimeUnit};
use crate::value_text::{self, TextError};

impl DefaultContext<'_> {
    /// Converts a text to a date, a time or a timestamp, by the grammar of [`value_text`].
    pub(super) fn time_of_text(self, text: &str) -> Result<Literal, DefaultProblem> {
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
pub(super) struct Instant {
    days: i64,
    seconds: i64,
    nanoseconds: i64,
}

/// Returns the instant that a TOML date or time denotes in a column of type `ty`, or `None` if its
/// parts (date, time and offset) are not those of the type.
pub(super) fn instant(
    value: &RawDatetime,
    ty: &ColumnType,
) -> Option<Result<Instant, DefaultProblem>> {
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

pub(super) fn time_literal(instant: &Instant, ty: &ColumnType) -> Result<Literal, DefaultProblem> {
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
