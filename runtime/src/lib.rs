// SPDX-License-Identifier: Apache-2.0

//! Tables that are created and changed while a server runs: their rows in DataFusion, and the catalog
//! that finds them.

pub mod catalog;
pub mod dynamic;
mod error;

pub use dynamic::{
    Actor, DynamicOptions, DynamicTable, DynamicTables, MemoryStorage, Role, UserId,
};
pub use error::Error;
