use kalamtable_rows::KalamValue;

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct JobId(#[kalam(rename = "job_id")] String);

fn main() {}
