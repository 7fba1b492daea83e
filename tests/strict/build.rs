// SPDX-License-Identifier: Apache-2.0

//! Generates the tables of the definitions in `schemas`.

fn main() {
    kalamtable_build::Config::new()
        .schemas("schemas")
        .runtime("::kalamtable_rows")
        .compile();
}
