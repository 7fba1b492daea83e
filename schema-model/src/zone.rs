// SPDX-License-Identifier: Apache-2.0

//! Time zones: those that Arrow parses, and the most likely intention of any other text.
//!
//! Arrow stores the zone of a timestamp as text, and parses it each time it writes a value as text.
//! It accepts the names of the zone database of the crate `chrono-tz`, and offsets from UTC.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::suggest::nearest;

const MINUTES_PER_DAY: u32 = 24 * 60;

/// Returns whether Arrow parses `zone`.
pub(crate) fn is_zone(zone: &str) -> bool {
    is_offset(zone) || zone.parse::<Tz>().is_ok()
}

/// Returns whether `zone` is an offset that Arrow parses: `+02`, `+0200` or `+02:00`, with at most
/// 23 hours and 59 minutes.
fn is_offset(zone: &str) -> bool {
    let digits = match *zone.as_bytes() {
        [b'+' | b'-', a, b] => [a, b, b'0', b'0'],
        [b'+' | b'-', a, b, c, d] | [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d],
        _ => return false,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let [a, b, c, d] = digits.map(|digit| u32::from(digit - b'0'));
    (10 * a + b) * 60 + (10 * c + d) < MINUTES_PER_DAY
}

/// Returns the help for a text that Arrow does not parse as a zone, with zones in `quote`s.
pub(crate) fn help(zone: &str, quote: char) -> String {
    match intended(zone) {
        Some(intended) => format!("did you mean `{quote}{intended}{quote}`?"),
        None => format!(
            "write a name such as `{quote}Europe/Berlin{quote}`, or an offset from \
             `{quote}-23:59{quote}` to `{quote}+23:59{quote}`"
        ),
    }
}

/// Returns the zone that `text` probably denotes, or `None` if no zone is similar.
fn intended(text: &str) -> Option<String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("z") {
        return Some(Tz::UTC.name().to_string());
    }
    if let Some((sign, digits)) = offset_digits(text) {
        return offset(sign, digits);
    }
    // People write blanks where names of the database have `_`.
    let normalized = text.replace(' ', "_");
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let is_same = |name: &&str| name.eq_ignore_ascii_case(&normalized);
    let is_city = |name: &&str| {
        let city = name.rsplit('/').next().unwrap_or_default();
        city.eq_ignore_ascii_case(&normalized)
    };
    if let Some(name) = names().find(is_same).or_else(|| names().find(is_city)) {
        return Some(name.to_string());
    }
    // `PST` is similar to `EST`, but does not mean it.
    let is_abbreviation = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_abbreviation {
        return None;
    }
    nearest(&normalized, names()).map(str::to_string)
}

/// Splits a text that has the form of an offset, such as `GMT+2`, `+2:00` or `02:00`, into its sign
/// and the text after it.
fn offset_digits(text: &str) -> Option<(char, &str)> {
    let prefix = text.get(..3).unwrap_or_default();
    let rest = match ["gmt", "utc"]
        .iter()
        .any(|word| prefix.eq_ignore_ascii_case(word))
    {
        true => text.get(3..)?.trim_start(),
        false => text,
    };
    match rest.chars().next()? {
        '+' => Some(('+', rest.get(1..)?)),
        '-' => Some(('-', rest.get(1..)?)),
        '\u{2212}' => Some(('-', rest.get('\u{2212}'.len_utf8()..)?)),
        _ if rest.contains(':') => Some(('+', rest)),
        _ => None,
    }
}

/// Returns the offset that `digits` denote, with or without a colon, in the form that Arrow parses.
fn offset(sign: char, digits: &str) -> Option<String> {
    let (hours, minutes) = match digits.split_once(':') {
        Some(sides) => sides,
        None if digits.len() <= 2 => (digits, "0"),
        None => digits.split_at_checked(digits.len() - 2)?,
    };
    let number = |text: &str| {
        let is_number =
            (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_number)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if minutes >= 60 || hours * 60 + minutes >= MINUTES_PER_DAY {
        return None;
    }
    Some(match (hours, minutes) {
        (0, 0) => Tz::UTC.name().to_string(),
        _ => format!("{sign}{hours:02}:{minutes:02}"),
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{TZ_VARIANTS, help, is_zone};

    #[test]
    fn names_of_the_database_are_zones() {
        assert!(TZ_VARIANTS.iter().map(|zone| zone.name()).all(is_zone));
        for zone in [
            "",
            "utc",
            "Z",
            "Mars/Olympus",
            "Europe/Berlin ",
            "Europe",
            "é",
            "+é1",
        ] {
            assert!(!is_zone(zone), "{zone}");
        }
    }

    #[test]
    fn offsets_are_less_than_a_day() {
        for zone in [
            "+02:00", "+0200", "+02", "-00:00", "+23:59", "-23", "+14:00",
        ] {
            assert!(is_zone(zone), "{zone}");
        }
        for zone in [
            "+24:00", "-24", "+25:00", "+2", "+2:00", "02:00", "+02:0", "+02.00", "+02:00Z",
        ] {
            assert!(!is_zone(zone), "{zone}");
        }
    }

    #[test]
    fn help_names_the_zone_that_was_probably_meant() {
        let texts = [
            "utc",
            "Z",
            "z",
            "GMT+2",
            "utc-05:30",
            "UTC+0",
            "+2",
            "+2:00",
            "\u{2212}0330",
            "02:00",
            "+25:00",
            "GMT+25",
            "europe/berlin",
            "Europa/Berlin",
            "Berlin",
            "new york",
            "America/New York",
            "Mars/Olympus",
            "PST",
            "",
        ];
        let lines: String = texts
            .iter()
            .map(|text| format!("{text:?} => {}\n", help(text, '\'')))
            .collect();
        expect![[r#"
            "utc" => did you mean `'UTC'`?
            "Z" => did you mean `'UTC'`?
            "z" => did you mean `'UTC'`?
            "GMT+2" => did you mean `'+02:00'`?
            "utc-05:30" => did you mean `'-05:30'`?
            "UTC+0" => did you mean `'UTC'`?
            "+2" => did you mean `'+02:00'`?
            "+2:00" => did you mean `'+02:00'`?
            "−0330" => did you mean `'-03:30'`?
            "02:00" => did you mean `'+02:00'`?
            "+25:00" => write a name such as `'Europe/Berlin'`, or an offset from `'-23:59'` to `'+23:59'`
            "GMT+25" => write a name such as `'Europe/Berlin'`, or an offset from `'-23:59'` to `'+23:59'`
            "europe/berlin" => did you mean `'Europe/Berlin'`?
            "Europa/Berlin" => did you mean `'Europe/Berlin'`?
            "Berlin" => did you mean `'Europe/Berlin'`?
            "new york" => did you mean `'America/New_York'`?
            "America/New York" => did you mean `'America/New_York'`?
            "Mars/Olympus" => write a name such as `'Europe/Berlin'`, or an offset from `'-23:59'` to `'+23:59'`
            "PST" => write a name such as `'Europe/Berlin'`, or an offset from `'-23:59'` to `'+23:59'`
            "" => write a name such as `'Europe/Berlin'`, or an offset from `'-23:59'` to `'+23:59'`
        "#]].assert_eq(&lines);
    }
}
