// SPDX-License-Identifier: Apache-2.0

//! Checks that dependencies point in one direction: between the crates as in ARCHITECTURE.md, and
//! between the files of each crate without a cycle.

#[path = "support/code.rs"]
mod code;
#[path = "support/manifest.rs"]
mod manifest;
#[path = "support/modules.rs"]
mod modules;
#[path = "support/sources.rs"]
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use manifest::Manifest;
use sources::File;

/// The crates of the workspace that each crate may depend on, outside of its tests.
///
/// A dependency that is not listed here is a decision: change ARCHITECTURE.md with this table.
const CRATES: &[(&str, &[&str])] = &[
    ("kalamtable-model", &[]),
    ("kalamtable-codegen", &["model"]),
    ("kalamtable-build", &["codegen", "model"]),
    ("kalamtable-macros", &["codegen", "model"]),
    ("kalamtable-rows", &["macros", "model"]),
    ("kalamtable-provider", &["model", "rows"]),
    ("kalamtable-plans", &["provider"]),
    ("kalamtable-contract", &[]),
    ("kalamtable-store", &["model"]),
    (
        "kalamtable-storage",
        &["model", "provider", "runtime", "store"],
    ),
    ("kalamtable-registry", &["model", "store"]),
    ("kalamtable-registry-loom", &["model", "store"]),
    ("kalamtable-registry-shuttle", &["model", "store"]),
    (
        "kalamtable-runtime",
        &["model", "plans", "provider", "registry", "rows", "store"],
    ),
    ("kalamtable-files", &["model", "rows"]),
    (
        "kalamtable",
        &[
            "build", "model", "plans", "provider", "registry", "rows", "runtime", "storage",
            "store",
        ],
    ),
    ("kalamtable-cli", &["build", "files", "kalamtable", "model"]),
    ("kalamtable-feature-set", &[]),
    ("kalamtable-peers", &["build", "rows"]),
    ("kalamtable-example-inventory", &["build", "kalamtable"]),
    ("kalamtable-example-tpch", &["build", "kalamtable"]),
    ("kalamtable-strict", &["build", "rows"]),
];

/// The packages that a crate must not depend on, by the start of their names, and the reason.
const ABSENT_PACKAGES: &[(&str, &[&str], &str)] = &[
    (
        "kalamtable-model",
        &["datafusion", "proc-macro2", "quote", "syn", "tokio"],
        "plain data",
    ),
    (
        "kalamtable-codegen",
        &["datafusion", "prettyplease", "toml"],
        "tokens only",
    ),
    (
        "kalamtable-build",
        &["datafusion"],
        "build scripts compile it",
    ),
    (
        "kalamtable-macros",
        &["datafusion", "prettyplease"],
        "every user compiles it",
    ),
    (
        "kalamtable-store",
        &["arrow", "datafusion"],
        "definitions only",
    ),
    (
        "kalamtable-registry",
        &["datafusion"],
        "usable without a query engine",
    ),
];

/// The only packages that a crate may depend on.
const ONLY_PACKAGES: &[(&str, &[&str])] = &[("kalamtable-contract", &["arrow", "datafusion"])];

/// The paths that the sources of a crate must not contain, and the reason.
const ABSENT_PATHS: &[(&str, &[&str], &str)] = &[
    (
        "kalamtable-codegen",
        &[
            "std::env",
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::time",
        ],
        "the output is a pure function of the definition",
    ),
    (
        "kalamtable-model",
        &["std::env", "std::fs", "std::net", "std::process"],
        "callers open the files",
    ),
    (
        "kalamtable-rows",
        &["datafusion::"],
        "rows are usable without a query engine",
    ),
];

/// The crates that a server with compiled tables alone must not compile.
const ABSENT_FROM_DEFAULT: &[&str] = &[
    "kalamtable-registry",
    "kalamtable-runtime",
    "kalamtable-storage",
    "kalamtable-store",
];

