// SPDX-License-Identifier: Apache-2.0

//! A temporary folder per test, in which the binary runs.

#![allow(dead_code, reason = "each test binary uses some of the functions")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::Expect;
use tempfile::TempDir;

pub(crate) struct CommandFolder(TempDir);

impl CommandFolder {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        CommandFolder(folder)
    }

    /// Creates a folder with the definition of `app.orders`.
    pub(crate) fn with_orders() -> Self {
        let folder = CommandFolder::new();
        folder.write("schemas/orders.toml", ORDERS);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Returns the command with these arguments and this working directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kalamtable"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", self.path())
            // 2026-12-01: suggested expiries are relative to the current date.
            .env("SOURCE_DATE_EPOCH", "1796083200")
            .env_remove("XDG_STATE_HOME");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn run_with_stdin(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The command may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs `query` over the folders `schemas` and `data`.
    pub(crate) fn query(&self, format: &str, query: &str) -> Output {
        let folders = ["--schemas", "schemas", "--data", "data"];
        let arguments = [&["sql"], &folders[..], &["--format", format, "-c", query]];
        self.run(&arguments.concat())
    }
}

pub(crate) const ORDERS: &str = r#"
name        = "app.orders"
primary_key = ["id"]
row         = "Order"

[columns]
id    = { id = 1, type = "int", comment = "Number of the order" }
price = { id = 2, type = "decimal(6, 2)", nullable = true }
note  = { id = 3, type = "text", default = "none" }
state = { id = 4, type = "enum('open', 'closed')", rust = "State" }
items = { id = 5, type = "list<#6 struct<#7 sku: text, #8 count: int null>>", nullable = true }
"#;

/// Returns the exit code, and stdout and stderr unless they are empty.
pub(crate) fn shown(output: &Output) -> String {
    let mut shown = format!("exit: {}\n", output.status.code().unwrap());
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !bytes.is_empty() {
            let text = String::from_utf8(bytes.clone()).unwrap();
            shown.push_str(&format!("{name}:\n{text}"));
        }
    }
    shown
}

pub(crate) fn check(output: &Output, expect: Expect) {
    expect.assert_eq(&shown(output));
}

/// Returns the stdout of a command that has to succeed.
pub(crate) fn success(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", shown(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}
