use kalamtable_rows::{KalamTable, ToArrow};

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    name: String,
}

fn columns<R: ToArrow>(rows: &[R]) -> usize {
    R::to_batch(rows).map_or(0, |batch| batch.num_columns())
}

fn count(events: &[Event]) -> usize {
    columns(events)
}
