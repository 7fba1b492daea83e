use kalamtable_rows::KalamTable;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    id: i64,
    #[kalam(skip)]
    state: std::marker::PhantomData<u8>,
}
