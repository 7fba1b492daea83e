use kalamtable_rows::{KalamTable, KalamValue};

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Count(i32);

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(default = "5")]
    count: Count,
}

fn main() {}
