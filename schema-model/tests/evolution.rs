// SPDX-License-Identifier: Apache-2.0

//! Histories of a table and their next versions: accepted ones, and the full text of each problem.

#[path = "support/versions.rs"]
mod support;

use expect_test::{Expect, expect};
use kalamtable_model::{
    ColumnType, Literal, TableDefinition, check_evolution, initial_default, promotion,
};
use proptest::prelude::*;
use support::{ID, columns, types};

/// Parses definitions of one table.
fn versions(texts: &str) -> Vec<TableDefinition> {
    let versions = support::versions(texts).into_iter();
    versions.map(|table| table.definition).collect()
}

/// Returns the problems of the last version. Empty if there are none.
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

// ---- allowed changes ----

#[test]
fn first_version_can_be_any_definition() {
    let next = versions(ID).remove(0);
    let history: &[TableDefinition] = &[];
    assert_eq!(check_evolution(history, &next), Ok(()));
}

#[test]
fn changes_without_effect_on_stored_rows_are_allowed() {
    for texts in [
        // Comments, the row type, and no change at all.
        format!("comment = \"a\"\n{ID}---\nrow = \"Other\"\n{ID}---\n{ID}"),
        format!("access_level = \"private\"\n{ID}---\naccess_level = \"public\"\n{ID}"),
        format!("kind = \"stream\"\nttl_seconds = 9\n{ID}---\nkind = \"stream\"\nttl_seconds = 8\n{ID}"),
        // Renamed, including the key column, and renamed back.
        columns(&["a = { id = 2, type = \"int\" }", "b = { id = 2, type = \"int\" }", "a = { id = 2, type = \"int\" }"]),
        "id = { id = 1, type = \"int\" }\n---\nprimary_key = [\"key\"]\n[columns]\nkey = { id = 1, type = \"int\" }\n".to_string(),
        columns(&["a = { id = 2, type = \"int\" }", "A = { id = 2, type = \"int\" }"]),
        // Moved, with an added column before it.
        format!("{ID}a = {{ id = 2, type = \"int\" }}\n---\n[columns]\nb = {{ id = 3, type = \"int\", nullable = true }}\na = {{ id = 2, type = \"int\" }}\n{ID}"),
        // Not null to nullable, and changed defaults.
        columns(&["a = { id = 2, type = \"int\" }", "a = { id = 2, type = \"int\", nullable = true }"]),
        columns(&["a = { id = 2, type = \"int\", default = 1 }", "a = { id = 2, type = \"int\", default = 2 }", "a = { id = 2, type = \"int\" }"]),
        columns(&["", "a = { id = 2, type = \"timestamp\", default = 2020-01-01T00:00:00 }", "a = { id = 2, type = \"timestamp\", default = \"now()\" }"]),
        // Reserved without a column that had it.
        format!("{ID}---\n{ID}[reserved]\nids = [7]\nnames = [\"seven\"]"),
        // The reason for having no primary key.
        format!("no_primary_key = \"a log\"\n{ID}---\nno_primary_key = \"lines of a log\"\n{ID}"),
        // A dropped unique key, and one with its columns in another order.
        format!("unique = [[\"a\"]]\n{}---\n{}", columns(&["a = { id = 2, type = \"int\" }"]), columns(&["a = { id = 2, type = \"int\" }"])),
    ] {
        fits(&texts);
    }
}

#[test]
fn order_of_the_history_does_not_matter() {
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
            KT1001 kind-changed: table `app.t` is of kind `shared`, but was of kind `user` in version 1
                help: write `kind = "user"`, or create another table
        "#]],
    );
    fits(&format!("kind = \"user\"\n{ID}---\nkind = \"user\"\n{ID}"));
}

