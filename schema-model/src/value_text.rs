// SPDX-License-Identifier: Apache-2.0

//! The grammar of values that are written as text: one function per kind of column type.
//!
//! Defaults that are written as text and the values of text data files both use these functions, so
//! a spelling means the same in both. Only the dates and times of TOML have a grammar of their own,
//! because they are not text there. A value is exact or an error. A floating point number is exact
//! if it has the digits of the text: `0.1` is the nearest number to one tenth, and no digit of
//! `0.1` is lost, but a `float` cannot keep the last digit of `16777217`.
//!
//! | type | text |
//! |---|---|
//! | boolean | `true` or `false`, in any case |
//! | integers | as a decimal, without a fraction other than zero: `12`, `-12.0`, `1e3` |
//! | float, double | `1.5`, `1e-3`, `NaN`, `inf`, `-inf` |
//! | decimal | digits with an optional sign, point and exponent: `-12.50`, `5.`, `.5`, `1e-05` |
//! | json, file | one JSON value |
//! | enum | one of the labels |
//! | bytes | hexadecimal digits, two per byte |
//! | date | `2024-02-29`; a year of more than four digits has a sign |
//! | time | `23:59` or `23:59:59.999999` |
//! | timestamp, datetime | date, `T` or a space, time; then an offset if the type has a zone |
//! | uuid | `67e55044-10b1-426f-9247-bb680e5fe0c8` |
//!
//! A timestamp of a type with a zone must have an offset, and any other must not have one. An
//! offset is `Z`, `UTC` with an optional space before it, or `+02`, `+0200`, `+02:00` or
//! `+02:00:00`. `T` and `Z` may be in lower case.

use std::str::FromStr;

use serde_core::de::IgnoredAny;

use crate::civil::{date_from_days, days_from_date};
use crate::shared::Shared;
use crate::suggest::nearest;
use crate::types::TimeUnit;

/// The reason why a text is not a value of a column type. The message follows the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The text does not have the form of the type's values.
    #[error("is not {expected}")]
    Malformed {
        /// A description of the form, with an example where that helps.
        expected: &'static str,
    },
    /// The value is outside the range of the type.
    #[error("is out of range")]
    OutOfRange,
    /// The value has more digits after the point than the type keeps.
    #[error("has more than {digits} digits after the point, and would have to be rounded")]
    Inexact {
        /// The maximum number of digits after the point.
        digits: u8,
    },
    /// The text has more digits than the nearest floating point number.
    #[error("has more digits than the type holds, and would have to be rounded to `{nearest}`")]
    Rounded {
        /// The nearest number, with as many digits as are necessary to identify it.
        nearest: String,
    },
    /// The value has more digits before the point than the type holds.
    #[error("has more than {digits} digits before the point")]
    TooLarge {
        /// The maximum number of digits before the point.
        digits: u8,
    },
    /// A timestamp without an offset, for a type with a zone.
    #[error("has no offset from UTC: end it with `Z`, or an offset such as `+02:00`")]
    MissingOffset,
    /// A timestamp with an offset, for a type without a zone.
    #[error("has an offset from UTC, but the type has no zone: leave it out")]
    UnexpectedOffset,
    /// The text is not a label of the enum.
    #[error("is not a label of the enum{}", did_you_mean(.nearest.as_deref()))]
    NotALabel {
        /// The label that was probably meant.
        nearest: Option<String>,
    },
    /// The text is not one JSON value.
    #[error("is not valid JSON: {0}")]
    NotJson(String),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// Parses `true` or `false`, in any case.
///
/// # Errors
/// [`TextError::Malformed`] for any other text.
pub fn boolean(text: &str) -> Result<bool, TextError> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(TextError::Malformed {
            expected: "`true` or `false`",
        })
    }
}

/// Parses an integer of the Rust type `T`, which may have a fraction of zeros or an exponent.
///
/// # Errors
/// [`TextError::OutOfRange`] if `T` cannot hold the integer, [`TextError::Malformed`] if the text
/// is not an integer.
pub fn integer<T: FromStr>(text: &str) -> Result<T, TextError> {
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    let decimal = DecimalText::parse(text)
        .filter(|decimal| decimal.point >= decimal.digits.len() as i64)
        .ok_or(TextError::Malformed {
            expected: "a whole number",
        })?;
    let whole = decimal.whole(MAX_DIGITS).ok_or(TextError::OutOfRange)?;
    whole.parse().map_err(|_| TextError::OutOfRange)
}

