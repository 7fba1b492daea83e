// SPDX-License-Identifier: Apache-2.0

//! The tables of these tests, in the form of generated code.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, IntervalMonthDayNano, SchemaRef};
use kalamtable_model::{
    AccessLevel, Column, ColumnDefault, ColumnType, DefaultFunction, Literal, MapFields,
    NestedField, PrimaryKey, Reserved, Shared, TableDefinition, TableKind, TableName, TableParts,
    TimeUnit,
};
use kalamtable_rows::__private::{KeyReader, compare_part};
use kalamtable_rows::Uuid;
use kalamtable_rows::{
    ClosedSet, ColumnBuilder, ColumnReader, Columns, Date, Decimal, Element, FromArrow,
    InvalidValue, KalamValue, KeyedRow, OwnedValue, RowError, RowKey, Table, TimeOfDayMicros,
    TimestampMicros, TimestampMillis, ToArrow, Value, ValueError,
};

/// A row type and its table. The first column is the key.
macro_rules! table {
    (
        $(#[$doc:meta])*
        $row:ident, $table:literal, key $key:ident: $key_ty:ty;
        $($id:literal $column:ident: $ty:ty = $column_ty:expr, $nullable:literal, $default:expr;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $row {
            $(pub(crate) $column: $ty,)*
        }

        const _: () = {
            static DEFINITION: TableDefinition = TableDefinition::from_checked(TableParts {
                name: TableName {
                    namespace: Shared::Static("app"),
                    table: Shared::Static($table),
                },
                kind: TableKind::Shared,
                ttl_seconds: None,
                access_level: Some(AccessLevel::Private),
                version: 1,
                comment: None,
                primary_key: PrimaryKey::Columns(Shared::Static(&[0])),
                unique_keys: Shared::Static(&[]),
                row: Shared::Static(stringify!($row)),
                columns: Shared::Static(&[$(Column {
                    id: $id,
                    name: Shared::Static(stringify!($column)),
                    source: None,
                    ty: $column_ty,
                    nullable: $nullable,
                    default: $default,
                    unit: None,
                    rust: None,
                    deprecated: None,
                    comment: None,
                }),*]),
                reserved: Reserved { ids: Shared::Static(&[]), names: Shared::Static(&[]) },
            });
            static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Table::new_schema(&DEFINITION));
            static QUERY_SCHEMA: LazyLock<SchemaRef> =
                LazyLock::new(|| Table::new_query_schema(&DEFINITION));
            static TABLE: Table = Table {
                definition: &DEFINITION,
                schema: &SCHEMA,
                query_schema: &QUERY_SCHEMA,
            };

            impl ToArrow for $row {
                const TABLE: &'static Table = &TABLE;

                #[allow(unused_assignments)]
                fn append(
                    rows: &[&Self],
                    position: usize,
                    column: &mut ColumnBuilder,
                ) -> Result<(), ValueError> {
                    let mut next = 0;
                    $(
                        if position == next {
                            return column.append::<$ty, _>(rows, |row| {
                                Element::cell(&row.$column)
                            });
                        }
                        next += 1;
                    )*
                    column.missing()
                }
            }

            // These tests do not use views.
            impl FromArrow for $row {
                type Readers = ($(ColumnReader<$ty>,)*);
                type View<'a> = ();

                fn readers(columns: &Columns<'_>) -> Result<Self::Readers, RowError> {
                    let mut positions = 0..;
                    Ok(($(columns.reader::<$ty>(positions.next().unwrap())?,)*))
                }

                fn read(
                    readers: &Self::Readers,
                    range: Range<usize>,
                    rows: &mut Vec<Self>,
                ) -> Result<(), RowError> {
                    let ($($column,)*) = readers;
                    for row in range {
                        rows.push($row { $($column: $column.read(row)?),* });
                    }
                    Ok(())
                }

                fn view(_readers: &Self::Readers, _row: usize) -> Result<(), RowError> {
                    Ok(())
                }
            }

            impl RowKey for $row {
                type Prefix = (Option<$key_ty>,);

                const IN_SQL_ORDER: bool = true;

                fn read_prefixes(
                    batch: &RecordBatch,
                    count: usize,
                ) -> Result<Vec<Self::Prefix>, RowError> {
                    let columns = Columns::by_name(&TABLE, batch);
                    let key = KeyReader::<$key_ty>::try_new(&columns, 0, 0, count)?;
                    (0..batch.num_rows()).map(|row| Ok((key.read(row)?,))).collect()
                }

                fn compare_prefix(&self, prefix: &Self::Prefix) -> Ordering {
                    compare_part(&self.$key, &prefix.0)
                }

                fn compare_keys(&self, other: &Self) -> Ordering {
                    self.$key.cmp(&other.$key)
                }
            }

            impl KeyedRow for $row {
                type Key<'a> = $key_ty;

                fn key(&self) -> $key_ty {
                    self.$key
                }

                fn compare_key(&self, key: &$key_ty) -> Ordering {
                    self.$key.cmp(key)
                }
            }
        };
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub(crate) enum Mood {
    Calm,
    Cross,
    #[kalam(rename = "it's glad")]
    Glad,
}

#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) label: Option<String>,
}

const MOOD: ColumnType = ColumnType::Enum(Shared::Static(&[
    Shared::Static("calm"),
    Shared::Static("cross"),
    Shared::Static("it's glad"),
]));

const POINT_FIELDS: &[NestedField] = &[
    NestedField {
        id: 101,
        name: Shared::Static("x"),
        ty: ColumnType::Double,
        nullable: false,
    },
    NestedField {
        id: 102,
        name: Shared::Static("label"),
        ty: ColumnType::Text,
        nullable: true,
    },
];

static NUMBER: NestedField = NestedField {
    id: 103,
    name: Shared::Static("item"),
    ty: ColumnType::BigInt,
    nullable: false,
};

static WORD: NestedField = NestedField {
    id: 104,
    name: Shared::Static("item"),
    ty: ColumnType::Text,
    nullable: true,
};

static POINT: NestedField = NestedField {
    id: 105,
    name: Shared::Static("item"),
    ty: ColumnType::Struct(Shared::Static(POINT_FIELDS)),
    nullable: true,
};

static COUNTS: MapFields = MapFields {
    key: NestedField {
        id: 106,
        name: Shared::Static("key"),
        ty: ColumnType::Text,
        nullable: false,
    },
    value: NestedField {
        id: 107,
        name: Shared::Static("value"),
        ty: ColumnType::BigInt,
        nullable: true,
    },
};

// These are macros, since a static can only reference constants.
macro_rules! timestamp {
    ($unit:ident) => {
        ColumnType::Timestamp {
            unit: TimeUnit::$unit,
            zone: None,
        }
    };
    ($unit:ident, $zone:literal) => {
        ColumnType::Timestamp {
            unit: TimeUnit::$unit,
            zone: Some(Shared::Static($zone)),
        }
    };
}

/// [`Required`] and [`Nullable`]: a column of every type, not null in the one, nullable in the
/// other.
macro_rules! samples {
    ($($id:literal $column:ident: $ty:ty = $column_ty:expr, |$n:ident| $value:expr;)*) => {
        table! {
            /// A column of every type, none of them nullable.
            Required, "required", key id: i64;
            1 id: i64 = ColumnType::BigInt, false, None;
            $($id $column: $ty = $column_ty, false, None;)*
        }

        table! {
            /// A column of every type, all nullable but the key.
            Nullable, "nullable", key id: i64;
            1 id: i64 = ColumnType::BigInt, false, None;
            $($id $column: Option<$ty> = $column_ty, true, None;)*
        }

        impl Required {
            /// Returns a row that depends on the number.
            pub(crate) fn sample(id: i64) -> Self {
                Required { id, $($column: { let $n = id; $value }),* }
            }
        }

        impl Nullable {
            /// Returns a row that depends on the number, with a null in every third column.
            pub(crate) fn sample(id: i64) -> Self {
                Nullable {
                    id,
                    $($column: { let $n = id; (($n + $id) % 3 != 0).then(|| $value) }),*
                }
            }

            /// A row without values.
            pub(crate) fn empty(id: i64) -> Self {
                Nullable { id, $($column: None),* }
            }
        }
    };
}

samples! {
    2 boolean: bool = ColumnType::Boolean, |n| n % 2 == 0;
    3 tinyint: i8 = ColumnType::TinyInt, |n| (n % 100) as i8 - 50;
    4 smallint: i16 = ColumnType::SmallInt, |n| (n % 1000) as i16 - 500;
    5 int: i32 = ColumnType::Int, |n| n as i32 * 7 % 1001 - 500;
    6 bigint: i64 = ColumnType::BigInt, |n| n * 1_000_000_007;
    7 utinyint: u8 = ColumnType::UTinyInt, |n| (n % 256) as u8;
    8 usmallint: u16 = ColumnType::USmallInt, |n| (n * 3 % 65_536) as u16;
    9 uint: u32 = ColumnType::UInt, |n| n as u32 % 17;
    10 ubigint: u64 = ColumnType::UBigInt, |n| u64::MAX - n as u64;
    11 float: f32 = ColumnType::Float, |n| n as f32 / 4.0 - 2.0;
    12 double: f64 = ColumnType::Double, |n| 1.0 / (n as f64 + 0.5);
    13 decimal: Decimal<10, 2> = ColumnType::Decimal { precision: 10, scale: 2 },
        |n| Decimal::from_unscaled(i128::from(n) * 25 - 300).unwrap();
    14 text: String = ColumnType::Text, |n| format!("te%xt_{}", n % 40);
    15 json: String = ColumnType::Json, |n| format!("{{\"n\":{n}}}");
    16 bytes: Vec<u8> = ColumnType::Bytes, |n| n.to_be_bytes()[(n % 8) as usize..].to_vec();
    17 fixed: [u8; 4] = ColumnType::FixedBytes(4), |n| (n as u32 % 9).to_be_bytes();
    18 date: Date = ColumnType::Date, |n| Date::from_days(n as i32 % 500 - 100);
    19 time: TimeOfDayMicros = ColumnType::Time,
        |n| TimeOfDayMicros::new(n * 1_234_567 % 86_400_000_000);
    20 timestamp: TimestampMillis = timestamp!(Microsecond),
        |n| TimestampMillis::new(n * 1_000_003);
    21 zoned: TimestampMicros = timestamp!(Microsecond, "+05:00"),
        |n| TimestampMicros::new(-n * 77);
    22 datetime: TimestampMicros = ColumnType::DateTime, |n| TimestampMicros::new(n * 1_000_003);
    23 interval: IntervalMonthDayNano = ColumnType::Interval,
        |n| IntervalMonthDayNano::new(n as i32 % 5, 1, n);
    24 uuid: Uuid = ColumnType::Uuid, |n| Uuid::from_u128(n as u128 * 0x1111);
    25 embedding: Box<[f32; 2]> = ColumnType::Embedding(2), |n| Box::new([n as f32, 0.5]);
    26 mood: Mood = MOOD, |n| Mood::ALL[n as usize % 3];
    27 numbers: Vec<i64> = ColumnType::List(Shared::Static(&NUMBER)), |n| (0..n % 4).collect();
    28 words: Vec<Option<String>> = ColumnType::List(Shared::Static(&WORD)),
        |n| (0..n % 3).map(|i| (i != 1).then(|| format!("w{n}"))).collect();
    29 point: Point = ColumnType::Struct(Shared::Static(POINT_FIELDS)), |n| point(n);
    30 points: Vec<Option<Point>> = ColumnType::List(Shared::Static(&POINT)),
        |n| (0..n % 3).map(|i| (i != 0).then(|| point(n))).collect();
    31 counts: BTreeMap<String, Option<i64>> = ColumnType::Map(Shared::Static(&COUNTS)),
        |n| (0..n % 3).map(|i| (format!("k{i}"), (n % 2 == 0).then_some(n))).collect();
}

fn point(n: i64) -> Point {
    Point {
        x: n as f64 / 3.0,
        label: (n % 4 != 0).then(|| format!("p{n}")),
    }
}

thread_local! {
    /// The number of values of each [`Probe`] that this thread has built.
    static BUILT: [Cell<usize>; 2] = const { [Cell::new(0), Cell::new(0)] };
}

/// Returns the number of values of `Probe<0>` and `Probe<1>` that this thread has built since the
/// last call.
pub(crate) fn built() -> [usize; 2] {
    BUILT.with(|built| [built[0].take(), built[1].take()])
}

/// A `bigint` that counts how often it is built, and fails if it has one of the following values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Probe<const N: usize>(pub(crate) i64);

/// A value that does not fit its column.
pub(crate) const UNFIT: i64 = 999_999;
/// A value that panics when it is built.
pub(crate) const PANIC: i64 = 888_888;

impl<const N: usize> Value for Probe<N> {
    type Cell<'a> = i64;
    type Builder = <i64 as Value>::Builder;

    fn cell(&self) -> i64 {
        self.0
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        i64::builder(ty, capacity)
    }

    fn append(builder: &mut Self::Builder, cells: &[i64]) -> Result<(), ValueError> {
        let cells: Vec<Option<i64>> = cells.iter().copied().map(Some).collect();
        Self::append_nullable(builder, &cells)
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<i64>],
    ) -> Result<(), ValueError> {
        BUILT.with(|built| built[N].set(built[N].get() + cells.len()));
        for (index, cell) in cells.iter().enumerate() {
            match *cell {
                Some(UNFIT) => {
                    return Err(ValueError::new(
                        index,
                        InvalidValue::Other("it is unfit".into()),
                    ));
                }
                Some(PANIC) => panic!("a value that panics"),
                _ => {}
            }
        }
        i64::append_nullable(builder, cells)
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        i64::finish(builder)
    }
}

impl<const N: usize> OwnedValue for Probe<N> {
    type Reader = <i64 as OwnedValue>::Reader;
    type View<'a> = i64;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        i64::reader(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        i64::read(reader, index).map(Probe)
    }

    fn view(reader: &Self::Reader, index: usize) -> Result<i64, ValueError> {
        i64::view(reader, index)
    }
}

