// SPDX-License-Identifier: Apache-2.0

//! Columns that a batch lacks, and columns with a null where null is not allowed.

#![deny(warnings)]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{Field, Schema};
use kalamtable_rows::{
    AnyValue, Date, Decimal, FromArrow, KalamTable, RowError, TimeOfDayMicros, TimestampMillis,
    ToArrow, Uuid,
};

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.loose", no_primary_key = "only compared", crate = kalamtable_rows)]
struct Loose {
    number: i64,
    flag: Option<bool>,
    count: Option<u16>,
    price: Option<Decimal<10, 2>>,
    text: Option<String>,
    bytes: Option<Vec<u8>>,
    digest: Option<[u8; 4]>,
    day: Option<Date>,
    #[kalam(type = "time")]
    time: Option<TimeOfDayMicros>,
    seen_at: Option<TimestampMillis>,
    token: Option<Uuid>,
    tags: Option<Vec<Option<String>>>,
    counts: Option<BTreeMap<String, i32>>,
    #[kalam(type = "arrow:Duration(s)")]
    elapsed: Option<AnyValue>,
}

fn numbers(numbers: Int64Array) -> Result<RecordBatch, Box<dyn Error>> {
    let field = Field::new("number", arrow::datatypes::DataType::Int64, true);
    let schema = Arc::new(Schema::new(vec![field]));
    Ok(RecordBatch::try_new(schema, vec![Arc::new(numbers)])?)
}

#[test]
fn missing_columns_are_null() -> Result<(), Box<dyn Error>> {
    let batch = numbers((0..100).collect::<Vec<i64>>().into())?;
    let rows = Loose::from_batch(&batch)?;
    assert_eq!(rows.len(), 100);
    let views = Loose::views(&batch)?;
    for (number, (row, view)) in rows.iter().zip(views.iter()).enumerate() {
        let number = number as i64;
        let expected = Loose {
            number,
            flag: None,
            count: None,
            price: None,
            text: None,
            bytes: None,
            digest: None,
            day: None,
            time: None,
            seen_at: None,
            token: None,
            tags: None,
            counts: None,
            elapsed: None,
        };
        assert_eq!(*row, expected);
        // The `Debug` output of a view equals that of its row, except for the name.
        let view = format!("{:?}", view?).replace("LooseView", "Loose");
        assert_eq!(view, format!("{expected:?}"));
    }
    Ok(())
}

#[test]
fn null_in_a_required_column_fails_before_rows_are_read() -> Result<(), Box<dyn Error>> {
    let told = |batch: &RecordBatch| -> Result<String, Box<dyn Error>> {
        let views: Result<_, RowError> = Loose::views(batch);
        let error = views.expect_err("a number is null").to_string();
        let read = Loose::from_batch(batch).expect_err("a number is null");
        assert_eq!(error, read.to_string());
        Ok(error)
    };
    for first in [0, 7, 8, 50, 98] {
        let values = (0..100).map(|row| (row != first && row != 99).then_some(row));
        let batch = numbers(values.collect())?;
        assert_eq!(
            told(&batch)?,
            format!(
                "table `app.loose`, column `number`, row {first}: null, but null is not allowed"
            )
        );
        // The row is counted from the beginning of the sliced batch.
        assert_eq!(
            told(&batch.slice(60, 40))?,
            format!(
                "table `app.loose`, column `number`, row {}: null, but null is not allowed",
                if first == 98 { 38 } else { 39 }
            )
        );
    }
    Ok(())
}

