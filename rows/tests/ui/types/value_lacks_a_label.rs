use kalamtable_rows::{KalamTable, KalamValue};

#[derive(Clone, Copy, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Status {
    New,
}

#[derive(KalamTable)]
#[kalam(table = "app.tasks", no_primary_key = "a log", crate = kalamtable_rows)]
struct Task {
    #[kalam(type = "enum('new', 'lost')")]
    status: Status,
}

fn main() {}
