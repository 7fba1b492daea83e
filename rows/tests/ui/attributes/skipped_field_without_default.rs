use kalamtable_rows::KalamTable;

enum Cache {
    Full,
}

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    name: String,
    #[kalam(skip)]
    cache: Cache,
}

fn main() {}
