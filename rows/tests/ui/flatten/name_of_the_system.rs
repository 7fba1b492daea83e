use kalamtable_rows::{KalamTable, KalamValue};

#[derive(Clone, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Stamp {
    _seq: i64,
}

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log")]
#[kalam(crate = kalamtable_rows)]
struct Event {
    id: i64,
    #[kalam(flatten)]
    stamp: Stamp,
}

fn main() {}
