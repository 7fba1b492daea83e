// SPDX-License-Identifier: Apache-2.0

//! Round trips of every type, with random values of its full range.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use ::bytes::Bytes;
use ::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use arrow::array::DurationSecondArray;
use arrow::datatypes::{Fields, IntervalMonthDayNano, TimeUnit};
use kalamtable_rows::{
    AnyValue, Date, Decimal, KalamValue, Micros, Millis, Nanos, Seconds, TimeOfDay, Timestamp,
    Unit, Uuid,
};
use proptest::sample::select;
use serde_json::Value as Json;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub(crate) enum Status {
    New,
    InProgress,
    #[kalam(rename = "it's done")]
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub(crate) struct Name(pub(crate) String);

#[derive(Clone, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<Option<i32>>,
}

/// Any value, and often an extreme one.
macro_rules! integers {
    ($($name:ident: $ty:ty),* $(,)?) => {$(
        pub(crate) fn $name() -> BoxedStrategy<$ty> {
            prop_oneof![
                1 => select(vec![0, 1, <$ty>::MIN, <$ty>::MAX, <$ty>::MIN + 1]),
                3 => any::<$ty>(),
            ]
            .boxed()
        }
    )*};
}

integers!(
    i8s: i8, i16s: i16, i32s: i32, i64s: i64, u8s: u8, u16s: u16, u32s: u32, u64s: u64,
);

/// Any bits: infinities, both zeros, and every kind of NaN.
pub(crate) fn f32s() -> BoxedStrategy<f32> {
    let edges = select(vec![f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE]);
    prop_oneof![1 => edges, 3 => any::<u32>().prop_map(f32::from_bits)].boxed()
}

pub(crate) fn f64s() -> BoxedStrategy<f64> {
    let edges = select(vec![f64::NAN, f64::NEG_INFINITY, -0.0, f64::MAX]);
    prop_oneof![1 => edges, 3 => any::<u64>().prop_map(f64::from_bits)].boxed()
}

pub(crate) fn texts() -> BoxedStrategy<String> {
    let chars = vec(any::<char>(), 0..20).prop_map(String::from_iter);
    // Also few distinct texts, and empty ones.
    prop_oneof![1 => select(vec!["", "a", "b"]).prop_map(str::to_string), 2 => chars].boxed()
}

pub(crate) fn byte_strings() -> BoxedStrategy<Vec<u8>> {
    vec(any::<u8>(), 0..20).boxed()
}

pub(crate) fn uuids() -> BoxedStrategy<Uuid> {
    any::<u128>().prop_map(Uuid::from_u128).boxed()
}

pub(crate) fn statuses() -> BoxedStrategy<Status> {
    select(vec![Status::New, Status::InProgress, Status::Done]).boxed()
}

pub(crate) fn intervals() -> BoxedStrategy<IntervalMonthDayNano> {
    let parts = (i32s(), i32s(), i64s());
    parts
        .prop_map(|(months, days, nanos)| IntervalMonthDayNano::new(months, days, nanos))
        .boxed()
}

pub(crate) fn fixed_decimals<const P: u8, const S: u8>() -> BoxedStrategy<Decimal<P, S>> {
    let most = 10i128.pow(u32::from(P)) - 1;
    let unscaled = prop_oneof![1 => select(vec![0, most, -most]), 3 => -most..=most];
    unscaled
        .prop_filter_map("it has so many digits", Decimal::from_unscaled)
        .boxed()
}

/// The decimals that a column of type `decimal(30, 6)` holds.
pub(crate) fn decimals() -> BoxedStrategy<rust_decimal::Decimal> {
    (i64s(), 0u32..=6)
        .prop_map(|(mantissa, scale)| {
            rust_decimal::Decimal::from_i128_with_scale(mantissa.into(), scale)
        })
        .boxed()
}

pub(crate) fn json() -> BoxedStrategy<Json> {
    let numbers = f64s().prop_map(|number| {
        // JSON has no infinities and no NaN.
        serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number)
    });
    let leaves = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        i64s().prop_map(Json::from),
        u64s().prop_map(Json::from),
        numbers,
        texts().prop_map(Json::String),
    ];
    leaves
        .prop_recursive(3, 16, 4, |inner| {
            let fields = vec((texts(), inner.clone()), 0..4);
            prop_oneof![
                vec(inner, 0..4).prop_map(Json::Array),
                fields.prop_map(|fields| Json::Object(fields.into_iter().collect())),
            ]
        })
        .boxed()
}

/// Any number of seconds, with nanoseconds.
pub(crate) fn split_times() -> BoxedStrategy<(i64, u32)> {
    (i64s(), nanos()).boxed()
}

