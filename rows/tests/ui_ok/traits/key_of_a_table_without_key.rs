use kalamtable_rows::{KalamTable, KeyedRow};

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", primary_key(id), crate = kalamtable_rows)]
struct Event {
    id: i64,
}

fn is_sorted<R: KeyedRow>(rows: &[R]) -> bool {
    rows.is_sorted_by(|a, b| a.key() <= b.key())
}

fn check(events: &[Event]) -> bool {
    is_sorted(events)
}