#[test]
fn kind_differs_from_the_version_between() {
    let text = format!("{ID}---\nkind = \"user\"\n{ID}---\n{ID}");
    check(
        &text,
        expect![[r#"
            KT1001 kind-changed: table `app.t` is of kind `shared`, but was of kind `user` in version 2
                help: write `kind = "user"`, or create another table
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
        // With the names of the next version.
        format!(
            "{}---\nprimary_key = [\"day\"]\nid = {{ id = 1, type = \"bigint\" }}\nday = {{ id = 2, type = \"date\" }}\n",
            key("\"id\", \"at\"")
        ),
    ];
    let said: String = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1002 primary-key-changed: the primary key of `app.t` is `at` and `id`, but was `id` and `at` in version 1
            help: write `primary_key = ["id", "at"]`, or create another table
        KT1002 primary-key-changed: the primary key of `app.t` is `id` and `at`, but was `id` in version 1
            help: write `primary_key = ["id"]`, or create another table
        KT1002 primary-key-changed: the primary key of `app.t` is none, but was `id` in version 1
            help: write `primary_key = ["id"]`, or create another table
        KT1002 primary-key-changed: the primary key of `app.t` is `id`, but was none in version 1
            help: write `no_primary_key = "a \"log\""`, or create another table
        KT1002 primary-key-changed: the primary key of `app.t` is `day`, but was `id` and `at` in version 1
            help: write `primary_key = ["id", "day"]`, or create another table
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
        // Enforced before and after, but not between.
        format!("unique = [[\"a\"]]\n{two}---\n{two}---\nunique = [[\"a\"]]\n{two}"),
        // A column in which all old rows have the same value.
        format!("{ID}---\nunique = [[\"a\"]]\n{ID}a = {{ id = 2, type = \"int\", default = 0 }}\n"),
        format!("unique = [[\"a\", \"b\"]]\n{two}---\nunique = [[\"a\"]]\n{two}"),
    ];
    let said: String = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1003 unique-key-added: the unique key on `a` of `app.t` is not enforced for rows of version 1
            help: remove `["a"]` from `unique`, or create another table
        KT1003 unique-key-added: the unique key on `a` and `b` of `app.t` is not enforced for rows of version 1
            help: remove `["a", "b"]` from `unique`, or create another table
        KT1003 unique-key-added: the unique key on `a` of `app.t` is not enforced for rows of version 2
            help: remove `["a"]` from `unique`, or create another table
        KT1003 unique-key-added: the unique key on `a` of `app.t` is not enforced for rows of version 1
            help: remove `["a"]` from `unique`, or create another table
        KT1003 unique-key-added: the unique key on `a` of `app.t` is not enforced for rows of version 1
            help: remove `["a"]` from `unique`, or create another table
    "#]].assert_eq(&said);
    for texts in [
        format!("unique = [[\"a\"]]\n{two}---\nunique = [[\"a\"]]\n{two}"),
        // A narrower key implies it.
        format!("unique = [[\"a\"]]\n{two}---\nunique = [[\"b\", \"a\"]]\n{two}"),
        format!("unique = [[\"a\", \"b\"]]\n{two}---\nunique = [[\"b\", \"a\"]]\n{two}"),
        format!("{two}---\nunique = [[\"id\", \"a\"]]\n{two}"),
        // Rows without the column read null there, and nulls are distinct.
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
        KT1101 removed-not-reserved 2:a: column `a` of `app.t` (id 2 in version 1) was dropped, but neither its id nor its name is reserved
            help: reserve its id and its name:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]
        KT1101 removed-not-reserved 3:b: column `b` of `app.t` (id 3 in version 1) was dropped, but neither its id nor its name is reserved
            help: reserve its id and its name:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]

        KT1101 removed-not-reserved 2:a: column `a` of `app.t` (id 2 in version 1) was dropped, but its name is not reserved
            help: reserve its id and its name:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]
        KT1101 removed-not-reserved 3:b: column `b` of `app.t` (id 3 in version 1) was dropped, but its id is not reserved
            help: reserve its id and its name:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]

        KT1101 removed-not-reserved 3:b: column `b` of `app.t` (id 3 in version 1) was dropped, but its name is not reserved
            help: reserve its id and its name:
                [reserved]
                ids   = [2, 3]
                names = ["a", "b"]
    "#]].assert_eq(&said.join("\n"));
    fits(&gone("[reserved]\nids = [2, 3]\nnames = [\"A\", \"b\"]"));
    // Reserved names ignore case.
    let one_missing = outcome(&gone("[reserved]\nids = [2]\nnames = [\"A\", \"b\"]"));
    assert!(
        one_missing.contains(r#"names = ["A", "b"]"#),
        "{one_missing}"
    );
}

