// SPDX-License-Identifier: Apache-2.0

//! Compiles the definitions of the TPC-H tables.

fn main() {
    kalamtable_build::compile("schemas");
}
