// SPDX-License-Identifier: Apache-2.0

//! [`DefaultFunction`]: the functions that defaults can call.

use crate::types::ColumnType;

/// A function that a default can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultFunction {
    /// `now()`, the start of the statement. For `timestamp` and `datetime`.
    Now,
    /// `current_date()`, for `date`.
    CurrentDate,
    /// `current_time()`, for `time`.
    CurrentTime,
}

impl DefaultFunction {
    /// All functions.
    pub const ALL: [DefaultFunction; 3] = [
        DefaultFunction::Now,
        DefaultFunction::CurrentDate,
        DefaultFunction::CurrentTime,
    ];

    /// Returns the name without parentheses.
    pub const fn name(self) -> &'static str {
        match self {
            DefaultFunction::Now => "now",
            DefaultFunction::CurrentDate => "current_date",
            DefaultFunction::CurrentTime => "current_time",
        }
    }

    /// Returns whether the function can be the default of a column of type `ty`.
    pub fn fits(self, ty: &ColumnType) -> bool {
        match self {
            DefaultFunction::Now => {
                matches!(ty, ColumnType::Timestamp { .. } | ColumnType::DateTime)
            }
            DefaultFunction::CurrentDate => matches!(ty, ColumnType::Date),
            DefaultFunction::CurrentTime => matches!(ty, ColumnType::Time),
        }
    }
}
