// SPDX-License-Identifier: Apache-2.0

//! The shell: statements of several lines, and commands that begin with a backslash. Its input is a
//! terminal or a script.

#[cfg(test)]
mod tests;

use std::io::{self, BufWriter, Write};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use tokio::runtime::Builder;

use crate::count::count;
use crate::escape::escape_controls;
use crate::sql::error_text::describe;
use crate::sql::interrupts::Interrupt;
use crate::sql::output::{OutputError, OutputFormat};
use crate::sql::query::{self, QueryError, QueryOutcome, RowCount};
use crate::sql::session::Session;
use crate::sql::statements::{SqlText, Statements};

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

    /// Adds an entry to the history. If that fails, writes a note to `errors`.
    ///
    /// # Errors
    /// Fails if `errors` cannot be written to.
    fn remember(&mut self, entry: &str, errors: &mut dyn Write) -> io::Result<()>;
}

/// The input of a shell, which determines what happens after an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputKind {
    /// A terminal. An error ends a statement.
    Terminal,
    /// A script. An error ends it.
    Script {
        /// The name of the script in errors, or `None` if an error needs no position.
        origin: Option<String>,
    },
}

/// The reason why a shell ended before the end of its input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShellError {
    /// A statement or command of a script failed. Contains the message.
    #[error("{0}")]
    Failed(String),
    /// The input cannot be read, or the output cannot be written to.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The reason why a shell that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShellEnd {
    /// The end of the input.
    InputEnded,
    /// The command `\q`.
    Quit,
}

/// A shell, with the settings that its commands change.
pub(crate) struct Shell<'a> {
    /// The session that queries run in.
    pub(crate) session: &'a Session,
    /// The format of results.
    pub(crate) format: OutputFormat,
    /// The maximum number of rows to show, or `None` for all.
    pub(crate) max_rows: Option<usize>,
    /// Whether the time of each statement is shown.
    pub(crate) shows_time: bool,
    /// The kind of the input.
    pub(crate) input: InputKind,
    /// Creates the interrupt of a query, before the query runs.
    pub(crate) interrupt: &'a dyn Fn() -> Interrupt,
}

const PROMPT: &str = "kalamtable> ";
const CONTINUATION_PROMPT: &str = "       ...> ";

const HELP: &str = r"End a statement with a semicolon; it may have several lines.
  \d         tables
  \d NAME    columns of a table
  \x         show each value of a table on its own line, or end that
  \timing    show the time of each statement, or end that
  \?         this help
  \q         quit, as does Ctrl-D
Ctrl-C stops a query, or discards the current input. If the query does not stop, the second Ctrl-C
ends the shell.";

