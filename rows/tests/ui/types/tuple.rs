use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.places", no_primary_key = "a log", crate = kalamtable_rows)]
struct Place {
    position: (f64, f64),
}

fn main() {}
