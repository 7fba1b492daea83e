use kalamtable_rows::KalamValue;

#[derive(Clone, Copy, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Status {
    InProgress,
    #[kalam(rename = "begun")]
    Begun,
}