impl Shell<'_> {
    /// Reads and runs statements until the end of the input.
    ///
    /// # Errors
    /// Fails if `output` or `errors` cannot be written to, if the input cannot be read, or, in a
    /// script, with the first statement or command that fails.
    pub(crate) fn run(
        &mut self,
        lines: &mut dyn LineReader,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> Result<ShellEnd, ShellError> {
        let mut statements = Statements::default();
        let mut entry = String::new();
        let mut number = 0;
        loop {
            let prompt = if entry.is_empty() {
                PROMPT
            } else {
                CONTINUATION_PROMPT
            };
            let line = match lines.read_line(prompt) {
                // The message names the script, or its line.
                Err(error) if matches!(self.input, InputKind::Script { .. }) => {
                    return Err(ShellError::Failed(error.to_string()));
                }
                line => line?,
            };
            let line = match line {
                ShellInput::Line(line) => line,
                ShellInput::Interrupted => {
                    statements.clear();
                    entry.clear();
                    continue;
                }
                ShellInput::End => break,
            };
            let command = line.trim();
            if statements.is_blank()
                && (command.starts_with('\\') || matches!(command, "quit" | "exit"))
            {
                let number = statements.skip_line();
                lines.remember(command, errors)?;
                match self.command(command, number, output, errors)? {
                    AfterCommand::Continue => continue,
                    AfterCommand::Quit => return Ok(ShellEnd::Quit),
                }
            }
            entry.push_str(&line);
            entry.push('\n');
            statements.push(&line);
            statements.push("\n");
            let mut complete = Vec::new();
            complete.extend(std::iter::from_fn(|| statements.next_complete()));
            let command = statements.take_command();
            if statements.is_blank() {
                if !entry.trim().is_empty() {
                    lines.remember(entry.trim(), errors)?;
                }
                entry.clear();
            }
            let mut is_finished = true;
            for statement in complete {
                number += 1;
                is_finished = self.statement(&statement, number, output, errors)?;
                if !is_finished {
                    break;
                }
            }
            if let Some(SqlText { text, line }) = command.filter(|_| is_finished)
                && let AfterCommand::Quit = self.command(&text, line, output, errors)?
            {
                return Ok(ShellEnd::Quit);
            }
        }
        if matches!(self.input, InputKind::Script { .. })
            && let Some(statement) = statements.take_rest()
        {
            self.statement(&statement, number + 1, output, errors)?;
        }
        Ok(ShellEnd::InputEnded)
    }

    /// Runs a statement. Returns `false` if it failed or was interrupted.
    fn statement(
        &self,
        statement: &SqlText,
        number: usize,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> Result<bool, ShellError> {
        let begin = Instant::now();
        let outcome = {
            let mut results = self.format.result_writer(BufWriter::new(&mut *output));
            let interrupt = (self.interrupt)();
            let context = self.session.context();
            let text = &statement.text;
            query::run(context, text, results.as_mut(), self.max_rows, interrupt)
        };
        output.flush()?;
        let time = begin.elapsed();
        match outcome {
            Ok(QueryOutcome::Finished(rows)) => {
                self.report(rows, time, errors)?;
                Ok(true)
            }
            Ok(QueryOutcome::Interrupted { is_running }) => {
                let rest = if is_running {
                    "; a part of the query that cannot be stopped ends in the background"
                } else {
                    ""
                };
                writeln!(errors, "stopped after {}{rest}", seconds(time))?;
                Ok(false)
            }
            Err(QueryError::Output(OutputError::Io(error))) => Err(error.into()),
            Err(error) => {
                let message = match &self.input {
                    InputKind::Script {
                        origin: Some(origin),
                    } => {
                        let (line, text) = (statement.line, shortened(&statement.text));
                        format!("{error}\n  in statement {number} of {origin}, line {line}: {text}")
                    }
                    _ => error.to_string(),
                };
                self.fail(message, errors)?;
                Ok(false)
            }
        }
    }

    /// Reports the number of rows and the time.
    fn report(
        &self,
        rows: Option<RowCount>,
        time: Duration,
        errors: &mut dyn Write,
    ) -> io::Result<()> {
        let is_cut = rows.is_some_and(|rows| rows.shown < rows.total);
        if !is_cut && !self.shows_time && self.input != InputKind::Terminal {
            return Ok(());
        }
        let mut text = match rows {
            None => "done".to_string(),
            Some(RowCount { shown, total }) if shown < total => {
                format!("{shown} of {}", count(total, "row"))
            }
            Some(RowCount { total, .. }) => count(total, "row"),
        };
        if self.shows_time {
            text.push_str(&format!(" in {}", seconds(time)));
        }
        if is_cut {
            text.push_str("; `--max-rows all` shows every row");
        }
        writeln!(errors, "{text}")
    }

    /// Reports an error in a terminal, and returns it in a script.
    fn fail(&self, message: String, errors: &mut dyn Write) -> Result<(), ShellError> {
        match self.input {
            InputKind::Terminal => {
                let message = escape_controls(&message, &['\n']);
                Ok(writeln!(errors, "error: {message}")?)
            }
            InputKind::Script { .. } => Err(ShellError::Failed(message)),
        }
    }

    /// Adds the position of a command of a script to its error.
    fn in_line(&self, error: ShellError, number: usize, command: &str) -> ShellError {
        match (error, &self.input) {
            (
                ShellError::Failed(message),
                InputKind::Script {
                    origin: Some(origin),
                },
            ) => ShellError::Failed(format!(
                "{message}\n  in line {number} of {origin}: {command}"
            )),
            (error, _) => error,
        }
    }

    /// Runs the command on a line.
    fn command(
        &mut self,
        command: &str,
        number: usize,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> Result<AfterCommand, ShellError> {
        let after = self.run_command(command, output, errors);
        after.map_err(|error| self.in_line(error, number, command))
    }

    fn run_command(
        &mut self,
        command: &str,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> Result<AfterCommand, ShellError> {
        let (name, argument) = match command.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, argument.trim().trim_end_matches(';')),
            None => (command.trim_end_matches(';'), ""),
        };
        match (name, argument) {
            (r"\q" | "quit" | "exit", _) => return Ok(AfterCommand::Quit),
            (r"\?" | r"\h" | r"\help", _) => writeln!(output, "{HELP}")?,
            (r"\d", "") => self.show(block_on(self.session.describe_tables())?, output, errors)?,
            (r"\d", table) => {
                let columns = block_on(self.session.describe_columns(table))?;
                self.show(columns, output, errors)?;
            }
            (r"\x", "") => match self.format {
                OutputFormat::Table => {
                    self.format = OutputFormat::Expanded;
                    writeln!(errors, "each value has its own line")?;
                }
                OutputFormat::Expanded => {
                    self.format = OutputFormat::Table;
                    writeln!(errors, "each row has its own line")?;
                }
                _ => {
                    let message = r"`\x` applies to `--format table` alone";
                    self.fail(message.to_string(), errors)?;
                }
            },
            (r"\timing", "") => {
                self.shows_time = !self.shows_time;
                let state = if self.shows_time {
                    "shown"
                } else {
                    "not shown"
                };
                writeln!(errors, "times are {state}")?;
            }
            (r"\x" | r"\timing", _) => {
                self.fail(format!(r"`{name}` has no argument"), errors)?;
            }
            (name, _) => {
                let message = format!(
                    r"unknown command `{name}`: the commands are `\d`, `\x`, `\timing`, `\?` and `\q`"
                );
                self.fail(message, errors)?;
            }
        }
        Ok(AfterCommand::Continue)
    }

    fn show(
        &self,
        rows: Result<RecordBatch, DataFusionError>,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> Result<(), ShellError> {
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return self.fail(describe(&error, self.session.context()), errors),
        };
        let mut results = self.format.result_writer(output);
        let written = results
            .begin(&rows.schema())
            .and_then(|()| results.write(&rows))
            .and_then(|()| results.end());
        match written {
            Ok(()) => Ok(()),
            Err(OutputError::Io(error)) => Err(error.into()),
            Err(error) => self.fail(error.to_string(), errors),
        }
    }
}

enum AfterCommand {
    Continue,
    Quit,
}

fn block_on<T>(future: impl Future<Output = T>) -> io::Result<T> {
    Ok(Builder::new_current_thread().build()?.block_on(future))
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// Returns a statement on one line, cut to a length that suits an error message.
fn shortened(statement: &str) -> String {
    const MAX_CHARS: usize = 60;
    let words: Vec<&str> = statement.split_whitespace().take(MAX_CHARS).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{} ..", &line[..end]),
        None => line,
    }
}
