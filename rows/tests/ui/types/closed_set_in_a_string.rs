use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.tasks", no_primary_key = "a log", crate = kalamtable_rows)]
struct Task {
    #[kalam(type = "enum('new', 'done')")]
    status: String,
}

fn main() {}
