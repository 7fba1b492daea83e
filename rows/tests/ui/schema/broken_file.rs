use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(schema = "tests/schemas/broken.toml", crate = kalamtable_rows)]
struct Job {
    id: String,
    title: String,
}

fn main() {}
