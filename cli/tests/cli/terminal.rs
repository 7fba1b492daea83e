// SPDX-License-Identifier: Apache-2.0

//! The shell in a pseudo-terminal.

use std::fs;

use rexpect::session::spawn_command;

use crate::support::CommandFolder;

/// The timeout of a step. A step that succeeds does not wait for it.
const TIMEOUT_MS: Option<u64> = Some(120_000);

#[test]
fn ctrl_c_stops_a_query_and_ctrl_d_ends_the_shell() {
    let folder = CommandFolder::new();
    let mut command = folder.command(&["sql", "--format", "csv"]);
    command.env("TERM", "xterm");
    let mut shell = spawn_command(command, TIMEOUT_MS).unwrap();
    shell.exp_string("kalamtable> ").unwrap();

    shell.send_line("SELECT 'half a statement").unwrap();
    shell.exp_string("...> ").unwrap();
    shell.send_control('c').unwrap();
    shell.exp_string("kalamtable> ").unwrap();

    shell
        .send_line("SELECT value + 500 AS value FROM generate_series(1, 9000000000000000);")
        .unwrap();
    // These rows show that the query runs.
    shell.exp_string("\n501\r").unwrap();
    shell.send_control('c').unwrap();
    shell.exp_string("stopped after").unwrap();
    shell.exp_string("kalamtable> ").unwrap();

    shell.send_line("SELECT 40 + 2 AS answer;").unwrap();
    shell.exp_string("\n42\r").unwrap();
    shell.exp_string("1 row in").unwrap();
    shell.exp_string("kalamtable> ").unwrap();
    shell.send_control('d').unwrap();
    shell.exp_eof().unwrap();

    let history = folder.path().join(".local/state/kalamtable/history");
    let history = fs::read_to_string(history).unwrap();
    assert!(history.contains("SELECT 40 + 2 AS answer;"), "{history}");
    assert!(!history.contains("half"), "{history}");
}

#[test]
fn history_that_cannot_be_written_is_only_noted() {
    let folder = CommandFolder::new();
    folder.write(".local", "a file where a folder should be");
    let mut command = folder.command(&["sql"]);
    command.env("TERM", "xterm");
    let mut shell = spawn_command(command, TIMEOUT_MS).unwrap();
    shell.exp_string("kalamtable> ").unwrap();
    shell.send_line("SELECT 40 + 2 AS answer;").unwrap();
    shell.exp_string("| 42").unwrap();
    shell.exp_string("kalamtable> ").unwrap();
    shell.send_line(r"\q").unwrap();
    shell.exp_string("history cannot be written to").unwrap();
    shell.exp_eof().unwrap();
}
