// SPDX-License-Identifier: Apache-2.0

//! Tests of the shell without a terminal: input from a script, and interrupts at a known time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;

use expect_test::{Expect, expect};
use tokio::sync::Notify;

use super::{InputKind, LineReader, Shell, ShellInput};
use crate::sql::interrupts::Interrupt;
use crate::sql::output::OutputFormat;
use crate::sql::session::Session;

struct ScriptedInput {
    lines: VecDeque<ShellInput>,
    remembered: Vec<String>,
}

impl LineReader for ScriptedInput {
    fn read_line(&mut self, _prompt: &str) -> io::Result<ShellInput> {
        Ok(self.lines.pop_front().unwrap_or(ShellInput::End))
    }

    fn remember(&mut self, entry: &str, _errors: &mut dyn Write) -> io::Result<()> {
        self.remembered.push(entry.to_string());
        Ok(())
    }
}

/// Keeps the text that is written, and notifies a test of each write.
#[derive(Clone, Default)]
struct Screen {
    text: Rc<RefCell<Vec<u8>>>,
    is_written: Arc<Notify>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.is_written.notify_one();
        self.text.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.text.borrow().clone()).unwrap()
    }
}

fn never() -> Interrupt {
    Box::pin(std::future::pending())
}

struct ShellRun {
    output: String,
    errors: String,
    remembered: Vec<String>,
}

fn run_shell(
    lines: Vec<ShellInput>,
    screen: &Screen,
    interrupt: &dyn Fn() -> Interrupt,
) -> ShellRun {
    let session = Session::open(&[], None, None).unwrap();
    let mut script = ScriptedInput {
        lines: lines.into(),
        remembered: Vec::new(),
    };
    let errors = Screen::default();
    let mut shell = Shell {
        session: &session,
        format: OutputFormat::Csv,
        max_rows: None,
        shows_time: true,
        input: InputKind::Terminal,
        interrupt,
    };
    let (mut output, mut errors_writer) = (screen.clone(), errors.clone());
    shell
        .run(&mut script, &mut output, &mut errors_writer)
        .unwrap();
    ShellRun {
        output: screen.text(),
        errors: without_times(&errors.text()),
        remembered: script.remembered,
    }
}

fn without_times(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(' ') {
        Some((line, "s")) => format!("{}\n", line.rsplit_once(' ').unwrap().0),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

fn text(line: &str) -> ShellInput {
    ShellInput::Line(line.to_string())
}

fn check(lines: &[&str], expect: Expect) {
    let lines = lines.iter().map(|line| text(line)).collect();
    let run = run_shell(lines, &Screen::default(), &never);
    expect.assert_eq(&format!("{}--\n{}", run.output, run.errors));
}

#[test]
fn interrupt_stops_an_endless_query_but_not_the_shell() {
    let screen = Screen::default();
    // The interrupt completes when the first rows are written.
    let is_written = Arc::clone(&screen.is_written);
    let interrupt = move || -> Interrupt {
        let is_written = Arc::clone(&is_written);
        Box::pin(async move { is_written.notified().await })
    };
    let endless = "SELECT value FROM generate_series(1, 9000000000000000);";
    let run = run_shell(vec![text(endless), text(r"\?")], &screen, &interrupt);
    assert!(run.output.starts_with("value\n1\n2\n"));
    assert_eq!(run.errors, "stopped after\n");

    let pressed = RefCell::new(VecDeque::from([
        Box::pin(std::future::ready(())) as Interrupt
    ]));
    let interrupt = || pressed.borrow_mut().pop_front().unwrap_or_else(never);
    // This query does not return a row before its end.
    let endless = "SELECT count(*) FROM generate_series(1, 9000000000000000);";
    let lines = vec![text(endless), text("SELECT 42 AS answer;")];
    let run = run_shell(lines, &Screen::default(), &interrupt);
    assert_eq!(run.output, "answer\n42\n");
    assert_eq!(run.errors, "stopped after\n1 row in\n");
}

#[test]
fn interrupt_at_the_prompt_discards_the_input() {
    let lines = vec![
        text("SELECT nothing,"),
        ShellInput::Interrupted,
        text("SELECT 1 AS a;"),
    ];
    let run = run_shell(lines, &Screen::default(), &never);
    assert_eq!(run.output, "a\n1\n");
    assert_eq!(run.remembered, ["SELECT 1 AS a;"]);
}

#[test]
fn statement_of_several_lines_is_one_history_entry() {
    let lines = vec![
        text("SELECT 1"),
        text(""),
        text("AS a; SELECT"),
        text("2 AS b;"),
    ];
    let run = run_shell(lines, &Screen::default(), &never);
    assert_eq!(run.output, "a\n1\nb\n2\n");
    assert_eq!(run.remembered, ["SELECT 1\n\nAS a; SELECT\n2 AS b;"]);
}

#[test]
fn error_does_not_end_the_shell() {
    check(
        &["SELECT nothing;", "SELEKT;", "SELECT 1 AS a;"],
        expect![[r#"
            a
            1
            --
            error: No field named nothing
            error: sql parser error: Expected: an SQL statement, found: SELEKT at Line: 1, Column: 1
            1 row in
        "#]],
    );
}

#[test]
fn command_d_lists_tables() {
    check(
        &["CREATE VIEW v AS SELECT 1 AS a;", r"\d"],
        expect![[r#"
            table,columns,data,comment
            kalamtable.columns,16,,A column of a table that has a definition.
            kalamtable.duplicate_keys,4,,
            kalamtable.key_column_usage,8,,A column of a key.
            kalamtable.table_constraints,7,,"A key of a table, or the closed set of a column."
            kalamtable.table_errors,4,,A table that its catalog cannot open. The other metadata tables have no rows for it.
            kalamtable.tables,9,,A table that has a definition.
            public.v,1,,
            system.audit_logs,8,,"Changes to accounts, rights, tables and storages, with their actors; append-only"
            system.jobs,20,,"Background jobs: flushes, retention, clean-ups, and their outcome"
            system.live_queries,14,,Open subscriptions: queries whose changes are pushed to a connection
            system.namespaces,5,,Namespaces: the part of a table's name before the dot
            system.stats,2,,"Counters of the schema registry and of the server around it, at the time of the query"
            system.storages,11,,Places where cold rows are stored: folders and buckets
            system.tables,14,,"All tables of the server, including system tables; one row per table and schema version"
            system.users,15,,"Accounts, with their roles and the storages of their rows"
            --
            done in
        "#]],
    );
}

#[test]
fn command_d_with_a_name_lists_columns() {
    check(
        &[r"\d system.namespaces", r"\d nothing", r"\d stats;"],
        expect![[r#"
            column,type,nullable,default,comment
            namespace_id,text,no,,The name as SQL writes it
            name,text,no,,The name for display; equal to namespace_id unless one was given
            created_at,timestamp,no,,Time of creation
            options,json,yes,,"Default settings of its tables, by name; null if none were given"
            table_count,int,no,,"Number of its tables, without dropped ones"
            column,type,nullable,default,comment
            metric_name,text,no,,"Name of the counter, in words separated by underscores; sizes end in _bytes"
            metric_value,text,no,,"The count since the start of the server, or the current size, in decimal digits"
            --
            error: No table named 'nothing'
        "#]],
    );
}

#[test]
fn command_q_quits_and_an_unknown_command_is_an_error() {
    check(
        &[r"\copy", r"\q", "SELECT 1;"],
        expect![[r#"
            --
            error: unknown command `\copy`: the commands are `\d`, `\x`, `\timing`, `\?` and `\q`
        "#]],
    );
}
