// SPDX-License-Identifier: Apache-2.0

//! The interactive shell: statements of several lines, commands that begin with a backslash,
//! history, and Ctrl-C, which stops a query and never the shell.

#[cfg(test)]
mod tests;

use std::env;
use std::future::Future;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use tokio::runtime::Runtime;

use crate::check::count;
use crate::output::OutputFormat;
use crate::query::{self, QueryError, QueryOutcome};
use crate::session::Session;
use crate::statements::Statements;

/// The input that a [`LineReader`] returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShellInput {
    /// A line without its line break.
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, the end of the input.
    End,
}

/// The source of the input of a shell.
pub(crate) trait LineReader {
    /// Shows `prompt` and returns the next input.
    ///
    /// # Errors
    /// Fails if the input cannot be read.
    fn read_line(&mut self, prompt: &str) -> io::Result<ShellInput>;

    /// Adds an entry to the history.
    fn remember(&mut self, entry: &str);
}

/// A future that completes when the running query has to stop. Each query has its own.
pub(crate) type Interrupt = Pin<Box<dyn Future<Output = ()>>>;

/// An interactive shell.
pub(crate) struct Shell<'a> {
    /// The runtime that queries run on.
    pub(crate) runtime: &'a Runtime,
    /// The session that queries run in.
    pub(crate) session: &'a Session,
    /// The format of results.
    pub(crate) format: OutputFormat,
    /// Creates the interrupt of a query, before the query runs.
    pub(crate) interrupt: &'a dyn Fn() -> Interrupt,
}

const PROMPT: &str = "kalamtable> ";
const CONTINUATION_PROMPT: &str = "       ...> ";

const HELP: &str = r"End a statement with a semicolon; it may have several lines.
  \d         tables
  \d NAME    columns of a table
  \?         this help
  \q         quit, as does Ctrl-D
Ctrl-C stops a query, or discards the current input.";

impl Shell<'_> {
    /// Reads and runs statements until the end of the input. An error ends a statement, not the
    /// shell.
    ///
    /// # Errors
    /// Fails if `output` or `errors` cannot be written to, or if the input cannot be read.
    pub(crate) fn run(
        &self,
        lines: &mut dyn LineReader,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> io::Result<()> {
        let mut statements = Statements::default();
        let mut entry = String::new();
        loop {
            let prompt = if entry.is_empty() {
                PROMPT
            } else {
                CONTINUATION_PROMPT
            };
            let line = match lines.read_line(prompt)? {
                ShellInput::Line(line) => line,
                ShellInput::Interrupted => {
                    statements.clear();
                    entry.clear();
                    continue;
                }
                ShellInput::End => return Ok(()),
            };
            if entry.is_empty() {
                let command = line.trim();
                if command.starts_with('\\') || matches!(command, "quit" | "exit") {
                    lines.remember(command);
                    match self.command(command, output, errors)? {
                        AfterCommand::Continue => continue,
                        AfterCommand::Quit => return Ok(()),
                    }
                }
            }
            entry.push_str(&line);
            entry.push('\n');
            statements.push(&line);
            statements.push("\n");
            let mut complete = Vec::new();
            complete.extend(std::iter::from_fn(|| statements.next_complete()));
            if statements.is_empty() {
                if !entry.trim().is_empty() {
                    lines.remember(entry.trim());
                }
                entry.clear();
                statements.clear();
            }
            for statement in complete {
                if !self.statement(&statement, output, errors)? {
                    break;
                }
            }
        }
    }

    /// Runs a statement. Returns `false` if it failed or was interrupted.
    fn statement(
        &self,
        statement: &str,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> io::Result<bool> {
        let begin = Instant::now();
        let outcome = {
            let mut results = self.format.result_writer(BufWriter::new(&mut *output));
            let interrupt = (self.interrupt)();
            let context = self.session.context();
            let query = query::run(context, statement, results.as_mut(), interrupt);
            self.runtime.block_on(query)
        };
        output.flush()?;
        let time = seconds(begin.elapsed());
        let is_finished = matches!(outcome, Ok(QueryOutcome::Finished(_)));
        match outcome {
            Ok(QueryOutcome::Finished(Some(rows))) => {
                writeln!(errors, "{} in {time}", count(rows, "row"))?;
            }
            Ok(QueryOutcome::Finished(None)) => writeln!(errors, "done in {time}")?,
            Ok(QueryOutcome::Interrupted) => writeln!(errors, "stopped after {time}")?,
            Err(QueryError::Write(error)) => return Err(error),
            Err(error) => writeln!(errors, "error: {error}")?,
        }
        Ok(is_finished)
    }

    fn command(
        &self,
        command: &str,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> io::Result<AfterCommand> {
        let (name, argument) = match command.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, argument.trim().trim_end_matches(';')),
            None => (command.trim_end_matches(';'), ""),
        };
        match (name, argument) {
            (r"\q" | "quit" | "exit", _) => return Ok(AfterCommand::Quit),
            (r"\?" | r"\h" | r"\help", _) => writeln!(output, "{HELP}")?,
            (r"\d", "") => {
                let tables = self.runtime.block_on(self.session.describe_tables());
                self.show(tables, output, errors)?;
            }
            (r"\d", table) => {
                let columns = self.runtime.block_on(self.session.describe_columns(table));
                self.show(columns, output, errors)?;
            }
            (name, _) => writeln!(
                errors,
                r"error: unknown command `{name}`; `\?` shows all commands"
            )?,
        }
        Ok(AfterCommand::Continue)
    }

    fn show(
        &self,
        rows: Result<RecordBatch, DataFusionError>,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> io::Result<()> {
        match rows {
            Ok(rows) => {
                let mut results = self.format.result_writer(output);
                results.begin(&rows.schema())?;
                results.write(&rows)?;
                results.end()
            }
            Err(error) => writeln!(errors, "error: {}", QueryError::from(error)),
        }
    }
}

enum AfterCommand {
    Continue,
    Quit,
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// Returns an interrupt that completes on Ctrl-C.
pub(crate) fn interrupt() -> Interrupt {
    Box::pin(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Ctrl-C cannot be received here, so the query is never interrupted.
            std::future::pending::<()>().await;
        }
    })
}

