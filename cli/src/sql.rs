// SPDX-License-Identifier: Apache-2.0

//! `kalamtable sql`: which tables there are, and whether statements come from an argument, a pipe
//! or a terminal.

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use kalamtable_files::{DataError, RegisterError, RegisteredTable};
use tokio::runtime::{Builder, Runtime};

use crate::check::{count, load_definitions};

use crate::output::Format;
use crate::query::{self, QueryError};
use crate::session::Session;
use crate::shell::{Shell, Terminal, interrupt, keep_running_on_interrupt};
use crate::statements::Statements;

/// What to query, and how to show it.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Statements; without any they are read from stdin.
    pub(crate) query: Option<String>,
    /// A folder of definitions.
    pub(crate) schemas: Option<PathBuf>,
    /// A folder of data files for these definitions.
    pub(crate) data: Option<PathBuf>,
    /// How results are written.
    pub(crate) format: Format,
}

/// Why there was not everything that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The definitions have problems, which have been told.
    #[error("the definitions have problems")]
    Definitions,
    /// The data has problems, or a statement failed; each of these has yet to be told.
    #[error("{}", .0.join("\n"))]
    Failed(Vec<String>),
    /// Reading statements or writing results failed.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
}

/// Runs the statements, or the shell.
///
/// # Errors
/// The first statement that fails, if they do not come from a terminal; everything that keeps the
/// first from being run.
pub(crate) fn sql(options: &Options) -> Result<(), Error> {
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
        RegisterError::Data(problems) => {
            let problems: Vec<String> = problems.iter().map(DataError::to_string).collect();
            Error::Failed(problems)
        }
        error => Error::Failed(vec![error.to_string()]),
    })?;
    say_what_is_empty(options, session.tables(), errors)?;
    let runtime = Builder::new_multi_thread()
        // Debug builds of the planner need more than the usual two MiB for deep expressions.
        // A long chain of operators is a deep tree, and parts of the planner recurse into it.
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
    // A reader of a file that waits for a disk does not keep the process.
    runtime.shutdown_background();
    result
}

fn say_what_is_empty(
    options: &Options,
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
        Some(data) => writeln!(
            errors,
            "note: {} has no data for {names}: empty",
            data.display()
        ),
        None => writeln!(errors, "note: without --data there are no rows in {names}"),
    }
}

/// Runs what is read until a statement fails. A line is read only after the statements before it
/// have run.
fn run_all(
    runtime: &Runtime,
    session: &Session,
    format: Format,
    text: &mut dyn BufRead,
) -> Result<(), Error> {
    let mut output = format.output(BufWriter::new(io::stdout().lock()));
    let mut statements = Statements::default();
    let mut run = |statement: &str| {
        let query = query::run(
            session.context(),
            statement,
            output.as_mut(),
            // Ctrl-C ends the process, as in any other that is not interactive.
            std::future::pending(),
        );
        runtime.block_on(query)
    };
    let mut run_and_tell = |statement: &str| match run(statement) {
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
            if !run_and_tell(&statement)? {
                return Ok(());
            }
        }
    }
    if let Some(statement) = statements.take_rest() {
        run_and_tell(&statement)?;
    }
    Ok(())
}

fn run_shell(runtime: &Runtime, session: &Session, format: Format) -> Result<(), Error> {
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
