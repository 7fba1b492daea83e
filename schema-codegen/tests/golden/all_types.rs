/// All tables, sorted by name.
#[allow(
    dead_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic
)]
pub static TABLES: [&::kalamtable::__private::Table; 1usize] = [&app::all_types::TABLE];
/// All tables with their earlier names, sorted by name, for `reconcile`.
#[allow(
    dead_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic
)]
pub static COMPILED_TABLES: [::kalamtable::__private::model::CompiledTable<
    'static,
>; 1usize] = [
    ::kalamtable::__private::model::CompiledTable {
        definition: &app::all_types::DEFINITION,
        earlier_names: &[],
    },
];
/// The tables of namespace `app`.
#[allow(
    dead_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic
)]
pub mod app {
    /// Table `app.all_types`.
    ///
    /// One column of every type; names that Rust or our own output could trip over
    pub mod all_types {
        use ::kalamtable::__private as __kalam;
        /// Column indices of `app.all_types`, in the order of `SELECT *`.
        pub mod column {
            /// The index of column `id`.
            pub const ID: usize = 0usize;
            /// The index of column `region`.
            pub const REGION: usize = 1usize;
            /// The index of column `day`.
            pub const DAY: usize = 2usize;
            /// The index of column `flag`.
            pub const FLAG: usize = 3usize;
            /// The index of column `tiny`.
            pub const TINY: usize = 4usize;
            /// The index of column `small`.
            pub const SMALL: usize = 5usize;
            /// The index of column `plain`.
            pub const PLAIN: usize = 6usize;
            /// The index of column `utiny`.
            pub const UTINY: usize = 7usize;
            /// The index of column `usmall`.
            pub const USMALL: usize = 8usize;
            /// The index of column `uplain`.
            pub const UPLAIN: usize = 9usize;
            /// The index of column `ubig`.
            pub const UBIG: usize = 10usize;
            /// The index of column `single`.
            pub const SINGLE: usize = 11usize;
            /// The index of column `twice`.
            pub const TWICE: usize = 12usize;
            /// The index of column `price`.
            pub const PRICE: usize = 13usize;
            /// The index of column `title`.
            pub const TITLE: usize = 14usize;
            /// The index of column `blob`.
            pub const BLOB: usize = 15usize;
            /// The index of column `digest`.
            pub const DIGEST: usize = 16usize;
            /// The index of column `at`.
            pub const AT: usize = 17usize;
            /// The index of column `seen`.
            pub const SEEN: usize = 18usize;
            /// The index of column `local`.
            pub const LOCAL: usize = 19usize;
            /// The index of column `zoned`.
            pub const ZONED: usize = 20usize;
            /// The index of column `moment`.
            pub const MOMENT: usize = 21usize;
            /// The index of column `span`.
            pub const SPAN: usize = 22usize;
            /// The index of column `token`.
            pub const TOKEN: usize = 23usize;
            /// The index of column `payload`.
            pub const PAYLOAD: usize = 24usize;
            /// The index of column `attachment`.
            pub const ATTACHMENT: usize = 25usize;
            /// The index of column `vector`.
            pub const VECTOR: usize = 26usize;
            /// The index of column `status`.
            pub const STATUS: usize = 27usize;
            /// The index of column `previous`.
            pub const PREVIOUS: usize = 28usize;
            /// The index of column `Option`.
            pub const OPTION: usize = 29usize;
            /// The index of column `tags`.
            pub const TAGS: usize = 30usize;
            /// The index of column `scores`.
            pub const SCORES: usize = 31usize;
            /// The index of column `address`.
            pub const ADDRESS: usize = 32usize;
            /// The index of column `routes`.
            pub const ROUTES: usize = 33usize;
            /// The index of column `labels`.
            pub const LABELS: usize = 34usize;
            /// The index of column `type`.
            pub const TYPE: usize = 35usize;
            /// The index of column `columns`.
            pub const COLUMNS: usize = 36usize;
            /// The index of column `row`.
            pub const ROW: usize = 37usize;
            /// The index of column `elapsed`.
            pub const ELAPSED: usize = 38usize;
            /// The index of column `place`.
            pub const PLACE: usize = 39usize;
        }
        /// A row of `app.all_types`.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypes {
            /// The first part of the key
            pub id: i64,
            /// Column `region`.
            pub region: __kalam::String,
            /// Column `day`.
            pub day: __kalam::Date,
            /// Column `flag`.
            pub flag: bool,
            /// Column `tiny`.
            pub tiny: i8,
            /// Column `small`.
            pub small: __kalam::Option<i16>,
            /// Column `plain`.
            ///
            /// Deprecated: use \<small>\
            /// or tiny
            pub plain: __kalam::Option<i32>,
            /// Column `utiny`.
            pub utiny: u8,
            /// Column `usmall`.
            pub usmall: u16,
            /// Column `uplain`.
            pub uplain: u32,
            /// Column `ubig`.
            pub ubig: __kalam::Option<u64>,
            /// Column `single`.
            pub single: f32,
            /// Column `twice`.
            pub twice: __kalam::Option<f64>,
            /// Column `price`.
            pub price: __kalam::Decimal<10, 2>,
            /// Column `title`.
            pub title: __kalam::Option<__kalam::String>,
            /// Column `blob`.
            pub blob: __kalam::Option<__kalam::Vec<u8>>,
            /// Column `digest`.
            pub digest: [u8; 32],
            /// Column `at`.
            pub at: __kalam::Option<__kalam::TimeOfDay<__kalam::Micros>>,
            /// Held in milliseconds
            pub seen: __kalam::Timestamp<__kalam::Millis>,
            /// Column `local`.
            pub local: __kalam::Timestamp<__kalam::Seconds>,
            /// Column `zoned`.
            pub zoned: __kalam::Option<__kalam::Timestamp<__kalam::Nanos>>,
            /// Column `moment`.
            pub moment: __kalam::Timestamp<__kalam::Micros>,
            /// Column `span`.
            pub span: __kalam::Option<__kalam::IntervalMonthDayNano>,
            /// Column `token`.
            pub token: __kalam::Uuid,
            /// Column `payload`.
            pub payload: __kalam::Option<__kalam::String>,
            /// Column `attachment`.
            pub attachment: __kalam::Option<__kalam::String>,
            /// Column `vector`.
            pub vector: __kalam::Box<[f32; 3]>,
            /// Column `status`.
            pub status: Status,
            /// Column `previous`.
            pub previous: __kalam::Option<Status>,
            /// Column `Option`.
            pub option: Option,
            /// Column `tags`.
            pub tags: __kalam::Vec<__kalam::String>,
            /// Column `scores`.
            pub scores: __kalam::Option<__kalam::Vec<__kalam::Option<f64>>>,
            /// Column `address`.
            pub address: AllTypesAddress,
            /// Column `routes`.
            pub routes: __kalam::Option<__kalam::Vec<AllTypesRoutesItem>>,
            /// Column `labels`.
            pub labels: __kalam::BTreeMap<__kalam::String, __kalam::String>,
            /// Column `type`.
            pub r#type: __kalam::Option<i32>,
            /// Column `columns`.
            pub columns: __kalam::Option<i32>,
            /// Column `row`.
            pub row: __kalam::Option<i32>,
            /// Column `elapsed`.
            pub elapsed: __kalam::Option<__kalam::AnyValue>,
            /// Column `place`.
            pub place: __kalam::Option<AllTypesPlace>,
        }
        /// A struct in column `address` of `app.all_types`.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesAddress {
            /// Field `street`.
            pub street: __kalam::String,
            /// Field `zip`.
            pub zip: __kalam::Option<__kalam::String>,
            /// Field `type`.
            pub r#type: AllTypesAddressType,
        }
        /// A struct in column `address` of `app.all_types`, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesAddressView<'a> {
            /// Field `street`.
            pub street: <__kalam::String as __kalam::OwnedElement>::View<'a>,
            /// Field `zip`.
            pub zip: <__kalam::Option<
                __kalam::String,
            > as __kalam::OwnedElement>::View<'a>,
            /// Field `type`.
            pub r#type: <AllTypesAddressType as __kalam::OwnedElement>::View<'a>,
        }
        #[automatically_derived]
        impl __kalam::Fields for AllTypesAddress {
            const COUNT: usize = 3usize;
            fn append_field(
                structs: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append::<
                                __kalam::String,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.street) })
                    }
                    1 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::String>,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.zip) })
                    }
                    2 => {
                        column
                            .append::<
                                AllTypesAddressType,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.r#type) })
                    }
                    _ => column.missing(),
                }
            }
            fn append_optional_field(
                structs: &[__kalam::Option<&Self>],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append_optional::<
                                __kalam::String,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.street) })
                    }
                    1 => {
                        column
                            .append_optional::<
                                __kalam::Option<__kalam::String>,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.zip) })
                    }
                    2 => {
                        column
                            .append_optional::<
                                AllTypesAddressType,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.r#type) })
                    }
                    _ => column.missing(),
                }
            }
        }
        #[automatically_derived]
        impl __kalam::Value for AllTypesAddress {
            type Cell<'cell> = &'cell Self where Self: 'cell;
            type Builder = __kalam::StructBuilder;
            fn cell(&self) -> &Self {
                self
            }
            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<
                <Self as __kalam::Value>::Builder,
                __kalam::ValueError,
            > {
                __kalam::StructBuilder::try_new(ty, capacity, 3usize)
            }
            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&Self],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append(cells)
            }
            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&Self>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append_nullable(cells)
            }
            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                builder.finish()
            }
        }
        #[automatically_derived]
        impl __kalam::OwnedValue for AllTypesAddress {
            type Reader = (
                __kalam::FieldReader<__kalam::String>,
                __kalam::FieldReader<__kalam::Option<__kalam::String>>,
                __kalam::FieldReader<AllTypesAddressType>,
            );
            type View<'a> = AllTypesAddressView<'a>;
            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::Reader,
                __kalam::ValueError,
            > {
                let fields = __kalam::StructFields::try_new(array, ty)?;
                __kalam::Result::Ok((
                    fields.reader::<__kalam::String>(0)?,
                    fields.reader::<__kalam::Option<__kalam::String>>(1)?,
                    fields.reader::<AllTypesAddressType>(2)?,
                ))
            }
            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                let (c0, c1, c2) = reader;
                __kalam::Result::Ok(Self {
                    street: c0.read(index)?,
                    zip: c1.read(index)?,
                    r#type: c2.read(index)?,
                })
            }
            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::View<'_>,
                __kalam::ValueError,
            > {
                let (c0, c1, c2) = reader;
                __kalam::Result::Ok(AllTypesAddressView {
                    street: c0.view(index)?,
                    zip: c1.view(index)?,
                    r#type: c2.view(index)?,
                })
            }
        }
        /// A label of column `address` of `app.all_types`. Labels are ordered as text, as in SQL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AllTypesAddressType {
            /// `home`
            Home,
            /// `work`
            Work,
        }
        impl AllTypesAddressType {
            /// All values, in the order of the definition.
            pub const ALL: &'static [Self] = <Self as __kalam::ClosedSet>::ALL;
            /// All labels, in the order of the definition.
            pub const LABELS: &'static [&'static str] = <Self as __kalam::ClosedSet>::LABELS;
            /// Returns the label as the column holds it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::Home => "home",
                    Self::Work => "work",
                }
            }
            /// Returns the value with this label, or `None` if no value has it.
            pub fn from_label(label: &str) -> __kalam::Option<Self> {
                <Self as __kalam::ClosedSet>::from_label(label)
            }
        }
        impl ::core::fmt::Display for AllTypesAddressType {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::core::str::FromStr for AllTypesAddressType {
            type Err = __kalam::InvalidValue;
            fn from_str(
                label: &str,
            ) -> __kalam::Result<Self, <Self as ::core::str::FromStr>::Err> {
                __kalam::parse_label(label)
            }
        }
        impl ::core::cmp::PartialOrd for AllTypesAddressType {
            fn partial_cmp(&self, other: &Self) -> __kalam::Option<__kalam::Ordering> {
                __kalam::Option::Some(__kalam::Ord::cmp(self, other))
            }
        }
        impl ::core::cmp::Ord for AllTypesAddressType {
            fn cmp(&self, other: &Self) -> __kalam::Ordering {
                __kalam::Ord::cmp(self.as_str(), other.as_str())
            }
        }
        #[automatically_derived]
        impl __kalam::ClosedSet for AllTypesAddressType {
            const ALL: &'static [Self] = &[Self::Home, Self::Work];
            const LABELS: &'static [&'static str] = &["home", "work"];
            fn label(&self) -> &'static str {
                match self {
                    Self::Home => "home",
                    Self::Work => "work",
                }
            }
            fn from_label(label: &str) -> __kalam::Option<Self> {
                match label {
                    "home" => __kalam::Option::Some(Self::Home),
                    "work" => __kalam::Option::Some(Self::Work),
                    _ => __kalam::Option::None,
                }
            }
        }
        #[automatically_derived]
        impl __kalam::Value for AllTypesAddressType {
            type Cell<'a> = &'static str;
            type Builder = __kalam::TextBuilder;
            const IN_SQL_ORDER: bool = true;
            fn cell(&self) -> &'static str {
                __kalam::ClosedSet::label(self)
            }
            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<
                <Self as __kalam::Value>::Builder,
                __kalam::ValueError,
            > {
                <&str as __kalam::Value>::builder(ty, capacity)
            }
            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&'static str],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append(builder, cells)
            }
            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&'static str>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append_nullable(builder, cells)
            }
            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                <&str as __kalam::Value>::finish(builder)
            }
        }
        #[automatically_derived]
        impl __kalam::OwnedValue for AllTypesAddressType {
            type Reader = __kalam::StringArray;
            type View<'a> = Self;
            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::Reader,
                __kalam::ValueError,
            > {
                __kalam::text_reader(array, ty)
            }
            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }
            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }
        }
        #[automatically_derived]
        impl __kalam::HasType for AllTypesAddressType {}
        #[automatically_derived]
        impl<__Base: __kalam::IdBase> __kalam::TypeAt<__Base> for AllTypesAddressType {
            const TYPE: __kalam::model::ColumnType = __kalam::model::ColumnType::Enum(
                __kalam::model::Shared::Static(
                    &[
                        __kalam::model::Shared::Static("home"),
                        __kalam::model::Shared::Static("work"),
                    ],
                ),
            );
        }
        /// A struct in column `place` of `app.all_types`.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesPlace {
            /// Field `floor`.
            pub floor: i32,
            /// Field `spot`.
            pub spot: AllTypesPlaceSpot,
        }
        /// A struct in column `place` of `app.all_types`, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesPlaceView<'a> {
            /// Field `floor`.
            pub floor: <i32 as __kalam::OwnedElement>::View<'a>,
            /// Field `spot`.
            pub spot: <AllTypesPlaceSpot as __kalam::OwnedElement>::View<'a>,
        }
        #[automatically_derived]
        impl __kalam::Fields for AllTypesPlace {
            const COUNT: usize = 2usize;
            fn append_field(
                structs: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append::<
                                i32,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.floor) })
                    }
                    1 => {
                        column
                            .append::<
                                AllTypesPlaceSpot,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.spot) })
                    }
                    _ => column.missing(),
                }
            }
            fn append_optional_field(
                structs: &[__kalam::Option<&Self>],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append_optional::<
                                i32,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.floor) })
                    }
                    1 => {
                        column
                            .append_optional::<
                                AllTypesPlaceSpot,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.spot) })
                    }
                    _ => column.missing(),
                }
            }
        }
        #[automatically_derived]
        impl __kalam::Value for AllTypesPlace {
            type Cell<'cell> = &'cell Self where Self: 'cell;
            type Builder = __kalam::StructBuilder;
            fn cell(&self) -> &Self {
                self
            }
            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<
                <Self as __kalam::Value>::Builder,
                __kalam::ValueError,
            > {
                __kalam::StructBuilder::try_new(ty, capacity, 2usize)
            }
            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&Self],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append(cells)
            }
            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&Self>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append_nullable(cells)
            }
            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                builder.finish()
            }
        }
        #[automatically_derived]
        impl __kalam::OwnedValue for AllTypesPlace {
            type Reader = (
                __kalam::FieldReader<i32>,
                __kalam::FieldReader<AllTypesPlaceSpot>,
            );
            type View<'a> = AllTypesPlaceView<'a>;
            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::Reader,
                __kalam::ValueError,
            > {
                let fields = __kalam::StructFields::try_new(array, ty)?;
                __kalam::Result::Ok((
                    fields.reader::<i32>(0)?,
                    fields.reader::<AllTypesPlaceSpot>(1)?,
                ))
            }
            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                let (c0, c1) = reader;
                __kalam::Result::Ok(Self {
                    floor: c0.read(index)?,
                    spot: c1.read(index)?,
                })
            }
            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::View<'_>,
                __kalam::ValueError,
            > {
                let (c0, c1) = reader;
                __kalam::Result::Ok(AllTypesPlaceView {
                    floor: c0.view(index)?,
                    spot: c1.view(index)?,
                })
            }
        }
        /// A struct in column `place` of `app.all_types`.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesPlaceSpot {
            /// Field `x`.
            pub x: f64,
        }
        /// A struct in column `place` of `app.all_types`, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesPlaceSpotView<'a> {
            /// Field `x`.
            pub x: <f64 as __kalam::OwnedElement>::View<'a>,
        }
        #[automatically_derived]
        impl __kalam::Fields for AllTypesPlaceSpot {
            const COUNT: usize = 1usize;
            fn append_field(
                structs: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append::<
                                f64,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.x) })
                    }
                    _ => column.missing(),
                }
            }
            fn append_optional_field(
                structs: &[__kalam::Option<&Self>],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append_optional::<
                                f64,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.x) })
                    }
                    _ => column.missing(),
                }
            }
        }
        #[automatically_derived]
        impl __kalam::Value for AllTypesPlaceSpot {
            type Cell<'cell> = &'cell Self where Self: 'cell;
            type Builder = __kalam::StructBuilder;
            fn cell(&self) -> &Self {
                self
            }
            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<
                <Self as __kalam::Value>::Builder,
                __kalam::ValueError,
            > {
                __kalam::StructBuilder::try_new(ty, capacity, 1usize)
            }
            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&Self],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append(cells)
            }
            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&Self>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append_nullable(cells)
            }
            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                builder.finish()
            }
        }
        #[automatically_derived]
        impl __kalam::OwnedValue for AllTypesPlaceSpot {
            type Reader = (__kalam::FieldReader<f64>,);
            type View<'a> = AllTypesPlaceSpotView<'a>;
            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::Reader,
                __kalam::ValueError,
            > {
                let fields = __kalam::StructFields::try_new(array, ty)?;
                __kalam::Result::Ok((fields.reader::<f64>(0)?,))
            }
            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                let (c0,) = reader;
                __kalam::Result::Ok(Self { x: c0.read(index)? })
            }
            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::View<'_>,
                __kalam::ValueError,
            > {
                let (c0,) = reader;
                __kalam::Result::Ok(AllTypesPlaceSpotView {
                    x: c0.view(index)?,
                })
            }
        }
        /// A struct in column `routes` of `app.all_types`.
        #[derive(Clone, Debug, PartialEq)]
        pub struct AllTypesRoutesItem {
            /// Field `topic`.
            pub topic: __kalam::String,
            /// Field `weights`.
            pub weights: __kalam::BTreeMap<__kalam::String, __kalam::Option<i32>>,
        }
        /// A struct in column `routes` of `app.all_types`, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesRoutesItemView<'a> {
            /// Field `topic`.
            pub topic: <__kalam::String as __kalam::OwnedElement>::View<'a>,
            /// Field `weights`.
            pub weights: <__kalam::BTreeMap<
                __kalam::String,
                __kalam::Option<i32>,
            > as __kalam::OwnedElement>::View<'a>,
        }
        #[automatically_derived]
        impl __kalam::Fields for AllTypesRoutesItem {
            const COUNT: usize = 2usize;
            fn append_field(
                structs: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append::<
                                __kalam::String,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.topic) })
                    }
                    1 => {
                        column
                            .append::<
                                __kalam::BTreeMap<__kalam::String, __kalam::Option<i32>>,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.weights) })
                    }
                    _ => column.missing(),
                }
            }
            fn append_optional_field(
                structs: &[__kalam::Option<&Self>],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                match position {
                    0 => {
                        column
                            .append_optional::<
                                __kalam::String,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.topic) })
                    }
                    1 => {
                        column
                            .append_optional::<
                                __kalam::BTreeMap<__kalam::String, __kalam::Option<i32>>,
                                _,
                            >(structs, |it| { __kalam::Element::cell(&it.weights) })
                    }
                    _ => column.missing(),
                }
            }
        }
        #[automatically_derived]
        impl __kalam::Value for AllTypesRoutesItem {
            type Cell<'cell> = &'cell Self where Self: 'cell;
            type Builder = __kalam::StructBuilder;
            fn cell(&self) -> &Self {
                self
            }
            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<
                <Self as __kalam::Value>::Builder,
                __kalam::ValueError,
            > {
                __kalam::StructBuilder::try_new(ty, capacity, 2usize)
            }
            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&Self],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append(cells)
            }
            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&Self>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                builder.append_nullable(cells)
            }
            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                builder.finish()
            }
        }
        #[automatically_derived]
        impl __kalam::OwnedValue for AllTypesRoutesItem {
            type Reader = (
                __kalam::FieldReader<__kalam::String>,
                __kalam::FieldReader<
                    __kalam::BTreeMap<__kalam::String, __kalam::Option<i32>>,
                >,
            );
            type View<'a> = AllTypesRoutesItemView<'a>;
            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::Reader,
                __kalam::ValueError,
            > {
                let fields = __kalam::StructFields::try_new(array, ty)?;
                __kalam::Result::Ok((
                    fields.reader::<__kalam::String>(0)?,
                    fields
                        .reader::<
                            __kalam::BTreeMap<__kalam::String, __kalam::Option<i32>>,
                        >(1)?,
                ))
            }
            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                let (c0, c1) = reader;
                __kalam::Result::Ok(Self {
                    topic: c0.read(index)?,
                    weights: c1.read(index)?,
                })
            }
            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::View<'_>,
                __kalam::ValueError,
            > {
                let (c0, c1) = reader;
                __kalam::Result::Ok(AllTypesRoutesItemView {
                    topic: c0.view(index)?,
                    weights: c1.view(index)?,
                })
            }
        }
        /// A label of column `Option` of `app.all_types`. Labels are ordered as text, as in SQL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Option {
            /// `Some`
            Some,
            /// `None`
            None,
        }
        impl Option {
            /// All values, in the order of the definition.
            pub const ALL: &'static [Self] = <Self as __kalam::ClosedSet>::ALL;
            /// All labels, in the order of the definition.
            pub const LABELS: &'static [&'static str] = <Self as __kalam::ClosedSet>::LABELS;
            /// Returns the label as the column holds it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::Some => "Some",
                    Self::None => "None",
                }
            }
            /// Returns the value with this label, or `None` if no value has it.
            pub fn from_label(label: &str) -> __kalam::Option<Self> {
                <Self as __kalam::ClosedSet>::from_label(label)
            }
        }
        impl ::core::fmt::Display for Option {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::core::str::FromStr for Option {
            type Err = __kalam::InvalidValue;
            fn from_str(
                label: &str,
            ) -> __kalam::Result<Self, <Self as ::core::str::FromStr>::Err> {
                __kalam::parse_label(label)
            }
        }
        impl ::core::cmp::PartialOrd for Option {
            fn partial_cmp(&self, other: &Self) -> __kalam::Option<__kalam::Ordering> {
                __kalam::Option::Some(__kalam::Ord::cmp(self, other))
            }
        }
        impl ::core::cmp::Ord for Option {
            fn cmp(&self, other: &Self) -> __kalam::Ordering {
                __kalam::Ord::cmp(self.as_str(), other.as_str())
            }
        }
        #[automatically_derived]
        impl __kalam::ClosedSet for Option {
            const ALL: &'static [Self] = &[Self::Some, Self::None];
            const LABELS: &'static [&'static str] = &["Some", "None"];
            fn label(&self) -> &'static str {
                match self {
                    Self::Some => "Some",
                    Self::None => "None",
                }
            }
            fn from_label(label: &str) -> __kalam::Option<Self> {
                match label {
                    "Some" => __kalam::Option::Some(Self::Some),
                    "None" => __kalam::Option::Some(Self::None),
                    _ => __kalam::Option::None,
                }
            }
        }
        #[automatically_derived]
        impl __kalam::Value for Option {
            type Cell<'a> = &'static str;
            type Builder = __kalam::TextBuilder;
            const IN_SQL_ORDER: bool = true;
            fn cell(&self) -> &'static str {
                __kalam::ClosedSet::label(self)
            }
            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<
                <Self as __kalam::Value>::Builder,
                __kalam::ValueError,
            > {
                <&str as __kalam::Value>::builder(ty, capacity)
            }
            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&'static str],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append(builder, cells)
            }
            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&'static str>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append_nullable(builder, cells)
            }
            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                <&str as __kalam::Value>::finish(builder)
            }
        }
        #[automatically_derived]
        impl __kalam::OwnedValue for Option {
            type Reader = __kalam::StringArray;
            type View<'a> = Self;
            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::Reader,
                __kalam::ValueError,
            > {
                __kalam::text_reader(array, ty)
            }
            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }
            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }
        }
        #[automatically_derived]
        impl __kalam::HasType for Option {}
        #[automatically_derived]
        impl<__Base: __kalam::IdBase> __kalam::TypeAt<__Base> for Option {
            const TYPE: __kalam::model::ColumnType = __kalam::model::ColumnType::Enum(
                __kalam::model::Shared::Static(
                    &[
                        __kalam::model::Shared::Static("Some"),
                        __kalam::model::Shared::Static("None"),
                    ],
                ),
            );
        }
        /// A label of columns `status` and `previous` of `app.all_types`. Labels are ordered as text, as in SQL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Status {
            /// `new`
            New,
            /// `in-progress`
            InProgress,
            /// `done`
            Done,
        }
        impl Status {
            /// All values, in the order of the definition.
            pub const ALL: &'static [Self] = <Self as __kalam::ClosedSet>::ALL;
            /// All labels, in the order of the definition.
            pub const LABELS: &'static [&'static str] = <Self as __kalam::ClosedSet>::LABELS;
            /// Returns the label as the column holds it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::New => "new",
                    Self::InProgress => "in-progress",
                    Self::Done => "done",
                }
            }
            /// Returns the value with this label, or `None` if no value has it.
            pub fn from_label(label: &str) -> __kalam::Option<Self> {
                <Self as __kalam::ClosedSet>::from_label(label)
            }
        }
        impl ::core::fmt::Display for Status {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::core::str::FromStr for Status {
            type Err = __kalam::InvalidValue;
            fn from_str(
                label: &str,
            ) -> __kalam::Result<Self, <Self as ::core::str::FromStr>::Err> {
                __kalam::parse_label(label)
            }
        }
        impl ::core::cmp::PartialOrd for Status {
            fn partial_cmp(&self, other: &Self) -> __kalam::Option<__kalam::Ordering> {
                __kalam::Option::Some(__kalam::Ord::cmp(self, other))
            }
        }
        impl ::core::cmp::Ord for Status {
            fn cmp(&self, other: &Self) -> __kalam::Ordering {
                __kalam::Ord::cmp(self.as_str(), other.as_str())
            }
        }
        #[automatically_derived]
        impl __kalam::ClosedSet for Status {
            const ALL: &'static [Self] = &[Self::New, Self::InProgress, Self::Done];
            const LABELS: &'static [&'static str] = &["new", "in-progress", "done"];
            fn label(&self) -> &'static str {
                match self {
                    Self::New => "new",
                    Self::InProgress => "in-progress",
                    Self::Done => "done",
                }
            }
            fn from_label(label: &str) -> __kalam::Option<Self> {
                match label {
                    "new" => __kalam::Option::Some(Self::New),
                    "in-progress" => __kalam::Option::Some(Self::InProgress),
                    "done" => __kalam::Option::Some(Self::Done),
                    _ => __kalam::Option::None,
                }
            }
        }
        #[automatically_derived]
        impl __kalam::Value for Status {
            type Cell<'a> = &'static str;
            type Builder = __kalam::TextBuilder;
            const IN_SQL_ORDER: bool = true;
            fn cell(&self) -> &'static str {
                __kalam::ClosedSet::label(self)
            }
            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<
                <Self as __kalam::Value>::Builder,
                __kalam::ValueError,
            > {
                <&str as __kalam::Value>::builder(ty, capacity)
            }
            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&'static str],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append(builder, cells)
            }
            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&'static str>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append_nullable(builder, cells)
            }
            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                <&str as __kalam::Value>::finish(builder)
            }
        }
        #[automatically_derived]
        impl __kalam::OwnedValue for Status {
            type Reader = __kalam::StringArray;
            type View<'a> = Self;
            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<
                <Self as __kalam::OwnedValue>::Reader,
                __kalam::ValueError,
            > {
                __kalam::text_reader(array, ty)
            }
            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }
            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }
        }
        #[automatically_derived]
        impl __kalam::HasType for Status {}
        #[automatically_derived]
        impl<__Base: __kalam::IdBase> __kalam::TypeAt<__Base> for Status {
            const TYPE: __kalam::model::ColumnType = __kalam::model::ColumnType::Enum(
                __kalam::model::Shared::Static(
                    &[
                        __kalam::model::Shared::Static("new"),
                        __kalam::model::Shared::Static("in-progress"),
                        __kalam::model::Shared::Static("done"),
                    ],
                ),
            );
        }
        /// A row of `app.all_types`, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct AllTypesView<'a> {
            /// The first part of the key
            pub id: <i64 as __kalam::OwnedElement>::View<'a>,
            /// Column `region`.
            pub region: <__kalam::String as __kalam::OwnedElement>::View<'a>,
            /// Column `day`.
            pub day: <__kalam::Date as __kalam::OwnedElement>::View<'a>,
            /// Column `flag`.
            pub flag: <bool as __kalam::OwnedElement>::View<'a>,
            /// Column `tiny`.
            pub tiny: <i8 as __kalam::OwnedElement>::View<'a>,
            /// Column `small`.
            pub small: <__kalam::Option<i16> as __kalam::OwnedElement>::View<'a>,
            /// Column `plain`.
            ///
            /// Deprecated: use \<small>\
            /// or tiny
            pub plain: <__kalam::Option<i32> as __kalam::OwnedElement>::View<'a>,
            /// Column `utiny`.
            pub utiny: <u8 as __kalam::OwnedElement>::View<'a>,
            /// Column `usmall`.
            pub usmall: <u16 as __kalam::OwnedElement>::View<'a>,
            /// Column `uplain`.
            pub uplain: <u32 as __kalam::OwnedElement>::View<'a>,
            /// Column `ubig`.
            pub ubig: <__kalam::Option<u64> as __kalam::OwnedElement>::View<'a>,
            /// Column `single`.
            pub single: <f32 as __kalam::OwnedElement>::View<'a>,
            /// Column `twice`.
            pub twice: <__kalam::Option<f64> as __kalam::OwnedElement>::View<'a>,
            /// Column `price`.
            pub price: <__kalam::Decimal<10, 2> as __kalam::OwnedElement>::View<'a>,
            /// Column `title`.
            pub title: <__kalam::Option<
                __kalam::String,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `blob`.
            pub blob: <__kalam::Option<
                __kalam::Vec<u8>,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `digest`.
            pub digest: <[u8; 32] as __kalam::OwnedElement>::View<'a>,
            /// Column `at`.
            pub at: <__kalam::Option<
                __kalam::TimeOfDay<__kalam::Micros>,
            > as __kalam::OwnedElement>::View<'a>,
            /// Held in milliseconds
            pub seen: <__kalam::Timestamp<
                __kalam::Millis,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `local`.
            pub local: <__kalam::Timestamp<
                __kalam::Seconds,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `zoned`.
            pub zoned: <__kalam::Option<
                __kalam::Timestamp<__kalam::Nanos>,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `moment`.
            pub moment: <__kalam::Timestamp<
                __kalam::Micros,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `span`.
            pub span: <__kalam::Option<
                __kalam::IntervalMonthDayNano,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `token`.
            pub token: <__kalam::Uuid as __kalam::OwnedElement>::View<'a>,
            /// Column `payload`.
            pub payload: <__kalam::Option<
                __kalam::String,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `attachment`.
            pub attachment: <__kalam::Option<
                __kalam::String,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `vector`.
            pub vector: <__kalam::Box<[f32; 3]> as __kalam::OwnedElement>::View<'a>,
            /// Column `status`.
            pub status: <Status as __kalam::OwnedElement>::View<'a>,
            /// Column `previous`.
            pub previous: <__kalam::Option<Status> as __kalam::OwnedElement>::View<'a>,
            /// Column `Option`.
            pub option: <Option as __kalam::OwnedElement>::View<'a>,
            /// Column `tags`.
            pub tags: <__kalam::Vec<__kalam::String> as __kalam::OwnedElement>::View<'a>,
            /// Column `scores`.
            pub scores: <__kalam::Option<
                __kalam::Vec<__kalam::Option<f64>>,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `address`.
            pub address: <AllTypesAddress as __kalam::OwnedElement>::View<'a>,
            /// Column `routes`.
            pub routes: <__kalam::Option<
                __kalam::Vec<AllTypesRoutesItem>,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `labels`.
            pub labels: <__kalam::BTreeMap<
                __kalam::String,
                __kalam::String,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `type`.
            pub r#type: <__kalam::Option<i32> as __kalam::OwnedElement>::View<'a>,
            /// Column `columns`.
            pub columns: <__kalam::Option<i32> as __kalam::OwnedElement>::View<'a>,
            /// Column `row`.
            pub row: <__kalam::Option<i32> as __kalam::OwnedElement>::View<'a>,
            /// Column `elapsed`.
            pub elapsed: <__kalam::Option<
                __kalam::AnyValue,
            > as __kalam::OwnedElement>::View<'a>,
            /// Column `place`.
            pub place: <__kalam::Option<
                AllTypesPlace,
            > as __kalam::OwnedElement>::View<'a>,
        }
        /// The definition of `app.all_types`.
        pub static DEFINITION: __kalam::model::TableDefinition = __kalam::model::TableDefinition::from_checked(__kalam::model::TableParts {
            name: __kalam::model::TableName {
                namespace: __kalam::model::Shared::Static("app"),
                table: __kalam::model::Shared::Static("all_types"),
            },
            kind: __kalam::model::TableKind::Shared,
            ttl_seconds: __kalam::Option::None,
            access_level: __kalam::Option::Some(__kalam::model::AccessLevel::Private),
            version: 3u32,
            comment: __kalam::Option::Some(
                __kalam::model::Shared::Static(
                    "One column of every type; names that Rust or our own output could trip over",
                ),
            ),
            primary_key: __kalam::model::PrimaryKey::Columns(
                __kalam::model::Shared::Static(&[0usize, 1usize, 2usize]),
            ),
            unique_keys: __kalam::model::Shared::Static(
                &[
                    __kalam::model::Shared::Static(&[0usize, 23usize]),
                    __kalam::model::Shared::Static(&[14usize, 0usize, 2usize]),
                ],
            ),
            row: __kalam::model::Shared::Static("AllTypes"),
            columns: {
                static COLUMNS: [__kalam::model::Column; 40usize] = [
                    __kalam::model::Column {
                        id: 1,
                        name: __kalam::model::Shared::Static("id"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::BigInt,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::Some(
                            __kalam::model::Shared::Static("The first part of the key"),
                        ),
                    },
                    __kalam::model::Column {
                        id: 2,
                        name: __kalam::model::Shared::Static("region"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Text,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 3,
                        name: __kalam::model::Shared::Static("day"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Date,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 4,
                        name: __kalam::model::Shared::Static("flag"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Boolean,
                        nullable: false,
                        default: __kalam::Option::Some(
                            __kalam::model::ColumnDefault::Literal(
                                __kalam::model::Literal::Boolean(true),
                            ),
                        ),
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 5,
                        name: __kalam::model::Shared::Static("tiny"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::TinyInt,
                        nullable: false,
                        default: __kalam::Option::Some(
                            __kalam::model::ColumnDefault::Literal(
                                __kalam::model::Literal::Integer(-5i128),
                            ),
                        ),
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 6,
                        name: __kalam::model::Shared::Static("small"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::SmallInt,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 7,
                        name: __kalam::model::Shared::Static("plain"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Int,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::Some(
                            __kalam::model::Shared::Static("use <small>\nor tiny"),
                        ),
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 8,
                        name: __kalam::model::Shared::Static("utiny"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::UTinyInt,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 9,
                        name: __kalam::model::Shared::Static("usmall"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::USmallInt,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 10,
                        name: __kalam::model::Shared::Static("uplain"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::UInt,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 11,
                        name: __kalam::model::Shared::Static("ubig"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::UBigInt,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 12,
                        name: __kalam::model::Shared::Static("single"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Float,
                        nullable: false,
                        default: __kalam::Option::Some(
                            __kalam::model::ColumnDefault::Literal(
                                __kalam::model::Literal::Float(
                                    f64::from_bits(4609434218613702656u64),
                                ),
                            ),
                        ),
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 13,
                        name: __kalam::model::Shared::Static("twice"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Double,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 14,
                        name: __kalam::model::Shared::Static("price"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Decimal {
                            precision: 10u8,
                            scale: 2u8,
                        },
                        nullable: false,
                        default: __kalam::Option::Some(
                            __kalam::model::ColumnDefault::Literal(
                                __kalam::model::Literal::Integer(1999i128),
                            ),
                        ),
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 15,
                        name: __kalam::model::Shared::Static("title"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Text,
                        nullable: true,
                        default: __kalam::Option::Some(
                            __kalam::model::ColumnDefault::Literal(
                                __kalam::model::Literal::Text(
                                    __kalam::model::Shared::Static("it's \"new\""),
                                ),
                            ),
                        ),
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 16,
                        name: __kalam::model::Shared::Static("blob"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Bytes,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 17,
                        name: __kalam::model::Shared::Static("digest"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::FixedBytes(32u32),
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 18,
                        name: __kalam::model::Shared::Static("at"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Time,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 19,
                        name: __kalam::model::Shared::Static("seen"),
                        source: __kalam::Option::None,
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
                        unit: __kalam::Option::Some(
                            __kalam::model::TimeUnit::Millisecond,
                        ),
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::Some(
                            __kalam::model::Shared::Static("Held in milliseconds"),
                        ),
                    },
                    __kalam::model::Column {
                        id: 20,
                        name: __kalam::model::Shared::Static("local"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Timestamp {
                            unit: __kalam::model::TimeUnit::Second,
                            zone: __kalam::Option::None,
                        },
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 21,
                        name: __kalam::model::Shared::Static("zoned"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Timestamp {
                            unit: __kalam::model::TimeUnit::Nanosecond,
                            zone: __kalam::Option::Some(
                                __kalam::model::Shared::Static("Europe/Berlin"),
                            ),
                        },
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 22,
                        name: __kalam::model::Shared::Static("moment"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::DateTime,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 23,
                        name: __kalam::model::Shared::Static("span"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Interval,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 24,
                        name: __kalam::model::Shared::Static("token"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Uuid,
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 25,
                        name: __kalam::model::Shared::Static("payload"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Json,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 26,
                        name: __kalam::model::Shared::Static("attachment"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::File,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 27,
                        name: __kalam::model::Shared::Static("vector"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Embedding(3u32),
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 28,
                        name: __kalam::model::Shared::Static("status"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Enum(
                            __kalam::model::Shared::Static(
                                &[
                                    __kalam::model::Shared::Static("new"),
                                    __kalam::model::Shared::Static("in-progress"),
                                    __kalam::model::Shared::Static("done"),
                                ],
                            ),
                        ),
                        nullable: false,
                        default: __kalam::Option::Some(
                            __kalam::model::ColumnDefault::Literal(
                                __kalam::model::Literal::Text(
                                    __kalam::model::Shared::Static("new"),
                                ),
                            ),
                        ),
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::Some(
                            __kalam::model::Shared::Static("Status"),
                        ),
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 29,
                        name: __kalam::model::Shared::Static("previous"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Enum(
                            __kalam::model::Shared::Static(
                                &[
                                    __kalam::model::Shared::Static("new"),
                                    __kalam::model::Shared::Static("in-progress"),
                                    __kalam::model::Shared::Static("done"),
                                ],
                            ),
                        ),
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::Some(
                            __kalam::model::Shared::Static("Status"),
                        ),
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 30,
                        name: __kalam::model::Shared::Static("Option"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Enum(
                            __kalam::model::Shared::Static(
                                &[
                                    __kalam::model::Shared::Static("Some"),
                                    __kalam::model::Shared::Static("None"),
                                ],
                            ),
                        ),
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::Some(
                            __kalam::model::Shared::Static("Option"),
                        ),
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 31,
                        name: __kalam::model::Shared::Static("tags"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::List(
                            __kalam::model::Shared::Static(
                                &__kalam::model::NestedField {
                                    id: 101,
                                    name: __kalam::model::Shared::Static("item"),
                                    ty: __kalam::model::ColumnType::Text,
                                    nullable: false,
                                },
                            ),
                        ),
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 32,
                        name: __kalam::model::Shared::Static("scores"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::List(
                            __kalam::model::Shared::Static(
                                &__kalam::model::NestedField {
                                    id: 102,
                                    name: __kalam::model::Shared::Static("item"),
                                    ty: __kalam::model::ColumnType::Double,
                                    nullable: true,
                                },
                            ),
                        ),
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 33,
                        name: __kalam::model::Shared::Static("address"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Struct(
                            __kalam::model::Shared::Static(
                                &[
                                    __kalam::model::NestedField {
                                        id: 103,
                                        name: __kalam::model::Shared::Static("street"),
                                        ty: __kalam::model::ColumnType::Text,
                                        nullable: false,
                                    },
                                    __kalam::model::NestedField {
                                        id: 104,
                                        name: __kalam::model::Shared::Static("zip"),
                                        ty: __kalam::model::ColumnType::Text,
                                        nullable: true,
                                    },
                                    __kalam::model::NestedField {
                                        id: 105,
                                        name: __kalam::model::Shared::Static("type"),
                                        ty: __kalam::model::ColumnType::Enum(
                                            __kalam::model::Shared::Static(
                                                &[
                                                    __kalam::model::Shared::Static("home"),
                                                    __kalam::model::Shared::Static("work"),
                                                ],
                                            ),
                                        ),
                                        nullable: false,
                                    },
                                ],
                            ),
                        ),
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 34,
                        name: __kalam::model::Shared::Static("routes"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::List(
                            __kalam::model::Shared::Static(
                                &__kalam::model::NestedField {
                                    id: 106,
                                    name: __kalam::model::Shared::Static("item"),
                                    ty: __kalam::model::ColumnType::Struct(
                                        __kalam::model::Shared::Static(
                                            &[
                                                __kalam::model::NestedField {
                                                    id: 107,
                                                    name: __kalam::model::Shared::Static("topic"),
                                                    ty: __kalam::model::ColumnType::Text,
                                                    nullable: false,
                                                },
                                                __kalam::model::NestedField {
                                                    id: 108,
                                                    name: __kalam::model::Shared::Static("weights"),
                                                    ty: __kalam::model::ColumnType::Map(
                                                        __kalam::model::Shared::Static(
                                                            &__kalam::model::MapFields {
                                                                key: __kalam::model::NestedField {
                                                                    id: 109,
                                                                    name: __kalam::model::Shared::Static("key"),
                                                                    ty: __kalam::model::ColumnType::Text,
                                                                    nullable: false,
                                                                },
                                                                value: __kalam::model::NestedField {
                                                                    id: 110,
                                                                    name: __kalam::model::Shared::Static("value"),
                                                                    ty: __kalam::model::ColumnType::Int,
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
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 35,
                        name: __kalam::model::Shared::Static("labels"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Map(
                            __kalam::model::Shared::Static(
                                &__kalam::model::MapFields {
                                    key: __kalam::model::NestedField {
                                        id: 111,
                                        name: __kalam::model::Shared::Static("key"),
                                        ty: __kalam::model::ColumnType::Text,
                                        nullable: false,
                                    },
                                    value: __kalam::model::NestedField {
                                        id: 115,
                                        name: __kalam::model::Shared::Static("value"),
                                        ty: __kalam::model::ColumnType::Text,
                                        nullable: false,
                                    },
                                },
                            ),
                        ),
                        nullable: false,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 36,
                        name: __kalam::model::Shared::Static("type"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Int,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 37,
                        name: __kalam::model::Shared::Static("columns"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Int,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 38,
                        name: __kalam::model::Shared::Static("row"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Int,
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 39,
                        name: __kalam::model::Shared::Static("elapsed"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Arrow(
                            __kalam::model::Shared::Static("Duration(ms)"),
                        ),
                        nullable: true,
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                    __kalam::model::Column {
                        id: 42,
                        name: __kalam::model::Shared::Static("place"),
                        source: __kalam::Option::None,
                        ty: __kalam::model::ColumnType::Struct(
                            __kalam::model::Shared::Static(
                                &[
                                    __kalam::model::NestedField {
                                        id: 112,
                                        name: __kalam::model::Shared::Static("floor"),
                                        ty: __kalam::model::ColumnType::Int,
                                        nullable: false,
                                    },
                                    __kalam::model::NestedField {
                                        id: 113,
                                        name: __kalam::model::Shared::Static("spot"),
                                        ty: __kalam::model::ColumnType::Struct(
                                            __kalam::model::Shared::Static(
                                                &[
                                                    __kalam::model::NestedField {
                                                        id: 114,
                                                        name: __kalam::model::Shared::Static("x"),
                                                        ty: __kalam::model::ColumnType::Double,
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
                        default: __kalam::Option::None,
                        unit: __kalam::Option::None,
                        rust: __kalam::Option::None,
                        deprecated: __kalam::Option::None,
                        comment: __kalam::Option::None,
                    },
                ];
                __kalam::model::Shared::Static(&COLUMNS)
            },
            reserved: __kalam::model::Reserved {
                ids: __kalam::model::Shared::Static(&[40, 41]),
                names: __kalam::model::Shared::Static(
                    &[__kalam::model::Shared::Static("username")],
                ),
            },
        });
        /// The Arrow schema of `app.all_types`, built on first use.
        pub static SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> = __kalam::LazyLock::new(||
        __kalam::Table::new_schema(&DEFINITION));
        /// The Arrow schema of `app.all_types` for DataFusion, built on first use.
        pub static QUERY_SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> = __kalam::LazyLock::new(||
        __kalam::Table::new_query_schema(&DEFINITION));
        /// Table `app.all_types`: its definition and its Arrow schemas.
        pub static TABLE: __kalam::Table = __kalam::Table {
            definition: &DEFINITION,
            schema: &SCHEMA,
            query_schema: &QUERY_SCHEMA,
        };
        #[automatically_derived]
        impl __kalam::ToArrow for AllTypes {
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
                                i64,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.id))
                    }
                    1 => {
                        column
                            .append::<
                                __kalam::String,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.region))
                    }
                    2 => {
                        column
                            .append::<
                                __kalam::Date,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.day))
                    }
                    3 => {
                        column
                            .append::<
                                bool,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.flag))
                    }
                    4 => {
                        column
                            .append::<
                                i8,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.tiny))
                    }
                    5 => {
                        column
                            .append::<
                                __kalam::Option<i16>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.small))
                    }
                    6 => {
                        column
                            .append::<
                                __kalam::Option<i32>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.plain))
                    }
                    7 => {
                        column
                            .append::<
                                u8,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.utiny))
                    }
                    8 => {
                        column
                            .append::<
                                u16,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.usmall))
                    }
                    9 => {
                        column
                            .append::<
                                u32,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.uplain))
                    }
                    10 => {
                        column
                            .append::<
                                __kalam::Option<u64>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.ubig))
                    }
                    11 => {
                        column
                            .append::<
                                f32,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.single))
                    }
                    12 => {
                        column
                            .append::<
                                __kalam::Option<f64>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.twice))
                    }
                    13 => {
                        column
                            .append::<
                                __kalam::Decimal<10, 2>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.price))
                    }
                    14 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::String>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.title))
                    }
                    15 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::Vec<u8>>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.blob))
                    }
                    16 => {
                        column
                            .append::<
                                [u8; 32],
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.digest))
                    }
                    17 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::TimeOfDay<__kalam::Micros>>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.at))
                    }
                    18 => {
                        column
                            .append::<
                                __kalam::Timestamp<__kalam::Millis>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.seen))
                    }
                    19 => {
                        column
                            .append::<
                                __kalam::Timestamp<__kalam::Seconds>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.local))
                    }
                    20 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::Timestamp<__kalam::Nanos>>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.zoned))
                    }
                    21 => {
                        column
                            .append::<
                                __kalam::Timestamp<__kalam::Micros>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.moment))
                    }
                    22 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::IntervalMonthDayNano>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.span))
                    }
                    23 => {
                        column
                            .append::<
                                __kalam::Uuid,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.token))
                    }
                    24 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::String>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.payload))
                    }
                    25 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::String>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.attachment))
                    }
                    26 => {
                        column
                            .append::<
                                __kalam::Box<[f32; 3]>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.vector))
                    }
                    27 => {
                        column
                            .append::<
                                Status,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.status))
                    }
                    28 => {
                        column
                            .append::<
                                __kalam::Option<Status>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.previous))
                    }
                    29 => {
                        column
                            .append::<
                                Option,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.option))
                    }
                    30 => {
                        column
                            .append::<
                                __kalam::Vec<__kalam::String>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.tags))
                    }
                    31 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::Vec<__kalam::Option<f64>>>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.scores))
                    }
                    32 => {
                        column
                            .append::<
                                AllTypesAddress,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.address))
                    }
                    33 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::Vec<AllTypesRoutesItem>>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.routes))
                    }
                    34 => {
                        column
                            .append::<
                                __kalam::BTreeMap<__kalam::String, __kalam::String>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.labels))
                    }
                    35 => {
                        column
                            .append::<
                                __kalam::Option<i32>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.r#type))
                    }
                    36 => {
                        column
                            .append::<
                                __kalam::Option<i32>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.columns))
                    }
                    37 => {
                        column
                            .append::<
                                __kalam::Option<i32>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.row))
                    }
                    38 => {
                        column
                            .append::<
                                __kalam::Option<__kalam::AnyValue>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.elapsed))
                    }
                    39 => {
                        column
                            .append::<
                                __kalam::Option<AllTypesPlace>,
                                _,
                            >(rows, |row| __kalam::Element::cell(&row.place))
                    }
                    _ => column.missing(),
                }
            }
            fn prefetch(rows: &[&Self]) -> u8 {
                let mut seen = 0;
                for row in rows {
                    seen ^= __kalam::Element::prefetch(&row.id);
                    seen ^= __kalam::Element::prefetch(&row.region);
                    seen ^= __kalam::Element::prefetch(&row.day);
                    seen ^= __kalam::Element::prefetch(&row.flag);
                    seen ^= __kalam::Element::prefetch(&row.tiny);
                    seen ^= __kalam::Element::prefetch(&row.small);
                    seen ^= __kalam::Element::prefetch(&row.plain);
                    seen ^= __kalam::Element::prefetch(&row.utiny);
                    seen ^= __kalam::Element::prefetch(&row.usmall);
                    seen ^= __kalam::Element::prefetch(&row.uplain);
                    seen ^= __kalam::Element::prefetch(&row.ubig);
                    seen ^= __kalam::Element::prefetch(&row.single);
                    seen ^= __kalam::Element::prefetch(&row.twice);
                    seen ^= __kalam::Element::prefetch(&row.price);
                    seen ^= __kalam::Element::prefetch(&row.title);
                    seen ^= __kalam::Element::prefetch(&row.blob);
                    seen ^= __kalam::Element::prefetch(&row.digest);
                    seen ^= __kalam::Element::prefetch(&row.at);
                    seen ^= __kalam::Element::prefetch(&row.seen);
                    seen ^= __kalam::Element::prefetch(&row.local);
                    seen ^= __kalam::Element::prefetch(&row.zoned);
                    seen ^= __kalam::Element::prefetch(&row.moment);
                    seen ^= __kalam::Element::prefetch(&row.span);
                    seen ^= __kalam::Element::prefetch(&row.token);
                    seen ^= __kalam::Element::prefetch(&row.payload);
                    seen ^= __kalam::Element::prefetch(&row.attachment);
                    seen ^= __kalam::Element::prefetch(&row.vector);
                    seen ^= __kalam::Element::prefetch(&row.status);
                    seen ^= __kalam::Element::prefetch(&row.previous);
                    seen ^= __kalam::Element::prefetch(&row.option);
                    seen ^= __kalam::Element::prefetch(&row.tags);
                    seen ^= __kalam::Element::prefetch(&row.scores);
                    seen ^= __kalam::Element::prefetch(&row.address);
                    seen ^= __kalam::Element::prefetch(&row.routes);
                    seen ^= __kalam::Element::prefetch(&row.labels);
                    seen ^= __kalam::Element::prefetch(&row.r#type);
                    seen ^= __kalam::Element::prefetch(&row.columns);
                    seen ^= __kalam::Element::prefetch(&row.row);
                    seen ^= __kalam::Element::prefetch(&row.elapsed);
                    seen ^= __kalam::Element::prefetch(&row.place);
                }
                seen
            }
        }
        #[automatically_derived]
        impl __kalam::FromArrow for AllTypes {
            type Readers = (
                __kalam::ColumnReader<i64>,
                __kalam::ColumnReader<__kalam::String>,
                __kalam::ColumnReader<__kalam::Date>,
                __kalam::ColumnReader<bool>,
                __kalam::ColumnReader<i8>,
                __kalam::ColumnReader<__kalam::Option<i16>>,
                __kalam::ColumnReader<__kalam::Option<i32>>,
                __kalam::ColumnReader<u8>,
                __kalam::ColumnReader<u16>,
                __kalam::ColumnReader<u32>,
                __kalam::ColumnReader<__kalam::Option<u64>>,
                __kalam::ColumnReader<f32>,
                __kalam::ColumnReader<__kalam::Option<f64>>,
                __kalam::ColumnReader<__kalam::Decimal<10, 2>>,
                __kalam::ColumnReader<__kalam::Option<__kalam::String>>,
                __kalam::ColumnReader<__kalam::Option<__kalam::Vec<u8>>>,
                __kalam::ColumnReader<[u8; 32]>,
                __kalam::ColumnReader<
                    __kalam::Option<__kalam::TimeOfDay<__kalam::Micros>>,
                >,
                __kalam::ColumnReader<__kalam::Timestamp<__kalam::Millis>>,
                __kalam::ColumnReader<__kalam::Timestamp<__kalam::Seconds>>,
                __kalam::ColumnReader<
                    __kalam::Option<__kalam::Timestamp<__kalam::Nanos>>,
                >,
                __kalam::ColumnReader<__kalam::Timestamp<__kalam::Micros>>,
                __kalam::ColumnReader<__kalam::Option<__kalam::IntervalMonthDayNano>>,
                __kalam::ColumnReader<__kalam::Uuid>,
                __kalam::ColumnReader<__kalam::Option<__kalam::String>>,
                __kalam::ColumnReader<__kalam::Option<__kalam::String>>,
                __kalam::ColumnReader<__kalam::Box<[f32; 3]>>,
                __kalam::ColumnReader<Status>,
                __kalam::ColumnReader<__kalam::Option<Status>>,
                __kalam::ColumnReader<Option>,
                __kalam::ColumnReader<__kalam::Vec<__kalam::String>>,
                __kalam::ColumnReader<
                    __kalam::Option<__kalam::Vec<__kalam::Option<f64>>>,
                >,
                __kalam::ColumnReader<AllTypesAddress>,
                __kalam::ColumnReader<__kalam::Option<__kalam::Vec<AllTypesRoutesItem>>>,
                __kalam::ColumnReader<
                    __kalam::BTreeMap<__kalam::String, __kalam::String>,
                >,
                __kalam::ColumnReader<__kalam::Option<i32>>,
                __kalam::ColumnReader<__kalam::Option<i32>>,
                __kalam::ColumnReader<__kalam::Option<i32>>,
                __kalam::ColumnReader<__kalam::Option<__kalam::AnyValue>>,
                __kalam::ColumnReader<__kalam::Option<AllTypesPlace>>,
            );
            type View<'a> = AllTypesView<'a>;
            fn readers(
                columns: &__kalam::Columns<'_>,
            ) -> __kalam::Result<
                <Self as __kalam::FromArrow>::Readers,
                __kalam::RowError,
            > {
                let mut readers = __kalam::ReadersBuilder::new(columns);
                readers.add::<i64>();
                readers.add::<__kalam::String>();
                readers.add::<__kalam::Date>();
                readers.add::<bool>();
                readers.add::<i8>();
                readers.add::<__kalam::Option<i16>>();
                readers.add::<__kalam::Option<i32>>();
                readers.add::<u8>();
                readers.add::<u16>();
                readers.add::<u32>();
                readers.add::<__kalam::Option<u64>>();
                readers.add::<f32>();
                readers.add::<__kalam::Option<f64>>();
                readers.add::<__kalam::Decimal<10, 2>>();
                readers.add::<__kalam::Option<__kalam::String>>();
                readers.add::<__kalam::Option<__kalam::Vec<u8>>>();
                readers.add::<[u8; 32]>();
                readers.add::<__kalam::Option<__kalam::TimeOfDay<__kalam::Micros>>>();
                readers.add::<__kalam::Timestamp<__kalam::Millis>>();
                readers.add::<__kalam::Timestamp<__kalam::Seconds>>();
                readers.add::<__kalam::Option<__kalam::Timestamp<__kalam::Nanos>>>();
                readers.add::<__kalam::Timestamp<__kalam::Micros>>();
                readers.add::<__kalam::Option<__kalam::IntervalMonthDayNano>>();
                readers.add::<__kalam::Uuid>();
                readers.add::<__kalam::Option<__kalam::String>>();
                readers.add::<__kalam::Option<__kalam::String>>();
                readers.add::<__kalam::Box<[f32; 3]>>();
                readers.add::<Status>();
                readers.add::<__kalam::Option<Status>>();
                readers.add::<Option>();
                readers.add::<__kalam::Vec<__kalam::String>>();
                readers.add::<__kalam::Option<__kalam::Vec<__kalam::Option<f64>>>>();
                readers.add::<AllTypesAddress>();
                readers.add::<__kalam::Option<__kalam::Vec<AllTypesRoutesItem>>>();
                readers.add::<__kalam::BTreeMap<__kalam::String, __kalam::String>>();
                readers.add::<__kalam::Option<i32>>();
                readers.add::<__kalam::Option<i32>>();
                readers.add::<__kalam::Option<i32>>();
                readers.add::<__kalam::Option<__kalam::AnyValue>>();
                readers.add::<__kalam::Option<AllTypesPlace>>();
                let mut readers = readers.finish()?;
                __kalam::Result::Ok((
                    readers.take::<i64>(),
                    readers.take::<__kalam::String>(),
                    readers.take::<__kalam::Date>(),
                    readers.take::<bool>(),
                    readers.take::<i8>(),
                    readers.take::<__kalam::Option<i16>>(),
                    readers.take::<__kalam::Option<i32>>(),
                    readers.take::<u8>(),
                    readers.take::<u16>(),
                    readers.take::<u32>(),
                    readers.take::<__kalam::Option<u64>>(),
                    readers.take::<f32>(),
                    readers.take::<__kalam::Option<f64>>(),
                    readers.take::<__kalam::Decimal<10, 2>>(),
                    readers.take::<__kalam::Option<__kalam::String>>(),
                    readers.take::<__kalam::Option<__kalam::Vec<u8>>>(),
                    readers.take::<[u8; 32]>(),
                    readers
                        .take::<__kalam::Option<__kalam::TimeOfDay<__kalam::Micros>>>(),
                    readers.take::<__kalam::Timestamp<__kalam::Millis>>(),
                    readers.take::<__kalam::Timestamp<__kalam::Seconds>>(),
                    readers
                        .take::<__kalam::Option<__kalam::Timestamp<__kalam::Nanos>>>(),
                    readers.take::<__kalam::Timestamp<__kalam::Micros>>(),
                    readers.take::<__kalam::Option<__kalam::IntervalMonthDayNano>>(),
                    readers.take::<__kalam::Uuid>(),
                    readers.take::<__kalam::Option<__kalam::String>>(),
                    readers.take::<__kalam::Option<__kalam::String>>(),
                    readers.take::<__kalam::Box<[f32; 3]>>(),
                    readers.take::<Status>(),
                    readers.take::<__kalam::Option<Status>>(),
                    readers.take::<Option>(),
                    readers.take::<__kalam::Vec<__kalam::String>>(),
                    readers
                        .take::<__kalam::Option<__kalam::Vec<__kalam::Option<f64>>>>(),
                    readers.take::<AllTypesAddress>(),
                    readers.take::<__kalam::Option<__kalam::Vec<AllTypesRoutesItem>>>(),
                    readers
                        .take::<__kalam::BTreeMap<__kalam::String, __kalam::String>>(),
                    readers.take::<__kalam::Option<i32>>(),
                    readers.take::<__kalam::Option<i32>>(),
                    readers.take::<__kalam::Option<i32>>(),
                    readers.take::<__kalam::Option<__kalam::AnyValue>>(),
                    readers.take::<__kalam::Option<AllTypesPlace>>(),
                ))
            }
            fn read(
                readers: &<Self as __kalam::FromArrow>::Readers,
                range: __kalam::Range<usize>,
                rows: &mut __kalam::Vec<Self>,
            ) -> __kalam::Result<(), __kalam::RowError> {
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
                __kalam::Result::Ok(())
            }
            #[inline]
            fn view(
                readers: &<Self as __kalam::FromArrow>::Readers,
                row: usize,
            ) -> __kalam::Result<
                <Self as __kalam::FromArrow>::View<'_>,
                __kalam::RowError,
            > {
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
                __kalam::Result::Ok(AllTypesView {
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
        impl __kalam::RowKey for AllTypes {
            type Prefix = (
                __kalam::Option<i64>,
                __kalam::Option<__kalam::String>,
                __kalam::Option<__kalam::Date>,
            );
            const IN_SQL_ORDER: bool = <i64 as __kalam::Value>::IN_SQL_ORDER
                && <__kalam::String as __kalam::Value>::IN_SQL_ORDER
                && <__kalam::Date as __kalam::Value>::IN_SQL_ORDER;
            fn read_prefixes(
                batch: &__kalam::RecordBatch,
                count: usize,
            ) -> __kalam::Result<
                __kalam::Vec<<Self as __kalam::RowKey>::Prefix>,
                __kalam::RowError,
            > {
                let columns = __kalam::Columns::by_name(&TABLE, batch);
                let c0 = __kalam::KeyReader::<i64>::try_new(&columns, 0, 0, count)?;
                let c1 = __kalam::KeyReader::<
                    __kalam::String,
                >::try_new(&columns, 1, 1, count)?;
                let c2 = __kalam::KeyReader::<
                    __kalam::Date,
                >::try_new(&columns, 2, 2, count)?;
                let mut prefixes = __kalam::Vec::with_capacity(batch.num_rows());
                for row in 0..batch.num_rows() {
                    prefixes.push((c0.read(row)?, c1.read(row)?, c2.read(row)?));
                }
                __kalam::Result::Ok(prefixes)
            }
            fn compare_prefix(
                &self,
                prefix: &<Self as __kalam::RowKey>::Prefix,
            ) -> __kalam::Ordering {
                __kalam::compare_part(&self.id, &prefix.0)
                    .then_with(|| __kalam::compare_part(&self.region, &prefix.1))
                    .then_with(|| __kalam::compare_part(&self.day, &prefix.2))
            }
            fn compare_keys(&self, other: &Self) -> __kalam::Ordering {
                __kalam::Ord::cmp(&self.id, &other.id)
                    .then_with(|| __kalam::Ord::cmp(&self.region, &other.region))
                    .then_with(|| __kalam::Ord::cmp(&self.day, &other.day))
            }
        }
        #[automatically_derived]
        impl __kalam::KeyedRow for AllTypes
        where
            Self: __kalam::Row,
        {
            type Key<'a> = (i64, &'a str, __kalam::Date);
            fn key(&self) -> <Self as __kalam::KeyedRow>::Key<'_> {
                (self.id, &*self.region, self.day)
            }
            fn compare_key(
                &self,
                key: &<Self as __kalam::KeyedRow>::Key<'_>,
            ) -> __kalam::Ordering {
                __kalam::Ord::cmp(&(self.id, &*self.region, self.day), key)
            }
        }
    }
}
