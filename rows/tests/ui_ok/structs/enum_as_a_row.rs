use kalamtable_rows::{KalamTable, KalamValue};

#[derive(Clone, Copy, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Kind {
    Opened,
    Closed,
}

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    kind: Kind,
}
