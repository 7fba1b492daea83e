use kalamtable_rows::{Decimal, KalamTable};

#[derive(KalamTable)]
#[kalam(table = "app.prices", no_primary_key = "a log", crate = kalamtable_rows)]
struct Price {
    price: Decimal<38, 2>,
}