table! {
    /// A table whose columns count how often their values are built.
    Watched, "watched", key id: i64;
    1 id: i64 = ColumnType::BigInt, false, None;
    2 a: Probe<0> = ColumnType::BigInt, false, None;
    3 b: Option<Probe<1>> = ColumnType::BigInt, true, None;
    4 title: Option<String> = ColumnType::Text, true, None;
}

impl Watched {
    pub(crate) fn sample(id: i64) -> Self {
        Watched {
            id,
            a: Probe(id * 10),
            b: (id % 2 == 0).then_some(Probe(id)),
            title: Some(format!("title {id}")),
        }
    }
}

macro_rules! literal {
    ($kind:ident($value:expr)) => {
        Some(ColumnDefault::Literal(Literal::$kind($value)))
    };
}

macro_rules! call {
    ($function:ident) => {
        Some(ColumnDefault::Call(DefaultFunction::$function))
    };
}

table! {
    /// A default of every kind, and a required column without one.
    Defaults, "defaults", key id: i64;
    1 id: i64 = ColumnType::BigInt, false, None;
    2 required: String = ColumnType::Text, false, None;
    3 note: Option<String> = ColumnType::Text, true, None;
    4 created: TimestampMillis = timestamp!(Millisecond), false,
        call!(Now);
    5 zoned: TimestampMicros = timestamp!(Microsecond, "+05:00"), false,
        call!(Now);
    6 datetime: TimestampMicros = ColumnType::DateTime, false, call!(Now);
    7 day: Date = ColumnType::Date, false, call!(CurrentDate);
    8 at: TimeOfDayMicros = ColumnType::Time, false, call!(CurrentTime);
    9 flag: bool = ColumnType::Boolean, false, literal!(Boolean(true));
    10 small: i16 = ColumnType::SmallInt, false, literal!(Integer(-3));
    11 big: u64 = ColumnType::UBigInt, false, literal!(Integer(u64::MAX as i128));
    12 price: Decimal<10, 2> = ColumnType::Decimal { precision: 10, scale: 2 }, false,
        literal!(Integer(150));
    13 ratio: f32 = ColumnType::Float, false, literal!(Float(0.5));
    14 mood: Mood = MOOD, false, literal!(Text(Shared::Static("cross")));
    15 uuid: Uuid = ColumnType::Uuid, false, literal!(Bytes(Shared::Static(&[7; 16])));
    16 since: Date = ColumnType::Date, false, literal!(Integer(365));
    17 moment: TimestampMillis = timestamp!(Microsecond), false,
        literal!(Integer(1_000));
}
