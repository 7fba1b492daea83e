// SPDX-License-Identifier: Apache-2.0

//! KalamTable, typed-arrow, serde_arrow and hand-written builders convert the same rows to equal
//! batches, and read the batches of each other.

#![allow(
    missing_docs,
    reason = "the code of the typed-arrow derive has no docs"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayData, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef};
use kalamtable_peers::peers::journeys::Journey;
use kalamtable_peers::{
    Numbers, Reading, SCHEMA, SerdeReading, TypedReading, by_hand, readings, rows_by_hand,
    sum_by_hand, sum_typed_views, sum_views, typed_rows,
};
use kalamtable_rows::{
    Date, FromArrow, KalamTable, TimeOfDayMicros, TimestampMicros, TimestampMillis, TimestampNanos,
    TimestampSeconds, ToArrow,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use typed_arrow::prelude::*;
use typed_arrow::schema::{IntoRecordBatch, RowBuilder};
use typed_arrow::{
    Date32, List, Map, Microsecond, Millisecond, Nanosecond, Record, Second, Time64, Timestamp,
};

/// Enough rows for several blocks.
const ROWS: usize = 600;

#[test]
fn batches_of_all_four_are_equal() -> Result<(), Box<dyn Error>> {
    // Numbers of rows around the size of a block, where bits and offsets of two blocks meet.
    for count in [0, 1, 63, 64, 127, 128, 129, 1000] {
        let rows = readings(count);
        let batch = Reading::to_batch(&rows)?;
        assert_eq!(batch, by_hand(&rows)?);

        let typed = typed_batch(rows.iter().map(TypedReading::from).collect());
        assert_eq!(typed.columns(), batch.columns());

        let serde: Vec<SerdeReading> = rows.iter().map(SerdeReading::from).collect();
        let fields: Vec<FieldRef> = SCHEMA.fields().iter().cloned().collect();
        let of_serde = serde_arrow::to_record_batch(&fields, &serde)?;
        assert_eq!(of_serde.columns(), batch.columns());

        assert_eq!(Reading::from_batch(&batch)?, rows);
        assert_eq!(rows_by_hand(&batch), rows);
        assert_eq!(typed_batch(typed_rows(&typed)?), typed);
        assert_eq!(sum_views(&batch)?, sum_by_hand(&batch));
        assert_eq!(sum_typed_views(&typed)?, sum_by_hand(&batch));
    }
    Ok(())
}

#[test]
fn extremes_are_equal() -> Result<(), Box<dyn Error>> {
    let mut rows = readings(3);
    rows[0].id = i64::MIN;
    rows[0].serial = Some(u64::MAX);
    rows[0].value = f64::NEG_INFINITY;
    rows[0].station = String::new();
    rows[1].attempt = Some(i16::MIN);
    rows[1].flags = u32::MAX;
    rows[1].gain = Some(-0.0);
    rows[1].note = Some("\u{0}\u{10ffff}".to_string());
    rows[2].note = None;
    rows[2].operator = Some(String::new());
    assert_eq!(Reading::to_batch(&rows)?, by_hand(&rows)?);
    assert_eq!(Reading::from_batch(&by_hand(&rows)?)?, rows);
    Ok(())
}

/// A row of types that all libraries support, with all three derives.
#[derive(Clone, Debug, Serialize, Deserialize, KalamTable, Record)]
#[kalam(
    table = "peers.numbers",
    no_primary_key = "only compared",
    view = KalamOfNumbers,
    crate = kalamtable_rows
)]
struct OfNumbers {
    i8: i8,
    i16: i16,
    i32: i32,
    i64: i64,
    u8: u8,
    u16: u16,
    u32: u32,
    u64: u64,
    f32: f32,
    f64: f64,
    bool: bool,
    some_i8: Option<i8>,
    some_i16: Option<i16>,
    some_i32: Option<i32>,
    some_i64: Option<i64>,
    some_u8: Option<u8>,
    some_u16: Option<u16>,
    some_u32: Option<u32>,
    some_u64: Option<u64>,
    some_f32: Option<f32>,
    some_f64: Option<f64>,
    some_bool: Option<bool>,
    never: Option<i32>,
}

