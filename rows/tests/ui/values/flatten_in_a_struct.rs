use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Stop {
    #[kalam(flatten)]
    place: Place,
}

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Place {
    name: String,
}

fn main() {}
