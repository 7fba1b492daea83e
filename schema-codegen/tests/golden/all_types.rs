/// Every table in here, sorted by name.
#[allow(dead_code, unreachable_pub)]
pub static TABLES: [&::kalamtable::__private::Table; 1usize] = [&app::all_types::TABLE];
/// The tables of namespace `app`.
#[allow(dead_code, unreachable_pub)]
pub mod app {
    /// Table `app.all_types`.
    ///
    /// One column of every type; names that Rust or our own output could trip over
    pub mod all_types {
        use ::kalamtable::__private as kalam;
        /// What the table is.
        pub static DEFINITION: kalam::model::TableDefinition = kalam::model::TableDefinition::from_checked(kalam::model::TableParts {
            name: kalam::model::TableName {
                namespace: kalam::model::Shared::Static("app"),
                table: kalam::model::Shared::Static("all_types"),
            },
            kind: kalam::model::TableKind::Shared,
            version: 3u32,
            comment: kalam::Option::Some(
                kalam::model::Shared::Static(
                    "One column of every type; names that Rust or our own output could trip over",
                ),
            ),
            primary_key: kalam::model::PrimaryKey::Columns(
                kalam::model::Shared::Static(&[0usize, 1usize, 2usize]),
            ),
            row: kalam::model::Shared::Static("AllTypes"),
            columns: kalam::model::Shared::Static(
                &[
                    kalam::model::Column {
                        id: 1,
                        name: kalam::model::Shared::Static("id"),
                        ty: kalam::model::ColumnType::BigInt,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::Some(
                            kalam::model::Shared::Static("The first part of the key"),
                        ),
                    },
                    kalam::model::Column {
                        id: 2,
                        name: kalam::model::Shared::Static("region"),
                        ty: kalam::model::ColumnType::Text,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 3,
                        name: kalam::model::Shared::Static("day"),
                        ty: kalam::model::ColumnType::Date,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 4,
                        name: kalam::model::Shared::Static("flag"),
                        ty: kalam::model::ColumnType::Boolean,
                        nullable: false,
                        default: kalam::Option::Some(
                            kalam::model::ColumnDefault::Literal(
                                kalam::model::Literal::Boolean(true),
                            ),
                        ),
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 5,
                        name: kalam::model::Shared::Static("tiny"),
                        ty: kalam::model::ColumnType::TinyInt,
                        nullable: false,
                        default: kalam::Option::Some(
                            kalam::model::ColumnDefault::Literal(
                                kalam::model::Literal::Integer(-5i128),
                            ),
                        ),
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 6,
                        name: kalam::model::Shared::Static("small"),
                        ty: kalam::model::ColumnType::SmallInt,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 7,
                        name: kalam::model::Shared::Static("plain"),
                        ty: kalam::model::ColumnType::Int,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 8,
                        name: kalam::model::Shared::Static("utiny"),
                        ty: kalam::model::ColumnType::UTinyInt,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 9,
                        name: kalam::model::Shared::Static("usmall"),
                        ty: kalam::model::ColumnType::USmallInt,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 10,
                        name: kalam::model::Shared::Static("uplain"),
                        ty: kalam::model::ColumnType::UInt,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 11,
                        name: kalam::model::Shared::Static("ubig"),
                        ty: kalam::model::ColumnType::UBigInt,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 12,
                        name: kalam::model::Shared::Static("single"),
                        ty: kalam::model::ColumnType::Float,
                        nullable: false,
                        default: kalam::Option::Some(
                            kalam::model::ColumnDefault::Literal(
                                kalam::model::Literal::Float(
                                    f64::from_bits(4609434218613702656u64),
                                ),
                            ),
                        ),
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 13,
                        name: kalam::model::Shared::Static("twice"),
                        ty: kalam::model::ColumnType::Double,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 14,
                        name: kalam::model::Shared::Static("price"),
                        ty: kalam::model::ColumnType::Decimal {
                            precision: 10u8,
                            scale: 2u8,
                        },
                        nullable: false,
                        default: kalam::Option::Some(
                            kalam::model::ColumnDefault::Literal(
                                kalam::model::Literal::Integer(1999i128),
                            ),
                        ),
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 15,
                        name: kalam::model::Shared::Static("title"),
                        ty: kalam::model::ColumnType::Text,
                        nullable: true,
                        default: kalam::Option::Some(
                            kalam::model::ColumnDefault::Literal(
                                kalam::model::Literal::Text(
                                    kalam::model::Shared::Static("it's \"new\""),
                                ),
                            ),
                        ),
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 16,
                        name: kalam::model::Shared::Static("blob"),
                        ty: kalam::model::ColumnType::Bytes,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 17,
                        name: kalam::model::Shared::Static("digest"),
                        ty: kalam::model::ColumnType::FixedBytes(32u32),
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 18,
                        name: kalam::model::Shared::Static("at"),
                        ty: kalam::model::ColumnType::Time,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 19,
                        name: kalam::model::Shared::Static("seen"),
                        ty: kalam::model::ColumnType::Timestamp {
                            unit: kalam::model::TimeUnit::Microsecond,
                            zone: kalam::Option::None,
                        },
                        nullable: false,
                        default: kalam::Option::Some(
                            kalam::model::ColumnDefault::Call(
                                kalam::model::DefaultFunction::Now,
                            ),
                        ),
                        unit: kalam::Option::Some(kalam::model::TimeUnit::Millisecond),
                        rust: kalam::Option::None,
                        comment: kalam::Option::Some(
                            kalam::model::Shared::Static("Held in milliseconds"),
                        ),
                    },
                    kalam::model::Column {
                        id: 20,
                        name: kalam::model::Shared::Static("local"),
                        ty: kalam::model::ColumnType::Timestamp {
                            unit: kalam::model::TimeUnit::Second,
                            zone: kalam::Option::None,
                        },
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 21,
                        name: kalam::model::Shared::Static("zoned"),
                        ty: kalam::model::ColumnType::Timestamp {
                            unit: kalam::model::TimeUnit::Nanosecond,
                            zone: kalam::Option::Some(
                                kalam::model::Shared::Static("Europe/Berlin"),
                            ),
                        },
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 22,
                        name: kalam::model::Shared::Static("moment"),
                        ty: kalam::model::ColumnType::DateTime,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 23,
                        name: kalam::model::Shared::Static("span"),
                        ty: kalam::model::ColumnType::Interval,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 24,
                        name: kalam::model::Shared::Static("token"),
                        ty: kalam::model::ColumnType::Uuid,
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 25,
                        name: kalam::model::Shared::Static("payload"),
                        ty: kalam::model::ColumnType::Json,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 26,
                        name: kalam::model::Shared::Static("attachment"),
                        ty: kalam::model::ColumnType::File,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 27,
                        name: kalam::model::Shared::Static("vector"),
                        ty: kalam::model::ColumnType::Embedding(3u32),
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 28,
                        name: kalam::model::Shared::Static("status"),
                        ty: kalam::model::ColumnType::Enum(
                            kalam::model::Shared::Static(
                                &[
                                    kalam::model::Shared::Static("new"),
                                    kalam::model::Shared::Static("in-progress"),
                                    kalam::model::Shared::Static("done"),
                                ],
                            ),
                        ),
                        nullable: false,
                        default: kalam::Option::Some(
                            kalam::model::ColumnDefault::Literal(
                                kalam::model::Literal::Text(
                                    kalam::model::Shared::Static("new"),
                                ),
                            ),
                        ),
                        unit: kalam::Option::None,
                        rust: kalam::Option::Some(
                            kalam::model::Shared::Static("Status"),
                        ),
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 29,
                        name: kalam::model::Shared::Static("previous"),
                        ty: kalam::model::ColumnType::Enum(
                            kalam::model::Shared::Static(
                                &[
                                    kalam::model::Shared::Static("new"),
                                    kalam::model::Shared::Static("in-progress"),
                                    kalam::model::Shared::Static("done"),
                                ],
                            ),
                        ),
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::Some(
                            kalam::model::Shared::Static("Status"),
                        ),
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 30,
                        name: kalam::model::Shared::Static("Option"),
                        ty: kalam::model::ColumnType::Enum(
                            kalam::model::Shared::Static(
                                &[
                                    kalam::model::Shared::Static("Some"),
                                    kalam::model::Shared::Static("None"),
                                ],
                            ),
                        ),
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::Some(
                            kalam::model::Shared::Static("Option"),
                        ),
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 31,
                        name: kalam::model::Shared::Static("tags"),
                        ty: kalam::model::ColumnType::List(
                            kalam::model::Shared::Static(
                                &kalam::model::NestedField {
                                    id: 101,
                                    name: kalam::model::Shared::Static("item"),
                                    ty: kalam::model::ColumnType::Text,
                                    nullable: false,
                                },
                            ),
                        ),
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 32,
                        name: kalam::model::Shared::Static("scores"),
                        ty: kalam::model::ColumnType::List(
                            kalam::model::Shared::Static(
                                &kalam::model::NestedField {
                                    id: 102,
                                    name: kalam::model::Shared::Static("item"),
                                    ty: kalam::model::ColumnType::Double,
                                    nullable: true,
                                },
                            ),
                        ),
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 33,
                        name: kalam::model::Shared::Static("address"),
                        ty: kalam::model::ColumnType::Struct(
                            kalam::model::Shared::Static(
                                &[
                                    kalam::model::NestedField {
                                        id: 103,
                                        name: kalam::model::Shared::Static("street"),
                                        ty: kalam::model::ColumnType::Text,
                                        nullable: false,
                                    },
                                    kalam::model::NestedField {
                                        id: 104,
                                        name: kalam::model::Shared::Static("zip"),
                                        ty: kalam::model::ColumnType::Text,
                                        nullable: true,
                                    },
                                    kalam::model::NestedField {
                                        id: 105,
                                        name: kalam::model::Shared::Static("type"),
                                        ty: kalam::model::ColumnType::Enum(
                                            kalam::model::Shared::Static(
                                                &[
                                                    kalam::model::Shared::Static("home"),
                                                    kalam::model::Shared::Static("work"),
                                                ],
                                            ),
                                        ),
                                        nullable: false,
                                    },
                                ],
                            ),
                        ),
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 34,
                        name: kalam::model::Shared::Static("routes"),
                        ty: kalam::model::ColumnType::List(
                            kalam::model::Shared::Static(
                                &kalam::model::NestedField {
                                    id: 106,
                                    name: kalam::model::Shared::Static("item"),
                                    ty: kalam::model::ColumnType::Struct(
                                        kalam::model::Shared::Static(
                                            &[
                                                kalam::model::NestedField {
                                                    id: 107,
                                                    name: kalam::model::Shared::Static("topic"),
                                                    ty: kalam::model::ColumnType::Text,
                                                    nullable: false,
                                                },
                                                kalam::model::NestedField {
                                                    id: 108,
                                                    name: kalam::model::Shared::Static("weights"),
                                                    ty: kalam::model::ColumnType::Map(
                                                        kalam::model::Shared::Static(
                                                            &kalam::model::MapFields {
                                                                key: kalam::model::NestedField {
                                                                    id: 109,
                                                                    name: kalam::model::Shared::Static("key"),
                                                                    ty: kalam::model::ColumnType::Text,
                                                                    nullable: false,
                                                                },
                                                                value: kalam::model::NestedField {
                                                                    id: 110,
                                                                    name: kalam::model::Shared::Static("value"),
                                                                    ty: kalam::model::ColumnType::Int,
                                                                    nullable: true,
                                                                },
                                                            },
                                                        ),
                                                    ),
                                                    nullable: false,
                                                },
                                            ],
                                        ),
                                    ),
                                    nullable: false,
                                },
                            ),
                        ),
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 35,
                        name: kalam::model::Shared::Static("labels"),
                        ty: kalam::model::ColumnType::Map(
                            kalam::model::Shared::Static(
                                &kalam::model::MapFields {
                                    key: kalam::model::NestedField {
                                        id: 111,
                                        name: kalam::model::Shared::Static("key"),
                                        ty: kalam::model::ColumnType::Text,
                                        nullable: false,
                                    },
                                    value: kalam::model::NestedField {
                                        id: 115,
                                        name: kalam::model::Shared::Static("value"),
                                        ty: kalam::model::ColumnType::Text,
                                        nullable: false,
                                    },
                                },
                            ),
                        ),
                        nullable: false,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 36,
                        name: kalam::model::Shared::Static("type"),
                        ty: kalam::model::ColumnType::Int,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 37,
                        name: kalam::model::Shared::Static("columns"),
                        ty: kalam::model::ColumnType::Int,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 38,
                        name: kalam::model::Shared::Static("row"),
                        ty: kalam::model::ColumnType::Int,
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 39,
                        name: kalam::model::Shared::Static("elapsed"),
                        ty: kalam::model::ColumnType::Arrow(
                            kalam::model::Shared::Static("Duration(ms)"),
                        ),
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                    kalam::model::Column {
                        id: 42,
                        name: kalam::model::Shared::Static("place"),
                        ty: kalam::model::ColumnType::Struct(
                            kalam::model::Shared::Static(
                                &[
                                    kalam::model::NestedField {
                                        id: 112,
                                        name: kalam::model::Shared::Static("floor"),
                                        ty: kalam::model::ColumnType::Int,
                                        nullable: false,
                                    },
                                    kalam::model::NestedField {
                                        id: 113,
                                        name: kalam::model::Shared::Static("spot"),
                                        ty: kalam::model::ColumnType::Struct(
                                            kalam::model::Shared::Static(
                                                &[
                                                    kalam::model::NestedField {
                                                        id: 114,
                                                        name: kalam::model::Shared::Static("x"),
                                                        ty: kalam::model::ColumnType::Double,
                                                        nullable: false,
                                                    },
                                                ],
                                            ),
                                        ),
                                        nullable: false,
                                    },
                                ],
                            ),
                        ),
                        nullable: true,
                        default: kalam::Option::None,
                        unit: kalam::Option::None,
                        rust: kalam::Option::None,
                        comment: kalam::Option::None,
                    },
                ],
            ),
            reserved: kalam::model::Reserved {
                ids: kalam::model::Shared::Static(&[40, 41]),
                names: kalam::model::Shared::Static(
                    &[kalam::model::Shared::Static("username")],
                ),
            },
        });
        /// The Arrow schema, made on first use.
        pub static SCHEMA: kalam::LazyLock<kalam::SchemaRef> = kalam::LazyLock::new(|| kalam::Table::new_schema(
            &DEFINITION,
        ));
        /// The definition and its schema.
        pub static TABLE: kalam::Table = kalam::Table {
            definition: &DEFINITION,
            schema: &SCHEMA,
        };
        /// Positions of the columns, in the order of `SELECT *`.
        pub mod column {
            /// `id`
            pub const ID: usize = 0usize;
            /// `region`
            pub const REGION: usize = 1usize;
            /// `day`
            pub const DAY: usize = 2usize;
            /// `flag`
            pub const FLAG: usize = 3usize;
            /// `tiny`
            pub const TINY: usize = 4usize;
            /// `small`
            pub const SMALL: usize = 5usize;
            /// `plain`
            pub const PLAIN: usize = 6usize;
            /// `utiny`
            pub const UTINY: usize = 7usize;
            /// `usmall`
            pub const USMALL: usize = 8usize;
            /// `uplain`
            pub const UPLAIN: usize = 9usize;
            /// `ubig`
            pub const UBIG: usize = 10usize;
            /// `single`
            pub const SINGLE: usize = 11usize;
            /// `twice`
            pub const TWICE: usize = 12usize;
            /// `price`
            pub const PRICE: usize = 13usize;
            /// `title`
            pub const TITLE: usize = 14usize;
            /// `blob`
            pub const BLOB: usize = 15usize;
            /// `digest`
            pub const DIGEST: usize = 16usize;
            /// `at`
            pub const AT: usize = 17usize;
            /// `seen`
            pub const SEEN: usize = 18usize;
            /// `local`
            pub const LOCAL: usize = 19usize;
            /// `zoned`
            pub const ZONED: usize = 20usize;
            /// `moment`
            pub const MOMENT: usize = 21usize;
            /// `span`
            pub const SPAN: usize = 22usize;
            /// `token`
            pub const TOKEN: usize = 23usize;
            /// `payload`
            pub const PAYLOAD: usize = 24usize;
            /// `attachment`
            pub const ATTACHMENT: usize = 25usize;
            /// `vector`
            pub const VECTOR: usize = 26usize;
            /// `status`
            pub const STATUS: usize = 27usize;
            /// `previous`
            pub const PREVIOUS: usize = 28usize;
            /// `Option`
            pub const OPTION: usize = 29usize;
            /// `tags`
            pub const TAGS: usize = 30usize;
            /// `scores`
            pub const SCORES: usize = 31usize;
            /// `address`
            pub const ADDRESS: usize = 32usize;
            /// `routes`
            pub const ROUTES: usize = 33usize;
            /// `labels`
            pub const LABELS: usize = 34usize;
            /// `type`
            pub const TYPE: usize = 35usize;
            /// `columns`
            pub const COLUMNS: usize = 36usize;
            /// `row`
            pub const ROW: usize = 37usize;
            /// `elapsed`
            pub const ELAPSED: usize = 38usize;
            /// `place`
            pub const PLACE: usize = 39usize;
        }
        /// A row of `app.all_types`.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypes {
            /// The first part of the key
            pub id: i64,
            /// Column `region`.
            pub region: kalam::String,
            /// Column `day`.
            pub day: kalam::Date,
            /// Column `flag`.
            pub flag: bool,
            /// Column `tiny`.
            pub tiny: i8,
            /// Column `small`.
            pub small: kalam::Option<i16>,
            /// Column `plain`.
            pub plain: kalam::Option<i32>,
            /// Column `utiny`.
            pub utiny: u8,
            /// Column `usmall`.
            pub usmall: u16,
            /// Column `uplain`.
            pub uplain: u32,
            /// Column `ubig`.
            pub ubig: kalam::Option<u64>,
            /// Column `single`.
            pub single: f32,
            /// Column `twice`.
            pub twice: kalam::Option<f64>,
            /// Column `price`.
            pub price: kalam::Decimal<10, 2>,
            /// Column `title`.
            pub title: kalam::Option<kalam::String>,
            /// Column `blob`.
            pub blob: kalam::Option<kalam::Vec<u8>>,
            /// Column `digest`.
            pub digest: [u8; 32],
            /// Column `at`.
            pub at: kalam::Option<kalam::TimeOfDay<kalam::Micros>>,
            /// Held in milliseconds
            pub seen: kalam::Timestamp<kalam::Millis>,
            /// Column `local`.
            pub local: kalam::Timestamp<kalam::Seconds>,
            /// Column `zoned`.
            pub zoned: kalam::Option<kalam::Timestamp<kalam::Nanos>>,
            /// Column `moment`.
            pub moment: kalam::Timestamp<kalam::Micros>,
            /// Column `span`.
            pub span: kalam::Option<kalam::IntervalMonthDayNano>,
            /// Column `token`.
            pub token: kalam::Uuid,
            /// Column `payload`.
            pub payload: kalam::Option<kalam::String>,
            /// Column `attachment`.
            pub attachment: kalam::Option<kalam::String>,
            /// Column `vector`.
            pub vector: kalam::Box<[f32; 3]>,
            /// Column `status`.
            pub status: Status,
            /// Column `previous`.
            pub previous: kalam::Option<Status>,
            /// Column `Option`.
            pub option: Option,
            /// Column `tags`.
            pub tags: kalam::Vec<kalam::String>,
            /// Column `scores`.
            pub scores: kalam::Option<kalam::Vec<kalam::Option<f64>>>,
            /// Column `address`.
            pub address: AllTypesAddress,
            /// Column `routes`.
            pub routes: kalam::Option<kalam::Vec<AllTypesRoutesItem>>,
            /// Column `labels`.
            pub labels: kalam::BTreeMap<kalam::String, kalam::String>,
            /// Column `type`.
            pub r#type: kalam::Option<i32>,
            /// Column `columns`.
            pub columns: kalam::Option<i32>,
            /// Column `row`.
            pub row: kalam::Option<i32>,
            /// Column `elapsed`.
            pub elapsed: kalam::Option<kalam::AnyValue>,
            /// Column `place`.
            pub place: kalam::Option<AllTypesPlace>,
        }
        /// A struct inside a column.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesAddress {
            /// Field `street`.
            pub street: kalam::String,
            /// Field `zip`.
            pub zip: kalam::Option<kalam::String>,
            /// Field `type`.
            pub r#type: AllTypesAddressType,
        }
        kalam::struct_value!(
            AllTypesAddress { 0 street : kalam::String, 1 zip : kalam::Option <
            kalam::String >, 2 r#type : AllTypesAddressType }
        );
        /// A closed set of labels, ordered as SQL orders them: as text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AllTypesAddressType {
            /// `home`
            Home,
            /// `work`
            Work,
        }
        kalam::closed_set!(AllTypesAddressType { Home = "home", Work = "work" });
        /// A struct inside a column.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesPlace {
            /// Field `floor`.
            pub floor: i32,
            /// Field `spot`.
            pub spot: AllTypesPlaceSpot,
        }
        kalam::struct_value!(
            AllTypesPlace { 0 floor : i32, 1 spot : AllTypesPlaceSpot }
        );
        /// A struct inside a column.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesPlaceSpot {
            /// Field `x`.
            pub x: f64,
        }
        kalam::struct_value!(AllTypesPlaceSpot { 0 x : f64 });
        /// A struct inside a column.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesRoutesItem {
            /// Field `topic`.
            pub topic: kalam::String,
            /// Field `weights`.
            pub weights: kalam::BTreeMap<kalam::String, kalam::Option<i32>>,
        }
        kalam::struct_value!(
            AllTypesRoutesItem { 0 topic : kalam::String, 1 weights : kalam::BTreeMap <
            kalam::String, kalam::Option < i32 > > }
        );
        /// A closed set of labels, ordered as SQL orders them: as text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Option {
            /// `Some`
            Some,
            /// `None`
            None,
        }
        kalam::closed_set!(Option { Some = "Some", None = "None" });
        /// A closed set of labels, ordered as SQL orders them: as text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Status {
            /// `new`
            New,
            /// `in-progress`
            InProgress,
            /// `done`
            Done,
        }
        kalam::closed_set!(
            Status { New = "new", InProgress = "in-progress", Done = "done" }
        );
        #[automatically_derived]
        impl kalam::Row for AllTypes {
            const TABLE: &'static kalam::Table = &TABLE;
            fn build_column(
                rows: &[&Self],
                position: usize,
            ) -> kalam::Result<kalam::ArrayRef, kalam::ValueError> {
                match position {
                    0 => kalam::build_column(rows, 0, |row| &row.id),
                    1 => kalam::build_column(rows, 1, |row| &row.region),
                    2 => kalam::build_column(rows, 2, |row| &row.day),
                    3 => kalam::build_column(rows, 3, |row| &row.flag),
                    4 => kalam::build_column(rows, 4, |row| &row.tiny),
                    5 => kalam::build_column(rows, 5, |row| &row.small),
                    6 => kalam::build_column(rows, 6, |row| &row.plain),
                    7 => kalam::build_column(rows, 7, |row| &row.utiny),
                    8 => kalam::build_column(rows, 8, |row| &row.usmall),
                    9 => kalam::build_column(rows, 9, |row| &row.uplain),
                    10 => kalam::build_column(rows, 10, |row| &row.ubig),
                    11 => kalam::build_column(rows, 11, |row| &row.single),
                    12 => kalam::build_column(rows, 12, |row| &row.twice),
                    13 => kalam::build_column(rows, 13, |row| &row.price),
                    14 => kalam::build_column(rows, 14, |row| &row.title),
                    15 => kalam::build_column(rows, 15, |row| &row.blob),
                    16 => kalam::build_column(rows, 16, |row| &row.digest),
                    17 => kalam::build_column(rows, 17, |row| &row.at),
                    18 => kalam::build_column(rows, 18, |row| &row.seen),
                    19 => kalam::build_column(rows, 19, |row| &row.local),
                    20 => kalam::build_column(rows, 20, |row| &row.zoned),
                    21 => kalam::build_column(rows, 21, |row| &row.moment),
                    22 => kalam::build_column(rows, 22, |row| &row.span),
                    23 => kalam::build_column(rows, 23, |row| &row.token),
                    24 => kalam::build_column(rows, 24, |row| &row.payload),
                    25 => kalam::build_column(rows, 25, |row| &row.attachment),
                    26 => kalam::build_column(rows, 26, |row| &row.vector),
                    27 => kalam::build_column(rows, 27, |row| &row.status),
                    28 => kalam::build_column(rows, 28, |row| &row.previous),
                    29 => kalam::build_column(rows, 29, |row| &row.option),
                    30 => kalam::build_column(rows, 30, |row| &row.tags),
                    31 => kalam::build_column(rows, 31, |row| &row.scores),
                    32 => kalam::build_column(rows, 32, |row| &row.address),
                    33 => kalam::build_column(rows, 33, |row| &row.routes),
                    34 => kalam::build_column(rows, 34, |row| &row.labels),
                    35 => kalam::build_column(rows, 35, |row| &row.r#type),
                    36 => kalam::build_column(rows, 36, |row| &row.columns),
                    37 => kalam::build_column(rows, 37, |row| &row.row),
                    38 => kalam::build_column(rows, 38, |row| &row.elapsed),
                    39 => kalam::build_column(rows, 39, |row| &row.place),
                    _ => {
                        kalam::Result::Err(
                            kalam::ValueError::whole(kalam::Problem::Missing),
                        )
                    }
                }
            }
            fn from_columns(
                columns: &kalam::Columns<'_>,
            ) -> kalam::Result<kalam::Vec<Self>, kalam::Error> {
                let c0 = columns.reader::<i64>(0)?;
                let c1 = columns.reader::<kalam::String>(1)?;
                let c2 = columns.reader::<kalam::Date>(2)?;
                let c3 = columns.reader::<bool>(3)?;
                let c4 = columns.reader::<i8>(4)?;
                let c5 = columns.reader::<kalam::Option<i16>>(5)?;
                let c6 = columns.reader::<kalam::Option<i32>>(6)?;
                let c7 = columns.reader::<u8>(7)?;
                let c8 = columns.reader::<u16>(8)?;
                let c9 = columns.reader::<u32>(9)?;
                let c10 = columns.reader::<kalam::Option<u64>>(10)?;
                let c11 = columns.reader::<f32>(11)?;
                let c12 = columns.reader::<kalam::Option<f64>>(12)?;
                let c13 = columns.reader::<kalam::Decimal<10, 2>>(13)?;
                let c14 = columns.reader::<kalam::Option<kalam::String>>(14)?;
                let c15 = columns.reader::<kalam::Option<kalam::Vec<u8>>>(15)?;
                let c16 = columns.reader::<[u8; 32]>(16)?;
                let c17 = columns
                    .reader::<kalam::Option<kalam::TimeOfDay<kalam::Micros>>>(17)?;
                let c18 = columns.reader::<kalam::Timestamp<kalam::Millis>>(18)?;
                let c19 = columns.reader::<kalam::Timestamp<kalam::Seconds>>(19)?;
                let c20 = columns
                    .reader::<kalam::Option<kalam::Timestamp<kalam::Nanos>>>(20)?;
                let c21 = columns.reader::<kalam::Timestamp<kalam::Micros>>(21)?;
                let c22 = columns
                    .reader::<kalam::Option<kalam::IntervalMonthDayNano>>(22)?;
                let c23 = columns.reader::<kalam::Uuid>(23)?;
                let c24 = columns.reader::<kalam::Option<kalam::String>>(24)?;
                let c25 = columns.reader::<kalam::Option<kalam::String>>(25)?;
                let c26 = columns.reader::<kalam::Box<[f32; 3]>>(26)?;
                let c27 = columns.reader::<Status>(27)?;
                let c28 = columns.reader::<kalam::Option<Status>>(28)?;
                let c29 = columns.reader::<Option>(29)?;
                let c30 = columns.reader::<kalam::Vec<kalam::String>>(30)?;
                let c31 = columns
                    .reader::<kalam::Option<kalam::Vec<kalam::Option<f64>>>>(31)?;
                let c32 = columns.reader::<AllTypesAddress>(32)?;
                let c33 = columns
                    .reader::<kalam::Option<kalam::Vec<AllTypesRoutesItem>>>(33)?;
                let c34 = columns
                    .reader::<kalam::BTreeMap<kalam::String, kalam::String>>(34)?;
                let c35 = columns.reader::<kalam::Option<i32>>(35)?;
                let c36 = columns.reader::<kalam::Option<i32>>(36)?;
                let c37 = columns.reader::<kalam::Option<i32>>(37)?;
                let c38 = columns.reader::<kalam::Option<kalam::AnyValue>>(38)?;
                let c39 = columns.reader::<kalam::Option<AllTypesPlace>>(39)?;
                columns
                    .rows(|row| kalam::Result::Ok(AllTypes {
                        id: c0.read(row)?,
                        region: c1.read(row)?,
                        day: c2.read(row)?,
                        flag: c3.read(row)?,
                        tiny: c4.read(row)?,
                        small: c5.read(row)?,
                        plain: c6.read(row)?,
                        utiny: c7.read(row)?,
                        usmall: c8.read(row)?,
                        uplain: c9.read(row)?,
                        ubig: c10.read(row)?,
                        single: c11.read(row)?,
                        twice: c12.read(row)?,
                        price: c13.read(row)?,
                        title: c14.read(row)?,
                        blob: c15.read(row)?,
                        digest: c16.read(row)?,
                        at: c17.read(row)?,
                        seen: c18.read(row)?,
                        local: c19.read(row)?,
                        zoned: c20.read(row)?,
                        moment: c21.read(row)?,
                        span: c22.read(row)?,
                        token: c23.read(row)?,
                        payload: c24.read(row)?,
                        attachment: c25.read(row)?,
                        vector: c26.read(row)?,
                        status: c27.read(row)?,
                        previous: c28.read(row)?,
                        option: c29.read(row)?,
                        tags: c30.read(row)?,
                        scores: c31.read(row)?,
                        address: c32.read(row)?,
                        routes: c33.read(row)?,
                        labels: c34.read(row)?,
                        r#type: c35.read(row)?,
                        columns: c36.read(row)?,
                        row: c37.read(row)?,
                        elapsed: c38.read(row)?,
                        place: c39.read(row)?,
                    }))
            }
        }
        #[automatically_derived]
        impl kalam::KeyedRow for AllTypes {
            type Key<'a> = (i64, &'a str, kalam::Date);
            fn key(&self) -> Self::Key<'_> {
                (self.id, &*self.region, self.day)
            }
            fn compare_key(&self, key: &Self::Key<'_>) -> kalam::Ordering {
                kalam::Ord::cmp(&(self.id, &*self.region, self.day), key)
            }
        }
    }
}
