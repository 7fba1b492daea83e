// SPDX-License-Identifier: Apache-2.0

//! [`SqlOptions`]: the options of `kalamtable sql`.

use std::path::PathBuf;

use crate::sql::output::OutputFormat;
use crate::sql::server_folder::ServerFolder;

/// The options of `kalamtable sql`.
#[derive(Clone, Debug)]
pub(crate) struct SqlOptions {
    /// The statements to run, in this order; empty to read them from stdin.
    pub(crate) scripts: Vec<ScriptSource>,
    /// A folder of definitions, or a file.
    pub(crate) schemas: Option<PathBuf>,
    /// A folder of data files for these definitions.
    pub(crate) data: Option<PathBuf>,
    /// The folder of a server whose tables are queried.
    pub(crate) server: Option<ServerFolder>,
    /// The format of results.
    pub(crate) format: OutputFormat,
    /// The maximum number of rows of a result to show.
    pub(crate) max_rows: Option<MaxRows>,
}

/// Statements from the arguments.
#[derive(Clone, Debug)]
pub(crate) enum ScriptSource {
    /// The statements themselves.
    Text(String),
    /// A file of statements, or `-` for stdin.
    File(PathBuf),
}

/// A number of rows, or `all`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaxRows(pub(super) Option<usize>);

impl MaxRows {
    /// The default of tables, which are for people.
    pub(super) const TABLE: MaxRows = MaxRows(Some(1000));
    /// The default of formats for programs.
    pub(super) const ALL: MaxRows = MaxRows(None);
}

impl std::str::FromStr for MaxRows {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(MaxRows::ALL),
            text => match text.parse() {
                Ok(count) => Ok(MaxRows(Some(count))),
                Err(_) => Err("expected a number of rows, or `all`"),
            },
        }
    }
}
