use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Tree {
    label: String,
    branches: Vec<Tree>,
}

fn main() {}
