// SPDX-License-Identifier: Apache-2.0

//! Schema changes that race with lookups: by id, by name, in a thread's cache, by a handle, and of
//! several tables.

use std::sync::Arc;

use kalamtable_store::TableId;

use super::tables::table;
use super::world::{
    ModelWorld, NOTES, StoreFault, TASKS, fails, holds, no_budget, options, poll_once, version,
};
use crate::options::RegistryOptions;
use crate::single_flight::{LoadKey, LoadOutcome, LoadRole};
use crate::slots::CachedTable;
use crate::snapshot::TableSnapshot;
use crate::sync::block_on;
use crate::sync::under_loom::PrimitiveFault;

/// Checks that the lookups of a thread are monotonic, and include every schema change that was
/// complete before they began.
struct VersionWatch {
    seen: u32,
}

impl VersionWatch {
    fn new() -> Self {
        VersionWatch { seen: 0 }
    }

    fn see(&mut self, world: &ModelWorld, look_up: impl FnOnce() -> u32) {
        let done = world.steps_done();
        let found = look_up();
        assert!(
            found > done,
            "version {found} is older than schema change {done}"
        );
        assert!(
            found >= self.seen,
            "version {found} is older than version {} before",
            self.seen
        );
        self.seen = found;
    }
}

/// One thread changes the schema while another thread looks it up.
fn change_against(world: ModelWorld, looks: usize, look_up: fn(&ModelWorld) -> u32) {
    let changing = world.spawn(|world| {
        world.alter(NOTES);
        world.finish_step(1);
    });
    let looking = world.spawn(move |world| {
        let mut watch = VersionWatch::new();
        for _ in 0..looks {
            watch.see(world, || look_up(world));
        }
    });
    changing.join().unwrap();
    looking.join().unwrap();
    for _ in 0..2 {
        VersionWatch::new().see(&world, || look_up(&world));
    }
}

fn by_id(world: &ModelWorld) -> u32 {
    world.get(NOTES)
}

/// Looks a table up in the thread's cache, and loads it on a cache miss.
fn by_cache(world: &ModelWorld) -> u32 {
    let borrowed = world.registry.with(NOTES, TableSnapshot::version);
    borrowed.unwrap_or_else(|| world.get(NOTES))
}

fn by_name(world: &ModelWorld) -> u32 {
    let found = block_on(world.registry.find(("app", "notes"))).unwrap();
    version(found.as_ref())
}

fn by_cached_name(world: &ModelWorld) -> u32 {
    let borrowed = world
        .registry
        .with_name(("app", "notes"), TableSnapshot::version);
    borrowed.unwrap_or_else(|| by_name(world))
}

#[test]
fn lookups_by_id_include_earlier_schema_changes() {
    holds("get against alter, cached", 3, || {
        change_against(ModelWorld::warm(&["notes"], options(1)), 2, by_id);
    });
    holds("get against alter, not cached", 2, || {
        change_against(ModelWorld::new(&["notes"], options(1)), 2, by_id);
    });
}

#[test]
fn twin_publishes_a_stale_load() {
    for fault in [
        PrimitiveFault::SchemaChangeWithoutAdvance,
        PrimitiveFault::UnlockedClocks,
    ] {
        fails(fault, "older", || {
            change_against(ModelWorld::new(&["notes"], options(1)), 2, by_id);
        });
    }
}

#[test]
fn thread_caches_include_earlier_schema_changes() {
    holds("thread cache against alter, cached", 3, || {
        change_against(ModelWorld::warm(&["notes"], options(1)), 2, by_cache);
    });
    holds("thread cache against alter, not cached", 2, || {
        change_against(ModelWorld::new(&["notes"], options(1)), 2, by_cache);
    });
}

#[test]
fn twin_caches_under_a_clock_that_does_not_advance() {
    fails(PrimitiveFault::SchemaChangeWithoutAdvance, "older", || {
        change_against(ModelWorld::warm(&["notes"], options(1)), 2, by_cache);
    });
}

