// SPDX-License-Identifier: Apache-2.0

//! The interactive shell: statements of several lines, a few commands of its own, history, and
//! Ctrl-C, which stops a query and never the shell.

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
use crate::output::Format;
use crate::query::{self, Outcome, QueryError};
use crate::session::Session;
use crate::statements::Statements;

/// What a [`LineReader`] read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line, without its end.
    Text(String),
    /// Ctrl-C instead of one.
    Interrupted,
    /// Ctrl-D: there will be no other.
    End,
}

/// Where a shell's lines come from.
pub(crate) trait LineReader {
    /// The next line, asked for with `prompt`.
    ///
    /// # Errors
    /// If there is no reading any more.
    fn read_line(&mut self, prompt: &str) -> io::Result<Line>;

    /// Takes note of what was entered, for one who looks for it later.
    fn remember(&mut self, entry: &str);
}

/// Becomes ready when the query that runs has to stop. Made once per query, before it runs.
pub(crate) type Interrupt = Pin<Box<dyn Future<Output = ()>>>;

/// An interactive shell.
pub(crate) struct Shell<'a> {
    /// Where queries run.
    pub(crate) runtime: &'a Runtime,
    /// What they see.
    pub(crate) session: &'a Session,
    /// How results are written.
    pub(crate) format: Format,
    /// Makes an interrupt for each query.
    pub(crate) interrupt: &'a dyn Fn() -> Interrupt,
}

const PROMPT: &str = "kalamtable> ";
const PROMPT_WITHIN: &str = "       ...> ";

const HELP: &str = r"End a statement with a semicolon; it may have several lines.
  \d         tables
  \d NAME    columns of a table
  \?         this help
  \q         quit, as does Ctrl-D
Ctrl-C stops a query, or forgets what has been entered.";

impl Shell<'_> {
    /// Reads and runs until there is no other line. An error ends a statement, not the shell.
    ///
    /// # Errors
    /// If `output` or `errors` cannot be written to, or the lines cannot be read.
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
                PROMPT_WITHIN
            };
            let line = match lines.read_line(prompt)? {
                Line::Text(line) => line,
                Line::Interrupted => {
                    statements.clear();
                    entry.clear();
                    continue;
                }
                Line::End => return Ok(()),
            };
            if entry.is_empty() {
                let command = line.trim();
                if command.starts_with('\\') || matches!(command, "quit" | "exit") {
                    lines.remember(command);
                    match self.command(command, output, errors)? {
                        Next::Line => continue,
                        Next::Quit => return Ok(()),
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

    /// Says whether the statement came to its end.
    fn statement(
        &self,
        statement: &str,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> io::Result<bool> {
        let begin = Instant::now();
        let outcome = {
            let mut results = self.format.output(BufWriter::new(&mut *output));
            let interrupt = (self.interrupt)();
            let context = self.session.context();
            let query = query::run(context, statement, results.as_mut(), interrupt);
            self.runtime.block_on(query)
        };
        output.flush()?;
        let time = seconds(begin.elapsed());
        let is_finished = matches!(outcome, Ok(Outcome::Finished(_)));
        match outcome {
            Ok(Outcome::Finished(Some(rows))) => {
                writeln!(errors, "{} in {time}", count(rows, "row"))?;
            }
            Ok(Outcome::Finished(None)) => writeln!(errors, "done in {time}")?,
            Ok(Outcome::Interrupted) => writeln!(errors, "stopped after {time}")?,
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
    ) -> io::Result<Next> {
        let (name, argument) = match command.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, argument.trim().trim_end_matches(';')),
            None => (command.trim_end_matches(';'), ""),
        };
        match (name, argument) {
            (r"\q" | "quit" | "exit", _) => return Ok(Next::Quit),
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
                r"error: there is no command `{name}`; `\?` shows all"
            )?,
        }
        Ok(Next::Line)
    }

    fn show(
        &self,
        rows: Result<RecordBatch, DataFusionError>,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> io::Result<()> {
        match rows {
            Ok(rows) => {
                let mut results = self.format.output(output);
                results.begin(&rows.schema())?;
                results.write(&rows)?;
                results.end()
            }
            Err(error) => writeln!(errors, "error: {}", QueryError::from(error)),
        }
    }
}

enum Next {
    Line,
    Quit,
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// Ctrl-C.
pub(crate) fn interrupt() -> Interrupt {
    Box::pin(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // There is no hearing of it here.
            std::future::pending::<()>().await;
        }
    })
}

/// Takes Ctrl-C away from the process, which it would otherwise end between two queries.
pub(crate) fn keep_running_on_interrupt(runtime: &Runtime) {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = interrupt() => {}
            () = std::future::ready(()) => {}
        }
    });
}

/// A terminal, with editing, and history in a file.
pub(crate) struct Terminal {
    editor: Editor<(), FileHistory>,
    history: Option<PathBuf>,
}

impl Terminal {
    /// The terminal of this process. If its history cannot be read, `errors` says why.
    ///
    /// # Errors
    /// If there is no terminal, or `errors` cannot be written to.
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
                "history cannot be read from {}: {error}",
                path.display()
            )?;
        }
        Ok(Terminal { editor, history })
    }

    /// Writes the history. If that cannot be done, `errors` says why.
    ///
    /// # Errors
    /// If `errors` cannot be written to.
    pub(crate) fn close(mut self, errors: &mut dyn Write) -> io::Result<()> {
        let Some(path) = &self.history else {
            return writeln!(
                errors,
                "history is not kept: neither XDG_STATE_HOME nor HOME is set"
            );
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let saved = std::fs::create_dir_all(folder).map_err(ReadlineError::Io);
        match saved.and_then(|()| self.editor.append_history(path)) {
            Ok(()) => Ok(()),
            Err(error) => {
                writeln!(
                    errors,
                    "history cannot be written to {}: {error}",
                    path.display()
                )
            }
        }
    }
}

impl LineReader for Terminal {
    fn read_line(&mut self, prompt: &str) -> io::Result<Line> {
        match self.editor.readline(prompt) {
            Ok(line) => Ok(Line::Text(line)),
            Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(to_io(error)),
        }
    }

    fn remember(&mut self, entry: &str) {
        // What cannot be remembered can still be run.
        let _ = self.editor.add_history_entry(entry);
    }
}

fn to_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        error => io::Error::other(error),
    }
}

/// See <https://specifications.freedesktop.org/basedir-spec>: a relative path counts for nothing.
fn history_path(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let state = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(variable("HOME")?.join(".local/state")))?;
    Some(state.join("kalamtable").join("history"))
}
