//! Tables created while a server runs: their definitions, schemas and what is derived from them, memoized,
//! nanoseconds per hit, never stale.

mod alter;
mod clocks;
mod counters;
mod error;
mod flight;
mod handle;
mod ledger;
mod local;
mod memo;
mod moment;
mod name;
mod pool;
mod registry;
mod shadow;
mod shape;
mod sieve;
mod slots;
mod snapshot;
mod stats;
mod sync;
mod weigh;

pub use clocks::Epoch;
pub use counters::Artefact;
pub use error::Error;
pub use handle::TableHandle;
pub use memo::Memo;
pub use name::NameRef;
pub use registry::{RegistryOptions, SchemaRegistry};
pub use snapshot::TableSnapshot;
pub use stats::Stats;
