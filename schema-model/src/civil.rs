// SPDX-License-Identifier: Apache-2.0

//! Conversion between days since 1970-01-01 and dates of the proleptic Gregorian calendar.
//!
//! Source: Howard Hinnant, `chrono`-Compatible Low-Level Date Algorithms,
//! <https://howardhinnant.github.io/date_algorithms.html>

/// Returns the day of a date, whose month and day are counted from 1.
pub fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last day of a year.
    let march_year = if month <= 2 { year - 1 } else { year };
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns the year, month and day of a day.
pub fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days_of_eras = days.saturating_add(719_468);
    let era = days_of_eras.div_euclid(146_097);
    let day_of_era = days_of_eras.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_are_inverse() {
        assert_eq!(days_from_date(1970, 1, 1), 0);
        assert_eq!(days_from_date(2000, 2, 29), 11_016);
        assert_eq!(days_from_date(0, 1, 1), -719_528);
        assert_eq!(days_from_date(9999, 12, 31), 2_932_896);
        for day in (-719_528..2_932_896).step_by(97) {
            let (year, month, date) = date_from_days(day);
            assert_eq!(days_from_date(year, month, date), day);
        }
    }
}
