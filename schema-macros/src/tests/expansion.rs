// SPDX-License-Identifier: Apache-2.0

use std::path::Path;

use expect_test::{Expect, expect};

use super::expand;

fn check(input: &str, expected: Expect) {
    let output = expand(input, Path::new("")).unwrap_or_else(|error| error.to_string());
    expected.assert_eq(&output);
}

#[test]
fn plain_columns() {
    check(
        r#"
        /// What happened.
        #[kalam(table = "app.events", primary_key(id))]
        pub struct Event {
            /// Identifies it.
            pub id: i64,
            pub(crate) r#type: Option<String>,
            #[kalam(type = "timestamp", unit = "ms", default = "now()")]
            pub at: i64,
            #[kalam(skip)]
            cache: Cache,
        }"#,
        expect![[r##"
            #[allow(dead_code)]
            /// A row of `app.events`, borrowed from a batch.
            #[derive(Clone, Copy, Debug)]
            pub struct EventView<'a> {
                /// Identifies it.
                pub id: <i64 as ::kalamtable::__private::OwnedElement>::View<'a>,
                /// Column `type`.
                pub(crate) r#type: <Option<
                    String,
                > as ::kalamtable::__private::OwnedElement>::View<'a>,
                /// Column `at`.
                pub at: <::kalamtable::__private::Timestamp<
                    ::kalamtable::__private::Millis,
                > as ::kalamtable::__private::OwnedElement>::View<'a>,
            }
            const _: () = {
                use ::kalamtable::__private as __kalam;
                /// What the table is.
                pub static DEFINITION: __kalam::model::TableDefinition = __kalam::model::TableDefinition::from_checked(__kalam::model::TableParts {
                    name: __kalam::model::TableName {
                        namespace: __kalam::model::Shared::Static("app"),
                        table: __kalam::model::Shared::Static("events"),
                    },
                    kind: __kalam::model::TableKind::Shared,
                    ttl_seconds: __kalam::Option::None,
                    access_level: __kalam::Option::Some(__kalam::model::AccessLevel::Private),
                    version: 1u32,
                    comment: __kalam::Option::Some(__kalam::model::Shared::Static("What happened.")),
                    primary_key: __kalam::model::PrimaryKey::Columns(
                        __kalam::model::Shared::Static(&[0usize]),
                    ),
                    unique_keys: __kalam::model::Shared::Static(&[]),
                    row: __kalam::model::Shared::Static("Event"),
                    columns: {
                        static COLUMNS: [__kalam::model::Column; 3usize] = [
                            __kalam::model::Column {
                                id: 1,
                                name: __kalam::model::Shared::Static("id"),
                                ty: __kalam::model::ColumnType::BigInt,
                                nullable: false,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::Some(
                                    __kalam::model::Shared::Static("Identifies it."),
                                ),
                            },
                            __kalam::model::Column {
                                id: 2,
                                name: __kalam::model::Shared::Static("type"),
                                ty: __kalam::model::ColumnType::Text,
                                nullable: true,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                            __kalam::model::Column {
                                id: 3,
                                name: __kalam::model::Shared::Static("at"),
                                ty: __kalam::model::ColumnType::Timestamp {
                                    unit: __kalam::model::TimeUnit::Microsecond,
                                    zone: __kalam::Option::None,
                                },
                                nullable: false,
                                default: __kalam::Option::Some(
                                    __kalam::model::ColumnDefault::Call(
                                        __kalam::model::DefaultFunction::Now,
                                    ),
                                ),
                                unit: __kalam::Option::Some(__kalam::model::TimeUnit::Millisecond),
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                        ];
                        __kalam::model::Shared::Static(&COLUMNS)
                    },
                    reserved: __kalam::model::Reserved {
                        ids: __kalam::model::Shared::Static(&[]),
                        names: __kalam::model::Shared::Static(&[]),
                    },
                });
                /// The Arrow schema, made on first use.
                pub static SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> = __kalam::LazyLock::new(|| __kalam::Table::new_schema(
                    &DEFINITION,
                ));
                /// The definition and its schema.
                pub static TABLE: __kalam::Table = __kalam::Table {
                    definition: &DEFINITION,
                    schema: &SCHEMA,
                };
                #[automatically_derived]
                impl __kalam::ToArrow for Event {
                    const TABLE: &'static __kalam::Table = &TABLE;
                    fn append(
                        rows: &[&Self],
                        position: usize,
                        column: &mut __kalam::ColumnBuilder,
                    ) -> __kalam::Result<(), __kalam::ValueError> {
                        match position {
                            0 => column.append::<i64, _>(rows, |row| __kalam::Element::cell(&row.id)),
                            1 => {
                                column
                                    .append::<
                                        Option<String>,
                                        _,
                                    >(rows, |row| __kalam::Element::cell(&row.r#type))
                            }
                            2 => {
                                column
                                    .append::<
                                        __kalam::Timestamp<__kalam::Millis>,
                                        _,
                                    >(rows, |row| row.at)
                            }
                            _ => column.missing(),
                        }
                    }
                    fn touch(rows: &[&Self]) -> u8 {
                        let mut seen = 0;
                        for row in rows {
                            seen ^= __kalam::Element::touch(&row.id);
                            seen ^= __kalam::Element::touch(&row.r#type);
                            seen ^= __kalam::Element::touch(&row.at);
                        }
                        seen
                    }
                }
                #[automatically_derived]
                impl __kalam::FromArrow for Event {
                    type Readers = (
                        __kalam::ColumnReader<i64>,
                        __kalam::ColumnReader<Option<String>>,
                        __kalam::ColumnReader<__kalam::Timestamp<__kalam::Millis>>,
                    );
                    type View<'a> = EventView<'a>;
                    fn readers(
                        columns: &__kalam::Columns<'_>,
                    ) -> __kalam::Result<Self::Readers, __kalam::RowError> {
                        let mut readers = __kalam::Readers::new(columns);
                        readers.add::<i64>();
                        readers.add::<Option<String>>();
                        readers.add::<__kalam::Timestamp<__kalam::Millis>>();
                        let mut readers = readers.finish()?;
                        __kalam::Result::Ok((
                            readers.take::<i64>(),
                            readers.take::<Option<String>>(),
                            readers.take::<__kalam::Timestamp<__kalam::Millis>>(),
                        ))
                    }
                    fn read(
                        readers: &Self::Readers,
                        range: __kalam::Range<usize>,
                        rows: &mut __kalam::Vec<Self>,
                    ) -> __kalam::Result<(), __kalam::RowError> {
                        let (c0, c1, c2) = readers;
                        for row in range {
                            rows.push(Event {
                                id: c0.read(row)?,
                                r#type: c1.read(row)?,
                                at: c2.read(row)?.get(),
                                cache: __kalam::skipped(),
                            });
                        }
                        __kalam::Result::Ok(())
                    }
                    #[inline]
                    fn view(
                        readers: &Self::Readers,
                        row: usize,
                    ) -> __kalam::Result<Self::View<'_>, __kalam::RowError> {
                        let (c0, c1, c2) = readers;
                        __kalam::Result::Ok(EventView {
                            id: c0.view(row)?,
                            r#type: c1.view(row)?,
                            at: c2.view(row)?,
                        })
                    }
                    const HAS_SKIPPED: bool = true;
                    fn keep_skipped(&mut self, mut before: Self) {
                        __kalam::swap(&mut self.cache, &mut before.cache);
                    }
                }
                #[automatically_derived]
                impl __kalam::RowKey for Event {
                    type Prefix = (__kalam::Option<i64>,);
                    const IN_SQL_ORDER: bool = <i64 as __kalam::Value>::IN_SQL_ORDER;
                    fn read_prefixes(
                        batch: &__kalam::RecordBatch,
                        count: usize,
                    ) -> __kalam::Result<__kalam::Vec<Self::Prefix>, __kalam::RowError> {
                        let columns = __kalam::Columns::new(&TABLE, batch);
                        let c0 = __kalam::KeyReader::<i64>::try_new(&columns, 0, 0, count)?;
                        let mut prefixes = __kalam::Vec::with_capacity(batch.num_rows());
                        for row in 0..batch.num_rows() {
                            prefixes.push((c0.read(row)?,));
                        }
                        __kalam::Result::Ok(prefixes)
                    }
                    fn compare_prefix(&self, prefix: &Self::Prefix) -> __kalam::Ordering {
                        __kalam::compare_part(&self.id, &prefix.0)
                    }
                    fn compare_keys(&self, other: &Self) -> __kalam::Ordering {
                        __kalam::Ord::cmp(&self.id, &other.id)
                    }
                }
                #[automatically_derived]
                impl __kalam::KeyedRow for Event
                where
                    Self: __kalam::Row,
                {
                    type Key<'a> = i64;
                    fn key(&self) -> Self::Key<'_> {
                        self.id
                    }
                    fn compare_key(&self, key: &Self::Key<'_>) -> __kalam::Ordering {
                        __kalam::Ord::cmp(&self.id, key)
                    }
                }
            };
        "##]],
    );
}

#[test]
fn columns_whose_type_the_compiler_knows() {
    check(
        r#"#[kalam(table = "app.events", primary_key(id), crate = kalamtable_rows)]
        struct Event {
            id: EventId,
            #[kalam(default = "new")]
            status: Status,
            tags: Option<Vec<String>>,
            routes: BTreeMap<String, Place>,
            #[kalam(nested_ids = 40)]
            more: Vec<String>,
            #[kalam(type = "json")]
            data: serde_json::Value,
        }"#,
        expect![[r##"
            #[allow(dead_code)]
            /// A row of `app.events`, borrowed from a batch.
            #[allow(private_bounds)]
            struct EventView<'a>
            where
                EventId: kalamtable_rows::__private::OwnedElement,
                Status: kalamtable_rows::__private::OwnedElement,
                Option<Vec<String>>: kalamtable_rows::__private::OwnedElement,
                BTreeMap<String, Place>: kalamtable_rows::__private::OwnedElement,
                Vec<String>: kalamtable_rows::__private::OwnedElement,
                serde_json::Value: kalamtable_rows::__private::OwnedElement,
            {
                /// Column `id`.
                id: <EventId as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `status`.
                status: <Status as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `tags`.
                tags: <Option<Vec<String>> as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `routes`.
                routes: <BTreeMap<
                    String,
                    Place,
                > as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `more`.
                more: <Vec<String> as kalamtable_rows::__private::OwnedElement>::View<'a>,
                /// Column `data`.
                data: <serde_json::Value as kalamtable_rows::__private::OwnedElement>::View<'a>,
            }
            #[automatically_derived]
            impl<'a> ::core::clone::Clone for EventView<'a>
            where
                EventId: kalamtable_rows::__private::OwnedElement,
                Status: kalamtable_rows::__private::OwnedElement,
                Option<Vec<String>>: kalamtable_rows::__private::OwnedElement,
                BTreeMap<String, Place>: kalamtable_rows::__private::OwnedElement,
                Vec<String>: kalamtable_rows::__private::OwnedElement,
                serde_json::Value: kalamtable_rows::__private::OwnedElement,
            {
                fn clone(&self) -> Self {
                    *self
                }
            }
            #[automatically_derived]
            impl<'a> ::core::marker::Copy for EventView<'a>
            where
                EventId: kalamtable_rows::__private::OwnedElement,
                Status: kalamtable_rows::__private::OwnedElement,
                Option<Vec<String>>: kalamtable_rows::__private::OwnedElement,
                BTreeMap<String, Place>: kalamtable_rows::__private::OwnedElement,
                Vec<String>: kalamtable_rows::__private::OwnedElement,
                serde_json::Value: kalamtable_rows::__private::OwnedElement,
            {}
            #[automatically_derived]
            impl<'a> ::core::fmt::Debug for EventView<'a>
            where
                EventId: kalamtable_rows::__private::OwnedElement,
                Status: kalamtable_rows::__private::OwnedElement,
                Option<Vec<String>>: kalamtable_rows::__private::OwnedElement,
                BTreeMap<String, Place>: kalamtable_rows::__private::OwnedElement,
                Vec<String>: kalamtable_rows::__private::OwnedElement,
                serde_json::Value: kalamtable_rows::__private::OwnedElement,
            {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct("EventView")
                        .field("id", &self.id)
                        .field("status", &self.status)
                        .field("tags", &self.tags)
                        .field("routes", &self.routes)
                        .field("more", &self.more)
                        .field("data", &self.data)
                        .finish()
                }
            }
            const _: () = {
                use kalamtable_rows::__private as __kalam;
                /// What the table is.
                pub static DEFINITION: __kalam::model::TableDefinition = __kalam::model::TableDefinition::from_checked(__kalam::model::TableParts {
                    name: __kalam::model::TableName {
                        namespace: __kalam::model::Shared::Static("app"),
                        table: __kalam::model::Shared::Static("events"),
                    },
                    kind: __kalam::model::TableKind::Shared,
                    ttl_seconds: __kalam::Option::None,
                    access_level: __kalam::Option::Some(__kalam::model::AccessLevel::Private),
                    version: 1u32,
                    comment: __kalam::Option::None,
                    primary_key: __kalam::model::PrimaryKey::Columns(
                        __kalam::model::Shared::Static(&[0usize]),
                    ),
                    unique_keys: __kalam::model::Shared::Static(&[]),
                    row: __kalam::model::Shared::Static("Event"),
                    columns: {
                        static COLUMNS: [__kalam::model::Column; 6usize] = [
                            __kalam::model::Column {
                                id: 1,
                                name: __kalam::model::Shared::Static("id"),
                                ty: <EventId as __kalam::TypeAt<__kalam::Ids<{ 6 }>>>::TYPE,
                                nullable: false,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                            __kalam::model::Column {
                                id: 2,
                                name: __kalam::model::Shared::Static("status"),
                                ty: <Status as __kalam::TypeAt<
                                    __kalam::Ids<{ 6 + <EventId as __kalam::HasType>::IDS }>,
                                >>::TYPE,
                                nullable: false,
                                default: __kalam::Option::Some(
                                    __kalam::model::ColumnDefault::Literal(
                                        __kalam::model::Literal::Text(
                                            __kalam::model::Shared::Static("new"),
                                        ),
                                    ),
                                ),
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                            __kalam::model::Column {
                                id: 3,
                                name: __kalam::model::Shared::Static("tags"),
                                ty: <Vec<
                                    String,
                                > as __kalam::TypeAt<
                                    __kalam::Ids<
                                        {
                                            6 + <EventId as __kalam::HasType>::IDS
                                                + <Status as __kalam::HasType>::IDS
                                        },
                                    >,
                                >>::TYPE,
                                nullable: true,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                            __kalam::model::Column {
                                id: 4,
                                name: __kalam::model::Shared::Static("routes"),
                                ty: <BTreeMap<
                                    String,
                                    Place,
                                > as __kalam::TypeAt<
                                    __kalam::Ids<
                                        {
                                            6 + <EventId as __kalam::HasType>::IDS
                                                + <Status as __kalam::HasType>::IDS
                                                + <Vec<String> as __kalam::HasType>::IDS
                                        },
                                    >,
                                >>::TYPE,
                                nullable: false,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                            __kalam::model::Column {
                                id: 5,
                                name: __kalam::model::Shared::Static("more"),
                                ty: <Vec<String> as __kalam::TypeAt<__kalam::Ids<{ 40 }>>>::TYPE,
                                nullable: false,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                            __kalam::model::Column {
                                id: 6,
                                name: __kalam::model::Shared::Static("data"),
                                ty: __kalam::model::ColumnType::Json,
                                nullable: false,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                        ];
                        __kalam::model::Shared::Static(&COLUMNS)
                    },
                    reserved: __kalam::model::Reserved {
                        ids: __kalam::model::Shared::Static(&[]),
                        names: __kalam::model::Shared::Static(&[]),
                    },
                });
                /// The Arrow schema, made on first use.
                pub static SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> = __kalam::LazyLock::new(|| __kalam::Table::new_schema(
                    &DEFINITION,
                ));
                /// The definition and its schema.
                pub static TABLE: __kalam::Table = __kalam::Table {
                    definition: &DEFINITION,
                    schema: &SCHEMA,
                };
                #[automatically_derived]
                impl __kalam::ToArrow for Event
                where
                    EventId: __kalam::OwnedElement,
                    Status: __kalam::OwnedElement,
                    Option<Vec<String>>: __kalam::OwnedElement,
                    BTreeMap<String, Place>: __kalam::OwnedElement,
                    Vec<String>: __kalam::OwnedElement,
                    serde_json::Value: __kalam::OwnedElement,
                {
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
                                        EventId,
                                        _,
                                    >(rows, |row| __kalam::Element::cell(&row.id))
                            }
                            1 => {
                                column
                                    .append::<
                                        Status,
                                        _,
                                    >(rows, |row| __kalam::Element::cell(&row.status))
                            }
                            2 => {
                                column
                                    .append::<
                                        Option<Vec<String>>,
                                        _,
                                    >(rows, |row| __kalam::Element::cell(&row.tags))
                            }
                            3 => {
                                column
                                    .append::<
                                        BTreeMap<String, Place>,
                                        _,
                                    >(rows, |row| __kalam::Element::cell(&row.routes))
                            }
                            4 => {
                                column
                                    .append::<
                                        Vec<String>,
                                        _,
                                    >(rows, |row| __kalam::Element::cell(&row.more))
                            }
                            5 => {
                                column
                                    .append::<
                                        serde_json::Value,
                                        _,
                                    >(rows, |row| __kalam::Element::cell(&row.data))
                            }
                            _ => column.missing(),
                        }
                    }
                    fn touch(rows: &[&Self]) -> u8 {
                        let mut seen = 0;
                        for row in rows {
                            seen ^= __kalam::Element::touch(&row.id);
                            seen ^= __kalam::Element::touch(&row.status);
                            seen ^= __kalam::Element::touch(&row.tags);
                            seen ^= __kalam::Element::touch(&row.routes);
                            seen ^= __kalam::Element::touch(&row.more);
                            seen ^= __kalam::Element::touch(&row.data);
                        }
                        seen
                    }
                }
                #[automatically_derived]
                impl __kalam::FromArrow for Event
                where
                    EventId: __kalam::OwnedElement,
                    Status: __kalam::OwnedElement,
                    Option<Vec<String>>: __kalam::OwnedElement,
                    BTreeMap<String, Place>: __kalam::OwnedElement,
                    Vec<String>: __kalam::OwnedElement,
                    serde_json::Value: __kalam::OwnedElement,
                {
                    type Readers = (
                        __kalam::ColumnReader<EventId>,
                        __kalam::ColumnReader<Status>,
                        __kalam::ColumnReader<Option<Vec<String>>>,
                        __kalam::ColumnReader<BTreeMap<String, Place>>,
                        __kalam::ColumnReader<Vec<String>>,
                        __kalam::ColumnReader<serde_json::Value>,
                    );
                    type View<'a> = EventView<'a>;
                    fn readers(
                        columns: &__kalam::Columns<'_>,
                    ) -> __kalam::Result<Self::Readers, __kalam::RowError> {
                        let mut readers = __kalam::Readers::new(columns);
                        readers.add::<EventId>();
                        readers.add::<Status>();
                        readers.add::<Option<Vec<String>>>();
                        readers.add::<BTreeMap<String, Place>>();
                        readers.add::<Vec<String>>();
                        readers.add::<serde_json::Value>();
                        let mut readers = readers.finish()?;
                        __kalam::Result::Ok((
                            readers.take::<EventId>(),
                            readers.take::<Status>(),
                            readers.take::<Option<Vec<String>>>(),
                            readers.take::<BTreeMap<String, Place>>(),
                            readers.take::<Vec<String>>(),
                            readers.take::<serde_json::Value>(),
                        ))
                    }
                    fn read(
                        readers: &Self::Readers,
                        range: __kalam::Range<usize>,
                        rows: &mut __kalam::Vec<Self>,
                    ) -> __kalam::Result<(), __kalam::RowError> {
                        let (c0, c1, c2, c3, c4, c5) = readers;
                        for row in range {
                            rows.push(Event {
                                id: c0.read(row)?,
                                status: c1.read(row)?,
                                tags: c2.read(row)?,
                                routes: c3.read(row)?,
                                more: c4.read(row)?,
                                data: c5.read(row)?,
                            });
                        }
                        __kalam::Result::Ok(())
                    }
                    #[inline]
                    fn view(
                        readers: &Self::Readers,
                        row: usize,
                    ) -> __kalam::Result<Self::View<'_>, __kalam::RowError> {
                        let (c0, c1, c2, c3, c4, c5) = readers;
                        __kalam::Result::Ok(EventView {
                            id: c0.view(row)?,
                            status: c1.view(row)?,
                            tags: c2.view(row)?,
                            routes: c3.view(row)?,
                            more: c4.view(row)?,
                            data: c5.view(row)?,
                        })
                    }
                }
                #[automatically_derived]
                impl __kalam::RowKey for Event
                where
                    EventId: __kalam::OwnedElement,
                    Status: __kalam::OwnedElement,
                    Option<Vec<String>>: __kalam::OwnedElement,
                    BTreeMap<String, Place>: __kalam::OwnedElement,
                    Vec<String>: __kalam::OwnedElement,
                    serde_json::Value: __kalam::OwnedElement,
                {
                    type Prefix = (__kalam::Option<EventId>,);
                    const IN_SQL_ORDER: bool = <EventId as __kalam::Value>::IN_SQL_ORDER;
                    fn read_prefixes(
                        batch: &__kalam::RecordBatch,
                        count: usize,
                    ) -> __kalam::Result<__kalam::Vec<Self::Prefix>, __kalam::RowError> {
                        let columns = __kalam::Columns::new(&TABLE, batch);
                        let c0 = __kalam::KeyReader::<EventId>::try_new(&columns, 0, 0, count)?;
                        let mut prefixes = __kalam::Vec::with_capacity(batch.num_rows());
                        for row in 0..batch.num_rows() {
                            prefixes.push((c0.read(row)?,));
                        }
                        __kalam::Result::Ok(prefixes)
                    }
                    fn compare_prefix(&self, prefix: &Self::Prefix) -> __kalam::Ordering {
                        __kalam::compare_part(&self.id, &prefix.0)
                    }
                    fn compare_keys(&self, other: &Self) -> __kalam::Ordering {
                        __kalam::Ord::cmp(&self.id, &other.id)
                    }
                }
                #[automatically_derived]
                impl __kalam::KeyedRow for Event
                where
                    Self: __kalam::Row,
                {
                    type Key<'a> = &'a EventId;
                    fn key(&self) -> Self::Key<'_> {
                        &self.id
                    }
                    fn compare_key(&self, key: &Self::Key<'_>) -> __kalam::Ordering {
                        __kalam::Ord::cmp(&&self.id, key)
                    }
                }
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<EventId as __kalam::TypeAt<
                        __kalam::Ids<{ 6 }>,
                    >>::TYPE;
                    __kalam::assert_type(
                        TYPE,
                        "column `id` of `app.events` cannot be of this type\nhelp: keys of maps are text, numbers that are not floating, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest 16 deep at most",
                    );
                };
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<EventId as __kalam::TypeAt<
                        __kalam::Ids<{ 6 }>,
                    >>::TYPE;
                    __kalam::assert_key(
                        TYPE,
                        "column `id` of `app.events` cannot be part of the primary key\nhelp: take it out: a key is made of booleans, integers, decimals, text, bytes, times, uuids and enums",
                    );
                };
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<Status as __kalam::TypeAt<
                        __kalam::Ids<{ 6 + <EventId as __kalam::HasType>::IDS }>,
                    >>::TYPE;
                    __kalam::assert_type(
                        TYPE,
                        "column `status` of `app.events` cannot be of this type\nhelp: keys of maps are text, numbers that are not floating, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest 16 deep at most",
                    );
                };
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<Status as __kalam::TypeAt<
                        __kalam::Ids<{ 6 + <EventId as __kalam::HasType>::IDS }>,
                    >>::TYPE;
                    const DEFAULT: &__kalam::model::Literal = &__kalam::model::Literal::Text(
                        __kalam::model::Shared::Static("new"),
                    );
                    __kalam::assert_default(
                        TYPE,
                        DEFAULT,
                        "the default of column `status` of `app.events` is no value of its type\nhelp: write `true`, a number or a text, as `Status` holds it; a list, a map or bytes have no default: let the field be an `Option`",
                    );
                };
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<Vec<
                        String,
                    > as __kalam::TypeAt<
                        __kalam::Ids<
                            {
                                6 + <EventId as __kalam::HasType>::IDS
                                    + <Status as __kalam::HasType>::IDS
                            },
                        >,
                    >>::TYPE;
                    __kalam::assert_type(
                        TYPE,
                        "column `tags` of `app.events` cannot be of this type\nhelp: keys of maps are text, numbers that are not floating, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest 16 deep at most",
                    );
                };
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<BTreeMap<
                        String,
                        Place,
                    > as __kalam::TypeAt<
                        __kalam::Ids<
                            {
                                6 + <EventId as __kalam::HasType>::IDS
                                    + <Status as __kalam::HasType>::IDS
                                    + <Vec<String> as __kalam::HasType>::IDS
                            },
                        >,
                    >>::TYPE;
                    __kalam::assert_type(
                        TYPE,
                        "column `routes` of `app.events` cannot be of this type\nhelp: keys of maps are text, numbers that are not floating, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest 16 deep at most",
                    );
                };
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<Vec<
                        String,
                    > as __kalam::TypeAt<__kalam::Ids<{ 40 }>>>::TYPE;
                    __kalam::assert_type(
                        TYPE,
                        "column `more` of `app.events` cannot be of this type\nhelp: keys of maps are text, numbers that are not floating, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest 16 deep at most",
                    );
                };
                const _: () = {
                    const NATURAL: &__kalam::model::ColumnType = &<serde_json::Value as __kalam::TypeAt<
                        __kalam::Ids<{ 0 }>,
                    >>::TYPE;
                    const EXPECTED: &__kalam::model::ColumnType = &__kalam::model::ColumnType::Json;
                    __kalam::assert_holds(
                        NATURAL,
                        EXPECTED,
                        "`serde_json::Value` cannot hold column `data` of `app.events`, which is `json`\nhelp: write `String`",
                    );
                };
                const _: () = __kalam::assert_unique_ids(
                    &DEFINITION,
                    1,
                    "an id inside column `id` of `app.events` is another one's, or reserved\nhelp: say with `nested_ids` above which number those inside it begin",
                );
                const _: () = __kalam::assert_unique_ids(
                    &DEFINITION,
                    2,
                    "an id inside column `status` of `app.events` is another one's, or reserved\nhelp: say with `nested_ids` above which number those inside it begin",
                );
                const _: () = __kalam::assert_unique_ids(
                    &DEFINITION,
                    3,
                    "an id inside column `tags` of `app.events` is another one's, or reserved\nhelp: say with `nested_ids` above which number those inside it begin",
                );
                const _: () = __kalam::assert_unique_ids(
                    &DEFINITION,
                    4,
                    "an id inside column `routes` of `app.events` is another one's, or reserved\nhelp: say with `nested_ids` above which number those inside it begin",
                );
                const _: () = __kalam::assert_unique_ids(
                    &DEFINITION,
                    5,
                    "an id inside column `more` of `app.events` is another one's, or reserved\nhelp: say with `nested_ids` above which number those inside it begin",
                );
            };
        "##]],
    );
}

