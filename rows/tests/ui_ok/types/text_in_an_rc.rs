use std::sync::Arc;

use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.notes", no_primary_key = "a log", crate = kalamtable_rows)]
struct Note {
    text: Arc<str>,
}
