//! The struct front end of KalamTable: `#[derive(KalamTable)]` and the value derives go here.
//!
//! It exports nothing yet: what a build script makes needs no macro of this crate.