#[test]
fn twin_reads_clocks_with_relaxed_ordering() {
    fails(PrimitiveFault::RelaxedClocks, "older", || {
        change_against(ModelWorld::warm(&["notes"], options(1)), 2, by_cache);
    });
}

#[test]
fn lookups_by_name_include_earlier_schema_changes() {
    let warm = || {
        let world = ModelWorld::warm(&["notes"], options(1));
        by_name(&world);
        world
    };
    holds("find against alter, cached", 2, move || {
        change_against(warm(), 1, by_name)
    });
    holds("thread cache by name against alter", 2, move || {
        change_against(warm(), 1, by_cached_name);
    });
    holds("find against alter, not cached", 2, || {
        change_against(ModelWorld::new(&["notes"], options(1)), 1, by_name);
    });
}

#[test]
fn twin_finds_a_stale_table_by_name() {
    fails(PrimitiveFault::SchemaChangeWithoutAdvance, "older", || {
        change_against(ModelWorld::new(&["notes"], options(1)), 1, by_name);
    });
    fails(PrimitiveFault::UnlockedClocks, "older", || {
        change_against(ModelWorld::new(&["notes"], options(1)), 1, by_name);
    });
}

// ---- names that move between tables ----

/// A table is renamed, and another table is created under its old name.
fn rename_and_create_again(look_up: fn(&ModelWorld) -> Option<Arc<TableSnapshot>>, is_warm: bool) {
    let world = ModelWorld::new(&["notes"], options(1));
    if is_warm {
        look_up(&world);
    }
    let changing = world.spawn(|world| {
        let notes = world.stored(NOTES);
        block_on(world.registry.alter(&notes, table("letters", 2))).unwrap();
        world.finish_step(1);
        let created = block_on(world.registry.create(table("notes", 1))).unwrap();
        assert_eq!(created.id(), TASKS);
        world.finish_step(2);
    });
    let looking = world.spawn(move |world| check_name(world, look_up));
    changing.join().unwrap();
    looking.join().unwrap();
    check_name(&world, look_up);
}

fn check_name(world: &ModelWorld, look_up: fn(&ModelWorld) -> Option<Arc<TableSnapshot>>) {
    let done = world.steps_done();
    let found = look_up(world);
    if let Some(found) = &found {
        assert_eq!(&*found.name().table, "notes");
    }
    let id = found.map(|found| found.id());
    let is_fresh = match done {
        0 => true,
        1 => id != Some(NOTES),
        _ => id == Some(TASKS),
    };
    assert!(is_fresh, "{id:?} is older than step {done}");
}

fn found(world: &ModelWorld) -> Option<Arc<TableSnapshot>> {
    block_on(world.registry.find(("app", "notes"))).unwrap()
}

#[test]
fn moved_name_does_not_find_its_old_table() {
    holds("rename and create again against find, cached", 2, || {
        rename_and_create_again(found, true);
    });
    holds(
        "rename and create again against find, not cached",
        2,
        || {
            rename_and_create_again(found, false);
        },
    );
}

#[test]
fn twin_finds_the_old_table_of_a_moved_name() {
    fails(PrimitiveFault::SchemaChangeWithoutAdvance, "older", || {
        rename_and_create_again(found, false);
    });
}

/// A table is created under a name that no table had.
fn create_against_find(is_warm: bool) {
    let world = ModelWorld::new(&[], options(1));
    if is_warm {
        assert_eq!(by_name(&world), 0);
    }
    let creating = world.spawn(|world| {
        block_on(world.registry.create(table("notes", 1))).unwrap();
        world.finish_step(1);
    });
    let looking = world.spawn(|world| {
        let mut seen = 0;
        for _ in 0..2 {
            let done = world.steps_done();
            let found = by_name(world);
            assert!(
                found >= done.max(seen),
                "the absence is older than the table"
            );
            seen = found;
        }
    });
    creating.join().unwrap();
    looking.join().unwrap();
    assert_eq!(by_name(&world), 1, "the absence is older than the table");
}

