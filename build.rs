// SPDX-License-Identifier: Apache-2.0

//! Compiles the system tables.

fn main() {
    kalamtable_build::compile("schemas");
}
