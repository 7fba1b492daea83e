use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.users", primary_key(id), unique(tenant, name), unique(name, tenant), crate = kalamtable_rows)]
struct User {
    id: i64,
    tenant: i64,
    name: String,
}

fn main() {}
