// SPDX-License-Identifier: Apache-2.0

//! [`count`]: a number with its noun.

/// Returns a count with its noun in singular or plural: `1 table`, `2 tables`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}
