use kalamtable_rows::{Decimal, KalamTable};

#[derive(KalamTable)]
#[kalam(table = "app.prices", no_primary_key = "a log", crate = kalamtable_rows)]
struct Price {
    #[kalam(default = "1.5")]
    price: Decimal<10, 2>,
}
