use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(
    table = "app.events",
    no_primary_key = "a log",
    access_level = "public"
)]
#[kalam(crate = kalamtable_rows)]
struct Event {
    name: String,
}
