// SPDX-License-Identifier: Apache-2.0

//! Times of the standard library and of other crates: points in time, counted in the unit of a column,
//! and what lies between two.

use std::fmt::Debug;
use std::marker::PhantomData;

use arrow::datatypes::{
    DataType, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use kalamtable_model::{ColumnType, Shared, TimeUnit as ModelUnit};

use super::computed::{Codec, only};
use super::time::{nanos_per_unit, per_second};
use crate::error::{InvalidValue, unit_name};

/// The column type of a moment: coarser ones say `type`.
pub(super) const INSTANT: ColumnType = ColumnType::Timestamp {
    unit: ModelUnit::Nanosecond,
    zone: Some(Shared::Static("UTC")),
};

/// What a time is counted from, and so which columns can hold it.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// From one moment that is the same everywhere: any timestamp holds it.
    Instant,
    /// From the same on the clock of an unknown zone: a timestamp of no zone holds it. For a column
    /// that has one, there is another Rust type.
    Civil {
        /// That type.
        instant: &'static str,
    },
    /// From midnight.
    OfDay,
}

/// A time with nanoseconds.
pub trait Moment: Copy + Debug + 'static {
    /// The type as a person writes it.
    const NAME: &'static str;
    /// What it is counted from.
    const KIND: Kind;

    /// Whole seconds, rounded down, and the nanoseconds after them.
    fn split(self) -> Result<(i64, u32), InvalidValue>;

    /// From whole seconds and the nanoseconds after them; `None` if this type has no such time.
    fn join(seconds: i64, nanos: u32) -> Option<Self>;

    /// How to round to a unit.
    fn rounding(unit: TimeUnit) -> String;

    /// As a person reads it.
    fn text(self) -> String {
        format!("{self:?}")
    }
}

/// Computes a [`Moment`].
#[derive(Debug)]
pub struct MomentCodec<T>(PhantomData<T>);

impl<T: Moment> Codec for MomentCodec<T> {
    type Value = T;
    type Primitive = Int64Type;
    type Form = TimeUnit;

    fn form(ty: &DataType) -> Result<TimeUnit, InvalidValue> {
        match (T::KIND, ty) {
            (Kind::Instant, DataType::Timestamp(unit, _)) => Ok(*unit),
            (Kind::Civil { .. }, DataType::Timestamp(unit, None))
            | (Kind::OfDay, DataType::Time64(unit)) => Ok(*unit),
            (Kind::Civil { instant }, DataType::Timestamp(_, Some(_))) => {
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
        // Another unit is read by exact conversion; another zone is not.
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
        // A moment before 1970 is seconds that do not fit and nanoseconds that bring it back.
        let units = i128::from(seconds) * i128::from(per_second(*unit))
            + i128::from(nanos / nanos_per_unit);
        i64::try_from(units).map_err(|_| too_far(value, *unit))
    }

    fn decode(units: i64, unit: &TimeUnit) -> Result<T, InvalidValue> {
        let per_second = per_second(*unit);
        // Less than a second of a unit, so it fits.
        let nanos = units.rem_euclid(per_second) as u32 * nanos_per_unit(*unit);
        T::join(units.div_euclid(per_second), nanos).ok_or_else(|| {
            let since = match T::KIND {
                Kind::Instant | Kind::Civil { .. } => "1970",
                Kind::OfDay => "midnight",
            };
            out_of_range(
                format!("{units} {} after {since}", unit_name(unit)),
                T::NAME,
            )
        })
    }
}

#[cold]
fn too_fine<T: Moment>(value: T, unit: TimeUnit) -> InvalidValue {
    InvalidValue::Inexact {
        value: value.text(),
        target: format!("in {}", unit_name(&unit)),
        help: T::rounding(unit),
    }
}

#[cold]
fn too_far<T: Moment>(value: T, unit: TimeUnit) -> InvalidValue {
    out_of_range(value.text(), format!("64 bits of {}", unit_name(&unit)))
}

pub(super) fn out_of_range(value: String, target: impl Into<String>) -> InvalidValue {
    InvalidValue::OutOfRange {
        value,
        target: target.into(),
    }
}

/// A length of time in nanoseconds.
pub trait Elapsed: Copy + Debug + 'static {
    /// The type as a person writes it.
    const NAME: &'static str;

    /// So many nanoseconds; `None` if 64 bits don't hold them.
    fn nanos(self) -> Option<i64>;

    /// From nanoseconds; `None` if this type has no such length.
    fn from_nanos(nanos: i64) -> Option<Self>;

    /// As a person reads it.
    fn text(self) -> String {
        format!("{self:?}")
    }
}

/// Computes an [`Elapsed`] from an interval, which has months and days too.
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
