use kalamtable_rows::KalamTable;

#[derive(Default)]
enum Cache {
    #[default]
    Full,
}

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    name: String,
    #[kalam(skip)]
    cache: Cache,
}
