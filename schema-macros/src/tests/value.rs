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
    expect![[r#"
        use rows::__private as __kalam;
        const LABELS: &'static [&'static str] = &["new", "in_progress", "it's done"];
        fn from_label(label: &str) -> __kalam::Option<Self> {
            match label {
                "new" => __kalam::Option::Some(Self::New),
                "in_progress" => __kalam::Option::Some(Self::InProgress),
                "it's done" => __kalam::Option::Some(Self::Done),
                _ => __kalam::Option::None,
            }
        }
    "#]]
    .assert_eq(&items(tokens, &["use", "const LABELS", "fn from_label"]));
}

#[test]
fn newtype_delegates_to_its_field() {
    let starts = ["use", "fn cell", "fn read(", "type Reader", "const TYPE"];
    let tokens = value_tokens("struct JobId(String);");
    expect![[r#"
        use ::kalamtable::__private as __kalam;
        fn cell(&self) -> <Self as __kalam::Value>::Cell<'_> {
            __kalam::Value::cell(&self.0)
        }
        type Reader = <String as __kalam::OwnedValue>::Reader;
        fn read(
            reader: &<Self as __kalam::OwnedValue>::Reader,
            index: usize,
        ) -> __kalam::Result<Self, __kalam::ValueError> {
            let value = <String as __kalam::OwnedValue>::read(reader, index)?;
            __kalam::Result::Ok(Self { 0: value })
        }
        const TYPE: __kalam::model::ColumnType = <String as __kalam::TypeAt<
            __Base,
        >>::TYPE;
    "#]]
    .assert_eq(&items(tokens, &starts));
    let tokens = value_tokens("#[kalam(transparent)] struct Port { number: u16 }");
    expect![[r#"
        fn cell(&self) -> <Self as __kalam::Value>::Cell<'_> {
            __kalam::Value::cell(&self.number)
        }
    "#]]
    .assert_eq(&items(tokens, &starts[1..2]));
}

#[test]
fn problems_of_values() {
    check(
        "enum Label { #[kalam(rename = \"\")] Empty }",
        expect![[r#"
            "": a label is empty [KT0703]
            help: write a label; let the field be an `Option` if a value can be missing
        "#]],
    );
    // The labels need not be names in Rust.
    check(
        "enum Own { A, #[kalam(rename = \"-a\")] B, #[kalam(rename = \">=\")] C, #[kalam(rename = \"γ\")] D }",
        expect![[r#"
            no problems
        "#]],
    );
    check(
        "enum None {}",
        expect![[r#"
        None: `None` has no labels
        help: add one variant per label
    "#]],
    );
    check(
        "enum A { B(i32), C, #[kalam(rename = \"c\")] D, #[kalam(label = \"e\")] E }",
        expect![[r#"
            (i32): variant `B` has fields, but a label has none
            help: delete the fields, or store their values in separate columns
            label: unknown key `label`
            help: the only key is `rename`
            "c": label `c` is listed twice [KT0702]
            note: first here: `c`
            help: delete one of the two
        "#]],
    );
    check(
        "struct Pair(i32, i32);",
        expect![[r#"
            Pair: `Pair` is a tuple struct with 2 fields
            help: name them: `struct Pair { first: .. }`
        "#]],
    );
    check(
        "#[kalam(transparent, view = B)] struct Pair { a: i32, b: i32 }",
        expect![[r#"
            view: `view` is not allowed here
            help: it belongs on a struct with named fields
            Pair: `transparent` requires one field, but `Pair` has 2
            help: delete `transparent`
        "#]],
    );
    check(
        "#[kalam(transparent)] enum Label { A }",
        expect![[r#"
        transparent: `transparent` is not allowed here
        help: it belongs on a struct with named fields
    "#]],
    );
    check(
        "struct Tree { label: String, branches: Vec<Tree> }",
        expect![[r#"
            Vec<Tree>: `Tree` contains itself, but a column type is finite
            help: store the nested values in a separate table with a key
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
            <T>: `Page` has type or const parameters
            help: a value has one column type: write one struct per type
        "#]],
    );
    check(
        "struct Stop { #[kalam(unit = \"ms\")] at: i64, #[kalam(type = \"timestamp\")] until: i64, \
         #[kalam(flatten)] place: AllowedKeys }",
        expect![[r#"
            flatten: only a row can flatten a field
            help: write the fields out, or flatten both structs in the row
        "#]],
    );
    check(
        "struct Stop { #[kalam(unit = \"ms\")] at: i64, #[kalam(type = \"timestamp\")] until: i64 }",
        expect![[r#"
            "ms": `unit` is only allowed on a field of a row
            help: change the type of the field to `TimestampMillis`
            i64: `i64` in a `timestamp` field has no unit
            help: change the type of the field to `Timestamp<Millis>`
        "#]],
    );
    check(
        "struct Stop { name: String, Name: String, #[kalam(id = 2)] at: bool }",
        expect![[r#"
            name: `name` and `Name` have no id, but other columns do
            help: write `#[kalam(id = 3)]` and so on, or remove the ids of all columns
            Name: columns `name` and `Name` differ only in case [KT0203]
            note: first here: column `name`
            help: rename one of the two: SQL ignores case
        "#]],
    );
    check(
        "#[kalam(view = StopView)] struct Stop<'a> { name: &'a str }",
        expect![[r#"
            StopView: `Stop` borrows, so it has no view
            help: delete `view`, or use owned types for the fields
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
        help: a value has one column type: write one type per column type
    "#]],
    );
    check(
        "struct Id(#[kalam(id = 1)] i32);",
        expect![[r#"
            id: `id` is not allowed here
            help: delete it: this element has no keys
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
