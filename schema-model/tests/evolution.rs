// SPDX-License-Identifier: Apache-2.0

//! Histories of a table and what may follow them: each problem with its whole text.

use expect_test::{Expect, expect};
use kalamtable_model::{
    ColumnType, EvolutionRule, Literal, SourceFile, Sources, Style, TableDefinition,
    check_evolution, initial_default, parse_and_check, render,
};
use proptest::prelude::*;

/// Definitions of one table, in TOML, with `---` between two; versions count from 1.
fn versions(texts: &str) -> Vec<TableDefinition> {
    let texts = texts.split("---\n").enumerate();
    let versions = texts.map(|(index, text)| {
        let mut text = text.trim_start().to_string();
        if !text.contains("primary_key") {
            text.insert_str(0, "primary_key = [\"id\"]\n");
        }
        if !text.contains("[columns]") {
            let keys = text.find("id = {").unwrap_or(text.len());
            text.insert_str(keys, "[columns]\n");
        }
        let text = format!("name = \"app.t\"\nversion = {}\n{text}", index + 1);
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("t.toml", text));
        match parse_and_check(&sources, source) {
            Ok(table) => table.definition,
            Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
        }
    });
    versions.collect()
}

/// The problems of the last version, or nothing.
fn outcome(texts: &str) -> String {
    let versions = versions(texts);
    let (next, history) = versions.split_last().unwrap();
    let Err(problems) = check_evolution(history, next) else {
        return String::new();
    };
    let mut said = String::new();
    for problem in problems {
        assert_eq!(problem.table, *next.name());
        let column = problem.column.as_ref();
        let column = column.map(|column| format!(" {}:{}", column.id, column.name));
        said += &format!(
            "{} {}{}: {problem}\n",
            problem.rule.id(),
            problem.rule.name(),
            column.unwrap_or_default()
        );
        for help in &problem.help {
            said += &format!("    help: {}\n", help.replace('\n', "\n        "));
        }
    }
    said
}

fn check(texts: &str, expected: Expect) {
    expected.assert_eq(&outcome(texts));
}

#[track_caller]
fn fits(texts: &str) {
    assert_eq!(outcome(texts), "");
}

const ID: &str = "id = { id = 1, type = \"bigint\" }\n";

/// A table with a column of each type in turn.
fn types(types: &[&str]) -> String {
    let versions = types
        .iter()
        .map(|ty| format!("{ID}c = {{ id = 2, type = '''{ty}''' }}\n"));
    versions.collect::<Vec<_>>().join("---\n")
}

/// Each version's columns behind the key.
fn columns(versions: &[&str]) -> String {
    let versions = versions.iter().map(|columns| format!("{ID}{columns}\n"));
    versions.collect::<Vec<_>>().join("---\n")
}

// ---- what may change ----

#[test]
fn anything_may_be_the_first_version() {
    let next = versions(ID).remove(0);
    let history: &[TableDefinition] = &[];
    assert_eq!(check_evolution(history, &next), Ok(()));
}

#[test]
fn what_stored_rows_do_not_depend_on_may_change() {
    for texts in [
        // Comments, the row type, and nothing.
        format!("comment = \"a\"\n{ID}---\nrow = \"Other\"\n{ID}---\n{ID}"),
        format!("access_level = \"private\"\n{ID}---\naccess_level = \"public\"\n{ID}"),
        format!("kind = \"stream\"\nttl_seconds = 9\n{ID}---\nkind = \"stream\"\nttl_seconds = 8\n{ID}"),
        // Renamed, the key's column too; there and back.
        columns(&["a = { id = 2, type = \"int\" }", "b = { id = 2, type = \"int\" }", "a = { id = 2, type = \"int\" }"]),
        "id = { id = 1, type = \"int\" }\n---\nprimary_key = [\"key\"]\n[columns]\nkey = { id = 1, type = \"int\" }\n".to_string(),
        columns(&["a = { id = 2, type = \"int\" }", "A = { id = 2, type = \"int\" }"]),
        // Moved, and another before it.
        format!("{ID}a = {{ id = 2, type = \"int\" }}\n---\n[columns]\nb = {{ id = 3, type = \"int\", nullable = true }}\na = {{ id = 2, type = \"int\" }}\n{ID}"),
        // Not null to nullable, and defaults.
        columns(&["a = { id = 2, type = \"int\" }", "a = { id = 2, type = \"int\", nullable = true }"]),
        columns(&["a = { id = 2, type = \"int\", default = 1 }", "a = { id = 2, type = \"int\", default = 2 }", "a = { id = 2, type = \"int\" }"]),
        columns(&["", "a = { id = 2, type = \"timestamp\", default = 2020-01-01T00:00:00 }", "a = { id = 2, type = \"timestamp\", default = \"now()\" }"]),
        // Reserved before anything had it.
        format!("{ID}---\n{ID}[reserved]\nids = [7]\nnames = [\"seven\"]"),
        // The reason for having no key.
        format!("no_primary_key = \"a log\"\n{ID}---\nno_primary_key = \"lines of a log\"\n{ID}"),
        // A unique key dropped, and its columns in another order.
        format!("unique = [[\"a\"]]\n{}---\n{}", columns(&["a = { id = 2, type = \"int\" }"]), columns(&["a = { id = 2, type = \"int\" }"])),
    ] {
        fits(&texts);
    }
}

