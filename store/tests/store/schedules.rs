// SPDX-License-Identifier: Apache-2.0

//! Chosen moments: a writer that sleeps, answers that are lost, a process that dies at each call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kalamtable_store::{DefinitionStore, Error, LogOptions, ObjectStoreLog, Sequence, TableId};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::scripted::{Call, Fate, scripted};
use crate::tables::{Everything, block_on, name, open, options, table, try_open};

fn objects() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// Runs `work` while the caller, who is in the middle of something asynchronous, sleeps.
fn meanwhile(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(work).join().expect("no panic"));
}

fn is_entry(path: &Path, number: u64) -> bool {
    path.as_ref() == format!("log/{number:020}.json")
}

fn exists(objects: &Arc<dyn ObjectStore>, path: &str) -> bool {
    block_on(objects.head(&Path::from(path))).is_ok()
}

/// Objects on which the first call of that kind for entry `number` waits for `work`.
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
            meanwhile(work);
        }
        Fate::Done
    })
}

/// Changes until entry 3 was written, is in two checkpoints, and is deleted.
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

// ---- a number that clean-up has made free ----

#[test]
fn writer_that_slept_through_a_clean_up_is_told_of_the_conflict() {
    let objects = objects();
    let id = two_changes(&objects);
    let others = Arc::clone(&objects);
    let sleeper = open(&interrupted(&objects, Call::Put, 3, move || {
        overtake(&others)
    }));

    let refused = block_on(sleeper.replace(id, 2, table("notes", "sleeper")));
    assert!(
        matches!(refused, Err(Error::Conflict { found: 4, .. })),
        "{refused:?}"
    );
    // What it wrote where nobody reads is gone.
    assert!(!exists(&objects, "log/00000000000000000003.json"));
    assert_eq!(Everything::of(&sleeper), Everything::of(&open(&objects)));
}

#[test]
fn writer_that_slept_through_a_clean_up_takes_the_next_number() {
    let objects = objects();
    two_changes(&objects);
    let others = Arc::clone(&objects);
    let sleeper = open(&interrupted(&objects, Call::Put, 3, move || {
        overtake(&others)
    }));

    let created = block_on(sleeper.create(table("papers", "sleeper"))).unwrap();
    assert_eq!(created.sequence, Sequence(5));
    let everything = Everything::of(&open(&objects));
    assert_eq!(everything.tables.len(), 2);
    assert_eq!(Everything::of(&sleeper), everything);
}

#[test]
fn entry_on_a_number_that_was_free_is_never_seen() {
    let objects = objects();
    let id = two_changes(&objects);
    let reader = open(&objects);
    // Dies between its put and the look whether the number was free.
    let others = Arc::clone(&objects);
    let mut is_dead = false;
    let dying = scripted(&objects, move |call, path| {
        if is_dead {
            return Fate::Refused;
        }
        if call == Call::Put && is_entry(path, 3) {
            is_dead = true;
            meanwhile(|| overtake(&others));
        }
        Fate::Done
    });
    let refused = block_on(open(&dying).replace(id, 2, table("notes", "stray")));
    assert!(matches!(refused, Err(Error::InDoubt { .. })), "{refused:?}");
    assert!(exists(&objects, "log/00000000000000000003.json"));

    let expected = Everything::of(&open(&objects));
    assert!(!format!("{expected:?}").contains("stray"));
    // This one knows entry 2, and asks for entry 3.
    assert_eq!(Everything::of(&reader), expected);
    block_on(reader.clean_up()).unwrap();
    assert!(!exists(&objects, "log/00000000000000000003.json"));
}

#[test]
fn reader_that_slept_through_a_clean_up_does_not_see_the_stray() {
    let objects = objects();
    let id = two_changes(&objects);
    // What a writer that slept would have written as entry 3.
    let third = Path::from("log/00000000000000000003.json");
    block_on(open(&objects).replace(id, 2, table("notes", "stray"))).unwrap();
    let stray = block_on(async { objects.get(&third).await.unwrap().bytes().await.unwrap() });
    block_on(objects.delete(&third)).unwrap();
    block_on(open(&objects).replace(id, 2, table("notes", "third"))).unwrap();
    // It is there when the entry that was listed is read.
    let others = Arc::clone(&objects);
    let sleeper = interrupted(&objects, Call::Get, 3, move || {
        overtake(&others);
        block_on(others.put(&third, stray.into())).unwrap();
    });
    let sleeper = open(&sleeper);
    assert_eq!(Everything::of(&sleeper), Everything::of(&open(&objects)));
}

