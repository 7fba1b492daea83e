//! KalamTable, typed-arrow, serde_arrow and hand-written builders make the same batch of the same rows.

use arrow::datatypes::FieldRef;
use kalamtable_peers::{
    Reading, SCHEMA, SerdeReading, TypedReading, by_hand, readings, sum_by_hand, sum_typed_views,
    sum_views,
};
use kalamtable_rows::{FromArrow, ToArrow};
use typed_arrow::prelude::*;

#[test]
fn batches_of_all_four_are_equal() -> Result<(), Box<dyn std::error::Error>> {
    // Around the size of a block, where bits and offsets of one block meet those of the next.
    for count in [0, 1, 63, 64, 127, 128, 129, 1000] {
        let rows = readings(count);
        let batch = Reading::to_batch(&rows)?;
        assert_eq!(batch, by_hand(&rows)?);

        let mut builders = <TypedReading as BuildRows>::new_builders(count);
        builders.append_rows(rows.iter().map(TypedReading::from));
        let typed = builders.finish().into_record_batch();
        assert_eq!(typed.columns(), batch.columns());

        let serde: Vec<SerdeReading> = rows.iter().map(SerdeReading::from).collect();
        let fields: Vec<FieldRef> = SCHEMA.fields().iter().cloned().collect();
        let of_serde = serde_arrow::to_record_batch(&fields, &serde)?;
        assert_eq!(of_serde.columns(), batch.columns());

        assert_eq!(Reading::from_batch(&batch)?, rows);
        assert_eq!(sum_views(&batch)?, sum_by_hand(&batch));
        assert_eq!(sum_typed_views(&typed)?, sum_by_hand(&batch));
    }
    Ok(())
}

#[test]
fn extremes_are_equal() -> Result<(), Box<dyn std::error::Error>> {
    let mut rows = readings(3);
    rows[0].id = i64::MIN;
    rows[0].serial = Some(u64::MAX);
    rows[0].value = f64::NEG_INFINITY;
    rows[0].station = String::new();
    rows[1].attempt = Some(i16::MIN);
    rows[1].flags = u32::MAX;
    rows[1].gain = Some(-0.0);
    rows[1].note = Some("\u{0}\u{10ffff}".to_string());
    rows[2].note = None;
    rows[2].operator = Some(String::new());
    assert_eq!(Reading::to_batch(&rows)?, by_hand(&rows)?);
    assert_eq!(Reading::from_batch(&by_hand(&rows)?)?, rows);
    Ok(())
}
