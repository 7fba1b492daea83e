// SPDX-License-Identifier: Apache-2.0

//! Structs as values of columns, flattened structs, and structs with type parameters.

#![deny(warnings, clippy::pedantic)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;

use arrow::array::{Array, AsArray, RecordBatch};
use kalamtable_rows::{
    FromArrow, KalamTable, KalamValue, KeyedRow, Row, RowError, TimestampMillis, ToArrow,
};

/// Checks that the model accepts the definition; returns its columns, one per line.
fn columns<R: ToArrow>() -> Vec<String> {
    let definition = R::TABLE.definition;
    let toml = definition.to_toml();
    let mut sources = kalamtable_model::Sources::new();
    let source = sources.push(kalamtable_model::SourceFile::new("table.toml", toml));
    match kalamtable_model::parse_and_check(&sources, source) {
        Ok(checked) => assert_eq!(&checked.definition, definition),
        Err(diagnostics) => panic!("{}", diagnostics[0].message),
    }
    let columns = definition.columns().iter();
    columns
        .map(|column| {
            let null = if column.nullable { " null" } else { "" };
            format!("{} {}: {}{null}", column.id, column.name, column.ty)
        })
        .collect()
}

fn round_trip<R: Row + PartialEq>(rows: &[R]) -> Result<RecordBatch, RowError> {
    let batch = R::to_batch(rows)?;
    assert_eq!(R::from_batch(&batch)?, rows);
    Ok(batch)
}

#[derive(Clone, Copy, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Level {
    Low,
    High,
}

#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Stop {
    name: String,
    at: Option<TimestampMillis>,
    levels: Vec<Option<Level>>,
    #[kalam(skip)]
    seen: bool,
}

#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Route {
    stops: Vec<Stop>,
    #[kalam(rename = "by", type = "json")]
    vehicle: Option<String>,
    first: Option<Box<Stop>>,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.trips", primary_key(id), crate = kalamtable_rows)]
struct Trip {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2)]
    route: Route,
    #[kalam(id = 3)]
    back: Option<Route>,
    #[kalam(id = 4, nested_ids = 100)]
    named: BTreeMap<String, Stop>,
}

fn stop(number: i64) -> Stop {
    Stop {
        name: format!("stop {number}"),
        at: (number % 2 == 0).then(|| TimestampMillis::new(number)),
        levels: (0..number % 4)
            .map(|level| (level > 0).then_some(if level > 1 { Level::High } else { Level::Low }))
            .collect(),
        seen: false,
    }
}

fn route(number: i64) -> Route {
    Route {
        stops: (0..number % 3).map(stop).collect(),
        vehicle: (number % 2 == 0).then(|| format!("{number}")),
        first: (number % 3 == 0).then(|| Box::new(stop(number))),
    }
}

fn trips() -> Vec<Trip> {
    (0..300)
        .map(|id| Trip {
            id,
            route: route(id),
            back: (id % 5 > 0).then(|| route(id + 1)),
            named: (0..id % 3).map(|n| (n.to_string(), stop(n))).collect(),
        })
        .collect()
}

#[test]
fn struct_is_the_value_of_a_column() -> Result<(), RowError> {
    let stop = |id: i32| {
        format!(
            "struct<#{} name: text, #{} at: timestamp(ms) null, #{} levels: list<#{} enum('low', 'high') null>>",
            id + 1,
            id + 2,
            id + 3,
            id + 4
        )
    };
    let route = |id: i32| {
        format!(
            "struct<#{} stops: list<#{} {}>, #{} by: json null, #{} first: {} null>",
            id + 1,
            id + 4,
            stop(id + 4),
            id + 2,
            id + 3,
            stop(id + 8)
        )
    };
    assert_eq!(
        columns::<Trip>(),
        [
            "1 id: bigint".to_string(),
            format!("2 route: {}", route(4)),
            format!("3 back: {} null", route(16)),
            format!("4 named: map<#101 text, #102 {}>", stop(102)),
        ]
    );
    let rows = trips();
    let batch = round_trip(&rows)?;
    for (view, row) in Trip::views(&batch)?.iter().zip(&rows) {
        let view = view?;
        assert_eq!(view.route.vehicle, row.route.vehicle.as_deref());
        let stops = view.route.stops.iter();
        let names = stops
            .map(|stop| Ok(stop?.name))
            .collect::<Result<Vec<&str>, kalamtable_rows::ValueError>>();
        let expected: Vec<&str> = row.route.stops.iter().map(|stop| &*stop.name).collect();
        assert_eq!(names.expect("every stop has a name"), expected);
        let back = view.back.and_then(|back| back.first).map(|first| first.at);
        let expected = row.back.as_ref().and_then(|back| back.first.as_ref());
        assert_eq!(back, expected.map(|first| first.at));
    }
    Ok(())
}

