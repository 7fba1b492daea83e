// SPDX-License-Identifier: Apache-2.0

//! Compiles the definitions of the shop.

fn main() {
    kalamtable_build::Config::new()
        .schemas("schemas")
        .row_attribute("inventory.low_stock", "#[derive(Eq, PartialOrd, Ord)]")
        .column_type("inventory.products.sku", "crate::Sku")
        .compile();
}