/// More digits than any integer or decimal type holds.
const MAX_DIGITS: i64 = 40;

/// A decimal number as text: the digits without zeros at either end, and the position of the point.
struct DecimalText {
    is_negative: bool,
    digits: String,
    /// The number of digits before the point. It is negative if zeros follow the point, and larger
    /// than the number of digits if zeros precede it. It is zero for zero.
    point: i64,
}

impl DecimalText {
    /// Parses digits with an optional sign, point and exponent.
    fn parse(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
                if digits.is_empty() || !is_digits(digits) {
                    return None;
                }
                let limit = if exponent.starts_with('-') {
                    -MAX_EXPONENT
                } else {
                    MAX_EXPONENT
                };
                (mantissa, exponent.parse().unwrap_or(limit))
            }
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_empty = whole.is_empty() && fraction.is_empty();
        if is_empty || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let zeros = (all.len() - significant.len()) as i64;
        let digits = significant.trim_end_matches('0');
        let point = whole.len() as i64 - zeros + exponent.clamp(-MAX_EXPONENT, MAX_EXPONENT);
        Some(DecimalText {
            is_negative,
            digits: digits.to_string(),
            point: if digits.is_empty() { 0 } else { point },
        })
    }

    /// Returns the sign and the digits of a number without a fraction, or `None` if there are more
    /// than `max` digits.
    fn whole(&self, max: i64) -> Option<String> {
        if self.point > max {
            return None;
        }
        let sign = if self.is_negative && !self.digits.is_empty() {
            "-"
        } else {
            ""
        };
        let zeros = usize::try_from(self.point).ok()? - self.digits.len();
        let digits = if self.digits.is_empty() {
            "0"
        } else {
            &self.digits
        };
        Some(format!("{sign}{digits}{}", "0".repeat(zeros)))
    }
}

/// Exponents beyond this limit are equal to it: no type can hold the value.
const MAX_EXPONENT: i64 = 1_000_000_000;

/// Parses a floating point number whose digits an `f32` keeps.
///
/// # Errors
/// [`TextError::OutOfRange`] if a finite number rounds to infinity, [`TextError::Rounded`] if the
/// nearest number has other digits, [`TextError::Malformed`] if the text is not a number.
pub fn float(text: &str) -> Result<f32, TextError> {
    let value = nearest_float(text)?;
    check_digits(text, value.into()).map_err(|()| TextError::Rounded {
        nearest: value.to_string(),
    })?;
    Ok(value)
}

/// Parses a floating point number, rounded to the nearest `f32`.
///
/// # Errors
/// [`TextError::OutOfRange`] if a finite number rounds to infinity, [`TextError::Malformed`] if the
/// text is not a number.
pub fn nearest_float(text: &str) -> Result<f32, TextError> {
    let value: f32 = text.parse().map_err(|_| NOT_A_NUMBER)?;
    check_finite(text, value.is_infinite()).map(|()| value)
}

/// Parses a floating point number whose digits an `f64` keeps.
///
/// # Errors
/// [`TextError::OutOfRange`] if a finite number rounds to infinity, [`TextError::Rounded`] if the
/// nearest number has other digits, [`TextError::Malformed`] if the text is not a number.
pub fn double(text: &str) -> Result<f64, TextError> {
    let value: f64 = text.parse().map_err(|_| NOT_A_NUMBER)?;
    check_finite(text, value.is_infinite())?;
    check_digits(text, value).map_err(|()| TextError::Rounded {
        nearest: format!("{value:?}"),
    })?;
    Ok(value)
}

const NOT_A_NUMBER: TextError = TextError::Malformed {
    expected: "a number",
};

/// Fails if digits were parsed as infinity. The spellings of infinity itself have no digits.
fn check_finite(text: &str, is_infinite: bool) -> Result<(), TextError> {
    if is_infinite && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(TextError::OutOfRange);
    }
    Ok(())
}

/// Fails if `value`, rounded to as many digits as `text` has, is another number than `text`.
fn check_digits(text: &str, value: f64) -> Result<(), ()> {
    // Any number of up to six digits is the only one of that length that is nearest to some `f32`.
    let is_short = text.len() <= 6 && !text.contains(['e', 'E']);
    if is_short || !value.is_finite() {
        return Ok(());
    }
    let Some(written) = DecimalText::parse(text) else {
        return Ok(());
    };
    // No `f64` has more significant digits.
    const MAX_SIGNIFICANT: usize = 767;
    let count = written.digits.len();
    let stored = match count {
        0 => return if value == 0.0 { Ok(()) } else { Err(()) },
        1..=MAX_SIGNIFICANT => format!("{:.*e}", count - 1, value),
        _ => return Err(()),
    };
    match DecimalText::parse(&stored) {
        Some(stored) if stored.digits == written.digits && stored.point == written.point => Ok(()),
        _ => Err(()),
    }
}

