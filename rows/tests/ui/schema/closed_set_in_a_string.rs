use kalamtable_rows::{KalamTable, TimestampMillis, Uuid};

#[derive(Clone, Debug, KalamTable)]
#[kalam(schema = "tests/schemas/tasks.toml", crate = kalamtable_rows)]
struct Task {
    task_id: Uuid,
    status: String,
    note: Option<String>,
    due_at: TimestampMillis,
}

fn main() {}
