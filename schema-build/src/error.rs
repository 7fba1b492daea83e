// SPDX-License-Identifier: Apache-2.0

//! What can keep a folder of definitions from becoming Rust.

use std::path::PathBuf;

use kalamtable_model::Diagnostic;
use kalamtable_model::Sources;

/// What can keep a folder of definitions from becoming Rust.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The definitions have problems: all of them, in file order.
    #[error("the definitions have {} problems", .diagnostics.len())]
    Definitions {
        /// The files, for rendering.
        sources: Sources,
        /// The problems.
        diagnostics: Vec<Diagnostic>,
    },
    /// The configuration names a table that no definition has.
    #[error("the configuration names table `{0}`, which no definition has")]
    UnknownTable(String),
    /// The configuration names a column that no definition has.
    #[error(
        "the configuration names column `{0}`, which no definition has: write `namespace.table.column`"
    )]
    UnknownColumn(String),
    /// A text in the configuration that is no Rust of the kind it should be.
    #[error("`{option}` of the configuration is not valid Rust: `{text}`")]
    Invalid {
        /// Which option.
        option: &'static str,
        /// The text.
        text: String,
    },
    /// The generator's output is no Rust.
    #[error("bug in kalamtable: the generated code does not parse: {source}\n{output}")]
    Generated {
        /// Where and why.
        source: syn::Error,
        /// The output.
        output: String,
    },
    /// The generated file can't be written.
    #[error("can't write `{}`: {source}", .file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn invalid(option: &'static str, text: &str) -> Self {
        let text = text.to_string();
        Error::Invalid { option, text }
    }

    /// One message for each problem, each on one line.
    pub(crate) fn messages(&self) -> Vec<String> {
        match self {
            Error::Definitions {
                sources,
                diagnostics,
            } => diagnostics
                .iter()
                .map(|diagnostic| {
                    let mut message = diagnostic.one_line(sources);
                    message += &format!(" [{}]", diagnostic.rule.id());
                    for help in &diagnostic.help {
                        message += &format!("; help: {}", help.replace('\n', " "));
                    }
                    message
                })
                .collect(),
            other => vec![other.to_string().replace('\n', " ")],
        }
    }
}