/// Parses a decimal number and returns its unscaled value: `1.5` is `150` at scale 2.
///
/// `precision` is at most 38, and `scale` is at most `precision`.
///
/// # Errors
/// [`TextError::Malformed`] if the text is not a decimal number, [`TextError::Inexact`] or
/// [`TextError::TooLarge`] if it has too many digits. Zeros at either end do not count.
pub fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, TextError> {
    let decimal = DecimalText::parse(text).ok_or(TextError::Malformed {
        expected: "a decimal number such as `-12.50`",
    })?;
    let fraction_digits = decimal.digits.len() as i64 - decimal.point;
    if fraction_digits > i64::from(scale) {
        return Err(TextError::Inexact { digits: scale });
    }
    let max_whole = precision.saturating_sub(scale);
    if decimal.point > i64::from(max_whole) {
        return Err(TextError::TooLarge { digits: max_whole });
    }
    // Both bounds are checked above, so this is at most 38 digits.
    let zeros = usize::try_from(i64::from(scale) - fraction_digits).unwrap_or_default();
    let unscaled = decimal
        .digits
        .bytes()
        .chain(std::iter::repeat_n(b'0', zeros))
        .fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    Ok(if decimal.is_negative {
        -unscaled
    } else {
        unscaled
    })
}

/// Checks that the text is one of the labels of an enum. The comparison is case-sensitive.
///
/// # Errors
/// [`TextError::NotALabel`] if it is not.
pub fn label(text: &str, labels: &[Shared<str>]) -> Result<(), TextError> {
    if labels.iter().any(|label| **label == *text) {
        return Ok(());
    }
    let nearest = nearest(text, labels.iter().map(|label| &**label));
    Err(TextError::NotALabel {
        nearest: nearest.map(str::to_string),
    })
}

/// Checks that the text is one JSON value.
///
/// Follows the grammar of RFC 8259 and nothing else: numbers of any size, half of a surrogate pair
/// in a string, and a key that occurs twice are valid.
///
/// # Errors
/// [`TextError::NotJson`] with the reason and its position.
pub fn json(text: &str) -> Result<(), TextError> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(TextError::NotJson(json_message(&error))),
    }
}

/// Returns the message of `error`, with a character instead of line 1 and a column.
pub fn json_message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.strip_suffix(&format!(" at line 1 column {}", error.column())) {
        Some(message) => format!("{message} at character {}", error.column()),
        None => message,
    }
}

/// Parses pairs of hexadecimal digits, in any case.
///
/// # Errors
/// [`TextError::Malformed`] for any other text.
pub fn bytes(text: &str) -> Result<Vec<u8>, TextError> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|&pair| hexadecimal_byte(pair));
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes
        .filter(|_| rest.is_empty())
        .ok_or(TextError::Malformed {
            expected: "bytes in hexadecimal, two digits each",
        })
}

/// Parses a UUID in its hyphenated form, with hexadecimal digits in any case.
///
/// # Errors
/// [`TextError::Malformed`] for any other text.
pub fn uuid(text: &str) -> Result<[u8; 16], TextError> {
    hyphenated(text).ok_or(TextError::Malformed {
        expected: "a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`",
    })
}

fn hyphenated(text: &str) -> Option<[u8; 16]> {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    if HYPHENS.iter().any(|&at| text[at] != b'-') {
        return None;
    }
    let mut uuid = [0; 16];
    let mut at = 0;
    for byte in &mut uuid {
        if HYPHENS.contains(&at) {
            at += 1;
        }
        *byte = hexadecimal_byte([text[at], text[at + 1]])?;
        at += 2;
    }
    Some(uuid)
}

