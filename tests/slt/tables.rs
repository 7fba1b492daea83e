// SPDX-License-Identifier: Apache-2.0

//! The tables that the `.slt` files use. They are empty; the files insert their rows.

use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use kalamtable::{
    Date, Decimal, FixedRows, KalamTable, KalamValue, KeyedRow, MemoryTable, RowProvider,
    TimeOfDayMicros, TimestampMicros, TimestampMillis, Uuid,
};

/// A table whose key has one column.
#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.cities", primary_key(id))]
struct City {
    id: i64,
    name: String,
    country: Option<String>,
    people: Option<i64>,
    area: Option<f64>,
}

/// A table whose key has several columns.
#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.readings", primary_key(station, day, hour))]
struct Reading {
    station: String,
    day: Date,
    hour: i32,
    value: Option<i64>,
}

/// A table with most column types.
#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.types", primary_key(id))]
struct Types {
    id: i32,
    flag: Option<bool>,
    tiny: Option<i8>,
    small: Option<i16>,
    big: Option<i64>,
    utiny: Option<u8>,
    ubig: Option<u64>,
    ratio: Option<f32>,
    double: Option<f64>,
    price: Option<Decimal<10, 2>>,
    label: Option<String>,
    data: Option<Vec<u8>>,
    day: Option<Date>,
    at: Option<TimeOfDayMicros>,
    seen: Option<TimestampMicros>,
    #[kalam(type = "timestamp(us, '+02:00')")]
    zoned: Option<TimestampMicros>,
    uuid: Option<Uuid>,
    numbers: Option<Vec<i64>>,
    place: Option<Place>,
}

#[derive(Clone, Debug, KalamValue)]
struct Place {
    x: Option<i64>,
    label: Option<String>,
}

/// A table with a closed set, nullable columns and defaults.
#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.tasks", primary_key(id))]
struct Task {
    id: i64,
    title: String,
    #[kalam(default = "new")]
    status: Status,
    #[kalam(default = 3)]
    priority: i32,
    #[kalam(default = "none yet")]
    note: Option<String>,
    due: Option<Date>,
    #[kalam(default = false)]
    urgent: bool,
    #[kalam(default = "now()")]
    created_at: TimestampMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, KalamValue)]
enum Status {
    New,
    InProgress,
    Done,
}

/// A table whose source rejects writes.
#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.planets", primary_key(name))]
struct Planet {
    name: String,
    moons: i32,
}

pub(crate) fn register(session: &SessionContext) -> Result<()> {
    register_empty::<City>(session)?;
    register_empty::<Reading>(session)?;
    register_empty::<Types>(session)?;
    register_empty::<Task>(session)?;
    // The rows are not in key order, so that no query can depend on that order.
    let planets = [("mars", 2), ("earth", 1), ("venus", 0)].map(|(name, moons)| Planet {
        name: name.to_string(),
        moons,
    });
    kalamtable::register(session, RowProvider::new(FixedRows::new(planets.into())))
}

fn register_empty<R: KeyedRow>(session: &SessionContext) -> Result<()> {
    kalamtable::register(session, RowProvider::new(MemoryTable::<R>::new()))
}
