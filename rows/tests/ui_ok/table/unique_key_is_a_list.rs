use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.users", primary_key(id), unique(emails), crate = kalamtable_rows)]
struct User {
    id: i64,
    emails: Box<str>,
}