#[test]
fn created_table_replaces_cached_absence() {
    holds("create against find, cached absence", 3, || {
        create_against_find(true)
    });
    holds("create against find, not cached", 2, || {
        create_against_find(false)
    });
}

#[test]
fn twin_keeps_the_cached_absence_of_a_created_table() {
    for fault in [
        PrimitiveFault::SchemaChangeWithoutAdvance,
        PrimitiveFault::UnlockedClocks,
    ] {
        fails(fault, "older", || create_against_find(false));
    }
}

/// A lookup by name follows a lookup by id on one thread. It must not return an older version, even
/// if another thread has read the store for the name already, and publishes the result later.
fn by_id_and_then_by_name(options: RegistryOptions, alter: fn(&ModelWorld, TableId)) {
    let world = ModelWorld::warm(&["notes"], options);
    let slots = &world.registry.inner.slots;
    let resident = slots.with_table(NOTES, |cached| cached.and_then(CachedTable::to_snapshot));
    let loaded = resident.unwrap_or_else(|| world.stored(NOTES));
    let changing = world.spawn(move |world| alter(world, NOTES));
    let finding = world.spawn(move |world| {
        // The steps of `find`, without the reads of the store.
        let inner = &world.registry.inner;
        let name = inner.slots.hashed(("app", "notes"));
        let clock = inner.slots.name_clock(name);
        let epoch = inner.slots.read_clock(clock).epoch();
        let key = LoadKey::Name(name.name.to_name(), epoch);
        if let LoadRole::Leader(leader) = inner.flights.join(key) {
            let is_published = inner.slots.publish_name(name, epoch, Some(&loaded));
            leader.finish(if is_published {
                LoadOutcome::Loaded(Some(loaded))
            } else {
                LoadOutcome::Retry
            });
        }
    });
    let seen = by_id(&world);
    let found = by_name(&world);
    assert!(
        found >= seen,
        "version {found} is older than version {seen} before"
    );
    changing.join().unwrap();
    finding.join().unwrap();
}

/// A lookup by name in the thread's cache follows a load by id, which finds a committed change that
/// is not applied yet.
fn by_id_and_then_by_cached_name() {
    let world = ModelWorld::warm(&["notes"], options(1));
    by_name(&world);
    by_cached_name(&world);
    let notes = world.registry.with(NOTES, |notes| notes.charge(1 << 40));
    notes.expect("the table is cached until it is evicted");
    let changing = world.spawn(|world| world.alter(NOTES));
    let seen = by_id(&world);
    let found = by_cached_name(&world);
    assert!(
        found >= seen,
        "version {found} is older than version {seen} before"
    );
    changing.join().unwrap();
}

#[test]
fn lookup_by_cached_name_is_not_older_than_by_id() {
    holds(
        "by id and then by cached name",
        2,
        by_id_and_then_by_cached_name,
    );
}

#[test]
fn lookup_by_name_is_not_older_than_by_id() {
    holds("by id and then by name", 2, || {
        by_id_and_then_by_name(options(1), ModelWorld::alter)
    });
    holds("by id and then by name, evicted", 2, || {
        by_id_and_then_by_name(no_budget(1), ModelWorld::alter_elsewhere);
    });
}

// ---- handles ----

/// A handle looks a table up repeatedly while its schema changes.
fn handle_against_alter(is_warm: bool) {
    let tables = &["notes"];
    let world = if is_warm {
        ModelWorld::warm(tables, options(1))
    } else {
        ModelWorld::new(tables, options(1))
    };
    let changing = world.spawn(|world| {
        world.alter(NOTES);
        world.finish_step(1);
    });
    let mut handle = world.registry.handle(NOTES);
    let mut watch = VersionWatch::new();
    for _ in 0..2 {
        watch.see(&world, || block_on(handle.get()).unwrap().version());
    }
    changing.join().unwrap();
    watch.see(&world, || block_on(handle.get()).unwrap().version());
}

