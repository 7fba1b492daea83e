// SPDX-License-Identifier: Apache-2.0

//! `KalamValue` on enums, newtypes and structs.

use expect_test::{Expect, expect};

use super::{items, problems, value_tokens};

fn check(input: &str, expected: Expect) {
    expected.assert_eq(&problems(value_tokens(input)));
}

#[test]
fn labels_are_variant_names_in_snake_case_unless_renamed() {
    let tokens = value_tokens(
        "#[kalam(crate = rows)] enum Status { New, InProgress, #[kalam(rename = \"it's done\")] Done }",
    );
    expect![[""]].assert_eq(&items(tokens, &["use", "const LABELS", "fn from_label"]));
}

#[test]
fn newtype_delegates_to_its_field() {
    let starts = ["use", "impl", "fn cell", "fn read("];
    let tokens = value_tokens("struct JobId(String);");
    expect![[""]].assert_eq(&items(tokens, &starts));
    let tokens = value_tokens("#[kalam(transparent)] struct Port { number: u16 }");
    expect![[""]].assert_eq(&items(tokens, &starts[2..]));
}

#[test]
fn every_problem_is_told() {
    check(
        "enum Label { #[kalam(rename = \"\")] Empty }",
        expect![[r#"
            "": a label is empty [KT0703]
            help: give it a label; where a value can be missing, let the field be an `Option`
        "#]],
    );
    check(
        "enum Same { A, #[kalam(rename = \"-a\")] B }",
        expect![[r#"
            "-a": labels `a` and `-a` are both `A` in Rust [KT0704]
            note: first here: `a`
            help: rename one of the two, or use `text` if both have to stay
        "#]],
    );
    check(
        "enum None {}",
        expect![[r#"
        None: `None` has no labels
        help: write a variant for each label
    "#]],
    );
    check(
        "enum A { B(i32), C, #[kalam(rename = \"c\")] D, #[kalam(label = \"e\")] E }",
        expect![[r#"
            (i32): `B` has fields, and a label has none
            help: delete the fields, or keep what they hold in columns of its own
            label: unknown key `label`
            help: the only key is `rename`
            "c": label `c` is there twice [KT0702]
            note: first here: `c`
            help: delete one of the two
        "#]],
    );
    check(
        "struct Pair(i32, i32);",
        expect![[r#"
            Pair: `Pair` has 2 fields without names
            help: name them: `struct Pair { first: .. }`
        "#]],
    );
    check(
        "#[kalam(transparent, view = B)] struct Pair { a: i32, b: i32 }",
        expect![[r#"
            view: `view` has no place here
            help: it is said of a struct with named fields
            Pair: `Pair` has 2 fields, and none of them alone is what it holds
            help: delete `transparent`
        "#]],
    );
    check(
        "#[kalam(transparent)] enum Label { A }",
        expect![[r#"
        transparent: `transparent` has no place here
        help: it is said of a struct with named fields
    "#]],
    );
    check(
        "struct Tree { label: String, branches: Vec<Tree> }",
        expect![[r#"
            Vec<Tree>: `Tree` is inside itself, and no column type is
            help: keep what is inside in a table of its own, with a key
        "#]],
    );
    check(
        "struct Nothing { #[kalam(skip)] a: i32 }",
        expect![[r#"
        Nothing: `Nothing` has no fields that a column could hold
        help: add a field
    "#]],
    );
    check(
        "struct Page<T> { rows: Vec<T>, #[kalam(skip)] next: T }",
        expect![[r#"
            <T>: `Page` has parameters that are types or numbers
            help: a value has one column type: write a struct for each
        "#]],
    );
    check(
        "struct Stop { #[kalam(unit = \"ms\")] at: i64, #[kalam(type = \"timestamp\")] until: i64, \
         #[kalam(flatten)] place: AllowedKeys }",
        expect![[r#"
            flatten: a struct that is no row has no flattened fields
            help: write the fields out, or flatten both structs in the row
        "#]],
    );
    check(
        "struct Stop { #[kalam(unit = \"ms\")] at: i64, #[kalam(type = \"timestamp\")] until: i64 }",
        expect![[r#"
            "ms": `unit` has no place in a struct that is no row: `i64` is no time
            help: let the field be of type `TimestampMillis`
            i64: `i64` in a `timestamp` field does not say its unit
            help: let the field be of type `Timestamp<Millis>`
        "#]],
    );
    check(
        "struct Stop { name: String, Name: String, #[kalam(id = 2)] at: bool }",
        expect![[r#"
            name: `name` and `Name` have no id, and other columns do
            help: write `#[kalam(id = 3)]` and so on, or let no column say one
            Name: columns `name` and `Name` differ in case alone [KT0203]
            note: first here: column `name`
            help: rename one of the two: SQL does not tell them apart
        "#]],
    );
    check(
        "#[kalam(view = StopView)] struct Stop<'a> { name: &'a str }",
        expect![[r#"
            StopView: `Stop` borrows, and has no view
            help: delete `view`, or let the fields own what they hold
        "#]],
    );
    check(
        "struct Stop<'a, 'b: 'a> { name: &'a str, note: &'b str }",
        expect![[r#"
            Stop: the lifetimes of `Stop` have bounds
            help: give the struct one lifetime, for everything that it borrows
        "#]],
    );
    check(
        "struct Page<T>(Vec<T>);",
        expect![[r#"
        <T>: `Page` has parameters
        help: a value has one column type: write a type for each
    "#]],
    );
    check(
        "struct Id(#[kalam(id = 1)] i32);",
        expect![[r#"
            id: `id` has no place here
            help: delete it: there is nothing to say here
        "#]],
    );
    check(
        "union Either { a: i32, b: f32 }",
        expect![[r#"
            Either: `Either` is a union
            help: derive on an enum without fields, or on a struct
        "#]],
    );
}
