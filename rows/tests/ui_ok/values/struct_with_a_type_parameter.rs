use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Page {
    rows: Vec<String>,
}
