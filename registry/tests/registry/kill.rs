// SPDX-License-Identifier: Apache-2.0

//! Tests with several processes: a process is killed while it changes a table, and two processes
//! change one table concurrently.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kalamtable_registry::{Error, RegistryOptions, SchemaRegistry};
use kalamtable_store::{LogOptions, ObjectStoreLog, Sequence};
use pollster::block_on;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::support::{definition, open};

/// The environment variable for the folder of the store.
const FOLDER: &str = "KALAMTABLE_REGISTRY_FOLDER";
/// The environment variable for the number of schema changes. Without it, the process runs until it
/// is killed.
const COUNT: &str = "KALAMTABLE_REGISTRY_COUNT";

const KILLS: u32 = 50;
const SCHEMA_CHANGES: usize = 40;

/// Returns a version of the table. Its second column is named after the version, which detects
/// schemas of a different version.
fn counter(version: u32) -> kalamtable_model::TableDefinition {
    definition(&format!(
        "name = 'app.counter'\n\
         primary_key = ['id']\n\
         [columns]\n\
         id = {{ id = 1, type = 'bigint' }}\n\
         v{version} = {{ id = 2, type = 'text', nullable = true }}\n"
    ))
}

/// Opens a registry over a store that checks the folder at every read. A refresh is needed only for
/// tables that are cached in the registry.
fn registry(folder: &Path) -> SchemaRegistry {
    block_on(async {
        let options = LogOptions {
            refresh_after: Some(Duration::ZERO),
            checkpoint_every: None,
            ..LogOptions::default()
        };
        let log = ObjectStoreLog::open_folder(folder, options).await.unwrap();
        open(Arc::new(log), RegistryOptions::default()).await
    })
}

fn child(folder: &Path, count: Option<usize>) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command
        .args(["--exact", "kill::process", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped());
    if let Some(count) = count {
        command.env(COUNT, count.to_string());
    }
    command.spawn().expect("this program runs")
}

/// Returns the versions that a process has acknowledged. An incomplete last line is ignored.
fn acknowledged(lines: impl Iterator<Item = std::io::Result<String>>) -> Vec<u32> {
    let versions = lines.filter_map(|line| {
        let line = line.ok()?;
        let version = line.strip_prefix("acknowledged ")?.strip_suffix('.')?;
        version.parse().ok()
    });
    versions.collect()
}

/// Returns the version that all lookups of a registry find.
fn visible_version(registry: &SchemaRegistry) -> u32 {
    let found = block_on(registry.find(("app", "counter")))
        .unwrap()
        .unwrap();
    let version = found.version();
    assert_eq!(found.schema().field(1).name(), &format!("v{version}"));
    let by_id = registry.get_blocking(found.id()).unwrap().unwrap();
    assert_eq!(by_id.version(), version);
    let borrowed = registry.with_name(("app", "counter"), |at| at.version());
    assert_eq!(borrowed, Some(version));
    version
}

#[test]
fn acknowledged_changes_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let follower = registry(folder.path());
    block_on(follower.create(counter(1))).unwrap();
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut previous = 1;
    for _ in 0..KILLS {
        assert_eq!(visible_version(&follower), previous);
        let mut child = child(folder.path(), None);
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // Some processes are killed while they open the store.
        let wanted = random.next_u32() % 5;
        let first = acknowledged(lines.by_ref().take(2 + wanted as usize));
        std::thread::sleep(Duration::from_micros(u64::from(random.next_u32() % 3000)));
        child.kill().unwrap();
        let rest = acknowledged(lines);
        child.wait().unwrap();

        let last = first.into_iter().chain(rest).max().unwrap_or(previous);
        block_on(follower.refresh()).unwrap();
        let found = visible_version(&follower);
        assert!(
            found == last || found == last + 1,
            "version {last} was acknowledged, and {found} is visible_version"
        );
        assert_eq!(visible_version(&registry(folder.path())), found);
        previous = found;
    }
    assert!(previous > KILLS, "only {previous} versions");
}

#[test]
fn concurrent_changes_of_two_processes_are_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let follower = registry(folder.path());
    block_on(follower.create(counter(1))).unwrap();
    let mut children = [(); 2].map(|()| child(folder.path(), Some(SCHEMA_CHANGES)));
    let mut all = BTreeSet::new();
    let mut last = 1;
    let outputs = children
        .each_mut()
        .map(|child| child.stdout.take().expect("a pipe"));
    for output in outputs {
        for version in acknowledged(BufReader::new(output).lines()) {
            assert!(all.insert(version), "version {version} twice");
        }
        block_on(follower.refresh()).unwrap();
        let found = visible_version(&follower);
        assert!(found >= last, "{found} after {last}");
        last = found;
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let total = 1 + 2 * SCHEMA_CHANGES as u32;
    assert!(all.into_iter().eq(2..=total));
    assert_eq!(
        block_on(follower.refresh()).unwrap(),
        Sequence(u64::from(total))
    );
    assert_eq!(visible_version(&follower), total);
}

/// The program of the child processes. It does nothing in the parent process.
#[test]
fn process() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let count = std::env::var(COUNT).map_or(usize::MAX, |count| count.parse().unwrap());
    println!();
    let registry = registry(Path::new(&folder));
    block_on(async {
        let mut changes = 0;
        while changes < count {
            let current = registry.find(("app", "counter")).await.unwrap().unwrap();
            let next = counter(current.version() + 1);
            match registry.alter(&current, next).await {
                Ok(altered) => {
                    changes += 1;
                    println!("acknowledged {}.", altered.version());
                }
                // The other process was faster. The next lookup finds its change.
                Err(Error::Store(error))
                    if matches!(*error, kalamtable_store::Error::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
}
