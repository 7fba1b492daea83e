use kalamtable_rows::KalamTable;

use rust_decimal::Decimal;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    id: i64,
    price: Decimal,
}

fn main() {}
