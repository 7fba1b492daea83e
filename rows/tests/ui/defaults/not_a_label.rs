use kalamtable_rows::{KalamTable, KalamValue};

#[derive(Clone, Copy, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Status {
    InProgress,
    Done,
}

#[derive(KalamTable)]
#[kalam(table = "app.tasks", no_primary_key = "a log", crate = kalamtable_rows)]
struct Task {
    #[kalam(default = "InProgress")]
    status: Status,
}

fn main() {}
