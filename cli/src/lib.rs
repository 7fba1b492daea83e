// SPDX-License-Identifier: Apache-2.0

//! The `kalamtable` command: its arguments and exit codes. 0 is success, 1 is a problem in
//! definitions, data or a query, and 2 is the exit code if the command could not run.

mod arguments;
mod column_line;
mod command_error;
mod commands;
mod count;
mod definition_file;
mod definitions;
mod escape;
mod git;
mod lock_search;
mod operand;
mod progress;
mod release;
mod report;
#[cfg(feature = "sql")]
mod sql;
mod table_differences;

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use arguments::{Command, CommandLine, SchemaCommand};
use commands::completions;
use escape::{TerminalOutput, escape_controls};
use report::{ReportFormat, write_report};

/// The exit code of a command that could not run.
const COULD_NOT_RUN: u8 = 2;

/// Runs `kalamtable` with the arguments of the process.
pub fn main() -> ExitCode {
    run(CommandLine::command(), env::args_os().collect())
}

/// Runs `cargo kalamtable`. Cargo passes `kalamtable` as the first argument.
pub fn cargo_main() -> ExitCode {
    let mut arguments: Vec<OsString> = env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "kalamtable") {
        arguments.remove(1);
    }
    let command = CommandLine::command().bin_name("cargo kalamtable");
    run(command, arguments)
}

fn run(command: clap::Command, arguments: Vec<OsString>) -> ExitCode {
    let matches = command.get_matches_from(arguments);
    let command = match CommandLine::from_arg_matches(&matches) {
        Ok(command_line) => command_line.command,
        Err(error) => error.exit(),
    };
    match command {
        Command::Schema(command) => run_schema_command(&command),
        Command::Completions { shell } => {
            let result =
                completions::write(shell, CommandLine::command(), &mut io::stdout().lock());
            output_exit_code(result, ExitCode::SUCCESS)
        }
        #[cfg(feature = "sql")]
        Command::Sql(arguments) => match matches.subcommand_matches("sql") {
            Some(matches) => sql_exit_code(sql::sql(&arguments.into_options(matches))),
            // The subcommand was parsed from these matches.
            None => ExitCode::SUCCESS,
        },
    }
}

/// Runs a command with a report, and writes the report.
fn run_schema_command(command: &SchemaCommand) -> ExitCode {
    let options = command.report_options();
    let result = command.run();
    let exit_code = match &result {
        Ok(report) if report.has_problems() => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(COULD_NOT_RUN),
    };
    let stdout = io::stdout().lock();
    // Only a person reads a terminal, and text from a definition must not control it.
    let mut output: Box<dyn Write> =
        if stdout.is_terminal() && options.format == ReportFormat::Human {
            Box::new(TerminalOutput::new(stdout))
        } else {
            Box::new(stdout)
        };
    let written = write_report(
        command.name(),
        &result,
        options,
        &mut output,
        &mut io::stderr().lock(),
    );
    output_exit_code(written, exit_code)
}

/// Returns `exit_code` if the output was written. A reader that does not need the rest of the
/// output is not an error.
fn output_exit_code(written: io::Result<()>, exit_code: ExitCode) -> ExitCode {
    match written {
        Ok(()) => exit_code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit_code,
        Err(error) => {
            print_error(&format!("the output cannot be written: {error}"));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// Writes an error to stderr. Ignores a failure to write, because it cannot be reported elsewhere.
fn print_error(message: &str) {
    let message = escape_controls(message, &['\n']);
    let _ = writeln!(io::stderr(), "error: {message}");
}

#[cfg(feature = "sql")]
fn sql_exit_code(result: Result<(), sql::Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sql::Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(sql::Error::Definitions) => ExitCode::FAILURE,
        Err(sql::Error::Failed(messages)) => {
            for message in messages {
                print_error(&message);
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            print_error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
