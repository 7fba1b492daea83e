use kalamtable_rows::KalamTable;

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", freeze = "tests/schemas/frozen.toml", crate = kalamtable_rows)]
struct Event<T> {
    id: i64,
    #[kalam(skip)]
    state: std::marker::PhantomData<T>,
}

fn main() {}
