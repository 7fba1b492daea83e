use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", primary_key(tags), crate = kalamtable_rows)]
struct Event {
    tags: Vec<String>,
}

fn main() {}
