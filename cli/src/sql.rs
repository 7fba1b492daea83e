// SPDX-License-Identifier: Apache-2.0

//! `kalamtable sql`: registers the tables, and runs statements from an argument, a pipe or a
//! terminal.

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use kalamtable_files::{DataError, RegisteredTable};
use tokio::runtime::{Builder, Runtime};

use crate::check::{count, load_definitions};

use crate::output::OutputFormat;
use crate::query::{self, QueryError};
use crate::session::Session;
use crate::shell::{Shell, Terminal, interrupt, keep_running_on_interrupt};
use crate::statements::Statements;

/// The options of `kalamtable sql`.
#[derive(Clone, Debug)]
pub(crate) struct SqlOptions {
    /// The statements to run; `None` to read them from stdin.
    pub(crate) query: Option<String>,
    /// A folder of definitions.
    pub(crate) schemas: Option<PathBuf>,
    /// A folder of data files for these definitions.
    pub(crate) data: Option<PathBuf>,
    /// The format of results.
    pub(crate) format: OutputFormat,
}

/// The reason why the command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The definitions have problems, which are already reported.
    #[error("the definitions have problems")]
    Definitions,
    /// The data has problems or a statement failed. Contains the messages, which are not yet
    /// reported.
    #[error("{}", .0.join("\n"))]
    Failed(Vec<String>),
    /// Reading statements or writing results failed.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
}

/// Runs the statements, or the shell.
///
/// # Errors
/// Fails if the definitions or the data have problems, and, except in the shell, with the first
/// statement that fails.
pub(crate) fn sql(options: &SqlOptions) -> Result<(), Error> {
    let errors = &mut io::stderr();
    let definitions = match &options.schemas {
        None => Vec::new(),
        Some(folder) => match load_definitions(&[folder], errors)? {
            Some(definitions) => definitions,
            None => return Err(Error::Definitions),
        },
    };
    let session = Session::open(&definitions, options.data.as_deref());
    let session = session.map_err(|error| match error {
        kalamtable_files::Error::Data(problems) => {
            let problems: Vec<String> = problems.iter().map(DataError::to_string).collect();
            Error::Failed(problems)
        }
        error => Error::Failed(vec![error.to_string()]),
    })?;
    note_empty_tables(options, session.tables(), errors)?;
    let runtime = Builder::new_multi_thread()
        // Parts of the planner recurse into expressions. A long chain of operators is a deep tree,
        // for which the default of 2 MiB is not enough in debug builds.
        .thread_stack_size(64 * 1024 * 1024)
        .enable_all()
        .build()?;
    let result = if let Some(query) = &options.query {
        run_all(&runtime, &session, options.format, &mut query.as_bytes())
    } else if io::stdin().is_terminal() {
        run_shell(&runtime, &session, options.format)
    } else {
        run_all(&runtime, &session, options.format, &mut io::stdin().lock())
    };
    // Do not wait for tasks that still read files.
    runtime.shutdown_background();
    result
}

fn note_empty_tables(
    options: &SqlOptions,
    tables: &[RegisteredTable],
    errors: &mut dyn Write,
) -> io::Result<()> {
    let empty = tables.iter().filter(|table| table.files.is_none());
    let names: Vec<String> = empty
        .map(|table| format!("`{}`", table.definition.name()))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let names = match &names[..] {
        [shown @ .., _, _] if names.len() > 12 => {
            let shown = &shown[..10];
            format!(
                "{} and {} more",
                shown.join(", "),
                names.len() - shown.len()
            )
        }
        names => names.join(", "),
    };
    match &options.data {
        Some(data) => writeln!(errors, "note: {} has no files for {names}", data.display()),
        None => writeln!(errors, "note: empty without --data: {names}"),
    }
}

/// Runs the statements in `text` until one fails. Reads a line only after the previous statements
/// have run.
fn run_all(
    runtime: &Runtime,
    session: &Session,
    format: OutputFormat,
    text: &mut dyn BufRead,
) -> Result<(), Error> {
    let mut output = format.result_writer(BufWriter::new(io::stdout().lock()));
    let mut statements = Statements::default();
    let mut run = |statement: &str| {
        let query = query::run(
            session.context(),
            statement,
            output.as_mut(),
            // Ctrl-C ends the process, because this is not an interactive shell.
            std::future::pending(),
        );
        runtime.block_on(query)
    };
    let mut run_or_stop = |statement: &str| match run(statement) {
        Ok(_) => Ok(true),
        Err(error) if error.is_broken_pipe() => Ok(false),
        Err(QueryError::Write(error)) => Err(Error::Io(error)),
        Err(error) => Err(Error::Failed(vec![error.to_string()])),
    };
    let mut line = String::new();
    loop {
        line.clear();
        if text.read_line(&mut line)? == 0 {
            break;
        }
        statements.push(&line);
        while let Some(statement) = statements.next_complete() {
            if !run_or_stop(&statement)? {
                return Ok(());
            }
        }
    }
    if let Some(statement) = statements.take_rest() {
        run_or_stop(&statement)?;
    }
    Ok(())
}

fn run_shell(runtime: &Runtime, session: &Session, format: OutputFormat) -> Result<(), Error> {
    let (output, errors) = (&mut io::stdout(), &mut io::stderr());
    let system_tables = kalamtable::system::TABLES.len();
    let tables = session.tables().len() + system_tables;
    writeln!(
        errors,
        r"kalamtable {}: {}; `\?` for help",
        env!("CARGO_PKG_VERSION"),
        count(tables, "table")
    )?;
    keep_running_on_interrupt(runtime);
    let mut terminal = Terminal::open(errors)?;
    let shell = Shell {
        runtime,
        session,
        format,
        interrupt: &interrupt,
    };
    let result = shell.run(&mut terminal, output, errors);
    terminal.close(errors)?;
    Ok(result?)
}
