// SPDX-License-Identifier: Apache-2.0

use std::path::Path;

use expect_test::expect;

use super::{check, items, problems, table_tokens};

#[test]
fn problems_of_the_table() {
    check(
        r#"#[kalam(table = "events", kind = "usr", version = 0)]
        struct Event { id: i64, uid: String }"#,
        expect![[r#"
            "events": table `events` has no namespace [KT0204]
            help: write `table = "app.events"`
            "usr": unknown kind `usr` [KT0108]
            help: did you mean `user`?
            0: a version is from 1 to 4294967295 [KT0107]
            help: write `version = 1`, or leave it out
            "events": the table has no primary key and no reason for having none [KT0601]
            help: write `primary_key(id)`, or `no_primary_key = "why"`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(), comment = "x")]
        struct Event { #[kalam(skip)] id: i64 }"#,
        expect![[r#"
            Event: the table has no columns [KT0112]
            help: add a field for each column
            primary_key: the primary key has no columns [KT0603]
            help: name its columns, or write `no_primary_key = "why"`
        "#]],
    );
    check(
        r#"#[kalam(table = "app.events", primary_key(id), no_primary_key = "log")]
        struct Event { id: i64 }"#,
        expect![[r#"
            "log": the table has a primary key and a reason for having none [KT0602]
            note: the key: `primary_key`
            help: delete one of the two
        "#]],
    );
}

#[test]
fn problems_of_the_key() {
    check(
        r#"#[kalam(table = "app.events", primary_key(idd, at, at, score, user_id))]
        struct Event {
            id: i64,
            at: Option<TimestampMillis>,
            score: f64,
            #[kalam(rename = "uid")]
            user_id: Uuid,
        }"#,
        expect![[r#"
            user_id: the column of field `user_id` is `uid`
            help: write `uid`
            idd: the table has no column `idd` [KT0605]
            help: did you mean `id`?
            at: key column `at` is nullable [KT0607]
            note: declared here: column `at`
            help: remove the `Option` from the field, or the column from the key
            at: column `at` is in the key twice [KT0606]
            note: first here: `primary_key`
            help: delete one of the two
            score: key column `score` is of type `double` [KT0608]
            note: its type: column `score`
            help: floating-point numbers have no reliable equality: use `decimal(p, s)` or an integer
        "#]],
    );
}

#[test]
fn problems_of_unique_keys() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), unique(at, id))]
        #[kalam(unique(emial, at, at, score), unique(user_id), unique(), unique(id), unique("id", "at"))]
        struct Event {
            id: i64,
            at: Option<TimestampMillis>,
            score: f64,
            email: String,
            #[kalam(rename = "uid")]
            user_id: Uuid,
        }"#,
        expect![[r#"
            user_id: the column of field `user_id` is `uid`
            help: write `uid`
            emial: the table has no column `emial` [KT0605]
            help: did you mean `email`?
            at: column `at` is in the key twice [KT0606]
            note: first here: `unique`
            help: delete one of the two
            score: key column `score` is of type `double` [KT0608]
            note: its type: column `score`
            help: floating-point numbers have no reliable equality: use `decimal(p, s)` or an integer
            unique: the unique key has no columns [KT0603]
            help: name its columns, or delete it
            unique: the unique key has the same columns as the primary key [KT0610]
            note: the primary key: `primary_key`
            help: delete it: a primary key is unique
            unique: the unique key has the same columns as another unique key [KT0610]
            note: the other key: `unique`
            help: delete one of the two: the order of the columns does not matter
        "#]],
    );
}

#[test]
fn problems_of_sources() {
    check(
        r#"#[kalam(table = "app.people", primary_key(id))]
        struct Person {
            id: i64,
            #[kalam(source = "First Name")]
            first_name: String,
            #[kalam(source = "First Name")]
            last_name: String,
            #[kalam(source = "id")]
            other: i64,
            #[kalam(source = "")]
            empty: bool,
        }"#,
        expect![[r#"
            "First Name": two columns have the source `First Name` [KT0211]
            note: first here: column `first_name`
            help: delete one of the two: each column is read from a column of its own
            "id": two columns have the source `id` [KT0211]
            note: the column with this name: column `id`
            help: rename that column, and state its name in files with `source`
            "": the source is empty [KT0210]
            help: write the name of the column in files, or delete `source` if it is the name of the column
        "#]],
    );
}

#[test]
fn problems_of_renames_and_deprecated_columns() {
    check(
        r#"#[kalam(table = "app.people", renamed_from = "users", primary_key(id))]
        struct Person {
            id: i64,
            #[kalam(renamed_from = "name")]
            name: String,
            #[kalam(renamed_from = "name")]
            first_name: String,
            #[kalam(deprecated = "")]
            empty: bool,
        }"#,
        expect![[r#"
            "users": table `users` has no namespace [KT0204]
            help: write `renamed_from = "app.users"`
            "name": column `name` is renamed from its own name [KT0212]
            help: write the earlier name, or delete `renamed_from`
            "name": column `first_name` is renamed from `name`, which is another column [KT0213]
            note: the column with this name: column `name`
            help: write the earlier name, or delete `renamed_from`
            "": the reason is empty [KT0118]
            help: write what to use in place of the column, for example `deprecated = "use title"`, or delete `deprecated`
        "#]],
    );
}

#[test]
fn problems_of_names() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), reserved(names("old")))]
        struct Event {
            id: i64,
            größe: i64,
            #[kalam(rename = "ID")]
            other: i64,
            old: bool,
            #[kalam(rename = "")]
            empty: bool,
        }"#,
        expect![[r#"
            größe: `größe` is not a valid column name [KT0201]
            help: a name consists of letters a to z, digits and `_`, and does not begin with a digit
            help: write `gr__e`
            "ID": columns `id` and `ID` differ only in case [KT0203]
            note: first here: column `id`
            help: rename one of the two: SQL ignores case
            "": the column name is empty [KT0201]
            help: a name consists of letters a to z, digits and `_`, and does not begin with a digit
            old: the name `old` is reserved [KT0205]
            note: a dropped column had this name: `reserved`
            help: choose another name for the column
        "#]],
    );
}

#[test]
fn problems_of_ids() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), reserved(ids(2, 7)))]
        struct Event {
            #[kalam(id = 1)]
            id: i64,
            #[kalam(id = 1)]
            a: i64,
            #[kalam(id = 2)]
            b: i64,
            #[kalam(id = 0)]
            c: i64,
        }"#,
        expect![[r#"
            1: id 1 is used twice [KT0302]
            note: first here: column `id`
            help: the next free id is 8
            2: id 2 is reserved [KT0303]
            note: a dropped column had this id: `reserved`
            help: the next free id is 9
            0: id 0 is out of range: ids are from 1 to 2147483447 [KT0301]
            help: the next free id is 10
        "#]],
    );
}

#[test]
fn ids_of_some_columns() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            #[kalam(id = 4)]
            id: i64,
            a: i64,
            #[kalam(rename = "bb")]
            b: i64,
        }"#,
        expect![[r#"
            a: `a` and `bb` have no id, but other columns do
            help: write `#[kalam(id = 5)]` and so on, or remove the ids of all columns
        "#]],
    );
}

#[test]
fn reserved_ids_of_columns_in_order() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), reserved(ids(7)))]
        struct Event { id: i64 }"#,
        expect![[r#"
            7: ids are reserved, but no column has an explicit id
            help: write `#[kalam(id = ..)]` on each field: a column keeps its id when another is dropped
        "#]],
    );
}

