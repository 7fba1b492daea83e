use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", access_level = "publik")]
#[kalam(crate = kalamtable_rows)]
struct Event {
    name: String,
}

fn main() {}