#[test]
fn the_order_of_the_history_does_not_matter() {
    let versions = versions(&columns(&[
        "a = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }",
        "a = { id = 2, type = \"bigint\" }\nb = { id = 3, type = \"int\" }",
        "a = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }",
    ]));
    let [first, second, next] = &versions[..] else {
        panic!()
    };
    let forwards = check_evolution(&[first, second], next);
    assert!(forwards.is_err());
    assert_eq!(check_evolution(&[second, first], next), forwards);
}

// ---- the table ----

#[test]
fn kind_changed() {
    let text = format!("kind = \"user\"\n{ID}---\n{ID}");
    check(
        &text,
        expect![[r#"
        KT1001 kind-changed: table `app.t` is of kind `shared`, and was of kind `user` in version 1
            help: write `kind = "user"`, or make a table of another name
    "#]],
    );
    fits(&format!("kind = \"user\"\n{ID}---\nkind = \"user\"\n{ID}"));
}

#[test]
fn kind_changed_back_is_not_what_the_version_between_was() {
    let text = format!("{ID}---\nkind = \"user\"\n{ID}---\n{ID}");
    check(
        &text,
        expect![[r#"
        KT1001 kind-changed: table `app.t` is of kind `shared`, and was of kind `user` in version 2
            help: write `kind = "user"`, or make a table of another name
    "#]],
    );
}

#[test]
fn primary_key_changed() {
    let two = "id = { id = 1, type = \"bigint\" }\nat = { id = 2, type = \"date\" }\n";
    let key = |names: &str| format!("primary_key = [{names}]\n{two}");
    let cases = [
        format!("{}---\n{}", key("\"id\", \"at\""), key("\"at\", \"id\"")),
        format!("{}---\n{}", key("\"id\""), key("\"id\", \"at\"")),
        format!("{}---\nno_primary_key = \"a log\"\n{two}", key("\"id\"")),
        format!(
            "no_primary_key = \"a \\\"log\\\"\"\n{two}---\n{}",
            key("\"id\"")
        ),
        // By the names that the next version has.
        format!(
            "{}---\nprimary_key = [\"day\"]\nid = {{ id = 1, type = \"bigint\" }}\nday = {{ id = 2, type = \"date\" }}\n",
            key("\"id\", \"at\"")
        ),
    ];
    let said: String = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1002 primary-key-changed: the primary key of `app.t` is `at` and `id`, and was `id` and `at` in version 1
            help: write `primary_key = ["id", "at"]`, or make a table of another name
        KT1002 primary-key-changed: the primary key of `app.t` is `id` and `at`, and was `id` in version 1
            help: write `primary_key = ["id"]`, or make a table of another name
        KT1002 primary-key-changed: the primary key of `app.t` is none, and was `id` in version 1
            help: write `primary_key = ["id"]`, or make a table of another name
        KT1002 primary-key-changed: the primary key of `app.t` is `id`, and was none in version 1
            help: write `no_primary_key = "a \"log\""`, or make a table of another name
        KT1002 primary-key-changed: the primary key of `app.t` is `day`, and was `id` and `at` in version 1
            help: write `primary_key = ["id", "day"]`, or make a table of another name
    "#]].assert_eq(&said);
    fits(&format!(
        "{}---\n{}",
        key("\"id\", \"at\""),
        key("\"id\", \"at\"")
    ));
}

#[test]
fn unique_key_added() {
    let two = "id = { id = 1, type = \"bigint\" }\na = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }\n";
    let cases = [
        format!("{two}---\nunique = [[\"a\"]]\n{two}"),
        format!("{two}---\nunique = [[\"a\", \"b\"]]\n{two}"),
        // Held to it before and after, and not between.
        format!("unique = [[\"a\"]]\n{two}---\n{two}---\nunique = [[\"a\"]]\n{two}"),
        // A column that all old rows have the same value in.
        format!("{ID}---\nunique = [[\"a\"]]\n{ID}a = {{ id = 2, type = \"int\", default = 0 }}\n"),
        format!("unique = [[\"a\", \"b\"]]\n{two}---\nunique = [[\"a\"]]\n{two}"),
    ];
    let said: String = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1003 unique-key-added: `a` of `app.t` is a unique key, and rows of version 1 are not held to it
            help: take `["a"]` out of `unique`, or make a table of another name
        KT1003 unique-key-added: `a` and `b` of `app.t` are a unique key, and rows of version 1 are not held to it
            help: take `["a", "b"]` out of `unique`, or make a table of another name
        KT1003 unique-key-added: `a` of `app.t` is a unique key, and rows of version 2 are not held to it
            help: take `["a"]` out of `unique`, or make a table of another name
        KT1003 unique-key-added: `a` of `app.t` is a unique key, and rows of version 1 are not held to it
            help: take `["a"]` out of `unique`, or make a table of another name
        KT1003 unique-key-added: `a` of `app.t` is a unique key, and rows of version 1 are not held to it
            help: take `["a"]` out of `unique`, or make a table of another name
    "#]].assert_eq(&said);
    for texts in [
        format!("unique = [[\"a\"]]\n{two}---\nunique = [[\"a\"]]\n{two}"),
        // A narrower key held rows to it.
        format!("unique = [[\"a\"]]\n{two}---\nunique = [[\"b\", \"a\"]]\n{two}"),
        format!("unique = [[\"a\", \"b\"]]\n{two}---\nunique = [[\"b\", \"a\"]]\n{two}"),
        format!("{two}---\nunique = [[\"id\", \"a\"]]\n{two}"),
        // Rows that do not have the column have a null in it, and are all distinct.
        format!(
            "{ID}---\nunique = [[\"a\"]]\n{ID}a = {{ id = 2, type = \"int\", nullable = true }}\n"
        ),
        format!(
            "{ID}---\nunique = [[\"a\"]]\n{ID}a = {{ id = 2, type = \"int\", nullable = true }}\n---\nunique = [[\"a\"]]\n{ID}a = {{ id = 2, type = \"int\", nullable = true, default = 3 }}\n"
        ),
    ] {
        fits(&texts);
    }
}

// ---- ids and names ----

#[test]
fn removed_not_reserved() {
    let gone = |reserved: &str| {
        format!(
            "{}---\n{ID}{reserved}",
            columns(&["a = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }"])
        )
    };
    let cases = [
        gone(""),
        gone("[reserved]\nids = [2]\nnames = [\"b\"]"),
        gone("[reserved]\nids = [2, 3]\nnames = [\"a\"]"),
    ];
    let said: Vec<_> = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1101 removed-not-reserved 2:a: column `a` of `app.t`, id 2 in version 1, is gone, and neither its id nor its name is reserved
            help: reserve what it had:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]
        KT1101 removed-not-reserved 3:b: column `b` of `app.t`, id 3 in version 1, is gone, and neither its id nor its name is reserved
            help: reserve what it had:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]

        KT1101 removed-not-reserved 2:a: column `a` of `app.t`, id 2 in version 1, is gone, and its name is not reserved
            help: reserve what it had:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]
        KT1101 removed-not-reserved 3:b: column `b` of `app.t`, id 3 in version 1, is gone, and its id is not reserved
            help: reserve what it had:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]

        KT1101 removed-not-reserved 3:b: column `b` of `app.t`, id 3 in version 1, is gone, and its name is not reserved
            help: reserve what it had:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]
    "#]].assert_eq(&said.join("\n"));
    fits(&gone("[reserved]\nids = [2, 3]\nnames = [\"A\", \"b\"]"));
    // A name is reserved once, however it is written.
    let one_missing = outcome(&gone("[reserved]\nids = [2]\nnames = [\"A\", \"b\"]"));
    assert!(
        one_missing.contains(r#"names = ["A", "b"]"#),
        "{one_missing}"
    );
}

