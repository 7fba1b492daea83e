use kalamtable_rows::{KalamTable, KalamValue, TimestampMicros};

#[derive(KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct Moment(TimestampMicros);

#[derive(KalamTable)]
#[kalam(table = "app.events", no_primary_key = "a log", crate = kalamtable_rows)]
struct Event {
    #[kalam(type = "datetime", default = "now()")]
    at: Moment,
}
