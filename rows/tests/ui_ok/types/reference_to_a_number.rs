use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.counts", no_primary_key = "a log", crate = kalamtable_rows)]
struct Count {
    count: i64,
}
