// SPDX-License-Identifier: Apache-2.0

//! Dates and times whose unit is part of their Rust type.

use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimeUnit};

use super::primitive::{NativeBuilder, primitive_reader};
use super::{OwnedValue, Value};
use crate::error::{InvalidValue, ValueError, mismatch};
use crate::physical::decode;

/// A unit of time, at the level of types.
pub trait Unit: Copy + Ord + std::fmt::Debug + std::hash::Hash + Send + Sync + 'static {
    /// The unit as Arrow says it.
    const UNIT: TimeUnit;
    /// How many of it make a second.
    const PER_SECOND: i64;
}

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident, $alias:ident => $unit:ident, $per_second:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {}

        impl Unit for $name {
            const UNIT: TimeUnit = TimeUnit::$unit;
            const PER_SECOND: i64 = $per_second;
        }

        #[doc = concat!("A [`Timestamp`] in [`", stringify!($name), "`].")]
        pub type $alias = Timestamp<$name>;
    )*};
}

units! {
    /// Seconds.
    Seconds, TimestampSeconds => Second, 1;
    /// Milliseconds.
    Millis, TimestampMillis => Millisecond, 1_000;
    /// Microseconds.
    Micros, TimestampMicros => Microsecond, 1_000_000;
    /// Nanoseconds.
    Nanos, TimestampNanos => Nanosecond, 1_000_000_000;
}

/// A [`TimeOfDay`] in [`Micros`].
pub type TimeOfDayMicros = TimeOfDay<Micros>;

/// A moment: so many units after 1970-01-01T00:00:00.
///
/// The column's unit may be another: every conversion is checked, and one that would overflow or
/// lose digits is an error.
///
/// ```
/// use kalamtable_rows::{TimestampMicros, TimestampMillis};
///
/// let created = TimestampMillis::new(1_700_000_000_123);
/// assert_eq!(created.convert(), Some(TimestampMicros::new(1_700_000_000_123_000)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp<U: Unit>(i64, PhantomData<U>);

/// A time of day: so many units after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay<U: Unit>(i64, PhantomData<U>);

macro_rules! time_values {
    ($($time:ident),*) => {$(
        impl<U: Unit> $time<U> {
            /// From a number of units.
            pub const fn new(units: i64) -> Self {
                Self(units, PhantomData)
            }

            /// The number of units.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The same time in another unit; `None` if that would overflow or lose digits.
            pub fn convert<V: Unit>(self) -> Option<$time<V>> {
                Scale::between(U::PER_SECOND, V::PER_SECOND).apply(self.0).map($time::new)
            }
        }

        impl<U: Unit> Value for $time<U> {
            type Cell<'a> = i64;
            type Builder = TimeBuilder;

            const IN_SQL_ORDER: bool = true;

            #[inline]
            fn cell(&self) -> i64 {
                self.0
            }

            fn builder(ty: &DataType, capacity: usize) -> Result<TimeBuilder, ValueError> {
                TimeBuilder::try_new::<U>(ty, capacity)
            }

            fn append(builder: &mut TimeBuilder, cells: &[i64]) -> Result<(), ValueError> {
                builder.append(cells)
            }

            fn append_nullable(
                builder: &mut TimeBuilder,
                cells: &[Option<i64>],
            ) -> Result<(), ValueError> {
                builder.append_nullable(cells)
            }

            fn finish(builder: TimeBuilder) -> Result<ArrayRef, ValueError> {
                builder.finish()
            }
        }

        impl<U: Unit> OwnedValue for $time<U> {
            type Reader = TimeReader;
            type View<'a> = Self;

            fn reader(array: &ArrayRef, ty: &DataType) -> Result<TimeReader, ValueError> {
                TimeReader::try_new::<U>(array, ty)
            }

            #[inline]
            fn read(reader: &TimeReader, index: usize) -> Result<Self, ValueError> {
                reader.read::<U>(index).map(Self::new)
            }

            #[inline]
            fn view(reader: &TimeReader, index: usize) -> Result<Self, ValueError> {
                reader.read::<U>(index).map(Self::new)
            }

            #[inline]
            fn read_slot(reader: &TimeReader, index: usize) -> Option<Self> {
                reader.read_slot(index).map(Self::new)
            }

            #[inline]
            fn view_slot(reader: &TimeReader, index: usize) -> Option<Self> {
                reader.read_slot(index).map(Self::new)
            }
        }
    )*};
}

