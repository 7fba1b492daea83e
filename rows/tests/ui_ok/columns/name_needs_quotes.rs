use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log")]
#[kalam(crate = kalamtable_rows)]
struct Event {
    order_id: String,
    user_id: i64,
}

/// The names are intended.
#[derive(KalamTable)]
#[kalam(table = "app.quoted_events", no_primary_key = "a log")]
#[kalam(crate = kalamtable_rows)]
#[allow(deprecated)]
struct QuotedEvent {
    order: String,
    #[kalam(rename = "userId")]
    user_id: i64,
}
