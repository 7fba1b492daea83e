use kalamtable_rows::{Decimal, KalamTable};

#[derive(KalamTable)]
#[kalam(table = "app.prices", no_primary_key = "a log", crate = kalamtable_rows)]
struct Price {
    #[kalam(type = "decimal(12, 2)")]
    price: Decimal<12, 2>,
}
