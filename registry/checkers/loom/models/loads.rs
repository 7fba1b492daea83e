// SPDX-License-Identifier: Apache-2.0

//! Loads: single flight, failed loads and dropped loads.

use std::sync::Arc;
use std::task::{Context, Waker};

use kalamtable_store::DefinitionStore;

use super::world::{ModelWorld, NOTES, StoreFault, fails, holds, options, poll_once, version};
use crate::slots::CachedTable;
use crate::sync::block_on;
use crate::sync::under_loom::PrimitiveFault;

/// Looks a table up in two threads, and returns the number of reads of the store.
fn reads_of_two(look_up: fn(&ModelWorld) -> u32) -> usize {
    let world = ModelWorld::new(&["notes"], options(1));
    let threads = [(); 2].map(|()| world.spawn(move |world| assert_eq!(look_up(world), 1)));
    for thread in threads {
        thread.join().unwrap();
    }
    world.store.reads()
}

fn get(world: &ModelWorld) -> u32 {
    world.get(NOTES)
}

/// Loads and publishes a table without single flight.
fn load_alone(world: &ModelWorld) -> u32 {
    let slots = &world.registry.inner.slots;
    let epoch = slots.read_clock(slots.table_clock(NOTES)).epoch();
    let to_snapshot = |cached: Option<CachedTable<'_>>| cached.map(CachedTable::to_snapshot);
    if let Some(cached) = slots.with_table(NOTES, to_snapshot) {
        return version(cached.as_ref());
    }
    let stored = block_on(world.store.get(NOTES)).unwrap();
    let loaded = stored.map(|stored| world.registry.inner.snapshot(&stored));
    slots.publish_table(NOTES, epoch, loaded.as_ref());
    version(loaded.as_ref())
}

#[test]
fn concurrent_lookups_load_a_table_once() {
    holds("single flight", 3, || {
        assert_eq!(reads_of_two(get), 1, "loaded more often than once");
    });
}

#[test]
fn twin_loads_without_single_flight() {
    fails(PrimitiveFault::None, "more often than once", || {
        assert_eq!(reads_of_two(load_alone), 1, "loaded more often than once");
    });
}

#[test]
fn each_epoch_loads_once_and_joins_no_older_load() {
    holds("single flight against alter", 2, || {
        let world = ModelWorld::new(&["notes"], options(1));
        let changing = world.spawn(|world| {
            world.alter(NOTES);
            world.finish_step(1);
        });
        let looking = world.spawn(|world| {
            let done = world.steps_done();
            assert!(get(world) > done);
        });
        let done = world.steps_done();
        assert!(get(&world) > done);
        changing.join().unwrap();
        looking.join().unwrap();
        // One load per epoch, and another one of the first epoch by a lookup that has read the
        // clock before the schema change, and has found no load to join afterwards.
        assert!(world.store.reads() <= 3, "{} reads", world.store.reads());
    });
}

/// Two threads look a table up, and the first load fails.
#[test]
fn failed_load_fails_only_its_waiters() {
    holds("failing loader", 3, || {
        let world = ModelWorld::new(&["notes"], options(1));
        world.store.expect([StoreFault::Fail]);
        let threads = [(); 2].map(|()| {
            world.spawn(|world| {
                let found = block_on(world.registry.get(NOTES));
                found.map(|found| version(found.as_ref())).ok()
            })
        });
        let found = threads.map(|thread| thread.join().unwrap());
        assert!(found.contains(&None), "one lookup fails");
        assert!(found.iter().flatten().all(|version| *version == 1));
        assert_eq!(get(&world), 1);
    });
}

/// A thread begins a load and abandons it while another thread looks the table up. A third thread
/// changes the schema if `is_altered`.
fn abandon(how: fn(&ModelWorld), is_altered: bool) {
    let world = ModelWorld::new(&["notes"], options(1));
    world.store.expect([StoreFault::Delay]);
    let abandoning = world.spawn(how);
    let changing = is_altered.then(|| {
        world.spawn(|world| {
            world.alter(NOTES);
            world.finish_step(1);
        })
    });
    let done = world.steps_done();
    assert!(get(&world) > done, "older");
    abandoning.join().unwrap();
    if let Some(thread) = changing {
        thread.join().unwrap();
    }
    assert_eq!(get(&world), 1 + u32::from(is_altered));
}

fn drop_lookup(world: &ModelWorld) {
    // The lookup may be the leader of the load, or wait for another one.
    let _ = poll_once(world.registry.get(NOTES));
}

fn leak_lookup(world: &ModelWorld) {
    let registry = world.registry.clone();
    let mut getting = Box::pin(async move { registry.get(NOTES).await });
    let _ = getting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    std::mem::forget(getting);
}

#[test]
fn dropped_load_blocks_no_lookup() {
    holds("dropped loader", 3, || abandon(drop_lookup, false));
    holds("dropped loader against alter", 2, || {
        abandon(drop_lookup, true)
    });
}

/// A thread abandons a load. A lookup that follows must not wait for it.
fn abandon_and_look_up(how: fn(&ModelWorld)) {
    let world = ModelWorld::new(&["notes"], options(1));
    world.store.expect([StoreFault::Delay]);
    world.spawn(how).join().unwrap();
    let found = poll_once(world.registry.get(NOTES));
    assert!(found.is_some(), "waits for an abandoned load");
}

#[test]
fn twin_waits_for_a_leaked_load() {
    fails(PrimitiveFault::None, "waits for an abandoned load", || {
        abandon_and_look_up(leak_lookup)
    });
}

/// Older versions are published whatever the epoch is.
#[test]
fn older_versions_load_during_schema_changes() {
    holds("get_version against alter", 2, || {
        let world = ModelWorld::new(&["notes"], options(1));
        let changing = world.spawn(|world| world.alter(NOTES));
        let looking = world.spawn(|world| {
            let first: Arc<_> = block_on(world.registry.get_version(NOTES, 1))
                .unwrap()
                .unwrap();
            assert_eq!((first.version(), first.schema().fields().len()), (1, 1));
        });
        let found = block_on(world.registry.get_version(NOTES, 2)).unwrap();
        assert!(found.is_none_or(|found| found.version() == 2));
        changing.join().unwrap();
        looking.join().unwrap();
        let second = block_on(world.registry.get_version(NOTES, 2)).unwrap();
        assert_eq!(version(second.as_ref()), 2);
    });
}
