//! Tables described once, in TOML: Arrow schemas, typed rows and DataFusion providers, checked
//! before the program runs.
//!
//! This is the crate a server depends on. Its build script compiles a folder of definitions:
//!
//! ```no_run
//! // build.rs
//! fn main() {
//!     kalamtable_build::compile("schemas");
//! }
//! # #[cfg(any())]
//! # mod elsewhere {
//! // main.rs or lib.rs
//! kalamtable::include_tables!();
//! # }
//! ```

// Generated code says `::kalamtable`, in this crate too.
extern crate self as kalamtable;

#[cfg(feature = "system-tables")]
pub mod system;

pub use kalamtable_runtime::*;
#[doc(hidden)]
pub use kalamtable_runtime::{__private, doc_example};

/// Takes in what `kalamtable_build::compile` made: a module a namespace, in it one a table, and
/// `TABLES`, which lists them.
///
/// With a name, takes in the file that `Config::output` named.
#[macro_export]
macro_rules! include_tables {
    () => {
        $crate::include_tables!("kalamtable.rs");
    };
    ($file:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $file));
    };
}
