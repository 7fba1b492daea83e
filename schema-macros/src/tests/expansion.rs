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
        expect![[r#"
            pub struct EventView<'a> {
                /// Identifies it.
                pub id: <i64 as ::kalamtable::__private::OwnedElement>::View<'a>,
                /// Column `type`.
                pub(crate) r#type: <Option<
                    String,
                > as ::kalamtable::__private::OwnedElement>::View<'a>,
            }
        "#]],
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
        expect![[r#"
            at: <::kalamtable::__private::Timestamp<
                ::kalamtable::__private::Millis,
            > as ::kalamtable::__private::OwnedElement>::View<'a>,
            daily: <::kalamtable::__private::Option<
                ::kalamtable::__private::TimeOfDay<::kalamtable::__private::Seconds>,
            > as ::kalamtable::__private::OwnedElement>::View<'a>,
            fn append(
                rows: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append::<
                                __kalam::Timestamp<__kalam::Millis>,
                                _,
                            >(rows, |row| row.at)
                    }
                    1 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::TimeOfDay<__kalam::Seconds>>,
                                _,
                            >(rows, |row| row.daily)
                    }
                    _ => column.missing(),
                }
            }
            fn readers(
                columns: &__kalam::Columns<'_>,
            ) -> __kalam::Result<<Self as __kalam::FromArrow>::Readers, __kalam::RowError> {
                let mut readers = __kalam::ReadersBuilder::new(columns);
                readers.add::<__kalam::Timestamp<__kalam::Millis>>();
                readers.add::<__kalam::Option<__kalam::TimeOfDay<__kalam::Seconds>>>();
                let mut readers = readers.finish()?;
                __kalam::Result::Ok((
                    readers.take::<__kalam::Timestamp<__kalam::Millis>>(),
                    readers.take::<__kalam::Option<__kalam::TimeOfDay<__kalam::Seconds>>>(),
                ))
            }
            fn read(
                readers: &<Self as __kalam::FromArrow>::Readers,
                range: __kalam::Range<usize>,
                rows: &mut __kalam::Vec<Self>,
            ) -> __kalam::Result<(), __kalam::RowError> {
                let (c0, c1) = readers;
                for row in range {
                    rows.push(Event {
                        at: c0.read(row)?.get(),
                        daily: c1.read(row)?.map(|value| value.get()),
                    });
                }
                __kalam::Result::Ok(())
            }
            type Prefix = (__kalam::Option<i64>,);
            fn read_prefixes(
                batch: &__kalam::RecordBatch,
                count: usize,
            ) -> __kalam::Result<
                __kalam::Vec<<Self as __kalam::RowKey>::Prefix>,
                __kalam::RowError,
            > {
                let columns = __kalam::Columns::by_name(&TABLE, batch);
                let c0 = __kalam::KeyReader::<
                    __kalam::Timestamp<__kalam::Millis>,
                >::try_new(&columns, 0, 0, count)?;
                let mut prefixes = __kalam::Vec::with_capacity(batch.num_rows());
                for row in 0..batch.num_rows() {
                    prefixes.push((c0.read(row)?.map(|value| value.get()),));
                }
                __kalam::Result::Ok(prefixes)
            }
            type Key<'a> = i64;
        "#]],
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
        expect![[r#"
            fn read(
                readers: &<Self as __kalam::FromArrow>::Readers,
                range: __kalam::Range<usize>,
                rows: &mut __kalam::Vec<Self>,
            ) -> __kalam::Result<(), __kalam::RowError> {
                let (c0,) = readers;
                for row in range {
                    rows.push(Event {
                        id: c0.read(row)?,
                        cache: __kalam::skipped(),
                    });
                }
                __kalam::Result::Ok(())
            }
            const HAS_SKIPPED: bool = true;
            fn keep_skipped(&mut self, mut before: Self) {
                __kalam::swap(&mut self.cache, &mut before.cache);
            }
        "#]],
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
        expect![[r#"
            struct EventView<'a>
            where
                EventId: kalamtable_rows::__private::OwnedElement,
                Status: kalamtable_rows::__private::OwnedElement,
                Option<Vec<String>>: kalamtable_rows::__private::OwnedElement,
                serde_json::Value: kalamtable_rows::__private::OwnedElement,
            {
                /// Column `id`.
                id: <EventId as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `status`.
                status: <Status as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `more`.
                more: <Option<Vec<String>> as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `data`.
                data: <serde_json::Value as kalamtable_rows::__private::OwnedElement>::View<'a>,
            }
            impl<'a> ::core::fmt::Debug for EventView<'a>
            where
                EventId: kalamtable_rows::__private::OwnedElement,
                Status: kalamtable_rows::__private::OwnedElement,
                Option<Vec<String>>: kalamtable_rows::__private::OwnedElement,
                serde_json::Value: kalamtable_rows::__private::OwnedElement,
            {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct("EventView")
                        .field("id", &self.id)
                        .field("status", &self.status)
                        .field("more", &self.more)
                        .field("data", &self.data)
                        .finish()
                }
            }
            ty: <EventId as __kalam::TypeAt<__kalam::FixedBase<{ 4 }>>>::TYPE,
            ty: <Status as __kalam::TypeAt<
                __kalam::FixedBase<{ 4 + <EventId as __kalam::HasType>::IDS }>,
            >>::TYPE,
            ty: <Vec<
                String,
            > as __kalam::TypeAt<__kalam::FixedBase<{ 40 }>>>::TYPE,
            ty: __kalam::model::ColumnType::Json,
            type Key<'a> = &'a EventId;
            const TYPE: &__kalam::model::ColumnType = &<EventId as __kalam::TypeAt<
                __kalam::FixedBase<{ 4 }>,
            >>::TYPE;
            __kalam::assert_type(
                TYPE,
                "column `id` of `app.events` has an invalid type\nhelp: keys of maps are text, integers, decimals, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest at most 16 levels deep",
            );
            const TYPE: &__kalam::model::ColumnType = &<EventId as __kalam::TypeAt<
                __kalam::FixedBase<{ 4 }>,
            >>::TYPE;
            __kalam::assert_key(
                TYPE,
                "column `id` of `app.events` cannot be part of the primary key\nhelp: remove it: a key consists of booleans, integers, decimals, text, bytes, times, uuids and enums",
            );
            const TYPE: &__kalam::model::ColumnType = &<Status as __kalam::TypeAt<
                __kalam::FixedBase<{ 4 + <EventId as __kalam::HasType>::IDS }>,
            >>::TYPE;
            __kalam::assert_type(
                TYPE,
                "column `status` of `app.events` has an invalid type\nhelp: keys of maps are text, integers, decimals, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest at most 16 levels deep",
            );
            const TYPE: &__kalam::model::ColumnType = &<Status as __kalam::TypeAt<
                __kalam::FixedBase<{ 4 + <EventId as __kalam::HasType>::IDS }>,
            >>::TYPE;
            const DEFAULT: &__kalam::model::Literal = &__kalam::model::Literal::Text(
                __kalam::model::Shared::Static("new"),
            );
            __kalam::assert_default(
                TYPE,
                DEFAULT,
                "the default of column `status` of `app.events` is not a value of its type\nhelp: write `true`, a number or a text that `Status` can hold; lists, maps and bytes have no default: change the type of the field to an `Option`",
            );
            const TYPE: &__kalam::model::ColumnType = &<Vec<
                String,
            > as __kalam::TypeAt<__kalam::FixedBase<{ 40 }>>>::TYPE;
            __kalam::assert_type(
                TYPE,
                "column `more` of `app.events` has an invalid type\nhelp: keys of maps are text, integers, decimals, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest at most 16 levels deep",
            );
            const INFERRED: &__kalam::model::ColumnType = &<serde_json::Value as __kalam::TypeAt<
                __kalam::FixedBase<{ 0 }>,
            >>::TYPE;
            __kalam::assert_holds(
                INFERRED,
                EXPECTED,
                "`serde_json::Value` cannot hold column `data` of `app.events`, which is `json`\nhelp: write `String`",
            );
            const _: () = __kalam::assert_unique_ids(
                &DEFINITION,
                1,
                "an id inside column `id` of `app.events` is used by another column or reserved\nhelp: set `nested_ids` to the number above which the ids inside it begin",
            );
            const _: () = __kalam::assert_unique_ids(
                &DEFINITION,
                2,
                "an id inside column `status` of `app.events` is used by another column or reserved\nhelp: set `nested_ids` to the number above which the ids inside it begin",
            );
            const _: () = __kalam::assert_unique_ids(
                &DEFINITION,
                3,
                "an id inside column `more` of `app.events` is used by another column or reserved\nhelp: set `nested_ids` to the number above which the ids inside it begin",
            );
        "#]],
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
        expect![[r#"
            static KEY: [usize; 1usize] = [1 + <Audit as __kalam::Fields>::COUNT];
            static COLUMNS: [__kalam::model::Column; 2
                + <Audit as __kalam::Fields>::COUNT] = __kalam::join_columns(
                &[
                    OWN.split_at(1usize).0.split_at(0usize).1,
                    <Audit as __kalam::FieldsAt<__kalam::FixedBase<{ 100 }>>>::COLUMNS,
                    OWN.split_at(2usize).0.split_at(1usize).1,
                ],
            );
            fn append(
                rows: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                const P1: usize = 1;
                const P2: usize = 1 + <Audit as __kalam::Fields>::COUNT;
                match position {
                    0 => column.append::<i64, _>(rows, |row| __kalam::Element::cell(&row.id)),
                    P1.. if position - P1 < <Audit as __kalam::Fields>::COUNT => {
                        column
                            .append_field::<Audit, _>(rows, |row| &row.audit, position - P1)
                    }
                    P2 => {
                        column
                            .append::<i64, _>(rows, |row| __kalam::Element::cell(&row.last))
                    }
                    _ => column.missing(),
                }
            }
            const _: () = __kalam::assert_flattened(
                &DEFINITION,
                <Audit as __kalam::FieldsAt<__kalam::FixedBase<{ 0 }>>>::COLUMNS,
                "a column of `audit` has a name, a source or an id that is reserved or belongs to another column of `app.trips`\nhelp: rename it in `Audit`, or set `nested_ids` to the number above which the ids of `audit` begin",
            );
        "#]],
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
        expect![[r#"
            impl<'a> __kalam::ToArrow for Line<'a> {
                const TABLE: &'static __kalam::Table = &TABLE;
                fn append(
                    rows: &[&Self],
                    position: usize,
                    column: &mut __kalam::ColumnBuilder,
                ) -> __kalam::Result<(), __kalam::ValueError> {
                    match position {
                        0 => {
                            column
                                .append::<
                                    &'a str,
                                    _,
                                >(rows, |row| __kalam::Element::cell(&row.text))
                        }
                        1 => {
                            column
                                .append::<
                                    Vec<&'a str>,
                                    _,
                                >(rows, |row| __kalam::Element::cell(&row.words))
                        }
                        _ => column.missing(),
                    }
                }
                fn prefetch(rows: &[&Self]) -> u8 {
                    let mut seen = 0;
                    for row in rows {
                        seen ^= __kalam::Element::prefetch(&row.text);
                        seen ^= __kalam::Element::prefetch(&row.words);
                    }
                    seen
                }
            }
            const TYPE: &__kalam::model::ColumnType = &<Vec<
                &'static str,
            > as __kalam::TypeAt<__kalam::FixedBase<{ 2 }>>>::TYPE;
        "#]],
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
        expect![[r#"
            fn line_is_frozen() {
                ::kalamtable::__private::assert_frozen(
                    <Line<'static> as ::kalamtable::__private::ToArrow>::TABLE,
                    env!("CARGO_MANIFEST_DIR"),
                    "frozen/lines.toml",
                );
            }
        "#]],
    );
}
