// SPDX-License-Identifier: Apache-2.0

//! The parts of a `Cargo.toml` that show dependencies.
//!
//! Reads the form in which the manifests of this workspace are written: one dependency a line.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::File;

/// A package of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    /// The normal dependencies, also those of single platforms. `true` if optional.
    pub(crate) dependencies: BTreeMap<String, bool>,
    pub(crate) build_dependencies: BTreeMap<String, bool>,
    /// The values of each feature.
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

impl Manifest {
    pub(crate) fn read(file: &File) -> Manifest {
        let mut manifest = Manifest::default();
        let mut section = String::new();
        let mut lines = file.text.lines().map(without_comment);
        while let Some(line) = lines.next() {
            if let Some(header) = line.strip_prefix('[') {
                section = header.trim_end_matches(']').to_string();
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let key = key.trim();
            let mut value = value.trim().to_string();
            while value.starts_with('[') && !value.ends_with(']') {
                let Some(line) = lines.next() else { break };
                value.push_str(line);
            }
            manifest.add(&section, key, &value);
        }
        manifest
    }

    fn add(&mut self, section: &str, key: &str, value: &str) {
        let kind = section.rsplit('.').next().unwrap_or(section);
        let name = key.split('.').next().unwrap_or(key).to_string();
        let is_optional = value.contains("optional = true");
        match (section, kind) {
            ("package", _) if key == "name" => self.name = value.trim_matches('"').to_string(),
            ("features", _) => {
                let values = value.split('"').skip(1).step_by(2).map(str::to_string);
                self.features.insert(name, values.collect());
            }
            ("workspace.dependencies", _) => {}
            (_, "dependencies") => {
                self.dependencies.insert(name, is_optional);
            }
            (_, "build-dependencies") => {
                self.build_dependencies.insert(name, is_optional);
            }
            _ => {}
        }
    }

    /// Returns the normal dependencies that are compiled with the default features alone.
    pub(crate) fn default_dependencies(&self) -> BTreeSet<&str> {
        let mut waiting = vec!["default"];
        let mut features = BTreeSet::new();
        let mut enabled: BTreeSet<&str> = BTreeSet::new();
        while let Some(feature) = waiting.pop() {
            if features.insert(feature) {
                for value in self.features.get(feature).into_iter().flatten() {
                    let crate_name = value.strip_prefix("dep:").or_else(|| {
                        value
                            .split_once('/')
                            .map(|(name, _)| name)
                            .filter(|name| !name.ends_with('?'))
                    });
                    enabled.extend(crate_name);
                    waiting.push(value);
                }
            }
        }
        let dependencies = self.dependencies.iter();
        dependencies
            .filter(|(name, is_optional)| !**is_optional || enabled.contains(name.as_str()))
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

fn without_comment(line: &str) -> &str {
    match line.split_once('#') {
        Some((before, _)) if before.matches('"').count() % 2 == 0 => before.trim(),
        _ => line.trim(),
    }
}

/// Checks the reader on a short manifest.
#[cfg(test)]
mod reader {
    use super::*;

    #[test]
    fn dependencies_and_features_are_read() {
        let text = "[package]\nname = \"a\"\n[features]\ndefault = [\n \"x\", # why\n]\nx = [\"dep:b\"]\n\
                    y = [\"c?/z\", \"d/z\"]\n[dependencies]\nb = { workspace = true, optional = true }\n\
                    c = { version = \"1#\", optional = true }\nd.workspace = true\n\
                    [build-dependencies]\ne = \"1\"\n[dev-dependencies]\nf = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\ng = \"1\"\n";
        let manifest = Manifest::read(&File::new("Cargo.toml", text));
        assert_eq!(manifest.name, "a");
        let names: Vec<_> = manifest.dependencies.keys().map(String::as_str).collect();
        assert_eq!(names, ["b", "c", "d", "g"]);
        assert_eq!(
            manifest.build_dependencies.keys().collect::<Vec<_>>(),
            ["e"]
        );
        assert_eq!(
            Vec::from_iter(manifest.default_dependencies()),
            ["b", "d", "g"]
        );
    }
}
