// SPDX-License-Identifier: Apache-2.0

//! The shell in a pseudo-terminal.

use std::fs;
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::support::CommandFolder;

/// The timeout of a step. A step that succeeds does not wait for it.
const TIMEOUT_MS: Option<u64> = Some(120_000);

const PROMPT: &str = "kalamtable> ";

fn start(folder: &CommandFolder, arguments: &[&str]) -> PtySession {
    let mut command = folder.command(&[&["sql"], arguments].concat());
    command.env("TERM", "xterm");
    let mut shell = spawn_command(command, TIMEOUT_MS).unwrap();
    shell.exp_string(PROMPT).unwrap();
    shell
}

fn history(folder: &CommandFolder) -> String {
    let path = folder.path().join(".local/state/kalamtable/history");
    fs::read_to_string(path).unwrap()
}

#[test]
fn ctrl_c_stops_a_query_and_ctrl_d_ends_the_shell() {
    let folder = CommandFolder::new();
    let mut shell = start(&folder, &["--format", "csv"]);

    shell.send_line("SELECT 'half a statement").unwrap();
    shell.exp_string("...> ").unwrap();
    shell.send_control('c').unwrap();
    shell.exp_string(PROMPT).unwrap();

    shell
        .send_line("SELECT value + 500 AS value FROM generate_series(1, 9000000000000000);")
        .unwrap();
    // These rows show that the query runs.
    shell.exp_string("\n501\r").unwrap();
    shell.send_control('c').unwrap();
    shell.exp_string("stopped after").unwrap();
    shell.exp_string(PROMPT).unwrap();

    shell.send_line("SELECT 40 + 2 AS answer;").unwrap();
    shell.exp_string("\n42\r").unwrap();
    shell.exp_string("1 row in").unwrap();
    shell.exp_string(PROMPT).unwrap();
    shell.send_control('d').unwrap();
    shell.exp_eof().unwrap();

    let history = history(&folder);
    assert!(history.contains("SELECT 40 + 2 AS answer;"), "{history}");
    assert!(!history.contains("half"), "{history}");
}

#[test]
fn ctrl_c_stops_joins_that_never_yield() {
    let folder = CommandFolder::new();
    let mut shell = start(&folder, &["--format", "csv"]);
    let numbers = "generate_series(1, 3000000)";
    for join in [
        format!("CROSS JOIN {numbers} b(y)"),
        format!("JOIN {numbers} b(y) ON x * y < 0"),
        format!("JOIN {numbers} b(y) ON x % 2 = y % 2"),
        format!("LEFT JOIN {numbers} b(y) ON x < y - 5000000"),
    ] {
        shell.send_line("SELECT 40 + 1 AS ready;").unwrap();
        shell.exp_string("\n41\r").unwrap();
        shell.exp_string(PROMPT).unwrap();
        shell
            .send_line(&format!("SELECT count(*) FROM {numbers} a(x) {join};"))
            .unwrap();
        // The terminal is in raw mode until the statement runs. Then Ctrl-C is a signal.
        shell.exp_string(";").unwrap();
        shell.exp_string("\r\n").unwrap();
        shell.send_control('c').unwrap();
        shell.exp_string("stopped after").unwrap();
        // No part of it runs in the background.
        shell.exp_regex(r"^ [0-9.]+ s\r").unwrap();
        shell.exp_string(PROMPT).unwrap();
    }
    shell.send_line("SELECT 40 + 2 AS answer;").unwrap();
    shell.exp_string("\n42\r").unwrap();
    shell.exp_string(PROMPT).unwrap();
    shell.send_line(r"\q").unwrap();
    shell.exp_eof().unwrap();
}

#[test]
fn second_ctrl_c_ends_a_shell_that_cannot_write() {
    let folder = CommandFolder::new();
    let binary = env!("CARGO_BIN_EXE_kalamtable");
    // Nothing reads the output of the shell, so that it blocks in the middle of a result.
    let script = format!(
        "{{ trap : INT; {binary} sql --format csv; echo \"exit $?\" >&2; }} | \
         {{ trap '' INT; exec sleep 100; }}"
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("HOME", folder.path());
    // The timeout is that of one Ctrl-C.
    let mut shell = spawn_command(command, Some(500)).unwrap();
    while shell.exp_string("for help").is_err() {}
    let mut tries = 0;
    loop {
        // Ctrl-C discards a line that the shell has not read yet.
        shell
            .send_line("SELECT value FROM generate_series(1, 9000000000000000);")
            .unwrap();
        shell.send_control('c').unwrap();
        if shell.exp_string("exit 130").is_ok() {
            break;
        }
        tries += 1;
        assert!(tries < 100);
    }
}

#[test]
fn history_is_written_when_a_line_is_entered() {
    let folder = CommandFolder::new();
    let mut shell = start(&folder, &["--format", "csv"]);
    shell.send_line("SELECT 40 +").unwrap();
    shell.exp_string("...> ").unwrap();
    shell.send_line("2 AS answer;").unwrap();
    shell.exp_string("\n42\r").unwrap();
    // The shell still runs.
    assert!(history(&folder).contains("2 AS answer;"));
    shell.send_line(r"\timing").unwrap();
    shell.exp_string("times are not shown").unwrap();
    assert!(history(&folder).contains(r"timing"));
    shell.send_line(r"\q").unwrap();
    shell.exp_eof().unwrap();
}

#[test]
fn history_that_cannot_be_written_is_only_noted() {
    let folder = CommandFolder::new();
    folder.write(".local", "a file where a folder should be");
    let mut shell = start(&folder, &[]);
    shell.send_line("SELECT 40 + 2 AS answer;").unwrap();
    shell.exp_string("history cannot be written to").unwrap();
    shell.exp_string("| 42").unwrap();
    shell.exp_string(PROMPT).unwrap();
    shell.send_line(r"\q").unwrap();
    shell.exp_eof().unwrap();
}

#[test]
fn terminal_receives_escapes_as_text() {
    let folder = CommandFolder::new();
    for format in ["csv", "json", "table"] {
        let mut shell = start(&folder, &["--format", format]);
        shell
            .send_line(r"SELECT concat(chr(27), '[2J', chr(155)) AS a;")
            .unwrap();
        let escaped = match format {
            "json" => r"\u001b[2J\u009b",
            _ => r"\u{1b}[2J\u{9b}",
        };
        shell.exp_string(escaped).unwrap();
        shell.exp_string(PROMPT).unwrap();
        shell.send_line(r"\q").unwrap();
        shell.exp_eof().unwrap();
    }
}
