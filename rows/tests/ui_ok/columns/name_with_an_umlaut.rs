use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.parcels", no_primary_key = "a log", crate = kalamtable_rows)]
struct Parcel {
    #[kalam(rename = "gr__e")]
    größe: i32,
}
