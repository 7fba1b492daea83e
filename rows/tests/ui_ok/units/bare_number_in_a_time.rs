use kalamtable_rows::{KalamTable, Millis, TimeOfDay};

#[derive(KalamTable)]
#[kalam(table = "app.shops", no_primary_key = "a log", crate = kalamtable_rows)]
struct Shop {
    opens: Option<TimeOfDay<Millis>>,
}
