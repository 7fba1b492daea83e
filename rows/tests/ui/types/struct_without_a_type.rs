use kalamtable_rows::KalamTable;

struct Email(String);

#[derive(KalamTable)]
#[kalam(table = "app.users", no_primary_key = "a log", crate = kalamtable_rows)]
struct User {
    email: Email,
}

fn main() {}
