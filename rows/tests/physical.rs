// SPDX-License-Identifier: Apache-2.0

//! Columns in large, view, dictionary and run-end encoded forms.

#![deny(warnings)]

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Int32Array, LargeListArray, RecordBatch,
    StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type};
use kalamtable_rows::{FromArrow, KalamTable, KalamValue, ToArrow};

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.texts", no_primary_key = "only compared", crate = kalamtable_rows)]
struct Text {
    plain: Option<String>,
    #[kalam(type = "arrow:LargeUtf8")]
    large: Option<String>,
    #[kalam(type = "arrow:Utf8View")]
    short: String,
    #[kalam(type = "arrow:Dictionary(Int32, Utf8)")]
    coded: Option<String>,
    #[kalam(type = "arrow:LargeBinary")]
    bytes: Vec<u8>,
}

fn texts() -> Vec<Text> {
    (0..300)
        .map(|number| Text {
            plain: (number % 3 > 0).then(|| format!("text {number}")),
            large: (number % 4 > 0).then(|| format!("large {number}")),
            short: format!("a text that is too long to be inlined {number}"),
            coded: (number % 5 > 0).then(|| format!("code {}", number % 7)),
            bytes: vec![number as u8; number % 4],
        })
        .collect()
}

#[test]
fn text_is_written_in_the_form_of_its_column() -> Result<(), Box<dyn Error>> {
    let rows = texts();
    let batch = Text::to_batch(&rows)?;
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let types: Vec<&DataType> = batch
        .columns()
        .iter()
        .map(|array| array.data_type())
        .collect();
    let expected = [
        &DataType::Utf8,
        &DataType::LargeUtf8,
        &DataType::Utf8View,
        &coded,
        &DataType::LargeBinary,
    ];
    assert_eq!(types, expected);
    assert_eq!(Text::from_batch(&batch)?, rows);
    Ok(())
}