#[test]
fn types_that_a_field_cannot_hold() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            #[kalam(type = "text")]
            id: i64,
            #[kalam(type = "int")]
            name: Option<String>,
            #[kalam(type = "enum('new', 'done')")]
            status: &'static str,
            #[kalam(type = "timestamp")]
            at: i32,
            #[kalam(type = "decimal(12, 2)")]
            price: Decimal<10, 2>,
            #[kalam(type = "struct<#20 a: int>")]
            place: [u8; 4],
            #[kalam(type = "list<#21 text>")]
            tags: std::string::String,
        }"#,
        expect![[r#"
            i64: `i64` cannot hold `text`
            help: write `String`
            String: `String` cannot hold `int`
            help: write `Option<i32>`
            &'static str: `&'static str` cannot hold `enum('new', 'done')`
            help: derive `KalamValue` on an enum with the labels `new` and `done`, and write its name
            i32: `i32` cannot hold `timestamp`
            help: write `Timestamp<Micros>`
            Decimal<10, 2>: `Decimal<10, 2>` cannot hold `decimal(12, 2)`
            help: write `Decimal<12, 2>`
            [u8; 4]: `[u8; 4]` cannot hold `struct<#20 a: int>`
            help: derive `KalamValue` on a type for it, and write its name
            std::string::String: `std::string::String` cannot hold `list<#21 text>`
            help: write `Vec<String>`
        "#]],
    );
}

