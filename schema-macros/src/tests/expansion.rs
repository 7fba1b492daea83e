// SPDX-License-Identifier: Apache-2.0

//! The output of `KalamTable` where it differs from the output for a TOML file: the derived view,
//! times as bare numbers, skipped fields, types that only the compiler knows, borrowed rows and
//! frozen definitions. `same_tokens` covers the rest.

use std::path::Path;

use expect_test::{Expect, expect};

use super::{items, table_tokens};

fn check(input: &str, starts: &[&str], expected: Expect) {
    expected.assert_eq(&items(table_tokens(input, Path::new("")), starts));
}

#[test]
fn view_has_docs_and_visibility_of_the_fields() {
    check(
        r#"
        /// What happened.
        #[kalam(table = "app.events", primary_key(id))]
        pub struct Event {
            /// Identifies it.
            pub id: i64,
            pub(crate) r#type: Option<String>,
        }"#,
        &["pub struct EventView"],
        expect![[""]],
    );
}

#[test]
fn bare_number_is_read_as_units() {
    check(
        r#"
        #[kalam(table = "app.events", primary_key(at))]
        struct Event {
            #[kalam(type = "timestamp", unit = "ms")]
            at: i64,
            #[kalam(type = "time", unit = "s")]
            daily: Option<i64>,
        }"#,
        &[
            "fn append",
            "fn read",
            "type Prefix",
            "type Key<",
            "at: <",
            "daily: <",
        ],
        expect![[""]],
    );
}

#[test]
fn skipped_field_is_kept_by_updates() {
    check(
        r#"
        #[kalam(table = "app.events", primary_key(id))]
        struct Event {
            id: i64,
            #[kalam(skip)]
            cache: Cache,
        }"#,
        &["fn read(", "const HAS_SKIPPED", "fn keep_skipped"],
        expect![[""]],
    );
}

#[test]
fn inferred_types_are_bounds_and_constants() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), crate = kalamtable_rows)]
        struct Event {
            id: EventId,
            #[kalam(default = "new")]
            status: Status,
            #[kalam(nested_ids = 40)]
            more: Option<Vec<String>>,
            #[kalam(type = "json")]
            data: serde_json::Value,
        }"#,
        &[
            "struct EventView",
            "impl<'a> ::core::fmt::Debug",
            "ty: ",
            "type Key<",
            "const _: () = __kalam",
            "const TYPE",
            "const DEFAULT",
            "const INFERRED",
            "__kalam::assert",
        ],
        expect![[""]],
    );
}

#[test]
fn flattened_field_moves_the_positions_of_later_columns() {
    check(
        r#"#[kalam(table = "app.trips", primary_key(last))]
        struct Trip {
            id: i64,
            #[kalam(flatten, nested_ids = 100)]
            audit: Audit,
            last: i64,
        }"#,
        &[
            "fn append",
            "static COLUMNS",
            "static KEY",
            "const _: () = __kalam",
        ],
        expect![[""]],
    );
}

#[test]
fn borrowed_row_is_only_written() {
    check(
        r#"#[kalam(table = "app.lines", no_primary_key = "lines of a log")]
        struct Line<'a> {
            text: &'a str,
            words: Vec<&'a str>,
        }"#,
        &["impl", "struct", "const TYPE"],
        expect![[""]],
    );
}

#[test]
fn frozen_row_has_a_test() {
    check(
        r#"#[kalam(table = "app.lines", no_primary_key = "a log", freeze = "frozen/lines.toml")]
        struct Line<'a> {
            text: &'a str,
        }"#,
        &["fn line_is_frozen"],
        expect![[""]],
    );
}