#[test]
fn reader_whose_entry_is_deleted_while_it_reads_goes_on_from_a_checkpoint() {
    let objects = objects();
    let id = two_changes(&objects);
    let others = Arc::clone(&objects);
    let reader = open(&interrupted(&objects, Call::Get, 3, move || {
        overtake(&others)
    }));
    block_on(open(&objects).replace(id, 2, table("notes", "third"))).unwrap();
    assert_eq!(block_on(reader.refresh()).unwrap(), Sequence(5));
    assert_eq!(Everything::of(&reader), Everything::of(&open(&objects)));
}

#[test]
fn checkpoint_that_is_deleted_while_it_is_opened_is_no_damage() {
    let objects = objects();
    two_changes(&objects);
    block_on(open(&objects).checkpoint()).unwrap();
    let others = Arc::clone(&objects);
    let mut is_first = true;
    let slow = scripted(&objects, move |call, path| {
        if call == Call::Get && path.as_ref().starts_with("checkpoint/") && is_first {
            is_first = false;
            meanwhile(|| overtake(&others));
        }
        Fate::Done
    });
    assert_eq!(
        Everything::of(&open(&slow)),
        Everything::of(&open(&objects))
    );
}

// ---- answers that are lost ----

#[test]
fn lost_answer_leaves_the_change_in_doubt_and_the_next_read_tells() {
    for (fate, versions) in [(Fate::Refused, 2), (Fate::Unanswered, 3)] {
        let objects = objects();
        let id = two_changes(&objects);
        let failing = scripted(&objects, move |call, path| match call {
            Call::Put if is_entry(path, 3) => fate,
            _ => Fate::Done,
        });
        let store = open(&failing);
        let refused = block_on(store.replace(id, 2, table("notes", "3")));
        let error = refused.unwrap_err();
        assert_eq!(
            error.to_string(),
            "`log/00000000000000000003.json` was not confirmed: the change may or may not have been made"
        );
        assert_eq!(block_on(store.history(id)).unwrap().len(), versions);
    }
}

#[test]
fn client_that_asks_again_by_itself_knows_its_own_change() {
    let objects = objects();
    let id = two_changes(&objects);
    let asking = scripted(&objects, |call, path| match call {
        Call::Put if is_entry(path, 3) => Fate::AskedTwice,
        _ => Fate::Done,
    });
    let store = open(&asking);
    let made = block_on(store.replace(id, 2, table("notes", "3"))).unwrap();
    assert_eq!((made.version(), made.sequence), (3, Sequence(3)));
    let newest = block_on(open(&objects).get(id)).unwrap();
    assert_eq!(newest, Some(made));
    assert_eq!(block_on(store.last_sequence()).unwrap(), Sequence(3));
}

#[test]
fn change_is_acknowledged_though_its_checkpoint_fails() {
    let objects = objects();
    let failing = scripted(&objects, |call, path| match call {
        Call::Put if path.as_ref().starts_with("checkpoint/") => Fate::Refused,
        _ => Fate::Done,
    });
    let options = LogOptions {
        checkpoint_every: 1.try_into().ok(),
        ..options()
    };
    let opened = ObjectStoreLog::open(failing, Path::default(), options);
    let store = block_on(opened).unwrap();
    block_on(store.create(table("notes", "1"))).unwrap();
    assert_eq!(Everything::of(&open(&objects)).tables.len(), 1);
}

// ---- a process that dies ----

