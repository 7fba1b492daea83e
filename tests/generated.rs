// SPDX-License-Identifier: Apache-2.0

//! Compiles the golden output of the generator with warnings denied, and converts its rows to Arrow
//! and back: every type, nulls, nested values, and names that could clash.

#![deny(warnings, missing_docs)]

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, DurationMillisecondArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Int64Type, IntervalMonthDayNano, TimestampMicrosecondType,
};
use datafusion::prelude::SessionContext;
use kalamtable::{
    AnyValue, Date, Decimal, FixedRows, FromArrow, KeyedRow, MemoryTable, RowProvider, TimeOfDay,
    Timestamp, TimestampMillis, ToArrow, register,
};
use kalamtable_model::{SourceFile, Sources, parse_and_check};

include!("../schema-codegen/tests/golden/all_types.rs");

use app::all_types::{
    AllTypes, AllTypesAddress, AllTypesAddressType, AllTypesPlace, AllTypesPlaceSpot,
    AllTypesRoutesItem, SCHEMA, Status, column,
};

fn full(id: i64) -> AllTypes {
    AllTypes {
        id,
        region: "eu".to_string(),
        day: Date::from_days(19_000),
        flag: true,
        tiny: i8::MIN,
        small: Some(i16::MAX),
        plain: Some(i32::MIN),
        utiny: u8::MAX,
        usmall: u16::MAX,
        uplain: u32::MAX,
        ubig: Some(u64::MAX),
        single: f32::INFINITY,
        twice: Some(-0.0),
        price: Decimal::from_unscaled(1_999).expect("four digits"),
        title: Some("grüße".to_string()),
        blob: Some(vec![0, 255]),
        digest: [7; 32],
        at: Some(TimeOfDay::new(86_399_999_999)),
        seen: TimestampMillis::new(1_700_000_000_123),
        local: Timestamp::new(-1),
        zoned: Some(Timestamp::new(i64::MAX)),
        moment: Timestamp::new(0),
        span: Some(IntervalMonthDayNano::new(1, -2, 3)),
        token: kalamtable::Uuid::from_u128(42),
        payload: Some("{\"a\":[1,null]}".to_string()),
        attachment: Some("{}".to_string()),
        vector: Box::new([1.0, -2.5, f32::MIN]),
        status: Status::InProgress,
        previous: Some(Status::New),
        option: app::all_types::Option::None,
        tags: vec!["a".to_string(), String::new()],
        scores: Some(vec![Some(1.5), None]),
        address: AllTypesAddress {
            street: "High Street".to_string(),
            zip: None,
            r#type: AllTypesAddressType::Work,
        },
        routes: Some(vec![
            AllTypesRoutesItem {
                topic: "first".to_string(),
                weights: BTreeMap::from([("a".to_string(), Some(1)), ("b".to_string(), None)]),
            },
            AllTypesRoutesItem {
                topic: "second".to_string(),
                weights: BTreeMap::new(),
            },
        ]),
        labels: BTreeMap::from([("k".to_string(), "v".to_string())]),
        r#type: Some(1),
        columns: Some(2),
        row: Some(3),
        elapsed: AnyValue::try_new(Arc::new(DurationMillisecondArray::from(vec![5]))).ok(),
        place: Some(AllTypesPlace {
            floor: 3,
            spot: AllTypesPlaceSpot { x: 0.5 },
        }),
    }
}

fn bare(id: i64) -> AllTypes {
    AllTypes {
        small: None,
        plain: None,
        ubig: None,
        twice: None,
        title: None,
        blob: None,
        at: None,
        zoned: None,
        span: None,
        payload: None,
        attachment: None,
        previous: None,
        tags: Vec::new(),
        scores: None,
        routes: None,
        labels: BTreeMap::new(),
        r#type: None,
        columns: None,
        row: None,
        elapsed: None,
        place: None,
        ..full(id)
    }
}

#[test]
fn rows_round_trip_through_arrow() -> Result<(), Box<dyn std::error::Error>> {
    for rows in [
        vec![],
        vec![full(1)],
        vec![bare(1)],
        vec![full(1), bare(2), full(3), bare(4)],
    ] {
        let batch = AllTypes::to_batch(&rows)?;
        assert_eq!(batch.schema(), *SCHEMA);
        assert_eq!(batch.num_rows(), rows.len());
        assert_eq!(AllTypes::from_batch(&batch)?, rows);
    }
    Ok(())
}

