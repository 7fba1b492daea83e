// SPDX-License-Identifier: Apache-2.0

//! Generates the system tables from `schemas/`.

fn main() {
    #[cfg(feature = "system-tables")]
    kalamtable_build::Config::new()
        .schemas("schemas")
        .locked(true)
        .provide_system_tables()
        .compile();
}
