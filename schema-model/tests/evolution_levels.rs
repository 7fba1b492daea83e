// SPDX-License-Identifier: Apache-2.0

//! The rules at all levels and in both directions: each problem with the latest version that
//! conflicts.

#[path = "support/versions.rs"]
mod support;

use expect_test::{Expect, expect};
use kalamtable_model::{
    AccessLevel, Direction, EvolutionProblem, TableDefinition, compare_versions,
};
use proptest::prelude::*;
use support::{ID, columns, types, versions};

fn problems(texts: &str, direction: Direction) -> Vec<EvolutionProblem> {
    let versions = versions(texts);
    let (next, history) = versions.split_last().unwrap();
    let history: Vec<&TableDefinition> = history.iter().map(|table| &table.definition).collect();
    compare_versions(&history, &next.definition, &next.renames, direction)
}

fn outcome(texts: &str, direction: Direction) -> String {
    let lines = problems(texts, direction).into_iter().map(|problem| {
        let column = problem.column.as_ref();
        let column = column.map(|column| format!(" {}:{}", column.id, column.name));
        format!(
            "{} v{}{}: {problem}; {}\n",
            problem.rule.id(),
            problem.version,
            column.unwrap_or_default(),
            problem.help.join("; ").replace('\n', " ")
        )
    });
    lines.collect()
}

/// Compares the problems of several histories, separated by blank lines.
fn check(cases: &[String], expected: Expect) {
    let said: Vec<String> = cases
        .iter()
        .map(|case| outcome(case, Direction::Backward))
        .collect();
    expected.assert_eq(&said.join("\n"));
}

fn check_forward(cases: &[String], expected: Expect) {
    let said: Vec<String> = cases
        .iter()
        .map(|case| outcome(case, Direction::Forward))
        .collect();
    expected.assert_eq(&said.join("\n"));
}

#[track_caller]
fn fits(texts: &str) {
    assert_eq!(outcome(texts, Direction::Full), "");
}

// ---- tables ----