#[test]
fn removed_after_it_was_renamed_is_reserved_under_its_last_name() {
    let versions = [
        "a = { id = 2, type = \"int\" }",
        "b = { id = 2, type = \"int\" }",
        "[reserved]\nids = [2]\nnames = [\"b\"]",
    ];
    fits(&columns(&versions));
}

#[test]
fn reserve_removed() {
    let text = format!(
        "{ID}[reserved]\nids = [2, 5]\nnames = [\"a\", \"b\"]\n---\n{ID}[reserved]\nids = [2]\nnames = [\"b\"]\n"
    );
    check(
        &text,
        expect![[r#"
        KT1102 reserve-removed: id 5 is not reserved in `app.t`, and was in version 1
            help: reserve it for good:
                [reserved]
                ids   = [2, 5]
                names = ["a", "b"]
        KT1102 reserve-removed: the name `a` is not reserved in `app.t`, and was in version 1
            help: reserve it for good:
                [reserved]
                ids   = [2, 5]
                names = ["a", "b"]
    "#]],
    );
    let text = format!(
        "{ID}[reserved]\nids = [2]\nnames = [\"a\"]\n---\n{ID}a = {{ id = 3, type = \"int\", nullable = true }}\n[reserved]\nids = [2]"
    );
    check(
        &text,
        expect![[r#"
        KT1102 reserve-removed: the name `a` is not reserved in `app.t`, and was in version 1
            help: choose another name for the column, and reserve this one
    "#]],
    );
    fits(&format!(
        "{ID}[reserved]\nids = [2]\n---\n{ID}[reserved]\nids = [2, 3]"
    ));
}

#[test]
fn id_reused() {
    let dropped = [
        "a = { id = 2, type = \"int\" }",
        "[reserved]\nids = [2]\nnames = [\"a\"]",
        "b = { id = 2, type = \"int\", nullable = true }\n[reserved]\nnames = [\"a\"]",
    ];
    check(
        &columns(&dropped),
        expect![[r#"
        KT1103 id-reused 2:b: `b` of `app.t` has id 2, which version 2 reserves
            help: write `id = 3`
    "#]],
    );
    // Dropped before there was a reserve, and nothing between knows of it.
    let dropped = [
        "a = { id = 2, type = \"int\" }",
        "c = { id = 3, type = \"int\", nullable = true }",
        "c = { id = 3, type = \"int\", nullable = true }\nb = { id = 2, type = \"int\", nullable = true }\n[reserved]\nnames = [\"a\"]",
    ];
    check(
        &columns(&dropped),
        expect![[r#"
        KT1103 id-reused 2:b: `b` of `app.t` has id 2, which was that of `a` in version 1
            help: write `id = 4`
    "#]],
    );
    // A field that leaves its struct.
    let moved = [
        "a = { id = 2, type = \"struct<#3 x: int, #4 y: int>\" }",
        "a = { id = 2, type = \"struct<#3 x: int>\" }\ny = { id = 4, type = \"int\" }",
    ];
    check(
        &columns(&moved),
        expect![[r#"
        KT1103 id-reused 4:y: `y` of `app.t` has id 4, which was that of `a.y` in version 1
            help: write `id = 5`
        KT1301 nested-removed 4:a.y: `a.y` of `app.t`, id 4 in version 1, is gone
            help: keep `#4 y: int null`: what is not written any more can be null
        KT1201 added-not-null 4:y: column `y` (id 4) of `app.t` is not null and has no default, and rows of version 1 do not have it
            help: write `nullable = true`, or `default = ..` with the value that they have
    "#]],
    );
    fits(&columns(&[
        "a = { id = 2, type = \"int\" }",
        "b = { id = 2, type = \"int\" }",
    ]));
}

#[test]
fn id_changed() {
    let cases = [
        columns(&[
            "a = { id = 2, type = \"int\" }",
            "a = { id = 3, type = \"int\", nullable = true }",
        ]),
        // Two swap their names.
        columns(&[
            "a = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }",
            "b = { id = 2, type = \"int\" }\na = { id = 3, type = \"int\" }",
        ]),
        // The name was another's, two versions ago.
        columns(&[
            "a = { id = 2, type = \"int\" }",
            "b = { id = 2, type = \"int\" }",
            "b = { id = 2, type = \"int\" }\nA = { id = 3, type = \"int\", nullable = true }",
        ]),
        columns(&[
            "a = { id = 2, type = \"list<#3 int>\" }",
            "a = { id = 2, type = \"list<#4 int>\" }",
        ]),
        columns(&[
            "a = { id = 2, type = \"struct<#3 x: int>\" }",
            "a = { id = 2, type = \"struct<#4 x: int null>\" }",
        ]),
    ];
    let said: Vec<_> = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1104 id-changed 3:a: column `a` of `app.t` has id 3, and id 2 had its name in version 1
            help: write `id = 2`, or choose a name that no other column ever had

        KT1104 id-changed 2:b: column `b` of `app.t` has id 2, and id 3 had its name in version 1
            help: choose a name that no other column ever had
        KT1104 id-changed 3:a: column `a` of `app.t` has id 3, and id 2 had its name in version 1
            help: choose a name that no other column ever had

        KT1104 id-changed 3:A: column `A` of `app.t` has id 3, and id 2 had its name in version 1
            help: choose a name that no other column ever had

        KT1104 id-changed 4:a.item: `a.item` of `app.t` has id 4, and had id 3 in version 1
            help: write `#3`

        KT1104 id-changed 4:a.x: `a.x` of `app.t` has id 4, and had id 3 in version 1
            help: write `#3`
    "#]]
    .assert_eq(&said.join("\n"));
    fits(&columns(&[
        "a = { id = 2, type = \"list<#3 int>\" }",
        "a = { id = 2, type = \"list<#3 int>\" }",
    ]));
}

#[test]
fn id_not_above() {
    let cases = [
        columns(&[
            "a = { id = 5, type = \"int\" }",
            "a = { id = 5, type = \"int\" }\nb = { id = 4, type = \"int\", nullable = true }\nc = { id = 3, type = \"list<#2 int>\", nullable = true }",
        ]),
        // Above what is left, and not above what was dropped.
        columns(&[
            "a = { id = 2, type = \"int\" }\n[reserved]\nids = [9]",
            "a = { id = 2, type = \"int\" }\nb = { id = 8, type = \"int\", nullable = true }\n[reserved]\nids = [9]",
        ]),
    ];
    let said: Vec<_> = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1105 id-not-above 2:c.item: `c.item` of `app.t` is added with id 2, and ids up to 5 were in use
            help: write `#6` in place of `#2`
        KT1105 id-not-above 3:c: `c` of `app.t` is added with id 3, and ids up to 5 were in use
            help: write `id = 7`
        KT1105 id-not-above 4:b: `b` of `app.t` is added with id 4, and ids up to 5 were in use
            help: write `id = 8`

        KT1105 id-not-above 8:b: `b` of `app.t` is added with id 8, and ids up to 9 were in use
            help: write `id = 10`
    "#]].assert_eq(&said.join("\n"));
    fits(&columns(&[
        "a = { id = 5, type = \"int\" }",
        "a = { id = 5, type = \"int\" }\nb = { id = 7, type = \"list<#6 int>\", nullable = true }",
    ]));
}

// ---- columns ----

#[test]
fn added_not_null() {
    check(
        &columns(&["", "a = { id = 2, type = \"int\" }"]),
        expect![[r#"
            KT1201 added-not-null 2:a: column `a` (id 2) of `app.t` is not null and has no default, and rows of version 1 do not have it
                help: write `nullable = true`, or `default = ..` with the value that they have
        "#]],
    );
    fits(&columns(&[
        "",
        "a = { id = 2, type = \"int\", nullable = true }",
    ]));
    fits(&columns(&[
        "",
        "a = { id = 2, type = \"int\", default = 5 }",
    ]));
    // The default that old rows have is that of the version which added the column.
    fits(&columns(&[
        "",
        "a = { id = 2, type = \"int\", default = 5 }",
        "a = { id = 2, type = \"int\" }",
    ]));
}

#[test]
fn added_with_call() {
    check(
        &columns(&[
            "",
            "a = { id = 2, type = \"datetime\", default = \"now()\" }",
        ]),
        expect![[r#"
            KT1202 added-with-call 2:a: column `a` (id 2) of `app.t` is not null, and its default `now()` is no value for the rows of version 1, which do not have it
                help: write `nullable = true`, or a default that is a value: it may become the call in a later version
        "#]],
    );
    fits(&columns(&[
        "",
        "a = { id = 2, type = \"datetime\", default = \"now()\", nullable = true }",
    ]));
}

#[test]
fn nullable_to_not_null() {
    check(
        &columns(&[
            "a = { id = 2, type = \"int\", nullable = true }",
            "a = { id = 2, type = \"int\", default = 0 }",
        ]),
        expect![[r#"
            KT1203 nullable-to-not-null 2:a: column `a` (id 2) of `app.t` is not null, and was nullable in version 1
                help: write `nullable = true`
        "#]],
    );
    // Nullable two versions ago, inside a list.
    check(
        &types(&["list<#3 int null>", "list<#3 int null>", "list<#3 int>"]),
        expect![[r#"
            KT1203 nullable-to-not-null 3:c.item: `c.item` (id 3) of `app.t` is not null, and was nullable in version 2
                help: write `null` behind its type: `#3 .. null`
        "#]],
    );
    fits(&types(&["list<#3 int>", "list<#3 int null>"]));
}

#[test]
fn type_changed() {
    let cases = [
        types(&["bigint", "int"]),
        types(&["int", "text"]),
        types(&["enum('a', 'b')", "enum('b', 'a')"]),
        // Two versions ago.
        types(&["bigint", "text", "text"]),
        types(&["list<#3 int>", "int"]),
        types(&["list<#3 bigint>", "list<#3 int>"]),
        types(&[
            "map<#3 text, #4 struct<#5 x: double>>",
            "map<#3 text, #4 struct<#5 x: float>>",
        ]),
    ];
    let said: Vec<_> = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `int`, and was `bigint` in version 1
            help: write `type = "bigint"`, or add another column: `bigint` may become a `decimal(p, s)` with `p - s` at least 20

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `text`, and was `int` in version 1
            help: write `type = "int"`, or add another column: `int` may become `bigint`, `double`, or a `decimal(p, s)` with `p - s` at least 10

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `enum('b', 'a')`, and was `enum('a', 'b')` in version 1
            help: write `type = "enum('a', 'b')"`, or add another column: `enum` may become an enum with more labels at the end

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `text`, and was `bigint` in version 1
            help: write `type = "bigint"`, or add another column: `bigint` may become a `decimal(p, s)` with `p - s` at least 20

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `int`, and was `list<#3 int>` in version 1
            help: write `type = "list<#3 int>"`, or add another column

        KT1204 type-changed 3:c.item: `c.item` (id 3) of `app.t` is `int`, and was `bigint` in version 1
            help: write `bigint` again: `bigint` may become a `decimal(p, s)` with `p - s` at least 20

        KT1204 type-changed 5:c.value.x: `c.value.x` (id 5) of `app.t` is `float`, and was `double` in version 1
            help: write `double` again
    "#]].assert_eq(&said.join("\n"));
    fits(&types(&["int", "bigint"]));
}

/// Each pair of types, and whether the second may follow the first.
fn check_types(pairs: &[(&str, &str)], expected: Expect) {
    let mut said = String::new();
    for (from, to) in pairs {
        let verdict = match outcome(&types(&[from, to])) {
            problems if problems.is_empty() => "yes".to_string(),
            problems => {
                let rules = problems.lines().filter(|line| line.starts_with("KT"));
                let names = rules.filter_map(|line| line.split(' ').nth(1));
                format!("no: {}", names.collect::<Vec<_>>().join(", "))
            }
        };
        said += &format!("{from} -> {to}: {verdict}\n");
    }
    expected.assert_eq(&said);
}

#[test]
fn the_table_of_types() {
    let names = [
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "utinyint",
        "usmallint",
        "uint",
        "ubigint",
        "float",
        "double",
        "decimal(10, 0)",
        "decimal(12, 2)",
        "decimal(20, 0)",
        "decimal(38, 18)",
        "text",
        "bytes",
        "bytes(16)",
        "bytes(15)",
        "date",
        "time",
        "timestamp(s)",
        "timestamp(ms)",
        "timestamp",
        "timestamp(ns)",
        "timestamp(us, 'UTC')",
        "datetime",
        "interval",
        "uuid",
        "json",
        "file",
        "embedding(2)",
        "embedding(3)",
        "enum('a')",
        "enum('a', 'b')",
        "enum('b', 'a')",
        "list<#3 int>",
        "struct<#3 item: int>",
        "map<#3 int, #4 int>",
        "arrow:LargeUtf8",
        "arrow:Utf8View",
    ];
    let mut said = String::new();
    for from in names {
        let next = names.iter().filter(|to| **to != from);
        let next = next.filter(|to| outcome(&types(&[from, to])).is_empty());
        let next: Vec<&str> = next.copied().collect();
        if !next.is_empty() {
            said += &format!("{from} -> {}\n", next.join(" | "));
        }
        fits(&types(&[from, from]));
    }
    expect![[r#"
        tinyint -> smallint | int | bigint | double | decimal(10, 0) | decimal(12, 2) | decimal(20, 0) | decimal(38, 18)
        smallint -> int | bigint | double | decimal(10, 0) | decimal(12, 2) | decimal(20, 0) | decimal(38, 18)
        int -> bigint | double | decimal(10, 0) | decimal(12, 2) | decimal(20, 0) | decimal(38, 18)
        bigint -> decimal(20, 0) | decimal(38, 18)
        utinyint -> smallint | int | bigint | usmallint | uint | ubigint | double | decimal(10, 0) | decimal(12, 2) | decimal(20, 0) | decimal(38, 18)
        usmallint -> int | bigint | uint | ubigint | double | decimal(10, 0) | decimal(12, 2) | decimal(20, 0) | decimal(38, 18)
        uint -> bigint | ubigint | decimal(20, 0) | decimal(38, 18)
        float -> double
        decimal(10, 0) -> decimal(12, 2) | decimal(20, 0) | decimal(38, 18)
        decimal(12, 2) -> decimal(38, 18)
        decimal(20, 0) -> decimal(38, 18)
        bytes(16) -> uuid
        date -> timestamp(s) | timestamp(ms) | timestamp
        enum('a') -> enum('a', 'b')
    "#]].assert_eq(&said);
}

#[test]
fn decimals_widen_on_both_sides_of_the_point() {
    check_types(
        &[
            ("decimal(10, 2)", "decimal(11, 2)"),
            ("decimal(10, 2)", "decimal(11, 3)"),
            ("decimal(10, 2)", "decimal(10, 3)"),
            ("decimal(10, 2)", "decimal(11, 1)"),
            ("decimal(10, 2)", "decimal(9, 2)"),
            ("decimal(38, 0)", "decimal(38, 1)"),
            ("tinyint", "decimal(9, 0)"),
            ("tinyint", "decimal(10, 0)"),
            ("int", "decimal(12, 3)"),
            ("int", "decimal(13, 3)"),
            ("bigint", "decimal(19, 0)"),
            ("bigint", "decimal(38, 18)"),
            ("bigint", "decimal(38, 19)"),
            ("ubigint", "decimal(38, 0)"),
        ],
        expect![[r#"
            decimal(10, 2) -> decimal(11, 2): yes
            decimal(10, 2) -> decimal(11, 3): yes
            decimal(10, 2) -> decimal(10, 3): no: type-changed
            decimal(10, 2) -> decimal(11, 1): no: type-changed
            decimal(10, 2) -> decimal(9, 2): no: type-changed
            decimal(38, 0) -> decimal(38, 1): no: type-changed
            tinyint -> decimal(9, 0): no: type-changed
            tinyint -> decimal(10, 0): yes
            int -> decimal(12, 3): no: type-changed
            int -> decimal(13, 3): yes
            bigint -> decimal(19, 0): no: type-changed
            bigint -> decimal(38, 18): yes
            bigint -> decimal(38, 19): no: type-changed
            ubigint -> decimal(38, 0): no: type-changed
        "#]],
    );
}

// ---- nested ----

#[test]
fn nested_removed() {
    check(
        &types(&[
            "struct<#3 x: int, #4 y: list<#5 text>>",
            "struct<#3 x: int>",
        ]),
        expect![[r#"
            KT1301 nested-removed 4:c.y: `c.y` of `app.t`, id 4 in version 1, is gone
                help: keep `#4 y: list<#5 text> null`: what is not written any more can be null
        "#]],
    );
    fits(&types(&[
        "struct<#3 x: int, #4 y: list<#5 text>>",
        "struct<#3 x: int, #4 y: list<#5 text> null>",
    ]));
}

#[test]
fn nested_not_at_end() {
    let cases = [
        types(&[
            "struct<#3 x: int, #4 y: int>",
            "struct<#3 x: int, #5 z: int null, #4 y: int>",
        ]),
        types(&[
            "struct<#3 x: int, #4 y: int>",
            "struct<#4 y: int, #3 x: int>",
        ]),
    ];
    let said: Vec<_> = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1302 nested-not-at-end 5:c.z: `c.z` (id 5) of `app.t` is added before the fields that were there in version 1
            help: keep the fields in their order, and add at the end

        KT1302 nested-not-at-end 4:c.y: `c.y` (id 4) of `app.t` is moved among the fields that were there in version 1
            help: keep the fields in their order, and add at the end
        KT1302 nested-not-at-end 3:c.x: `c.x` (id 3) of `app.t` is moved among the fields that were there in version 1
            help: keep the fields in their order, and add at the end
    "#]].assert_eq(&said.join("\n"));
    fits(&types(&[
        "struct<#3 x: int, #4 y: int>",
        "struct<#3 was_x: bigint, #4 y: int, #5 z: int null>",
    ]));
}

#[test]
fn nested_added_not_null() {
    check(
        &types(&[
            "list<#3 struct<#4 x: int>>",
            "list<#3 struct<#4 x: int, #5 y: int>>",
        ]),
        expect![[r#"
            KT1303 nested-added-not-null 5:c.item.y: `c.item.y` (id 5) of `app.t` is not null, and values of version 1 do not have it
                help: write `#5 y: int null`
        "#]],
    );
    fits(&types(&[
        "list<#3 struct<#4 x: int>>",
        "list<#3 struct<#4 x: int, #5 y: int null>>",
    ]));
}

#[test]
fn map_key_changed() {
    check(
        &types(&["map<#3 int, #4 int>", "map<#3 bigint, #4 bigint>"]),
        expect![[r#"
            KT1304 map-key-changed 3:c.key: `c.key` (id 3) of `app.t` is `bigint`, and was `int` in version 1
                help: write `int` again: keys of maps keep their type
        "#]],
    );
    fits(&types(&[
        "map<#3 int, #4 int>",
        "map<#3 int, #4 bigint null>",
    ]));
}

// ---- the rest ----

#[test]
fn every_problem_is_reported_once() {
    // Against both versions, and with more than one rule.
    let text = columns(&[
        "a = { id = 2, type = \"bigint\", nullable = true }\nb = { id = 3, type = \"int\" }",
        "a = { id = 2, type = \"bigint\", nullable = true }\nb = { id = 3, type = \"int\" }",
        "a = { id = 2, type = \"int\" }\nc = { id = 4, type = \"int\" }",
    ]);
    check(
        &text,
        expect![[r#"
        KT1101 removed-not-reserved 3:b: column `b` of `app.t`, id 3 in version 2, is gone, and neither its id nor its name is reserved
            help: reserve what it had:
                [reserved]
                ids   = [3]
                names = ["b"]
        KT1203 nullable-to-not-null 2:a: column `a` (id 2) of `app.t` is not null, and was nullable in version 2
            help: write `nullable = true`
        KT1204 type-changed 2:a: `a` (id 2) of `app.t` is `int`, and was `bigint` in version 2
            help: write `type = "bigint"`, or add another column: `bigint` may become a `decimal(p, s)` with `p - s` at least 20
        KT1201 added-not-null 4:c: column `c` (id 4) of `app.t` is not null and has no default, and rows of version 2 do not have it
            help: write `nullable = true`, or `default = ..` with the value that they have
    "#]],
    );
}

#[test]
fn initial_defaults_are_those_of_the_version_that_added_the_column() {
    let versions = versions(&columns(&[
        "",
        "a = { id = 2, type = \"int\", default = 5 }",
        "a = { id = 2, type = \"bigint\", default = 6 }\nb = { id = 3, type = \"datetime\", nullable = true, default = \"now()\" }",
    ]));
    let initial = |id, version| {
        let initial = initial_default(&versions, id, version);
        initial.map(|initial| (initial.value.clone(), initial.ty.to_string()))
    };
    assert_eq!(
        initial(2, 1),
        Some((Literal::Integer(5), "int".to_string()))
    );
    assert_eq!(initial(3, 1), None);
    assert_eq!(initial(3, 2), None);
    assert_eq!(initial(9, 1), None);
}

#[test]
fn each_rule_has_its_words_here_and_says_why() {
    for rule in EvolutionRule::ALL {
        let words = format!("{} {}", rule.id(), rule.name());
        assert!(include_str!("evolution.rs").contains(&words), "{words}");
        assert!(
            !rule.why().is_empty() && !rule.why().ends_with('.'),
            "{words}"
        );
    }
}

// ---- a slow twin of the table of types ----

/// Days of the first and the last date that Arrow's calendar has.
const FIRST_DAY: i128 = -96_465_292;
const LAST_DAY: i128 = 95_026_236;

/// The first numbers that a type holds and the last ones, as unscaled values; none if it is no exact
/// number. A date is its days.
fn ends(ty: &ColumnType) -> Option<Vec<i128>> {
    let (least, greatest) = match ty {
        ColumnType::Decimal { precision, .. } => {
            let end = 10_i128.pow((*precision).into()) - 1;
            (-end, end)
        }
        ColumnType::Date => (FIRST_DAY, LAST_DAY),
        integer => integer.integer_range()?,
    };
    Some(vec![least, least + 1, 0, 1, greatest - 1, greatest])
}

fn scale(ty: &ColumnType) -> u32 {
    match ty {
        ColumnType::Decimal { scale, .. } => (*scale).into(),
        _ => 0,
    }
}

/// Whether `ty` has the number `unscaled / 10^scale`, or the date of that day, exactly.
fn holds(ty: &ColumnType, unscaled: i128, scale_of_value: u32, is_date: bool) -> bool {
    if is_date {
        return match ty {
            ColumnType::Timestamp { unit, zone: None } => {
                let units = unscaled * 86_400 * i128::from(unit.per_second());
                i64::try_from(units).is_ok()
            }
            _ => false,
        };
    }
    match ty {
        ColumnType::Double => {
            let double = unscaled as f64;
            scale_of_value == 0 && double as i128 == unscaled
        }
        ColumnType::Float => {
            let float = unscaled as f32;
            scale_of_value == 0 && float as i128 == unscaled
        }
        ColumnType::Decimal { precision, scale } => {
            let Some(finer) = u32::from(*scale).checked_sub(scale_of_value) else {
                return false;
            };
            let scaled = unscaled.checked_mul(10_i128.pow(finer));
            scaled.is_some_and(|scaled| scaled.abs() < 10_i128.pow((*precision).into()))
        }
        integer => integer.integer_range().is_some_and(|(least, greatest)| {
            scale_of_value == 0 && least <= unscaled && unscaled <= greatest
        }),
    }
}

fn number_type() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "utinyint",
        "usmallint",
        "uint",
        "ubigint",
        "float",
        "double",
        "date",
        "timestamp(s)",
        "timestamp(ms)",
        "timestamp",
        "timestamp(ns)",
        "timestamp(s, 'UTC')",
        "datetime",
    ]);
    let decimal = (1..=38_u8).prop_flat_map(|precision| (Just(precision), 0..=precision));
    prop_oneof![
        2 => plain.prop_map(str::to_string),
        1 => decimal.prop_map(|(precision, scale)| format!("decimal({precision}, {scale})")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn what_a_type_may_become_holds_its_values(from in number_type(), to in number_type()) {
        let versions = versions(&types(&[&from, &to]));
        if from == to || check_evolution(&versions[..1], &versions[1]).is_err() {
            return Ok(());
        }
        let [old, new] = [0, 1].map(|version: usize| versions[version].columns()[1].ty.clone());
        match ends(&old) {
            Some(ends) => for end in ends {
                let is_date = old == ColumnType::Date;
                prop_assert!(holds(&new, end, scale(&old), is_date), "{end} of {from} as {to}");
            },
            None => prop_assert_eq!((old, new), (ColumnType::Float, ColumnType::Double)),
        }
    }

    #[test]
    fn two_steps_of_types_make_one(a in number_type(), b in number_type(), c in number_type()) {
        let may = |from: &str, to: &str| outcome(&types(&[from, to])).is_empty();
        if may(&a, &b) && may(&b, &c) {
            prop_assert!(may(&a, &c), "{a}, {b}, {c}");
        }
    }
}
