use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(schema = "tests/schemas/jobs.toml", crate = kalamtable_rows)]
struct Job {
    job_id: String,
    priority: Option<i32>,
    #[kalam(unit = "ms")]
    created_at: i64,
    owner: String,
}

fn main() {}
