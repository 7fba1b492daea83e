use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.shops", no_primary_key = "a log", crate = kalamtable_rows)]
struct Shop {
    #[kalam(type = "time")]
    opens: Option<i64>,
}

fn main() {}