#[test]
fn plain_text_is_read_from_every_form() -> Result<(), Box<dyn Error>> {
    let rows = texts();
    let batch = Text::to_batch(&rows)?;
    for form in [
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::LargeUtf8)),
        DataType::RunEndEncoded(
            Arc::new(Field::new("run_ends", DataType::Int32, false)),
            Arc::new(Field::new("values", DataType::Utf8, true)),
        ),
    ] {
        let mut columns = batch.columns().to_vec();
        columns[0] = cast(&columns[0], &form)?;
        assert_eq!(
            Text::from_batch(&with_columns(&batch, columns)?)?,
            rows,
            "{form}"
        );
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Status {
    New,
    Done,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.codes", no_primary_key = "only compared", crate = kalamtable_rows)]
struct Codes {
    #[kalam(type = "arrow:Dictionary(Int32, Utf8)")]
    region: String,
    #[kalam(type = "arrow:Dictionary(UInt16, LargeUtf8)")]
    zone: Option<String>,
    #[kalam(type = "arrow:Dictionary(Int8, Utf8)")]
    status: Status,
    #[kalam(type = "arrow:Dictionary(Int8, Utf8)")]
    before: Option<Status>,
    #[kalam(type = "arrow:List(Dictionary(Int32, Utf8))")]
    tags: Vec<Option<String>>,
}

#[test]
fn texts_and_enums_are_dictionary_encoded() -> Result<(), Box<dyn Error>> {
    let rows: Vec<Codes> = (0..300)
        .map(|number| Codes {
            region: format!("region {}", number % 3),
            zone: (number % 5 > 0).then(|| format!("zone {}", number % 7)),
            status: if number % 2 > 0 {
                Status::Done
            } else {
                Status::New
            },
            before: (number % 4 > 0).then_some(Status::New),
            tags: (0..number % 4)
                .map(|tag| (tag != 1).then(|| format!("tag {tag}")))
                .collect(),
        })
        .collect();
    let batch = Codes::to_batch(&rows)?;
    let distinct: Vec<usize> = batch.columns()[..4]
        .iter()
        .map(|array| array.as_any_dictionary().values().len())
        .collect();
    assert_eq!(distinct, [3, 7, 2, 1]);
    assert_eq!(Codes::from_batch(&batch)?, rows);
    assert_eq!(Codes::from_batch(&batch.slice(7, 150))?, rows[7..157]);

    let views = Codes::views(&batch)?;
    for (view, row) in views.iter().zip(&rows) {
        let view = view?;
        assert_eq!(view.region, row.region);
        assert_eq!(view.zone, row.zone.as_deref());
        assert_eq!((view.status, view.before), (row.status, row.before));
        let tags = view.tags.iter().collect::<Result<Vec<Option<&str>>, _>>()?;
        let expected: Vec<Option<&str>> = row.tags.iter().map(Option::as_deref).collect();
        assert_eq!(tags, expected);
    }

    let mut columns = batch.columns().to_vec();
    columns[0] = cast(&columns[0], &DataType::Utf8View)?;
    columns[2] = cast(&columns[2], &DataType::LargeUtf8)?;
    assert_eq!(Codes::from_batch(&with_columns(&batch, columns)?)?, rows);
    Ok(())
}

#[test]
fn more_values_than_dictionary_keys_is_an_error() {
    let rows: Vec<Coded> = (0..129)
        .map(|n| Coded {
            code: n.to_string(),
        })
        .collect();
    assert!(Coded::to_batch(&rows[..128]).is_ok());
    let error = Coded::to_batch(&rows).expect_err("an `Int8` has 128 values that are not negative");
    assert_eq!(
        error.to_string(),
        "table `app.coded`, column `code`: Dictionary key bigger than the key type"
    );
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.coded", no_primary_key = "only compared", crate = kalamtable_rows)]
struct Coded {
    #[kalam(type = "arrow:Dictionary(Int8, Utf8)")]
    code: String,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.lists", no_primary_key = "only compared", crate = kalamtable_rows)]
struct Lists {
    whole: Option<Vec<i32>>,
    gaps: Vec<Option<i32>>,
    vector: [f32; 2],
    loose: Vec<f32>,
    counts: HashMap<String, u8>,
}

fn lists() -> Vec<Lists> {
    (0..300)
        .map(|number| Lists {
            whole: (number % 3 > 0).then(|| (0..number % 5).collect()),
            gaps: (0..number % 4).map(|n| (n != 1).then_some(n)).collect(),
            vector: [number as f32, 0.5],
            loose: vec![1.0; number as usize % 3],
            counts: HashMap::from([(format!("key {number}"), 1)]),
        })
        .collect()
}

#[test]
fn lists_are_read_from_large_and_sliced_arrays() -> Result<(), Box<dyn Error>> {
    let rows = lists();
    let batch = Lists::to_batch(&rows)?;
    assert_eq!(Lists::from_batch(&batch)?, rows);
    assert_eq!(Lists::from_batch(&batch.slice(129, 100))?, rows[129..229]);

    let mut columns = batch.columns().to_vec();
    let DataType::List(item) = columns[1].data_type() else {
        return Err("`gaps` is a list".into());
    };
    let large = DataType::LargeList(item.clone());
    columns[1] = cast(&columns[1], &large)?;
    assert!(columns[1].as_any().is::<LargeListArray>());
    assert_eq!(Lists::from_batch(&with_columns(&batch, columns)?)?, rows);
    Ok(())
}

#[test]
fn lists_are_read_from_fixed_size_lists() -> Result<(), Box<dyn Error>> {
    let rows = lists();
    let batch = Lists::to_batch(&rows[..2])?;
    let gaps = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        [[Some(1), None], [Some(3), Some(4)]].map(Some),
        2,
    );
    let mut columns = batch.columns().to_vec();
    columns[1] = Arc::new(gaps);
    let read = Lists::from_batch(&with_columns(&batch, columns)?)?;
    assert_eq!(read[0].gaps, [Some(1), None]);
    assert_eq!(read[1].gaps, [Some(3), Some(4)]);
    Ok(())
}

#[test]
fn errors_have_row_and_path() -> Result<(), Box<dyn Error>> {
    let batch = Lists::to_batch(&lists())?;
    let told = |position: usize, array: ArrayRef| -> Result<String, Box<dyn Error>> {
        let mut columns = batch.columns().to_vec();
        columns[position] = array;
        let read = Lists::from_batch_by_id(&with_columns(&batch, columns)?);
        Ok(read.expect_err("it does not fit").to_string())
    };
    // `gaps` has null elements, and the type of `whole` does not allow them.
    assert_eq!(
        told(0, batch.column(1).clone())?,
        "table `app.lists`, column `whole`, row 2: $[1]: null, but null is not allowed"
    );
    assert_eq!(
        told(0, Arc::new(Int32Array::from(vec![1; 300])))?,
        "table `app.lists`, column `whole`: the type is Int32, but should be List(non-null Int32, \
         metadata: {\"PARQUET:field_id\": \"6\"})"
    );
    assert_eq!(
        told(3, Arc::new(StringArray::from(vec!["x"; 300])))?
            .split(", but")
            .next(),
        Some("table `app.lists`, column `loose`: the type is Utf8")
    );
    Ok(())
}

/// Replaces the columns of a batch; the fields keep their names and lose their ids.
fn with_columns(
    batch: &RecordBatch,
    columns: Vec<ArrayRef>,
) -> Result<RecordBatch, Box<dyn Error>> {
    let schema = batch.schema();
    let fields = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, array)| Field::new(field.name(), array.data_type().clone(), true));
    let schema = arrow::datatypes::Schema::new(fields.collect::<Vec<_>>());
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}
