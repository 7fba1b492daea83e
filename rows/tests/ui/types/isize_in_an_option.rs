use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.files", no_primary_key = "a log", crate = kalamtable_rows)]
struct File {
    number: Option<isize>,
}

fn main() {}
