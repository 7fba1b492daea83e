// SPDX-License-Identifier: Apache-2.0

//! Measures the check of 1,000 definitions of 20 columns against a lock with 50 versions of each.
//! The baseline is the parser of TOML on the same definitions. The target is one second for all
//! steps together.
//!
//! Each version changes one of: the comment of the table, the comment or the default of a column,
//! the name of a column, an enum, or the number of columns.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use kalamtable_model::{
    CheckedTable, Diagnostic, ReleaseContext, SchemaLock, Severity, SourceFile, Sources, Style,
    check_lock, next_lock, parse_and_check, render,
};

const TABLES: usize = 1000;
const COLUMNS: usize = 20;
const VERSIONS: usize = 50;
const ROUNDS: usize = 5;

fn main() {
    let context = ReleaseContext::new(20_000);
    let lock = locked(&context);
    let text = lock.to_text();
    println!(
        "lock: {} tables with {} versions each, {:.1} MB",
        lock.tables().len(),
        lock.tables()[0].versions().len(),
        text.len() as f64 / 1e6
    );

    let texts: Vec<String> = (0..TABLES)
        .map(|table| definition(table, VERSIONS))
        .collect();
    let toml = median(|| {
        for text in &texts {
            std::hint::black_box(toml::de::DeTable::parse(text).expect("valid TOML"));
        }
    });
    println!("TOML parse of the definitions: {}", show(toml));

    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("schemas.lock", text.as_str()));
    let parse = median(|| {
        std::hint::black_box(SchemaLock::parse(&sources, source).expect("a valid lock"));
    });
    println!("parse of the lock: {}", show(parse));
    let write = median(|| {
        std::hint::black_box(lock.to_text());
    });
    println!("text of the lock: {}", show(write));
    let load = median(|| {
        std::hint::black_box(tables(VERSIONS));
    });
    println!("parse and check of the definitions: {}", show(load));

    let lock = SchemaLock::parse(&sources, source).expect("a valid lock");
    let (_, unchanged) = tables(VERSIONS);
    let (_, changed) = tables(VERSIONS + 1);
    let materialise = median(|| {
        for table in lock.tables() {
            std::hint::black_box(table.definitions().expect("valid versions"));
        }
    });
    println!("definitions of all versions: {}", show(materialise));
    for (title, tables, problems) in [
        ("no table changed", &unchanged, 0),
        ("all tables changed", &changed, TABLES),
    ] {
        let time = median(|| {
            let found = check_lock(tables, &lock, &context);
            assert_eq!(found.len(), problems);
        });
        println!(
            "check, {title}: {}, and {} with the parse of the lock and of the definitions",
            show(time),
            show(time + parse + load)
        );
    }
}

/// Returns the lock with all versions.
fn locked(context: &ReleaseContext) -> SchemaLock {
    let mut lock = SchemaLock::new();
    for version in 1..=VERSIONS {
        let (sources, tables) = tables(version);
        let accepted = accepting(&lock, &check_lock(&tables, &lock, context));
        lock = match next_lock(&tables, &accepted, context) {
            Ok(next) => next.lock,
            Err(problems) => panic!("{}", render(&problems[..1], &sources, Style::Plain)),
        };
    }
    lock
}

/// Returns the lock with an acknowledgment for each error that has one in its help.
fn accepting(lock: &SchemaLock, problems: &[Diagnostic]) -> SchemaLock {
    let text = lock.to_text();
    let line = text.find("---- history").expect("the line of the history");
    let (header, history) = text.split_at(line);
    let mut edited = header.to_string();
    let errors = problems.iter().filter(|it| it.severity == Severity::Error);
    for help in errors.flat_map(|problem| &problem.help) {
        let Some((_, entry)) = help.split_once(":\n[[accept]]") else {
            continue;
        };
        let entry = entry.replace("expires = \"..\"", "expires = 2100-01-01");
        let _ = writeln!(edited, "[[accept]]{entry}");
    }
    edited += history;
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("schemas.lock", edited));
    SchemaLock::parse(&sources, source).expect("a valid lock")
}

fn tables(version: usize) -> (Sources, Vec<CheckedTable>) {
    let mut sources = Sources::new();
    let tables = (0..TABLES).map(|table| {
        let text = definition(table, version);
        let source = sources.push(SourceFile::new(format!("{table}.toml"), text));
        match parse_and_check(&sources, source) {
            Ok(table) => table,
            Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
        }
    });
    let tables = tables.collect();
    (sources, tables)
}

/// Returns a definition. Version 50 has 20 columns.
fn definition(table: usize, version: usize) -> String {
    // The number of versions so far that changed each part.
    let part = |part: usize| (version + 5 - part) / 6;
    let mut text = format!(
        "name = \"app.table_{table}\"\nversion = {version}\ncomment = \"Table {table}, {}\"\n\
         primary_key = [\"id\"]\n\n[columns]\nid = {{ id = 1, type = \"bigint\" }}\n",
        part(1)
    );
    let labels: Vec<String> = (0..=part(5)).map(|label| format!("'l{label}'")).collect();
    let _ = writeln!(
        text,
        "kind_{} = {{ id = 2, type = \"enum({})\", default = \"l0\", comment = \"What, {}\" }}",
        part(4),
        labels.join(", "),
        part(2)
    );
    let _ = writeln!(
        text,
        "score = {{ id = 3, type = \"int\", default = {} }}",
        part(3)
    );
    let added = part(6).min(8);
    for column in 4..=COLUMNS - 8 + added {
        let ty = [
            "text",
            "double",
            "timestamp",
            "decimal(10, 2)",
            "list<#ID text>",
        ][column % 5];
        let ty = ty.replace("ID", &(100 * column).to_string());
        // Later ids exceed all earlier ones.
        let id = if column > COLUMNS - 8 {
            10_000 + column
        } else {
            column
        };
        let ty = if id > 10_000 { "text" } else { &ty };
        let _ = writeln!(
            text,
            "column_{column} = {{ id = {id}, type = \"{ty}\", nullable = true }}"
        );
    }
    text
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn show(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}
