// SPDX-License-Identifier: Apache-2.0

//! A process that alters a table is killed at any moment, and nothing that it acknowledged is lost.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use kalamtable_store::{DefinitionStore, StoredTable};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::tables::{Everything, block_on, child, name, open_folder, table};

const FOLDER: &str = "KALAMTABLE_STORE_KILL_FOLDER";
/// How often, where the default does not do.
const KILLS: &str = "KALAMTABLE_STORE_KILLS";

/// As many kills are of one store, before another one is made: its history is read at every one.
const KILLS_OF_ONE: u32 = 25;

#[test]
fn killed_process_loses_nothing_that_it_acknowledged() {
    let mut kills = std::env::var(KILLS).map_or(500, |kills| kills.parse().unwrap());
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut in_flight = 0;
    let mut leftovers = 0;
    while kills > 0 {
        let of_this = kills.min(KILLS_OF_ONE);
        kills -= of_this;
        let folder = tempfile::tempdir().unwrap();
        block_on(open_folder(folder.path()).create(table("counter", "1"))).unwrap();
        in_flight += kill_repeatedly(folder.path(), of_this, &mut random);
        leftovers += clean_up(folder.path());
    }
    println!("{in_flight} changes were made and not acknowledged, {leftovers} files were left");
}

/// How often the change in flight was made.
fn kill_repeatedly(folder: &Path, kills: u32, random: &mut TestRng) -> usize {
    let mut before = 1;
    let mut in_flight = 0;
    for _ in 0..kills {
        // Some are killed while they open the store.
        let lines = random.next_u32() % 8;
        let moment = Duration::from_micros(u64::from(random.next_u32() % 4000));
        let acknowledged = run_and_kill(folder, lines, moment).unwrap_or(before);
        assert!(acknowledged >= before);

        let found = check(&open_folder(folder));
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "version {acknowledged} was acknowledged, and {found} is there"
        );
        in_flight += usize::from(found > acknowledged);
        before = found;
    }
    in_flight
}

/// Deletes what is needless, which changes no answer; how many files processes had left.
fn clean_up(folder: &Path) -> usize {
    let store = open_folder(folder);
    let expected = Everything::of(&store);
    block_on(store.checkpoint()).unwrap();
    let cleaned = block_on(store.clean_up()).unwrap();
    for sub in ["log", "checkpoint"] {
        for file in std::fs::read_dir(folder.join(sub)).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            assert!(!file.contains('#'), "{file} was left");
        }
    }
    assert_eq!(Everything::of(&open_folder(folder)), expected);
    cleaned.leftovers
}

/// The last version that the process acknowledged.
fn run_and_kill(folder: &Path, lines: u32, moment: Duration) -> Option<u32> {
    let mut child = child("kill::process", FOLDER, folder);
    let mut output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut last = None;
    let mut seen = 0;
    let mut note = |line: std::io::Result<String>| {
        // The last line may be cut off, and then it was not said.
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
    // Nobody is waited for: this is the moment at which it dies.
    std::thread::sleep(moment);
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

/// Version `n` says `n`, and all are there. The newest one.
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

/// What a child runs until it is killed. Does nothing in the parent.
#[test]
fn process() {
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
            let made = store.replace(id, version, next).await.unwrap();
            println!("acknowledged {}.", made.version());
            if version % 3 == 0 {
                store.checkpoint().await.unwrap();
            }
            if version % 5 == 0 {
                store.clean_up().await.unwrap();
            }
        }
    });
}
