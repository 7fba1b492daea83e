// SPDX-License-Identifier: Apache-2.0

//! Sets `cfg(loom)`, for which `src/sync.rs` of the registry takes its primitives from loom.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rerun-if-changed=build.rs");
}
