// SPDX-License-Identifier: Apache-2.0

//! Generates the row types of the benchmarks from their definitions.

fn main() {
    kalamtable_build::Config::new()
        .schemas("schemas")
        .runtime("::kalamtable_rows")
        .compile();
}