fn nanos() -> BoxedStrategy<u32> {
    let round = (0u32..1_000, select(vec![0, 1_000, 1_000_000]));
    prop_oneof![
        1 => Just(0),
        2 => round.prop_map(|(count, unit)| count * unit),
        1 => 0u32..1_000_000_000,
    ]
    .boxed()
}

/// Times whose nanoseconds fit 64 bits.
pub(crate) fn system_times() -> BoxedStrategy<SystemTime> {
    i64s()
        .prop_map(|nanos| {
            let distance = Duration::from_nanos(nanos.unsigned_abs());
            if nanos < 0 {
                SystemTime::UNIX_EPOCH - distance
            } else {
                SystemTime::UNIX_EPOCH + distance
            }
        })
        .boxed()
}

pub(crate) fn chrono_instants() -> BoxedStrategy<DateTime<Utc>> {
    i64s().prop_map(DateTime::from_timestamp_nanos).boxed()
}

pub(crate) fn jiff_instants() -> BoxedStrategy<jiff::Timestamp> {
    i64s()
        .prop_filter_map("it is a moment", |nanos| {
            jiff::Timestamp::from_nanosecond(nanos.into()).ok()
        })
        .boxed()
}

pub(crate) fn jiff_civil_times() -> BoxedStrategy<jiff::civil::DateTime> {
    jiff_instants()
        .prop_map(|moment| jiff::tz::Offset::UTC.to_datetime(moment))
        .boxed()
}

fn chrono_dates() -> BoxedStrategy<NaiveDate> {
    // Any date, and often an ordinary one.
    let days = -96_000_000..96_000_000i32;
    let dates = days.prop_filter_map("it is a date", NaiveDate::from_num_days_from_ce_opt);
    prop_oneof![1 => select(vec![NaiveDate::MIN, NaiveDate::MAX]), 3 => dates].boxed()
}

pub(crate) fn jiff_dates() -> BoxedStrategy<jiff::civil::Date> {
    let parts = (-9999i16..=9999, 1i8..=12, 1i8..=28);
    let dates = parts.prop_map(|(year, month, day)| jiff::civil::date(year, month, day));
    let edges = select(vec![jiff::civil::Date::MIN, jiff::civil::Date::MAX]);
    prop_oneof![1 => edges, 3 => dates].boxed()
}

fn micros_of_day() -> BoxedStrategy<(u32, u32)> {
    let micros = prop_oneof![Just(0), Just(86_399_999_999u64), 0..86_400_000_000u64];
    micros
        .prop_map(|micros| {
            let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
            (seconds as u32, micros as u32 * 1_000)
        })
        .boxed()
}

pub(crate) fn chrono_times() -> BoxedStrategy<NaiveTime> {
    micros_of_day()
        .prop_filter_map("it is a time", |(seconds, nanos)| {
            NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos)
        })
        .boxed()
}

fn jiff_times() -> BoxedStrategy<jiff::civil::Time> {
    micros_of_day()
        .prop_map(|(seconds, nanos)| {
            let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            jiff::civil::time(hour as i8, minute as i8, second as i8, nanos as i32)
        })
        .boxed()
}

pub(crate) fn map_of<K: Debug + Ord + Clone + 'static, V: Debug + Clone + 'static>(
    keys: BoxedStrategy<K>,
    values: BoxedStrategy<V>,
) -> BoxedStrategy<BTreeMap<K, V>> {
    proptest::collection::btree_map(keys, values, 0..5).boxed()
}

#[test]
fn numbers() {
    macro_rules! numbers {
        ($($values:ident: $ty:ty),*) => {$(
            let ty = default_type::<$ty>();
            round_trip($values(), &ty, &[coded(ty.clone())]);
        )*};
    }
    numbers!(i8s: i8, i16s: i16, i32s: i32, i64s: i64, u8s: u8, u16s: u16, u32s: u32, u64s: u64);
    round_trip(any::<bool>(), &default_type::<bool>(), &[]);
    round_trip(f32s(), &default_type::<f32>(), &[]);
    round_trip(f64s(), &default_type::<f64>(), &[]);
}

#[test]
fn decimals_and_wide_numbers() {
    let forms = |ty: &DataType| [coded(ty.clone())];
    let ty = default_type::<Decimal<10, 2>>();
    round_trip(fixed_decimals::<10, 2>(), &ty, &forms(&ty));
    let ty = default_type::<Decimal<38, 38>>();
    round_trip(fixed_decimals::<38, 38>(), &ty, &[]);
    let ty = default_type::<i128>();
    let wide = fixed_decimals::<38, 0>()
        .prop_map(Decimal::unscaled)
        .boxed();
    round_trip(wide.clone(), &ty, &forms(&ty));
    let magnitudes = wide.prop_map(i128::unsigned_abs);
    round_trip(magnitudes, &default_type::<u128>(), &[]);
    let ty = DataType::Decimal128(30, 6);
    round_trip(decimals(), &ty, &forms(&ty));
}