#[test]
fn columns_are_built_in_any_order_and_number() -> Result<(), Box<dyn std::error::Error>> {
    let rows = [full(1), bare(2)];
    let batch = AllTypes::to_batch_of(&rows, &[column::SEEN, column::ID, column::SEEN])?;
    assert_eq!(batch.num_columns(), 3);
    assert_eq!(
        batch.column(1).as_primitive::<Int64Type>().values(),
        &[1, 2]
    );
    // The row has milliseconds and the column microseconds.
    let seen = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(seen.value(0), 1_700_000_000_123_000);
    assert_eq!(batch.column(0), batch.column(2));

    let none = AllTypes::to_batch_of(&rows, &[])?;
    assert_eq!((none.num_columns(), none.num_rows()), (0, 2));

    let error = AllTypes::to_batch_of(&rows, &[40]).expect_err("there are 40 columns");
    assert_eq!(
        error.to_string(),
        "table `app.all_types` has no column at position 40: it has 40 columns"
    );
    Ok(())
}

#[test]
fn columns_are_matched_by_id_then_by_name() -> Result<(), Box<dyn std::error::Error>> {
    let rows = [full(1), full(2)];
    let batch = AllTypes::to_batch(&rows)?;
    let mut reversed: Vec<usize> = (0..batch.num_columns()).collect();
    reversed.reverse();
    assert_eq!(AllTypes::from_batch(&batch.project(&reversed)?)?, rows);

    // Without ids, columns are matched by name. A nullable column that is missing is null.
    let fields = batch
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let field = field.as_ref().clone();
            field.with_metadata(Default::default())
        })
        .collect::<Vec<_>>();
    let schema = datafusion::arrow::datatypes::Schema::new(fields);
    let unnumbered = RecordBatch::try_new(schema.into(), batch.columns().to_vec())?;
    assert_eq!(AllTypes::from_batch(&unnumbered)?, rows);
    let keep: Vec<usize> = (0..batch.num_columns())
        .filter(|&i| i != column::TITLE)
        .collect();
    let untitled = AllTypes::from_batch(&unnumbered.project(&keep)?)?;
    assert!(untitled.iter().all(|row| row.title.is_none()));

    let keep: Vec<usize> = (1..batch.num_columns()).collect();
    let error = AllTypes::from_batch(&batch.project(&keep)?).expect_err("the key is missing");
    assert_eq!(
        error.to_string(),
        "table `app.all_types`: the batch lacks column `id` (id 1), which does not allow null"
    );
    Ok(())
}

#[test]
fn timestamp_out_of_range_fails_with_its_column_and_row() {
    let mut late = full(1);
    late.seen = TimestampMillis::new(i64::MAX);
    let error = AllTypes::to_batch(&[full(0), late]).expect_err("the microseconds overflow");
    assert_eq!(
        error.to_string(),
        "table `app.all_types`, column `seen`, row 1: \
         9223372036854775807 milliseconds cannot be represented exactly in microseconds"
    );
}

#[test]
fn text_outside_a_closed_set_fails_with_its_row() -> Result<(), Box<dyn std::error::Error>> {
    let rows = [bare(0), full(1)];
    let batch = AllTypes::to_batch(&rows)?;
    let mut columns = batch.columns().to_vec();
    columns[column::STATUS] = Arc::new(datafusion::arrow::array::StringArray::from(vec![
        "new", "lost",
    ]));
    let batch = RecordBatch::try_new(batch.schema(), columns)?;
    let error = AllTypes::from_batch(&batch).expect_err("`lost` is not a label");
    assert_eq!(
        error.to_string(),
        "table `app.all_types`, column `status`, row 1: \
         `lost` is not one of `new`, `in-progress`, `done`"
    );
    Ok(())
}

#[test]
fn keys_are_borrowed_and_ordered() {
    let row = full(7);
    assert_eq!(row.key(), (7, "eu", Date::from_days(19_000)));
    assert!(row.compare_key(&(7, "us", Date::from_days(0))).is_lt());
}

#[test]
fn closed_set_converts_to_and_from_labels() {
    assert_eq!(Status::LABELS, ["new", "in-progress", "done"]);
    assert_eq!(
        "in-progress".parse::<Status>().ok(),
        Some(Status::InProgress)
    );
    assert_eq!(Status::Done.to_string(), "done");
    let error = "lost".parse::<Status>().expect_err("`lost` is not a label");
    assert_eq!(
        error.to_string(),
        "`lost` is not one of `new`, `in-progress`, `done`"
    );
    // The order is that of the labels, as in SQL.
    assert!(Status::Done < Status::InProgress);
}

