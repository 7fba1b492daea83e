// SPDX-License-Identifier: Apache-2.0

//! One row of 16 columns, five of them texts and seven nullable, as a row type of each library,
//! with the same values; and hand-written conversions.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Float32Builder, Float64Builder, Int16Builder,
    Int32Builder, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
    UInt32Builder, UInt64Builder,
};
use arrow::datatypes::{
    Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use kalamtable_rows::TimestampMicros;
use serde::{Deserialize, Serialize};
use typed_arrow::{Microsecond, Timestamp};

include!(concat!(env!("OUT_DIR"), "/kalamtable.rs"));

pub use peers::readings::{Reading, SCHEMA};

pub use typed::TypedReading;

#[allow(missing_docs, reason = "the items of the derive have no docs")]
mod typed {
    use typed_arrow::{Microsecond, Timestamp};

    /// The row of typed-arrow.
    #[derive(Clone, Debug, typed_arrow::Record)]
    pub struct TypedReading {
        pub id: i64,
        pub station: String,
        pub sensor: String,
        pub status: String,
        pub note: Option<String>,
        pub operator: Option<String>,
        pub taken_at: Timestamp<Microsecond>,
        pub received_at: Option<Timestamp<Microsecond>>,
        pub value: f64,
        pub error: Option<f64>,
        pub channel: i32,
        pub attempt: Option<i16>,
        pub flags: u32,
        pub serial: Option<u64>,
        pub valid: bool,
        pub gain: Option<f32>,
    }
}

/// The row for serde, whose times are numbers of microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of `Reading`")]
pub struct SerdeReading {
    pub id: i64,
    pub station: String,
    pub sensor: String,
    pub status: String,
    pub note: Option<String>,
    pub operator: Option<String>,
    pub taken_at: i64,
    pub received_at: Option<i64>,
    pub value: f64,
    pub error: Option<f64>,
    pub channel: i32,
    pub attempt: Option<i16>,
    pub flags: u32,
    pub serial: Option<u64>,
    pub valid: bool,
    pub gain: Option<f32>,
}

impl From<&Reading> for TypedReading {
    fn from(row: &Reading) -> Self {
        let row = row.clone();
        TypedReading {
            id: row.id,
            station: row.station,
            sensor: row.sensor,
            status: row.status,
            note: row.note,
            operator: row.operator,
            taken_at: Timestamp::new(row.taken_at.get()),
            received_at: row.received_at.map(|at| Timestamp::new(at.get())),
            value: row.value,
            error: row.error,
            channel: row.channel,
            attempt: row.attempt,
            flags: row.flags,
            serial: row.serial,
            valid: row.valid,
            gain: row.gain,
        }
    }
}

impl From<&Reading> for SerdeReading {
    fn from(row: &Reading) -> Self {
        let row = row.clone();
        SerdeReading {
            id: row.id,
            station: row.station,
            sensor: row.sensor,
            status: row.status,
            note: row.note,
            operator: row.operator,
            taken_at: row.taken_at.get(),
            received_at: row.received_at.map(TimestampMicros::get),
            value: row.value,
            error: row.error,
            channel: row.channel,
            attempt: row.attempt,
            flags: row.flags,
            serial: row.serial,
            valid: row.valid,
            gain: row.gain,
        }
    }
}

/// Returns `count` rows from a fixed seed. A third of the nullable values are null, and texts have
/// 8 to 40 bytes.
pub fn readings(count: usize) -> Vec<Reading> {
    let mut numbers = Numbers(42);
    (0..count)
        .map(|row| {
            let at = 1_700_000_000_000_000 + row as i64 * 1_000;
            Reading {
                id: row as i64,
                station: format!("station-{:04}", numbers.below(5_000)),
                sensor: format!("{:016x}-{:08}", numbers.next(), row),
                status: ["calibrated", "operating", "in maintenance", "unreachable"]
                    [numbers.below(4)]
                .to_string(),
                note: numbers.some(|numbers| {
                    let length = 8 + numbers.below(33);
                    "recalibrated after the storm of last week"
                        .chars()
                        .take(length)
                        .collect()
                }),
                operator: numbers.some(|numbers| format!("operator {}", numbers.below(100))),
                taken_at: TimestampMicros::new(at),
                received_at: numbers.some(|_| TimestampMicros::new(at + 250)),
                value: numbers.below(1_000_000) as f64 / 1_000.0,
                error: numbers.some(|numbers| numbers.below(1_000) as f64 / 1_000.0),
                channel: numbers.below(64) as i32,
                attempt: numbers.some(|numbers| numbers.below(10) as i16),
                flags: numbers.below(1 << 16) as u32,
                serial: numbers.some(|numbers| numbers.below(1 << 40) as u64),
                valid: numbers.below(10) > 0,
                gain: numbers.some(|numbers| numbers.below(100) as f32 / 10.0),
            }
        })
        .collect()
}

/// The random number generator splitmix64 (Steele, Lea and Flood, 2014), with its state.
#[derive(Debug)]
pub struct Numbers(pub u64);

impl Numbers {
    /// Returns the next number of 64 bits.
    #[expect(clippy::should_implement_trait, reason = "there is always a next one")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number less than `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Returns a value, or `None` for a third of all calls.
    pub fn some<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let value = value(self);
        (self.below(3) > 0).then_some(value)
    }
}

