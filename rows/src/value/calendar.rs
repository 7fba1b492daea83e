// SPDX-License-Identifier: Apache-2.0

//! Dates of other crates, and the column type of timestamps without a zone.

use std::fmt::Debug;
use std::marker::PhantomData;

use arrow::datatypes::{DataType, Date32Type};
use kalamtable_model::{ColumnType, TimeUnit};

use super::computed::{Codec, only};
use super::time_codec::out_of_range;
use crate::error::InvalidValue;

/// The column type of a date with a time of day and without a zone.
pub(super) const CIVIL: ColumnType = ColumnType::Timestamp {
    unit: TimeUnit::Nanosecond,
    zone: None,
};

/// A date type of another crate.
pub trait Day: Copy + Debug + 'static {
    /// The name of the type in error messages.
    const NAME: &'static str;

    /// Returns the number of days after 1970-01-01, or `None` if it exceeds 32 bits.
    fn days(self) -> Option<i32>;

    /// Returns the date that is `days` after 1970-01-01, or `None` if it is out of range.
    fn from_days(days: i32) -> Option<Self>;
}

/// Converts a [`Day`].
#[derive(Debug)]
pub struct DayCodec<T>(PhantomData<T>);

impl<T: Day> Codec for DayCodec<T> {
    type Value = T;
    type Primitive = Date32Type;
    type Form = ();

    fn form(ty: &DataType) -> Result<(), InvalidValue> {
        only(DataType::Date32, ty)
    }

    fn encode(value: T, (): &()) -> Result<i32, InvalidValue> {
        let days = value.days();
        days.ok_or_else(|| out_of_range(format!("{value:?}"), "32 bits of days after 1970"))
    }

    fn decode(days: i32, (): &()) -> Result<T, InvalidValue> {
        T::from_days(days)
            .ok_or_else(|| out_of_range(format!("{days} days after 1970-01-01"), T::NAME))
    }
}