#[test]
fn handles_never_return_an_older_version() {
    holds("handle against alter, cached", 2, || {
        handle_against_alter(true)
    });
    holds("handle against alter, not cached", 2, || {
        handle_against_alter(false)
    });
}

#[test]
fn twin_handle_under_a_clock_that_does_not_advance() {
    fails(PrimitiveFault::SchemaChangeWithoutAdvance, "older", || {
        handle_against_alter(true)
    });
}

// ---- thread caches and loads ----

/// Another process changes the schema, the table is evicted, and one thread loads it again. A
/// second thread that observes this must not find an older version in its cache, even if the store
/// reports no changes.
fn cache_against_load(is_silent: bool) {
    let world = ModelWorld::warm(&["notes"], options(1));
    if is_silent {
        world.store.be_silent();
    }
    assert_eq!(by_cache(&world), 1);
    world.alter_elsewhere(NOTES);
    let loading = world.spawn(|world| {
        let notes = world.registry.with(NOTES, |notes| notes.charge(1 << 40));
        notes.expect("the table is cached");
        assert_eq!(world.get(NOTES), 2);
        world.finish_step(1);
    });
    let mut watch = VersionWatch::new();
    for _ in 0..2 {
        watch.see(&world, || by_cache(&world));
    }
    loading.join().unwrap();
    watch.see(&world, || by_cache(&world));
}

#[test]
fn thread_caches_include_loads_of_other_threads() {
    holds("thread cache against a load", 2, || {
        cache_against_load(false)
    });
    holds("thread cache against a load, silent", 3, || {
        cache_against_load(true)
    });
}

#[test]
fn twin_publishes_a_load_without_advancing() {
    fails(PrimitiveFault::LoadWithoutAdvance, "older", || {
        cache_against_load(true)
    });
}

// ---- consistent reads ----

/// One thread changes two tables, one after the other, while another thread reads both.
fn alter_both_against(options: RegistryOptions, look_up: fn(&ModelWorld) -> (u32, u32)) {
    let world = ModelWorld::warm(&["notes", "tasks"], options);
    let changing = world.spawn(|world| {
        world.alter(NOTES);
        world.alter(TASKS);
    });
    let (notes, tasks) = look_up(&world);
    assert!(
        notes >= tasks,
        "tasks at {tasks}, but notes are older: {notes}"
    );
    changing.join().unwrap();
    assert_eq!(look_up(&world), (2, 2), "older than both schema changes");
}

fn consistently(world: &ModelWorld) -> (u32, u32) {
    let found = block_on(world.registry.get_all(&[NOTES, TASKS])).unwrap();
    (version(found[0].as_ref()), version(found[1].as_ref()))
}

fn one_by_one(world: &ModelWorld) -> (u32, u32) {
    (world.get(NOTES), world.get(TASKS))
}

#[test]
fn several_tables_are_read_consistently() {
    for clocks in [1, 2] {
        let name = format!("get_all against two schema changes, {clocks} clocks");
        holds(&name, 2, move || {
            alter_both_against(options(clocks), consistently)
        });
    }
    for clocks in [1, 2] {
        let name = format!("get_all against two schema changes, {clocks} clocks, evicted");
        holds(&name, 2, move || {
            alter_both_against(no_budget(clocks), consistently);
        });
    }
}

#[test]
fn twin_reads_tables_one_by_one() {
    fails(PrimitiveFault::None, "older", || {
        alter_both_against(options(2), one_by_one)
    });
}

// ---- interrupted schema changes ----

