// SPDX-License-Identifier: Apache-2.0

//! [`CommandError`]: the reason why a command could not run, which is exit code 2.

use std::fmt;

/// The reason why a command could not run. It is not a problem of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandError {
    /// The problem: lower case, no trailing period, names in backticks.
    pub(crate) message: String,
    /// Ways to fix the problem.
    pub(crate) help: Vec<String>,
}

impl CommandError {
    /// Creates an error without help.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        CommandError {
            message: message.into(),
            help: Vec::new(),
        }
    }

    /// Adds a way to fix the problem.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for help in &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CommandError {}
