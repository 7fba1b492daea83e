// SPDX-License-Identifier: Apache-2.0

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};

use super::{items, problems, table_tokens};

const JOBS: &str = r#"name = "app.jobs"
comment = "Background jobs"
primary_key = ["job_id"]

[columns]
job_id     = { id = 1, type = "text", comment = "Identifies the job" }
status     = { id = 2, type = "enum('new', 'done')" }
message    = { id = 3, type = "text", nullable = true }
retries    = { id = 4, type = "smallint" }
created_at = { id = 5, type = "timestamp", unit = "ms" }
ended_at   = { id = 6, type = "datetime", nullable = true }
tags       = { id = 7, type = "list<#8 text>" }
"#;

/// Checks the problems of a struct with `fields` as a row of [`JOBS`].
fn check(fields: &str, expected: Expect) {
    let input = format!("#[kalam(schema = \"schemas/jobs.toml\")] struct Job {{ {fields} }}");
    check_with(Some(JOBS), &input, expected);
}

fn check_with(file: Option<&str>, input: &str, expected: Expect) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), file);
    expected.assert_eq(&problems(table_tokens(input, folder.path())));
}

fn write(folder: &Path, file: Option<&str>) {
    if let Some(text) = file {
        fs::create_dir(folder.join("schemas")).unwrap();
        fs::write(folder.join("schemas/jobs.toml"), text).unwrap();
    }
}

