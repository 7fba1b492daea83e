// SPDX-License-Identifier: Apache-2.0

//! The `kalamtable` command: arguments and exit codes. 0 is success, 1 a problem in definitions,
//! data or a query, 2 a mistake in the arguments.

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
use output::Format;
use sql::{Error, Options, sql};

/// Check table definitions, and query tables
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check every definition in some folders
    ///
    /// Prints every problem with its place and how to mend it. Exits with 0 if there is none, else
    /// with 1.
    Check {
        /// Folders of definitions, or single files
        #[arg(value_name = "DIR", default_value = "schemas")]
        paths: Vec<PathBuf>,
    },
    /// Query the system tables, and data files with their declared schemas
    ///
    /// Without --command, statements are read from stdin; on a terminal this is a shell with
    /// history, and `\?` shows its commands. Exits with 1 at the first statement that fails.
    ///
    /// Statements run with your own rights: `CREATE EXTERNAL TABLE` reads, and `COPY` writes, any
    /// file that you can.
    Sql(SqlArguments),
}

#[derive(Debug, Args)]
struct SqlArguments {
    /// Run these statements, parted by semicolons, and exit
    #[arg(
        short = 'c',
        long = "command",
        value_name = "QUERY",
        allow_hyphen_values = true
    )]
    query: Option<String>,
    /// A folder of definitions; their tables are there beside the system tables
    #[arg(long, value_name = "DIR")]
    schemas: Option<PathBuf>,
    /// A folder of data files that are named like their tables: orders.parquet, orders.csv,
    /// orders.ndjson, or a folder orders of several
    #[arg(long, value_name = "DIR", requires = "schemas")]
    data: Option<PathBuf>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check { paths } => check(&paths, &mut io::stdout(), &mut io::stderr())
            .map_err(Error::Io)
            .and_then(|definitions| definitions.map(drop).ok_or(Error::Definitions)),
        Command::Sql(arguments) => sql(&Options {
            query: arguments.query,
            schemas: arguments.schemas,
            data: arguments.data,
            format: arguments.format,
        }),
    };
    exit_code(result)
}

fn exit_code(result: Result<(), sql::Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Error::Definitions) => ExitCode::FAILURE,
        Err(Error::Failed(problems)) => {
            for problem in problems {
                eprintln!("error: {problem}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
