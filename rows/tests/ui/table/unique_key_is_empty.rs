use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.users", primary_key(id), unique(), crate = kalamtable_rows)]
struct User {
    id: i64,
    email: Option<String>,
}

fn main() {}
