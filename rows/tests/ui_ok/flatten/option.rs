use kalamtable_rows::{KalamTable, KalamValue};

#[derive(Clone, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Place {
    name: Option<String>,
}

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    id: i64,
    #[kalam(flatten)]
    place: Place,
}
