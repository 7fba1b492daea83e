// SPDX-License-Identifier: Apache-2.0

//! The shell without a terminal: lines from a script, and interrupts that come at a known moment.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;

use expect_test::{Expect, expect};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::{Interrupt, Line, LineReader, Shell};
use crate::output::Format;
use crate::session::Session;

struct Script {
    lines: VecDeque<Line>,
    remembered: Vec<String>,
}

impl LineReader for Script {
    fn read_line(&mut self, _prompt: &str) -> io::Result<Line> {
        Ok(self.lines.pop_front().unwrap_or(Line::End))
    }

    fn remember(&mut self, entry: &str) {
        self.remembered.push(entry.to_string());
    }
}

/// Keeps what is written, and tells of it.
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

struct Ran {
    output: String,
    errors: String,
    remembered: Vec<String>,
}

fn run(lines: Vec<Line>, screen: &Screen, interrupt: &dyn Fn() -> Interrupt) -> Ran {
    let runtime = Runtime::new().unwrap();
    let session = Session::open(&[], None).unwrap();
    let mut script = Script {
        lines: lines.into(),
        remembered: Vec::new(),
    };
    let errors = Screen::default();
    let shell = Shell {
        runtime: &runtime,
        session: &session,
        format: Format::Csv,
        interrupt,
    };
    let (mut output, mut errors_writer) = (screen.clone(), errors.clone());
    shell
        .run(&mut script, &mut output, &mut errors_writer)
        .unwrap();
    Ran {
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

fn text(line: &str) -> Line {
    Line::Text(line.to_string())
}

fn check(lines: &[&str], expect: Expect) {
    let lines = lines.iter().map(|line| text(line)).collect();
    let ran = run(lines, &Screen::default(), &never);
    expect.assert_eq(&format!("{}--\n{}", ran.output, ran.errors));
}

#[test]
fn an_interrupt_stops_an_endless_query_and_the_next_one_runs() {
    let screen = Screen::default();
    // Ctrl-C is pressed once the first rows are there.
    let is_written = screen.is_written.clone();
    let interrupt = move || -> Interrupt {
        let is_written = is_written.clone();
        Box::pin(async move { is_written.notified().await })
    };
    let endless = "SELECT value FROM generate_series(1, 9000000000000000);";
    let ran = run(vec![text(endless), text(r"\?")], &screen, &interrupt);
    assert!(ran.output.starts_with("value\n1\n2\n"));
    assert_eq!(ran.errors, "stopped after\n");

    let pressed = RefCell::new(VecDeque::from([
        Box::pin(std::future::ready(())) as Interrupt
    ]));
    let interrupt = || pressed.borrow_mut().pop_front().unwrap_or_else(never);
    // No row of it ever comes.
    let endless = "SELECT count(*) FROM generate_series(1, 9000000000000000);";
    let lines = vec![text(endless), text("SELECT 42 AS answer;")];
    let ran = run(lines, &Screen::default(), &interrupt);
    assert_eq!(ran.output, "answer\n42\n");
    assert_eq!(ran.errors, "stopped after\n1 row in\n");
}

#[test]
fn an_interrupt_at_the_prompt_forgets_what_was_entered() {
    let lines = vec![
        text("SELECT nothing,"),
        Line::Interrupted,
        text("SELECT 1 AS a;"),
    ];
    let ran = run(lines, &Screen::default(), &never);
    assert_eq!(ran.output, "a\n1\n");
    assert_eq!(ran.remembered, ["SELECT 1 AS a;"]);
}

#[test]
fn statements_have_several_lines_and_are_remembered_whole() {
    let lines = vec![
        text("SELECT 1"),
        text(""),
        text("AS a; SELECT"),
        text("2 AS b;"),
    ];
    let ran = run(lines, &Screen::default(), &never);
    assert_eq!(ran.output, "a\n1\nb\n2\n");
    assert_eq!(ran.remembered, ["SELECT 1\n\nAS a; SELECT\n2 AS b;"]);
}

#[test]
fn an_error_does_not_end_the_shell() {
    check(
        &["SELECT nothing;", "SELEKT;", "SELECT 1 AS a;"],
        expect![[r#"
            a
            1
            --
            error: No field named nothing.
            error: sql parser error: Expected: an SQL statement, found: SELEKT at Line: 1, Column: 1
            1 row in
        "#]],
    );
}

#[test]
fn d_lists_tables() {
    check(
        &["CREATE VIEW v AS SELECT 1 AS a;", r"\d"],
        expect![[r#"
        table,columns,rows,comment
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
fn d_with_a_name_lists_columns() {
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
fn q_quits_and_an_unknown_command_says_so() {
    check(
        &[r"\x", r"\q", "SELECT 1;"],
        expect![[r#"
        --
        error: there is no command `\x`; `\?` shows all
    "#]],
    );
}
