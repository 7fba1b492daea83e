use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(nullable)]
    name: String,
}

fn main() {}
