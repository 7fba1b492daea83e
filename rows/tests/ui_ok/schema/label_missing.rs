use kalamtable_rows::{KalamTable, KalamValue, TimestampMillis, Uuid};

#[derive(Clone, Copy, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Status {
    New,
    InProgress,
    Done,
}

#[derive(Clone, Debug, KalamTable)]
#[kalam(schema = "tests/schemas/tasks.toml", crate = kalamtable_rows)]
struct Task {
    task_id: Uuid,
    status: Status,
    note: Option<String>,
    due_at: TimestampMillis,
}
