// SPDX-License-Identifier: Apache-2.0

//! Concurrent writers on one folder: no lost update, no fork, no gap. An object store that
//! overwrites shows that the tests detect a lost update.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kalamtable_store::{DefinitionStore, Error, LogOptions, ObjectStoreLog, Sequence, TableId};
use object_store::ObjectStore;

use crate::scripted::{Call, Effect, scripted};
use crate::tables::{FullState, block_on, child, files, name, open_folder, table, try_open};

/// The acknowledged versions, with the comment of the writer.
type Acknowledged = BTreeMap<u32, String>;

/// Replaces the table `count` times, and retries after conflicts with other writers.
fn replace_repeatedly(
    store: &ObjectStoreLog,
    who: &str,
    count: usize,
    mut acknowledge: impl FnMut(u32, String),
) -> Result<(), Error> {
    block_on(async {
        let found = store.find(&name("counter")).await?;
        let id = found.ok_or(Error::NoSuchTable { id: TableId(1) })?;
        for number in 0..count {
            let text = format!("{who}-{number}");
            loop {
                let newest = store.get(id).await?.ok_or(Error::NoSuchTable { id })?;
                let next = table("counter", &text);
                match store.replace(id, newest.version(), next).await {
                    Ok(table) => break acknowledge(table.version(), text),
                    Err(Error::Conflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            if number % 8 == 7 {
                store.checkpoint().await?;
                store.clean_up().await?;
            }
        }
        Ok(())
    })
}

/// Checks that the acknowledged versions are the history in each of `stores`.
fn check(stores: &[ObjectStoreLog], acknowledged: &[(u32, String)]) -> Result<(), String> {
    let by_version: Acknowledged = acknowledged.iter().cloned().collect();
    if by_version.len() != acknowledged.len() {
        return Err("a version was acknowledged twice".to_string());
    }
    let mut all = Vec::new();
    for store in stores {
        block_on(store.refresh()).map_err(|error| error.to_string())?;
        all.push(FullState::of(store));
    }
    if all.windows(2).any(|two| two[0] != two[1]) {
        return Err("the history was forked".to_string());
    }
    let history = all[0].histories[0].iter().skip(1).map(|table| {
        let comment = table.definition.comment().unwrap_or_default();
        (table.version(), comment.to_string())
    });
    if history.eq(by_version) {
        Ok(())
    } else {
        Err("the history differs from the acknowledged versions".to_string())
    }
}

/// Runs writers with separate stores, and a thread that follows the changes.
fn race(
    open: impl Fn() -> Result<ObjectStoreLog, Error> + Sync,
    threads: usize,
    count: usize,
) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let first = open().map_err(text)?;
    block_on(first.create(table("counter", "start"))).map_err(text)?;
    let is_over = AtomicBool::new(false);
    let (acknowledged, followed) = std::thread::scope(|scope| {
        let follower = scope.spawn(|| follow(&open().map_err(text)?, &is_over));
        let writers: Vec<_> = (0..threads)
            .map(|thread| {
                let open = &open;
                scope.spawn(move || {
                    let mut acknowledged = Vec::new();
                    let note = |version, text| acknowledged.push((version, text));
                    let result = open().and_then(|store| {
                        replace_repeatedly(&store, &format!("t{thread}"), count, note)?;
                        Ok(store)
                    });
                    result.map(|store| (store, acknowledged)).map_err(text)
                })
            })
            .collect();
        let written: Vec<_> = writers
            .into_iter()
            .map(|writer| writer.join().expect("the thread does not panic"))
            .collect();
        is_over.store(true, Ordering::Release);
        (written, follower.join().expect("the thread does not panic"))
    });
    let mut stores = vec![first, open().map_err(text)?];
    let mut all = Vec::new();
    for result in acknowledged {
        let (store, acknowledged) = result?;
        stores.push(store);
        all.extend(acknowledged);
    }
    check(&stores, &all)?;
    let changes = block_on(stores[0].changes_since(Sequence::START)).map_err(text)?;
    if followed? == changes {
        Ok(())
    } else {
        Err("the follower received other changes".to_string())
    }
}

/// Reads the changes until the writers have finished, and then once more.
fn follow(
    store: &ObjectStoreLog,
    is_over: &AtomicBool,
) -> Result<Vec<kalamtable_store::DefinitionChange>, String> {
    let mut seen: Vec<kalamtable_store::DefinitionChange> = Vec::new();
    loop {
        let is_last = is_over.load(Ordering::Acquire);
        let after = seen
            .last()
            .map_or(Sequence::START, |change| change.sequence);
        let next = block_on(store.changes_since(after)).map_err(|error| error.to_string())?;
        seen.extend(next);
        if is_last {
            return Ok(seen);
        }
    }
}

#[test]
fn threads_with_separate_stores_lose_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let raced = race(|| Ok(open_folder(folder.path())), 4, 40);
    assert_eq!(raced, Ok(()));
}

#[test]
fn threads_with_a_shared_store_lose_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_folder(folder.path());
    block_on(store.create(table("counter", "start"))).unwrap();
    let acknowledged = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (store, acknowledged) = (&store, &acknowledged);
            scope.spawn(move || {
                replace_repeatedly(store, &format!("t{thread}"), 20, |version, text| {
                    acknowledged.lock().unwrap().push((version, text));
                })
                .unwrap();
            });
        }
    });
    let stores = [store, open_folder(folder.path())];
    let acknowledged = acknowledged.into_inner().unwrap();
    assert_eq!(acknowledged.len(), 80);
    assert_eq!(check(&stores, &acknowledged), Ok(()));
}

