use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.grades", no_primary_key = "a log", crate = kalamtable_rows)]
struct Grade {
    letter: String,
}
