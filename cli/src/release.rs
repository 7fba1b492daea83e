// SPDX-License-Identifier: Apache-2.0

//! [`release_context`]: the release of the project, by which acknowledgments expire.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use kalamtable_build::today;
use kalamtable_model::ReleaseContext;
use toml::de::{DeTable, DeValue};

use crate::command_error::CommandError;

/// Returns the current date and the release that is prepared: `release` if it is given, and
/// otherwise the version of the package that contains `schemas`.
///
/// # Errors
/// Fails if the release is not a version, or if a manifest cannot be read.
pub(crate) fn release_context(
    release: Option<&str>,
    schemas: &Path,
) -> Result<ReleaseContext, CommandError> {
    let context = ReleaseContext::new(today());
    let (version, origin) = match release {
        Some(release) => (release.to_string(), None),
        None => match package_version(schemas)? {
            Some((version, manifest)) => (version, Some(manifest)),
            None => return Ok(context),
        },
    };
    context
        .with_release(&version)
        .map_err(|error| match origin {
            None => CommandError::new(error.to_string()),
            Some(manifest) => CommandError::new(format!("{}: {error}", shown(&manifest))),
        })
}

/// Returns the version in the nearest `Cargo.toml` at or above `schemas`, and the path of the
/// manifest that states it. Returns `None` if there is no manifest or it has no version.
fn package_version(schemas: &Path) -> Result<Option<(String, PathBuf)>, CommandError> {
    // A missing folder is a problem of the definitions.
    let Ok(folder) = schemas.canonicalize() else {
        return Ok(None);
    };
    let mut manifests = folder
        .ancestors()
        .map(|folder| folder.join("Cargo.toml"))
        .filter(|manifest| manifest.is_file());
    let Some(nearest) = manifests.next() else {
        return Ok(None);
    };
    match ManifestVersion::read(&nearest)? {
        ManifestVersion::Stated(version) => return Ok(Some((version, nearest))),
        ManifestVersion::Absent => return Ok(None),
        ManifestVersion::Inherited(Some(workspace)) => {
            let root = nearest
                .with_file_name("")
                .join(workspace)
                .join("Cargo.toml");
            return workspace_version(&root);
        }
        ManifestVersion::Inherited(None) => {}
    }
    // The root of the workspace can be the package itself.
    for manifest in std::iter::once(nearest.clone()).chain(manifests) {
        if let Some(version) = workspace_version(&manifest)? {
            return Ok(Some(version));
        }
    }
    let message = format!("{}: the version is that of a workspace", shown(&nearest));
    Err(CommandError::new(message + ", and no folder above has one")
        .with_help("state the release: `--release 2.6.0`"))
}

/// The key `version` of a package.
enum ManifestVersion {
    Stated(String),
    /// `version.workspace = true`, with the value of `package.workspace`.
    Inherited(Option<String>),
    Absent,
}

impl ManifestVersion {
    fn read(manifest: &Path) -> Result<Self, CommandError> {
        let text = read(manifest)?;
        let document = parse(manifest, &text)?;
        let Some(package) = table(&document, "package") else {
            let version = workspace_package_version(&document);
            return Ok(version.map_or(ManifestVersion::Absent, ManifestVersion::Stated));
        };
        if let Some(version) = string(package, "version") {
            return Ok(ManifestVersion::Stated(version));
        }
        match table(package, "version") {
            Some(_) => Ok(ManifestVersion::Inherited(string(package, "workspace"))),
            None => Ok(ManifestVersion::Absent),
        }
    }
}

/// Returns the version of `[workspace.package]`, or `None` if the manifest has none.
fn workspace_version(manifest: &Path) -> Result<Option<(String, PathBuf)>, CommandError> {
    let text = read(manifest)?;
    let version = workspace_package_version(&parse(manifest, &text)?);
    Ok(version.map(|version| (version, manifest.to_path_buf())))
}

fn workspace_package_version(document: &DeTable<'_>) -> Option<String> {
    string(table(table(document, "workspace")?, "package")?, "version")
}