#[test]
fn types_that_no_column_can_hold() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            #[kalam(type = "varchar")]
            id: String,
            #[kalam(type = "text null")]
            name: String,
            #[kalam(type = "list<text>")]
            tags: Vec<String>,
            price: Decimal<40, 2>,
            hash: [u8; 0],
        }"#,
        expect![[r#"
            "varchar": unknown type `varchar` [KT0401]
            help: did you mean `text`?
            "text null": `null` is not part of a column type [KT0402]
            help: delete it, and let the field be an `Option`
            "list<text>": the nested field has no id [KT0305]
            help: write `type = "list<#6 text>"`
            Decimal<40, 2>: a decimal has at most 38 digits [KT0404]
            help: in `Decimal<P, S>`, `P` is from 1 to 38 and `S` from 0 to `P`: for example `Decimal<10, 2>`
            [u8; 0]: the `n` of `bytes(n)` is from 1 to 1048576 [KT0405]
            help: write `bytes` for any length
        "#]],
    );
}

#[test]
fn bare_integers_in_time_columns() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            id: i64,
            #[kalam(type = "timestamp")]
            created: i64,
            #[kalam(type = "time")]
            opens: Option<i64>,
            #[kalam(type = "datetime", unit = "millis")]
            changed: i64,
            #[kalam(type = "timestamp(ms)", unit = "ms")]
            seen: i64,
        }"#,
        expect![[r#"
            i64: `i64` in a `timestamp` column needs a unit
            help: write `#[kalam(type = "timestamp", unit = "ms")]`
            help: or change the type of the field to `Timestamp<Millis>`
            i64: `i64` in a `time` column needs a unit
            help: write `#[kalam(type = "time", unit = "ms")]`
            help: or change the type of the field to `Option<TimeOfDay<Millis>>`
            "millis": unknown unit `millis` [KT0110]
            help: did you mean `ms`?
        "#]],
    );
}

#[test]
fn units_on_the_wrong_fields() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            #[kalam(unit = "ms")]
            id: i64,
            #[kalam(unit = "ms")]
            name: String,
            #[kalam(unit = "us")]
            at: TimestampMillis,
            #[kalam(unit = "us")]
            status: Status,
            #[kalam(type = "bigint", unit = "us")]
            n: i64,
        }"#,
        expect![[r#"
            "ms": `unit` requires a time, and `i64` is a `bigint`
            help: write `type = "timestamp", unit = "ms"`
            "ms": `String` cannot have a unit
            help: delete `unit`: only a bare `i64` needs it
            "us": `TimestampMillis` already has a unit
            help: delete `unit`: only a bare `i64` needs it
            "us": `Status` cannot have a unit
            help: delete `unit`: only a bare `i64` needs it
            "us": a column of type `bigint` has no unit
            help: delete it: only `timestamp`, `datetime` and `time` have one
        "#]],
    );
}

