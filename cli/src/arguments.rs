// SPDX-License-Identifier: Apache-2.0

//! [`CommandLine`]: the arguments of the process.

use clap::{Parser, Subcommand};

use crate::command_error::CommandError;
use crate::commands::add_column::{AddColumnArguments, add_column};
use crate::commands::check::{CheckArguments, check};
use crate::commands::codegen::{CodegenArguments, codegen};
use crate::commands::completions::CompletionShell;
use crate::commands::diff::{DiffArguments, diff};
use crate::commands::explain::{ExplainArguments, explain};
use crate::commands::fmt::{FmtArguments, fmt};
use crate::commands::lock::{LockArguments, lock};
use crate::report::{CommandReport, ReportOptions};
#[cfg(feature = "sql")]
use crate::sql::arguments::SqlArguments;

/// Check, compare and change table definitions, and query tables
///
/// The exit code is 0 for success, 1 if there are problems, and 2 if the command could not run.
#[derive(Debug, Parser)]
#[command(name = "kalamtable", version)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Schema(SchemaCommand),
    /// Print a script that completes the arguments in a shell
    ///
    /// Bash reads it from ~/.local/share/bash-completion/completions/kalamtable, and zsh from a
    /// file `_kalamtable` in a folder of $fpath. Fish reads it from
    /// ~/.config/fish/completions/kalamtable.fish.
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: CompletionShell,
    },
    #[cfg(feature = "sql")]
    /// Query the system tables, and data files with their declared schemas
    ///
    /// Without --command and --file, reads statements from stdin. On a terminal, starts a shell
    /// with history, whose commands `\?` shows. Exits with 1 at the first statement that fails.
    ///
    /// Statements run with your permissions: `CREATE EXTERNAL TABLE` can read, and `COPY` can
    /// write, any file that you can.
    Sql(SqlArguments),
}

/// A command with a report.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    Check(CheckArguments),
    Lock(LockArguments),
    Diff(DiffArguments),
    Explain(ExplainArguments),
    Fmt(FmtArguments),
    AddColumn(AddColumnArguments),
    Codegen(CodegenArguments),
}

impl SchemaCommand {
    /// Returns the name of the subcommand.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            SchemaCommand::Check(_) => "check",
            SchemaCommand::Lock(_) => "lock",
            SchemaCommand::Diff(_) => "diff",
            SchemaCommand::Explain(_) => "explain",
            SchemaCommand::Fmt(_) => "fmt",
            SchemaCommand::AddColumn(_) => "add-column",
            SchemaCommand::Codegen(_) => "codegen",
        }
    }

    pub(crate) fn report_options(&self) -> ReportOptions {
        match self {
            SchemaCommand::Check(arguments) => arguments.report,
            SchemaCommand::Lock(arguments) => arguments.report,
            SchemaCommand::Diff(arguments) => arguments.report,
            SchemaCommand::Explain(arguments) => arguments.report,
            SchemaCommand::Fmt(arguments) => arguments.report,
            SchemaCommand::AddColumn(arguments) => arguments.report,
            SchemaCommand::Codegen(arguments) => arguments.report,
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Fails if the command could not run. Problems of definitions are part of the report.
    pub(crate) fn run(&self) -> Result<CommandReport, CommandError> {
        match self {
            SchemaCommand::Check(arguments) => check(arguments),
            SchemaCommand::Lock(arguments) => lock(arguments),
            SchemaCommand::Diff(arguments) => diff(arguments),
            SchemaCommand::Explain(arguments) => explain(arguments),
            SchemaCommand::Fmt(arguments) => fmt(arguments),
            SchemaCommand::AddColumn(arguments) => add_column(arguments),
            SchemaCommand::Codegen(arguments) => codegen(arguments),
        }
    }
}
