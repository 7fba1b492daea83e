// SPDX-License-Identifier: Apache-2.0

//! The arguments of `kalamtable sql`.

use std::path::PathBuf;

use clap::{ArgMatches, Args};
use kalamtable::UserId;

use crate::sql::options::{MaxRows, ScriptSource, SqlOptions};
use crate::sql::output::OutputFormat;
use crate::sql::server_folder::ServerFolder;

#[derive(Debug, Args)]
pub(crate) struct SqlArguments {
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
    /// The folder of a server, with its definitions in DIR/definitions and its rows in DIR/rows.
    /// Its tables are read-only, and have the rows as of the start of the command. The server may
    /// be running
    #[arg(long, value_name = "DIR")]
    server_folder: Option<PathBuf>,
    /// The user whose rows the server's user tables show. Without it, user tables are empty
    #[arg(long, value_name = "NAME", requires = "server_folder", value_parser = parse_user)]
    user: Option<UserId>,
    /// The format of results
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    /// The maximum number of rows of a result to show, or `all`. The default is 1000 for tables,
    /// and `all` for CSV and JSON
    #[arg(long, value_name = "COUNT")]
    max_rows: Option<MaxRows>,
}

fn parse_user(name: &str) -> Result<UserId, &'static str> {
    UserId::new(name).ok_or("expected the name of a user")
}

impl SqlArguments {
    /// Returns the arguments as options, with the scripts in the order of the command line.
    pub(crate) fn into_options(self, matches: &ArgMatches) -> SqlOptions {
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
            server: self.server_folder.map(|path| ServerFolder {
                path,
                user: self.user,
            }),
            format: self.format,
            max_rows: self.max_rows,
        }
    }
}
