// SPDX-License-Identifier: Apache-2.0

//! Starts this test program as a child process.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts the test with a name as a process that receives a folder in an environment variable.
pub(crate) fn child(test: &str, variable: &str, folder: &Path) -> Child {
    let program = std::env::current_exe().expect("the test program has a path");
    Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env(variable, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test program starts")
}
