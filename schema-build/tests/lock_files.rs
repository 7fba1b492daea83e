// SPDX-License-Identifier: Apache-2.0

//! Files of locks: reading, writing, interrupted writes, and build scripts.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect, expect_file};
use kalamtable_build::{Config, Error, load, lock_path, read_lock, today, write_lock};
use kalamtable_model::{
    ReleaseContext, SchemaLock, Sources, Style, limits, next_lock, render, sort_diagnostics,
};
use tempfile::TempDir;

const EVENTS: &str = "\
name = \"app.events\"
version = 1
primary_key = [\"id\"]

[columns]
id = { id = 1, type = \"bigint\" }
title = { id = 2, type = \"text\" }
";

/// Creates a folder with one definition.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("events.toml"), EVENTS).unwrap();
    folder
}

/// Returns the lock of the definitions in a folder.
fn locked(folder: &Path) -> SchemaLock {
    let loaded = load(&[folder]);
    let lock = SchemaLock::new();
    let context = ReleaseContext::new(today());
    next_lock(&loaded.tables, &lock, &context).unwrap().lock
}

/// Creates a folder with one definition and its lock.
fn locked_folder() -> TempDir {
    let folder = folder();
    write_lock(&lock_path(folder.path()), &locked(folder.path())).unwrap();
    folder
}

/// Returns the problems of the lock at `path`, with `DIR` for the path of the folder.
fn problems(path: &Path, folder: &Path) -> String {
    let mut sources = Sources::new();
    match read_lock(path, &mut sources) {
        Ok(_) => String::new(),
        Err(problems) => {
            render(&problems, &sources, Style::Plain).replace(folder.to_str().unwrap(), "DIR")
        }
    }
}

// ---- reading ----

#[test]
fn lock_is_in_the_folder_or_beside_the_file() {
    let folder = folder();
    let expected = folder.path().join("schemas.lock");
    assert_eq!(lock_path(folder.path()), expected);
    assert_eq!(lock_path(&folder.path().join("events.toml")), expected);
    let missing = folder.path().join("missing");
    assert_eq!(lock_path(&missing), missing.join("schemas.lock"));
    assert_eq!(
        lock_path(Path::new("missing.toml")),
        Path::new("schemas.lock")
    );
}

#[test]
fn lock_is_not_a_definition() {
    let folder = locked_folder();
    let loaded = load(&[folder.path()]);
    assert!(loaded.diagnostics.is_empty());
    assert_eq!(loaded.tables.len(), 1);
}

#[test]
fn missing_lock() {
    let folder = folder();
    expect![[r#"
        error[KT1401]: the lock does not exist
        --> DIR/schemas.lock
         = help: restore it from version control; if this folder never had a lock, run `kalamtable lock` and commit the file
    "#]]
    .assert_eq(&problems(&lock_path(folder.path()), folder.path()));
}

#[test]
fn lock_that_is_a_folder() {
    let folder = folder();
    fs::create_dir(lock_path(folder.path())).unwrap();
    expect![[r#"
        error[KT1402]: not a regular file, but a folder, a pipe, a socket or a device
        --> DIR/schemas.lock
         = help: delete it, and restore the lock from version control
    "#]]
    .assert_eq(&problems(&lock_path(folder.path()), folder.path()));
}

#[test]
fn lock_that_is_not_utf8() {
    let folder = folder();
    fs::write(lock_path(folder.path()), b"format = 1\n\xff\xfe").unwrap();
    expect![[r#"
        error[KT1402]: the lock is not UTF-8: the byte at offset 11 is invalid
        --> DIR/schemas.lock
         = help: restore the file from version control
    "#]]
    .assert_eq(&problems(&lock_path(folder.path()), folder.path()));
}

#[test]
fn lock_above_the_size_limit() {
    let folder = folder();
    let file = fs::File::create(lock_path(folder.path())).unwrap();
    file.set_len(limits::LOCK_BYTES + 1).unwrap();
    expect![[r#"
        error[KT1408]: the lock has 67108865 bytes, more than the maximum of 67108864
        --> DIR/schemas.lock
         = help: restore the file from version control, or divide the definitions into projects
    "#]]
    .assert_eq(&problems(&lock_path(folder.path()), folder.path()));
}

#[test]
fn lock_with_conflict_markers() {
    let folder = locked_folder();
    let path = lock_path(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("+ primary_key", "<<<<<<< HEAD\n+ primary_key");
    fs::write(&path, text).unwrap();
    expect![[r#"
        error[KT1405]: the lock has the conflict markers of a merge
          --> DIR/schemas.lock:12:1
           |
        12 | <<<<<<< HEAD
           | ^^^^^^^
           |
           = help: keep the whole lock of the branch that others have: if it is `main`, run `git checkout main -- DIR/schemas.lock`; then give the other change the next version, and run `kalamtable lock`
    "#]].assert_eq(&problems(&path, folder.path()));
}

// ---- writing ----

#[test]
fn written_lock_is_read_back() {
    let folder = locked_folder();
    let mut sources = Sources::new();
    let lock = read_lock(&lock_path(folder.path()), &mut sources).unwrap();
    assert_eq!(lock.to_text(), locked(folder.path()).to_text());
    // No temporary file remains.
    let names = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["events.toml", "schemas.lock"]);
}

#[test]
fn unchanged_lock_is_not_written() {
    let folder = locked_folder();
    let path = lock_path(folder.path());
    let old = fs::File::options().write(true).open(&path).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    write_lock(&path, &locked(folder.path())).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(modified, std::time::UNIX_EPOCH);
}

#[test]
fn lock_in_a_missing_folder_is_not_written() {
    let folder = folder();
    let path = folder.path().join("missing/schemas.lock");
    let error = write_lock(&path, &locked(folder.path())).unwrap_err();
    let message = error
        .to_string()
        .replace(folder.path().to_str().unwrap(), "DIR");
    expect!["cannot write `DIR/missing/schemas.lock`: No such file or directory (os error 2)"]
        .assert_eq(&message);
}

/// Writing to this folder fails for every user. Root can write to any folder despite its
/// permissions.
#[test]
#[cfg(target_os = "linux")]
fn lock_in_a_folder_that_is_read_only() {
    let folder = folder();
    let error = write_lock(Path::new("/proc/schemas.lock"), &locked(folder.path())).unwrap_err();
    assert!(matches!(error, Error::Write { .. }));
    let message = error.to_string();
    assert!(
        message.starts_with("cannot write `/proc/schemas.lock`: "),
        "{message}"
    );
}

#[test]
#[cfg(unix)]
fn link_to_a_lock_stays_a_link() {
    let (folder, elsewhere) = (folder(), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("real.lock");
    fs::write(&target, SchemaLock::new().to_text()).unwrap();
    let path = lock_path(folder.path());
    std::os::unix::fs::symlink(&target, &path).unwrap();
    write_lock(&path, &locked(folder.path())).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(
        fs::read_to_string(&target).unwrap(),
        locked(folder.path()).to_text()
    );
}

/// The path of the lock that a process writes until it is killed.
const WRITER: &str = "KALAMTABLE_TEST_LOCK_WRITER";

/// Kills processes that write a lock again and again, and reads the file.
#[test]
fn killed_writer_leaves_the_old_or_the_new_lock() {
    let (old, new) = (SchemaLock::new(), locked(folder().path()));
    if let Some(path) = std::env::var_os(WRITER) {
        let path = Path::new(&path);
        println!("writing");
        loop {
            write_lock(path, &new).unwrap();
            write_lock(path, &old).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = lock_path(folder.path());
    write_lock(&path, &old).unwrap();
    let texts = [old.to_text(), new.to_text()];
    let name = "killed_writer_leaves_the_old_or_the_new_lock";
    for round in 0..60 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(WRITER, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("writing")));
        // The number of reads varies the time of the kill.
        for _ in 0..round {
            let text = fs::read_to_string(&path).unwrap();
            assert!(texts.contains(&text), "{text}");
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(texts.contains(&text), "{text}");
    }
    // A writer that was killed may have left a temporary file.
    write_lock(&path, &old).unwrap();
    write_lock(&path, &new).unwrap();
    assert_eq!(names(folder.path()), ["schemas.lock"]);
}

/// Returns the sorted names of the files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn abandoned_temporary_files_are_removed() {
    let folder = folder();
    let write = |name: &str| fs::write(folder.path().join(name), "").unwrap();
    write(".schemas.lock.1");
    write(".schemas.lock.123456");
    write(".schemas.lock.swp");
    write(".other.lock.1");
    // Another process is writing the lock.
    write(".schemas.lock.2");
    let in_use = fs::File::open(folder.path().join(".schemas.lock.2")).unwrap();
    in_use.lock().unwrap();
    write_lock(&lock_path(folder.path()), &locked(folder.path())).unwrap();
    let expected = [
        ".other.lock.1",
        ".schemas.lock.2",
        ".schemas.lock.swp",
        "events.toml",
        "schemas.lock",
    ];
    assert_eq!(names(folder.path()), expected);
}

// ---- the date ----

const TODAY_ONLY: &str = "KALAMTABLE_TEST_TODAY";

#[test]
fn date_is_that_of_source_date_epoch() {
    if std::env::var_os(TODAY_ONLY).is_some() {
        println!("today={}", today());
        return;
    }
    for (epoch, expected) in [("0", "0"), ("86399", "0"), ("1795737600", "20784")] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "date_is_that_of_source_date_epoch",
                "--exact",
                "--nocapture",
            ])
            .env(TODAY_ONLY, "1")
            .env("SOURCE_DATE_EPOCH", epoch)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains(&format!("today={expected}\n")),
            "{epoch}: {text}"
        );
    }
    // 2026-01-01.
    assert!(today() >= 20_454);
}

// ---- build scripts ----

/// Compiles the definitions in `schemas`, and returns the errors and warnings.
fn compile(schemas: &Path) -> String {
    let out = tempfile::tempdir().unwrap();
    let config = Config::new().schemas(schemas).locked(true);
    let messages = match config.try_compile(out.path()) {
        Ok(compiled) => {
            assert!(compiled.inputs.contains(&lock_path(schemas)));
            compiled.warnings.join("\n")
        }
        Err(Error::Definitions {
            sources,
            mut diagnostics,
        }) => {
            sort_diagnostics(&mut diagnostics, &sources);
            render(&diagnostics, &sources, Style::Plain)
        }
        Err(error) => error.to_string(),
    };
    messages.replace(schemas.to_str().unwrap(), "DIR")
}

fn check(schemas: &Path, expected: Expect) {
    expected.assert_eq(&compile(schemas));
}

fn edit(schemas: &Path, from: &str, to: &str) {
    let text = EVENTS.replace(from, to);
    assert_ne!(text, EVENTS);
    fs::write(schemas.join("events.toml"), text).unwrap();
}

#[test]
fn locked_definitions_compile() {
    let folder = locked_folder();
    assert_eq!(compile(folder.path()), "");
}

#[test]
fn build_without_a_lock_fails() {
    let folder = folder();
    check(
        folder.path(),
        expect![[r#"
        error[KT1401]: the lock does not exist
        --> DIR/schemas.lock
         = help: restore it from version control; if this folder never had a lock, run `kalamtable lock` and commit the file
    "#]],
    );
}

#[test]
fn build_with_a_damaged_lock_fails() {
    let folder = locked_folder();
    let path = lock_path(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("type = \"text\"", "type = \"json\"")).unwrap();
    let report = compile(folder.path());
    assert!(
        report.starts_with("error[KT1406]: version 1 of `app.events` was edited"),
        "{report}"
    );
}

#[test]
fn build_with_a_breaking_change_fails_until_it_is_accepted() {
    let folder = locked_folder();
    let schemas = folder.path();
    edit(schemas, "version = 1", "version = 2");
    let text = fs::read_to_string(schemas.join("events.toml")).unwrap();
    fs::write(
        schemas.join("events.toml"),
        text.replace("\"text\"", "\"int\""),
    )
    .unwrap();
    check(
        schemas,
        expect![[r#"
            error[KT1204]: `title` (id 2) of `app.events` is `int`, but was `text` in version 1
             --> DIR/events.toml:7:1
              |
            7 | title = { id = 2, type = "int" }
              | ^^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
              = help: write `type = "text"`, or add another column
              = help: existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:
                      [[accept]]
                      rule = "type-changed"
                      table = "app.events"
                      column = "title"
                      reason = ".."
                      expires = "0.1.0"
        "#]],
    );
    let path = lock_path(schemas);
    let lock = fs::read_to_string(&path).unwrap();
    let entry = "[[accept]]\nrule = \"type-changed\"\ntable = \"app.events\"\ncolumn = \"title\"\n\
                 reason = \"no rows were written\"\nexpires = 9999-12-31\n";
    fs::write(&path, lock.replace("\n----", &format!("\n{entry}\n----"))).unwrap();
    check(
        schemas,
        expect![
            "DIR/events.toml:1:8: version 2 of `app.events` is not in the lock [KT1411]; help: run `kalamtable lock`, and commit the lock"
        ],
    );
}

#[test]
fn build_with_a_version_that_is_not_locked_warns() {
    let folder = locked_folder();
    let added = "version = 2\ncomment = \"What happened\"";
    edit(folder.path(), "version = 1", added);
    check(
        folder.path(),
        expect![
            "DIR/events.toml:1:8: version 2 of `app.events` is not in the lock [KT1411]; help: run `kalamtable lock`, and commit the lock"
        ],
    );
}

#[test]
fn build_without_a_raised_version_fails() {
    let folder = locked_folder();
    edit(folder.path(), "version = 1", "comment = \"What happened\"");
    let report = compile(folder.path());
    assert!(report.starts_with("error[KT1412]"), "{report}");
}

#[test]
fn acknowledgment_expires_with_the_version_of_the_package() {
    let folder = locked_folder();
    let schemas = folder.path();
    edit(schemas, "version = 1", "version = 2");
    let text = fs::read_to_string(schemas.join("events.toml")).unwrap();
    fs::write(
        schemas.join("events.toml"),
        text.replace("\"text\"", "\"int\""),
    )
    .unwrap();
    let lock = fs::read_to_string(lock_path(schemas)).unwrap();
    // Cargo sets the version of this package for its tests.
    for (expires, expected) in [
        ("\"9.0.0\"", ""),
        ("\"0.0.1\"", "error[KT1423]"),
        ("9999-12-31", ""),
        (
            "2020-01-31",
            "the `[[accept]]` entry was valid up to 2020-01-31 [KT1423]",
        ),
    ] {
        let entry = format!(
            "[[accept]]\nrule = \"KT1204\"\ntable = \"app.events\"\ncolumn = \"title\"\n\
             reason = \"no rows were written\"\nexpires = {expires}\n"
        );
        let edited = lock.replace("\n----", &format!("\n{entry}\n----"));
        fs::write(lock_path(schemas), edited).unwrap();
        let report = compile(schemas);
        assert!(report.contains(expected), "{report}");
        assert_eq!(report.contains("KT1423"), !expected.is_empty(), "{report}");
    }
}

// ---- renamed tables ----

/// Adds the version of the definitions in `schemas` to the lock, which accepts a change of SQL.
fn lock_version(schemas: &Path) {
    let path = lock_path(schemas);
    let text = fs::read_to_string(&path).unwrap();
    let levels = "levels = [\"storage\"]\n";
    if !text.contains(levels) {
        fs::write(&path, text.replace("\n----", &format!("{levels}\n----"))).unwrap();
    }
    let mut loaded = load(&[schemas]);
    let lock = read_lock(&path, &mut loaded.sources).unwrap();
    let next = next_lock(&loaded.tables, &lock, &ReleaseContext::new(today()));
    write_lock(&path, &next.unwrap().lock).unwrap();
}

/// Writes the next version of the definition, with another name.
fn rename(schemas: &Path, version: u32, name: &str, renamed_from: &str) {
    let name = format!("\"app.{name}\"\n{renamed_from}");
    let text = EVENTS.replace("\"app.events\"\n", &name);
    let text = text.replace("version = 1", &format!("version = {version}"));
    fs::write(schemas.join("events.toml"), text).unwrap();
}

/// Returns the generated code for the definitions in `schemas`.
fn generated(schemas: &Path, is_locked: bool) -> String {
    let out = tempfile::tempdir().unwrap();
    let config = Config::new().schemas(schemas).locked(is_locked);
    let config = config.runtime("::kalamtable_rows");
    let compiled = config.try_compile(out.path()).unwrap();
    fs::read_to_string(compiled.file).unwrap()
}

/// The test `generated_names_keep_the_ids_of_renamed_tables` of `kalamtable-registry` compiles the
/// golden file.
#[test]
fn earlier_names_are_those_of_the_lock() {
    let folder = locked_folder();
    let schemas = folder.path();
    rename(schemas, 2, "notes", "renamed_from = \"app.events\"\n");
    let from_definition = generated(schemas, false);
    lock_version(schemas);
    assert_eq!(generated(schemas, true), from_definition);
    rename(schemas, 3, "messages", "renamed_from = \"app.notes\"\n");
    lock_version(schemas);
    // The lock contains the rename, so the definition can omit it.
    rename(schemas, 3, "messages", "");
    expect_file!["golden/renamed.rs"].assert_eq(&generated(schemas, true));
    assert!(!generated(schemas, false).contains("\"events\""));
}
