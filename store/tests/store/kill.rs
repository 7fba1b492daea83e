// SPDX-License-Identifier: Apache-2.0

//! A process that changes a table is killed at random times, and no acknowledged change is lost.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use kalamtable_store::{DefinitionStore, StoredTable};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::tables::{FullState, block_on, child, name, open_folder, table};

const FOLDER: &str = "KALAMTABLE_STORE_KILL_FOLDER";
/// The environment variable with the number of kills; the default is 500.
const KILLS: &str = "KALAMTABLE_STORE_KILLS";

/// The number of kills per store. It bounds the length of the history, which is read after each
/// kill.
const KILLS_PER_STORE: u32 = 25;

#[test]
fn killed_process_loses_no_acknowledged_change() {
    let mut kills = std::env::var(KILLS).map_or(500, |kills| kills.parse().unwrap());
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut in_flight = 0;
    let mut leftovers = 0;
    while kills > 0 {
        let kills_of_store = kills.min(KILLS_PER_STORE);
        kills -= kills_of_store;
        let folder = tempfile::tempdir().unwrap();
        block_on(open_folder(folder.path()).create(table("counter", "1"))).unwrap();
        in_flight += kill_repeatedly(folder.path(), kills_of_store, &mut random);
        leftovers += clean_up(folder.path());
    }
    println!(
        "{in_flight} unacknowledged changes were committed, {leftovers} temporary files were left"
    );
}

/// Returns the number of unacknowledged changes that were committed.
fn kill_repeatedly(folder: &Path, kills: u32, random: &mut TestRng) -> usize {
    let mut before = 1;
    let mut in_flight = 0;
    for _ in 0..kills {
        // With 0 lines, the process may be killed while it opens the store.
        let lines = random.next_u32() % 8;
        let delay = Duration::from_micros(u64::from(random.next_u32() % 4000));
        let acknowledged = run_and_kill(folder, lines, delay).unwrap_or(before);
        assert!(acknowledged >= before);

        let found = check(&open_folder(folder));
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "version {acknowledged} was acknowledged, but the current version is {found}"
        );
        in_flight += usize::from(found > acknowledged);
        before = found;
    }
    in_flight
}

/// Cleans up, which must not change the state. Returns the number of deleted temporary files.
fn clean_up(folder: &Path) -> usize {
    let store = open_folder(folder);
    let expected = FullState::of(&store);
    block_on(store.checkpoint()).unwrap();
    let cleaned = block_on(store.clean_up()).unwrap();
    for sub in ["log", "checkpoint"] {
        for file in std::fs::read_dir(folder.join(sub)).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            assert!(!file.contains('#'), "{file} was left");
        }
    }
    assert_eq!(FullState::of(&open_folder(folder)), expected);
    cleaned.leftovers
}

/// Returns the last version that the process acknowledged.
fn run_and_kill(folder: &Path, lines: u32, delay: Duration) -> Option<u32> {
    let mut child = child("kill::child_process", FOLDER, folder);
    let mut output = BufReader::new(child.stdout.take().expect("the output is piped")).lines();
    let mut last = None;
    let mut seen = 0;
    let mut note = |line: std::io::Result<String>| {
        // The last line may be truncated; it does not count then.
        if let Some(version) = line.ok().and_then(|line| acknowledged(&line)) {
            last = Some(version);
            return true;
        }
        false
    };
    while seen < lines
        && let Some(line) = output.next()
    {
        seen += u32::from(note(line));
    }
    // The delay chooses when the process dies; nothing is awaited.
    std::thread::sleep(delay);
    child.kill().unwrap();
    for line in output {
        note(line);
    }
    child.wait().unwrap();
    last
}

fn acknowledged(line: &str) -> Option<u32> {
    let version = line.strip_prefix("acknowledged ")?.strip_suffix('.')?;
    version.parse().ok()
}

/// Checks that version `n` has comment `n` and that no version is missing. Returns the current
/// version.
fn check(store: &impl DefinitionStore) -> u32 {
    let id = block_on(store.find(&name("counter"))).unwrap().unwrap();
    let history = block_on(store.history(id)).unwrap();
    for (index, table) in history.iter().enumerate() {
        assert_eq!(table.version() as usize, index + 1);
        assert_eq!(
            table.definition.comment(),
            Some(&*table.version().to_string())
        );
        assert_eq!(table.sequence.0, u64::from(table.version()));
    }
    let newest = block_on(store.get(id)).unwrap();
    assert_eq!(newest.as_ref(), history.last());
    newest.as_ref().map_or(0, StoredTable::version)
}

/// The body of a child process, until it is killed. Does nothing without the environment variable.
#[test]
fn child_process() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    println!();
    let store = open_folder(Path::new(&folder));
    block_on(async {
        let id = store.find(&name("counter")).await.unwrap().unwrap();
        loop {
            let version = store.get(id).await.unwrap().unwrap().version();
            let next = table("counter", &(version + 1).to_string());
            let replaced = store.replace(id, version, next).await.unwrap();
            println!("acknowledged {}.", replaced.version());
            if version % 3 == 0 {
                store.checkpoint().await.unwrap();
            }
            if version % 5 == 0 {
                store.clean_up().await.unwrap();
            }
        }
    });
}