#[test]
fn crates_depend_on_each_other_as_listed() {
    let files = sources::read(&sources::workspace(), &["toml"]);
    let report = crate_report(&members(&files), CRATES);
    assert!(report.is_empty(), "dependencies between crates:\n{report}");
}

#[test]
fn crates_do_not_depend_on_absent_packages() {
    let files = sources::read(&sources::workspace(), &["toml"]);
    let report = package_report(&members(&files));
    assert!(
        report.is_empty(),
        "dependencies on other packages:\n{report}"
    );
}

#[test]
fn sources_do_not_contain_absent_paths() {
    let files = sources::read(&sources::workspace(), &["rs", "toml"]);
    let report = path_report(&files);
    assert!(report.is_empty(), "paths in sources:\n{report}");
}

#[test]
fn compiled_tables_need_no_registry() {
    let files = sources::read(&sources::workspace(), &["toml"]);
    let compiled = default_closure(&members(&files), "kalamtable");
    for name in ABSENT_FROM_DEFAULT {
        let path = compiled.get(*name);
        assert_eq!(
            path, None,
            "`kalamtable` without features compiles `{name}`"
        );
    }
}

#[test]
fn files_have_no_cyclic_dependencies() {
    let files = sources::read(&sources::workspace(), &["rs", "toml"]);
    let report = cycle_report(&files);
    assert!(
        report.is_empty(),
        "files that depend on each other in a cycle:\n{report}"
    );
}

/// Returns each package, by its folder with a slash at the end; empty for the root package.
fn members(files: &[File]) -> BTreeMap<&str, Manifest> {
    let manifests = files.iter().filter_map(|file| {
        let folder = file.path.strip_suffix("Cargo.toml")?;
        (folder.is_empty() || folder.ends_with('/')).then(|| (folder, Manifest::read(file)))
    });
    manifests.collect()
}

/// Lists the differences between the dependencies and the table of allowed ones.
fn crate_report(members: &BTreeMap<&str, Manifest>, table: &[(&str, &[&str])]) -> String {
    let mut report = String::new();
    let names: BTreeSet<&str> = members
        .values()
        .map(|member| member.name.as_str())
        .collect();
    for member in members.values() {
        let name = &member.name;
        let Some((_, allowed)) = table.iter().find(|(listed, _)| listed == name) else {
            report.push_str(&format!("  `{name}` is not in the table `CRATES`\n"));
            continue;
        };
        let dependencies: BTreeSet<&str> = member
            .dependencies
            .keys()
            .chain(member.build_dependencies.keys())
            .map(String::as_str)
            .filter(|dependency| names.contains(dependency))
            .map(|dependency| dependency.strip_prefix("kalamtable-").unwrap_or(dependency))
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        for dependency in dependencies.difference(&allowed) {
            report.push_str(&format!("  `{name}` must not depend on `{dependency}`\n"));
        }
        for dependency in allowed.difference(&dependencies) {
            report.push_str(&format!(
                "  `{name}` does not depend on `{dependency}` as listed\n"
            ));
        }
    }
    for (name, _) in table.iter().filter(|(name, _)| !names.contains(name)) {
        report.push_str(&format!(
            "  `{name}` is in the table `CRATES` and does not exist\n"
        ));
    }
    report
}

/// Lists the dependencies that a crate must not have on packages outside of the workspace.
fn package_report(members: &BTreeMap<&str, Manifest>) -> String {
    let mut report = String::new();
    for member in members.values() {
        let name = &member.name;
        for dependency in member.dependencies.keys() {
            let absent = ABSENT_PACKAGES.iter().find(|(listed, starts, _)| {
                listed == name && starts.iter().any(|start| dependency.starts_with(start))
            });
            if let Some((_, _, reason)) = absent {
                report.push_str(&format!("  `{name}` depends on `{dependency}`: {reason}\n"));
            }
            let only = ONLY_PACKAGES.iter().find(|(listed, _)| listed == name);
            if only.is_some_and(|(_, packages)| !packages.contains(&dependency.as_str())) {
                report.push_str(&format!("  `{name}` depends on `{dependency}`\n"));
            }
        }
    }
    report
}

