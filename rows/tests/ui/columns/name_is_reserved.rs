use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "log", reserved(names("title")))]
#[kalam(crate = kalamtable_rows)]
struct Event {
    title: String,
}

fn main() {}
