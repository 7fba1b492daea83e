use kalamtable_rows::KalamValue;

#[derive(Clone, Copy, Debug, KalamValue)]
#[kalam(table = "app.status", crate = kalamtable_rows)]
enum Status {
    New,
}

fn main() {}