/// Lists the paths that the sources of a crate must not contain.
fn path_report(files: &[File]) -> String {
    let mut report = String::new();
    for (folder, member) in members(files) {
        let rules = ABSENT_PATHS
            .iter()
            .filter(|(name, _, _)| *name == member.name);
        for (_, absent, reason) in rules {
            for file in source_files(files, folder) {
                let paths = modules::paths(file);
                let found = paths.iter().filter(|(_, path)| {
                    absent
                        .iter()
                        .any(|start| format!("{path}::").starts_with(start))
                });
                for (line, path) in found {
                    report.push_str(&format!("  {}:{line}: `{path}`: {reason}\n", file.path));
                }
            }
        }
    }
    report
}

/// Returns the packages of the workspace that `root` compiles with its default features.
///
/// Features that a dependency is given by others are not followed: a crate with an optional
/// dependency in [`ABSENT_FROM_DEFAULT`] would need that.
fn default_closure(members: &BTreeMap<&str, Manifest>, root: &str) -> BTreeSet<String> {
    let mut compiled = BTreeSet::new();
    let mut waiting = vec![root.to_string()];
    while let Some(name) = waiting.pop() {
        if let Some(member) = members.values().find(|member| member.name == name)
            && compiled.insert(name)
        {
            waiting.extend(
                member
                    .default_dependencies()
                    .into_iter()
                    .map(str::to_string),
            );
        }
    }
    compiled
}

/// Lists each cycle between the files of a crate; empty if there are none.
fn cycle_report(files: &[File]) -> String {
    let mut report = String::new();
    for folder in members(files).into_keys() {
        let source = format!("{folder}src/");
        let arrows = modules::arrows(&source, &source_files(files, folder));
        for cycle in modules::cycles(&arrows) {
            let files: BTreeSet<&str> = cycle.iter().map(|arrow| arrow.from.as_str()).collect();
            report.push_str(&format!(
                "cycle between {} files of {source}:\n",
                files.len()
            ));
            let mut lines: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
            for arrow in cycle {
                let paths = lines.entry((&arrow.from, &arrow.to)).or_default();
                paths.push(format!("{} (line {})", arrow.path, arrow.line));
            }
            for ((from, to), paths) in lines {
                let shown = paths[..paths.len().min(3)].join(", ");
                report.push_str(&format!("  {from} -> {to}: {shown}\n"));
            }
        }
    }
    report
}

/// Returns the Rust files below the `src/` of a package.
fn source_files<'a>(files: &'a [File], folder: &str) -> Vec<&'a File> {
    let source = format!("{folder}src/");
    let in_source = |file: &&File| file.path.starts_with(&source) && file.path.ends_with(".rs");
    files.iter().filter(in_source).collect()
}

/// Checks the detectors on small workspaces, most of which break a rule on purpose.
mod detector {
    use super::*;

    fn workspace(files: &[(&str, &str)]) -> Vec<File> {
        files
            .iter()
            .map(|(path, text)| File::new(path, text))
            .collect()
    }

