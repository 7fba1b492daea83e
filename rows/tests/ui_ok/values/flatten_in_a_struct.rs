use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Stop {
    place: Place,
}

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Place {
    name: String,
}