#[test]
fn problems_of_defaults() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            #[kalam(default = 1)]
            id: Id,
            #[kalam(default = 300)]
            small: u8,
            #[kalam(default = 5)]
            name: String,
            #[kalam(default = "now()")]
            when: Moment,
            #[kalam(default = "2024-05-27")]
            at: TimestampMillis,
            #[kalam(default = "x")]
            raw: Vec<u8>,
            #[kalam(default = "nwo()")]
            seen: TimestampMillis,
        }"#,
        expect![[r#"
            "now()": `now()` is a call or a text, depending on the column type
            help: add `type = "datetime"`
            1: key column `id` has a default [KT0505]
            help: delete it: every row brings its own key
            300: the default is out of range: `utinyint` is from 0 to 255 [KT0502]
            help: choose a value within the range
            5: the default is an integer, the column is of type `text` [KT0501]
            help: write it in quotes: `default = "5"`
            "2024-05-27": the default is a date, the column is of type `timestamp` [KT0501]
            help: write for example `default = "2024-05-27T07:30:00"`
            "x": a column of type `bytes` cannot have a default [KT0506]
            help: delete it; let the field be an `Option` if an insert may leave it out
            "nwo()": unknown function `nwo` [KT0503]
            help: did you mean `default = "now()"`?
        "#]],
    );
}

#[test]
fn helps_about_defaults_are_in_rust() {
    check(
        r##"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            id: i64,
            #[kalam(type = "json", default = "{")]
            data: String,
            #[kalam(default = 1e39)]
            score: f32,
            #[kalam(default = 1.5)]
            price: Decimal<10, 2>,
            #[kalam(default = "1.505")]
            fee: Decimal<10, 2>,
            #[kalam(default = true)]
            day: Date,
            #[kalam(default = "2024-05-27 07:30:00.250")]
            at: TimestampMillis,
            #[kalam(default = "2024-05-27T07:30:00.0005")]
            late: TimestampMillis,
        }"##,
        expect![[r##"
            "{": the default is not valid JSON: EOF while parsing an object at character 1 [KT0507]
            help: write JSON: `default = r#"{"a": 1}"#`, or `r#""text""#` for a text
            1e39: the default is larger than a `float` can be [KT0502]
            help: choose a smaller value
            1.5: the default is a float, the column is of type `decimal` [KT0501]
            help: a float is not exact: write `default = "1.5"`
            "1.505": the default has more than 2 digits after the point [KT0509]
            help: round it, or raise the scale: `decimal(10, 2)` has 2
            true: the default is a boolean, the column is of type `date` [KT0501]
            help: write for example `default = "2024-05-27"`
            "2024-05-27T07:30:00.0005": the default is more precise than the column, which counts in `ms` [KT0509]
            help: leave out the digits that the column cannot hold, or choose a type with a finer unit
        "##]],
    );
}

#[test]
fn defaults_that_fit() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            id: i64,
            #[kalam(default = -5)]
            small: i8,
            #[kalam(default = "2024-05-27")]
            day: Date,
            #[kalam(default = "2024-05-27T07:30:00")]
            at: TimestampMillis,
            #[kalam(type = "datetime", default = "2024-05-27T07:30:00Z", unit = "s")]
            seen: i64,
            #[kalam(type = "datetime", default = "now()")]
            changed: Option<DateTime<Utc>>,
            #[kalam(default = 1.5)]
            score: Option<f32>,
            #[kalam(default = "new")]
            status: Status,
            #[kalam(default = "1.50")]
            price: Decimal<10, 2>,
            #[kalam(default = true)]
            open: bool,
        }"#,
        expect![[r#"
            no problems
        "#]],
    );
}

