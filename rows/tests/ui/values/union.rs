use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
union Number {
    whole: i64,
    broken: f64,
}

fn main() {}
