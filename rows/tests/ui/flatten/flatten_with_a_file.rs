use kalamtable_rows::{KalamTable, KalamValue};

#[derive(Clone, Debug, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Parts {
    priority: Option<i32>,
}

#[derive(Clone, Debug, KalamTable)]
#[kalam(schema = "tests/schemas/jobs.toml", crate = kalamtable_rows)]
struct Event {
    #[kalam(unit = "ms")]
    created_at: i64,
    job_id: String,
    #[kalam(flatten)]
    parts: Parts,
}

fn main() {}
