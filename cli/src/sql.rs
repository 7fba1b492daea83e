// SPDX-License-Identifier: Apache-2.0

//! `kalamtable sql`: registers the tables, and runs statements from arguments, files, a pipe or a
//! terminal.

pub(crate) mod arguments;
mod copy;
mod error_text;
mod extension_types;
#[cfg(test)]
mod generated_definitions;
mod interrupts;
mod json_results;
mod locations;
mod nesting;
mod options;
mod output;
mod query;
#[cfg(test)]
#[path = "../../provider/tests/provider/random_arrays.rs"]
mod random_arrays;
mod script;
mod search_path;
mod server_folder;
mod session;
mod shell;
mod statements;
mod stop;
mod terminal;

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};

use kalamtable_files::{DataError, RegisteredTable, unassigned_files};

use crate::count::count;
use crate::definitions::load_versions;
use crate::escape::TerminalOutput;
use crate::sql::interrupts::{Interrupt, Interrupts};
use crate::sql::options::{MaxRows, ScriptSource, SqlOptions};
use crate::sql::output::OutputFormat;
use crate::sql::script::{Script, is_single_statement};
use crate::sql::session::{Session, SessionError};
use crate::sql::shell::{InputKind, LineReader, Shell, ShellEnd, ShellError};
use crate::sql::terminal::Terminal;

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
    /// The results cannot be written, or the terminal cannot be read.
    #[error("the output cannot be written: {0}")]
    Io(#[from] io::Error),
}

impl From<kalamtable_files::Error> for Error {
    fn from(error: kalamtable_files::Error) -> Self {
        Error::Failed(match error {
            kalamtable_files::Error::Data(problems) => {
                problems.iter().map(DataError::to_string).collect()
            }
            error => vec![error.to_string()],
        })
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Data(error) => error.into(),
            error => Error::Failed(vec![error.to_string()]),
        }
    }
}

impl From<ShellError> for Error {
    fn from(error: ShellError) -> Self {
        match error {
            ShellError::Failed(message) => Error::Failed(vec![message]),
            ShellError::Io(error) => Error::Io(error),
        }
    }
}

/// Runs the statements, or the interactive shell.
///
/// # Errors
/// Fails if the definitions or the data have problems, and, except in the interactive shell, with
/// the first statement that fails.
pub(crate) fn sql(options: &SqlOptions) -> Result<(), Error> {
    let errors = &mut io::stderr();
    let versions = match &options.schemas {
        None => Vec::new(),
        Some(folder) => match load_versions(folder, errors)? {
            Some(versions) => versions,
            None => return Err(Error::Definitions),
        },
    };
    let session = Session::open(&versions, options.data.as_deref(), options.server.as_ref())?;
    if let Some(server) = &options.server
        && server.user.is_none()
    {
        writeln!(errors, "note: user tables are empty without --user")?;
    }
    if let Some(data) = &options.data {
        let definitions = versions.iter().map(|versions| versions.current.clone());
        for problem in unassigned_files(&definitions.collect::<Vec<_>>(), data)? {
            writeln!(errors, "note: {problem}")?;
        }
    }
    note_empty_tables(options, session.tables(), errors)?;
    if !options.scripts.is_empty() {
        run_scripts(&session, options, &options.scripts)
    } else if io::stdin().is_terminal() {
        run_terminal(&session, options)
    } else {
        run_scripts(&session, options, &[ScriptSource::File(PathBuf::from("-"))])
    }
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

/// Runs the statements of each script until one fails. Reads a line only after the previous
/// statements have run.
fn run_scripts(
    session: &Session,
    options: &SqlOptions,
    sources: &[ScriptSource],
) -> Result<(), Error> {
    let errors = &mut io::stderr();
    // Ctrl-C ends the process, because this is not an interactive shell.
    let mut shell = Shell {
        shows_time: false,
        ..new_shell(session, options, &never)
    };
    let texts = sources
        .iter()
        .filter(|source| matches!(source, ScriptSource::Text(_)));
    let has_several = texts.count() > 1;
    let mut number = 0;
    for source in sources {
        number += usize::from(matches!(source, ScriptSource::Text(_)));
        let (origin, mut lines) = open_script(source, has_several.then_some(number))?;
        shell.input = InputKind::Script { origin };
        match with_stdout(|output| shell.run(lines.as_mut(), output, errors))? {
            ShellEnd::InputEnded => {}
            ShellEnd::Quit => break,
        }
    }
    Ok(())
}

/// Returns the name of a script in errors, or `None` if its errors need no position, and its lines.
/// `number` is the number of a text among several `-c` arguments, or `None` if there is one.
fn open_script(
    source: &ScriptSource,
    number: Option<usize>,
) -> Result<(Option<String>, Box<dyn LineReader + '_>), Error> {
    Ok(match source {
        ScriptSource::Text(text) => {
            let origin = match number {
                Some(number) => Some(format!("-c number {number}")),
                None => (!is_single_statement(text)).then(|| "-c".to_string()),
            };
            (origin, Box::new(Script::new(text.as_bytes(), "-c")))
        }
        ScriptSource::File(path) if path == Path::new("-") => {
            let script = Script::new(io::stdin().lock(), "stdin");
            (Some("stdin".to_string()), Box::new(script))
        }
        ScriptSource::File(path) => {
            let name = path.display().to_string();
            let file = File::open(path)
                .map_err(|error| Error::Failed(vec![format!("{name}: {error}")]))?;
            let script = Script::new(BufReader::new(file), &name);
            (Some(name), Box::new(script))
        }
    })
}

fn run_terminal(session: &Session, options: &SqlOptions) -> Result<(), Error> {
    let errors = &mut io::stderr();
    let system_tables = kalamtable::system::TABLES.len();
    let tables = session.tables().len() + system_tables;
    writeln!(
        errors,
        r"kalamtable {}: {}; `\?` for help",
        env!("CARGO_PKG_VERSION"),
        count(tables, "table")
    )?;
    let interrupts = Interrupts::receive()?;
    let mut terminal = Terminal::open(errors)?;
    let begin_query = || interrupts.begin_query();
    let mut shell = new_shell(session, options, &begin_query);
    with_stdout(|output| shell.run(&mut terminal, output, errors))?;
    Ok(())
}

fn never() -> Interrupt {
    Box::pin(std::future::pending())
}

fn new_shell<'a>(
    session: &'a Session,
    options: &SqlOptions,
    interrupt: &'a dyn Fn() -> Interrupt,
) -> Shell<'a> {
    let max_rows = options.max_rows.unwrap_or(match options.format {
        OutputFormat::Table => MaxRows::TABLE,
        _ => MaxRows::ALL,
    });
    Shell {
        session,
        format: options.format,
        max_rows: max_rows.0,
        shows_time: true,
        input: InputKind::Terminal,
        interrupt,
    }
}

/// Passes stdout, which, if it is a terminal, receives control characters as text.
fn with_stdout(
    run: impl FnOnce(&mut dyn Write) -> Result<ShellEnd, ShellError>,
) -> Result<ShellEnd, Error> {
    let mut stdout = io::stdout().lock();
    let end = if stdout.is_terminal() {
        run(&mut TerminalOutput::new(stdout))?
    } else {
        run(&mut stdout)?
    };
    Ok(end)
}
