// SPDX-License-Identifier: Apache-2.0

//! The build-script front end: a folder of TOML definitions to a file of Rust.
//!
//! ```no_run
//! // In `main` of build.rs:
//! kalamtable_build::compile("schemas");
//! ```
//!
//! Output is a pure function of the definitions: sorted, formatted, without a clock or a path of
//! the machine, and written only when it changed.

mod config;
mod error;
mod load;

pub use config::{Compiled, Config, compile, generate};
pub use error::Error;
pub use load::{Loaded, load};
