#![deny(deprecated)]

use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log")]
#[kalam(crate = kalamtable_rows)]
struct Event {
    order: String,
    #[kalam(rename = "userId")]
    user_id: i64,
}

fn main() {}
