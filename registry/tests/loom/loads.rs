// SPDX-License-Identifier: Apache-2.0

//! Loads: one at a time, and none that fails or is given up stands in anybody's way.

use std::sync::Arc;
use std::task::{Context, Waker};

use kalamtable_store::DefinitionStore;

use crate::model::{Fate, NOTES, World, fails, holds, options, poll_once, version};
use crate::sync::{Fault, block_on};

/// Threads that look one table up at once, and how often the store was asked.
fn reads_of_two(look_up: fn(&World) -> u32) -> usize {
    let world = World::new(&["notes"], options(1));
    let threads = [(); 2].map(|()| world.spawn(move |world| assert_eq!(look_up(world), 1)));
    for thread in threads {
        thread.join().unwrap();
    }
    world.store.reads()
}

fn get(world: &World) -> u32 {
    world.get(NOTES)
}

/// Loads and publishes without a word to others.
fn load_alone(world: &World) -> u32 {
    let slots = &world.registry.shared.slots;
    let epoch = slots.read_clock(slots.table_clock(NOTES)).epoch();
    if let Some(known) = slots.with_table(NOTES, |known| known.cloned()) {
        return version(known.as_ref());
    }
    let stored = block_on(world.store.get(NOTES)).unwrap();
    let loaded = stored.map(|stored| world.registry.shared.snapshot(&stored));
    slots.publish_table(NOTES, epoch, &loaded);
    version(loaded.as_ref())
}

#[test]
fn two_who_look_a_table_up_at_once_load_it_once() {
    holds("single flight", 3, || {
        assert_eq!(reads_of_two(get), 1, "loaded more often than once");
    });
}

#[test]
fn twin_loads_alone() {
    fails(Fault::None, "more often than once", || {
        assert_eq!(reads_of_two(load_alone), 1, "loaded more often than once");
    });
}

#[test]
fn a_table_is_loaded_once_in_an_epoch_and_nobody_joins_an_older_load() {
    holds("single flight against alter", 2, || {
        let world = World::new(&["notes"], options(1));
        let altering = world.spawn(|world| {
            world.alter(NOTES);
            world.is_done(1);
        });
        let looking = world.spawn(|world| {
            let done = world.steps_done();
            assert!(get(world) > done);
        });
        let done = world.steps_done();
        assert!(get(&world) > done);
        altering.join().unwrap();
        looking.join().unwrap();
        // One in each epoch; and one of the old epoch by who read the clock before the alteration and
        // found no load to join after it.
        assert!(world.store.reads() <= 3, "{} reads", world.store.reads());
    });
}

/// One load fails, of those of two threads.
#[test]
fn a_load_that_fails_is_told_to_who_waited_and_to_nobody_else() {
    holds("failing loader", 3, || {
        let world = World::new(&["notes"], options(1));
        world.store.expect([Fate::Fail]);
        let threads = [(); 2].map(|()| {
            world.spawn(|world| {
                let found = block_on(world.registry.get(NOTES));
                found.map(|found| version(found.as_ref())).ok()
            })
        });
        let found = threads.map(|thread| thread.join().unwrap());
        assert!(found.contains(&None), "one was told");
        assert!(found.iter().flatten().all(|version| *version == 1));
        assert_eq!(get(&world), 1);
    });
}

/// A thread begins to load and gives up, while another one wants the table, and perhaps a third alters it.
fn give_up(how: fn(&World), is_altered: bool) {
    let world = World::new(&["notes"], options(1));
    world.store.expect([Fate::Wait]);
    let giving_up = world.spawn(how);
    let altering = is_altered.then(|| {
        world.spawn(|world| {
            world.alter(NOTES);
            world.is_done(1);
        })
    });
    let done = world.steps_done();
    assert!(get(&world) > done, "older");
    giving_up.join().unwrap();
    if let Some(thread) = altering {
        thread.join().unwrap();
    }
    assert_eq!(get(&world), 1 + u32::from(is_altered));
}

fn drop_it(world: &World) {
    // Whether it leads or waits.
    let _ = poll_once(world.registry.get(NOTES));
}

fn forget_it(world: &World) {
    let registry = world.registry.clone();
    let mut getting = Box::pin(async move { registry.get(NOTES).await });
    let _ = getting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    std::mem::forget(getting);
}

#[test]
fn a_load_that_is_dropped_blocks_nobody() {
    holds("dropped loader", 3, || give_up(drop_it, false));
    holds("dropped loader against alter", 2, || give_up(drop_it, true));
}

/// That nobody waits for a load that was given up.
fn give_up_and_ask_again(how: fn(&World)) {
    let world = World::new(&["notes"], options(1));
    world.store.expect([Fate::Wait]);
    world.spawn(how).join().unwrap();
    let found = poll_once(world.registry.get(NOTES));
    assert!(found.is_some(), "waits for a load that is gone");
}

#[test]
fn twin_keeps_others_waiting_for_a_load_that_is_gone() {
    fails(Fault::None, "a load that is gone", || {
        give_up_and_ask_again(forget_it)
    });
}

/// The older versions, which are not published by epochs.
#[test]
fn a_version_is_loaded_whatever_is_altered() {
    holds("get_version against alter", 2, || {
        let world = World::new(&["notes"], options(1));
        let altering = world.spawn(|world| world.alter(NOTES));
        let looking = world.spawn(|world| {
            let first: Arc<_> = block_on(world.registry.get_version(NOTES, 1))
                .unwrap()
                .unwrap();
            assert_eq!((first.version(), first.schema().fields().len()), (1, 1));
        });
        let found = block_on(world.registry.get_version(NOTES, 2)).unwrap();
        assert!(found.is_none_or(|found| found.version() == 2));
        altering.join().unwrap();
        looking.join().unwrap();
        let second = block_on(world.registry.get_version(NOTES, 2)).unwrap();
        assert_eq!(version(second.as_ref()), 2);
    });
}
