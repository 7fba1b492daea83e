use kalamtable_rows::{KalamTable, KalamValue};

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Email(String);

#[derive(KalamTable)]
#[kalam(table = "app.users", no_primary_key = "a log", crate = kalamtable_rows)]
struct User {
    emails: Vec<Email>,
}
