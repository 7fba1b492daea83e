// SPDX-License-Identifier: Apache-2.0

//! Generated and derived code for definitions that are designed to provoke errors and warnings.

pub mod derived;

include!(concat!(env!("OUT_DIR"), "/kalamtable.rs"));
