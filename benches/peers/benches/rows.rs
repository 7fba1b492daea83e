// SPDX-License-Identifier: Apache-2.0

//! Conversion of rows to a batch and back: KalamTable compared with hand-written code, typed-arrow
//! and serde_arrow.

#[path = "../../support/figures.rs"]
mod figures;
#[path = "../../support/ratio.rs"]
mod ratio;

use std::error::Error;

use arrow::datatypes::FieldRef;
use kalamtable_peers::{
    Reading, SCHEMA, SerdeReading, TypedReading, by_hand, readings, rows_by_hand, sum_by_hand,
    sum_typed_views, sum_views, typed_rows,
};
use kalamtable_rows::{FromArrow, ToArrow};
use typed_arrow::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    for count in [8_192, 1_000_000] {
        let rows = readings(count);
        let batch = Reading::to_batch(&rows)?;
        assert_eq!(batch, by_hand(&rows)?);
        let title = format!("{count} rows of 16 columns to a batch");
        ratio::compare(
            &title,
            ("by hand", || by_hand(&rows).map(|batch| batch.num_rows())),
            ("KalamTable", || {
                Reading::to_batch(&rows).map(|batch| batch.num_rows())
            }),
        );

        // typed-arrow consumes and drops the rows; they are cloned outside the timed part.
        let typed: Vec<TypedReading> = rows.iter().map(TypedReading::from).collect();
        let typed_batch = typed_to_batch(typed.clone());
        assert_eq!(typed_batch.columns(), batch.columns());
        ratio::compare_with_input(
            &title,
            (
                "typed-arrow",
                || typed.clone(),
                |rows| typed_to_batch(rows).num_rows(),
            ),
            (
                "KalamTable",
                || (),
                |()| Reading::to_batch(&rows).map(|batch| batch.num_rows()),
            ),
        );

        let serde: Vec<SerdeReading> = rows.iter().map(SerdeReading::from).collect();
        let fields: Vec<FieldRef> = SCHEMA.fields().iter().cloned().collect();
        let serde_batch = serde_arrow::to_record_batch(&fields, &serde)?;
        assert_eq!(serde_batch.columns(), batch.columns());
        ratio::compare(
            &title,
            ("serde_arrow", || {
                serde_arrow::to_record_batch(&fields, &serde).map(|batch| batch.num_rows())
            }),
            ("KalamTable", || {
                Reading::to_batch(&rows).map(|batch| batch.num_rows())
            }),
        );

        let sums = sum_by_hand(&batch);
        assert_eq!(sum_views(&batch)?, sums);
        assert_eq!(sum_typed_views(&typed_batch)?, sums);
        let title = format!("everything in {count} rows added up");
        ratio::compare(
            &title,
            ("downcasts by hand", || sum_by_hand(&batch)),
            ("KalamTable's views", || sum_views(&batch)),
        );
        ratio::compare(
            &title,
            ("typed-arrow's views", || sum_typed_views(&typed_batch)),
            ("KalamTable's views", || sum_views(&batch)),
        );

        let title = format!("{count} rows out of a batch");
        assert_eq!(Reading::from_batch(&batch)?, rows);
        assert_eq!(rows_by_hand(&batch), rows);
        assert_eq!(typed_to_batch(typed_rows(&typed_batch)?), typed_batch);
        assert_eq!(
            serde_arrow::from_record_batch::<Vec<SerdeReading>>(&serde_batch)?,
            serde
        );
        ratio::compare(
            &title,
            ("by hand", || rows_by_hand(&batch).len()),
            ("KalamTable", || {
                Reading::from_batch(&batch).map(|rows| rows.len())
            }),
        );
        ratio::compare(
            &title,
            ("typed-arrow", || {
                typed_rows(&typed_batch).map(|rows| rows.len())
            }),
            ("KalamTable", || {
                Reading::from_batch(&batch).map(|rows| rows.len())
            }),
        );
        ratio::compare(
            &title,
            ("serde_arrow", || {
                serde_arrow::from_record_batch::<Vec<SerdeReading>>(&serde_batch)
                    .map(|rows| rows.len())
            }),
            ("KalamTable", || {
                Reading::from_batch(&batch).map(|rows| rows.len())
            }),
        );
    }
    Ok(())
}

fn typed_to_batch(rows: Vec<TypedReading>) -> arrow::array::RecordBatch {
    let mut builders = <TypedReading as BuildRows>::new_builders(rows.len());
    builders.append_rows(rows);
    builders.finish().into_record_batch()
}