/// Converts rows with one builder per column, in one pass over the rows.
///
/// # Errors
/// Fails if Arrow cannot build the batch.
pub fn by_hand(rows: &[Reading]) -> Result<RecordBatch, ArrowError> {
    let count = rows.len();
    let text = || StringBuilder::with_capacity(count, count * 20);
    let time = || TimestampMicrosecondBuilder::with_capacity(count);
    let mut id = Int64Builder::with_capacity(count);
    let (mut station, mut sensor, mut status) = (text(), text(), text());
    let (mut note, mut operator) = (text(), text());
    let (mut taken_at, mut received_at) = (time(), time());
    let mut value = Float64Builder::with_capacity(count);
    let mut error = Float64Builder::with_capacity(count);
    let mut channel = Int32Builder::with_capacity(count);
    let mut attempt = Int16Builder::with_capacity(count);
    let mut flags = UInt32Builder::with_capacity(count);
    let mut serial = UInt64Builder::with_capacity(count);
    let mut valid = BooleanBuilder::with_capacity(count);
    let mut gain = Float32Builder::with_capacity(count);
    for row in rows {
        id.append_value(row.id);
        station.append_value(&row.station);
        sensor.append_value(&row.sensor);
        status.append_value(&row.status);
        note.append_option(row.note.as_deref());
        operator.append_option(row.operator.as_deref());
        taken_at.append_value(row.taken_at.get());
        received_at.append_option(row.received_at.map(TimestampMicros::get));
        value.append_value(row.value);
        error.append_option(row.error);
        channel.append_value(row.channel);
        attempt.append_option(row.attempt);
        flags.append_value(row.flags);
        serial.append_option(row.serial);
        valid.append_value(row.valid);
        gain.append_option(row.gain);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(id.finish()),
        Arc::new(station.finish()),
        Arc::new(sensor.finish()),
        Arc::new(status.finish()),
        Arc::new(note.finish()),
        Arc::new(operator.finish()),
        Arc::new(taken_at.finish()),
        Arc::new(received_at.finish()),
        Arc::new(value.finish()),
        Arc::new(error.finish()),
        Arc::new(channel.finish()),
        Arc::new(attempt.finish()),
        Arc::new(flags.finish()),
        Arc::new(serial.finish()),
        Arc::new(valid.finish()),
        Arc::new(gain.finish()),
    ];
    RecordBatch::try_new(SCHEMA.clone(), columns)
}

