use kalamtable_rows::{KalamTable, KalamValue};

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct DateText(String);

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    day: DateText,
}
