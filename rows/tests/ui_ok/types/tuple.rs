use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.places", no_primary_key = "a log", crate = kalamtable_rows)]
struct Place {
    x: f64,
    y: f64,
}
