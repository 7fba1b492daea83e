use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(id = 1, nested_ids = 20)]
    tags: Vec<String>,
    #[kalam(id = 2, nested_ids = 21)]
    names: Vec<String>,
}
