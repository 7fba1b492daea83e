// SPDX-License-Identifier: Apache-2.0

//! Conversion of times and durations of the standard library and of other crates.

use std::fmt::Debug;
use std::marker::PhantomData;

use arrow::datatypes::{
    DataType, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use kalamtable_model::{ColumnType, Shared, TimeUnit as ModelUnit};

use super::computed::{Codec, only};
use super::time::{nanos_per_unit, per_second};
use crate::error::{InvalidValue, unit_name};

/// The column type of an instant. A column with a coarser unit states its type.
pub(super) const INSTANT: ColumnType = ColumnType::Timestamp {
    unit: ModelUnit::Nanosecond,
    zone: Some(Shared::Static("UTC")),
};

/// The point that a time is counted from. It determines which columns can hold the time.
#[derive(Clone, Copy, Debug)]
pub enum TimeOrigin {
    /// 1970-01-01 in UTC: columns of every timestamp type hold the time.
    Instant,
    /// 1970-01-01 in an unknown zone: columns of a timestamp type without a zone hold the time.
    Civil {
        /// The Rust type for columns with a zone.
        instant: &'static str,
    },
    /// Midnight: columns of type `time` hold the time.
    OfDay,
}

/// A time type with nanosecond precision.
pub trait TimeValue: Copy + Debug + 'static {
    /// The name of the type in error messages.
    const NAME: &'static str;
    /// The point that times are counted from.
    const ORIGIN: TimeOrigin;

    /// Returns the seconds since the origin, rounded down, and the nanoseconds after them.
    fn split(self) -> Result<(i64, u32), InvalidValue>;

    /// Returns the time from seconds and nanoseconds, or `None` if it is out of range.
    fn join(seconds: i64, nanos: u32) -> Option<Self>;

    /// Returns the help text on how to round a time to `unit`.
    fn rounding(unit: TimeUnit) -> String;

    /// Returns the time as text for error messages.
    fn text(self) -> String {
        format!("{self:?}")
    }
}

/// Converts a [`TimeValue`].
#[derive(Debug)]
pub struct TimeCodec<T>(PhantomData<T>);

impl<T: TimeValue> Codec for TimeCodec<T> {
    type Value = T;
    type Primitive = Int64Type;
    type Form = TimeUnit;

    fn form(ty: &DataType) -> Result<TimeUnit, InvalidValue> {
        match (T::ORIGIN, ty) {
            (TimeOrigin::Instant, DataType::Timestamp(unit, _)) => Ok(*unit),
            (TimeOrigin::Civil { .. }, DataType::Timestamp(unit, None))
            | (TimeOrigin::OfDay, DataType::Time64(unit)) => Ok(*unit),
            (TimeOrigin::Civil { instant }, DataType::Timestamp(_, Some(_))) => {
                Err(InvalidValue::NoZone {
                    found: ty.clone(),
                    name: T::NAME,
                    instead: instant,
                })
            }
            _ => Err(InvalidValue::NotATime { found: ty.clone() }),
        }
    }

    fn is_read(found: &DataType, ty: &DataType) -> bool {
        // Another unit is converted exactly; another zone is an error.
        match (found, ty) {
            (DataType::Timestamp(_, found), DataType::Timestamp(_, zone)) => found == zone,
            (DataType::Time64(_), DataType::Time64(_)) => true,
            _ => false,
        }
    }

    fn encode(value: T, unit: &TimeUnit) -> Result<i64, InvalidValue> {
        let (seconds, nanos) = value.split()?;
        let nanos_per_unit = nanos_per_unit(*unit);
        if nanos % nanos_per_unit != 0 {
            return Err(too_fine(value, *unit));
        }
        // In 128 bits, because the seconds of a time before 1970 are rounded down: they can be out
        // of range before the nanoseconds are added.
        let units = i128::from(seconds) * i128::from(per_second(*unit))
            + i128::from(nanos / nanos_per_unit);
        i64::try_from(units).map_err(|_| too_far(value, *unit))
    }

    fn decode(units: i64, unit: &TimeUnit) -> Result<T, InvalidValue> {
        let per_second = per_second(*unit);
        // The remainder is less than a second, so the nanoseconds fit.
        let nanos = units.rem_euclid(per_second) as u32 * nanos_per_unit(*unit);
        T::join(units.div_euclid(per_second), nanos).ok_or_else(|| {
            let since = match T::ORIGIN {
                TimeOrigin::Instant | TimeOrigin::Civil { .. } => "1970",
                TimeOrigin::OfDay => "midnight",
            };
            out_of_range(
                format!("{units} {} after {since}", unit_name(unit)),
                T::NAME,
            )
        })
    }
}

#[cold]
fn too_fine<T: TimeValue>(value: T, unit: TimeUnit) -> InvalidValue {
    InvalidValue::Inexact {
        value: value.text(),
        target: format!("in {}", unit_name(&unit)),
        help: T::rounding(unit),
    }
}

#[cold]
fn too_far<T: TimeValue>(value: T, unit: TimeUnit) -> InvalidValue {
    out_of_range(value.text(), format!("64 bits of {}", unit_name(&unit)))
}

pub(super) fn out_of_range(value: String, target: impl Into<String>) -> InvalidValue {
    InvalidValue::OutOfRange {
        value,
        target: target.into(),
    }
}

/// A duration type with nanosecond precision.
pub trait Elapsed: Copy + Debug + 'static {
    /// The name of the type in error messages.
    const NAME: &'static str;

    /// Returns the number of nanoseconds, or `None` if it exceeds 64 bits.
    fn nanos(self) -> Option<i64>;

    /// Returns the duration of `nanos` nanoseconds, or `None` if it is out of range.
    fn from_nanos(nanos: i64) -> Option<Self>;

    /// Returns the duration as text for error messages.
    fn text(self) -> String {
        format!("{self:?}")
    }
}

/// Converts an [`Elapsed`] to an interval. Intervals with months or days cannot be converted back.
#[derive(Debug)]
pub struct ElapsedCodec<T>(PhantomData<T>);

impl<T: Elapsed> Codec for ElapsedCodec<T> {
    type Value = T;
    type Primitive = IntervalMonthDayNanoType;
    type Form = ();

    fn form(ty: &DataType) -> Result<(), InvalidValue> {
        only(DataType::Interval(IntervalUnit::MonthDayNano), ty)
    }

    fn encode(value: T, (): &()) -> Result<IntervalMonthDayNano, InvalidValue> {
        match value.nanos() {
            Some(nanos) => Ok(IntervalMonthDayNano::new(0, 0, nanos)),
            None => Err(out_of_range(value.text(), "64 bits of nanoseconds")),
        }
    }

    fn decode(interval: IntervalMonthDayNano, (): &()) -> Result<T, InvalidValue> {
        let IntervalMonthDayNano {
            months,
            days,
            nanoseconds,
        } = interval;
        if (months, days) != (0, 0) {
            return Err(InvalidValue::NoFixedLength {
                months,
                days,
                target: T::NAME,
            });
        }
        T::from_nanos(nanoseconds)
            .ok_or_else(|| out_of_range(format!("{nanoseconds} nanoseconds"), T::NAME))
    }
}