#[test]
fn struct_that_borrows() {
    check(
        r#"#[kalam(table = "app.lines", no_primary_key = "lines of a log", freeze = "frozen/lines.toml")]
        struct Line<'a> {
            #[kalam(id = 4)]
            text: &'a str,
            #[kalam(id = 2)]
            words: Vec<&'a str>,
        }"#,
        expect![[r#"
            const _: () = {
                use ::kalamtable::__private as __kalam;
                /// What the table is.
                pub static DEFINITION: __kalam::model::TableDefinition = __kalam::model::TableDefinition::from_checked(__kalam::model::TableParts {
                    name: __kalam::model::TableName {
                        namespace: __kalam::model::Shared::Static("app"),
                        table: __kalam::model::Shared::Static("lines"),
                    },
                    kind: __kalam::model::TableKind::Shared,
                    ttl_seconds: __kalam::Option::None,
                    access_level: __kalam::Option::Some(__kalam::model::AccessLevel::Private),
                    version: 1u32,
                    comment: __kalam::Option::None,
                    primary_key: __kalam::model::PrimaryKey::None {
                        reason: __kalam::model::Shared::Static("lines of a log"),
                    },
                    unique_keys: __kalam::model::Shared::Static(&[]),
                    row: __kalam::model::Shared::Static("Line"),
                    columns: {
                        static COLUMNS: [__kalam::model::Column; 2usize] = [
                            __kalam::model::Column {
                                id: 4,
                                name: __kalam::model::Shared::Static("text"),
                                ty: __kalam::model::ColumnType::Text,
                                nullable: false,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                            __kalam::model::Column {
                                id: 2,
                                name: __kalam::model::Shared::Static("words"),
                                ty: <Vec<
                                    &'static str,
                                > as __kalam::TypeAt<__kalam::Ids<{ 4 }>>>::TYPE,
                                nullable: false,
                                default: __kalam::Option::None,
                                unit: __kalam::Option::None,
                                rust: __kalam::Option::None,
                                comment: __kalam::Option::None,
                            },
                        ];
                        __kalam::model::Shared::Static(&COLUMNS)
                    },
                    reserved: __kalam::model::Reserved {
                        ids: __kalam::model::Shared::Static(&[]),
                        names: __kalam::model::Shared::Static(&[]),
                    },
                });
                /// The Arrow schema, made on first use.
                pub static SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> = __kalam::LazyLock::new(|| __kalam::Table::new_schema(
                    &DEFINITION,
                ));
                /// The definition and its schema.
                pub static TABLE: __kalam::Table = __kalam::Table {
                    definition: &DEFINITION,
                    schema: &SCHEMA,
                };
                #[automatically_derived]
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
                    fn touch(rows: &[&Self]) -> u8 {
                        let mut seen = 0;
                        for row in rows {
                            seen ^= __kalam::Element::touch(&row.text);
                            seen ^= __kalam::Element::touch(&row.words);
                        }
                        seen
                    }
                }
                const _: () = {
                    const TYPE: &__kalam::model::ColumnType = &<Vec<
                        &'static str,
                    > as __kalam::TypeAt<__kalam::Ids<{ 4 }>>>::TYPE;
                    __kalam::assert_type(
                        TYPE,
                        "column `words` of `app.lines` cannot be of this type\nhelp: keys of maps are text, numbers that are not floating, times or uuids; `[u8; N]` and `[f32; N]` have from 1 to 1048576 and 65536 elements; types nest 16 deep at most",
                    );
                };
                const _: () = __kalam::assert_unique_ids(
                    &DEFINITION,
                    2,
                    "an id inside column `words` of `app.lines` is another one's, or reserved\nhelp: say with `nested_ids` above which number those inside it begin",
                );
            };
            #[cfg(test)]
            #[test]
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