/// Dies at each call in turn, before it is done or after: what was acknowledged is there.
#[test]
fn process_that_dies_at_any_call_loses_nothing_that_it_acknowledged() {
    let mut deaths = 0;
    for fate in [Fate::Refused, Fate::Unanswered] {
        for moment in 0.. {
            let objects = objects();
            let id = two_changes(&objects);
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&calls);
            let dying = scripted(&objects, move |_, _| {
                match counted.fetch_add(1, Ordering::Relaxed).cmp(&moment) {
                    std::cmp::Ordering::Less => Fate::Done,
                    std::cmp::Ordering::Equal => fate,
                    std::cmp::Ordering::Greater => Fate::Refused,
                }
            });
            let acknowledged = script(&dying, id).unwrap_or_else(|version| version);
            let history = block_on(open(&objects).history(id)).unwrap();
            let found = history.len() as u32;
            assert!(
                found == acknowledged || found == acknowledged + 1,
                "dead at call {moment}: {acknowledged} acknowledged, {found} found"
            );
            // And another process can go on.
            let next = block_on(open(&objects).replace(id, found, table("notes", "next")));
            assert_eq!(next.unwrap().version(), found + 1);
            if calls.load(Ordering::Relaxed) <= moment {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 100, "{deaths}");
}

/// Changes, checkpoints and clean-ups; the last version that was acknowledged, as an error if one failed.
fn script(objects: &Arc<dyn ObjectStore>, id: TableId) -> Result<u32, u32> {
    let mut acknowledged = 2;
    let store = try_open(objects).map_err(|_| acknowledged)?;
    for _ in 0..4 {
        let next = table("notes", &format!("{}", acknowledged + 1));
        let made = block_on(store.replace(id, acknowledged, next));
        acknowledged = made.map_err(|_| acknowledged)?.version();
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
fn reads_look_again_when_it_is_time() {
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
    // A write looks first, also one that is refused.
    let refused = block_on(later.create(table("notes", "2")));
    assert!(matches!(refused, Err(Error::NameTaken { .. })));
    assert_eq!(count(&later), 1);
    assert_eq!(block_on(never.refresh()).unwrap(), Sequence(1));
    assert_eq!(count(&never), 1);
}

#[test]
fn read_that_cannot_look_fails_and_is_not_answered_from_before() {
    let objects = objects();
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let store = open(&scripted(&objects, move |_, _| {
        match down.load(Ordering::Relaxed) {
            true => Fate::Refused,
            false => Fate::Done,
        }
    }));
    let id = block_on(store.create(table("notes", "1"))).unwrap().id;
    is_down.store(true, Ordering::Relaxed);
    let failed = block_on(store.get(id));
    assert!(
        matches!(failed, Err(Error::ObjectStore { .. })),
        "{failed:?}"
    );
    // A version that is known does not change.
    assert!(block_on(store.get_version(id, 1)).unwrap().is_some());
    is_down.store(false, Ordering::Relaxed);
    assert!(block_on(store.get(id)).unwrap().is_some());
}

// ---- checkpoints ----

#[test]
fn writes_make_checkpoints_by_themselves() {
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
    let made = (1..=10).filter(|number| exists(&objects, &format!("checkpoint/{number:020}.json")));
    assert!(made.eq([3, 6, 9]));
    let cleaned = block_on(store.clean_up()).unwrap();
    assert_eq!((cleaned.entries, cleaned.checkpoints), (6, 1));
    assert!(exists(&objects, "log/00000000000000000007.json"));
}

#[test]
fn opening_reads_one_checkpoint_and_what_came_after_it() {
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
        Fate::Done
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
fn moments_are_read_back_from_entries_and_from_checkpoints() {
    let objects = objects();
    let store = open(&objects);
    let id = block_on(store.create(table("notes", "1"))).unwrap().id;
    let first = block_on(store.create(table("papers", "1"))).unwrap();
    block_on(store.drop_table(id, 1)).unwrap();
    let written = Everything::of(&store);
    assert_eq!(Everything::of(&open(&objects)), written);

    block_on(store.checkpoint()).unwrap();
    let second = block_on(store.replace(first.id, 1, table("papers", "2"))).unwrap();
    block_on(store.checkpoint()).unwrap();
    block_on(store.clean_up()).unwrap();
    assert!(!exists(&objects, "log/00000000000000000003.json"));
    let reopened = open(&objects);
    assert_eq!(Everything::of(&reopened), Everything::of(&store));
    // Whoever reads them goes on from them.
    let third = block_on(reopened.replace(first.id, 2, table("papers", "3"))).unwrap();
    assert!(third.changed_at >= second.changed_at);
    assert_eq!(third.created_at, first.created_at);
    assert_eq!(
        block_on(store.history(first.id)).unwrap(),
        [first, second, third]
    );
}

#[test]
fn checkpoint_without_changes_writes_nothing() {
    let objects = objects();
    let store = open(&objects);
    assert_eq!(block_on(store.checkpoint()).unwrap(), Sequence::START);
    assert_eq!(block_on(store.clean_up()).unwrap(), Default::default());
    assert!(!exists(&objects, "checkpoint/00000000000000000000.json"));
}

#[test]
fn entry_is_text_that_a_person_can_read() {
    let objects = objects();
    two_changes(&objects);
    let path = Path::from("log/00000000000000000001.json");
    let bytes = block_on(async { objects.get(&path).await.unwrap().bytes().await.unwrap() });
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (before, after) = text.split_once(r#""moment":"#).unwrap();
    let (_, after) = after.split_once(',').unwrap();
    let text = format!(r#"{before}"moment":..,{after}"#);
    // What is random, or a checksum of it.
    let mut shown = String::new();
    for part in text.split_inclusive('"') {
        let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-' || c == '"';
        match part.len() > 30 && part.chars().all(is_hex) {
            true => shown.push_str("..\""),
            false => shown.push_str(part),
        }
    }
    expect_test::expect![[r#"
        {"format":1,"checksum":"..","content":{"sequence":1,"previous":"..","writer":"..","moment":..,"change":{"create":{"id":1,"definition":"name        = \"app.notes\"\ncomment     = \"1\"\nprimary_key = [\"id\"]\n\n[columns]\nid = { id = 1, type = \"bigint\" }\n"}}}}
    "#]].assert_eq(&shown);
}
