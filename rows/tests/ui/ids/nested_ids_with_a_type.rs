use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(type = "list<#21 text>", nested_ids = 20)]
    tags: Vec<String>,
}

fn main() {}