#[test]
fn invalid_nested_value_is_reported_with_path() -> Result<(), Box<dyn std::error::Error>> {
    // An invalid label in the `levels` of one stop, at depth three.
    #[derive(Clone, Debug, PartialEq, KalamValue)]
    #[kalam(crate = kalamtable_rows)]
    struct FreeStop {
        name: String,
        at: Option<TimestampMillis>,
        levels: Vec<Option<String>>,
    }
    #[derive(Clone, Debug, PartialEq, KalamTable)]
    #[kalam(table = "app.free", primary_key(id), crate = kalamtable_rows)]
    struct FreeTrip {
        #[kalam(id = 1)]
        id: i64,
        #[kalam(id = 4, nested_ids = 100)]
        named: BTreeMap<String, FreeStop>,
    }
    #[derive(Clone, Debug, PartialEq, KalamTable)]
    #[kalam(table = "app.named", primary_key(id), crate = kalamtable_rows)]
    struct NamedTrip {
        #[kalam(id = 1)]
        id: i64,
        #[kalam(id = 4, nested_ids = 100)]
        named: BTreeMap<String, Stop>,
    }
    let free = |levels: &[Option<&str>]| FreeStop {
        name: "a".to_string(),
        at: None,
        levels: levels
            .iter()
            .map(|level| level.map(str::to_string))
            .collect(),
    };
    let row = |id, stop| FreeTrip {
        id,
        named: BTreeMap::from([("x".to_string(), free(&[])), ("y".to_string(), stop)]),
    };
    let batch = FreeTrip::to_batch(&[row(1, free(&[None])), row(2, free(&[None, Some("up")]))])?;
    let error = NamedTrip::from_batch(&batch).expect_err("`up` is not a level");
    assert_eq!(
        error.to_string(),
        "table `app.named`, column `named`, row 1: $[1].levels[1]: `up` is not one of `low`, `high`"
    );
    Ok(())
}

/// The columns that every table has.
#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Audit {
    /// The time of the last write.
    #[kalam(id = 1, default = "now()")]
    created_at: TimestampMillis,
    /// The user who wrote the row.
    #[kalam(id = 3)]
    author: Option<String>,
    #[kalam(id = 4)]
    tags: Vec<String>,
    #[kalam(skip)]
    cached: u8,
}

#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows, view = PlaceSeen)]
struct Place {
    x: i32,
    y: i32,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(
    table = "app.notes",
    primary_key(id, kind),
    unique(text, kind),
    unique(text),
    reserved(ids(2), names("username")),
    crate = kalamtable_rows
)]
struct Note {
    /// The position.
    #[kalam(flatten)]
    place: Place,
    #[kalam(id = 1)]
    id: i64,
    #[kalam(flatten, nested_ids = 100)]
    audit: Audit,
    #[kalam(id = 3)]
    kind: String,
    #[kalam(id = 4)]
    text: Option<String>,
}

fn notes() -> Vec<Note> {
    (0..300)
        .map(|id| Note {
            place: Place {
                x: if id > 0 { 1 } else { -1 },
                y: -1,
            },
            id,
            audit: Audit {
                created_at: TimestampMillis::new(id),
                author: (id % 2 == 0).then(|| format!("author {id}")),
                tags: (0..id % 3).map(|tag| tag.to_string()).collect(),
                cached: 0,
            },
            kind: "short".to_string(),
            text: (id % 3 == 0).then(|| format!("text {id}")),
        })
        .collect()
}

#[test]
fn flattened_fields_are_columns() -> Result<(), RowError> {
    assert_eq!(
        columns::<Note>(),
        [
            "5 x: int",
            "6 y: int",
            "1 id: bigint",
            "101 created_at: timestamp(ms)",
            "103 author: text null",
            "104 tags: list<#105 text>",
            "3 kind: text",
            "4 text: text null",
        ]
    );
    let definition = Note::TABLE.definition;
    assert_eq!(definition.key_columns(), [2, 6]);
    let unique = definition.unique_keys().iter();
    let unique: Vec<&[usize]> = unique.map(|key| &**key).collect();
    assert_eq!(unique, [&[7, 6][..], &[7]]);
    assert_eq!(
        definition.columns()[3].comment.as_deref(),
        Some("The time of the last write.")
    );
    assert!(definition.columns()[3].default.is_some());

    let rows = notes();
    let batch = round_trip(&rows)?;
    assert_eq!(batch.num_columns(), 8);
    assert_eq!(batch.column(4).as_string::<i32>().value(2), "author 2");
    assert_eq!(rows[7].key(), (7, "short"));
    let some = Note::to_batch_of(&rows, &[7, 4, 0, 4])?;
    assert_eq!(some.column(1), batch.column(4));
    assert_eq!(some.column(2), batch.column(0));
    for (view, row) in Note::views(&batch)?.iter().zip(&rows) {
        let view = view?;
        let place: PlaceSeen<'_> = view.place;
        assert_eq!((place.x, view.id), (row.place.x, row.id));
        assert_eq!(view.audit.author, row.audit.author.as_deref());
        assert_eq!(view.text, row.text.as_deref());
    }
    // Matched by id and name like other columns; a missing nullable column is null.
    let without = Note::to_batch_of(&rows, &[6, 5, 3, 2, 1, 0])?;
    let read = Note::from_batch(&without)?;
    assert_eq!(read[2].audit.author, None);
    assert_eq!(read[2].place, rows[2].place);
    let required = Note::to_batch_of(&rows, &[0, 2, 3, 5, 6])?;
    let error = Note::from_batch(&required).expect_err("`y` is required");
    assert_eq!(
        error.to_string(),
        "table `app.notes`: the batch lacks column `y` (id 6), which does not allow null"
    );
    Ok(())
}

