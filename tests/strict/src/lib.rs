// SPDX-License-Identifier: Apache-2.0

//! Generated and derived code for definitions that are designed to provoke errors and warnings. The
//! lints below apply to this code in `cargo test`, `cargo clippy` and `cargo doc`.

#![deny(warnings, missing_docs, unused_qualifications)]
#![deny(clippy::all, clippy::pedantic, rustdoc::all)]

pub mod derived;
pub mod wide;

include!(concat!(env!("OUT_DIR"), "/kalamtable.rs"));

/// The same tables in a module that is private and unused, for which more lints apply.
mod private {
    include!(concat!(env!("OUT_DIR"), "/kalamtable.rs"));
}
