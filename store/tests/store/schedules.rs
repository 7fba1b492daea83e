// SPDX-License-Identifier: Apache-2.0

//! Chosen schedules: a suspended writer, lost responses, a process that dies at each call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kalamtable_store::{DefinitionStore, Error, LogOptions, ObjectStoreLog, Sequence, TableId};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::scripted::{Call, Effect, scripted};
use crate::tables::{FullState, block_on, name, open, options, table, try_open};

fn objects() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// Runs `work` on another thread, as it may use an executor of its own, and waits for it.
fn on_another_thread(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(work).join().expect("the thread does not panic"));
}

fn is_entry(path: &Path, number: u64) -> bool {
    path.as_ref() == format!("log/{number:020}.json")
}

fn exists(objects: &Arc<dyn ObjectStore>, path: &str) -> bool {
    block_on(objects.head(&Path::from(path))).is_ok()
}

/// Wraps `objects`: the first call of kind `call` for entry `number` runs `work` before it
/// continues.
fn interrupted(
    objects: &Arc<dyn ObjectStore>,
    call: Call,
    number: u64,
    work: impl FnOnce() + Send + 'static,
) -> Arc<dyn ObjectStore> {
    let mut work = Some(work);
    scripted(objects, move |called, path| {
        if called == call
            && is_entry(path, number)
            && let Some(work) = work.take()
        {
            on_another_thread(work);
        }
        Effect::Done
    })
}

/// Makes changes until entry 3 has been written, added to two checkpoints, and deleted.
fn overtake(objects: &Arc<dyn ObjectStore>) {
    let other = open(objects);
    block_on(async {
        let id = other.find(&name("notes")).await.unwrap().unwrap();
        for _ in 0..2 {
            let version = other.get(id).await.unwrap().unwrap().version();
            let next = table("notes", &format!("other {version}"));
            other.replace(id, version, next).await.unwrap();
            other.checkpoint().await.unwrap();
        }
        other.clean_up().await.unwrap();
    });
    assert!(!exists(objects, "log/00000000000000000003.json"));
}

fn two_changes(objects: &Arc<dyn ObjectStore>) -> TableId {
    let store = open(objects);
    let id = block_on(store.create(table("notes", "1"))).unwrap().id;
    block_on(store.replace(id, 1, table("notes", "2"))).unwrap();
    id
}

// ---- a number that clean-up has freed ----

#[test]
fn writer_suspended_across_clean_up_gets_the_conflict() {
    let objects = objects();
    let id = two_changes(&objects);
    let others = Arc::clone(&objects);
    let suspended = open(&interrupted(&objects, Call::Put, 3, move || {
        overtake(&others)
    }));

    let rejected = block_on(suspended.replace(id, 2, table("notes", "suspended")));
    assert!(
        matches!(rejected, Err(Error::Conflict { found: 4, .. })),
        "{rejected:?}"
    );
    // The writer has deleted the entry that it wrote with the freed number.
    assert!(!exists(&objects, "log/00000000000000000003.json"));
    assert_eq!(FullState::of(&suspended), FullState::of(&open(&objects)));
}

#[test]
fn writer_suspended_across_clean_up_uses_the_next_number() {
    let objects = objects();
    two_changes(&objects);
    let others = Arc::clone(&objects);
    let suspended = open(&interrupted(&objects, Call::Put, 3, move || {
        overtake(&others)
    }));

    let created = block_on(suspended.create(table("papers", "suspended"))).unwrap();
    assert_eq!(created.sequence, Sequence(5));
    let everything = FullState::of(&open(&objects));
    assert_eq!(everything.tables.len(), 2);
    assert_eq!(FullState::of(&suspended), everything);
}

#[test]
fn entry_with_a_freed_number_is_never_read() {
    let objects = objects();
    let id = two_changes(&objects);
    let reader = open(&objects);
    // The process dies after it has created the entry, before it lists the checkpoints.
    let others = Arc::clone(&objects);
    let mut is_dead = false;
    let dying = scripted(&objects, move |call, path| {
        if is_dead {
            return Effect::Failed;
        }
        if call == Call::Put && is_entry(path, 3) {
            is_dead = true;
            on_another_thread(|| overtake(&others));
        }
        Effect::Done
    });
    let rejected = block_on(open(&dying).replace(id, 2, table("notes", "stray")));
    assert!(
        matches!(rejected, Err(Error::InDoubt { .. })),
        "{rejected:?}"
    );
    assert!(exists(&objects, "log/00000000000000000003.json"));

    let expected = FullState::of(&open(&objects));
    assert!(!format!("{expected:?}").contains("stray"));
    // This reader knows entry 2, and finds entry 3.
    assert_eq!(FullState::of(&reader), expected);
    block_on(reader.clean_up()).unwrap();
    assert!(!exists(&objects, "log/00000000000000000003.json"));
}