#[test]
fn renamed_table_and_row_type() {
    check(
        &[
            // The row type follows from the name.
            format!("name = \"app.a\"\n{ID}---\nname = \"app.b\"\nrenamed_from = \"app.a\"\n{ID}"),
            format!("name = \"app.a\"\n{ID}---\nname = \"app.b\"\nrow = \"Mine\"\n{ID}"),
            format!("row = \"Mine\"\n{ID}---\n{ID}---\n{ID}"),
            // Renamed back.
            format!("name = \"app.a\"\n{ID}---\nname = \"zoo.a\"\n{ID}---\nname = \"app.a\"\n{ID}"),
        ],
        expect![[r#"
            KT1005 v1: table `app.b` was named `app.a` in version 1; write `name = "app.a"`, or accept the change when all queries use the new name

            KT1005 v1: table `app.b` was named `app.a` in version 1; write `name = "app.a"`, or accept the change when all queries use the new name
            KT1011 v1: the row type of `app.b` is `Mine`, but was `A` in version 1; write `row = "A"`, or change the code that uses the type in the same release

            KT1011 v1: the row type of `app.t` is `T`, but was `Mine` in version 1; write `row = "Mine"`, or change the code that uses the type in the same release

            KT1005 v2: table `app.a` was named `zoo.a` in version 2; write `name = "zoo.a"`, or accept the change when all queries use the new name
        "#]],
    );
    fits(&format!("row = \"Mine\"\n{ID}---\nrow = \"Mine\"\n{ID}"));
}

#[test]
fn removed_unique_keys() {
    let two = "id = { id = 1, type = \"bigint\" }\na = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }\n";
    check(
        &[
            format!("unique = [[\"a\"], [\"b\"]]\n{two}---\n{two}"),
            format!("unique = [[\"a\", \"b\"]]\n{two}---\nunique = [[\"b\"]]\n{two}---\n{two}"),
            // Named as in the version that had the key.
            format!(
                "unique = [[\"a\"]]\n{two}---\n{}",
                two.replace("a = {", "c = {")
            ),
        ],
        expect![[r#"
            KT1007 v1: `app.t` has no unique key on `a`, but had it in version 1; write `["a"]` in `unique`, or inform the authors of queries
            KT1007 v1: `app.t` has no unique key on `b`, but had it in version 1; write `["b"]` in `unique`, or inform the authors of queries

            KT1007 v2: `app.t` has no unique key on `b`, but had it in version 2; write `["b"]` in `unique`, or inform the authors of queries
            KT1007 v1: `app.t` has no unique key on `a` and `b`, but had it in version 1; write `["a", "b"]` in `unique`, or inform the authors of queries

            KT1007 v1: `app.t` has no unique key on `a`, but had it in version 1; write `["c"]` in `unique`, or inform the authors of queries
            KT1206 v1 2:c: column `c` (id 2) of `app.t` was named `a` in version 1; keep the name `a`, or accept the change when everything uses the new name
            KT1207 v1 2:c: column `c` (id 2) of `app.t` was named `a` in version 1, but `renamed_from` does not declare it; write `renamed_from = "a"` if the column was renamed, or choose the next free id if it is another column
        "#]],
    );
    // A narrower key implies the removed one.
    let narrower = format!("unique = [[\"a\", \"b\"]]\n{two}---\nunique = [[\"b\"]]\n{two}");
    assert!(!outcome(&narrower, Direction::Backward).contains("KT1007"));
}

#[test]
fn changed_options() {
    let stream = |seconds: u32| format!("kind = \"stream\"\nttl_seconds = {seconds}\n{ID}");
    check(
        &[
            format!("{}---\n{}---\n{}", stream(1), stream(2), stream(2)),
            format!("access_level = \"public\"\n{ID}---\n{ID}"),
            // Narrowed to `dba`, and widened since version 2.
            format!("{ID}---\naccess_level = \"dba\"\n{ID}---\naccess_level = \"private\"\n{ID}"),
            // Another kind has other options.
            format!("{ID}---\n{}", stream(1)),
        ],
        expect![[r#"
            KT1008 v1: `ttl_seconds` of `app.t` is 2, but was 1 in version 1; write `ttl_seconds = 1`, or inform the users of the table

            KT1008 v1: `access_level` of `app.t` is `private`, but was `public` in version 1; write `access_level = "public"`, or inform the users of the table

            KT1009 v2: `access_level` of `app.t` is `private`, but was `dba` in version 2; write `access_level = "dba"`, or accept the change after a review of the stored rows

            KT1001 v1: table `app.t` is of kind `stream`, but was of kind `shared` in version 1; write `kind = "shared"`, or create another table
        "#]],
    );
}

#[test]
fn access_widens_if_a_further_user_has_access() {
    // The users whom each level admits: anyone, one with a grant, a service, an administrator.
    let admits = |level: AccessLevel| match level {
        AccessLevel::Public => [true, true, true, true],
        AccessLevel::Private => [false, true, false, true],
        AccessLevel::Restricted => [false, false, true, true],
        AccessLevel::Dba => [false, false, false, true],
    };
    for old in AccessLevel::ALL {
        for next in AccessLevel::ALL {
            let [before, after] = [old, next].map(AccessLevel::as_str);
            let text =
                format!("access_level = \"{before}\"\n{ID}---\naccess_level = \"{after}\"\n{ID}");
            let mut users = admits(old).into_iter().zip(admits(next));
            let expected = match users.any(|(had, has)| has && !had) {
                true => "KT1009",
                false if old == next => "",
                false => "KT1008",
            };
            let said = outcome(&text, Direction::Backward);
            let rules: Vec<&str> = said.lines().filter_map(|line| line.get(..6)).collect();
            assert_eq!(rules.join(" "), expected, "{before} to {after}");
        }
    }
}

#[test]
fn removed_comments() {
    let column = |comment: &str| format!("{ID}a = {{ id = 2, type = \"int\"{comment} }}\n");
    check(
        &[
            format!("comment = \"x\"\n{ID}---\n{ID}"),
            format!(
                "{}---\n{}---\n{}",
                column(", comment = \"x\""),
                column(""),
                column("")
            ),
        ],
        expect![[r#"
            KT1010 v1: table `app.t` has no comment, but had one in version 1; restore `comment`, or write another one

            KT1010 v1 2:a: column `a` (id 2) of `app.t` has no comment, but had one in version 1; restore `comment`, or write another one
        "#]],
    );
    fits(&format!("comment = \"x\"\n{ID}---\ncomment = \"y\"\n{ID}"));
    fits(&format!(
        "{}---\n{}",
        column(""),
        column(", comment = \"x\"")
    ));
}

// ---- columns ----

#[test]
fn dropped_columns() {
    let reserved = "[reserved]\nids = [2]\nnames = [\"a\"]";
    check(
        &[
            columns(&["a = { id = 2, type = \"int\" }", reserved]),
            columns(&[
                "a = { id = 2, type = \"int\", deprecated = \"x\" }",
                reserved,
                reserved,
            ]),
            // Deprecated in an earlier version, and no longer in the last one.
            columns(&[
                "a = { id = 2, type = \"int\", deprecated = \"x\" }",
                "a = { id = 2, type = \"int\" }",
                reserved,
            ]),
        ],
        expect![[r#"
            KT1205 v1 2:a: column `a` (id 2) of `app.t` was dropped after version 1; keep the column, or accept the change when nothing reads it
            KT1218 v1 2:a: column `a` (id 2) of `app.t` was dropped, but was not deprecated in version 1; restore the column with `deprecated = ".."`, and drop it in a later version

            KT1205 v1 2:a: column `a` (id 2) of `app.t` was dropped after version 1; keep the column, or accept the change when nothing reads it

            KT1205 v2 2:a: column `a` (id 2) of `app.t` was dropped after version 2; keep the column, or accept the change when nothing reads it
            KT1218 v2 2:a: column `a` (id 2) of `app.t` was dropped, but was not deprecated in version 2; restore the column with `deprecated = ".."`, and drop it in a later version
        "#]],
    );
    fits(&columns(&[
        "a = { id = 2, type = \"int\" }",
        "a = { id = 2, type = \"int\", deprecated = \"x\" }",
    ]));
}

#[test]
fn renamed_columns() {
    let column = |name: &str, rest: &str| format!("{name} = {{ id = 2, type = \"int\"{rest} }}");
    let case = |names: &[(&str, &str)]| {
        let versions: Vec<String> = names
            .iter()
            .map(|(name, rest)| column(name, rest))
            .collect();
        columns(&versions.iter().map(String::as_str).collect::<Vec<_>>())
    };
    check(
        &[
            case(&[("a", ""), ("b", ", renamed_from = \"a\"")]),
            case(&[("a", ""), ("b", "")]),
            // Renamed before the last version: nothing remains to be declared.
            case(&[("a", ""), ("b", ""), ("b", "")]),
            // Renamed twice: the declaration is about the last version.
            case(&[("a", ""), ("b", ""), ("c", ", renamed_from = \"a\"")]),
            case(&[("a", ""), ("b", ""), ("a", ", renamed_from = \"b\"")]),
            case(&[("a", ""), ("A", "")]),
            // The source keeps the name in files.
            case(&[("a", ""), ("b", ", renamed_from = \"a\", source = \"a\"")]),
            case(&[("a", ""), ("b", ", renamed_from = \"a\", source = \"X\"")]),
            case(&[("a", ", source = \"X\""), ("a", "")]),
        ],
        expect![[r#"
            KT1206 v1 2:b: column `b` (id 2) of `app.t` was named `a` in version 1; keep the name `a`, or accept the change when everything uses the new name

            KT1206 v1 2:b: column `b` (id 2) of `app.t` was named `a` in version 1; keep the name `a`, or accept the change when everything uses the new name
            KT1207 v1 2:b: column `b` (id 2) of `app.t` was named `a` in version 1, but `renamed_from` does not declare it; write `renamed_from = "a"` if the column was renamed, or choose the next free id if it is another column

            KT1206 v1 2:b: column `b` (id 2) of `app.t` was named `a` in version 1; keep the name `a`, or accept the change when everything uses the new name

            KT1206 v2 2:c: column `c` (id 2) of `app.t` was named `b` in version 2; keep the name `b`, or accept the change when everything uses the new name
            KT1207 v2 2:c: column `c` (id 2) of `app.t` was named `b` in version 2, but `renamed_from` is `a`; write `renamed_from = "b"` if the column was renamed, or choose the next free id if it is another column

            KT1206 v2 2:a: column `a` (id 2) of `app.t` was named `b` in version 2; keep the name `b`, or accept the change when everything uses the new name

            KT1206 v1 2:A: column `A` (id 2) of `app.t` was named `a` in version 1; keep the name `a`, or accept the change when everything uses the new name
            KT1207 v1 2:A: column `A` (id 2) of `app.t` was named `a` in version 1, but `renamed_from` does not declare it; write `renamed_from = "a"` if the column was renamed, or choose the next free id if it is another column

            KT1206 v1 2:b: column `b` (id 2) of `app.t` was named `a` in version 1; keep the name `a`, or accept the change when everything uses the new name

            KT1206 v1 2:b: column `b` (id 2) of `app.t` was named `a` in version 1; keep the name `a`, or accept the change when everything uses the new name
            KT1217 v1 2:b: column `b` (id 2) of `app.t` is named `X` in files, but was named `a` in version 1; write `source = "a"`

            KT1217 v1 2:a: column `a` (id 2) of `app.t` is named `a` in files, but was named `X` in version 1; write `source = "X"`
        "#]],
    );
    fits(&case(&[("a", ""), ("a", ", source = \"X\"")]));
}

#[test]
fn renames_from_other_columns() {
    check(
        &[
            // With another id.
            columns(&[
                "a = { id = 2, type = \"int\" }",
                "b = { id = 3, type = \"int\", nullable = true, renamed_from = \"a\" }",
            ]),
            // From a column that was dropped before.
            columns(&[
                "a = { id = 2, type = \"int\" }\nb = { id = 3, type = \"int\" }",
                "b = { id = 3, type = \"int\" }\n[reserved]\nids = [2]\nnames = [\"a\"]",
                "c = { id = 3, type = \"int\", renamed_from = \"a\" }\n[reserved]\nids = [2]\nnames = [\"a\"]",
            ]),
            // From a name that never existed.
            columns(&[
                "a = { id = 2, type = \"int\" }",
                "a = { id = 2, type = \"int\", renamed_from = \"old\" }",
            ]),
        ],
        expect![[r#"
            KT1104 v1 3:b: column `b` (id 3) of `app.t` is renamed from `a`, which had id 2 in version 1; write `id = 2`, or delete `renamed_from`

            KT1104 v1 3:c: column `c` (id 3) of `app.t` is renamed from `a`, which had id 2 in version 1; delete `renamed_from`
            KT1206 v2 3:c: column `c` (id 3) of `app.t` was named `b` in version 2; keep the name `b`, or accept the change when everything uses the new name
            KT1207 v2 3:c: column `c` (id 3) of `app.t` was named `b` in version 2, but `renamed_from` is `a`; write `renamed_from = "b"` if the column was renamed, or choose the next free id if it is another column

            KT1219 v1 2:a: column `a` (id 2) of `app.t` is renamed from `old`, which no earlier version has; write the earlier name, or delete `renamed_from`
        "#]],
    );
    // Without a history, and after the rename.
    fits("id = { id = 1, type = \"int\", renamed_from = \"key\" }");
    let renamed = "b = { id = 2, type = \"int\", renamed_from = \"a\" }";
    let said = outcome(
        &columns(&["a = { id = 2, type = \"int\" }", renamed, renamed]),
        Direction::Backward,
    );
    assert!(
        !said.contains("KT1219") && !said.contains("KT1104"),
        "{said}"
    );
}

#[test]
fn reused_id_is_not_a_rename() {
    check(
        &[columns(&[
            "a = { id = 2, type = \"int\", comment = \"x\", default = 1 }",
            "[reserved]\nids = [2]\nnames = [\"a\"]",
            "b = { id = 2, type = \"int\", nullable = true }\n[reserved]\nnames = [\"a\"]",
        ])],
        expect![[r#"
            KT1103 v2 2:b: `b` of `app.t` has id 2, which version 2 reserves; write `id = 3`
        "#]],
    );
}

#[test]
fn moved_and_inserted_columns() {
    let order = |names: &[&str]| {
        let versions = names.iter().map(|names| {
            let lines = names.chars().map(|name| {
                let id = u32::from(name) - u32::from('a') + 2;
                format!("{name} = {{ id = {id}, type = \"int\", nullable = true }}\n")
            });
            format!("{}{ID}", lines.collect::<String>())
        });
        versions
            .map(|version| format!("[columns]\n{version}"))
            .collect::<Vec<_>>()
            .join("---\n")
    };
    check(
        &[
            order(&["abc", "bca"]),
            order(&["abcd", "dabc"]),
            order(&["abcd", "dcba"]),
            order(&["ab", "acb"]),
            order(&["a", "cba"]),
            // Moved in the second version.
            order(&["ab", "ba", "ba"]),
            order(&["abc", "acb", "cab"]),
            // Added at the end in one version, and moved in the next one.
            format!(
                "{ID}---\n{ID}a = {{ id = 2, type = \"int\", nullable = true }}\n---\n[columns]\na = {{ id = 2, type = \"int\", nullable = true }}\n{ID}"
            ),
        ],
        expect![[r#"
            KT1208 v1 2:a: column `a` (id 2) of `app.t` was moved after `c`, which it preceded in version 1; move it before `c`

            KT1208 v1 5:d: column `d` (id 5) of `app.t` was moved before `a`, which it followed in version 1; move it after `a`

            KT1208 v1 5:d: column `d` (id 5) of `app.t` was moved before `a`, which it followed in version 1; move it after `a`
            KT1208 v1 4:c: column `c` (id 4) of `app.t` was moved before `a`, which it followed in version 1; move it after `a`
            KT1208 v1 3:b: column `b` (id 3) of `app.t` was moved before `a`, which it followed in version 1; move it after `a`

            KT1209 v1 4:c: column `c` (id 4) of `app.t` was inserted before the existing column `b` of version 1; move it to the end of the columns

            KT1209 v1 4:c: column `c` (id 4) of `app.t` was inserted before the existing column `a` of version 1; move it to the end of the columns
            KT1209 v1 3:b: column `b` (id 3) of `app.t` was inserted before the existing column `a` of version 1; move it to the end of the columns

            KT1208 v1 3:b: column `b` (id 3) of `app.t` was moved before `a`, which it followed in version 1; move it after `a`

            KT1208 v2 4:c: column `c` (id 4) of `app.t` was moved before `a`, which it followed in version 2; move it after `a`

            KT1208 v2 2:a: column `a` (id 2) of `app.t` was moved before `id`, which it followed in version 2; move it after `id`
            KT1209 v1 2:a: column `a` (id 2) of `app.t` was inserted before the existing column `id` of version 1; move it to the end of the columns
        "#]],
    );
}

#[test]
fn column_becomes_nullable() {
    check(
        &[
            columns(&[
                "a = { id = 2, type = \"int\" }",
                "a = { id = 2, type = \"int\", nullable = true }",
            ]),
            types(&["list<#3 int>", "list<#3 int null>", "list<#3 int null>"]),
        ],
        expect![[r#"
            KT1210 v1 2:a: column `a` (id 2) of `app.t` is nullable, but was not null in version 1; delete `nullable`, or change the code that uses the column in the same release

            KT1210 v1 3:c.item: `c.item` (id 3) of `app.t` is nullable, but was not null in version 1; delete `null` after its type, or change the code that uses the field in the same release
        "#]],
    );
}

#[test]
fn changed_defaults() {
    let case = |versions: &[(&str, &str)]| {
        let lines: Vec<String> = versions
            .iter()
            .map(|(ty, rest)| format!("a = {{ id = 2, type = \"{ty}\"{rest} }}"))
            .collect();
        columns(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let null = ", nullable = true";
    check(
        &[
            case(&[
                ("int", ", default = 1"),
                ("int", ", default = 2"),
                ("int", ", default = 2"),
            ]),
            case(&[("int", ", default = 1"), ("int", "")]),
            case(&[("int", ", default = 1, nullable = true"), ("int", null)]),
            case(&[("int", null), ("int", ", default = 1, nullable = true")]),
            case(&[
                ("datetime", ", default = \"now()\""),
                ("datetime", ", default = 2020-01-01T00:00:00Z"),
            ]),
        ],
        expect![[r#"
            KT1211 v1 2:a: the default of column `a` (id 2) of `app.t` is `2`, but was `1` in version 1; write `default = 1`, or inform the authors of `INSERT` statements

            KT1212 v1 2:a: column `a` (id 2) of `app.t` has no default, but had `1` in version 1; write `default = 1`, or `nullable = true`

            KT1211 v1 2:a: the default of column `a` (id 2) of `app.t` is null, but was `1` in version 1; write `default = 1`, or inform the authors of `INSERT` statements

            KT1211 v1 2:a: the default of column `a` (id 2) of `app.t` is `1`, but was null in version 1; delete `default`, or inform the authors of `INSERT` statements

            KT1211 v1 2:a: the default of column `a` (id 2) of `app.t` is `2020-01-01T00:00:00Z`, but was `"now()"` in version 1; write `default = "now()"`, or inform the authors of `INSERT` statements
        "#]],
    );
    // An `INSERT` without the column failed.
    fits(&case(&[("int", ""), ("int", ", default = 1")]));
    fits(&case(&[
        ("double", ", default = nan"),
        ("double", ", default = nan"),
    ]));
    // The same value of another type.
    for (old, next) in [
        (("int", ", default = 5"), ("bigint", ", default = 5")),
        (("int", ", default = 5"), ("double", ", default = 5.0")),
        (
            ("int", ", default = 5"),
            ("decimal(12, 2)", ", default = \"5.00\""),
        ),
        (
            ("decimal(3, 1)", ", default = \"1.5\""),
            ("decimal(5, 2)", ", default = \"1.5\""),
        ),
        (
            ("date", ", default = 2020-02-29"),
            ("timestamp(ms)", ", default = 2020-02-29T00:00:00"),
        ),
        (("float", ", default = 0.1"), ("double", ", default = 0.1")),
        (
            ("enum('a')", ", default = \"a\""),
            ("enum('a', 'b')", ", default = \"a\""),
        ),
    ] {
        let said = outcome(&case(&[old, next]), Direction::Backward);
        assert!(!said.contains("KT1211"), "{said}");
        let other = (next.0, ", nullable = true");
        let said = outcome(&case(&[old, other]), Direction::Backward);
        assert!(said.contains("KT1211"), "{said}");
    }
}

#[test]
fn types_that_keep_old_values_readable() {
    check(
        &[
            types(&["int", "bigint"]),
            types(&["float", "double"]),
            types(&["decimal(5, 2)", "decimal(9, 4)"]),
            types(&["int", "double"]),
            types(&["bigint", "decimal(20, 0)"]),
            types(&["date", "timestamp(s)"]),
            types(&["bytes(16)", "uuid"]),
            types(&["enum('a')", "enum('a', 'b')"]),
            types(&[
                "list<#3 struct<#4 x: int>>",
                "list<#3 struct<#4 x: bigint>>",
            ]),
            types(&[
                "map<#3 text, #4 enum('a')>",
                "map<#3 text, #4 enum('a', 'b')>",
            ]),
            // Two promotions, and their latest conflict.
            types(&["tinyint", "int", "double", "double"]),
        ],
        expect![[r#"
            KT1213 v1 2:c: `c` (id 2) of `app.t` is `bigint`, but was `int` in version 1; write `type = "int"`, or accept the change when all clients read the wider type

            KT1213 v1 2:c: `c` (id 2) of `app.t` is `double`, but was `float` in version 1; write `type = "float"`, or accept the change when all clients read the wider type

            KT1213 v1 2:c: `c` (id 2) of `app.t` is `decimal(9, 4)`, but was `decimal(5, 2)` in version 1; write `type = "decimal(5, 2)"`, or accept the change when all clients read the wider type

            KT1214 v1 2:c: `c` (id 2) of `app.t` is `double`, but was `int` in version 1; write `type = "int"`, or accept the change when all queries and clients use the new type

            KT1214 v1 2:c: `c` (id 2) of `app.t` is `decimal(20, 0)`, but was `bigint` in version 1; write `type = "bigint"`, or accept the change when all queries and clients use the new type

            KT1214 v1 2:c: `c` (id 2) of `app.t` is `timestamp(s)`, but was `date` in version 1; write `type = "date"`, or accept the change when all queries and clients use the new type

            KT1214 v1 2:c: `c` (id 2) of `app.t` is `uuid`, but was `bytes(16)` in version 1; write `type = "bytes(16)"`, or accept the change when all queries and clients use the new type

            KT1215 v1 2:c: `c` (id 2) of `app.t` is `enum('a', 'b')`, but was `enum('a')` in version 1; remove the label `'b'`, or accept the change when all code and clients handle it

            KT1213 v1 4:c.item.x: `c.item.x` (id 4) of `app.t` is `bigint`, but was `int` in version 1; write `int` again, or accept the change when all clients read the wider type

            KT1215 v1 4:c.value: `c.value` (id 4) of `app.t` is `enum('a', 'b')`, but was `enum('a')` in version 1; remove the label `'b'`, or accept the change when all code and clients handle it

            KT1214 v2 2:c: `c` (id 2) of `app.t` is `double`, but was `int` in version 2; write `type = "int"`, or accept the change when all queries and clients use the new type
        "#]],
    );
}

#[test]
fn changed_rust_types() {
    let case = |old: &str, next: &str| columns(&[old, next]);
    check(
        &[
            case(
                "a = { id = 2, type = \"text\", rust = \"crate::A\" }",
                "a = { id = 2, type = \"text\", rust = \"crate::B\" }",
            ),
            case(
                "a = { id = 2, type = \"text\" }",
                "a = { id = 2, type = \"text\", rust = \"crate::B\" }",
            ),
            case(
                "a = { id = 2, type = \"time\", unit = \"ms\" }",
                "a = { id = 2, type = \"time\" }",
            ),
            // The type itself changes too.
            case(
                "a = { id = 2, type = \"int\", rust = \"crate::A\" }",
                "a = { id = 2, type = \"bigint\", rust = \"crate::B\" }",
            ),
        ],
        expect![[r#"
            KT1216 v1 2:a: `rust` of column `a` (id 2) of `app.t` is `crate::B`, but was `crate::A` in version 1; write `rust = "crate::A"`, or change the code that uses the field in the same release

            KT1216 v1 2:a: `rust` of column `a` (id 2) of `app.t` is `crate::B`, but was absent in version 1; delete `rust`, or change the code that uses the field in the same release

            KT1216 v1 2:a: `unit` of column `a` (id 2) of `app.t` is absent, but was `ms` in version 1; write `unit = "ms"`, or change the code that uses the field in the same release

            KT1213 v1 2:a: `a` (id 2) of `app.t` is `bigint`, but was `int` in version 1; write `type = "int"`, or accept the change when all clients read the wider type
        "#]],
    );
}

#[test]
fn nested_fields() {
    check(
        &[
            types(&["struct<#3 x: int>", "struct<#3 y: int>"]),
            types(&[
                "struct<#3 x: int>",
                "struct<#3 x: int, #4 y: int null>",
                "struct<#3 x: int, #4 y: int null>",
            ]),
            types(&[
                "list<#3 struct<#4 x: int>>",
                "list<#3 struct<#4 z: int null>>",
            ]),
        ],
        expect![[r#"
            KT1305 v1 3:c.y: `c.y` (id 3) of `app.t` was named `x` in version 1; write `#3 x: ..`, or accept the change when everything uses the new name

            KT1306 v1 4:c.y: `c.y` (id 4) of `app.t` is added to the fields of version 1; add a column, or accept the change when all code and clients know the field

            KT1305 v1 4:c.item.z: `c.item.z` (id 4) of `app.t` was named `x` in version 1; write `#4 x: ..`, or accept the change when everything uses the new name
            KT1210 v1 4:c.item.z: `c.item.z` (id 4) of `app.t` is nullable, but was not null in version 1; delete `null` after its type, or change the code that uses the field in the same release
        "#]],
    );
}

// ---- forward ----

#[test]
fn dropped_column_that_an_earlier_version_requires() {
    let reserved = "[reserved]\nids = [2]\nnames = [\"a\"]";
    check_forward(
        &[
            columns(&["a = { id = 2, type = \"int\" }", reserved]),
            columns(&[
                "a = { id = 2, type = \"int\" }",
                "a = { id = 2, type = \"int\", nullable = true }",
                reserved,
            ]),
            columns(&[
                "a = { id = 2, type = \"datetime\", default = \"now()\" }",
                reserved,
            ]),
            types(&["struct<#3 x: int, #4 y: int>", "struct<#3 x: int>"]),
        ],
        expect![[r#"
            KT1231 v1 2:a: column `a` (id 2) of `app.t` was dropped, but is not null and has no literal as default in version 1; keep the column until no server runs that version

            KT1231 v1 2:a: column `a` (id 2) of `app.t` was dropped, but is not null and has no literal as default in version 1; keep the column until no server runs that version

            KT1231 v1 2:a: column `a` (id 2) of `app.t` was dropped, but is not null and has no literal as default in version 1; keep the column until no server runs that version

            KT1231 v1 4:c.y: `c.y` (id 4) of `app.t` was dropped, but is not null in version 1; keep the field until no server runs that version
        "#]],
    );
    for old in ["nullable = true", "default = 1"] {
        let old = format!("a = {{ id = 2, type = \"int\", {old} }}");
        assert_eq!(outcome(&columns(&[&old, reserved]), Direction::Forward), "");
    }
    let nullable = types(&["struct<#3 x: int, #4 y: int null>", "struct<#3 x: int>"]);
    assert_eq!(outcome(&nullable, Direction::Forward), "");
}

#[test]
fn nulls_that_an_earlier_version_cannot_read() {
    check_forward(
        &[
            columns(&[
                "a = { id = 2, type = \"int\" }",
                "b = { id = 2, type = \"int\", nullable = true }",
            ]),
            types(&[
                "map<#3 text, #4 int>",
                "map<#3 text, #4 int>",
                "map<#3 text, #4 int null>",
            ]),
        ],
        expect![[r#"
            KT1232 v1 2:b: `b` (id 2) of `app.t` is nullable, but version 1 cannot read null in it; keep it not null until no server runs that version

            KT1232 v2 4:c.value: `c.value` (id 4) of `app.t` is nullable, but version 2 cannot read null in it; keep it not null until no server runs that version
        "#]],
    );
    let narrower = columns(&[
        "a = { id = 2, type = \"int\", nullable = true }",
        "a = { id = 2, type = \"int\" }",
    ]);
    assert_eq!(outcome(&narrower, Direction::Forward), "");
}

#[test]
fn types_that_an_earlier_version_cannot_read() {
    check_forward(
        &[
            types(&["int", "bigint"]),
            types(&["int", "bigint", "bigint"]),
            types(&[
                "list<#3 struct<#4 x: date>>",
                "list<#3 struct<#4 x: timestamp>>",
            ]),
            types(&["list<#3 int>", "int"]),
            types(&["map<#3 int, #4 int>", "map<#3 bigint, #4 int>"]),
            types(&["enum('a')", "enum('a', 'b')"]),
        ],
        expect![[r#"
            KT1233 v1 2:c: `c` (id 2) of `app.t` is `bigint`, but version 1 can read only `int`; keep the type until no server runs that version

            KT1233 v1 2:c: `c` (id 2) of `app.t` is `bigint`, but version 1 can read only `int`; keep the type until no server runs that version

            KT1233 v1 4:c.item.x: `c.item.x` (id 4) of `app.t` is `timestamp`, but version 1 can read only `date`; keep the type until no server runs that version

            KT1233 v1 2:c: `c` (id 2) of `app.t` is `int`, but version 1 can read only `list<#3 int>`; keep the type until no server runs that version

            KT1304 v1 3:c.key: `c.key` (id 3) of `app.t` is `bigint`, but was `int` in version 1; write `int` again: the type of map keys cannot change

            KT1233 v1 2:c: `c` (id 2) of `app.t` is `enum('a', 'b')`, but version 1 can read only `enum('a')`; keep the type until no server runs that version
        "#]],
    );
    for types_of in [
        ["bigint", "int"],
        ["enum('a', 'b')", "enum('a')"],
        ["list<#3 double>", "list<#3 float>"],
    ] {
        assert_eq!(outcome(&types(&types_of), Direction::Forward), "");
    }
}

/// An earlier version reads the type of the next version if the types, in the other order, are a
/// change that keeps stored values readable.
#[test]
fn types_forward_are_types_backward_in_the_other_order() {
    let names = [
        "int",
        "bigint",
        "uint",
        "float",
        "double",
        "decimal(20, 0)",
        "decimal(22, 2)",
        "text",
        "bytes(16)",
        "uuid",
        "date",
        "timestamp",
        "datetime",
        "enum('a')",
        "enum('a', 'b')",
    ];
    for from in names {
        for to in names {
            let forward = outcome(&types(&[from, to]), Direction::Forward);
            let backward = outcome(&types(&[to, from]), Direction::Backward);
            let is_changed = backward.contains("KT1204");
            assert_eq!(forward.contains("KT1233"), is_changed, "{from} to {to}");
        }
    }
}

#[test]
fn changes_that_break_both_directions() {
    check_forward(
        &[
            format!("kind = \"user\"\n{ID}---\n{ID}"),
            format!(
                "primary_key = [\"a\"]\n{ID}a = {{ id = 2, type = \"int\" }}\n---\n{ID}a = {{ id = 2, type = \"int\" }}\n"
            ),
            columns(&[
                "a = { id = 2, type = \"int\", nullable = true }",
                "a = { id = 3, type = \"int\", nullable = true }",
            ]),
            types(&[
                "struct<#3 x: int, #4 y: int>",
                "struct<#4 y: int, #3 x: int>",
            ]),
        ],
        expect![[r#"
            KT1001 v1: table `app.t` is of kind `shared`, but was of kind `user` in version 1; write `kind = "user"`, or create another table

            KT1002 v1: the primary key of `app.t` is `id`, but was `a` in version 1; write `primary_key = ["a"]`, or create another table

            KT1104 v1 3:a: column `a` of `app.t` has id 3, but the column of that name had id 2 in version 1; write `id = 2`, or choose a name that was never used

            KT1302 v1 4:c.y: `c.y` (id 4) of `app.t` is moved among the fields of version 1; keep the order of the fields, and add fields at the end
            KT1302 v1 3:c.x: `c.x` (id 3) of `app.t` is moved among the fields of version 1; keep the order of the fields, and add fields at the end
        "#]],
    );
}

// ---- properties ----

/// Returns the length of the longest subsequence of ascending numbers, by trying all of them.
fn ascending(order: &[usize]) -> usize {
    let subsets = (0..1_u32 << order.len()).filter_map(|subset| {
        let kept = order
            .iter()
            .enumerate()
            .filter(|(at, _)| subset & (1 << at) != 0);
        let kept: Vec<usize> = kept.map(|(_, number)| *number).collect();
        kept.is_sorted().then_some(kept.len())
    });
    subsets.max().unwrap_or(0)
}

fn column_order() -> impl Strategy<Value = Vec<usize>> {
    (1..7_usize).prop_flat_map(|count| Just((0..count).collect::<Vec<_>>()).prop_shuffle())
}

/// A column as a line of TOML. Not every history of such columns is valid.
fn column_line() -> impl Strategy<Value = String> {
    let ty = prop::sample::select(vec!["int", "bigint", "double", "decimal(12, 2)", "text"]);
    (2..5_u32, ty, any::<(bool, bool)>()).prop_map(|(id, ty, (nullable, deprecated))| {
        let nullable = if nullable { ", nullable = true" } else { "" };
        let deprecated = if deprecated {
            ", deprecated = \"x\""
        } else {
            ""
        };
        format!("c{id} = {{ id = {id}, type = \"{ty}\"{nullable}{deprecated} }}")
    })
}

fn version() -> impl Strategy<Value = String> {
    prop::collection::vec(column_line(), 0..4).prop_map(|lines| {
        let mut lines: Vec<String> = lines;
        lines.sort_by(|a, b| a[..2].cmp(&b[..2]));
        lines.dedup_by(|a, b| a[..2] == b[..2]);
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn fewest_moved_columns_are_reported(order in column_order()) {
        let line = |id: usize| format!("c{id} = {{ id = {}, type = \"int\" }}\n", id + 2);
        let lines = |order: &[usize]| order.iter().map(|id| line(*id)).collect::<String>();
        let sorted: Vec<usize> = (0..order.len()).collect();
        let said = problems(&columns(&[&lines(&sorted), &lines(&order)]), Direction::Backward);
        prop_assert!(said.iter().all(|problem| problem.rule.id() == "KT1208"));
        prop_assert_eq!(said.len(), order.len() - ascending(&order));
    }

    /// A problem names the latest version that conflicts: with the later versions alone, the
    /// problem is not reported, and with that version it is.
    #[test]
    fn problems_name_the_latest_conflicting_version(
        versions_of in prop::collection::vec(version(), 2..5),
        direction in prop::sample::select(Direction::ALL.to_vec()),
    ) {
        let texts: Vec<&str> = versions_of.iter().map(String::as_str).collect();
        let versions = versions(&columns(&texts));
        let (next, history) = versions.split_last().unwrap();
        let compare = |history: &[kalamtable_model::CheckedTable]| {
            let history: Vec<&TableDefinition> = history.iter().map(|it| &it.definition).collect();
            compare_versions(&history, &next.definition, &next.renames, direction)
        };
        let key = |problem: &EvolutionProblem| (problem.rule, problem.column.as_ref().map(|it| it.id));
        for problem in compare(history) {
            let at = history.iter().position(|it| it.definition.version() == problem.version);
            let at = at.expect("the version is one of the history");
            let later = compare(&history[at + 1..]);
            prop_assert!(later.iter().all(|it| key(it) != key(&problem)), "{problem}");
        }
    }
}
