// SPDX-License-Identifier: Apache-2.0

//! The text of dates and timestamps of any year. Arrow formats only the years of `chrono`.

use kalamtable_model::{TimeUnit, civil};

/// Returns the date `days` after 1970-01-01. A year outside of 0 to 9999 has a sign.
pub(super) fn date(days: i64) -> String {
    let (year, month, day) = civil::date_from_days(days);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        _ => format!("{year:+05}"),
    };
    format!("{year}-{month:02}-{day:02}")
}

/// Returns the date and time `units` after 1970-01-01 00:00, without an offset.
pub(super) fn timestamp(units: i64, unit: TimeUnit) -> String {
    let per_second = unit.per_second();
    let (seconds, fraction) = (units.div_euclid(per_second), units.rem_euclid(per_second));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = format!("{date}T{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        // The number of zeros of the divisor is the number of digits.
        let digits = per_second.ilog10() as usize;
        text.push_str(&format!(".{fraction:0digits$}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use kalamtable_model::value_text;

    #[test]
    fn extreme_dates_and_timestamps_are_exact() {
        assert_eq!(date(i32::MIN.into()), "-5877641-06-23");
        assert_eq!(date(i32::MAX.into()), "+5881580-07-11");
        assert_eq!(date(-719_529), "-0001-12-31");
        let units = [
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Microsecond,
            TimeUnit::Nanosecond,
        ];
        for unit in units {
            for value in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
                let text = timestamp(value, unit);
                assert_eq!(
                    value_text::timestamp(&text, unit, false),
                    Ok(value),
                    "{text}"
                );
            }
        }
    }
}
