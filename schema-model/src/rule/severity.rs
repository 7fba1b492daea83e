// SPDX-License-Identifier: Apache-2.0

//! [`Severity`]: the consequence of breaking a rule.

/// The consequence of breaking a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The definition is valid, but its users should know about the problem.
    Warning,
    /// The definition is invalid.
    Error,
}
