use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.notes", no_primary_key = "a log")]
#[kalam(crate = kalamtable_rows)]
struct Note<'a> {
    text: &'a str,
}