#[test]
fn reader_suspended_across_clean_up_skips_stray_entry() {
    let objects = objects();
    let id = two_changes(&objects);
    // Entry 3 as a suspended writer would write it.
    let third = Path::from("log/00000000000000000003.json");
    block_on(open(&objects).replace(id, 2, table("notes", "stray"))).unwrap();
    let stray = block_on(async { objects.get(&third).await.unwrap().bytes().await.unwrap() });
    block_on(objects.delete(&third)).unwrap();
    block_on(open(&objects).replace(id, 2, table("notes", "third"))).unwrap();
    // It replaces the listed entry before that is read.
    let others = Arc::clone(&objects);
    let suspended = interrupted(&objects, Call::Get, 3, move || {
        overtake(&others);
        block_on(others.put(&third, stray.into())).unwrap();
    });
    let suspended = open(&suspended);
    assert_eq!(FullState::of(&suspended), FullState::of(&open(&objects)));
}

#[test]
fn entry_deleted_during_a_read_is_read_from_a_checkpoint() {
    let objects = objects();
    let id = two_changes(&objects);
    let others = Arc::clone(&objects);
    let reader = open(&interrupted(&objects, Call::Get, 3, move || {
        overtake(&others)
    }));
    block_on(open(&objects).replace(id, 2, table("notes", "third"))).unwrap();
    assert_eq!(block_on(reader.refresh()).unwrap(), Sequence(5));
    assert_eq!(FullState::of(&reader), FullState::of(&open(&objects)));
}

#[test]
fn checkpoint_deleted_during_open_is_not_damage() {
    let objects = objects();
    two_changes(&objects);
    block_on(open(&objects).checkpoint()).unwrap();
    let others = Arc::clone(&objects);
    let mut is_first = true;
    let slow = scripted(&objects, move |call, path| {
        if call == Call::Get && path.as_ref().starts_with("checkpoint/") && is_first {
            is_first = false;
            on_another_thread(|| overtake(&others));
        }
        Effect::Done
    });
    assert_eq!(FullState::of(&open(&slow)), FullState::of(&open(&objects)));
}

// ---- lost responses ----

#[test]
fn lost_response_is_in_doubt_until_the_next_read() {
    for (effect, versions) in [(Effect::Failed, 2), (Effect::ResponseLost, 3)] {
        let objects = objects();
        let id = two_changes(&objects);
        let failing = scripted(&objects, move |call, path| match call {
            Call::Put if is_entry(path, 3) => effect,
            _ => Effect::Done,
        });
        let store = open(&failing);
        let rejected = block_on(store.replace(id, 2, table("notes", "3")));
        let error = rejected.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no confirmation for `log/00000000000000000003.json`: the change may or may not have been committed"
        );
        assert_eq!(block_on(store.history(id)).unwrap().len(), versions);
    }
}

#[test]
fn client_retry_recognizes_its_own_change() {
    let objects = objects();
    let id = two_changes(&objects);
    let retrying = scripted(&objects, |call, path| match call {
        Call::Put if is_entry(path, 3) => Effect::Retried,
        _ => Effect::Done,
    });
    let store = open(&retrying);
    let replaced = block_on(store.replace(id, 2, table("notes", "3"))).unwrap();
    assert_eq!((replaced.version(), replaced.sequence), (3, Sequence(3)));
    let newest = block_on(open(&objects).get(id)).unwrap();
    assert_eq!(newest, Some(replaced));
    assert_eq!(block_on(store.last_sequence()).unwrap(), Sequence(3));
}

#[test]
fn change_succeeds_if_its_checkpoint_fails() {
    let objects = objects();
    let failing = scripted(&objects, |call, path| match call {
        Call::Put if path.as_ref().starts_with("checkpoint/") => Effect::Failed,
        _ => Effect::Done,
    });
    let options = LogOptions {
        checkpoint_every: 1.try_into().ok(),
        ..options()
    };
    let opened = ObjectStoreLog::open(failing, Path::default(), options);
    let store = block_on(opened).unwrap();
    block_on(store.create(table("notes", "1"))).unwrap();
    assert_eq!(FullState::of(&open(&objects)).tables.len(), 1);
}

