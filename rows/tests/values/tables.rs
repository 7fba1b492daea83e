// SPDX-License-Identifier: Apache-2.0

//! Types of other crates in tables: as columns, keys, nullable columns, and elements of lists and
//! maps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use ::bytes::Bytes;
use ::chrono::{DateTime, NaiveDateTime, Utc};
use ::jiff::Timestamp;
use arrow::array::{AsArray, RecordBatch};
use expect_test::expect;
use kalamtable_rows::{FromArrow, KalamTable, KalamValue, KeyedRow, RowError, ToArrow};
use serde_json::json;

use super::*;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Amount(u128);

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.orders", primary_key(at, number, digest), crate = kalamtable_rows)]
struct Order {
    at: DateTime<Utc>,
    number: u128,
    digest: Bytes,
    #[kalam(type = "datetime")]
    seen_at: Option<Timestamp>,
    #[kalam(type = "timestamp(ms)")]
    local: NaiveDateTime,
    #[kalam(type = "decimal(10, 2)")]
    price: rust_decimal::Decimal,
    #[kalam(type = "decimal(20, 4)")]
    tax: Option<rust_decimal::Decimal>,
    #[kalam(type = "map<#101 text, #102 decimal(8, 3) null>")]
    rates: BTreeMap<String, Option<rust_decimal::Decimal>>,
    #[kalam(nested_ids = 110)]
    amounts: Vec<Option<Amount>>,
    #[kalam(nested_ids = 120)]
    steps: [Duration; 2],
    details: serde_json::Value,
    #[kalam(nested_ids = 130)]
    changes: BTreeMap<::jiff::civil::Date, Vec<serde_json::Value>>,
    total: Amount,
}

fn order() -> Order {
    let decimal = |text: &str| text.parse::<rust_decimal::Decimal>().expect("a decimal");
    Order {
        at: DateTime::from_timestamp_nanos(1_700_000_000_123_456_789),
        number: 7,
        digest: Bytes::from_static(b"\x00\xff"),
        seen_at: Some(Timestamp::constant(1, 5_000)),
        local: DateTime::UNIX_EPOCH.naive_utc(),
        price: decimal("19.99"),
        tax: None,
        rates: BTreeMap::from([
            ("a".to_string(), Some(decimal("1.5"))),
            ("b".to_string(), None),
        ]),
        amounts: vec![Some(Amount(1)), None],
        steps: [Duration::from_secs(1), Duration::ZERO],
        details: json!({"a": 1}),
        changes: BTreeMap::from([(::jiff::civil::date(2024, 2, 29), vec![json!(null)])]),
        total: Amount(7),
    }
}

