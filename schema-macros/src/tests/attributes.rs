// SPDX-License-Identifier: Apache-2.0

use expect_test::expect;

use super::check;

#[test]
fn struct_without_attributes() {
    check(
        "struct Event { id: i64 }",
        expect![[r#"
        Event: `Event` does not name its table
        help: write `#[kalam(table = "app.event", primary_key(..))]` if the struct describes the table, or `#[kalam(schema = "schemas/app/event.toml")]` if a file does
    "#]],
    );
}

#[test]
fn unknown_keys_have_a_suggestion() {
    check(
        r#"#[kalam(tabel = "app.events", primary_keys(id), indices(id))]
        struct Event {
            #[kalam(renam = "x", nullable)]
            id: i64,
        }"#,
        expect![[r#"
            tabel: unknown key `tabel`
            help: did you mean `table`?
            primary_keys: unknown key `primary_keys`
            help: did you mean `primary_key`?
            indices: unknown key `indices`
            help: the keys are `table`, `renamed_from`, `primary_key`, `no_primary_key`, `unique`, `kind`, `ttl_seconds`, `access_level`, `version`, `reserved`, `comment`, `freeze`, `schema`, `crate` and `view`
            renam: unknown key `renam`
            help: did you mean `rename`?
            nullable: unknown key `nullable`
            help: make the field an `Option`
        "#]],
    );
}

#[test]
fn keys_on_the_wrong_element() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), id = 1)]
        struct Event {
            #[kalam(table = "app.events")]
            id: i64,
        }"#,
        expect![[r#"
            id: `id` is not allowed here
            help: it belongs on a field: `#[kalam(id = 3)]`
            table: `table` is not allowed here
            help: it belongs on the struct: `#[kalam(table = "app.events")]`
        "#]],
    );
}

#[test]
fn repeated_keys() {
    check(
        r#"#[kalam(table = "app.events", table = "app.events", primary_key(id))]
        #[kalam(primary_key(id))]
        struct Event {
            #[kalam(id = 1, id = 2)]
            id: i64,
        }"#,
        expect![[r#"
            table: `table` is repeated
            help: delete one of the two
            primary_key: `primary_key` is repeated
            help: delete one of the two
            id: `id` is repeated
            help: delete one of the two
        "#]],
    );
}

#[test]
fn values_of_the_wrong_form() {
    check(
        r#"#[kalam(table = app::events, primary_key = "id", unique = "at", unique, unique(1), version = "2", kind(user), crate = 5)]
        #[kalam(comment, reserved(ids("a"), names(5), ids2(3)), freeze = frozen)]
        struct Event {
            #[kalam(id = "3", rename = x, type = list<int>, unit = ms, default = [1], skip = true)]
            id: i64,
        }"#,
        expect![[r#"
            5: invalid form of `crate`
            help: write for example `crate = ::kalamtable`
            app::events: invalid form of `table`
            help: write `table = "app.events"`
            "id": invalid form of `primary_key`
            help: write `primary_key(id)`
            "at": invalid form of `unique`
            help: write `unique(at)`
            unique: invalid form of `unique`
            help: write for example `unique(email)`
            1: invalid form of `unique`
            help: write for example `unique(email)`
            kind: invalid form of `kind`
            help: write for example `kind = "user"`
            "2": invalid form of `version`
            help: write `version = 2`
            comment: invalid form of `comment`
            help: write for example `comment = ".."`
            frozen: invalid form of `freeze`
            help: write `freeze = "frozen"`
            ids2: unknown key `ids2`
            help: did you mean `ids`?
            "a": invalid form of `ids`
            help: write for example `ids(2, 5)`
            5: invalid form of `names`
            help: write for example `names("username")`
            true: `skip` takes no value
            help: write only `skip`
            id: `id` has no effect on a field that is not a column
            help: delete `id`, or `skip`
            rename: `rename` has no effect on a field that is not a column
            help: delete `rename`, or `skip`
            type: `type` has no effect on a field that is not a column
            help: delete `type`, or `skip`
            unit: `unit` has no effect on a field that is not a column
            help: delete `unit`, or `skip`
            default: `default` has no effect on a field that is not a column
            help: delete `default`, or `skip`
            "3": invalid form of `id`
            help: write `id = 3`
            x: invalid form of `rename`
            help: write `rename = "x"`
            list<int>: invalid form of `type`
            help: write `type = "list<int>"`
            ms: invalid form of `unit`
            help: write `unit = "ms"`
            [1]: a default is a literal
            help: write `true`, a number or a text: `default = 0`, `default = "text"`
        "#]],
    );
}

#[test]
fn missing_comma() {
    check(
        r#"#[kalam(table = "app.events" primary_key(id))]
        struct Event { #[kalam(id = 1 default = 5)] id: i64, #[kalam(= 5)] b: i64 }"#,
        expect![[r#"
            primary_key: missing `,` before `primary_key`
            help: separate two keys by `,`
            default: missing `,` before `default`
            help: separate two keys by `,`
            =: a key is an identifier
            help: write `#[kalam(key = value)]`
        "#]],
    );
}

#[test]
fn attribute_without_keys() {
    check(
        r#"#[kalam] #[kalam = "x"] #[kalam()]
        struct Event { id: i64 }"#,
        expect![[r#"
            kalam: `kalam` has no keys
            help: write `#[kalam(key = value)]`
            kalam = "x": `kalam` has no keys
            help: write `#[kalam(key = value)]`
        "#]],
    );
}

#[test]
fn both_sources() {
    check(
        r#"#[kalam(schema = "schemas/events.toml", table = "app.events", primary_key(id), unique(a), unique(b), view = V)]
        struct Event { id: i64 }"#,
        expect![[r#"
            table: `table` cannot be combined with `schema`
            help: delete it here, and write it in the file
            primary_key: `primary_key` cannot be combined with `schema`
            help: delete it here, and write it in the file
            unique: `unique` cannot be combined with `schema`
            help: delete it here, and write it in the file
            unique: `unique` cannot be combined with `schema`
            help: delete it here, and write it in the file
        "#]],
    );
}

#[test]
fn column_keys_on_flattened_fields() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event { id: i64, #[kalam(flatten, nested_ids = 10)] place: Place }"#,
        expect![[r#"
            no problems
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            id: i64,
            #[kalam(flatten, id = 2, rename = "where")] place: Place,
            #[kalam(flatten)] before: Option<Place>,
            #[kalam(flatten, skip)] cache: Place,
            #[kalam(flatten = true)] after: Place,
        }"#,
        expect![[r#"
            id: `id` is not allowed on a flattened field
            help: delete it here, and write it on the fields of the flattened struct
            rename: `rename` is not allowed on a flattened field
            help: delete it here, and write it on the fields of the flattened struct
            Option<Place>: an `Option` cannot be flattened
            help: make each of its fields an `Option`, or delete `flatten` to make it one column
            flatten: `flatten` has no effect on a field that is not a column
            help: delete `flatten`, or `skip`
            true: `flatten` takes no value
            help: write only `flatten`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id), freeze = "events.toml")]
        struct Event<T> { id: i64, #[kalam(skip)] state: T }"#,
        expect![[r#"
            "events.toml": a struct with parameters cannot be frozen: a test has no types for them
            help: delete `freeze`, or the parameters
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event<T, const N: usize> { id: i64, #[kalam(flatten)] place: Place<T>, data: [u8; N] }"#,
        expect![[r#"
            [u8; N]: column `data` depends on `N`, but a table has one schema
            help: write a concrete type; a field that is not a column may depend on a parameter: `#[kalam(skip)]`
            Place<T>: column `place` depends on `T`, but a table has one schema
            help: write a concrete type; a field that is not a column may depend on a parameter: `#[kalam(skip)]`
        "#]],
    );
}

#[test]
fn column_keys_on_skipped_fields() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event { id: i64, #[kalam(skip, id = 3)] cache: Cache }"#,
        expect![[r#"
            id: `id` has no effect on a field that is not a column
            help: delete `id`, or `skip`
        "#]],
    );
}

#[test]
fn types_that_cannot_be_rows() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] struct Event(i64);"#,
        expect![[r#"
            Event: a tuple struct cannot be a row: columns have names
            help: name the fields: `struct Event { id: i64 }`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] struct Event;"#,
        expect![[r#"
            Event: a struct without fields cannot be a row
            help: add a field for each column: `struct Event { id: i64 }`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] enum Event { A }"#,
        expect![[r#"
            Event: an enum cannot be a row: a table has one list of columns
            help: derive on a struct; a column can hold an enum with `#[derive(KalamValue)]`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] union Event { a: i64 }"#,
        expect![[r#"
            Event: a union cannot be a row: every column has a value
            help: derive on a struct
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event<'a, T, const N: usize> { id: T }"#,
        expect![[r#"
            T: column `id` depends on `T`, but a table has one schema
            help: write a concrete type; a field that is not a column may depend on a parameter: `#[kalam(skip)]`
        "#]],
    );
}

#[test]
fn lifetimes_with_bounds() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event<'a, 'b: 'a> where 'a: 'b { id: &'a str, name: &'b str }"#,
        expect![[r#"
            no problems
        "#]],
    );
}

#[test]
fn numbers_with_a_suffix_and_beyond_every_range() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), version = 99999999999999999999999999999999999999999)]
        struct Event { #[kalam(id = 1i64)] id: i64, #[kalam(id = -3)] b: i64 }"#,
        expect![[r#"
            1i64: invalid form of `id`
            help: write `id = 1`
        "#]],
    );
}

#[test]
fn valid_attributes() {
    check(
        r#"#[kalam(table = "app.events", primary_key("id", region), kind = "user", version = 2)]
        #[kalam(reserved(ids(9), names("username")), crate = "crate::kalam", view = Seen,)]
        struct Event {
            #[kalam(id = 1)]
            id: i64,
            #[kalam(id = 2)]
            region: String,
            #[kalam(skip)]
            cache: Cache,
        }"#,
        expect![[r#"
            no problems
        "#]],
    );
}
