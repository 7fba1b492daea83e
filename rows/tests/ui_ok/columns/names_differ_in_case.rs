use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    user_id: i64,
    #[kalam(rename = "user_name")]
    name: String,
}