#[test]
fn columns_of_other_crates_types() -> Result<(), RowError> {
    let columns = Order::TABLE.definition.columns().iter();
    let columns: Vec<String> = columns
        .map(|column| format!("{}: {}\n", column.name, column.ty))
        .collect();
    expect![[r#"
        at: timestamp(ns, 'UTC')
        number: decimal(38, 0)
        digest: bytes
        seen_at: datetime
        local: timestamp(ms)
        price: decimal(10, 2)
        tax: decimal(20, 4)
        rates: map<#101 text, #102 decimal(8, 3) null>
        amounts: list<#111 decimal(38, 0) null>
        steps: list<#121 interval>
        details: json
        changes: map<#131 date, #132 list<#133 json>>
        total: decimal(38, 0)
    "#]]
    .assert_eq(&columns.concat());
    // The model accepts the definition.
    let toml = Order::TABLE.definition.to_toml();
    let mut sources = kalamtable_model::Sources::new();
    let source = sources.push(kalamtable_model::SourceFile::new("orders.toml", toml));
    assert!(kalamtable_model::parse_and_check(&sources, source).is_ok());

    let rows = [order()];
    let batch = Order::to_batch(&rows)?;
    assert_eq!(Order::from_batch(&batch)?, rows);
    let views = Order::views(&batch)?;
    let [view] = rows_of(&views)[..] else {
        panic!("one row, one view")
    };
    assert_eq!(view.at, rows[0].at);
    assert_eq!(&view.digest[..], &rows[0].digest[..]);
    assert_eq!(view.price, rows[0].price);
    assert_eq!(view.details, r#"{"a":1}"#);
    Ok(())
}

#[test]
fn keys_of_other_crates_types() {
    let (order, later) = (order(), SystemTime::now());
    let mut next = order.clone();
    next.number += 1;
    assert!(order.compare_key(&next.key()).is_lt());
    next.at = later.into();
    assert!(next.compare_key(&order.key()).is_gt());
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.starts", primary_key(at), crate = kalamtable_rows)]
struct Start {
    at: SystemTime,
    #[kalam(type = "timestamp(us)")]
    until: Option<Timestamp>,
}

#[test]
fn errors_have_column_and_row() -> Result<(), RowError> {
    let start = Start {
        at: SystemTime::UNIX_EPOCH,
        until: None,
    };
    let mut rows = vec![start; 300];
    rows[1].until = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(rows[0].key(), &rows[0].at);
    let batch = Start::to_batch(&rows)?;
    assert_eq!(Start::from_batch(&batch)?, rows);

    rows[299].until = Some(Timestamp::constant(0, 1));
    let error = Start::to_batch(&rows).expect_err("the time has nanoseconds");
    expect!["table `app.starts`, column `until`, row 299: 1970-01-01T00:00:00.000000001Z cannot be represented exactly in microseconds: round it first, with `round(jiff::Unit::Microsecond)`"].assert_eq(&error.to_string());
    Ok(())
}

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.local", no_primary_key = "only refused", crate = kalamtable_rows)]
struct Local {
    #[kalam(type = "datetime")]
    at: NaiveDateTime,
    #[kalam(type = "datetime")]
    until: ::jiff::civil::DateTime,
}

#[test]
fn time_without_zone_in_a_column_with_zone_is_an_error() {
    let rows = [Local {
        at: DateTime::UNIX_EPOCH.naive_utc(),
        until: ::jiff::civil::DateTime::MIN,
    }];
    let error = Local::to_batch(&rows).expect_err("the column has a zone");
    expect![[r#"table `app.local`, column `at`: `chrono::NaiveDateTime` has no zone, but a column of type Timestamp(µs, "UTC") has one: use `chrono::DateTime<Utc>`"#]].assert_eq(&error.to_string());
    let empty = RecordBatch::new_empty(Local::schema().clone());
    let error = Local::from_batch(&empty).expect_err("the column has a zone");
    expect![[r#"table `app.local`, column `at`: `chrono::NaiveDateTime` has no zone, but a column of type Timestamp(µs, "UTC") has one: use `chrono::DateTime<Utc>`"#]].assert_eq(&error.to_string());
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(schema = "tests/schemas/visits.toml", crate = kalamtable_rows)]
struct Visit {
    began_at: Timestamp,
    place: i128,
    fee: rust_decimal::Decimal,
    digest: Cow<'static, [u8]>,
    ended_at: ::jiff::civil::DateTime,
    seen_at: Option<DateTime<Utc>>,
    stayed: Option<::jiff::SignedDuration>,
    notes: [serde_json::Value; 2],
}

#[test]
fn struct_with_other_crates_types_matches_its_file() -> Result<(), RowError> {
    let visit = Visit {
        began_at: Timestamp::constant(5, 1_000),
        place: -1,
        fee: rust_decimal::Decimal::new(15, 1),
        digest: Cow::Borrowed(b"digest"),
        ended_at: ::jiff::civil::date(2024, 2, 29).at(12, 0, 0, 0),
        seen_at: Some(DateTime::from_timestamp_nanos(-1)),
        stayed: Some(::jiff::SignedDuration::from_millis(-5)),
        notes: [json!(1), json!(null)],
    };
    let rows = [
        visit.clone(),
        Visit {
            fee: 0.into(),
            ..visit
        },
    ];
    assert_eq!(Visit::from_batch(&Visit::to_batch(&rows)?)?, rows);
    assert!(rows[0].compare_key(&rows[1].key()).is_gt());
    let unique = Visit::TABLE.definition.unique_keys().iter();
    assert_eq!(
        unique.map(|key| &**key).collect::<Vec<_>>(),
        [&[5, 2][..], &[2]]
    );
    Ok(())
}

/// A row that borrows its bytes, which can be written but not read.
#[derive(KalamTable)]
#[kalam(table = "app.packets", no_primary_key = "written once", crate = kalamtable_rows)]
struct Packet<'a> {
    header: &'a [u8],
    body: Option<Cow<'a, [u8]>>,
    parts: Vec<&'a [u8]>,
}

#[test]
fn borrowed_bytes_are_written() -> Result<(), RowError> {
    let bytes = [1, 2, 3];
    let packet = Packet {
        header: &bytes[..1],
        body: Some(Cow::Borrowed(&bytes[1..])),
        parts: vec![&bytes[..2], &[]],
    };
    let batch = Packet::to_batch(&[packet])?;
    let columns = Packet::TABLE.definition.columns().iter();
    let types: Vec<String> = columns.map(|column| column.ty.to_string()).collect();
    assert_eq!(types, ["bytes", "bytes", "list<#4 bytes>"]);
    assert_eq!(batch.column(0).as_binary::<i32>().value(0), [1]);
    assert_eq!(batch.column(1).as_binary::<i32>().value(0), [2, 3]);
    Ok(())
}
