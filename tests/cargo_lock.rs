// SPDX-License-Identifier: Apache-2.0

//! Cargo.lock contains one version of each crate whose types appear in the interfaces between
//! crates. With two versions, a `RecordBatch` of one crate would not be a `RecordBatch` of another.

use std::fs;

const SHARED: [&str; 4] = [
    "arrow-array",
    "datafusion-common",
    "object_store",
    "parquet",
];

/// Returns the versions of package `name` in the text of a lock file.
fn versions<'a>(lock: &'a str, name: &str) -> Vec<&'a str> {
    let mut versions = Vec::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key))?;
            line.strip_prefix(" = \"")?.strip_suffix('"')
        };
        if value("name") == Some(name) {
            versions.extend(value("version"));
        }
    }
    versions
}

#[test]
fn shared_dependencies_have_one_version() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock");
    let lock = fs::read_to_string(path).expect("the workspace has a lock file");
    for name in SHARED {
        let versions = versions(&lock, name);
        assert_eq!(versions.len(), 1, "versions of {name}: {versions:?}");
    }
}

#[test]
fn second_version_is_found() {
    let lock = "version = 4\n\n\
                [[package]]\nname = \"parquet\"\nversion = \"58.0.0\"\n\n\
                [[package]]\nname = \"parquet\"\nversion = \"59.1.0\"\ndependencies = [\n \"half\",\n]\n\n\
                [[package]]\nname = \"parquet-derive\"\nversion = \"1.0.0\"\n";
    assert_eq!(versions(lock, "parquet"), ["58.0.0", "59.1.0"]);
    assert_eq!(versions(lock, "half"), [""; 0]);
}
