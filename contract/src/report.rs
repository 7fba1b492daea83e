// SPDX-License-Identifier: Apache-2.0

//! [`Report`] and [`Violation`]: the results of the suite.

use std::fmt;

/// The result of a suite without violations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The number of rows of the table.
    pub rows: usize,
    /// The number of compared queries, scans and declarations.
    pub checks: usize,
}

/// The first difference between a provider and the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The query, scan or declaration.
    pub check: String,
    /// A description of the expected result.
    pub expected: String,
    /// A description of the result of the provider.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation {
            check,
            expected,
            found,
        } = self;
        write!(f, "{check}\nexpected: {expected}\nfound: {found}")
    }
}

impl std::error::Error for Violation {}