/// Registers a handler for Ctrl-C, which otherwise would end the process between two queries.
pub(crate) fn keep_running_on_interrupt(runtime: &Runtime) {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = interrupt() => {}
            () = std::future::ready(()) => {}
        }
    });
}

/// A terminal with line editing, and with history in a file.
pub(crate) struct Terminal {
    editor: Editor<(), FileHistory>,
    history: Option<PathBuf>,
}

impl Terminal {
    /// Opens the terminal of this process. If the history cannot be read, writes a note to
    /// `errors`.
    ///
    /// # Errors
    /// Fails if the process has no terminal, or if `errors` cannot be written to.
    pub(crate) fn open(errors: &mut dyn Write) -> io::Result<Self> {
        let config = Config::builder().auto_add_history(false).build();
        let mut editor = Editor::with_config(config).map_err(to_io)?;
        let history = history_path(|name| env::var_os(name).map(PathBuf::from));
        if let Some(path) = &history
            && path.exists()
            && let Err(error) = editor.load_history(path)
        {
            writeln!(
                errors,
                "the history cannot be read from {}: {error}",
                path.display()
            )?;
        }
        Ok(Terminal { editor, history })
    }

    /// Writes the history. If that fails, writes a note to `errors`.
    ///
    /// # Errors
    /// Fails if `errors` cannot be written to.
    pub(crate) fn close(mut self, errors: &mut dyn Write) -> io::Result<()> {
        let Some(path) = &self.history else {
            return writeln!(
                errors,
                "the history is not saved: neither XDG_STATE_HOME nor HOME is set"
            );
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let saved = std::fs::create_dir_all(folder).map_err(ReadlineError::Io);
        match saved.and_then(|()| self.editor.append_history(path)) {
            Ok(()) => Ok(()),
            Err(error) => {
                writeln!(
                    errors,
                    "the history cannot be written to {}: {error}",
                    path.display()
                )
            }
        }
    }
}

impl LineReader for Terminal {
    fn read_line(&mut self, prompt: &str) -> io::Result<ShellInput> {
        match self.editor.readline(prompt) {
            Ok(line) => Ok(ShellInput::Line(line)),
            Err(ReadlineError::Interrupted) => Ok(ShellInput::Interrupted),
            Err(ReadlineError::Eof) => Ok(ShellInput::End),
            Err(error) => Err(to_io(error)),
        }
    }

    fn remember(&mut self, entry: &str) {
        // An entry that cannot be added to the history can still run.
        let _ = self.editor.add_history_entry(entry);
    }
}

fn to_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        error => io::Error::other(error),
    }
}

/// Returns the path of the history. Ignores a relative path in `XDG_STATE_HOME`, as
/// <https://specifications.freedesktop.org/basedir-spec> requires.
fn history_path(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let state = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(variable("HOME")?.join(".local/state")))?;
    Some(state.join("kalamtable").join("history"))
}
