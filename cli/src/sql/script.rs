// SPDX-License-Identifier: Apache-2.0

//! [`Script`]: statements from an argument, a file or a pipe, as the input of a shell.

use std::io::{self, BufRead, Write};

use crate::sql::shell::{LineReader, ShellInput};
use crate::sql::statements::Statements;

/// The lines of a script.
pub(crate) struct Script<R> {
    reader: R,
    origin: String,
    line: usize,
}

impl<R: BufRead> Script<R> {
    /// Creates a script whose errors name `origin`.
    pub(crate) fn new(reader: R, origin: &str) -> Self {
        Script {
            reader,
            origin: origin.to_string(),
            line: 0,
        }
    }
}

/// Returns whether the script has at most one statement, so that its errors need no position.
pub(crate) fn is_single_statement(text: &str) -> bool {
    let mut statements = Statements::default();
    statements.push(text);
    let complete = std::iter::from_fn(|| statements.next_complete()).count();
    complete + usize::from(statements.take_rest().is_some()) <= 1
}

impl<R: BufRead> LineReader for Script<R> {
    fn read_line(&mut self, _prompt: &str) -> io::Result<ShellInput> {
        let mut bytes = Vec::new();
        let read = self.reader.read_until(b'\n', &mut bytes);
        let in_script =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.origin));
        if read.map_err(in_script)? == 0 {
            return Ok(ShellInput::End);
        }
        self.line += 1;
        if self.line == 1 {
            if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
                let message = format!("{} is UTF-16: save it as UTF-8", self.origin);
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            if bytes.starts_with("\u{feff}".as_bytes()) {
                bytes.drain(..'\u{feff}'.len_utf8());
            }
        }
        if bytes.ends_with(b"\n") {
            bytes.pop();
        }
        match String::from_utf8(bytes) {
            Ok(line) => Ok(ShellInput::Line(line)),
            Err(_) => {
                let message = format!("line {} of {} is not UTF-8", self.line, self.origin);
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }

    fn remember(&mut self, _entry: &str, _errors: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
