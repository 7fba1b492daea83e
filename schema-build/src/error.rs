// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the reasons why definitions cannot be compiled.

use std::path::PathBuf;

use kalamtable_model::Diagnostic;
use kalamtable_model::Sources;

/// The reason why definitions cannot be compiled to a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The definitions are invalid. Contains every problem, in file order.
    #[error("{} in the definitions", count(.diagnostics.len()))]
    Definitions {
        /// The files, for [`render`](kalamtable_model::render).
        sources: Sources,
        /// The problems.
        diagnostics: Vec<Diagnostic>,
    },
    /// The configuration names a table that no definition describes.
    #[error("`row_attribute` names table `{0}`, which no definition describes")]
    UnknownTable(String),
    /// The configuration names a column that no definition has.
    #[error(
        "`column_type` names column `{0}`, which no definition has: write `namespace.table.column`"
    )]
    UnknownColumn(String),
    /// A value of the configuration is not valid Rust.
    #[error("the value of `{option}` is not valid Rust: `{text}`")]
    Invalid {
        /// The name of the [`Config`](crate::Config) method.
        option: &'static str,
        /// The value.
        text: String,
    },
    /// The generated code does not parse, which is a bug of this crate.
    #[error("bug in kalamtable: the generated code does not parse: {source}\n{output}")]
    Generated {
        /// The error of the parser.
        source: syn::Error,
        /// The generated code.
        output: String,
    },
    /// The generated file cannot be written.
    #[error("cannot write `{}`: {source}", .file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn invalid(option: &'static str, text: &str) -> Self {
        let text = text.to_string();
        Error::Invalid { option, text }
    }

    /// Returns one message per problem, each on a single line as cargo requires.
    pub(crate) fn messages(&self) -> Vec<String> {
        match self {
            Error::Definitions {
                sources,
                diagnostics,
            } => diagnostics
                .iter()
                .map(|diagnostic| message(diagnostic, sources))
                .collect(),
            other => vec![other.to_string().replace('\n', " ")],
        }
    }
}

/// Returns the message of a problem or a warning on a single line.
pub(crate) fn message(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut message = diagnostic.one_line(sources);
    message += &format!(" [{}]", diagnostic.rule.id());
    for help in &diagnostic.help {
        message += &format!("; help: {}", help.replace('\n', " "));
    }
    message
}

fn count(problems: usize) -> String {
    if problems == 1 {
        "1 problem".to_string()
    } else {
        format!("{problems} problems")
    }
}
