use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(
    table = "app.events",
    no_primary_key = "a log",
    kind = "stream",
    ttl_seconds = 60
)]
#[kalam(crate = kalamtable_rows)]
struct Event {
    name: String,
}
