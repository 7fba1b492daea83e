use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", primary_key(id) crate = kalamtable_rows)]
struct Event {
    id: i64,
}

fn main() {}