// ---- a process that dies ----

/// The process dies at each call in turn, before or after its effect.
#[test]
fn crash_at_any_call_loses_no_acknowledged_change() {
    let mut deaths = 0;
    for effect in [Effect::Failed, Effect::ResponseLost] {
        for death in 0.. {
            let objects = objects();
            let id = two_changes(&objects);
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&calls);
            let dying = scripted(&objects, move |_, _| {
                match counted.fetch_add(1, Ordering::Relaxed).cmp(&death) {
                    std::cmp::Ordering::Less => Effect::Done,
                    std::cmp::Ordering::Equal => effect,
                    std::cmp::Ordering::Greater => Effect::Failed,
                }
            });
            let acknowledged = run_steps(&dying, id).unwrap_or_else(|version| version);
            let history = block_on(open(&objects).history(id)).unwrap();
            let found = history.len() as u32;
            assert!(
                found == acknowledged || found == acknowledged + 1,
                "dead at call {death}: {acknowledged} acknowledged, {found} found"
            );
            // Another process can continue.
            let next = block_on(open(&objects).replace(id, found, table("notes", "next")));
            assert_eq!(next.unwrap().version(), found + 1);
            if calls.load(Ordering::Relaxed) <= death {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 100, "{deaths}");
}

/// Makes changes, checkpoints and clean-ups. Returns the last acknowledged version, as an error if
/// a step failed.
fn run_steps(objects: &Arc<dyn ObjectStore>, id: TableId) -> Result<u32, u32> {
    let mut acknowledged = 2;
    let store = try_open(objects).map_err(|_| acknowledged)?;
    for _ in 0..4 {
        let next = table("notes", &format!("{}", acknowledged + 1));
        let replaced = block_on(store.replace(id, acknowledged, next));
        acknowledged = replaced.map_err(|_| acknowledged)?.version();
        block_on(store.checkpoint()).map_err(|_| acknowledged)?;
        block_on(store.clean_up()).map_err(|_| acknowledged)?;
    }
    Ok(acknowledged)
}

// ---- freshness ----

fn open_with(objects: &Arc<dyn ObjectStore>, refresh_after: Option<Duration>) -> ObjectStoreLog {
    let options = LogOptions {
        refresh_after,
        ..options()
    };
    let opened = ObjectStoreLog::open(Arc::clone(objects), Path::from("some/where"), options);
    block_on(opened).unwrap()
}

#[test]
fn reads_refresh_when_due() {
    let objects = objects();
    let writer = open_with(&objects, None);
    let always = open_with(&objects, Some(Duration::ZERO));
    let later = open_with(&objects, Some(Duration::from_secs(3600)));
    let never = open_with(&objects, None);
    block_on(writer.create(table("notes", "1"))).unwrap();

    let count = |store: &ObjectStoreLog| block_on(store.list()).unwrap().len();
    assert_eq!(count(&always), 1);
    assert_eq!(count(&later), 0);
    assert_eq!(count(&never), 0);
    // A write refreshes first, even if it fails.
    let rejected = block_on(later.create(table("notes", "2")));
    assert!(matches!(rejected, Err(Error::NameTaken { .. })));
    assert_eq!(count(&later), 1);
    assert_eq!(block_on(never.refresh()).unwrap(), Sequence(1));
    assert_eq!(count(&never), 1);
}

#[test]
fn read_fails_if_a_due_refresh_fails() {
    let objects = objects();
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let store = open(&scripted(&objects, move |_, _| {
        if down.load(Ordering::Relaxed) {
            Effect::Failed
        } else {
            Effect::Done
        }
    }));
    let id = block_on(store.create(table("notes", "1"))).unwrap().id;
    is_down.store(true, Ordering::Relaxed);
    let failed = block_on(store.get(id));
    assert!(
        matches!(failed, Err(Error::ObjectStore { .. })),
        "{failed:?}"
    );
    // A known version needs no refresh.
    assert!(block_on(store.get_version(id, 1)).unwrap().is_some());
    is_down.store(false, Ordering::Relaxed);
    assert!(block_on(store.get(id)).unwrap().is_some());
}

// ---- checkpoints ----

#[test]
fn writes_create_checkpoints_periodically() {
    let objects = objects();
    let options = LogOptions {
        checkpoint_every: 3.try_into().ok(),
        ..options()
    };
    let opened = ObjectStoreLog::open(Arc::clone(&objects), Path::default(), options);
    let store = block_on(opened).unwrap();
    for number in 1..=10 {
        block_on(store.create(table(&format!("t{number}"), ""))).unwrap();
    }
    let created =
        (1..=10).filter(|number| exists(&objects, &format!("checkpoint/{number:020}.json")));
    assert!(created.eq([3, 6, 9]));
    let cleaned = block_on(store.clean_up()).unwrap();
    assert_eq!((cleaned.entries, cleaned.checkpoints), (6, 1));
    assert!(exists(&objects, "log/00000000000000000007.json"));
}

#[test]
fn open_reads_one_checkpoint_and_the_later_entries() {
    let objects = objects();
    let id = two_changes(&objects);
    let store = open(&objects);
    block_on(store.checkpoint()).unwrap();
    block_on(store.replace(id, 2, table("notes", "3"))).unwrap();
    block_on(store.checkpoint()).unwrap();
    block_on(store.replace(id, 3, table("notes", "4"))).unwrap();

    let read = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&read);
    open(&scripted(&objects, move |call, path| {
        if call == Call::Get {
            noted.lock().unwrap().push(path.to_string());
        }
        Effect::Done
    }));
    assert_eq!(
        *read.lock().unwrap(),
        [
            "checkpoint/00000000000000000003.json",
            "log/00000000000000000004.json",
        ]
    );
}

