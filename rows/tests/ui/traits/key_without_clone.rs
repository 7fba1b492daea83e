use kalamtable_rows::KalamTable;

#[derive(Debug, KalamTable)]
#[kalam(table = "app.events", primary_key(id), crate = kalamtable_rows)]
struct Event {
    id: i64,
}

fn main() {}
