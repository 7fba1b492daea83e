use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", crate = kalamtable_rows)]
struct Event {
    #[kalam(primary_key)]
    id: i64,
}

fn main() {}
