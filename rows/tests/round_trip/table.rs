// SPDX-License-Identifier: Apache-2.0

//! Rows of a table with a column of nearly every type.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use ::bytes::Bytes;
use ::chrono::{DateTime, Utc};
use arrow::array::RecordBatch;
use arrow::datatypes::{IntervalMonthDayNano, Schema};
use kalamtable_rows::{
    Date, Decimal, FromArrow, KalamTable, Micros, Millis, Nanos, Seconds, TimeOfDay,
    TimestampMillis, TimestampNanos, ToArrow, Unit, Uuid,
};
use serde_json::Value as Json;

use proptest::strategy::ValueTree;

use super::types::*;
use super::*;

macro_rules! table {
    ($($(#[$attribute:meta])* $field:ident: $ty:ty = $values:expr;)*) => {
        #[derive(Clone, Debug, KalamTable)]
        #[kalam(table = "app.everything", no_primary_key = "only compared", crate = kalamtable_rows)]
        struct Everything {
            $($(#[$attribute])* $field: $ty,)*
        }

        /// Creates the values one after the other, because tuples of strategies have a limited
        /// size.
        fn rows(runner: &mut TestRunner, count: usize) -> Vec<Everything> {
            $(let $field = BoxedStrategy::<$ty>::from($values.boxed());)*
            let mut rows = Vec::new();
            for _ in 0..count {
                rows.push(Everything {
                    $($field: $field.new_tree(runner).expect("a value").current(),)*
                });
            }
            rows
        }

        #[track_caller]
        fn assert_read(batch: &RecordBatch, rows: &[Everything]) {
            let read = Everything::from_batch(batch).expect("the rows can be read");
            let views = Everything::views(batch).expect("the rows can be read");
            assert_eq!((read.len(), views.len()), (rows.len(), rows.len()));
            for ((row, read), view) in rows.iter().zip(&read).zip(views.iter()) {
                let view = view.expect("the row can be read");
                $(
                    let (value, found) = (&row.$field, &read.$field);
                    assert!(SameElement::is_same(value, found), "{value:?} is {found:?}");
                    let found = &view.$field;
                    assert!(SameElement::equals_view(value, found), "{value:?} differs from its view {found:?}");
                )*
            }
        }
    };
}

fn maybe<T: Debug + Clone + 'static>(values: BoxedStrategy<T>) -> BoxedStrategy<Option<T>> {
    proptest::option::of(values).boxed()
}

table! {
    flag: bool = any::<bool>();
    tiny: Option<i8> = maybe(i8s());
    big: i64 = i64s();
    count: Option<u64> = maybe(u64s());
    single: f32 = f32s();
    double: Option<f64> = maybe(f64s());
    price: Decimal<12, 3> = fixed_decimals::<12, 3>();
    #[kalam(type = "decimal(30, 6)")]
    rate: Option<rust_decimal::Decimal> = maybe(decimals());
    wide: Option<i128> = maybe(fixed_decimals::<38, 0>().prop_map(Decimal::unscaled).boxed());
    name: String = texts();
    alias: Option<Box<str>> = maybe(texts().prop_map(Box::<str>::from).boxed());
    #[kalam(type = "arrow:Dictionary(Int32, Utf8)")]
    region: Option<String> = maybe(texts());
    #[kalam(type = "arrow:Utf8View")]
    seen: String = texts();
    status: Status = statuses();
    owner: Option<Name> = maybe(texts().prop_map(Name).boxed());
    details: Option<Json> = maybe(json());
    #[kalam(type = "json")]
    raw: String = texts();
    payload: Vec<u8> = byte_strings();
    digest: Option<[u8; 3]> = maybe(any::<[u8; 3]>().boxed());
    body: Bytes = byte_strings().prop_map(Bytes::from);
    key: Uuid = uuids();
    day: Option<Date> = maybe(i32s().prop_map(Date::from_days).boxed());
    civil_day: jiff::civil::Date = jiff_dates();
    #[kalam(type = "time")]
    hour: TimeOfDay<Micros> = (0..86_400_000_000i64).prop_map(TimeOfDay::new);
    clock: Option<::chrono::NaiveTime> = maybe(chrono_times());
    at: TimestampMillis = i64s().prop_map(TimestampMillis::new);
    exactly_at: Option<TimestampNanos> = maybe(i64s().prop_map(TimestampNanos::new).boxed());
    system: Option<SystemTime> = maybe(system_times());
    moment: DateTime<Utc> = chrono_instants();
    #[kalam(type = "timestamp(ns)")]
    stamp: Option<jiff::Timestamp> = maybe(jiff_instants());
    civil: jiff::civil::DateTime = jiff_civil_times();
    length: IntervalMonthDayNano = intervals();
    vector: [f32; 4] = proptest::array::uniform4(f32s());
    boxed: Option<Box<[f32; 4]>> = maybe(proptest::array::uniform4(f32s()).prop_map(Box::new).boxed());
    #[kalam(type = "embedding(2)")]
    loose: Vec<f32> = vec(f32s(), 2);
    tags: Vec<String> = vec(texts(), 0..4);
    pair: [Option<i32>; 2] = [maybe(i32s()), maybe(i32s())];
    gaps: Option<Vec<Option<Uuid>>> = maybe(vec(maybe(uuids()), 0..4).boxed());
    deep: Vec<Vec<Option<f64>>> = vec(vec(maybe(f64s()), 0..3), 0..3);
    counts: HashMap<String, u16> = map_of(texts(), u16s()).prop_map(HashMap::from_iter);
    routes: BTreeMap<i32, Option<Vec<Option<Status>>>> =
        map_of(i32s(), maybe(vec(maybe(statuses()), 0..3).boxed()));
}

#[test]
fn rows_with_every_type_are_read_unchanged() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    for count in [0, 1, 7, 127, 128, 129, 300, 600] {
        let rows = rows(&mut runner, count);
        let batch = Everything::to_batch(&rows).expect("the values fit");
        assert_read(&batch, &rows);
        assert_read(
            &batch.slice(count / 3, count - count / 3),
            &rows[count / 3..],
        );
        assert_read(&in_other_forms(&batch), &rows);

        let batches = Everything::to_batches(rows.iter().cloned(), 100);
        for (batch, rows) in batches.zip(rows.chunks(100)) {
            assert_read(&batch.expect("the values fit"), rows);
        }
    }
}

/// Returns the batch with each column in another physical form and without its id.
fn in_other_forms(batch: &RecordBatch) -> RecordBatch {
    let fields = batch.schema_ref().fields().iter().zip(batch.columns());
    let columns = fields.map(|(field, array)| {
        let forms = match array.data_type() {
            DataType::Utf8 => vec![DataType::LargeUtf8],
            DataType::Utf8View => vec![coded(DataType::LargeUtf8)],
            DataType::Dictionary(_, _) => vec![DataType::Utf8View],
            DataType::Binary => vec![DataType::BinaryView],
            DataType::List(item) => vec![DataType::LargeList(item.clone())],
            DataType::Timestamp(_, zone) => [Nanos::UNIT, Millis::UNIT, Seconds::UNIT]
                .map(|unit| DataType::Timestamp(unit, zone.clone()))
                .to_vec(),
            DataType::Time64(_) => vec![DataType::Time64(Nanos::UNIT)],
            other if other.is_numeric() && !other.is_floating() => vec![coded(other.clone())],
            _ => Vec::new(),
        };
        let mut forms = forms.iter().filter_map(|form| exactly(array, form));
        let array = forms.next().unwrap_or_else(|| array.clone());
        (
            Field::new(field.name(), array.data_type().clone(), true),
            array,
        )
    });
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .expect("the arrays have the same length")
}
