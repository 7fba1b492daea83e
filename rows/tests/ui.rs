// SPDX-License-Identifier: Apache-2.0

//! The messages for mistakes with the derives. Each file in `ui` has one mistake, in a folder by
//! topic. The file of the same name in `ui_ok` has the fix; `neighbours.rs` compiles it.
//!
//! The environment variable `TRYBUILD=overwrite` updates the messages.

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

/// Returns the folder of the package that trybuild creates for the mistakes.
fn project() -> Result<PathBuf, Box<dyn Error>> {
    // The command that trybuild runs.
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

/// Copies the schema files, because the path of `#[kalam(schema = "..")]` is relative to that
/// package.
fn copy_schemas(project: &Path) -> Result<(), Box<dyn Error>> {
    let schemas = Path::new("tests/schemas");
    fs::create_dir_all(project.join(schemas))?;
    for file in fs::read_dir(schemas)? {
        let file = schemas.join(file?.file_name());
        fs::copy(&file, project.join(&file))?;
    }
    Ok(())
}
