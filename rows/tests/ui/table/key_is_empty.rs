use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", primary_key(), crate = kalamtable_rows)]
struct Event {
    name: String,
}

fn main() {}
