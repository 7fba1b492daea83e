// SPDX-License-Identifier: Apache-2.0

//! [`ReportOptions`]: the arguments that all commands with a report have.

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReportFormat {
    /// Text for people: problems on stderr, and results on stdout
    #[default]
    Human,
    /// One JSON document for programs
    Json,
    /// One SARIF 2.1.0 document for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// The arguments that all commands with a report have.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ReportOptions {
    /// The format of the report
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
    /// Print only problems and results: no warnings, no summary and no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}