/// A schema change is interrupted. Lookups that begin later see it if it was committed.
fn interrupt(faults: &'static [StoreFault], interruption: fn(&ModelWorld)) {
    let world = ModelWorld::warm(&["notes"], options(1));
    let changing = world.spawn(move |world| {
        world.store.expect(faults.iter().copied());
        interruption(world);
        world.finish_step(1);
    });
    let looking = world.spawn(|world| {
        VersionWatch::new().see(world, || by_cache(world));
    });
    changing.join().unwrap();
    looking.join().unwrap();
    VersionWatch::new().see(&world, || by_cache(&world));
}

/// Drops the future between the commit and its application to the cache.
fn drop_after_commit(world: &ModelWorld) {
    let notes = world.stored(NOTES);
    assert!(poll_once(world.registry.alter(&notes, table("notes", 2))).is_none());
}

/// The store commits the change, and returns an error.
fn fail_after_commit(world: &ModelWorld) {
    let notes = world.stored(NOTES);
    let failed = block_on(world.registry.alter(&notes, table("notes", 2)));
    failed.expect_err("the store is unavailable");
}

/// Leaks the future, so that nothing is done when the caller is interrupted.
fn forget_after_commit(world: &ModelWorld) {
    let notes = world.stored(NOTES);
    let mut changing = Box::pin(world.registry.alter(&notes, table("notes", 2)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(changing.as_mut().poll(&mut context).is_pending());
    std::mem::forget(changing);
}

#[test]
fn interrupted_schema_changes_are_visible() {
    holds("alter dropped after the commit", 3, || {
        interrupt(&[StoreFault::Delay], drop_after_commit)
    });
    holds("alter failed after the commit", 3, || {
        interrupt(&[StoreFault::Fail], fail_after_commit)
    });
}

#[test]
fn twin_ignores_an_interrupted_schema_change() {
    fails(PrimitiveFault::None, "older", || {
        interrupt(&[StoreFault::Delay], forget_after_commit)
    });
}

// ---- invalidation ----

/// Another process changes the schema, and this process is notified while a thread loads the table.
fn notify_against_get(notify: fn(&ModelWorld)) {
    let world = ModelWorld::new(&["notes"], options(1));
    let notifying = world.spawn(move |world| {
        notify(world);
        world.finish_step(1);
    });
    let looking = world.spawn(|world| {
        let mut watch = VersionWatch::new();
        for _ in 0..2 {
            watch.see(world, || by_cache(world));
        }
    });
    notifying.join().unwrap();
    looking.join().unwrap();
    VersionWatch::new().see(&world, || by_cache(&world));
}

fn invalidate(world: &ModelWorld) {
    world.alter_elsewhere(NOTES);
    world.registry.invalidate(NOTES);
}

fn clear(world: &ModelWorld) {
    world.alter_elsewhere(NOTES);
    world.registry.clear();
}

fn refresh(world: &ModelWorld) {
    world.alter_elsewhere(NOTES);
    block_on(world.registry.refresh()).unwrap();
}

fn invalidate_before(world: &ModelWorld) {
    world.registry.invalidate(NOTES);
    world.alter_elsewhere(NOTES);
}

#[test]
fn slow_loads_do_not_undo_invalidation() {
    holds("invalidate against a load", 3, || {
        notify_against_get(invalidate)
    });
    holds("clear against a load", 2, || notify_against_get(clear));
    holds("refresh against a load", 2, || notify_against_get(refresh));
}

#[test]
fn twin_invalidates_before_the_commit() {
    fails(PrimitiveFault::None, "older", || {
        notify_against_get(invalidate_before)
    });
}

#[test]
fn twin_slow_load_undoes_an_invalidation() {
    for fault in [
        PrimitiveFault::SchemaChangeWithoutAdvance,
        PrimitiveFault::UnlockedClocks,
    ] {
        fails(fault, "older", || notify_against_get(invalidate));
        fails(fault, "older", || notify_against_get(clear));
    }
}
