use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    name: String,
    #[kalam(skip = true)]
    cache: Vec<u32>,
}

fn main() {}
