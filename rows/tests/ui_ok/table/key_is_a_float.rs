use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.prices", primary_key(price), crate = kalamtable_rows)]
struct Price {
    price: i64,
}