#[test]
fn timestamps_survive_entries_and_checkpoints() {
    let objects = objects();
    let store = open(&objects);
    let id = block_on(store.create(table("notes", "1"))).unwrap().id;
    let first = block_on(store.create(table("papers", "1"))).unwrap();
    block_on(store.drop_table(id, 1)).unwrap();
    let written = FullState::of(&store);
    assert_eq!(FullState::of(&open(&objects)), written);

    block_on(store.checkpoint()).unwrap();
    let second = block_on(store.replace(first.id, 1, table("papers", "2"))).unwrap();
    block_on(store.checkpoint()).unwrap();
    block_on(store.clean_up()).unwrap();
    assert!(!exists(&objects, "log/00000000000000000003.json"));
    let reopened = open(&objects);
    assert_eq!(FullState::of(&reopened), FullState::of(&store));
    // A later change has a later timestamp than those that were read.
    let third = block_on(reopened.replace(first.id, 2, table("papers", "3"))).unwrap();
    assert!(third.changed_at >= second.changed_at);
    assert_eq!(third.created_at, first.created_at);
    assert_eq!(
        block_on(store.history(first.id)).unwrap(),
        [first, second, third]
    );
}

#[test]
fn checkpoint_of_an_empty_log_writes_nothing() {
    let objects = objects();
    let store = open(&objects);
    assert_eq!(block_on(store.checkpoint()).unwrap(), Sequence::START);
    assert_eq!(block_on(store.clean_up()).unwrap(), Default::default());
    assert!(!exists(&objects, "checkpoint/00000000000000000000.json"));
}

#[test]
fn entry_is_readable_json() {
    let objects = objects();
    two_changes(&objects);
    let path = Path::from("log/00000000000000000001.json");
    let bytes = block_on(async { objects.get(&path).await.unwrap().bytes().await.unwrap() });
    let entry = String::from_utf8(bytes.to_vec()).unwrap();
    let (before, after) = entry.split_once(r#""moment":"#).unwrap();
    let (_, after) = after.split_once(',').unwrap();
    let text = format!(r#"{before}"moment":..,{after}"#);
    // Hides random numbers and checksums of them.
    let mut shown = String::new();
    for part in text.split_inclusive('"') {
        let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-' || c == '"';
        let is_random = part.len() > 30 && part.chars().all(is_hex);
        shown.push_str(if is_random { "..\"" } else { part });
    }
    expect_test::expect![[r#"
        {"format":1,"checksum":"..","content":{"sequence":1,"previous":"..","writer":"..","moment":..,"change":{"create":{"id":1,"definition":"name        = \"app.notes\"\ncomment     = \"1\"\nprimary_key = [\"id\"]\n\n[columns]\nid = { id = 1, type = \"bigint\" }\n"}}}}
    "#]].assert_eq(&shown);
}