#[test]
fn column_dropped_after_rename_is_reserved_by_its_last_name() {
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
            KT1102 reserve-removed: id 5 is not reserved in `app.t`, but was in version 1
                help: reserve it permanently:
                    [reserved]
                    ids   = [2, 5]
                    names = ["a", "b"]
            KT1102 reserve-removed: the name `a` is not reserved in `app.t`, but was in version 1
                help: reserve it permanently:
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
            KT1102 reserve-removed: the name `a` is not reserved in `app.t`, but was in version 1
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
    // Dropped without a reserved id, and unknown to the versions between.
    let dropped = [
        "a = { id = 2, type = \"int\" }",
        "c = { id = 3, type = \"int\", nullable = true }",
        "c = { id = 3, type = \"int\", nullable = true }\nb = { id = 2, type = \"int\", nullable = true }\n[reserved]\nnames = [\"a\"]",
    ];
    check(
        &columns(&dropped),
        expect![[r#"
            KT1103 id-reused 2:b: `b` of `app.t` has id 2, which `a` had in version 1
                help: write `id = 4`
        "#]],
    );
    // A field that moves out of its struct.
    let moved = [
        "a = { id = 2, type = \"struct<#3 x: int, #4 y: int>\" }",
        "a = { id = 2, type = \"struct<#3 x: int>\" }\ny = { id = 4, type = \"int\" }",
    ];
    check(
        &columns(&moved),
        expect![[r#"
            KT1103 id-reused 4:y: `y` of `app.t` has id 4, which `a.y` had in version 1
                help: write `id = 5`
            KT1301 nested-removed 4:a.y: `a.y` of `app.t` (id 4 in version 1) was dropped
                help: keep `#4 y: int null`: a field that is no longer written can be null
            KT1201 added-not-null 4:y: column `y` (id 4) of `app.t` is not null and has no default, and rows of version 1 do not have it
                help: write `nullable = true`, or `default = ..` with the value of these rows
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
        // Two columns swap their names.
        columns(&[
            "a = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }",
            "b = { id = 2, type = \"int\" }\na = { id = 3, type = \"int\" }",
        ]),
        // Another column had the name two versions ago.
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
        KT1104 id-changed 3:a: column `a` of `app.t` has id 3, but the column of that name had id 2 in version 1
            help: write `id = 2`, or choose a name that was never used

        KT1104 id-changed 2:b: column `b` of `app.t` has id 2, but the column of that name had id 3 in version 1
            help: choose a name that was never used
        KT1104 id-changed 3:a: column `a` of `app.t` has id 3, but the column of that name had id 2 in version 1
            help: choose a name that was never used

        KT1104 id-changed 3:A: column `A` of `app.t` has id 3, but the column of that name had id 2 in version 1
            help: choose a name that was never used

        KT1104 id-changed 4:a.item: `a.item` of `app.t` has id 4, but had id 3 in version 1
            help: write `#3`

        KT1104 id-changed 4:a.x: `a.x` of `app.t` has id 4, but had id 3 in version 1
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
        // Above the ids of existing columns, but not of dropped ones.
        columns(&[
            "a = { id = 2, type = \"int\" }\n[reserved]\nids = [9]",
            "a = { id = 2, type = \"int\" }\nb = { id = 8, type = \"int\", nullable = true }\n[reserved]\nids = [9]",
        ]),
    ];
    let said: Vec<_> = cases.iter().map(|case| outcome(case)).collect();
    expect![[r#"
        KT1105 id-not-above 2:c.item: `c.item` of `app.t` is added with id 2, but ids up to 5 have been used
            help: write `#6` in place of `#2`
        KT1105 id-not-above 3:c: `c` of `app.t` is added with id 3, but ids up to 5 have been used
            help: write `id = 7`
        KT1105 id-not-above 4:b: `b` of `app.t` is added with id 4, but ids up to 5 have been used
            help: write `id = 8`

        KT1105 id-not-above 8:b: `b` of `app.t` is added with id 8, but ids up to 9 have been used
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
                help: write `nullable = true`, or `default = ..` with the value of these rows
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
    // Old rows read the default of the version that added the column.
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
            KT1202 added-with-call 2:a: column `a` (id 2) of `app.t` is not null, rows of version 1 do not have it, and its default `now()` is not a literal
                help: write `nullable = true`, or a literal as default: a later version can change it to the call
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
            KT1203 nullable-to-not-null 2:a: column `a` (id 2) of `app.t` is not null, but was nullable in version 1
                help: write `nullable = true`
        "#]],
    );
    // Nullable two versions ago, inside a list.
    check(
        &types(&["list<#3 int null>", "list<#3 int null>", "list<#3 int>"]),
        expect![[r#"
            KT1203 nullable-to-not-null 3:c.item: `c.item` (id 3) of `app.t` is not null, but was nullable in version 2
                help: write `null` after its type: `#3 .. null`
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
        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `int`, but was `bigint` in version 1
            help: write `type = "bigint"`, or add another column: `bigint` can change to a `decimal(p, s)` with `p - s` at least 20

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `text`, but was `int` in version 1
            help: write `type = "int"`, or add another column: `int` can change to `bigint`, `double`, or a `decimal(p, s)` with `p - s` at least 10

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `enum('b', 'a')`, but was `enum('a', 'b')` in version 1
            help: write `type = "enum('a', 'b')"`, or add another column: `enum` can change to an enum with more labels at the end

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `text`, but was `bigint` in version 1
            help: write `type = "bigint"`, or add another column: `bigint` can change to a `decimal(p, s)` with `p - s` at least 20

        KT1204 type-changed 2:c: `c` (id 2) of `app.t` is `int`, but was `list<#3 int>` in version 1
            help: write `type = "list<#3 int>"`, or add another column

        KT1204 type-changed 3:c.item: `c.item` (id 3) of `app.t` is `int`, but was `bigint` in version 1
            help: write `bigint` again: `bigint` can change to a `decimal(p, s)` with `p - s` at least 20

        KT1204 type-changed 5:c.value.x: `c.value.x` (id 5) of `app.t` is `float`, but was `double` in version 1
            help: write `double` again
    "#]].assert_eq(&said.join("\n"));
    fits(&types(&["int", "bigint"]));
}

/// Lists pairs of types, and whether the first can change to the second.
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
fn table_of_types() {
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
fn kinds_of_promotions() {
    let pairs = [
        ("text", "text"),
        ("list<#3 int>", "list<#3 int>"),
        ("list<#3 int>", "list<#3 bigint>"),
        ("utinyint", "smallint"),
        ("float", "double"),
        ("decimal(5, 2)", "decimal(6, 2)"),
        ("int", "double"),
        ("bigint", "double"),
        ("int", "decimal(10, 0)"),
        ("date", "timestamp(ms)"),
        ("date", "timestamp(ns)"),
        ("bytes(16)", "uuid"),
        ("enum('a')", "enum('a', 'b')"),
        ("enum('a', 'b')", "enum('a')"),
    ];
    let lines = pairs.map(|(from, to)| {
        let versions = versions(&types(&[from, to]));
        let [old, next] = [0, 1].map(|version: usize| &versions[version].columns()[1].ty);
        format!("{from} -> {to}: {:?}\n", promotion(old, next))
    });
    expect![[r#"
        text -> text: Some(Unchanged)
        list<#3 int> -> list<#3 int>: Some(Unchanged)
        list<#3 int> -> list<#3 bigint>: None
        utinyint -> smallint: Some(WiderInteger)
        float -> double: Some(FloatToDouble)
        decimal(5, 2) -> decimal(6, 2): Some(WiderDecimal)
        int -> double: Some(IntegerToDouble)
        bigint -> double: None
        int -> decimal(10, 0): Some(IntegerToDecimal)
        date -> timestamp(ms): Some(DateToTimestamp)
        date -> timestamp(ns): None
        bytes(16) -> uuid: Some(BytesToUuid)
        enum('a') -> enum('a', 'b'): Some(MoreLabels)
        enum('a', 'b') -> enum('a'): None
    "#]]
    .assert_eq(&lines.concat());
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
            KT1301 nested-removed 4:c.y: `c.y` of `app.t` (id 4 in version 1) was dropped
                help: keep `#4 y: list<#5 text> null`: a field that is no longer written can be null
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
        KT1302 nested-not-at-end 5:c.z: `c.z` (id 5) of `app.t` is added before the fields of version 1
            help: keep the order of the fields, and add fields at the end

        KT1302 nested-not-at-end 4:c.y: `c.y` (id 4) of `app.t` is moved among the fields of version 1
            help: keep the order of the fields, and add fields at the end
        KT1302 nested-not-at-end 3:c.x: `c.x` (id 3) of `app.t` is moved among the fields of version 1
            help: keep the order of the fields, and add fields at the end
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
            KT1303 nested-added-not-null 5:c.item.y: `c.item.y` (id 5) of `app.t` is not null, but values of version 1 do not have it
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
            KT1304 map-key-changed 3:c.key: `c.key` (id 3) of `app.t` is `bigint`, but was `int` in version 1
                help: write `int` again: the type of map keys cannot change
        "#]],
    );
    fits(&types(&[
        "map<#3 int, #4 int>",
        "map<#3 int, #4 bigint null>",
    ]));
}

// ---- other tests ----

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
            KT1101 removed-not-reserved 3:b: column `b` of `app.t` (id 3 in version 2) was dropped, but neither its id nor its name is reserved
                help: reserve its id and its name:
                    [reserved]
                    ids   = [3]
                    names = ["b"]
            KT1203 nullable-to-not-null 2:a: column `a` (id 2) of `app.t` is not null, but was nullable in version 2
                help: write `nullable = true`
            KT1204 type-changed 2:a: `a` (id 2) of `app.t` is `int`, but was `bigint` in version 2
                help: write `type = "bigint"`, or add another column: `bigint` can change to a `decimal(p, s)` with `p - s` at least 20
            KT1201 added-not-null 4:c: column `c` (id 4) of `app.t` is not null and has no default, and rows of version 2 do not have it
                help: write `nullable = true`, or `default = ..` with the value of these rows
        "#]],
    );
}

#[test]
fn initial_default_is_that_of_the_version_that_added_the_column() {
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

// ---- a naive reference of the table of types ----

/// The days of the first and the last date in Arrow's calendar.
const FIRST_DAY: i128 = -96_465_292;
const LAST_DAY: i128 = 95_026_236;

/// Returns the smallest and the largest numbers of a type as unscaled values, or `None` if the type
/// is not an exact number. The number of a date is its days.
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

/// Returns whether `ty` represents the number `unscaled / 10^scale`, or the date of that day,
/// exactly.
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
    fn changed_type_holds_all_values(from in number_type(), to in number_type()) {
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
    fn type_changes_are_transitive(a in number_type(), b in number_type(), c in number_type()) {
        let may = |from: &str, to: &str| outcome(&types(&[from, to])).is_empty();
        if may(&a, &b) && may(&b, &c) {
            prop_assert!(may(&a, &c), "{a}, {b}, {c}");
        }
    }
}
