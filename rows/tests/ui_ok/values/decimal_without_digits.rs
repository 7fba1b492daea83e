use kalamtable_rows::KalamTable;

use rust_decimal::Decimal;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    id: i64,
    #[kalam(type = "decimal(10, 2)")]
    price: Decimal,
}