fn hexadecimal_byte([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Parses a date and returns the days since 1970-01-01.
///
/// # Errors
/// [`TextError::OutOfRange`] for a year that Arrow cannot display, [`TextError::Malformed`] if the
/// text is not a date.
pub fn date(text: &str) -> Result<i32, TextError> {
    let (year, days) = parse_date(text).ok_or(TextError::Malformed {
        expected: "a date such as `2024-02-29`",
    })?;
    match i32::try_from(days) {
        Ok(days) if DISPLAYABLE_YEARS.contains(&year) => Ok(days),
        _ => Err(TextError::OutOfRange),
    }
}

/// The years of `chrono::NaiveDate`, through which Arrow displays dates.
const DISPLAYABLE_YEARS: std::ops::RangeInclusive<i64> = -262_143..=262_142;

/// Returns the year, and the days since 1970-01-01.
fn parse_date(text: &str) -> Option<(i64, i64)> {
    let (is_signed, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut fields = unsigned.split('-');
    let (year, month, day) = (fields.next()?, fields.next()?, fields.next()?);
    // ISO 8601 requires a sign before a year of more than four digits.
    let is_year = year.len() == 4 || is_signed && year.len() > 4;
    if !is_year || fields.next().is_some() {
        return None;
    }
    // No timestamp of 64 bits has a longer year.
    let absolute: i64 = match year.len() {
        ..=12 if is_digits(year) => year.parse().ok()?,
        _ => return None,
    };
    let year = if text.starts_with('-') {
        -absolute
    } else {
        absolute
    };
    let (month, day) = (digits(month, 2)?.into(), digits(day, 2)?.into());
    let days = days_from_date(year, month, day);
    // Any other day of the month becomes a day of the next or previous month.
    ((1..=12).contains(&month) && date_from_days(days) == (year, month, day))
        .then_some((year, days))
}

/// Parses a time of day and returns the units since midnight.
///
/// # Errors
/// [`TextError::Malformed`] if the text is not a time, [`TextError::Inexact`] if `unit` is too
/// coarse for it.
pub fn time(text: &str, unit: TimeUnit) -> Result<i64, TextError> {
    let nanoseconds = parse_time(text).ok_or(TextError::Malformed {
        expected: "a time such as `23:59:59.5`",
    })?;
    units(nanoseconds.into(), unit)
}

/// Returns the nanoseconds since midnight.
fn parse_time(text: &str) -> Option<i64> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut fields = clock.split(':');
    let hour = digits(fields.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(fields.next()?, 2).filter(|minute| *minute < 60)?;
    let second = match fields.next() {
        Some(second) => digits(second, 2).filter(|second| *second < 60)?,
        None => 0,
    };
    if fields.next().is_some() {
        return None;
    }
    let nanoseconds = match fraction {
        None => 0,
        Some(fraction) if (1..=9).contains(&fraction.len()) && clock.len() == 8 => {
            digits(fraction, fraction.len())? * 10_u32.pow(9 - fraction.len() as u32)
        }
        Some(_) => return None,
    };
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(seconds * 1_000_000_000 + i64::from(nanoseconds))
}

/// Parses a timestamp and returns the units since 1970-01-01 00:00, in UTC if the type has a zone.
///
/// # Errors
/// [`TextError::Malformed`] if the text is not a timestamp, [`TextError::MissingOffset`] or
/// [`TextError::UnexpectedOffset`] if its offset does not match `has_zone`, and the errors of
/// [`units`].
pub fn timestamp(text: &str, unit: TimeUnit, has_zone: bool) -> Result<i64, TextError> {
    let malformed = || TextError::Malformed {
        expected: if has_zone {
            "a timestamp such as `2024-02-29T23:59:59Z`"
        } else {
            "a timestamp such as `2024-02-29T23:59:59`"
        },
    };
    let (date, rest) = text.split_once(['T', 't', ' ']).ok_or_else(malformed)?;
    let (clock, offset) = match rest.find(['Z', 'z', ' ', 'U', 'u', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (_, days) = parse_date(date).ok_or_else(malformed)?;
    let nanoseconds = parse_time(clock).ok_or_else(malformed)?;
    let offset_seconds = match offset {
        "" if has_zone => return Err(TextError::MissingOffset),
        "" => 0,
        offset => {
            let seconds = offset_seconds(offset).ok_or_else(malformed)?;
            if !has_zone {
                return Err(TextError::UnexpectedOffset);
            }
            seconds
        }
    };
    let seconds = i128::from(days) * 86_400 - i128::from(offset_seconds);
    units(seconds * 1_000_000_000 + i128::from(nanoseconds), unit)
}

/// Parses `Z`, `UTC`, `+02`, `+0200`, `+02:00` or `+02:00:00`, and returns the seconds.
fn offset_seconds(text: &str) -> Option<i64> {
    let name = text.strip_prefix(' ').unwrap_or(text);
    if text.eq_ignore_ascii_case("Z") || name.eq_ignore_ascii_case("UTC") {
        return Some(0);
    }
    let unsigned = text.strip_prefix(['+', '-'])?;
    let fields: [&str; 3] = match unsigned.len() {
        2 => [unsigned, "00", "00"],
        4 => [unsigned.get(..2)?, unsigned.get(2..)?, "00"],
        _ => {
            let mut fields = unsigned.split(':');
            let (hour, minute) = (fields.next()?, fields.next()?);
            let second = fields.next().unwrap_or("00");
            if fields.next().is_some() {
                return None;
            }
            [hour, minute, second]
        }
    };
    let [hour, minute, second] = fields.map(|field| digits(field, 2));
    let hour = hour.filter(|hour| *hour < 24)?;
    let minute = minute.filter(|minute| *minute < 60)?;
    let second = second.filter(|second| *second < 60)?;
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(if text.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

/// Converts nanoseconds to `unit`.
///
/// # Errors
/// [`TextError::Inexact`] if `unit` is too coarse, [`TextError::OutOfRange`] if the number of units
/// does not fit in 64 bits.
pub fn units(nanoseconds: i128, unit: TimeUnit) -> Result<i64, TextError> {
    let step = i128::from(TimeUnit::Nanosecond.per_second() / unit.per_second());
    if nanoseconds % step != 0 {
        return Err(TextError::Inexact {
            digits: match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 3,
                TimeUnit::Microsecond => 6,
                TimeUnit::Nanosecond => 9,
            },
        });
    }
    i64::try_from(nanoseconds / step).map_err(|_| TextError::OutOfRange)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    if text.len() != count || !is_digits(text) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_an_error() {
        for (text, unscaled) in [
            ("1", 100),
            ("+.5", 50),
            ("-5.", -500),
            ("007.500", 750),
            ("-0", 0),
            ("9999.99", 999_999),
        ] {
            assert_eq!(decimal(text, 6, 2), Ok(unscaled), "{text}");
        }
        assert_eq!(
            decimal("0.001", 6, 2),
            Err(TextError::Inexact { digits: 2 })
        );
        assert_eq!(
            decimal("10000", 6, 2),
            Err(TextError::TooLarge { digits: 4 })
        );
        for (text, unscaled) in [
            ("1e2", 10_000),
            ("1e-02", 1),
            ("1E+3", 100_000),
            ("0.00123e3", 123),
            ("0e99999999999999999999", 0),
        ] {
            assert_eq!(decimal(text, 6, 2), Ok(unscaled), "{text}");
        }
        assert_eq!(decimal("1e-05", 9, 5), Ok(1));
        assert_eq!(
            decimal("1e-99999999999999999999", 6, 2),
            Err(TextError::Inexact { digits: 2 })
        );
        assert_eq!(
            decimal("1e99999999999999999999", 6, 2),
            Err(TextError::TooLarge { digits: 4 })
        );
        for text in [
            "", ".", "-", "-.", "1e", "e2", "1e+", "1e2.", "1,5", " 1", "1.2.3", "\u{0661}",
        ] {
            let error = decimal(text, 6, 2).unwrap_err();
            assert!(
                matches!(error, TextError::Malformed { .. }),
                "{text}: {error}"
            );
        }
        let nines = "9".repeat(38);
        assert_eq!(decimal(&nines, 38, 0), Ok(10_i128.pow(38) - 1));
    }

    #[test]
    fn integers_may_have_a_fraction_of_zeros() {
        for (text, value) in [
            ("1.0", 1),
            ("-1.", -1),
            ("1e2", 100),
            ("12.50e1", 125),
            ("-0.0", 0),
            (".0", 0),
        ] {
            assert_eq!(integer::<i8>(text), Ok(value), "{text}");
        }
        assert_eq!(integer::<u8>("-0"), Ok(0));
        assert_eq!(integer::<u64>("18446744073709551615.00"), Ok(u64::MAX));
        for text in ["128.0", "1e3", "1e999999999999999999999", "-129"] {
            assert_eq!(integer::<i8>(text), Err(TextError::OutOfRange), "{text}");
        }
        for text in [
            "1.5", "1e-1", "", ".", "-", "0x1", "1_0", " 1", "NaN", "inf",
        ] {
            let error = integer::<i8>(text).unwrap_err();
            assert!(
                matches!(error, TextError::Malformed { .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn floats_keep_every_digit_or_fail() {
        for text in [
            "0.1",
            "16777216",
            "16777216.000000000000000000",
            "1e23",
            "3.4028235e38",
            "1e-45",
            "0.10000000149011612",
            "-0",
            "0e400",
            "1.17549435e-38",
        ] {
            assert_eq!(float(text), Ok(text.parse().unwrap()), "{text}");
        }
        for (text, nearest) in [
            ("16777217", "16777216"),
            ("0.1234567890123", "0.12345679"),
            ("1e-46", "0"),
        ] {
            let nearest = nearest.to_string();
            assert_eq!(float(text), Err(TextError::Rounded { nearest }), "{text}");
        }
        for text in [
            "0.1",
            "0.1000000000000000055511151231257827",
            "1.7976931348623157e308",
            "5e-324",
            "9007199254740992",
            "0.30000000000000004",
            "123456789012345680",
        ] {
            assert_eq!(double(text), Ok(text.parse().unwrap()), "{text}");
        }
        for text in [
            "9007199254740993",
            "1e-400",
            "2e-324",
            "0.1000000000000000055511151231257828",
            "0.12345678901234567890",
            &format!("0.{}1", "0".repeat(3000)),
            &format!("1.{}1", "0".repeat(3000)),
        ] {
            let error = double(text).unwrap_err();
            assert!(
                matches!(error, TextError::Rounded { .. }),
                "{text}: {error}"
            );
        }
        assert_eq!(double("1e309"), Err(TextError::OutOfRange));
        assert_eq!(nearest_float("16777217"), Ok(16_777_216.0));
    }

    #[test]
    fn days_of_dates_are_those_of_the_calendar() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("0000-03-01", -719_468),
            ("-0001-12-31", -719_529),
        ] {
            assert_eq!(date(text), Ok(days), "{text}");
        }
        for text in [
            "1900-02-29",
            "2024-00-01",
            "2024-01-00",
            "2024-04-31",
            "2024-1-01",
        ] {
            assert!(
                matches!(date(text), Err(TextError::Malformed { .. })),
                "{text}"
            );
        }
        assert!(date("+262142-12-31").is_ok());
        assert_eq!(date("+262143-01-01"), Err(TextError::OutOfRange));
    }

    #[test]
    fn offsets_are_subtracted_from_timestamps() {
        let seconds = |text| timestamp(text, TimeUnit::Second, true);
        assert_eq!(seconds("1970-01-01T02:00:00+02:00"), Ok(0));
        assert_eq!(seconds("1970-01-01 00:00-0030"), Ok(1800));
        for (text, expected) in [
            ("1970-01-01t00:00:00z", 0),
            ("1970-01-01 00:00:00+00", 0),
            ("1970-01-01 00:00:00 UTC", 0),
            ("1970-01-01 00:00:00.000utc", 0),
            ("1970-01-01T00:00:00-01", 3600),
            ("1970-01-01T00:00:00-00:44:30", 2670),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in [
            "1970-01-01T00:00:00+2",
            "1970-01-01T00:00:00 +00",
            "1970-01-01T00:00:00 Z",
            "1970-01-01T00:00:00 GMT",
            "1970-01-01T00:00:00+00:00:00:00",
            "1970-01-01T00:00:00+24",
        ] {
            let error = seconds(text).unwrap_err();
            assert!(matches!(error, TextError::Malformed { .. }), "{text}");
        }
        assert_eq!(
            seconds("1970-01-01T00:00:00"),
            Err(TextError::MissingOffset)
        );
        let without_zone = timestamp("1970-01-01T00:00Z", TimeUnit::Second, false);
        assert_eq!(without_zone, Err(TextError::UnexpectedOffset));
        let half = timestamp("1970-01-01T00:00:00.5", TimeUnit::Second, false);
        assert_eq!(half, Err(TextError::Inexact { digits: 0 }));
    }

    #[test]
    fn uuids_need_hyphens_at_fixed_positions() {
        let text = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        assert_eq!(uuid(text).unwrap()[..4], [0x67, 0xe5, 0x50, 0x44]);
        assert_eq!(uuid(&text.to_uppercase()), uuid(text));
        for text in [
            text.replace('-', ""),
            text[1..].to_string(),
            text.replace("b1-", "-b1"),
        ] {
            assert!(uuid(&text).is_err(), "{text}");
        }
    }
}
