use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.users", primary_key(id), unique(score), crate = kalamtable_rows)]
struct User {
    id: i64,
    score: f64,
}

fn main() {}
