use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.users", primary_key(id), crate = kalamtable_rows)]
struct User {
    id: i64,
    #[kalam(unique)]
    email: String,
}

fn main() {}
