use kalamtable_rows::{KalamTable, TimestampMillis};

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(unit = "us")]
    at: TimestampMillis,
}

fn main() {}