time_values!(Timestamp, TimeOfDay);

impl<U: Unit> Timestamp<U> {
    /// The present moment, rounded down to the unit.
    ///
    /// # Panics
    /// If the system's clock stands where `i64` units cannot count: for nanoseconds, after 2262.
    pub fn now() -> Self {
        match Self::try_from(SystemTime::now()) {
            Ok(now) => now,
            Err(OutOfRange) => panic!("the system clock is out of the range of {:?}", U::UNIT),
        }
    }
}

/// A moment that a unit's 64 bits cannot count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time is out of range")]
pub struct OutOfRange;

impl<U: Unit> TryFrom<SystemTime> for Timestamp<U> {
    type Error = OutOfRange;

    /// Rounds down to the unit.
    fn try_from(time: SystemTime) -> Result<Self, OutOfRange> {
        let nanos_per_unit = i128::from(Nanos::PER_SECOND / U::PER_SECOND);
        let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        };
        i64::try_from(nanos.div_euclid(nanos_per_unit))
            .map(Self::new)
            .map_err(|_| OutOfRange)
    }
}

impl<U: Unit> TryFrom<Timestamp<U>> for SystemTime {
    type Error = OutOfRange;

    fn try_from(timestamp: Timestamp<U>) -> Result<Self, OutOfRange> {
        let nanos_per_unit = (Nanos::PER_SECOND / U::PER_SECOND) as u64;
        let units = timestamp.0.unsigned_abs();
        let distance = Duration::from_secs(units / U::PER_SECOND as u64)
            + Duration::from_nanos(units % U::PER_SECOND as u64 * nanos_per_unit);
        if timestamp.0 < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        }
        .ok_or(OutOfRange)
    }
}

/// Days after 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// From a number of days.
    pub const fn from_days(days: i32) -> Self {
        Date(days)
    }

    /// The number of days.
    pub const fn days(self) -> i32 {
        self.0
    }
}

impl Value for Date {
    type Cell<'a> = i32;
    type Builder = NativeBuilder<Date32Type>;

    const IN_SQL_ORDER: bool = true;

    #[inline]
    fn cell(&self) -> i32 {
        self.0
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        NativeBuilder::try_new(ty, capacity)
    }

    fn append(builder: &mut Self::Builder, cells: &[i32]) -> Result<(), ValueError> {
        builder.append(cells);
        Ok(())
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<i32>],
    ) -> Result<(), ValueError> {
        builder.append_nullable(cells);
        Ok(())
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        builder.finish()
    }
}

impl OwnedValue for Date {
    type Reader = Date32Array;
    type View<'a> = Date;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        primitive_reader::<Date32Type>(array, ty)
    }

    #[inline]
    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        Ok(Date(reader.values()[index]))
    }

    #[inline]
    fn view(reader: &Self::Reader, index: usize) -> Result<Date, ValueError> {
        Self::read(reader, index)
    }

    #[inline]
    fn read_slot(reader: &Self::Reader, index: usize) -> Option<Self> {
        Some(Date(reader.values()[index]))
    }

    #[inline]
    fn view_slot(reader: &Self::Reader, index: usize) -> Option<Date> {
        Some(Date(reader.values()[index]))
    }
}

/// How to get from a number of one unit to that of another.
#[derive(Clone, Copy, Debug)]
enum Scale {
    Same,
    Multiply(i64),
    Divide(i64),
}

impl Scale {
    fn between(from_per_second: i64, to_per_second: i64) -> Self {
        match to_per_second.cmp(&from_per_second) {
            std::cmp::Ordering::Equal => Scale::Same,
            std::cmp::Ordering::Greater => Scale::Multiply(to_per_second / from_per_second),
            std::cmp::Ordering::Less => Scale::Divide(from_per_second / to_per_second),
        }
    }

    #[inline]
    fn apply(self, units: i64) -> Option<i64> {
        match self {
            Scale::Same => Some(units),
            Scale::Multiply(factor) => units.checked_mul(factor),
            Scale::Divide(divisor) => (units % divisor == 0).then(|| units / divisor),
        }
    }
}

/// The unit of an Arrow type that measures time in 64-bit units.
fn unit_of(ty: &DataType) -> Option<TimeUnit> {
    match ty {
        DataType::Timestamp(unit, _) | DataType::Time64(unit) => Some(*unit),
        _ => None,
    }
}

