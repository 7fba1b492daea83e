use kalamtable_rows::{KalamTable, TimestampMicros};

#[derive(Clone, Debug, KalamTable)]
#[kalam(schema = "tests/schemas/jobs.toml", crate = kalamtable_rows)]
struct Job {
    job_id: String,
    priority: Option<i32>,
    created_at: TimestampMicros,
}

fn main() {}
