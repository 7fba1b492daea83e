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
        /// The same, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesAddressView<'a> {
            /// Field `street`.
            pub street: <kalam::String as kalam::OwnedElement>::View<'a>,
            /// Field `zip`.
            pub zip: <kalam::Option<kalam::String> as kalam::OwnedElement>::View<'a>,
            /// Field `type`.
            pub r#type: <AllTypesAddressType as kalam::OwnedElement>::View<'a>,
        }
        kalam::struct_value!(
            [] AllTypesAddress { 0 street : kalam::String, 1 zip : kalam::Option <
            kalam::String >, 2 r#type : AllTypesAddressType }
        );
        kalam::owned_struct_value!(
            AllTypesAddress, AllTypesAddressView { 0 street : kalam::String, 1 zip :
            kalam::Option < kalam::String >, 2 r#type : AllTypesAddressType }
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
        /// The same, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesPlaceView<'a> {
            /// Field `floor`.
            pub floor: <i32 as kalam::OwnedElement>::View<'a>,
            /// Field `spot`.
            pub spot: <AllTypesPlaceSpot as kalam::OwnedElement>::View<'a>,
        }
        kalam::struct_value!(
            [] AllTypesPlace { 0 floor : i32, 1 spot : AllTypesPlaceSpot }
        );
        kalam::owned_struct_value!(
            AllTypesPlace, AllTypesPlaceView { 0 floor : i32, 1 spot : AllTypesPlaceSpot
            }
        );
        /// A struct inside a column.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesPlaceSpot {
            /// Field `x`.
            pub x: f64,
        }
        /// The same, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesPlaceSpotView<'a> {
            /// Field `x`.
            pub x: <f64 as kalam::OwnedElement>::View<'a>,
        }
        kalam::struct_value!([] AllTypesPlaceSpot { 0 x : f64 });
        kalam::owned_struct_value!(
            AllTypesPlaceSpot, AllTypesPlaceSpotView { 0 x : f64 }
        );
        /// A struct inside a column.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesRoutesItem {
            /// Field `topic`.
            pub topic: kalam::String,
            /// Field `weights`.
            pub weights: kalam::BTreeMap<kalam::String, kalam::Option<i32>>,
        }
        /// The same, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesRoutesItemView<'a> {
            /// Field `topic`.
            pub topic: <kalam::String as kalam::OwnedElement>::View<'a>,
            /// Field `weights`.
            pub weights: <kalam::BTreeMap<
                kalam::String,
                kalam::Option<i32>,
            > as kalam::OwnedElement>::View<'a>,
        }
        kalam::struct_value!(
            [] AllTypesRoutesItem { 0 topic : kalam::String, 1 weights : kalam::BTreeMap
            < kalam::String, kalam::Option < i32 > > }
        );
        kalam::owned_struct_value!(
            AllTypesRoutesItem, AllTypesRoutesItemView { 0 topic : kalam::String, 1
            weights : kalam::BTreeMap < kalam::String, kalam::Option < i32 > > }
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
        /// A row of `app.all_types`, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesView<'a> {
            /// The first part of the key
            pub id: <i64 as kalam::OwnedElement>::View<'a>,
            /// Column `region`.
            pub region: <kalam::String as kalam::OwnedElement>::View<'a>,
            /// Column `day`.
            pub day: <kalam::Date as kalam::OwnedElement>::View<'a>,
            /// Column `flag`.
            pub flag: <bool as kalam::OwnedElement>::View<'a>,
            /// Column `tiny`.
            pub tiny: <i8 as kalam::OwnedElement>::View<'a>,
            /// Column `small`.
            pub small: <kalam::Option<i16> as kalam::OwnedElement>::View<'a>,
            /// Column `plain`.
            pub plain: <kalam::Option<i32> as kalam::OwnedElement>::View<'a>,
            /// Column `utiny`.
            pub utiny: <u8 as kalam::OwnedElement>::View<'a>,
            /// Column `usmall`.
            pub usmall: <u16 as kalam::OwnedElement>::View<'a>,
            /// Column `uplain`.
            pub uplain: <u32 as kalam::OwnedElement>::View<'a>,
            /// Column `ubig`.
            pub ubig: <kalam::Option<u64> as kalam::OwnedElement>::View<'a>,
            /// Column `single`.
            pub single: <f32 as kalam::OwnedElement>::View<'a>,
            /// Column `twice`.
            pub twice: <kalam::Option<f64> as kalam::OwnedElement>::View<'a>,
            /// Column `price`.
            pub price: <kalam::Decimal<10, 2> as kalam::OwnedElement>::View<'a>,
            /// Column `title`.
            pub title: <kalam::Option<kalam::String> as kalam::OwnedElement>::View<'a>,
            /// Column `blob`.
            pub blob: <kalam::Option<kalam::Vec<u8>> as kalam::OwnedElement>::View<'a>,
            /// Column `digest`.
            pub digest: <[u8; 32] as kalam::OwnedElement>::View<'a>,
            /// Column `at`.
            pub at: <kalam::Option<
                kalam::TimeOfDay<kalam::Micros>,
            > as kalam::OwnedElement>::View<'a>,
            /// Held in milliseconds
            pub seen: <kalam::Timestamp<kalam::Millis> as kalam::OwnedElement>::View<'a>,
            /// Column `local`.
            pub local: <kalam::Timestamp<
                kalam::Seconds,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `zoned`.
            pub zoned: <kalam::Option<
                kalam::Timestamp<kalam::Nanos>,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `moment`.
            pub moment: <kalam::Timestamp<
                kalam::Micros,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `span`.
            pub span: <kalam::Option<
                kalam::IntervalMonthDayNano,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `token`.
            pub token: <kalam::Uuid as kalam::OwnedElement>::View<'a>,
            /// Column `payload`.
            pub payload: <kalam::Option<kalam::String> as kalam::OwnedElement>::View<'a>,
            /// Column `attachment`.
            pub attachment: <kalam::Option<
                kalam::String,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `vector`.
            pub vector: <kalam::Box<[f32; 3]> as kalam::OwnedElement>::View<'a>,
            /// Column `status`.
            pub status: <Status as kalam::OwnedElement>::View<'a>,
            /// Column `previous`.
            pub previous: <kalam::Option<Status> as kalam::OwnedElement>::View<'a>,
            /// Column `Option`.
            pub option: <Option as kalam::OwnedElement>::View<'a>,
            /// Column `tags`.
            pub tags: <kalam::Vec<kalam::String> as kalam::OwnedElement>::View<'a>,
            /// Column `scores`.
            pub scores: <kalam::Option<
                kalam::Vec<kalam::Option<f64>>,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `address`.
            pub address: <AllTypesAddress as kalam::OwnedElement>::View<'a>,
            /// Column `routes`.
            pub routes: <kalam::Option<
                kalam::Vec<AllTypesRoutesItem>,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `labels`.
            pub labels: <kalam::BTreeMap<
                kalam::String,
                kalam::String,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `type`.
            pub r#type: <kalam::Option<i32> as kalam::OwnedElement>::View<'a>,
            /// Column `columns`.
            pub columns: <kalam::Option<i32> as kalam::OwnedElement>::View<'a>,
            /// Column `row`.
            pub row: <kalam::Option<i32> as kalam::OwnedElement>::View<'a>,
            /// Column `elapsed`.
            pub elapsed: <kalam::Option<
                kalam::AnyValue,
            > as kalam::OwnedElement>::View<'a>,
            /// Column `place`.
            pub place: <kalam::Option<AllTypesPlace> as kalam::OwnedElement>::View<'a>,
        }
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
            columns: {
                static COLUMNS: [kalam::model::Column; 40usize] = [
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
                ];
                kalam::model::Shared::Static(&COLUMNS)
            },
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
        #[automatically_derived]
        impl kalam::ToArrow for AllTypes {
            const TABLE: &'static kalam::Table = &TABLE;
            fn append(
                rows: &[&Self],
                position: usize,
                column: &mut kalam::ColumnBuilder,
            ) -> kalam::Result<(), kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append::<i64, _>(rows, |row| kalam::Element::cell(&row.id))
                    }
                    1 => {
                        column
                            .append::<
                                kalam::String,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.region))
                    }
                    2 => {
                        column
                            .append::<
                                kalam::Date,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.day))
                    }
                    3 => {
                        column
                            .append::<
                                bool,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.flag))
                    }
                    4 => {
                        column
                            .append::<i8, _>(rows, |row| kalam::Element::cell(&row.tiny))
                    }
                    5 => {
                        column
                            .append::<
                                kalam::Option<i16>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.small))
                    }
                    6 => {
                        column
                            .append::<
                                kalam::Option<i32>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.plain))
                    }
                    7 => {
                        column
                            .append::<
                                u8,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.utiny))
                    }
                    8 => {
                        column
                            .append::<
                                u16,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.usmall))
                    }
                    9 => {
                        column
                            .append::<
                                u32,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.uplain))
                    }
                    10 => {
                        column
                            .append::<
                                kalam::Option<u64>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.ubig))
                    }
                    11 => {
                        column
                            .append::<
                                f32,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.single))
                    }
                    12 => {
                        column
                            .append::<
                                kalam::Option<f64>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.twice))
                    }
                    13 => {
                        column
                            .append::<
                                kalam::Decimal<10, 2>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.price))
                    }
                    14 => {
                        column
                            .append::<
                                kalam::Option<kalam::String>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.title))
                    }
                    15 => {
                        column
                            .append::<
                                kalam::Option<kalam::Vec<u8>>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.blob))
                    }
                    16 => {
                        column
                            .append::<
                                [u8; 32],
                                _,
                            >(rows, |row| kalam::Element::cell(&row.digest))
                    }
                    17 => {
                        column
                            .append::<
                                kalam::Option<kalam::TimeOfDay<kalam::Micros>>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.at))
                    }
                    18 => {
                        column
                            .append::<
                                kalam::Timestamp<kalam::Millis>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.seen))
                    }
                    19 => {
                        column
                            .append::<
                                kalam::Timestamp<kalam::Seconds>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.local))
                    }
                    20 => {
                        column
                            .append::<
                                kalam::Option<kalam::Timestamp<kalam::Nanos>>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.zoned))
                    }
                    21 => {
                        column
                            .append::<
                                kalam::Timestamp<kalam::Micros>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.moment))
                    }
                    22 => {
                        column
                            .append::<
                                kalam::Option<kalam::IntervalMonthDayNano>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.span))
                    }
                    23 => {
                        column
                            .append::<
                                kalam::Uuid,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.token))
                    }
                    24 => {
                        column
                            .append::<
                                kalam::Option<kalam::String>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.payload))
                    }
                    25 => {
                        column
                            .append::<
                                kalam::Option<kalam::String>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.attachment))
                    }
                    26 => {
                        column
                            .append::<
                                kalam::Box<[f32; 3]>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.vector))
                    }
                    27 => {
                        column
                            .append::<
                                Status,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.status))
                    }
                    28 => {
                        column
                            .append::<
                                kalam::Option<Status>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.previous))
                    }
                    29 => {
                        column
                            .append::<
                                Option,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.option))
                    }
                    30 => {
                        column
                            .append::<
                                kalam::Vec<kalam::String>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.tags))
                    }
                    31 => {
                        column
                            .append::<
                                kalam::Option<kalam::Vec<kalam::Option<f64>>>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.scores))
                    }
                    32 => {
                        column
                            .append::<
                                AllTypesAddress,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.address))
                    }
                    33 => {
                        column
                            .append::<
                                kalam::Option<kalam::Vec<AllTypesRoutesItem>>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.routes))
                    }
                    34 => {
                        column
                            .append::<
                                kalam::BTreeMap<kalam::String, kalam::String>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.labels))
                    }
                    35 => {
                        column
                            .append::<
                                kalam::Option<i32>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.r#type))
                    }
                    36 => {
                        column
                            .append::<
                                kalam::Option<i32>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.columns))
                    }
                    37 => {
                        column
                            .append::<
                                kalam::Option<i32>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.row))
                    }
                    38 => {
                        column
                            .append::<
                                kalam::Option<kalam::AnyValue>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.elapsed))
                    }
                    39 => {
                        column
                            .append::<
                                kalam::Option<AllTypesPlace>,
                                _,
                            >(rows, |row| kalam::Element::cell(&row.place))
                    }
                    _ => column.missing(),
                }
            }
            fn touch(rows: &[&Self]) -> u8 {
                let mut seen = 0;
                for row in rows {
                    seen ^= kalam::Element::touch(&row.id);
                    seen ^= kalam::Element::touch(&row.region);
                    seen ^= kalam::Element::touch(&row.day);
                    seen ^= kalam::Element::touch(&row.flag);
                    seen ^= kalam::Element::touch(&row.tiny);
                    seen ^= kalam::Element::touch(&row.small);
                    seen ^= kalam::Element::touch(&row.plain);
                    seen ^= kalam::Element::touch(&row.utiny);
                    seen ^= kalam::Element::touch(&row.usmall);
                    seen ^= kalam::Element::touch(&row.uplain);
                    seen ^= kalam::Element::touch(&row.ubig);
                    seen ^= kalam::Element::touch(&row.single);
                    seen ^= kalam::Element::touch(&row.twice);
                    seen ^= kalam::Element::touch(&row.price);
                    seen ^= kalam::Element::touch(&row.title);
                    seen ^= kalam::Element::touch(&row.blob);
                    seen ^= kalam::Element::touch(&row.digest);
                    seen ^= kalam::Element::touch(&row.at);
                    seen ^= kalam::Element::touch(&row.seen);
                    seen ^= kalam::Element::touch(&row.local);
                    seen ^= kalam::Element::touch(&row.zoned);
                    seen ^= kalam::Element::touch(&row.moment);
                    seen ^= kalam::Element::touch(&row.span);
                    seen ^= kalam::Element::touch(&row.token);
                    seen ^= kalam::Element::touch(&row.payload);
                    seen ^= kalam::Element::touch(&row.attachment);
                    seen ^= kalam::Element::touch(&row.vector);
                    seen ^= kalam::Element::touch(&row.status);
                    seen ^= kalam::Element::touch(&row.previous);
                    seen ^= kalam::Element::touch(&row.option);
                    seen ^= kalam::Element::touch(&row.tags);
                    seen ^= kalam::Element::touch(&row.scores);
                    seen ^= kalam::Element::touch(&row.address);
                    seen ^= kalam::Element::touch(&row.routes);
                    seen ^= kalam::Element::touch(&row.labels);
                    seen ^= kalam::Element::touch(&row.r#type);
                    seen ^= kalam::Element::touch(&row.columns);
                    seen ^= kalam::Element::touch(&row.row);
                    seen ^= kalam::Element::touch(&row.elapsed);
                    seen ^= kalam::Element::touch(&row.place);
                }
                seen
            }
        }
        #[automatically_derived]
        impl kalam::FromArrow for AllTypes {
            type Readers = (
                kalam::ColumnReader<i64>,
                kalam::ColumnReader<kalam::String>,
                kalam::ColumnReader<kalam::Date>,
                kalam::ColumnReader<bool>,
                kalam::ColumnReader<i8>,
                kalam::ColumnReader<kalam::Option<i16>>,
                kalam::ColumnReader<kalam::Option<i32>>,
                kalam::ColumnReader<u8>,
                kalam::ColumnReader<u16>,
                kalam::ColumnReader<u32>,
                kalam::ColumnReader<kalam::Option<u64>>,
                kalam::ColumnReader<f32>,
                kalam::ColumnReader<kalam::Option<f64>>,
                kalam::ColumnReader<kalam::Decimal<10, 2>>,
                kalam::ColumnReader<kalam::Option<kalam::String>>,
                kalam::ColumnReader<kalam::Option<kalam::Vec<u8>>>,
                kalam::ColumnReader<[u8; 32]>,
                kalam::ColumnReader<kalam::Option<kalam::TimeOfDay<kalam::Micros>>>,
                kalam::ColumnReader<kalam::Timestamp<kalam::Millis>>,
                kalam::ColumnReader<kalam::Timestamp<kalam::Seconds>>,
                kalam::ColumnReader<kalam::Option<kalam::Timestamp<kalam::Nanos>>>,
                kalam::ColumnReader<kalam::Timestamp<kalam::Micros>>,
                kalam::ColumnReader<kalam::Option<kalam::IntervalMonthDayNano>>,
                kalam::ColumnReader<kalam::Uuid>,
                kalam::ColumnReader<kalam::Option<kalam::String>>,
                kalam::ColumnReader<kalam::Option<kalam::String>>,
                kalam::ColumnReader<kalam::Box<[f32; 3]>>,
                kalam::ColumnReader<Status>,
                kalam::ColumnReader<kalam::Option<Status>>,
                kalam::ColumnReader<Option>,
                kalam::ColumnReader<kalam::Vec<kalam::String>>,
                kalam::ColumnReader<kalam::Option<kalam::Vec<kalam::Option<f64>>>>,
                kalam::ColumnReader<AllTypesAddress>,
                kalam::ColumnReader<kalam::Option<kalam::Vec<AllTypesRoutesItem>>>,
                kalam::ColumnReader<kalam::BTreeMap<kalam::String, kalam::String>>,
                kalam::ColumnReader<kalam::Option<i32>>,
                kalam::ColumnReader<kalam::Option<i32>>,
                kalam::ColumnReader<kalam::Option<i32>>,
                kalam::ColumnReader<kalam::Option<kalam::AnyValue>>,
                kalam::ColumnReader<kalam::Option<AllTypesPlace>>,
            );
            type View<'a> = AllTypesView<'a>;
            fn readers(
                columns: &kalam::Columns<'_>,
            ) -> kalam::Result<Self::Readers, kalam::RowError> {
                let mut readers = kalam::Readers::new(columns);
                readers.add::<i64>();
                readers.add::<kalam::String>();
                readers.add::<kalam::Date>();
                readers.add::<bool>();
                readers.add::<i8>();
                readers.add::<kalam::Option<i16>>();
                readers.add::<kalam::Option<i32>>();
                readers.add::<u8>();
                readers.add::<u16>();
                readers.add::<u32>();
                readers.add::<kalam::Option<u64>>();
                readers.add::<f32>();
                readers.add::<kalam::Option<f64>>();
                readers.add::<kalam::Decimal<10, 2>>();
                readers.add::<kalam::Option<kalam::String>>();
                readers.add::<kalam::Option<kalam::Vec<u8>>>();
                readers.add::<[u8; 32]>();
                readers.add::<kalam::Option<kalam::TimeOfDay<kalam::Micros>>>();
                readers.add::<kalam::Timestamp<kalam::Millis>>();
                readers.add::<kalam::Timestamp<kalam::Seconds>>();
                readers.add::<kalam::Option<kalam::Timestamp<kalam::Nanos>>>();
                readers.add::<kalam::Timestamp<kalam::Micros>>();
                readers.add::<kalam::Option<kalam::IntervalMonthDayNano>>();
                readers.add::<kalam::Uuid>();
                readers.add::<kalam::Option<kalam::String>>();
                readers.add::<kalam::Option<kalam::String>>();
                readers.add::<kalam::Box<[f32; 3]>>();
                readers.add::<Status>();
                readers.add::<kalam::Option<Status>>();
                readers.add::<Option>();
                readers.add::<kalam::Vec<kalam::String>>();
                readers.add::<kalam::Option<kalam::Vec<kalam::Option<f64>>>>();
                readers.add::<AllTypesAddress>();
                readers.add::<kalam::Option<kalam::Vec<AllTypesRoutesItem>>>();
                readers.add::<kalam::BTreeMap<kalam::String, kalam::String>>();
                readers.add::<kalam::Option<i32>>();
                readers.add::<kalam::Option<i32>>();
                readers.add::<kalam::Option<i32>>();
                readers.add::<kalam::Option<kalam::AnyValue>>();
                readers.add::<kalam::Option<AllTypesPlace>>();
                let mut readers = readers.finish()?;
                kalam::Result::Ok((
                    readers.take::<i64>(),
                    readers.take::<kalam::String>(),
                    readers.take::<kalam::Date>(),
                    readers.take::<bool>(),
                    readers.take::<i8>(),
                    readers.take::<kalam::Option<i16>>(),
                    readers.take::<kalam::Option<i32>>(),
                    readers.take::<u8>(),
                    readers.take::<u16>(),
                    readers.take::<u32>(),
                    readers.take::<kalam::Option<u64>>(),
                    readers.take::<f32>(),
                    readers.take::<kalam::Option<f64>>(),
                    readers.take::<kalam::Decimal<10, 2>>(),
                    readers.take::<kalam::Option<kalam::String>>(),
                    readers.take::<kalam::Option<kalam::Vec<u8>>>(),
                    readers.take::<[u8; 32]>(),
                    readers.take::<kalam::Option<kalam::TimeOfDay<kalam::Micros>>>(),
                    readers.take::<kalam::Timestamp<kalam::Millis>>(),
                    readers.take::<kalam::Timestamp<kalam::Seconds>>(),
                    readers.take::<kalam::Option<kalam::Timestamp<kalam::Nanos>>>(),
                    readers.take::<kalam::Timestamp<kalam::Micros>>(),
                    readers.take::<kalam::Option<kalam::IntervalMonthDayNano>>(),
                    readers.take::<kalam::Uuid>(),
                    readers.take::<kalam::Option<kalam::String>>(),
                    readers.take::<kalam::Option<kalam::String>>(),
                    readers.take::<kalam::Box<[f32; 3]>>(),
                    readers.take::<Status>(),
                    readers.take::<kalam::Option<Status>>(),
                    readers.take::<Option>(),
                    readers.take::<kalam::Vec<kalam::String>>(),
                    readers.take::<kalam::Option<kalam::Vec<kalam::Option<f64>>>>(),
                    readers.take::<AllTypesAddress>(),
                    readers.take::<kalam::Option<kalam::Vec<AllTypesRoutesItem>>>(),
                    readers.take::<kalam::BTreeMap<kalam::String, kalam::String>>(),
                    readers.take::<kalam::Option<i32>>(),
                    readers.take::<kalam::Option<i32>>(),
                    readers.take::<kalam::Option<i32>>(),
                    readers.take::<kalam::Option<kalam::AnyValue>>(),
                    readers.take::<kalam::Option<AllTypesPlace>>(),
                ))
            }
            fn read(
                readers: &Self::Readers,
                range: kalam::Range<usize>,
                rows: &mut kalam::Vec<Self>,
            ) -> kalam::Result<(), kalam::RowError> {
                let (
                    c0,
                    c1,
                    c2,
                    c3,
                    c4,
                    c5,
                    c6,
                    c7,
                    c8,
                    c9,
                    c10,
                    c11,
                    c12,
                    c13,
                    c14,
                    c15,
                    c16,
                    c17,
                    c18,
                    c19,
                    c20,
                    c21,
                    c22,
                    c23,
                    c24,
                    c25,
                    c26,
                    c27,
                    c28,
                    c29,
                    c30,
                    c31,
                    c32,
                    c33,
                    c34,
                    c35,
                    c36,
                    c37,
                    c38,
                    c39,
                ) = readers;
                for row in range {
                    rows.push(AllTypes {
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
                    });
                }
                kalam::Result::Ok(())
            }
            #[inline]
            fn view(
                readers: &Self::Readers,
                row: usize,
            ) -> kalam::Result<Self::View<'_>, kalam::RowError> {
                let (
                    c0,
                    c1,
                    c2,
                    c3,
                    c4,
                    c5,
                    c6,
                    c7,
                    c8,
                    c9,
                    c10,
                    c11,
                    c12,
                    c13,
                    c14,
                    c15,
                    c16,
                    c17,
                    c18,
                    c19,
                    c20,
                    c21,
                    c22,
                    c23,
                    c24,
                    c25,
                    c26,
                    c27,
                    c28,
                    c29,
                    c30,
                    c31,
                    c32,
                    c33,
                    c34,
                    c35,
                    c36,
                    c37,
                    c38,
                    c39,
                ) = readers;
                kalam::Result::Ok(AllTypesView {
                    id: c0.view(row)?,
                    region: c1.view(row)?,
                    day: c2.view(row)?,
                    flag: c3.view(row)?,
                    tiny: c4.view(row)?,
                    small: c5.view(row)?,
                    plain: c6.view(row)?,
                    utiny: c7.view(row)?,
                    usmall: c8.view(row)?,
                    uplain: c9.view(row)?,
                    ubig: c10.view(row)?,
                    single: c11.view(row)?,
                    twice: c12.view(row)?,
                    price: c13.view(row)?,
                    title: c14.view(row)?,
                    blob: c15.view(row)?,
                    digest: c16.view(row)?,
                    at: c17.view(row)?,
                    seen: c18.view(row)?,
                    local: c19.view(row)?,
                    zoned: c20.view(row)?,
                    moment: c21.view(row)?,
                    span: c22.view(row)?,
                    token: c23.view(row)?,
                    payload: c24.view(row)?,
                    attachment: c25.view(row)?,
                    vector: c26.view(row)?,
                    status: c27.view(row)?,
                    previous: c28.view(row)?,
                    option: c29.view(row)?,
                    tags: c30.view(row)?,
                    scores: c31.view(row)?,
                    address: c32.view(row)?,
                    routes: c33.view(row)?,
                    labels: c34.view(row)?,
                    r#type: c35.view(row)?,
                    columns: c36.view(row)?,
                    row: c37.view(row)?,
                    elapsed: c38.view(row)?,
                    place: c39.view(row)?,
                })
            }
        }
        #[automatically_derived]
        impl kalam::RowKey for AllTypes {
            type Prefix = (
                kalam::Option<i64>,
                kalam::Option<kalam::String>,
                kalam::Option<kalam::Date>,
            );
            const IN_SQL_ORDER: bool = <i64 as kalam::Value>::IN_SQL_ORDER
                && <kalam::String as kalam::Value>::IN_SQL_ORDER
                && <kalam::Date as kalam::Value>::IN_SQL_ORDER;
            fn read_prefixes(
                batch: &kalam::RecordBatch,
                count: usize,
            ) -> kalam::Result<kalam::Vec<Self::Prefix>, kalam::RowError> {
                let columns = kalam::Columns::new(&TABLE, batch);
                let c0 = kalam::KeyReader::<i64>::try_new(&columns, 0, 0, count)?;
                let c1 = kalam::KeyReader::<
                    kalam::String,
                >::try_new(&columns, 1, 1, count)?;
                let c2 = kalam::KeyReader::<
                    kalam::Date,
                >::try_new(&columns, 2, 2, count)?;
                let mut prefixes = kalam::Vec::with_capacity(batch.num_rows());
                for row in 0..batch.num_rows() {
                    prefixes.push((c0.read(row)?, c1.read(row)?, c2.read(row)?));
                }
                kalam::Result::Ok(prefixes)
            }
            fn compare_prefix(&self, prefix: &Self::Prefix) -> kalam::Ordering {
                kalam::compare_part(&self.id, &prefix.0)
                    .then_with(|| kalam::compare_part(&self.region, &prefix.1))
                    .then_with(|| kalam::compare_part(&self.day, &prefix.2))
            }
            fn compare_keys(&self, other: &Self) -> kalam::Ordering {
                kalam::Ord::cmp(&self.id, &other.id)
                    .then_with(|| kalam::Ord::cmp(&self.region, &other.region))
                    .then_with(|| kalam::Ord::cmp(&self.day, &other.day))
            }
        }
        #[automatically_derived]
        impl kalam::KeyedRow for AllTypes
        where
            Self: kalam::Row,
        {
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
