use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
struct Event {
    name: String,
}

fn main() {}