/// Reads the rows of a batch from downcast arrays, row by row.
pub fn rows_by_hand(batch: &RecordBatch) -> Vec<Reading> {
    let id = batch.column(0).as_primitive::<Int64Type>();
    let station = batch.column(1).as_string::<i32>();
    let sensor = batch.column(2).as_string::<i32>();
    let status = batch.column(3).as_string::<i32>();
    let note = batch.column(4).as_string::<i32>();
    let operator = batch.column(5).as_string::<i32>();
    let taken_at = batch.column(6).as_primitive::<TimestampMicrosecondType>();
    let received_at = batch.column(7).as_primitive::<TimestampMicrosecondType>();
    let value = batch.column(8).as_primitive::<Float64Type>();
    let error = batch.column(9).as_primitive::<Float64Type>();
    let channel = batch.column(10).as_primitive::<Int32Type>();
    let attempt = batch.column(11).as_primitive::<Int16Type>();
    let flags = batch.column(12).as_primitive::<UInt32Type>();
    let serial = batch.column(13).as_primitive::<UInt64Type>();
    let valid = batch.column(14).as_boolean();
    let gain = batch.column(15).as_primitive::<Float32Type>();
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        rows.push(Reading {
            id: id.value(row),
            station: station.value(row).to_string(),
            sensor: sensor.value(row).to_string(),
            status: status.value(row).to_string(),
            note: note.is_valid(row).then(|| note.value(row).to_string()),
            operator: operator
                .is_valid(row)
                .then(|| operator.value(row).to_string()),
            taken_at: TimestampMicros::new(taken_at.value(row)),
            received_at: received_at
                .is_valid(row)
                .then(|| TimestampMicros::new(received_at.value(row))),
            value: value.value(row),
            error: error.is_valid(row).then(|| error.value(row)),
            channel: channel.value(row),
            attempt: attempt.is_valid(row).then(|| attempt.value(row)),
            flags: flags.value(row),
            serial: serial.is_valid(row).then(|| serial.value(row)),
            valid: valid.value(row),
            gain: gain.is_valid(row).then(|| gain.value(row)),
        });
    }
    rows
}

/// Reads the rows of a batch from views of typed-arrow, which has no other way to owned rows.
///
/// # Errors
/// Fails if the batch does not have the columns of the row.
pub fn typed_rows(
    batch: &RecordBatch,
) -> Result<Vec<TypedReading>, typed_arrow::schema::SchemaError> {
    use typed_arrow::AsViewsIterator;

    let mut rows = Vec::with_capacity(batch.num_rows());
    for view in batch.iter_views::<TypedReading>()? {
        rows.push(view?.try_into()?);
    }
    Ok(rows)
}

/// The sums of a batch; texts count with their length.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// The sum of whole numbers, lengths of texts, and one for each `true`.
    pub whole: i64,
    /// The sum of floating-point numbers.
    pub real: f64,
    /// The number of nulls.
    pub nulls: i64,
}

impl Sums {
    /// Adds a whole number.
    #[inline]
    pub fn whole(&mut self, value: i64) {
        self.whole = self.whole.wrapping_add(value);
    }

    /// Adds a whole number that may be null.
    #[inline]
    pub fn some_whole(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.whole(value),
            None => self.nulls += 1,
        }
    }

    /// Adds a number.
    #[inline]
    pub fn real(&mut self, value: f64) {
        self.real += value;
    }

    /// Adds a number that may be null.
    #[inline]
    pub fn some_real(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.real(value),
            None => self.nulls += 1,
        }
    }
}

