// SPDX-License-Identifier: Apache-2.0

//! [`Terminal`]: the terminal of the process as the input of a shell, with history.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};

use crate::sql::shell::{LineReader, ShellInput};

/// A terminal with line editing, and with history in a file.
pub(crate) struct Terminal {
    editor: Editor<(), FileHistory>,
    /// The path of the history, or `None` if it is not saved.
    history: Option<PathBuf>,
}

impl Terminal {
    /// Opens the terminal of this process. If the history cannot be read or will not be saved,
    /// writes a note to `errors`.
    ///
    /// # Errors
    /// Fails if the process has no terminal, or if `errors` cannot be written to.
    pub(crate) fn open(errors: &mut dyn Write) -> io::Result<Self> {
        let config = Config::builder().auto_add_history(false).build();
        let mut editor = Editor::with_config(config).map_err(to_io)?;
        let history = history_path(|name| env::var_os(name).map(PathBuf::from));
        match &history {
            None => writeln!(
                errors,
                "the history is not saved: neither XDG_STATE_HOME nor HOME is set"
            )?,
            Some(path) if path.exists() => {
                if let Err(error) = editor.load_history(path) {
                    let path = path.display();
                    writeln!(errors, "the history cannot be read from {path}: {error}")?;
                }
            }
            Some(_) => {}
        }
        Ok(Terminal { editor, history })
    }

    /// Appends the last entry to the file.
    fn save_history(&mut self, path: &Path) -> Result<(), ReadlineError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        self.editor.append_history(path)
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

    fn remember(&mut self, entry: &str, errors: &mut dyn Write) -> io::Result<()> {
        // An entry that cannot be added to the history can still run.
        let _ = self.editor.add_history_entry(entry);
        let Some(path) = self.history.clone() else {
            return Ok(());
        };
        // The process can end without returning here, so that each entry is saved at once.
        if let Err(error) = self.save_history(&path) {
            self.history = None;
            let path = path.display();
            writeln!(errors, "the history cannot be written to {path}: {error}")?;
        }
        Ok(())
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
