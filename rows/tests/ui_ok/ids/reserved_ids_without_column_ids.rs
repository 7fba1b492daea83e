use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", reserved(ids(2)))]
#[kalam(crate = kalamtable_rows)]
struct Event {
    #[kalam(id = 1)]
    name: String,
}