#[test]
fn static_definition_equals_the_parsed_one() {
    let mut sources = Sources::new();
    let toml = include_str!("../schema-codegen/tests/golden/all_types.toml");
    let id = sources.push(SourceFile::new("all_types.toml", toml));
    let written = parse_and_check(&sources, id).expect("the golden definition is valid");
    assert_eq!(*TABLES[0].definition, written.definition);
    let field = SCHEMA.field(column::STATUS);
    assert_eq!(field.data_type(), &DataType::Utf8);
    assert_eq!(field.metadata()["PARQUET:field_id"], "28");
}

#[tokio::test]
async fn insert_fills_defaults_in_the_unit_of_the_row() -> Result<(), Box<dyn std::error::Error>> {
    let table = Arc::new(MemoryTable::<AllTypes>::new());
    table.insert([full(1)])?;
    let ctx = SessionContext::new();
    register(&ctx, RowProvider::new(Arc::clone(&table)))?;
    // The columns without a default are copied from the existing row.
    let defaults = ["flag", "tiny", "single", "price", "title", "seen", "status"];
    let columns: Vec<String> = SCHEMA
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| !defaults.contains(name) && *name != "id")
        .map(|name| format!("\"{name}\""))
        .collect();
    let columns = columns.join(", ");
    let insert =
        format!("INSERT INTO app.all_types (id, {columns}) SELECT 2, {columns} FROM app.all_types");
    let before = TimestampMillis::now();
    ctx.sql(&insert).await?.collect().await?;
    let inserted = table
        .get(&(2, "eu", Date::from_days(19_000)))
        .ok_or("it was inserted")?;
    // `now()` returns nanoseconds, which are truncated to the milliseconds of the row.
    assert!(before <= inserted.seen && inserted.seen <= TimestampMillis::now());
    let expected = AllTypes {
        flag: true,
        tiny: -5,
        single: 1.5,
        price: Decimal::from_unscaled(1_999).ok_or("four digits")?,
        title: Some("it's \"new\"".to_string()),
        seen: inserted.seen,
        status: Status::New,
        ..full(2)
    };
    assert_eq!(*inserted, expected);
    Ok(())
}

#[tokio::test]
async fn generated_table_passes_the_contract_suite() -> Result<(), Box<dyn std::error::Error>> {
    let rows = (0..50).map(|id| if id % 3 == 0 { bare(id) } else { full(id) });
    let provider = RowProvider::new(FixedRows::new(rows.collect()));
    kalamtable_contract::check(Arc::new(provider)).await?;
    Ok(())
}

#[tokio::test]
async fn field_of_a_null_struct_is_null() -> Result<(), Box<dyn std::error::Error>> {
    let rows = vec![
        AllTypes {
            place: None,
            ..full(1)
        },
        full(2),
    ];
    let ctx = SessionContext::new();
    register(&ctx, RowProvider::new(FixedRows::new(rows)))?;
    let sql = "SELECT id, place['floor'], place['spot']['x'] FROM app.all_types ORDER BY id";
    let batches = ctx.sql(sql).await?.collect().await?;
    let table = datafusion::arrow::util::pretty::pretty_format_batches(&batches)?;
    expect_test::expect![[r#"
        +----+----------------------------+------------------------------+
        | id | app.all_types.place[floor] | app.all_types.place[spot][x] |
        +----+----------------------------+------------------------------+
        | 1  |                            |                              |
        | 2  | 3                          | 0.5                          |
        +----+----------------------------+------------------------------+"#]]
    .assert_eq(&table.to_string());
    Ok(())
}

/// Compares the Arrow types, and the metadata for Parquet, Arrow extensions and KalamDB.
#[test]
fn arrow_schema_and_metadata_match_the_golden_file() {
    let mut text = String::new();
    for field in SCHEMA.fields() {
        let null = if field.is_nullable() { " null" } else { "" };
        text += &format!("{}: {}{null}\n", field.name(), field.data_type());
        let sorted: BTreeMap<_, _> = field.metadata().iter().collect();
        for (key, value) in sorted {
            text += &format!("    {key} = {value}\n");
        }
    }
    expect_test::expect_file!["all_types_schema.txt"].assert_eq(&text);
}
