// SPDX-License-Identifier: Apache-2.0

use expect_test::expect;

use super::check;

#[test]
fn struct_without_attributes_says_no_table() {
    check(
        "struct Event { id: i64 }",
        expect![[r#"
        Event: `Event` does not say which table's row it is
        help: write `#[kalam(table = "app.event", primary_key(..))]` if the struct describes it, or `#[kalam(schema = "schemas/app/event.toml")]`
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
            help: the keys are `table`, `primary_key`, `no_primary_key`, `unique`, `kind`, `ttl_seconds`, `access_level`, `version`, `reserved`, `comment`, `freeze`, `schema`, `crate` and `view`
            renam: unknown key `renam`
            help: did you mean `rename`?
            nullable: unknown key `nullable`
            help: let the field be an `Option`
        "#]],
    );
}

#[test]
fn keys_in_the_wrong_place() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), id = 1)]
        struct Event {
            #[kalam(table = "app.events")]
            id: i64,
        }"#,
        expect![[r#"
            id: `id` has no place here
            help: it is said of a field: `#[kalam(id = 3)]`
            table: `table` has no place here
            help: it is said of the struct: `#[kalam(table = "app.events")]`
        "#]],
    );
}

#[test]
fn keys_written_twice() {
    check(
        r#"#[kalam(table = "app.events", table = "app.events", primary_key(id))]
        #[kalam(primary_key(id))]
        struct Event {
            #[kalam(id = 1, id = 2)]
            id: i64,
        }"#,
        expect![[r#"
            table: `table` is said twice
            help: delete one of the two
            primary_key: `primary_key` is said twice
            help: delete one of the two
            id: `id` is said twice
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
            5: `crate` is not written like this
            help: write for example `crate = ::kalamtable`
            app::events: `table` is not written like this
            help: write `table = "app.events"`
            "id": `primary_key` is not written like this
            help: write `primary_key(id)`
            "at": `unique` is not written like this
            help: write `unique(at)`
            unique: `unique` is not written like this
            help: write for example `unique(email)`
            1: `unique` is not written like this
            help: write for example `unique(email)`
            kind: `kind` is not written like this
            help: write for example `kind = "user"`
            "2": `version` is not written like this
            help: write `version = 2`
            comment: `comment` is not written like this
            help: write for example `comment = ".."`
            frozen: `freeze` is not written like this
            help: write `freeze = "frozen"`
            ids2: unknown key `ids2`
            help: did you mean `ids`?
            "a": `ids` is not written like this
            help: write for example `ids(2, 5)`
            5: `names` is not written like this
            help: write for example `names("username")`
            true: `skip` has no value
            help: write `skip` alone
            id: `id` is said of a field that is no column
            help: delete `id`, or `skip`
            rename: `rename` is said of a field that is no column
            help: delete `rename`, or `skip`
            type: `type` is said of a field that is no column
            help: delete `type`, or `skip`
            unit: `unit` is said of a field that is no column
            help: delete `unit`, or `skip`
            default: `default` is said of a field that is no column
            help: delete `default`, or `skip`
            "3": `id` is not written like this
            help: write `id = 3`
            x: `rename` is not written like this
            help: write `rename = "x"`
            list<int>: `type` is not written like this
            help: write `type = "list<int>"`
            ms: `unit` is not written like this
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
            primary_key: `,` is missing before `primary_key`
            help: put a `,` between two keys
            default: `,` is missing before `default`
            help: put a `,` between two keys
            =: a key is a name
            help: write `#[kalam(key = value)]`
        "#]],
    );
}

#[test]
fn attribute_that_says_nothing() {
    check(
        r#"#[kalam] #[kalam = "x"] #[kalam()]
        struct Event { id: i64 }"#,
        expect![[r#"
            kalam: `kalam` says nothing
            help: write `#[kalam(key = value)]`
            kalam = "x": `kalam` says nothing
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
            table: `table` is for the TOML file to say
            help: delete it here, and write it in the file
            primary_key: `primary_key` is for the TOML file to say
            help: delete it here, and write it in the file
            unique: `unique` is for the TOML file to say
            help: delete it here, and write it in the file
            unique: `unique` is for the TOML file to say
            help: delete it here, and write it in the file
        "#]],
    );
}

#[test]
fn flattened_fields_say_their_columns_elsewhere() {
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
            id: `id` is said of a field that is several columns
            help: delete it here, and write it on the fields of the flattened struct
            rename: `rename` is said of a field that is several columns
            help: delete it here, and write it on the fields of the flattened struct
            Option<Place>: an `Option` cannot be flattened
            help: let each of its fields be an `Option`; or delete `flatten`, and it is one column
            flatten: `flatten` is said of a field that is no column
            help: delete `flatten`, or `skip`
            true: `flatten` has no value
            help: write `flatten` alone
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
            [u8; N]: column `data` depends on `N`, and a table has one schema
            help: write its type out; a field that is no column may depend on it: `#[kalam(skip)]`
            Place<T>: column `place` depends on `T`, and a table has one schema
            help: write its type out; a field that is no column may depend on it: `#[kalam(skip)]`
        "#]],
    );
}

#[test]
fn skipped_field_says_more() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event { id: i64, #[kalam(skip, id = 3)] cache: Cache }"#,
        expect![[r#"
            id: `id` is said of a field that is no column
            help: delete `id`, or `skip`
        "#]],
    );
}

#[test]
fn shapes_that_are_no_row() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] struct Event(i64);"#,
        expect![[r#"
            Event: a tuple struct is no row: columns have names
            help: name the fields: `struct Event { id: i64 }`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] struct Event;"#,
        expect![[r#"
            Event: a struct without fields is no row
            help: add a field for each column: `struct Event { id: i64 }`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] enum Event { A }"#,
        expect![[r#"
            Event: an enum is no row: a table has one list of columns
            help: derive on a struct; an enum can be a column of it, with `#[derive(KalamValue)]`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))] union Event { a: i64 }"#,
        expect![[r#"
            Event: a union is no row: all columns hold a value
            help: derive on a struct
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event<'a, T, const N: usize> { id: T }"#,
        expect![[r#"
            T: column `id` depends on `T`, and a table has one schema
            help: write its type out; a field that is no column may depend on it: `#[kalam(skip)]`
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
            1i64: `id` is not written like this
            help: write `id = 1`
        "#]],
    );
}

#[test]
fn well_written() {
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
