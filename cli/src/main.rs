// SPDX-License-Identifier: Apache-2.0

//! The `kalamtable` command: its arguments and exit codes. 0 is success, 1 is a problem in
//! definitions, data or a query, and 2 is an error in the arguments.

mod check;
mod copy;
mod error_text;
#[cfg(test)]
mod generated_definitions;
mod interrupts;
mod json_results;
mod locations;
mod nesting;
mod output;
mod query;
#[cfg(test)]
#[path = "../../provider/tests/provider/random_arrays.rs"]
mod random_arrays;
mod script;
mod search_path;
mod session;
mod shell;
mod sql;
mod statements;
mod stop;
mod terminal;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use check::check;
use output::{OutputFormat, escape_controls};
use sql::{Error, MaxRows, ScriptSource, SqlOptions, sql};

/// Check table definitions, and query tables
#[derive(Debug, Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check all definitions in the given files and folders
    ///
    /// Prints every problem with its position and its fix. Exits with 0 if there are no problems,
    /// and with 1 otherwise.
    Check {
        /// Folders of definitions, or single files
        #[arg(value_name = "PATH", default_value = "schemas")]
        paths: Vec<PathBuf>,
    },
    /// Query the system tables, and data files with their declared schemas
    ///
    /// Without --command and --file, reads statements from stdin. On a terminal, starts a shell
    /// with history, whose commands `\?` shows. Exits with 1 at the first statement that fails.
    ///
    /// Statements run with your permissions: `CREATE EXTERNAL TABLE` can read, and `COPY` can
    /// write, any file that you can.
    Sql(SqlArguments),
}

#[derive(Debug, Args)]
struct SqlArguments {
    /// Run these statements, separated by semicolons, and exit. With several --command and --file,
    /// runs all of them in order
    #[arg(
        short = 'c',
        long = "command",
        value_name = "QUERY",
        allow_hyphen_values = true
    )]
    queries: Vec<String>,
    /// Run the statements in this file, or in stdin if it is `-`, and exit
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A folder of definitions, or a single file, whose tables are queried in addition to the
    /// system tables
    #[arg(long, value_name = "PATH")]
    schemas: Option<PathBuf>,
    /// A folder of data files that have the names of their tables: orders.parquet, orders.csv,
    /// orders.ndjson, or a subfolder orders with several files
    #[arg(long, value_name = "DIR", requires = "schemas")]
    data: Option<PathBuf>,
    /// The format of results
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    /// The maximum number of rows of a result to show, or `all`. The default is 1000 for tables,
    /// and `all` for CSV and JSON
    #[arg(long, value_name = "COUNT")]
    max_rows: Option<MaxRows>,
}

impl SqlArguments {
    /// Returns the arguments as options, with the scripts in the order of the command line.
    fn into_options(self, matches: &ArgMatches) -> SqlOptions {
        let positions = |name| matches.indices_of(name).into_iter().flatten();
        let texts = self.queries.into_iter().map(ScriptSource::Text);
        let files = self.files.into_iter().map(ScriptSource::File);
        let texts = positions("queries").zip(texts);
        let mut scripts: Vec<_> = texts.chain(positions("files").zip(files)).collect();
        scripts.sort_by_key(|(position, _)| *position);
        SqlOptions {
            scripts: scripts.into_iter().map(|(_, script)| script).collect(),
            schemas: self.schemas,
            data: self.data,
            format: self.format,
            max_rows: self.max_rows,
        }
    }
}

fn main() -> ExitCode {
    let matches = CommandLine::command().get_matches();
    let command = match CommandLine::from_arg_matches(&matches) {
        Ok(command_line) => command_line.command,
        Err(error) => error.exit(),
    };
    let result = match command {
        Command::Check { paths } => check(&paths, &mut io::stdout(), &mut io::stderr())
            .map_err(Error::Io)
            .and_then(|definitions| definitions.map(drop).ok_or(Error::Definitions)),
        Command::Sql(arguments) => match matches.subcommand_matches("sql") {
            Some(matches) => sql(&arguments.into_options(matches)),
            // The subcommand was parsed from these matches.
            None => Ok(()),
        },
    };
    exit_code(result)
}

fn exit_code(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Error::Definitions) => ExitCode::FAILURE,
        Err(Error::Failed(messages)) => {
            for message in messages {
                eprintln!("error: {}", escape_controls(&message, &['\n']));
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            let message = error.to_string();
            eprintln!("error: {}", escape_controls(&message, &['\n']));
            ExitCode::FAILURE
        }
    }
}