/// Sums up a batch from downcast arrays, row by row.
pub fn sum_by_hand(batch: &RecordBatch) -> Sums {
    let id = batch.column(0).as_primitive::<Int64Type>();
    let station = batch.column(1).as_string::<i32>();
    let sensor = batch.column(2).as_string::<i32>();
    let status = batch.column(3).as_string::<i32>();
    let note = batch.column(4).as_string::<i32>();
    let operator = batch.column(5).as_string::<i32>();
    let taken_at = batch.column(6).as_primitive::<TimestampMicrosecondType>();
    let received_at = batch.column(7).as_primitive::<TimestampMicrosecondType>();
    let value = batch.column(8).as_primitive::<Float64Type>();
    let error = batch.column(9).as_primitive::<Float64Type>();
    let channel = batch.column(10).as_primitive::<Int32Type>();
    let attempt = batch.column(11).as_primitive::<Int16Type>();
    let flags = batch.column(12).as_primitive::<UInt32Type>();
    let serial = batch.column(13).as_primitive::<UInt64Type>();
    let valid = batch.column(14).as_boolean();
    let gain = batch.column(15).as_primitive::<Float32Type>();
    let mut sums = Sums::default();
    for row in 0..batch.num_rows() {
        sums.whole(id.value(row));
        sums.whole(station.value(row).len() as i64);
        sums.whole(sensor.value(row).len() as i64);
        sums.whole(status.value(row).len() as i64);
        sums.some_whole(note.is_valid(row).then(|| note.value(row).len() as i64));
        sums.some_whole(
            operator
                .is_valid(row)
                .then(|| operator.value(row).len() as i64),
        );
        sums.whole(taken_at.value(row));
        sums.some_whole(received_at.is_valid(row).then(|| received_at.value(row)));
        sums.real(value.value(row));
        sums.some_real(error.is_valid(row).then(|| error.value(row)));
        sums.whole(i64::from(channel.value(row)));
        sums.some_whole(attempt.is_valid(row).then(|| i64::from(attempt.value(row))));
        sums.whole(i64::from(flags.value(row)));
        sums.some_whole(serial.is_valid(row).then(|| serial.value(row) as i64));
        sums.whole(i64::from(valid.value(row)));
        sums.some_real(gain.is_valid(row).then(|| f64::from(gain.value(row))));
    }
    sums
}

macro_rules! sum_views {
    ($sums:ident, $view:expr, $micros:expr, $valid:expr) => {{
        let view = $view;
        $sums.whole(view.id.into());
        $sums.whole(view.station.len() as i64);
        $sums.whole(view.sensor.len() as i64);
        $sums.whole(view.status.len() as i64);
        $sums.some_whole(view.note.map(|text| text.len() as i64));
        $sums.some_whole(view.operator.map(|text| text.len() as i64));
        $sums.whole($micros(view.taken_at));
        $sums.some_whole(view.received_at.map($micros));
        $sums.real(view.value.into());
        $sums.some_real(view.error.map(Into::into));
        $sums.whole(view.channel.into());
        $sums.some_whole(view.attempt.map(Into::into));
        $sums.whole(view.flags.into());
        $sums.some_whole(view.serial.map(|serial| serial as i64));
        $sums.whole($valid(view.valid));
        $sums.some_real(view.gain.map(Into::into));
    }};
}

/// Sums up a batch from views of KalamTable.
pub fn sum_views(batch: &RecordBatch) -> Result<Sums, kalamtable_rows::RowError> {
    use kalamtable_rows::FromArrow;

    let mut sums = Sums::default();
    for view in Reading::views(batch)?.iter() {
        sum_views!(sums, view?, TimestampMicros::get, i64::from);
    }
    Ok(sums)
}

/// Sums up a batch from views of typed-arrow.
pub fn sum_typed_views(batch: &RecordBatch) -> Result<Sums, typed_arrow::schema::SchemaError> {
    use typed_arrow::AsViewsIterator;

    let mut sums = Sums::default();
    for view in batch.iter_views::<TypedReading>()? {
        let view = view.expect("required columns have no nulls");
        sum_views!(
            sums,
            view,
            |at: Timestamp<Microsecond>| at.value(),
            i64::from
        );
    }
    Ok(sums)
}
