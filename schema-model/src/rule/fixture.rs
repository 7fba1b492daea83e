// SPDX-License-Identifier: Apache-2.0

//! [`Fixture`]: the example of an evolution rule.

/// The example of a rule: a history, a next version that breaks the rule, and the report.
///
/// The definitions are complete TOML files. A test renders the report of each fixture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fixture {
    /// The earlier versions, oldest first.
    pub before: Vec<&'static str>,
    /// The next version. Empty if the rule concerns a removed table.
    pub after: &'static str,
    /// The report of `after` as [`render`](crate::render) prints it, in the direction of the rule.
    pub report: &'static str,
}

impl Fixture {
    /// Splits the text of a fixture at its headings: `== version N` for each earlier version,
    /// `== next` and `== report`. A missing part is empty.
    pub(super) fn parse(text: &'static str) -> Self {
        let (versions, rest) = text.split_once("== next\n").unwrap_or((text, ""));
        let (after, report) = rest.split_once("== report\n").unwrap_or((rest, ""));
        let versions = versions.split("== version ").skip(1);
        let before = versions.filter_map(|version| Some(version.split_once('\n')?.1));
        Fixture {
            before: before.map(without_blank_line).collect(),
            after: without_blank_line(after),
            report,
        }
    }
}

/// Removes the blank line before the next heading.
fn without_blank_line(text: &'static str) -> &'static str {
    text.strip_suffix('\n').unwrap_or(text)
}
