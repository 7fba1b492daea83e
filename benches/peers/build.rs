// SPDX-License-Identifier: Apache-2.0

//! Generates the row of these benches from its definition.

fn main() {
    kalamtable_build::Config::new()
        .schemas("schemas")
        .runtime("::kalamtable_rows")
        .compile();
}
