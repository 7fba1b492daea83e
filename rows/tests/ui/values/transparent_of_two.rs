use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(transparent, crate = kalamtable_rows)]
struct Pair {
    first: i32,
    second: i32,
}

fn main() {}