#[test]
fn nested_ids_without_effect() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            #[kalam(nested_ids = 20)]
            id: i64,
            #[kalam(nested_ids = 20, type = "list<#20 text>")]
            tags: Vec<String>,
            #[kalam(nested_ids = -1)]
            labels: Vec<String>,
        }"#,
        expect![[r#"
            20: `nested_ids` has nothing to number
            help: delete it: the type has no nested fields
            20: `nested_ids` has nothing to number
            help: delete it: `type` contains the ids
            -1: ids are from 1 to 2147483447
            help: `nested_ids` is the number above which the ids inside the column begin
        "#]],
    );
}

#[test]
fn option_in_an_option() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event { id: i64, name: Option<std::option::Option<String>> }"#,
        expect![[r#"
            Option<std::option::Option<String>>: a column cannot hold an `Option` in an `Option`
            help: write `Option<String>`
        "#]],
    );
}

#[test]
fn view_of_a_struct_that_borrows() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), view = Seen)]
        struct Event<'a> { id: i64, name: &'a str }"#,
        expect![[r#"
            Seen: `Event` borrows, so it has no view
            help: delete `view`, or use owned types for the fields
        "#]],
    );
}

#[test]
fn zones_and_characters_are_checked_as_in_files() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event {
            id: i64,
            #[kalam(type = "timestamp(us, 'utc')")]
            at: TimestampMicros,
            #[kalam(type = "arrow:LargeList(Timestamp(s, \"GMT+2\"))")]
            times: AnyValue,
            #[kalam(default = "\u{0}")]
            title: String,
            #[kalam(default = "\u{1b}[0m")]
            inferred: Title,
            #[doc = "A \u{1b} character"]
            note: String,
        }"#,
        expect![[r##"
            #[doc = "A \u{1b} character"]: the comment contains U+001B, a control character [KT0117]
            help: delete the character: text contains no control characters except tabs and line breaks
            "timestamp(us, 'utc')": `utc` is not a time zone [KT0408]
            help: did you mean `'UTC'`?
            "arrow:LargeList(Timestamp(s, \"GMT+2\"))": `GMT+2` is not a time zone [KT0408]
            help: did you mean `"+02:00"`?
            "\u{0}": the default contains U+0000, a control character [KT0117]
            help: delete the character: text contains no control characters except tabs and line breaks
            "\u{1b}[0m": the default contains U+001B, a control character [KT0117]
            help: delete the character: text contains no control characters except tabs and line breaks
        "##]],
    );
}

#[test]
fn names_of_provided_tables_are_rejected() {
    for name in [
        "system.jobs",
        "kalamtable.tables",
        "information_schema.tables",
    ] {
        let input =
            format!("#[kalam(table = \"{name}\", primary_key(id))] struct Job {{ id: i64 }}");
        let problems = problems(table_tokens(&input, Path::new("")));
        assert!(problems.starts_with(&format!("\"{name}\": ")), "{problems}");
        assert!(problems.contains("[KT0208]"), "{problems}");
    }
    // The crates of this library, which provide the tables, are their own runtime.
    check(
        r#"#[kalam(table = "kalamtable.tables", primary_key(id), crate = crate)] struct Job { id: i64 }"#,
        expect![[r#"
            no problems
        "#]],
    );
}

#[test]
fn names_that_need_quotes_are_warnings_of_the_compiler() {
    let input = r#"#[kalam(table = "app.events", primary_key(id))]
        struct Event { id: i64, order: String, #[kalam(rename = "userId")] user_id: i64 }"#;
    expect![[r##"
        #[deprecated(
            note = "SQL accepts `order` only in quotes [KT0209]\nhelp: write `\"order\"` in queries, or choose a name that is not a keyword"
        )]
        #[deprecated(
            note = "SQL accepts `userId` only in quotes [KT0209]\nhelp: write `\"userId\"` in queries, or rename it to `user_id`: SQL reads names without quotes in lower case"
        )]
    "##]].assert_eq(&items(
        table_tokens(input, Path::new("")),
        &["#[deprecated"],
    ));
    let allowed = format!("#[allow(missing_docs, deprecated)] {input}");
    assert_eq!(
        items(table_tokens(&allowed, Path::new("")), &["#[deprecated"]),
        ""
    );
}
