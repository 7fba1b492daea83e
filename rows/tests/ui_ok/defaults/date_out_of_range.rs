use kalamtable_rows::{Date, KalamTable};

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(default = "2024-02-29")]
    day: Date,
}