/// Returns the path relative to the working directory if the manifest is below it.
fn shown(manifest: &Path) -> String {
    let current = env::current_dir().and_then(|current| current.canonicalize());
    let relative = current
        .ok()
        .and_then(|current| manifest.strip_prefix(current).ok());
    relative
        .unwrap_or(manifest)
        .to_string_lossy()
        .replace('\\', "/")
}

fn read(manifest: &Path) -> Result<String, CommandError> {
    fs::read_to_string(manifest)
        .map_err(|error| CommandError::new(format!("{}: {error}", shown(manifest))))
}

fn parse<'a>(manifest: &Path, text: &'a str) -> Result<DeTable<'a>, CommandError> {
    DeTable::parse(text)
        .map(|document| document.into_inner())
        .map_err(|error| {
            let message = format!("{}: {}", shown(manifest), error.message());
            CommandError::new(message).with_help("state the release: `--release 2.6.0`")
        })
}

fn table<'a, 'b>(parent: &'b DeTable<'a>, key: &str) -> Option<&'b DeTable<'a>> {
    match parent.get(key)?.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn string(parent: &DeTable<'_>, key: &str) -> Option<String> {
    match parent.get(key)?.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tempfile::TempDir;

    use super::*;

    /// Writes manifests, and shows the version of the folder `a/schemas`.
    fn check(manifests: &[(&str, &str)], expected: Expect) {
        let root = TempDir::new().unwrap();
        let schemas = root.path().join("a/schemas");
        fs::create_dir_all(&schemas).unwrap();
        for (folder, text) in manifests {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join("Cargo.toml"), text).unwrap();
        }
        let root = root.path().canonicalize().unwrap();
        let shown = match package_version(&schemas) {
            Ok(None) => "none".to_string(),
            Ok(Some((version, manifest))) => {
                let manifest = manifest.canonicalize().unwrap();
                let manifest = manifest.strip_prefix(&root).unwrap();
                format!("{version} of {}", manifest.display())
            }
            Err(error) => error.to_string().replace(&*root.to_string_lossy(), ""),
        };
        expected.assert_eq(&shown);
    }

    const INHERITED: &str = "[package]\nname = \"a\"\nversion.workspace = true\n";
    const WORKSPACE: &str = "[workspace.package]\nversion = \"2.0.0\"\n";

    #[test]
    fn version_of_the_nearest_package() {
        let package = "[package]\nname = \"a\"\nversion = \"1.2.3\"\n";
        check(
            &[("a", package), ("", WORKSPACE)],
            expect!["1.2.3 of a/Cargo.toml"],
        );
    }

    #[test]
    fn inherited_version_of_a_workspace_above() {
        check(
            &[("a", INHERITED), ("", WORKSPACE)],
            expect!["2.0.0 of Cargo.toml"],
        );
    }

    #[test]
    fn inherited_version_of_the_own_workspace() {
        let both = format!("{INHERITED}{WORKSPACE}");
        check(&[("a", &both)], expect!["2.0.0 of a/Cargo.toml"]);
    }

    #[test]
    fn inherited_version_of_a_named_workspace() {
        let package = format!("{INHERITED}workspace = \"../w\"\n");
        check(
            &[("a", &package), ("w", WORKSPACE)],
            expect!["2.0.0 of w/Cargo.toml"],
        );
    }

    #[test]
    fn virtual_workspace_states_the_version() {
        check(&[("", WORKSPACE)], expect!["2.0.0 of Cargo.toml"]);
    }

    #[test]
    fn package_without_a_version_has_none() {
        check(&[("a", "[package]\nname = \"a\"\n")], expect!["none"]);
    }

    #[test]
    fn inherited_version_without_a_workspace_is_an_error() {
        check(
            &[("a", INHERITED)],
            expect![[r#"
            /a/Cargo.toml: the version is that of a workspace, and no folder above has one
              help: state the release: `--release 2.6.0`"#]],
        );
    }

    #[test]
    fn invalid_manifest_is_an_error() {
        check(
            &[("a", "[package\n")],
            expect![[r#"
            /a/Cargo.toml: unclosed table, expected `]`
              help: state the release: `--release 2.6.0`"#]],
        );
    }
}
