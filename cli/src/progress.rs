// SPDX-License-Identifier: Apache-2.0

//! [`Progress`]: a line on a terminal that shows the work of a long-running command.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::report::ReportOptions;

/// The time after which the line appears, and between its updates.
const INTERVAL: Duration = Duration::from_secs(1);

/// A line such as `checking definitions, 2 s`, which appears after one second and disappears when
/// the value is dropped.
pub(crate) struct Progress(Option<Running>);

struct Running {
    /// Dropping the sender wakes the thread.
    sender: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// Shows `work` on stderr. Shows nothing if stderr is not a terminal or the user wants no
    /// progress.
    pub(crate) fn start(work: &str, options: ReportOptions) -> Self {
        if options.quiet || !io::stderr().is_terminal() {
            return Progress(None);
        }
        Progress::write_to(io::stderr(), work, INTERVAL)
    }

    fn write_to(mut output: impl Write + Send + 'static, work: &str, interval: Duration) -> Self {
        let (sender, receiver) = mpsc::channel();
        let work = work.to_string();
        let start = Instant::now();
        let thread = thread::Builder::new().spawn(move || {
            let mut is_shown = false;
            // Progress is not part of the result, so errors of the terminal are ignored.
            while receiver.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                is_shown = true;
                let seconds = start.elapsed().as_secs();
                let _ = write!(output, "\r{work}, {seconds} s").and_then(|()| output.flush());
            }
            if is_shown {
                let _ = write!(output, "\r\x1b[K").and_then(|()| output.flush());
            }
        });
        // The command also runs without the thread.
        Progress(thread.ok().map(|thread| Running { sender, thread }))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(Running { sender, thread }) = self.0.take() {
            drop(sender);
            // The report is written after the line has been removed.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::io::pipe;

    use super::*;

    #[test]
    fn line_appears_after_the_interval_and_is_removed() -> io::Result<()> {
        let (mut reader, writer) = pipe()?;
        let progress = Progress::write_to(writer, "working", Duration::from_millis(1));
        let mut shown = [0; 12];
        reader.read_exact(&mut shown)?;
        assert_eq!(&shown, b"\rworking, 0 ");
        drop(progress);
        let mut rest = String::new();
        reader.read_to_string(&mut rest)?;
        assert!(rest.ends_with("\r\u{1b}[K"), "{rest:?}");
        Ok(())
    }

    #[test]
    fn short_work_shows_nothing() -> io::Result<()> {
        let (mut reader, writer) = pipe()?;
        drop(Progress::write_to(writer, "working", INTERVAL));
        let mut shown = String::new();
        reader.read_to_string(&mut shown)?;
        assert_eq!(shown, "");
        Ok(())
    }
}