    /// Returns the arrows between the files of one crate as `from -> to`, without `.rs`.
    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let files = workspace(files);
        let arrows = modules::arrows("", &files.iter().collect::<Vec<_>>());
        let shown: BTreeSet<String> = arrows
            .iter()
            .map(|arrow| format!("{} -> {}", arrow.from, arrow.to).replace(".rs", ""))
            .collect();
        shown.into_iter().collect()
    }

    #[test]
    fn dependency_against_the_table_is_reported() {
        let files = workspace(&[
            ("a/Cargo.toml", "[package]\nname = \"kalamtable-a\"\n"),
            (
                "b/Cargo.toml",
                "[package]\nname = \"kalamtable-b\"\n[dependencies]\nkalamtable-a.workspace = true\n\
                 serde = \"1\"\n[dev-dependencies]\nkalamtable-c.workspace = true\n",
            ),
            (
                "c/Cargo.toml",
                "[package]\nname = \"kalamtable-c\"\n[build-dependencies]\n\
                 kalamtable-b = { workspace = true, optional = true }\n",
            ),
        ]);
        let members = members(&files);
        let good: &[(&str, &[&str])] = &[
            ("kalamtable-a", &[]),
            ("kalamtable-b", &["a"]),
            ("kalamtable-c", &["b"]),
        ];
        assert_eq!(crate_report(&members, good), "");
        let bad: &[(&str, &[&str])] = &[
            ("kalamtable-b", &[]),
            ("kalamtable-c", &["a", "b"]),
            ("kalamtable-d", &[]),
        ];
        let expected = "  `kalamtable-a` is not in the table `CRATES`\n  \
                        `kalamtable-b` must not depend on `a`\n  \
                        `kalamtable-c` does not depend on `a` as listed\n  \
                        `kalamtable-d` is in the table `CRATES` and does not exist\n";
        assert_eq!(crate_report(&members, bad), expected);
    }

    #[test]
    fn absent_package_is_reported() {
        let files = workspace(&[
            (
                "m/Cargo.toml",
                "[package]\nname = \"kalamtable-model\"\n[dependencies]\n\
                 datafusion-common.workspace = true\ntoml = \"1\"\n",
            ),
            (
                "c/Cargo.toml",
                "[package]\nname = \"kalamtable-contract\"\n[dependencies]\n\
                 datafusion.workspace = true\nkalamtable-model.workspace = true\n",
            ),
        ]);
        let expected = "  `kalamtable-contract` depends on `kalamtable-model`\n  \
                        `kalamtable-model` depends on `datafusion-common`: plain data\n";
        assert_eq!(package_report(&members(&files)), expected);
    }

    #[test]
    fn absent_path_is_reported() {
        let text = "use std::{fmt, fs::File};\nfn f() { let x = std::env::var(\"X\"); }\n\
                    #[cfg(test)] mod tests { use std::fs; }";
        let files = workspace(&[
            ("g/Cargo.toml", "[package]\nname = \"kalamtable-codegen\"\n"),
            ("g/src/lib.rs", text),
            ("g/tests/golden.rs", "use std::fs;"),
        ]);
        let reason = "the output is a pure function of the definition";
        let expected = format!(
            "  g/src/lib.rs:1: `std::fs::File`: {reason}\n  \
             g/src/lib.rs:2: `std::env::var`: {reason}\n"
        );
        assert_eq!(path_report(&files), expected);
    }

    #[test]
    fn registry_behind_a_default_feature_is_found() {
        let root = |default: &str| {
            format!(
                "[package]\nname = \"kalamtable\"\n[features]\ndefault = [{default}]\n\
                 dynamic = [\"dep:kalamtable-runtime\"]\n[dependencies]\n\
                 kalamtable-runtime = {{ workspace = true, optional = true }}\n"
            )
        };
        let runtime = "[package]\nname = \"kalamtable-runtime\"\n[dependencies]\n\
                       kalamtable-registry.workspace = true\n";
        let registry = "[package]\nname = \"kalamtable-registry\"\n";
        let compiles_registry = |default: &str| {
            let files = workspace(&[
                ("Cargo.toml", &root(default)),
                ("runtime/Cargo.toml", runtime),
                ("registry/Cargo.toml", registry),
            ]);
            default_closure(&members(&files), "kalamtable").contains("kalamtable-registry")
        };
        assert!(!compiles_registry(""));
        assert!(compiles_registry("\"dynamic\""));
    }

    #[test]
    fn cycle_of_three_files_is_reported() {
        let files = workspace(&[
            ("x/Cargo.toml", "[package]\nname = \"x\"\n"),
            ("x/src/lib.rs", "mod a; mod b; mod c;\npub use a::A;"),
            ("x/src/a.rs", "use crate::b::B;\npub struct A;"),
            (
                "x/src/b.rs",
                "pub struct B;\nfn f() { super::c::C::new(); }",
            ),
            ("x/src/c.rs", "pub struct C;\nuse crate::A;"),
        ]);
        let expected = "cycle between 3 files of x/src/:\n  \
                        x/src/a.rs -> x/src/b.rs: crate::b::B (line 1)\n  \
                        x/src/b.rs -> x/src/c.rs: super::c::C::new (line 2)\n  \
                        x/src/c.rs -> x/src/a.rs: crate::A (line 2)\n";
        assert_eq!(cycle_report(&files), expected);
    }

    #[test]
    fn cycle_of_tests_alone_is_accepted() {
        let files = workspace(&[
            ("x/Cargo.toml", "[package]\nname = \"x\"\n"),
            ("x/src/lib.rs", "mod a; mod b; #[cfg(test)] mod checks;"),
            (
                "x/src/a.rs",
                "use crate::b::B;\npub struct A;\n#[cfg(test)] mod tests;",
            ),
            ("x/src/a/tests.rs", "use super::A;\nstruct T;"),
            (
                "x/src/b.rs",
                "pub struct B;\n#[cfg(test)] mod tests { use crate::a::A; }",
            ),
            ("x/src/checks.rs", "use crate::a::A;"),
        ]);
        assert_eq!(cycle_report(&files), "");
    }

    #[test]
    fn parent_that_uses_a_child_is_in_a_cycle_with_it() {
        let files = workspace(&[
            ("x/Cargo.toml", "[package]\nname = \"x\"\n"),
            ("x/src/main.rs", "mod p;"),
            (
                "x/src/p.rs",
                "mod child;\nuse child::run;\npub struct P;\nfn f() { run() }",
            ),
            ("x/src/p/child.rs", "use super::P;\npub fn run() {}"),
        ]);
        assert!(cycle_report(&files).starts_with("cycle between 2 files of x/src/:\n"));
    }

    #[test]
    fn declarations_and_re_exports_are_not_arrows() {
        let root = "mod a; pub mod b; mod c { pub use crate::b::*; }\npub use a::{A, B as C};";
        let found = arrows(&[
            ("lib.rs", root),
            ("a.rs", "pub struct A; pub struct B;"),
            ("b.rs", "pub(crate) use crate::{A, C, Missing};"),
        ]);
        assert_eq!(found, <[&str; 0]>::default());
        let uses_its_re_export = format!("{root} fn f(a: A) {{}}");
        let found = arrows(&[("lib.rs", &uses_its_re_export), ("a.rs", "pub struct A;")]);
        assert_eq!(found, ["lib -> a"]);
    }

    #[test]
    fn paths_resolve_through_re_exports_and_modules() {
        let found = arrows(&[
            (
                "lib.rs",
                "mod a; mod b; mod c; pub use a::*; pub use other::Thing;",
            ),
            (
                "a.rs",
                "mod deep; pub use self::deep::Deep; pub use outside::*;",
            ),
            (
                "a/deep.rs",
                "pub struct Deep; macro_rules! m { () => { $crate::c::f() } }",
            ),
            (
                "b.rs",
                "use crate::{Deep, Thing}; use crate::c as d; fn f() { d::f(); }",
            ),
            (
                "c.rs",
                "pub fn f() { std::env::var(\"x\"); other::f(); crate::generated::X; }",
            ),
        ]);
        assert_eq!(found, ["a/deep -> c", "b -> a/deep", "b -> c"]);
    }

    #[test]
    fn inline_modules_belong_to_their_file() {
        let found = arrows(&[
            (
                "lib.rs",
                "mod a; mod b; pub mod inner { pub struct I; pub use crate::a::A; }",
            ),
            (
                "a.rs",
                "pub struct A; mod x { use super::super::b::B; fn f() { super::f() } } fn f() {}",
            ),
            ("b.rs", "pub struct B; use crate::inner::{A, I};"),
        ]);
        assert_eq!(found, ["a -> b", "b -> a", "b -> lib"]);
    }
}
