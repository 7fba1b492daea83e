//! Compiles the system tables.

fn main() {
    kalamtable_build::compile("schemas");
}
