// SPDX-License-Identifier: Apache-2.0

//! Data files that were written under an earlier version of the lock.

use expect_test::expect;

use crate::support::{CommandFolder, shown, success};

const FIRST: &str = r#"
name        = "app.events"
primary_key = ["id"]

[columns]
id     = { id = 1, type = "int" }
actor  = { id = 2, type = "text" }
visits = { id = 3, type = "int" }
"#;

/// Widens a column, renames one, drops one and adds one.
const SECOND: &str = r#"
name        = "app.events"
version     = 2
primary_key = ["id"]

[columns]
id     = { id = 1, type = "bigint" }
author = { id = 2, type = "text", renamed_from = "actor" }
level  = { id = 4, type = "text", default = "info" }

[reserved]
ids   = [3]
names = ["visits"]
"#;

const ACCEPTED: &str = r#"
[[accept]]
rule = "type-widened"
table = "app.events"
column = "id"
reason = "a test"
expires = 2999-12-31

[[accept]]
rule = "column-renamed"
table = "app.events"
column = "author"
reason = "a test"
expires = 2999-12-31

[[accept]]
rule = "column-removed"
table = "app.events"
column = "visits"
reason = "a test"
expires = 2999-12-31
"#;

/// Creates a folder with a lock of one version, and a Parquet file of that version.
fn with_file_of_first_version() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", FIRST);
    folder.write("csv/events.csv", "id,actor,visits\n1,ann,7\n2,bob,8\n");
    success(&folder.run(&["lock"]));
    let copy = "COPY app.events TO 'data/events.parquet'";
    success(&folder.run(&["sql", "--schemas", "schemas", "--data", "csv", "-c", copy]));
    folder.write("schemas/events.toml", SECOND);
    folder
}

/// Adds acknowledgments to the lock, and locks the second version.
fn lock_second_version(folder: &CommandFolder) {
    let lock = std::fs::read_to_string(folder.path().join("schemas/schemas.lock")).unwrap();
    let (header, history) = lock.split_once("\n----").unwrap();
    folder.write(
        "schemas/schemas.lock",
        format!("{header}{ACCEPTED}\n----{history}"),
    );
    success(&folder.run(&["lock"]));
}

const QUERY: &str = "SELECT id, author, level FROM app.events WHERE id > 1";

#[test]
fn file_of_an_earlier_version_is_read() {
    let folder = with_file_of_first_version();
    lock_second_version(&folder);
    expect![[r#"
        id,author,level
        2,bob,info
    "#]]
    .assert_eq(&success(&folder.query("csv", QUERY)));
}

#[test]
fn earlier_version_is_known_before_the_next_one_is_locked() {
    let folder = with_file_of_first_version();
    expect![[r#"
        id,author,level
        2,bob,info
    "#]]
    .assert_eq(&success(&folder.query("csv", QUERY)));
}

#[test]
fn file_of_an_unknown_version_is_rejected_without_a_lock() {
    let folder = with_file_of_first_version();
    std::fs::remove_file(folder.path().join("schemas/schemas.lock")).unwrap();
    let output = folder.query("csv", QUERY);
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        exit: 1
        stderr:
        error: data/events.parquet: column `actor` is not in the definition of `app.events`; did you mean `author`?
        error: data/events.parquet: column `visits` is not in the definition of `app.events`
        error: data/events.parquet: column `author` is missing, but the definition of `app.events` does not allow null
    "#]].assert_eq(&shown(&output));
}

#[test]
fn damaged_lock_is_reported() {
    let folder = with_file_of_first_version();
    let path = folder.path().join("schemas/schemas.lock");
    let lock = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, lock.replace("id = 3", "id = 4")).unwrap();
    let output = folder.query("csv", QUERY);
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        exit: 1
        stderr:
        error[KT1406]: version 1 of `app.events` was edited: its hash does not match its lines
          --> schemas/schemas.lock:10:1
           |
        10 | version 1 cb3cb8d7accc97438531d5d6b04216f865505cc7d0da266d9f16bcd28db9f309
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: restore the file from version control, then run `kalamtable lock`

        1 problem found
    "#]]
    .assert_eq(&shown(&output));
}