#[test]
fn text() {
    let forms = [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        coded(DataType::Utf8),
        coded(DataType::LargeUtf8),
    ];
    // A text that is written in one form is read from any other.
    for form in &forms {
        round_trip(texts(), form, &forms);
    }
    let (ty, forms) = (DataType::Utf8, &forms[1..4]);
    round_trip(texts().prop_map(Box::<str>::from), &ty, forms);
    round_trip(texts().prop_map(Arc::<str>::from), &ty, forms);
    round_trip(texts().prop_map(Cow::<'static, str>::Owned), &ty, forms);
    round_trip(texts().prop_map(Name), &default_type::<Name>(), forms);
    round_trip(statuses(), &default_type::<Status>(), forms);
    round_trip(json(), &default_type::<Json>(), forms);
}

#[test]
fn bytes() {
    let forms = [
        DataType::Binary,
        DataType::LargeBinary,
        DataType::BinaryView,
        coded(DataType::Binary),
    ];
    for form in &forms {
        round_trip(byte_strings(), form, &forms);
    }
    let (ty, forms) = (DataType::Binary, &forms[1..]);
    round_trip(byte_strings().prop_map(Bytes::from), &ty, forms);
    round_trip(byte_strings().prop_map(Box::<[u8]>::from), &ty, forms);
    round_trip(byte_strings().prop_map(Arc::<[u8]>::from), &ty, forms);
    round_trip(
        byte_strings().prop_map(Cow::<'static, [u8]>::Owned),
        &ty,
        forms,
    );

    let ty = default_type::<[u8; 3]>();
    round_trip(any::<[u8; 3]>(), &ty, &[coded(ty.clone())]);
    round_trip(vec(any::<u8>(), 3), &ty, &[]);
    let ty = default_type::<Uuid>();
    round_trip(uuids(), &ty, &[coded(ty.clone())]);
}

#[test]
fn embeddings_and_arrays() {
    let embeddings = || proptest::array::uniform4(f32s());
    let ty = default_type::<[f32; 4]>();
    round_trip(embeddings(), &ty, &[]);
    round_trip(embeddings().prop_map(Box::new), &ty, &[]);
    round_trip(vec(f32s(), 4), &ty, &[]);
    let ty = default_type::<Vec<f32>>();
    round_trip(vec(f32s(), 0..5), &ty, &[large(&ty)]);
    let ty = default_type::<[Option<i32>; 3]>();
    let DataType::List(item) = &ty else {
        panic!("{ty} is no list")
    };
    let forms = [large(&ty), DataType::FixedSizeList(item.clone(), 3)];
    let optional = || proptest::option::of(i32s());
    round_trip([optional(), optional(), optional()], &ty, &forms);
}

fn timestamp(unit: TimeUnit, zone: Option<&str>) -> DataType {
    DataType::Timestamp(unit, zone.map(Into::into))
}

const UNITS: [TimeUnit; 4] = [
    TimeUnit::Second,
    TimeUnit::Millisecond,
    TimeUnit::Microsecond,
    TimeUnit::Nanosecond,
];

fn timestamps_of<U: Unit>() {
    for zone in [None, Some("UTC")] {
        let forms = UNITS.map(|unit| timestamp(unit, zone));
        let ty = timestamp(U::UNIT, zone);
        round_trip(i64s().prop_map(Timestamp::<U>::new), &ty, &forms);
        // Few enough seconds for every unit.
        let few = -9_000_000_000i64..9_000_000_000;
        for unit in UNITS.into_iter().filter(|unit| *unit >= U::UNIT) {
            let few = few.clone().prop_map(Timestamp::<U>::new);
            round_trip(few, &timestamp(unit, zone), &forms);
        }
    }
}

#[test]
fn timestamps_in_seconds() {
    timestamps_of::<Seconds>();
}

#[test]
fn timestamps_in_milliseconds() {
    timestamps_of::<Millis>();
}

#[test]
fn timestamps_in_microseconds() {
    timestamps_of::<Micros>();
}

#[test]
fn timestamps_in_nanoseconds() {
    timestamps_of::<Nanos>();
}

#[test]
fn instants() {
    for zone in [None, Some("UTC"), Some("Asia/Tokyo")] {
        let ty = timestamp(TimeUnit::Nanosecond, zone);
        let forms = [timestamp(TimeUnit::Microsecond, zone), coded(ty.clone())];
        round_trip(system_times(), &ty, &forms);
        round_trip(chrono_instants(), &ty, &forms);
        round_trip(jiff_instants(), &ty, &forms);
    }
    let ty = timestamp(TimeUnit::Nanosecond, None);
    let forms = [timestamp(TimeUnit::Microsecond, None)];
    let civil = chrono_instants().prop_map(|moment| moment.naive_utc());
    round_trip::<NaiveDateTime>(civil, &ty, &forms);
    round_trip(jiff_civil_times(), &ty, &forms);
}

#[test]
fn times_of_day() {
    let (micros, nanos) = (
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Time64(TimeUnit::Nanosecond),
    );
    let forms = [nanos.clone(), coded(micros.clone())];
    let units = 0..86_400_000i64;
    let of_day = |micros: i64| TimeOfDay::<Micros>::new(micros);
    round_trip((0..86_400_000_000i64).prop_map(of_day), &micros, &forms);
    let millis = units.clone().prop_map(TimeOfDay::<Millis>::new);
    round_trip(millis, &micros, &forms);
    let seconds = (0..86_400i64).prop_map(TimeOfDay::<Seconds>::new);
    round_trip(seconds, &nanos, std::slice::from_ref(&micros));
    let of_nanos = (0..86_400_000_000_000i64).prop_map(TimeOfDay::<Nanos>::new);
    round_trip(of_nanos, &nanos, &[]);
    round_trip(chrono_times(), &micros, &forms);
    round_trip(jiff_times(), &micros, &forms);
}

#[test]
fn dates() {
    let ty = default_type::<Date>();
    let forms = [coded(ty.clone())];
    round_trip(i32s().prop_map(Date::from_days), &ty, &forms);
    round_trip(chrono_dates(), &ty, &forms);
    round_trip(jiff_dates(), &ty, &forms);
}

#[test]
fn durations() {
    let ty = default_type::<IntervalMonthDayNano>();
    round_trip(intervals(), &ty, &[]);
    let magnitude = |nanos: i64| Duration::from_nanos(nanos.unsigned_abs() >> 1);
    round_trip(i64s().prop_map(magnitude), &ty, &[]);
    round_trip(i64s().prop_map(TimeDelta::nanoseconds), &ty, &[]);
    let signed = i64s().prop_map(jiff::SignedDuration::from_nanos);
    round_trip(signed, &ty, &[]);
}

#[test]
fn maps() {
    let optional = |values: BoxedStrategy<f64>| proptest::option::of(values).boxed();
    let ty = default_type::<BTreeMap<String, Option<f64>>>();
    let maps = map_of(texts(), optional(f64s()));
    round_trip(maps.clone(), &ty, &[]);
    let hashed = maps.prop_map(HashMap::<String, Option<f64>>::from_iter);
    round_trip(hashed, &ty, &[]);
    let lists = vec(proptest::option::of(decimals()), 0..4).boxed();
    let maps = map_of(jiff_dates(), lists);
    let decimal = DataType::Decimal128(30, 6);
    round_trip(
        maps,
        &map_type(DataType::Date32, list_of(decimal, true)),
        &[],
    );
    let maps = map_of(uuids(), map_of(statuses_as_names(), json()));
    let inner = map_type(DataType::Utf8, DataType::Utf8);
    round_trip(maps, &map_type(DataType::FixedSizeBinary(16), inner), &[]);
}

fn statuses_as_names() -> BoxedStrategy<Name> {
    texts().prop_map(Name).boxed()
}

fn map_type(key: DataType, value: DataType) -> DataType {
    let fields = Fields::from(vec![
        Field::new("key", key, false),
        Field::new("value", value, false),
    ]);
    let entries = Field::new("entries", DataType::Struct(fields), false);
    DataType::Map(Arc::new(entries), false)
}

#[test]
fn structs() {
    let ty = |text: DataType| {
        DataType::Struct(Fields::from(vec![
            // The fields of a null struct are null.
            Field::new("x", DataType::Float64, true),
            Field::new("label", text, true),
            Field::new("tags", list_of(DataType::Int32, true), true),
        ]))
    };
    let label = proptest::option::of(texts());
    let tags = vec(proptest::option::of(i32s()), 0..4);
    let points = (f64s(), label, tags).prop_map(|(x, label, tags)| Point { x, label, tags });
    let points = points.boxed();
    let forms = [DataType::Utf8View, coded(DataType::Utf8)].map(ty);
    round_trip(points.clone(), &ty(DataType::Utf8), &forms);
    let maps = map_of(i64s(), vec(points, 0..3).boxed());
    let list = list_of(ty(DataType::Utf8), false);
    round_trip(maps, &map_type(DataType::Int64, list), &[]);
}

#[test]
fn values_of_any_type() {
    let values = i64s().prop_map(|seconds| {
        let array = Arc::new(DurationSecondArray::from(vec![seconds]));
        AnyValue::try_new(array).expect("one value, not null")
    });
    round_trip(values, &DataType::Duration(TimeUnit::Second), &[]);
}
