use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(tabel = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    name: String,
}

fn main() {}