#[test]
fn numbers_are_equal() -> Result<(), Box<dyn Error>> {
    let mut numbers = Numbers(1);
    let mut rows: Vec<OfNumbers> = (0..ROWS)
        .map(|_| OfNumbers {
            i8: numbers.next() as i8,
            i16: numbers.next() as i16,
            i32: numbers.next() as i32,
            i64: numbers.next() as i64,
            u8: numbers.next() as u8,
            u16: numbers.next() as u16,
            u32: numbers.next() as u32,
            u64: numbers.next(),
            f32: numbers.next() as f32,
            f64: numbers.next() as f64,
            bool: numbers.below(2) == 0,
            some_i8: numbers.some(|numbers| numbers.next() as i8),
            some_i16: numbers.some(|numbers| numbers.next() as i16),
            some_i32: numbers.some(|numbers| numbers.next() as i32),
            some_i64: numbers.some(|numbers| numbers.next() as i64),
            some_u8: numbers.some(|numbers| numbers.next() as u8),
            some_u16: numbers.some(|numbers| numbers.next() as u16),
            some_u32: numbers.some(|numbers| numbers.next() as u32),
            some_u64: numbers.some(Numbers::next),
            some_f32: numbers.some(|numbers| numbers.next() as f32),
            some_f64: numbers.some(|numbers| numbers.next() as f64),
            some_bool: numbers.some(|numbers| numbers.below(2) == 0),
            never: None,
        })
        .collect();
    rows[0].i8 = i8::MIN;
    rows[0].i16 = i16::MIN;
    rows[0].i32 = i32::MIN;
    rows[0].i64 = i64::MIN;
    rows[0].some_u64 = Some(u64::MAX);
    rows[0].f32 = f32::NAN;
    rows[0].f64 = f64::NAN;
    rows[1].i64 = i64::MAX;
    rows[1].u64 = u64::MAX;
    rows[1].f32 = f32::NEG_INFINITY;
    rows[1].f64 = f64::INFINITY;
    rows[1].some_f32 = Some(-0.0);
    rows[1].some_f64 = Some(-0.0);
    rows[2].f32 = f32::MIN_POSITIVE;
    rows[2].f64 = f64::MAX;
    rows[2].some_f64 = Some(f64::from_bits(1));
    check::<OfNumbers, _, _>(&rows, rows.clone())
}

/// A row of texts and bytes.
#[derive(Clone, Debug, Serialize, Deserialize, KalamTable, Record)]
#[kalam(
    table = "peers.texts",
    no_primary_key = "only compared",
    view = KalamOfTexts,
    crate = kalamtable_rows
)]
struct OfTexts {
    text: String,
    some_text: Option<String>,
    bytes: Vec<u8>,
    some_bytes: Option<Vec<u8>>,
}

#[test]
fn texts_and_bytes_are_equal() -> Result<(), Box<dyn Error>> {
    let mut numbers = Numbers(2);
    let mut rows: Vec<OfTexts> = (0..ROWS)
        .map(|_| OfTexts {
            text: text(&mut numbers),
            some_text: numbers.some(text),
            bytes: bytes(&mut numbers),
            some_bytes: numbers.some(bytes),
        })
        .collect();
    rows[0].text = String::new();
    rows[0].some_text = Some(String::new());
    rows[0].bytes = Vec::new();
    rows[0].some_bytes = Some(Vec::new());
    rows[1].text = "\u{0}\u{7f}\u{80}\u{10ffff}".to_string();
    rows[1].bytes = (0..=255).collect();
    rows[2].text = "long".repeat(10_000);
    check::<OfTexts, _, _>(&rows, rows.clone())
}

/// A row of bytes of a fixed length.
#[derive(Clone, Debug, Serialize, Deserialize, KalamTable, Record)]
#[kalam(
    table = "peers.fixed",
    no_primary_key = "only compared",
    view = KalamOfFixed,
    crate = kalamtable_rows
)]
struct OfFixed {
    fixed: [u8; 4],
    some_fixed: Option<[u8; 16]>,
}

