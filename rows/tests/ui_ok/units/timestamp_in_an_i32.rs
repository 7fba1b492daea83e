use kalamtable_rows::{KalamTable, Micros, Timestamp};

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(type = "timestamp")]
    at: Timestamp<Micros>,
}
