use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", primary_key(event), crate = kalamtable_rows)]
struct Event {
    event_id: i64,
}

fn main() {}
