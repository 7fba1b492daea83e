use kalamtable_rows::ToArrow;

struct Event {
    name: String,
}

fn columns<R: ToArrow>(rows: &[R]) -> usize {
    R::to_batch(rows).map_or(0, |batch| batch.num_columns())
}

fn count(events: &[Event]) -> usize {
    columns(events)
}

fn main() {}