#[test]
fn fixed_bytes_are_equal() -> Result<(), Box<dyn Error>> {
    let mut numbers = Numbers(7);
    let mut rows: Vec<OfFixed> = (0..ROWS)
        .map(|_| OfFixed {
            fixed: (numbers.next() as u32).to_be_bytes(),
            some_fixed: numbers.some(|numbers| u128::from(numbers.next()).to_be_bytes()),
        })
        .collect();
    rows[0].fixed = [u8::MAX; 4];
    rows[0].some_fixed = Some([0; 16]);
    let batch = check_but_reading_by_serde::<OfFixed, _, _>(&rows, rows.clone())?;
    // FIXME: serde_arrow 0.15 writes arrays of bytes and does not read them.
    let read = serde_arrow::from_record_batch::<Vec<OfFixed>>(&batch);
    assert!(read.is_err_and(|error| error.to_string().contains("deserialize_tuple_at")));
    Ok(())
}

/// A row of times.
#[derive(Debug, KalamTable)]
#[kalam(table = "peers.times", no_primary_key = "only compared", crate = kalamtable_rows)]
struct OfTimes {
    seconds: TimestampSeconds,
    millis: TimestampMillis,
    micros: TimestampMicros,
    nanos: TimestampNanos,
    day: Date,
    #[kalam(type = "time")]
    time: TimeOfDayMicros,
    some_seconds: Option<TimestampSeconds>,
    some_millis: Option<TimestampMillis>,
    some_micros: Option<TimestampMicros>,
    some_nanos: Option<TimestampNanos>,
    some_day: Option<Date>,
    #[kalam(type = "time")]
    some_time: Option<TimeOfDayMicros>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SerdeTimes {
    seconds: i64,
    millis: i64,
    micros: i64,
    nanos: i64,
    day: i32,
    time: i64,
    some_seconds: Option<i64>,
    some_millis: Option<i64>,
    some_micros: Option<i64>,
    some_nanos: Option<i64>,
    some_day: Option<i32>,
    some_time: Option<i64>,
}

#[derive(Record)]
struct TypedTimes {
    seconds: Timestamp<Second>,
    millis: Timestamp<Millisecond>,
    micros: Timestamp<Microsecond>,
    nanos: Timestamp<Nanosecond>,
    day: Date32,
    time: Time64<Microsecond>,
    some_seconds: Option<Timestamp<Second>>,
    some_millis: Option<Timestamp<Millisecond>>,
    some_micros: Option<Timestamp<Microsecond>>,
    some_nanos: Option<Timestamp<Nanosecond>>,
    some_day: Option<Date32>,
    some_time: Option<Time64<Microsecond>>,
}

impl From<&SerdeTimes> for TypedTimes {
    fn from(row: &SerdeTimes) -> Self {
        TypedTimes {
            seconds: Timestamp::new(row.seconds),
            millis: Timestamp::new(row.millis),
            micros: Timestamp::new(row.micros),
            nanos: Timestamp::new(row.nanos),
            day: Date32::new(row.day),
            time: Time64::new(row.time),
            some_seconds: row.some_seconds.map(Timestamp::new),
            some_millis: row.some_millis.map(Timestamp::new),
            some_micros: row.some_micros.map(Timestamp::new),
            some_nanos: row.some_nanos.map(Timestamp::new),
            some_day: row.some_day.map(Date32::new),
            some_time: row.some_time.map(Time64::new),
        }
    }
}

#[test]
fn times_are_equal() -> Result<(), Box<dyn Error>> {
    const MICROS_A_DAY: i64 = 86_400_000_000;

    let mut numbers = Numbers(3);
    let time = |numbers: &mut Numbers| numbers.below(MICROS_A_DAY as usize) as i64;
    let mut rows: Vec<SerdeTimes> = (0..ROWS)
        .map(|_| SerdeTimes {
            seconds: numbers.next() as i64,
            millis: numbers.next() as i64,
            micros: numbers.next() as i64,
            nanos: numbers.next() as i64,
            day: numbers.next() as i32,
            time: time(&mut numbers),
            some_seconds: numbers.some(|numbers| numbers.next() as i64),
            some_millis: numbers.some(|numbers| numbers.next() as i64),
            some_micros: numbers.some(|numbers| numbers.next() as i64),
            some_nanos: numbers.some(|numbers| numbers.next() as i64),
            some_day: numbers.some(|numbers| numbers.next() as i32),
            some_time: numbers.some(time),
        })
        .collect();
    rows[0].seconds = i64::MIN;
    rows[0].millis = i64::MIN;
    rows[0].some_micros = Some(i64::MIN);
    rows[0].some_nanos = Some(i64::MAX);
    rows[0].day = i32::MIN;
    rows[0].some_day = Some(i32::MAX);
    rows[0].time = 0;
    rows[0].some_time = Some(MICROS_A_DAY - 1);
    let typed = rows.iter().map(TypedTimes::from).collect();
    check::<OfTimes, _, TypedTimes>(&rows, typed)
}

/// A row of lists.
#[derive(Clone, Debug, Serialize, Deserialize, KalamTable)]
#[kalam(table = "peers.lists", no_primary_key = "only compared", crate = kalamtable_rows)]
struct OfLists {
    numbers: Vec<i64>,
    gaps: Vec<Option<i32>>,
    some_numbers: Option<Vec<f64>>,
    some_gaps: Option<Vec<Option<bool>>>,
    texts: Vec<String>,
    some_texts: Option<Vec<Option<String>>>,
    lists: Vec<Vec<i16>>,
    some_lists: Option<Vec<Option<Vec<u32>>>>,
}

#[derive(Record)]
struct TypedLists {
    numbers: List<i64>,
    gaps: List<Option<i32>>,
    some_numbers: Option<List<f64>>,
    some_gaps: Option<List<Option<bool>>>,
    texts: List<String>,
    some_texts: Option<List<Option<String>>>,
    lists: List<List<i16>>,
    some_lists: Option<List<Option<List<u32>>>>,
}

impl From<OfLists> for TypedLists {
    fn from(row: OfLists) -> Self {
        TypedLists {
            numbers: row.numbers.into(),
            gaps: row.gaps.into(),
            some_numbers: row.some_numbers.map(List::from),
            some_gaps: row.some_gaps.map(List::from),
            texts: row.texts.into(),
            some_texts: row.some_texts.map(List::from),
            lists: row.lists.into_iter().map(List::from).collect(),
            some_lists: row.some_lists.map(|lists| {
                let lists = lists.into_iter();
                lists.map(|list| list.map(List::from)).collect()
            }),
        }
    }
}

#[test]
fn lists_are_equal() -> Result<(), Box<dyn Error>> {
    let mut numbers = Numbers(4);
    let rows: Vec<OfLists> = (0..ROWS)
        .map(|_| OfLists {
            numbers: list(&mut numbers, |numbers| numbers.next() as i64),
            gaps: list(&mut numbers, |numbers| {
                numbers.some(|numbers| numbers.next() as i32)
            }),
            some_numbers: numbers.some(|numbers| list(numbers, |numbers| numbers.next() as f64)),
            some_gaps: numbers.some(|numbers| {
                list(numbers, |numbers| {
                    numbers.some(|numbers| numbers.below(2) == 0)
                })
            }),
            texts: list(&mut numbers, text),
            some_texts: numbers.some(|numbers| list(numbers, |numbers| numbers.some(text))),
            lists: list(&mut numbers, |numbers| {
                list(numbers, |numbers| numbers.next() as i16)
            }),
            some_lists: numbers.some(|numbers| {
                list(numbers, |numbers| {
                    numbers.some(|numbers| list(numbers, |numbers| numbers.next() as u32))
                })
            }),
        })
        .collect();
    let typed = rows.iter().cloned().map(TypedLists::from).collect();
    check::<OfLists, _, TypedLists>(&rows, typed)
}

/// A row of maps.
#[derive(Clone, Debug, Serialize, Deserialize, KalamTable)]
#[kalam(table = "peers.maps", no_primary_key = "only compared", crate = kalamtable_rows)]
struct OfMaps {
    counts: BTreeMap<String, i64>,
    some_texts: Option<BTreeMap<i32, Option<String>>>,
}

#[derive(Record)]
struct TypedMaps {
    counts: Map<String, i64>,
    some_texts: Option<Map<i32, Option<String>>>,
}

impl From<OfMaps> for TypedMaps {
    fn from(row: OfMaps) -> Self {
        TypedMaps {
            counts: row.counts.into_iter().collect(),
            some_texts: row.some_texts.map(|texts| texts.into_iter().collect()),
        }
    }
}

#[test]
fn maps_are_equal() -> Result<(), Box<dyn Error>> {
    let mut numbers = Numbers(5);
    let rows: Vec<OfMaps> = (0..ROWS)
        .map(|_| OfMaps {
            counts: list(&mut numbers, |numbers| {
                (text(numbers), numbers.next() as i64)
            })
            .into_iter()
            .collect(),
            some_texts: numbers.some(|numbers| {
                list(numbers, |numbers| {
                    (numbers.next() as i32, numbers.some(text))
                })
                .into_iter()
                .collect()
            }),
        })
        .collect();
    let typed = rows.iter().cloned().map(TypedMaps::from).collect();
    check::<OfMaps, _, TypedMaps>(&rows, typed)
}

#[derive(Clone, Debug, Serialize, Deserialize, Record)]
struct Place {
    name: String,
    height: Option<i32>,
}

/// A row of structs for serde; the row of KalamTable is generated.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SerdeJourney {
    id: i64,
    origin: Place,
    goal: Option<Place>,
    stops: Vec<Place>,
    detour: Option<Vec<Option<Place>>>,
    leg: SerdeLeg,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SerdeLeg {
    via: Option<Place>,
    days: Vec<Option<i64>>,
}

#[derive(Record)]
struct TypedJourney {
    id: i64,
    origin: Place,
    goal: Option<Place>,
    stops: List<Place>,
    detour: Option<List<Option<Place>>>,
    leg: TypedLeg,
}

#[derive(Record)]
struct TypedLeg {
    via: Option<Place>,
    days: List<Option<i64>>,
}

impl From<SerdeJourney> for TypedJourney {
    fn from(row: SerdeJourney) -> Self {
        TypedJourney {
            id: row.id,
            origin: row.origin,
            goal: row.goal,
            stops: row.stops.into(),
            detour: row.detour.map(List::from),
            leg: TypedLeg {
                via: row.leg.via,
                days: row.leg.days.into(),
            },
        }
    }
}

#[test]
fn structs_are_equal() -> Result<(), Box<dyn Error>> {
    let place = |numbers: &mut Numbers| Place {
        name: text(numbers),
        height: numbers.some(|numbers| numbers.next() as i32),
    };
    let mut numbers = Numbers(6);
    let rows: Vec<SerdeJourney> = (0..ROWS)
        .map(|_| SerdeJourney {
            id: numbers.next() as i64,
            origin: place(&mut numbers),
            goal: numbers.some(place),
            stops: list(&mut numbers, place),
            detour: numbers.some(|numbers| list(numbers, |numbers| numbers.some(place))),
            leg: SerdeLeg {
                via: numbers.some(place),
                days: list(&mut numbers, |numbers| {
                    numbers.some(|numbers| numbers.next() as i64)
                }),
            },
        })
        .collect();
    let typed = rows.iter().cloned().map(TypedJourney::from).collect();
    check::<Journey, _, TypedJourney>(&rows, typed)
}

/// Returns up to 12 letters, some of several bytes.
fn text(numbers: &mut Numbers) -> String {
    (0..numbers.below(13))
        .map(|_| ['a', 'ß', '漢', '🦀'][numbers.below(4)])
        .collect()
}

fn bytes(numbers: &mut Numbers) -> Vec<u8> {
    list(numbers, |numbers| numbers.next() as u8)
}

/// Returns up to 4 values.
fn list<T>(numbers: &mut Numbers, value: impl Fn(&mut Numbers) -> T) -> Vec<T> {
    (0..numbers.below(5)).map(|_| value(numbers)).collect()
}

/// Checks that the batches of all libraries are equal: serde_arrow, typed-arrow, and KalamTable
/// with the rows that it reads from the others. Each library also reads the batch of KalamTable.
fn check<K, S, T>(serde: &[S], typed: Vec<T>) -> Result<(), Box<dyn Error>>
where
    K: FromArrow + Debug,
    S: Serialize + DeserializeOwned + Debug,
    T: BuildRows + FromRecordBatch,
    for<'a> T: TryFrom<T::View<'a>, Error: Error>,
{
    let batch = check_but_reading_by_serde::<K, S, T>(serde, typed)?;
    let read: Vec<S> = serde_arrow::from_record_batch(&batch)?;
    assert_eq!(debug(&read), debug(serde));
    Ok(())
}

/// Like [`check`], but serde_arrow does not read the batch of KalamTable, which is returned.
fn check_but_reading_by_serde<K, S, T>(
    serde: &[S],
    typed: Vec<T>,
) -> Result<RecordBatch, Box<dyn Error>>
where
    K: FromArrow + Debug,
    S: Serialize,
    T: BuildRows + FromRecordBatch,
    for<'a> T: TryFrom<T::View<'a>, Error: Error>,
{
    let fields: Vec<FieldRef> = K::schema().fields().iter().cloned().collect();
    let of_serde = serde_arrow::to_record_batch(&fields, &serde)?;
    let of_typed = typed_batch(typed);
    assert_same(&of_serde, &of_typed)?;

    let rows = K::from_batch(&of_serde)?;
    let ours = K::to_batch(&rows)?;
    assert_eq!(ours.columns(), of_serde.columns());
    assert_eq!(debug(&K::from_batch(&of_typed)?), debug(&rows));
    // A slice, whose offsets and bits do not begin at the first row.
    let (begin, length) = (rows.len() / 3, rows.len() / 3);
    assert_eq!(
        debug(&K::from_batch(&of_typed.slice(begin, length))?),
        debug(&rows[begin..begin + length])
    );

    let mut read = Vec::with_capacity(rows.len());
    for view in ours.iter_views::<T>()? {
        read.push(T::try_from(view?).map_err(|error| error.to_string())?);
    }
    assert_same(&ours, &typed_batch(read))?;
    Ok(ours)
}

fn typed_batch<T: BuildRows>(rows: Vec<T>) -> RecordBatch {
    let mut builders = T::new_builders(rows.len());
    builders.append_rows(rows);
    builders.finish().into_record_batch()
}

/// Returns the debug text of rows, because a NaN does not equal itself and its text does.
fn debug<T: Debug + ?Sized>(rows: &T) -> String {
    format!("{rows:?}")
}

fn assert_same(left: &RecordBatch, right: &RecordBatch) -> Result<(), Box<dyn Error>> {
    assert_eq!(left.num_columns(), right.num_columns());
    for (position, field) in left.schema().fields().iter().enumerate() {
        let other = right.schema().field(position).clone();
        assert_eq!(field.name(), other.name());
        assert_eq!(field.is_nullable(), other.is_nullable(), "{}", field.name());
        let [left, right] = [left, right].map(|batch| plain(&batch.column(position).to_data()));
        assert_eq!(left?, right?, "{}", field.name());
    }
    Ok(())
}

/// Returns an array without the properties in which the libraries differ: metadata, the names of
/// the fields inside lists and maps, and the nullability of the values of a map.
fn plain(data: &ArrayData) -> Result<ArrayData, Box<dyn Error>> {
    with_type(data, plain_type(data.data_type()))
}

fn plain_type(ty: &DataType) -> DataType {
    let field = |name: &str, field: &Field, nullable| {
        Arc::new(Field::new(name, plain_type(field.data_type()), nullable))
    };
    match ty {
        DataType::List(item) => DataType::List(field("item", item, item.is_nullable())),
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|inner| field(inner.name(), inner, inner.is_nullable()))
                .collect(),
        ),
        DataType::Map(entries, sorted) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return ty.clone();
            };
            let pair = [
                field("key", &fields[0], false),
                field("value", &fields[1], true),
            ];
            let entries = Field::new("entries", DataType::Struct(pair.into()), false);
            DataType::Map(Arc::new(entries), *sorted)
        }
        other => other.clone(),
    }
}

fn with_type(data: &ArrayData, ty: DataType) -> Result<ArrayData, Box<dyn Error>> {
    let inner: Vec<DataType> = match &ty {
        DataType::List(item) => vec![item.data_type().clone()],
        DataType::Map(entries, _) => vec![entries.data_type().clone()],
        DataType::Struct(fields) => fields.iter().map(|f| f.data_type().clone()).collect(),
        _ => Vec::new(),
    };
    let children = data.child_data().iter().zip(inner);
    let children = children
        .map(|(data, ty)| with_type(data, ty))
        .collect::<Result<_, _>>()?;
    let builder = data.clone().into_builder().data_type(ty);
    Ok(builder.child_data(children).build()?)
}
