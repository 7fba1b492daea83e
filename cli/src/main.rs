// SPDX-License-Identifier: Apache-2.0

//! The `kalamtable` command: its arguments and exit codes. 0 is success, 1 is a problem in
//! definitions, data or a query, and 2 is an error in the arguments.

mod check;
mod output;
mod query;
mod search_path;
mod session;
mod shell;
mod sql;
mod statements;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use check::check;
use output::OutputFormat;
use sql::{Error, SqlOptions, sql};

/// Check table definitions, and query tables
#[derive(Debug, Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check every definition in some folders
    ///
    /// Prints every problem with its position and its fix. Exits with 0 if there are no problems,
    /// and with 1 otherwise.
    Check {
        /// Folders of definitions, or single files
        #[arg(value_name = "DIR", default_value = "schemas")]
        paths: Vec<PathBuf>,
    },
    /// Query the system tables, and data files with their declared schemas
    ///
    /// Without --command, reads statements from stdin. On a terminal, starts a shell with history,
    /// whose commands `\?` shows. Exits with 1 at the first statement that fails.
    ///
    /// Statements run with your permissions: `CREATE EXTERNAL TABLE` can read, and `COPY` can
    /// write, any file that you can.
    Sql(SqlArguments),
}

#[derive(Debug, Args)]
struct SqlArguments {
    /// Run these statements, separated by semicolons, and exit
    #[arg(
        short = 'c',
        long = "command",
        value_name = "QUERY",
        allow_hyphen_values = true
    )]
    query: Option<String>,
    /// A folder of definitions, whose tables are queried in addition to the system tables
    #[arg(long, value_name = "DIR")]
    schemas: Option<PathBuf>,
    /// A folder of data files that have the names of their tables: orders.parquet, orders.csv,
    /// orders.ndjson, or a subfolder orders with several files
    #[arg(long, value_name = "DIR", requires = "schemas")]
    data: Option<PathBuf>,
    /// The format of results
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
}

fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Check { paths } => check(&paths, &mut io::stdout(), &mut io::stderr())
            .map_err(Error::Io)
            .and_then(|definitions| definitions.map(drop).ok_or(Error::Definitions)),
        Command::Sql(arguments) => sql(&SqlOptions {
            query: arguments.query,
            schemas: arguments.schemas,
            data: arguments.data,
            format: arguments.format,
        }),
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
                eprintln!("error: {message}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
