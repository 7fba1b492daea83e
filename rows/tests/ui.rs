// SPDX-License-Identifier: Apache-2.0

//! What is said to mistakes with the derives: one in each file of `ui`, in a folder by topic. How it
//! is mended stands in the file of the same name in `ui_ok`, which `neighbours.rs` compiles.
//!
//! With the variable `TRYBUILD=overwrite` in the environment the messages are written anew.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[test]
fn mistakes() -> Result<(), Box<dyn Error>> {
    copy_schemas(&project()?)?;
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
    Ok(())
}

/// The folder of the package that trybuild makes of the mistakes.
fn project() -> Result<PathBuf, Box<dyn Error>> {
    // As trybuild asks for it.
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["metadata", "--no-deps", "--format-version=1"]);
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.output()?.stdout)?;
    let target = metadata["target_directory"]
        .as_str()
        .ok_or("no target folder")?;
    Ok(Path::new(target)
        .join("tests/trybuild")
        .join(env!("CARGO_PKG_NAME")))
}

/// To the mistakes, `#[kalam(schema = "..")]` is a path in that package.
fn copy_schemas(project: &Path) -> Result<(), Box<dyn Error>> {
    let schemas = Path::new("tests/schemas");
    fs::create_dir_all(project.join(schemas))?;
    for file in fs::read_dir(schemas)? {
        let file = schemas.join(file?.file_name());
        fs::copy(&file, project.join(&file))?;
    }
    Ok(())
}
