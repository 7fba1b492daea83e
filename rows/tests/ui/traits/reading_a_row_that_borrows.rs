use kalamtable_rows::{FromArrow, KalamTable};

#[derive(KalamTable)]
#[kalam(table = "app.notes", no_primary_key = "a log", crate = kalamtable_rows)]
struct Note<'a> {
    text: &'a str,
}

fn read<R: FromArrow>(batch: &arrow::array::RecordBatch) -> usize {
    R::from_batch(batch).map_or(0, |rows| rows.len())
}

fn count(batch: &arrow::array::RecordBatch) -> usize {
    read::<Note>(batch)
}

fn main() {}