#[test]
fn nulls_of_sliced_batches_are_read() -> Result<(), Box<dyn Error>> {
    let rows: Vec<Loose> = (0..200)
        .map(|number| {
            let some = |nth: i64| number % nth > 0;
            Loose {
                number,
                flag: some(2).then_some(some(3)),
                count: some(3).then_some(number as u16),
                price: some(4)
                    .then(|| Decimal::from_unscaled(number.into()))
                    .flatten(),
                text: some(5).then(|| number.to_string()),
                bytes: some(6).then(|| vec![1; number as usize % 4]),
                digest: some(7).then_some([number as u8; 4]),
                day: some(8).then_some(Date::from_days(number as i32)),
                time: some(9).then_some(TimeOfDayMicros::new(number)),
                seen_at: some(10).then_some(TimestampMillis::new(number)),
                token: some(11).then(|| Uuid::from_u128(number as u128)),
                tags: some(12).then(|| vec![some(2).then(|| number.to_string())]),
                counts: some(13).then(|| BTreeMap::from([(number.to_string(), 1)])),
                elapsed: None,
            }
        })
        .collect();
    let batch = Loose::to_batch(&rows)?;
    for (begin, length) in [(0, 200), (1, 7), (8, 64), (63, 66), (129, 71), (200, 0)] {
        let slice = batch.slice(begin, length);
        let expected = &rows[begin..begin + length];
        assert_eq!(Loose::from_batch(&slice)?, expected);
        let views = Loose::views(&slice)?;
        assert_eq!(views.len(), length);
        for (view, row) in views.iter().zip(expected) {
            let view = view?;
            assert_eq!(view.flag, row.flag);
            assert_eq!(view.count, row.count);
            assert_eq!(view.price, row.price);
            assert_eq!(view.text, row.text.as_deref());
            assert_eq!(view.bytes.as_deref(), row.bytes.as_deref());
            assert_eq!(view.day, row.day);
            assert_eq!(view.time, row.time);
            assert_eq!(view.seen_at, row.seen_at);
            assert_eq!(view.token, row.token);
            assert_eq!(view.tags.is_none(), row.tags.is_none());
            assert_eq!(view.counts.is_none(), row.counts.is_none());
        }
    }
    Ok(())
}

/// A row of data that another program wrote, whose columns have names that SQL accepts in quotes.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.people", primary_key(id), crate = kalamtable_rows)]
struct Person {
    #[kalam(source = "ID")]
    id: i64,
    #[kalam(source = "Lucky Number")]
    number: Option<i64>,
}

#[test]
fn columns_of_foreign_batches_are_found_by_source() -> Result<(), Box<dyn Error>> {
    let batch = |names: &[&str]| -> Result<RecordBatch, Box<dyn Error>> {
        let field = |name: &&str| Field::new(*name, arrow::datatypes::DataType::Int64, true);
        let fields: Vec<Field> = names.iter().map(field).collect();
        let column = |number: usize| Arc::new(Int64Array::from(vec![number as i64])) as ArrayRef;
        let columns = (0..names.len()).map(column).collect();
        Ok(RecordBatch::try_new(
            Arc::new(Schema::new(fields)),
            columns,
        )?)
    };
    let read = |names: &[&str]| -> Result<String, Box<dyn Error>> {
        Ok(match Person::from_batch(&batch(names)?) {
            Ok(rows) => format!("{:?}", (rows[0].id, rows[0].number)),
            Err(error) => error.to_string(),
        })
    };
    assert_eq!(read(&["ID", "Lucky Number"])?, "(0, Some(1))");
    assert_eq!(read(&["Lucky Number", "ID"])?, "(1, Some(0))");
    // A query of this server returns the names in SQL.
    assert_eq!(read(&["number", "id"])?, "(1, Some(0))");
    assert_eq!(read(&["id", "Lucky Number"])?, "(0, Some(1))");
    assert_eq!(read(&["ID", "lucky number"])?, "(0, None)");
    assert_eq!(
        read(&["id", "Lucky Number", "number"])?,
        "table `app.people`: 2 fields of the batch match column `number` (id 2): rename or remove \
         all but one"
    );
    // In data of the table, an id takes precedence over a name.
    let written = Person::to_batch(&[Person {
        id: 7,
        number: Some(8),
    }])?;
    let mut fields: Vec<Field> = written
        .schema()
        .fields()
        .iter()
        .map(|f| (**f).clone())
        .collect();
    fields.push(Field::new(
        "Lucky Number",
        arrow::datatypes::DataType::Int64,
        true,
    ));
    let mut columns = written.columns().to_vec();
    columns.push(Arc::new(Int64Array::from(vec![9])));
    let both = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    assert_eq!(
        Person::from_batch_by_id(&both)?,
        [Person {
            id: 7,
            number: Some(8)
        }]
    );
    Ok(())
}
