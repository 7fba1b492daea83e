// SPDX-License-Identifier: Apache-2.0

//! Dates and times whose unit is part of the Rust type.

use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimeUnit};

use super::primitive::{NativeBuilder, primitive_reader};
use super::{OwnedValue, Value};
use crate::error::{InvalidValue, ValueError, mismatch, unit_name};
use crate::physical::decode;

/// A unit of time as a type parameter.
pub trait Unit: Copy + Ord + std::fmt::Debug + std::hash::Hash + Send + Sync + 'static {
    /// The unit in Arrow.
    const UNIT: TimeUnit;
    /// The number of units per second.
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

pub(crate) const SECONDS_PER_DAY: i64 = 86_400;

/// A [`TimeOfDay`] in [`Micros`].
pub type TimeOfDayMicros = TimeOfDay<Micros>;

/// A timestamp: the number of units since 1970-01-01T00:00:00, in UTC if the column has a zone.
///
/// The column can have another unit. Every conversion is checked: a conversion that would overflow
/// or lose digits is an error.
///
/// ```
/// use kalamtable_rows::{TimestampMicros, TimestampMillis};
///
/// let created = TimestampMillis::new(1_700_000_000_123);
/// assert_eq!(created.convert(), Some(TimestampMicros::new(1_700_000_000_123_000)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp<U: Unit>(i64, PhantomData<U>);

/// A time of day: the number of units since midnight.
///
/// [`new`](Self::new) does not check the number. Conversions to and from Arrow reject a time before
/// 00:00, and a time from 24:00 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay<U: Unit>(i64, PhantomData<U>);

