use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Stop {
    #[kalam(type = "timestamp")]
    at: kalamtable_rows::TimestampMillis,
}
