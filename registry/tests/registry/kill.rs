// SPDX-License-Identifier: Apache-2.0

//! A process that alters a table through a registry is killed at any moment, and another one that follows it
//! goes on; two processes that alter one table lose nothing.

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

const FOLDER: &str = "KALAMTABLE_REGISTRY_FOLDER";
/// How often the table is altered; without it, until the process is killed.
const COUNT: &str = "KALAMTABLE_REGISTRY_COUNT";

const KILLS: u32 = 50;
const ALTERATIONS: usize = 40;

/// Whose column but the key is named after the version: a registry that mixes versions is found out.
fn counter(version: u32) -> kalamtable_model::TableDefinition {
    definition(&format!(
        "name = 'app.counter'\n\
         primary_key = ['id']\n\
         [columns]\n\
         id = {{ id = 1, type = 'bigint' }}\n\
         v{version} = {{ id = 2, type = 'text', nullable = true }}\n"
    ))
}

/// Each with a look at the folder at every read, so that a refresh is needed for what is in memory only.
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

/// The versions that a process acknowledged. A last line that is cut off was not said.
fn acknowledged(lines: impl Iterator<Item = std::io::Result<String>>) -> Vec<u32> {
    let versions = lines.filter_map(|line| {
        let line = line.ok()?;
        let version = line.strip_prefix("acknowledged ")?.strip_suffix('.')?;
        version.parse().ok()
    });
    versions.collect()
}

/// The version that a registry sees, by every way to look up.
fn seen(registry: &SchemaRegistry) -> u32 {
    let found = block_on(registry.find(("app", "counter")))
        .unwrap()
        .unwrap();
    let version = found.version();
    assert_eq!(found.schema().field(1).name(), &format!("v{version}"));
    let by_id = registry.get_blocking(found.id()).unwrap().unwrap();
    assert_eq!(by_id.version(), version);
    let lent = registry.with_name(("app", "counter"), |at| at.version());
    assert_eq!(lent, Some(version));
    version
}

#[test]
fn what_a_killed_process_acknowledged_is_seen_after_a_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let follower = registry(folder.path());
    block_on(follower.create(counter(1))).unwrap();
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut before = 1;
    for _ in 0..KILLS {
        assert_eq!(seen(&follower), before);
        let mut child = child(folder.path(), None);
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // Some are killed while they open the store.
        let wanted = random.next_u32() % 5;
        let first = acknowledged(lines.by_ref().take(2 + wanted as usize));
        std::thread::sleep(Duration::from_micros(u64::from(random.next_u32() % 3000)));
        child.kill().unwrap();
        let rest = acknowledged(lines);
        child.wait().unwrap();

        let last = first.into_iter().chain(rest).max().unwrap_or(before);
        block_on(follower.refresh()).unwrap();
        let found = seen(&follower);
        assert!(
            found == last || found == last + 1,
            "version {last} was acknowledged, and {found} is seen"
        );
        assert_eq!(seen(&registry(folder.path())), found);
        before = found;
    }
    assert!(before > KILLS, "only {before} versions");
}

#[test]
fn two_processes_that_alter_one_table_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let follower = registry(folder.path());
    block_on(follower.create(counter(1))).unwrap();
    let mut children = [(); 2].map(|()| child(folder.path(), Some(ALTERATIONS)));
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
        let found = seen(&follower);
        assert!(found >= last, "{found} after {last}");
        last = found;
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let total = 1 + 2 * ALTERATIONS as u32;
    assert!(all.into_iter().eq(2..=total));
    assert_eq!(
        block_on(follower.refresh()).unwrap(),
        Sequence(u64::from(total))
    );
    assert_eq!(seen(&follower), total);
}

/// What a child runs. Does nothing in the parent.
#[test]
fn process() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let count = std::env::var(COUNT).map_or(usize::MAX, |count| count.parse().unwrap());
    println!();
    let registry = registry(Path::new(&folder));
    block_on(async {
        let mut made = 0;
        while made < count {
            let current = registry.find(("app", "counter")).await.unwrap().unwrap();
            let next = counter(current.version() + 1);
            match registry.alter(&current, next).await {
                Ok(altered) => {
                    made += 1;
                    println!("acknowledged {}.", altered.version());
                }
                // The other one was faster: what it did is seen when this is asked again.
                Err(Error::Store(error))
                    if matches!(*error, kalamtable_store::Error::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
}