#[test]
fn overwriting_object_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let overwriting: Arc<dyn ObjectStore> = scripted(&files(folder.path()), |call, _| match call {
        Call::Put => Effect::Overwritten,
        _ => Effect::Done,
    });
    for _ in 0..2 {
        let refused = try_open(&overwriting).unwrap_err();
        assert!(
            matches!(refused, Error::OverwritesObjects { .. }),
            "{refused}"
        );
        let refused = refused.to_string();
        assert!(refused.contains("`probe.json`"), "{refused}");
        let damaged = ObjectStoreLog::open_damaged(
            Arc::clone(&overwriting),
            Default::default(),
            LogOptions::default(),
        );
        let refused = block_on(damaged).map(|_| ()).unwrap_err();
        assert!(
            matches!(refused, Error::OverwritesObjects { .. }),
            "{refused}"
        );
    }
    // Without the fault, the same folder can be opened.
    try_open(&files(folder.path())).unwrap();
}

#[test]
fn failure_of_the_check_prevents_opening() {
    let folder = tempfile::tempdir().unwrap();
    let failing = scripted(&files(folder.path()), |call, _| match call {
        Call::Put => Effect::Failed,
        _ => Effect::Done,
    });
    let refused = try_open(&failing).unwrap_err();
    assert_eq!(refused.to_string(), "cannot access `probe.json`");
}

/// The second put of a number overwrites the first one. The check of the object store does not
/// notice it, since only entries are overwritten.
#[test]
fn overwriting_object_store_loses_updates() {
    let lost = (0..50).any(|_| {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let overwriting: Arc<dyn ObjectStore> =
                scripted(&files(folder.path()), |call, path| match call {
                    Call::Put if path.as_ref().starts_with("log/") => Effect::Overwritten,
                    _ => Effect::Done,
                });
            try_open(&overwriting)
        };
        race(open, 4, 40).is_err()
    });
    assert!(lost);
}

// ---- processes ----

const FOLDER: &str = "KALAMTABLE_STORE_RACE_FOLDER";
const COUNT: usize = 60;

#[test]
fn processes_on_one_folder_lose_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_folder(folder.path());
    block_on(store.create(table("counter", "start"))).unwrap();
    let mut children: Vec<_> = (0..2)
        .map(|_| child("race::child_process", FOLDER, folder.path()))
        .collect();
    let mut acknowledged = Vec::new();
    for child in &mut children {
        let output = BufReader::new(child.stdout.take().expect("the output is piped"));
        for line in output.lines() {
            let line = line.unwrap();
            if let Some((version, text)) = line
                .strip_prefix("acknowledged ")
                .and_then(|rest| rest.split_once(' '))
            {
                acknowledged.push((version.parse().unwrap(), text.to_string()));
            }
        }
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(acknowledged.len(), 2 * COUNT);
    let stores = [store, open_folder(folder.path())];
    assert_eq!(check(&stores, &acknowledged), Ok(()));
}

/// The body of a child process. Does nothing without the environment variable.
#[test]
fn child_process() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = open_folder(Path::new(&folder));
    let who = std::process::id().to_string();
    println!();
    replace_repeatedly(&store, &who, COUNT, |version, text| {
        println!("acknowledged {version} {text}");
    })
    .unwrap();
}