#[test]
fn row_in_another_order_fits() {
    check(
        r#"
        tags: Vec<String>,
        #[kalam(unit = "ms")]
        created_at: i64,
        ended_at: Option<TimestampMicros>,
        #[kalam(rename = "job_id")]
        id: String,
        status: Status,
        message: Option<Box<str>>,
        retries: i16,
        #[kalam(skip)]
        cache: Cache,
        "#,
        expect![[r#"
            no problems
        "#]],
    );
}

#[test]
fn missing_misspelled_and_additional_fields() {
    check(
        r#"
        job_id: String,
        stauts: Status,
        mesage: Option<String>,
        #[kalam(rename = "retrys")]
        retries: i16,
        owner: String,
        "#,
        expect![[r#"
            stauts: `app.jobs` has no column `stauts`
            help: did you mean `status` in schemas/jobs.toml:7?
            mesage: `app.jobs` has no column `mesage`
            help: did you mean `message` in schemas/jobs.toml:8?
            "retrys": `app.jobs` has no column `retrys`
            help: did you mean `retries` in schemas/jobs.toml:9?
            owner: `app.jobs` has no column `owner`
            help: describe it in schemas/jobs.toml, or write `#[kalam(skip)]` for a field that is not a column
            Job: `Job` has no field for columns `created_at`, `ended_at` and `tags` of `app.jobs`
            help: add
                created_at: Timestamp<Millis>, // schemas/jobs.toml:10: timestamp
                ended_at: Option<Timestamp<Micros>>, // schemas/jobs.toml:11: datetime
                tags: Vec<String>, // schemas/jobs.toml:12: list<#8 text>
        "#]],
    );
}

#[test]
fn one_column_twice() {
    check(
        r#"
        job_id: String,
        status: Status,
        message: Option<String>,
        #[kalam(rename = "message")]
        text: Option<String>,
        retries: i16,
        created_at: TimestampMillis,
        ended_at: Option<TimestampMicros>,
        tags: Vec<String>,
        "#,
        expect![[r#"
            "message": field `message` is column `message` as well
            help: delete one of the two, or rename one
        "#]],
    );
}

#[test]
fn nullability_that_differs() {
    check(
        r#"
        job_id: Option<String>,
        status: Option<Status>,
        message: String,
        retries: Option<i32>,
        created_at: TimestampMillis,
        ended_at: Timestamp<Micros>,
        tags: Vec<String>,
        "#,
        expect![[r#"
            Option<String>: column `job_id` is not nullable, but the field is
            help: schemas/jobs.toml:6 does not have `nullable = true`: write `String`
            Option<Status>: column `status` is not nullable, but the field is
            help: schemas/jobs.toml:7 does not have `nullable = true`: write `Status`
            String: column `message` is nullable, but the field is not
            help: schemas/jobs.toml:8 has `nullable = true`: write `Option<String>`
            Option<i32>: column `retries` is not nullable, but the field is
            help: schemas/jobs.toml:9 does not have `nullable = true`: write `i16`
            i32: `i32` cannot hold column `retries`
            help: schemas/jobs.toml:9 has `smallint`: write `i16`
            Timestamp<Micros>: column `ended_at` is nullable, but the field is not
            help: schemas/jobs.toml:11 has `nullable = true`: write `Option<Timestamp<Micros>>`
        "#]],
    );
}

#[test]
fn types_that_differ() {
    check(
        r#"
        job_id: Uuid,
        status: String,
        message: Option<Vec<u8>>,
        retries: i32,
        created_at: i32,
        ended_at: Option<Date>,
        tags: String,
        "#,
        expect![[r#"
            Uuid: `Uuid` cannot hold column `job_id`
            help: schemas/jobs.toml:6 has `text`: write `String`
            String: `String` cannot hold column `status`
            help: schemas/jobs.toml:7 has `enum('new', 'done')`: derive `KalamValue` on an enum with the labels `new` and `done`, and write its name
            Vec<u8>: `Vec<u8>` cannot hold column `message`
            help: schemas/jobs.toml:8 has `text`: write `Option<String>`
            i32: `i32` cannot hold column `retries`
            help: schemas/jobs.toml:9 has `smallint`: write `i16`
            i32: `i32` cannot hold column `created_at`
            help: schemas/jobs.toml:10 has `timestamp`: write `Timestamp<Millis>`
            Date: `Date` cannot hold column `ended_at`
            help: schemas/jobs.toml:11 has `datetime`: write `Option<Timestamp<Micros>>`
            String: `String` cannot hold column `tags`
            help: schemas/jobs.toml:12 has `list<#8 text>`: write `Vec<String>`
        "#]],
    );
}

#[test]
fn units_that_differ() {
    check(
        r#"
        job_id: String,
        status: Status,
        #[kalam(unit = "ms")]
        message: Option<String>,
        #[kalam(unit = "ms")]
        retries: i16,
        created_at: i64,
        #[kalam(unit = "s")]
        ended_at: Option<i64>,
        tags: Vec<String>,
        "#,
        expect![[r#"
            "ms": column `message` has no unit
            help: delete it: schemas/jobs.toml:8 has `text`
            "ms": column `retries` has no unit
            help: delete it: schemas/jobs.toml:9 has `smallint`
            i64: `i64` has no unit, but column `created_at` has one
            help: schemas/jobs.toml:10 has `unit = "ms"`: write `#[kalam(unit = "ms")]`, or use type `Timestamp<Millis>`
            "s": column `ended_at` counts in `us`
            help: schemas/jobs.toml:11 has `datetime`: write `unit = "us"`
        "#]],
    );
    check(
        r#"
        job_id: String,
        status: Status,
        message: Option<String>,
        retries: i16,
        created_at: TimestampMicros,
        #[kalam(unit = "us")]
        ended_at: Option<TimestampMicros>,
        #[kalam(unit = "us")]
        tags: Vec<String>,
        "#,
        expect![[r#"
            TimestampMicros: `TimestampMicros` counts in `us`, but column `created_at` in `ms`
            help: schemas/jobs.toml:10 has `unit = "ms"`: write `Timestamp<Millis>`
            "us": `TimestampMicros` already has a unit
            help: delete `unit`: only a bare `i64` needs it
            "us": column `tags` has no unit
            help: delete it: schemas/jobs.toml:12 has `list<#8 text>`
        "#]],
    );
}

#[test]
fn keys_that_conflict_with_schema() {
    check(
        r#"
        #[kalam(id = 1, comment = "x", rename = "job_id")]
        job: String,
        #[kalam(type = "enum('a')", default = "new", nested_ids = 4)]
        status: Status,
        message: Option<String>,
        retries: i16,
        created_at: TimestampMillis,
        ended_at: Option<TimestampMicros>,
        tags: Vec<String>,
        "#,
        expect![[r#"
            id: `id` cannot be combined with `schema`
            help: delete it: schemas/jobs.toml:6 describes the column
            comment: `comment` cannot be combined with `schema`
            help: delete it: schemas/jobs.toml:6 describes the column
            type: `type` cannot be combined with `schema`
            help: delete it: schemas/jobs.toml:7 describes the column
            default: `default` cannot be combined with `schema`
            help: delete it: schemas/jobs.toml:7 describes the column
            nested_ids: `nested_ids` cannot be combined with `schema`
            help: delete it: schemas/jobs.toml:7 describes the column
        "#]],
    );
}

#[test]
fn missing_file() {
    let input = r#"#[kalam(schema = "schemas/jobs.toml")] struct Job { id: i64 }"#;
    check_with(
        None,
        input,
        expect![[r#"
            "schemas/jobs.toml": file `schemas/jobs.toml` does not exist
            help: write the path relative to the folder of `Cargo.toml`
        "#]],
    );
    let input = r#"#[kalam(schema = "/schemas/jobs.toml")] struct Job { id: i64 }"#;
    check_with(
        None,
        input,
        expect![[r#"
        "/schemas/jobs.toml": `/schemas/jobs.toml` is an absolute path
        help: write the path relative to the folder of `Cargo.toml`
    "#]],
    );
    let input = r#"#[kalam(schema = "schemas")] struct Job { id: i64 }"#;
    check_with(
        Some(""),
        input,
        expect![[r#"
        "schemas": `schemas` cannot be read: not a regular file
        help: write the path relative to the folder of `Cargo.toml`
    "#]],
    );
}

#[test]
fn file_with_problems() {
    check_with(
        Some("name = \"app.jobs\"\n[columns]\nid = { id = 1, type = \"txt\" }\n"),
        r#"#[kalam(schema = "schemas/jobs.toml")] struct Job { id: i64 }"#,
        expect![[r#"
            "schemas/jobs.toml": `schemas/jobs.toml` is not a valid definition

            error[KT0601]: the table has no primary key and no reason for having none
             --> schemas/jobs.toml:1:8
              |
            1 | name = "app.jobs"
              |        ^^^^^^^^^^
              |
              = help: write `primary_key = [".."]`, or `no_primary_key = "why"`

            error[KT0401]: unknown type `txt`
             --> schemas/jobs.toml:3:24
              |
            3 | id = { id = 1, type = "txt" }
              |                        ^^^
              |
              = help: did you mean `text`?

            help: correct the file
        "#]],
    );
}

#[test]
fn file_that_is_too_large() {
    let text = " ".repeat(1024 * 1024 + 1);
    let input = r#"#[kalam(schema = "schemas/jobs.toml")] struct Job { id: i64 }"#;
    check_with(
        Some(&text),
        input,
        expect![[r#"
        "schemas/jobs.toml": `schemas/jobs.toml`: the file has 1048577 bytes, more than the maximum of 1048576
        help: name a file that describes one table
    "#]],
    );
}

#[test]
fn output_combines_file_and_struct() {
    let folder = tempfile::tempdir().unwrap();
    let file = r#"name = "app.jobs"
no_primary_key = "a log"
[columns]
status = { id = 2, type = "enum('new', 'done')", comment = "How far it is" }
at     = { id = 1, type = "time", unit = "s", nullable = true }
"#;
    write(folder.path(), Some(file));
    let tokens = table_tokens(
        r#"#[kalam(schema = "schemas/jobs.toml", view = JobSeen, crate = kalamtable_rows)]
        pub struct Job {
            #[kalam(unit = "s")]
            at: Option<i64>,
            status: Status,
        }"#,
        folder.path(),
    );
    let starts = [
        "pub struct JobSeen",
        "name: __kalam",
        "fn append",
        "fn read(",
        "const _: &str",
        "const INFERRED",
        "const EXPECTED",
        "__kalam::assert",
    ];
    expect![[r#"
        pub struct JobSeen<'a>
        where
            Status: kalamtable_rows::__private::OwnedElement,
        {
            /// How far it is
            status: <Status as kalamtable_rows::__private::OwnedElement>::View<'a>,
            /// Column `at`.
            at: <kalamtable_rows::__private::Option<
                kalamtable_rows::__private::TimeOfDay<kalamtable_rows::__private::Seconds>,
            > as kalamtable_rows::__private::OwnedElement>::View<'a>,
        }
        name: __kalam::model::TableName {
            namespace: __kalam::model::Shared::Static("app"),
            table: __kalam::model::Shared::Static("jobs"),
        },
        name: __kalam::model::Shared::Static("status"),
        name: __kalam::model::Shared::Static("at"),
        fn append(
            rows: &[&Self],
            position: usize,
            column: &mut __kalam::ColumnBuilder,
        ) -> __kalam::Result<(), __kalam::ValueError> {
            match position {
                0 => {
                    column
                        .append::<
                            Status,
                            _,
                        >(rows, |row| __kalam::Element::cell(&row.status))
                }
                1 => {
                    column
                        .append::<
                            __kalam::Option<__kalam::TimeOfDay<__kalam::Seconds>>,
                            _,
                        >(rows, |row| row.at)
                }
                _ => column.missing(),
            }
        }
        fn read(
            readers: &<Self as __kalam::FromArrow>::Readers,
            range: __kalam::Range<usize>,
            rows: &mut __kalam::Vec<Self>,
        ) -> __kalam::Result<(), __kalam::RowError> {
            let (c0, c1) = readers;
            for row in range {
                rows.push(Job {
                    status: c0.read(row)?,
                    at: c1.read(row)?.map(|value| value.get()),
                });
            }
            __kalam::Result::Ok(())
        }
        const _: &str = include_str!(
            concat!(env!("CARGO_MANIFEST_DIR"), "/", "schemas/jobs.toml")
        );
        const INFERRED: &__kalam::model::ColumnType = &<Status as __kalam::TypeAt<
            __kalam::FixedBase<{ 0 }>,
        >>::TYPE;
        const EXPECTED: &__kalam::model::ColumnType = &__kalam::model::ColumnType::Enum(
            __kalam::model::Shared::Static(
                &[
                    __kalam::model::Shared::Static("new"),
                    __kalam::model::Shared::Static("done"),
                ],
            ),
        );
        __kalam::assert_holds(
            INFERRED,
            EXPECTED,
            "`Status` cannot hold column `status` of `app.jobs`: schemas/jobs.toml:4 has `enum('new', 'done')`\nhelp: its labels must be `new` and `done`",
        );
    "#]].assert_eq(&items(tokens, &starts));
}