pub(super) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => Seconds::PER_SECOND,
        TimeUnit::Millisecond => Millis::PER_SECOND,
        TimeUnit::Microsecond => Micros::PER_SECOND,
        TimeUnit::Nanosecond => Nanos::PER_SECOND,
    }
}

pub(super) fn nanos_per_unit(unit: TimeUnit) -> u32 {
    // From 1 to those of a second, which fit.
    (Nanos::PER_SECOND / per_second(unit)) as u32
}

/// Collects times of one unit into an array of another.
#[derive(Debug)]
pub struct TimeBuilder {
    ty: DataType,
    scale: Scale,
    from: TimeUnit,
    to: TimeUnit,
    units: NativeBuilder<Int64Type>,
}

impl TimeBuilder {
    fn try_new<U: Unit>(ty: &DataType, capacity: usize) -> Result<Self, ValueError> {
        let Some(to) = unit_of(ty) else {
            return Err(ValueError::whole(InvalidValue::NotATime {
                found: ty.clone(),
            }));
        };
        Ok(TimeBuilder {
            ty: ty.clone(),
            scale: Scale::between(U::PER_SECOND, per_second(to)),
            from: U::UNIT,
            to,
            units: NativeBuilder::try_new(&DataType::Int64, capacity)?,
        })
    }

    fn append(&mut self, cells: &[i64]) -> Result<(), ValueError> {
        self.units.append(cells);
        self.scale_last(cells.len())
    }

    fn append_nullable(&mut self, cells: &[Option<i64>]) -> Result<(), ValueError> {
        // A null is a zero there, which any scale keeps.
        self.units.append_nullable(cells);
        self.scale_last(cells.len())
    }

    /// Scales the last `count` elements where they stand.
    fn scale_last(&mut self, count: usize) -> Result<(), ValueError> {
        if let Scale::Same = self.scale {
            return Ok(());
        }
        for (index, units) in self.units.last_mut(count).iter_mut().enumerate() {
            let scaled = self.scale.apply(*units);
            *units = scaled.ok_or_else(|| inexact(index, *units, self.from, self.to))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef, ValueError> {
        // The same numbers under another type: nothing is copied.
        arrow::compute::cast(&self.units.finish()?, &self.ty)
            .map_err(|error| ValueError::whole(InvalidValue::Arrow(error)))
    }
}

/// Reads times of any unit as those of one.
#[derive(Debug)]
pub struct TimeReader {
    units: Int64Array,
    found: TimeUnit,
    scale: Scale,
}

impl TimeReader {
    fn try_new<U: Unit>(array: &ArrayRef, ty: &DataType) -> Result<Self, ValueError> {
        let array = decode(array)?;
        // Another unit is read by exact conversion; another kind of time, or another zone, is not.
        let same_kind = match (array.data_type(), ty) {
            (DataType::Timestamp(_, found), DataType::Timestamp(_, expected)) => found == expected,
            (DataType::Time64(_), DataType::Time64(_)) => true,
            _ => false,
        };
        let unit = unit_of(array.data_type()).filter(|_| same_kind);
        let Some(found) = unit else {
            return Err(mismatch(array.data_type(), ty));
        };
        let units = arrow::compute::cast(&array, &DataType::Int64)
            .map_err(|error| ValueError::whole(InvalidValue::Arrow(error)))?;
        Ok(TimeReader {
            units: units.as_primitive::<Int64Type>().clone(),
            found,
            scale: Scale::between(per_second(found), U::PER_SECOND),
        })
    }

    #[inline]
    fn read<U: Unit>(&self, index: usize) -> Result<i64, ValueError> {
        let units = self.units.values()[index];
        match self.scale {
            Scale::Same => Ok(units),
            scale => self.scaled(scale, index, units, U::UNIT),
        }
    }

    #[inline]
    fn read_slot(&self, index: usize) -> Option<i64> {
        match self.scale {
            Scale::Same => Some(self.units.values()[index]),
            _ => None,
        }
    }

    /// Apart from [`read`](Self::read), which is compiled into every view.
    #[cold]
    fn scaled(
        &self,
        scale: Scale,
        index: usize,
        units: i64,
        to: TimeUnit,
    ) -> Result<i64, ValueError> {
        scale
            .apply(units)
            .ok_or_else(|| inexact(index, units, self.found, to))
    }
}

#[cold]
fn inexact(index: usize, units: i64, from: TimeUnit, to: TimeUnit) -> ValueError {
    ValueError::new(index, InvalidValue::InexactTime { units, from, to })
}