/// A row with a type parameter that no column depends on.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.typed", primary_key(id), crate = kalamtable_rows)]
struct Typed<S: Clone + 'static, const N: usize>
where
    S: Debug + Send + Sync,
{
    id: i64,
    name: Option<String>,
    #[kalam(skip)]
    state: PhantomData<[S; N]>,
}

#[test]
fn row_with_a_type_parameter_is_converted() -> Result<(), RowError> {
    #[derive(Clone, Debug, PartialEq)]
    struct Open;
    let rows = [Typed::<Open, 3> {
        id: 1,
        name: Some("a".to_string()),
        state: PhantomData,
    }];
    round_trip(&rows)?;
    assert_eq!(rows[0].key(), 1);
    assert_eq!(
        columns::<Typed<Open, 3>>(),
        ["1 id: bigint", "2 name: text null"]
    );
    Ok(())
}

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Part<'a> {
    name: &'a str,
    note: Option<&'a str>,
}

/// A row with borrowed fields, which can be written but not read.
#[derive(KalamTable)]
#[kalam(table = "app.borrowed", no_primary_key = "written once", crate = kalamtable_rows)]
struct Borrowed<'a, 'b: 'a> {
    title: &'a str,
    part: Part<'b>,
    parts: Vec<Option<Part<'a>>>,
    #[kalam(flatten)]
    flat: Part<'a>,
}

#[test]
fn struct_that_borrows_is_written() -> Result<(), RowError> {
    let text = "a text".to_string();
    let part = |note| Part { name: &text, note };
    let rows = [Borrowed {
        title: &text,
        part: part(None),
        parts: vec![None, Some(part(Some("b")))],
        flat: part(Some("c")),
    }];
    let batch = Borrowed::to_batch(&rows)?;
    assert_eq!(batch.num_columns(), 5);
    assert_eq!(batch.column(3).as_string::<i32>().value(0), "a text");
    assert_eq!(batch.column(4).as_string::<i32>().value(0), "c");
    assert!(batch.column(1).as_struct().column(1).is_null(0));
    Ok(())
}

/// A struct with one named field, which is a newtype only with `transparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, KalamValue)]
#[kalam(crate = kalamtable_rows, transparent)]
struct Port {
    number: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Boxed {
    number: u16,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.ports", primary_key(port), crate = kalamtable_rows)]
struct Ports {
    #[kalam(type = "usmallint")]
    port: Port,
    boxed: Boxed,
}

#[test]
fn transparent_struct_has_the_type_of_its_field() -> Result<(), RowError> {
    assert_eq!(
        columns::<Ports>(),
        ["1 port: usmallint", "2 boxed: struct<#3 number: usmallint>"]
    );
    round_trip(&[Ports {
        port: Port { number: 80 },
        boxed: Boxed { number: 81 },
    }])?;
    Ok(())
}

/// A struct with fields that `cfg` removes.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.configured", primary_key(id), crate = kalamtable_rows)]
struct Configured {
    #[kalam(id = 1)]
    id: i64,
    #[cfg(test)]
    #[kalam(id = 2)]
    there: bool,
    #[cfg(not(test))]
    #[kalam(id = 3)]
    left_out: bool,
    #[cfg_attr(test, kalam(id = 4, rename = "renamed"))]
    r#fn: Option<i8>,
}

#[test]
fn field_removed_by_cfg_is_not_a_column() -> Result<(), RowError> {
    assert_eq!(
        columns::<Configured>(),
        [
            "1 id: bigint",
            "2 there: boolean",
            "4 renamed: tinyint null"
        ]
    );
    round_trip(&[Configured {
        id: 1,
        there: true,
        r#fn: None,
    }])?;
    Ok(())
}

/// A type with the name of an item that generated code uses.
mod kalam {
    pub(super) use kalamtable_rows::TimestampMillis;
}

/// A type with a name that generated code could use for its own items.
#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct B(String);

#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Around(B);

#[derive(Clone, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Inside {
    b: B,
    bs: Vec<Option<B>>,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.named", primary_key(at), crate = kalamtable_rows)]
struct Named {
    at: kalam::TimestampMillis,
    b: B,
    around: Option<Around>,
    inside: Inside,
}

#[test]
fn names_of_generated_items_can_be_user_types() -> Result<(), RowError> {
    let b = || B("b".to_string());
    round_trip(&[Named {
        at: kalam::TimestampMillis::new(1),
        b: b(),
        around: Some(Around(b())),
        inside: Inside {
            b: b(),
            bs: vec![None, Some(b())],
        },
    }])?;
    Ok(())
}
