// SPDX-License-Identifier: Apache-2.0

//! Sets `cfg(shuttle)`, for which `src/sync.rs` of the registry takes its primitives from shuttle.

fn main() {
    println!("cargo::rustc-cfg=shuttle");
    println!("cargo::rerun-if-changed=build.rs");
}