macro_rules! time_values {
    ($($time:ident),*) => {$(
        impl<U: Unit> $time<U> {
            /// Creates a time from a number of units.
            pub const fn new(units: i64) -> Self {
                Self(units, PhantomData)
            }

            /// Returns the number of units.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// Converts the time to another unit. Returns `None` if that would overflow or lose
            /// digits.
            pub fn convert<V: Unit>(self) -> Option<$time<V>> {
                UnitConversion::between(U::PER_SECOND, V::PER_SECOND).apply(self.0).map($time::new)
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

impl<U: Unit> TimeOfDay<U> {
    /// Creates a time from a number of units, or returns `None` if it is not the time of a day.
    ///
    /// ```
    /// use kalamtable_rows::TimeOfDayMicros;
    ///
    /// assert!(TimeOfDayMicros::checked(86_399_999_999).is_some());
    /// assert_eq!(TimeOfDayMicros::checked(86_400_000_000), None);
    /// assert_eq!(TimeOfDayMicros::checked(-1), None);
    /// ```
    pub const fn checked(units: i64) -> Option<Self> {
        if units >= 0 && units < SECONDS_PER_DAY * U::PER_SECOND {
            Some(Self::new(units))
        } else {
            None
        }
    }
}

impl<U: Unit> Timestamp<U> {
    /// Returns the current time of the system clock, rounded down to the unit.
    ///
    /// # Panics
    /// If the time exceeds 64 bits: for nanoseconds, after the year 2262.
    pub fn now() -> Self {
        match Self::try_from(SystemTime::now()) {
            Ok(now) => now,
            Err(OutOfRange) => panic!("the system clock is out of the range of {:?}", U::UNIT),
        }
    }
}

/// The error of a conversion between [`Timestamp`] and [`SystemTime`]: the result is out of range.
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

/// A date: the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// Creates a date from a number of days.
    pub const fn from_days(days: i32) -> Self {
        Date(days)
    }

    /// Returns the number of days.
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

/// The conversion of a number of one unit to a number of another.
#[derive(Clone, Copy, Debug)]
enum UnitConversion {
    Same,
    Multiply(i64),
    Divide(i64),
}

impl UnitConversion {
    fn between(from_per_second: i64, to_per_second: i64) -> Self {
        match to_per_second.cmp(&from_per_second) {
            std::cmp::Ordering::Equal => UnitConversion::Same,
            std::cmp::Ordering::Greater => {
                UnitConversion::Multiply(to_per_second / from_per_second)
            }
            std::cmp::Ordering::Less => UnitConversion::Divide(from_per_second / to_per_second),
        }
    }

    #[inline]
    fn apply(self, units: i64) -> Option<i64> {
        match self {
            UnitConversion::Same => Some(units),
            UnitConversion::Multiply(factor) => units.checked_mul(factor),
            UnitConversion::Divide(divisor) => (units % divisor == 0).then(|| units / divisor),
        }
    }
}

/// Returns the unit of an Arrow type whose values are 64-bit numbers of a time unit.
fn unit_of(ty: &DataType) -> Option<TimeUnit> {
    match ty {
        DataType::Timestamp(unit, _) | DataType::Time64(unit) => Some(*unit),
        _ => None,
    }
}

pub(crate) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => Seconds::PER_SECOND,
        TimeUnit::Millisecond => Millis::PER_SECOND,
        TimeUnit::Microsecond => Micros::PER_SECOND,
        TimeUnit::Nanosecond => Nanos::PER_SECOND,
    }
}

pub(super) fn nanos_per_unit(unit: TimeUnit) -> u32 {
    // At most the nanoseconds of a second, which fit.
    (Nanos::PER_SECOND / per_second(unit)) as u32
}

/// Builds an array of times of one unit from times of another.
#[derive(Debug)]
pub struct TimeBuilder {
    ty: DataType,
    conversion: UnitConversion,
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
            conversion: UnitConversion::between(U::PER_SECOND, per_second(to)),
            from: U::UNIT,
            to,
            units: NativeBuilder::try_new(&DataType::Int64, capacity)?,
        })
    }

    fn append(&mut self, cells: &[i64]) -> Result<(), ValueError> {
        self.units.append(cells);
        self.convert_last(cells.len())
    }

    fn append_nullable(&mut self, cells: &[Option<i64>]) -> Result<(), ValueError> {
        // A null is stored as zero, which every conversion keeps.
        self.units.append_nullable(cells);
        self.convert_last(cells.len())
    }

    /// Converts the last `count` elements in place, and checks times of day.
    fn convert_last(&mut self, count: usize) -> Result<(), ValueError> {
        if let DataType::Time64(_) = self.ty {
            let units = self.units.last_mut(count);
            check_times_of_day(units, self.from)?;
        }
        if let UnitConversion::Same = self.conversion {
            return Ok(());
        }
        for (index, units) in self.units.last_mut(count).iter_mut().enumerate() {
            let converted = self.conversion.apply(*units);
            *units = converted.ok_or_else(|| inexact(index, *units, self.from, self.to))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef, ValueError> {
        // The cast changes the type of the numbers and does not copy them.
        arrow::compute::cast(&self.units.finish()?, &self.ty).map_err(ValueError::from)
    }
}

fn check_times_of_day(units: &[i64], unit: TimeUnit) -> Result<(), ValueError> {
    match units.iter().position(|units| !is_time_of_day(*units, unit)) {
        Some(index) => Err(ValueError::new(index, not_of_day(units[index], unit))),
        None => Ok(()),
    }
}

/// Returns whether `units` after midnight are the time of a day.
pub(crate) fn is_time_of_day(units: i64, unit: TimeUnit) -> bool {
    (0..SECONDS_PER_DAY * per_second(unit)).contains(&units)
}

/// The error of a time for which [`is_time_of_day`] is false.
#[cold]
pub(crate) fn not_of_day(units: i64, unit: TimeUnit) -> InvalidValue {
    InvalidValue::OutOfRange {
        value: format!("{units} {} after midnight", unit_name(&unit)),
        target: "a time of day, which is from 00:00 to before 24:00".to_string(),
    }
}

/// Checks the range of the times of day in those `rows` of `array` that are not null. Arrays of
/// other types have no invalid values.
pub(crate) fn validate_times_of_day(
    array: &dyn Array,
    mut rows: impl Iterator<Item = usize>,
) -> Result<(), ValueError> {
    let (DataType::Time32(unit) | DataType::Time64(unit)) = *array.data_type() else {
        return Ok(());
    };
    // Arrow casts a time of 32 bits to an integer of 32 bits only.
    let narrow = match array.data_type() {
        DataType::Time32(_) => arrow::compute::cast(array, &DataType::Int32),
        _ => Ok(array.slice(0, array.len())),
    };
    let units = narrow.and_then(|array| arrow::compute::cast(&array, &DataType::Int64))?;
    let units = units.as_primitive::<Int64Type>().values();
    match rows.find(|&row| array.is_valid(row) && !is_time_of_day(units[row], unit)) {
        Some(row) => Err(ValueError::new(row, not_of_day(units[row], unit))),
        None => Ok(()),
    }
}

/// Reads times of one unit as times of another.
#[derive(Debug)]
pub struct TimeReader {
    units: Int64Array,
    found: TimeUnit,
    conversion: UnitConversion,
    /// Whether the times are times of day, whose range is checked.
    is_of_day: bool,
}

impl TimeReader {
    fn try_new<U: Unit>(array: &ArrayRef, ty: &DataType) -> Result<Self, ValueError> {
        let array = decode(array)?;
        // Another unit is converted exactly; a time of another kind or zone is an error.
        let same_kind = match (array.data_type(), ty) {
            (DataType::Timestamp(_, found), DataType::Timestamp(_, expected)) => found == expected,
            (DataType::Time64(_), DataType::Time64(_)) => true,
            _ => false,
        };
        let unit = unit_of(array.data_type()).filter(|_| same_kind);
        let Some(found) = unit else {
            return Err(mismatch(array.data_type(), ty));
        };
        let units = arrow::compute::cast(&array, &DataType::Int64)?;
        Ok(TimeReader {
            units: units.as_primitive::<Int64Type>().clone(),
            found,
            conversion: UnitConversion::between(per_second(found), U::PER_SECOND),
            is_of_day: matches!(ty, DataType::Time64(_)),
        })
    }

    #[inline]
    fn read<U: Unit>(&self, index: usize) -> Result<i64, ValueError> {
        let units = self.units.values()[index];
        match self.conversion {
            UnitConversion::Same if !self.is_of_day => Ok(units),
            conversion => self.converted(conversion, index, units, U::UNIT),
        }
    }

    #[inline]
    fn read_slot(&self, index: usize) -> Option<i64> {
        match self.conversion {
            UnitConversion::Same if !self.is_of_day => Some(self.units.values()[index]),
            _ => None,
        }
    }

    /// Not part of [`read`](Self::read), which is compiled into every view.
    #[cold]
    fn converted(
        &self,
        conversion: UnitConversion,
        index: usize,
        units: i64,
        to: TimeUnit,
    ) -> Result<i64, ValueError> {
        if self.is_of_day && !is_time_of_day(units, self.found) {
            return Err(ValueError::new(index, not_of_day(units, self.found)));
        }
        conversion
            .apply(units)
            .ok_or_else(|| inexact(index, units, self.found, to))
    }
}

#[cold]
fn inexact(index: usize, units: i64, from: TimeUnit, to: TimeUnit) -> ValueError {
    ValueError::new(index, InvalidValue::InexactTime { units, from, to })
}
