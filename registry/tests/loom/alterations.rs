// SPDX-License-Identifier: Apache-2.0

//! Alterations against look-ups: by id, by name, by a thread's copy, by a handle, of several at one moment.

use std::sync::Arc;

use kalamtable_store::TableId;

use crate::flight::{Load, Outcome, Part};
use crate::model::{
    Fate, NOTES, TASKS, World, fails, holds, no_budget, options, poll_once, version,
};
use crate::registry::RegistryOptions;
use crate::snapshot::TableSnapshot;
use crate::sync::{Fault, block_on};
use crate::tables::table;

/// What a thread looks up never goes back, and is not older than what was done before it asked.
struct Watch {
    seen: u32,
}

impl Watch {
    fn new() -> Self {
        Watch { seen: 0 }
    }

    fn see(&mut self, world: &World, look_up: impl FnOnce() -> u32) {
        let done = world.steps_done();
        let found = look_up();
        assert!(
            found > done,
            "version {found} is older than alteration {done}"
        );
        assert!(
            found >= self.seen,
            "version {found} after {}, which is older",
            self.seen
        );
        self.seen = found;
    }
}

/// One thread alters, another one looks up.
fn alter_against(world: World, looks: usize, look_up: fn(&World) -> u32) {
    let altering = world.spawn(|world| {
        world.alter(NOTES);
        world.is_done(1);
    });
    let looking = world.spawn(move |world| {
        let mut watch = Watch::new();
        for _ in 0..looks {
            watch.see(world, || look_up(world));
        }
    });
    altering.join().unwrap();
    looking.join().unwrap();
    for _ in 0..2 {
        Watch::new().see(&world, || look_up(&world));
    }
}

fn by_id(world: &World) -> u32 {
    world.get(NOTES)
}

/// What is lent, or what is loaded if nothing can be.
fn by_copy(world: &World) -> u32 {
    let lent = world.registry.with(NOTES, TableSnapshot::version);
    lent.unwrap_or_else(|| world.get(NOTES))
}

fn by_name(world: &World) -> u32 {
    let found = block_on(world.registry.find(("app", "notes"))).unwrap();
    version(found.as_ref())
}

fn by_copy_of_name(world: &World) -> u32 {
    let lent = world
        .registry
        .with_name(("app", "notes"), TableSnapshot::version);
    lent.unwrap_or_else(|| by_name(world))
}

#[test]
fn no_look_up_by_id_is_older_than_an_alteration_before_it() {
    holds("get against alter, loaded", 3, || {
        alter_against(World::warm(&["notes"], options(1)), 2, by_id);
    });
    holds("get against alter, not loaded", 2, || {
        alter_against(World::new(&["notes"], options(1)), 2, by_id);
    });
}

#[test]
fn twin_publishes_an_old_load_over_an_alteration() {
    for fault in [Fault::StillAlterations, Fault::OpenSections] {
        fails(fault, "older", || {
            alter_against(World::new(&["notes"], options(1)), 2, by_id);
        });
    }
}

#[test]
fn no_copy_of_a_thread_is_older_than_an_alteration_before_it() {
    holds("copies against alter, loaded", 3, || {
        alter_against(World::warm(&["notes"], options(1)), 2, by_copy);
    });
    holds("copies against alter, not loaded", 2, || {
        alter_against(World::new(&["notes"], options(1)), 2, by_copy);
    });
}

#[test]
fn twin_keeps_a_copy_whose_clock_stands_still() {
    fails(Fault::StillAlterations, "older", || {
        alter_against(World::warm(&["notes"], options(1)), 2, by_copy);
    });
}

#[test]
fn twin_reads_a_clock_that_says_nothing_of_what_came_before() {
    fails(Fault::RelaxedClocks, "older", || {
        alter_against(World::warm(&["notes"], options(1)), 2, by_copy);
    });
}

#[test]
fn no_look_up_by_name_is_older_than_an_alteration_before_it() {
    let warm = || {
        let world = World::warm(&["notes"], options(1));
        by_name(&world);
        world
    };
    holds("find against alter, loaded", 2, move || {
        alter_against(warm(), 1, by_name)
    });
    holds("copies by name against alter", 2, move || {
        alter_against(warm(), 1, by_copy_of_name);
    });
    holds("find against alter, not loaded", 2, || {
        alter_against(World::new(&["notes"], options(1)), 1, by_name);
    });
}

#[test]
fn twin_finds_an_old_table_under_its_name() {
    fails(Fault::StillAlterations, "older", || {
        alter_against(World::new(&["notes"], options(1)), 1, by_name);
    });
    fails(Fault::OpenSections, "older", || {
        alter_against(World::new(&["notes"], options(1)), 1, by_name);
    });
}

// ---- names that go from table to table ----

/// A table gives its name away, and another one gets it.
fn rename_and_create_again(look_up: fn(&World) -> Option<Arc<TableSnapshot>>, is_warm: bool) {
    let world = World::new(&["notes"], options(1));
    if is_warm {
        look_up(&world);
    }
    let altering = world.spawn(|world| {
        let notes = world.stored(NOTES);
        block_on(world.registry.alter(&notes, table("letters", 2))).unwrap();
        world.is_done(1);
        let created = block_on(world.registry.create(table("notes", 1))).unwrap();
        assert_eq!(created.id(), TASKS);
        world.is_done(2);
    });
    let looking = world.spawn(move |world| check_name(world, look_up));
    altering.join().unwrap();
    looking.join().unwrap();
    check_name(&world, look_up);
}

fn check_name(world: &World, look_up: fn(&World) -> Option<Arc<TableSnapshot>>) {
    let done = world.steps_done();
    let found = look_up(world);
    if let Some(found) = &found {
        assert_eq!(&*found.name().table, "notes");
    }
    let id = found.map(|found| found.id());
    let is_new = match done {
        0 => true,
        1 => id != Some(NOTES),
        _ => id == Some(TASKS),
    };
    assert!(is_new, "{id:?} is older than step {done}");
}

fn found(world: &World) -> Option<Arc<TableSnapshot>> {
    block_on(world.registry.find(("app", "notes"))).unwrap()
}

#[test]
fn a_name_that_goes_to_another_table_is_not_found_at_the_old_one() {
    holds("rename and create again against find, loaded", 2, || {
        rename_and_create_again(found, true);
    });
    holds(
        "rename and create again against find, not loaded",
        2,
        || {
            rename_and_create_again(found, false);
        },
    );
}

#[test]
fn twin_finds_the_table_that_had_the_name() {
    fails(Fault::StillAlterations, "older", || {
        rename_and_create_again(found, false);
    });
}

/// Nobody has the name, and then somebody does.
fn create_against_find(is_warm: bool) {
    let world = World::new(&[], options(1));
    if is_warm {
        assert_eq!(by_name(&world), 0);
    }
    let creating = world.spawn(|world| {
        block_on(world.registry.create(table("notes", 1))).unwrap();
        world.is_done(1);
    });
    let looking = world.spawn(|world| {
        let mut seen = 0;
        for _ in 0..2 {
            let done = world.steps_done();
            let found = by_name(world);
            assert!(found >= done.max(seen), "absence is older than the table");
            seen = found;
        }
    });
    creating.join().unwrap();
    looking.join().unwrap();
    assert_eq!(by_name(&world), 1, "absence is older than the table");
}

#[test]
fn a_name_that_was_taken_is_not_remembered_as_free() {
    holds("create against find, known to be free", 3, || {
        create_against_find(true)
    });
    holds("create against find, not known", 2, || {
        create_against_find(false)
    });
}

#[test]
fn twin_remembers_that_a_taken_name_is_free() {
    for fault in [Fault::StillAlterations, Fault::OpenSections] {
        fails(fault, "older", || create_against_find(false));
    }
}

/// Who has seen a table by its id sees no less of it by its name, though another thread's load by name may
/// have its answer already, and has yet to say so.
fn by_id_and_then_by_name(options: RegistryOptions, alter: fn(&World, TableId)) {
    let world = World::warm(&["notes"], options);
    let slots = &world.registry.shared.slots;
    let resident = slots.with_table(NOTES, |known| known.cloned());
    let known = resident.unwrap_or_else(|| Some(world.stored(NOTES)));
    let altering = world.spawn(move |world| alter(world, NOTES));
    let finding = world.spawn(move |world| {
        // As `find` does, but for the questions to the store.
        let shared = &world.registry.shared;
        let name = shared.slots.hashed(("app", "notes"));
        let clock = shared.slots.name_clock(name);
        let epoch = shared.slots.read_clock(clock).epoch();
        if let Part::Lead(lead) = shared.flights.join(Load::Name(name.name.to_name(), epoch)) {
            lead.end(match shared.slots.publish_name(name, epoch, &known) {
                true => Outcome::Loaded(known),
                false => Outcome::Again,
            });
        }
    });
    let seen = by_id(&world);
    let found = by_name(&world);
    assert!(
        found >= seen,
        "version {found} after {seen}, which is older"
    );
    altering.join().unwrap();
    finding.join().unwrap();
}

/// Who has loaded a table by its id, as it was committed and nobody was told of yet, sees no less of it in
/// a copy by name.
fn by_id_and_then_by_copy_of_name() {
    let world = World::warm(&["notes"], options(1));
    by_name(&world);
    by_copy_of_name(&world);
    let notes = world.registry.with(NOTES, |notes| notes.charge(1 << 40));
    notes.expect("it was in memory, and is evicted");
    let altering = world.spawn(|world| world.alter(NOTES));
    let seen = by_id(&world);
    let found = by_copy_of_name(&world);
    assert!(
        found >= seen,
        "version {found} after {seen}, which is older"
    );
    altering.join().unwrap();
}

#[test]
fn what_was_seen_by_id_is_seen_in_a_copy_by_name() {
    holds(
        "by id and then by copy of name",
        2,
        by_id_and_then_by_copy_of_name,
    );
}

#[test]
fn what_was_seen_by_id_is_seen_by_name() {
    holds("by id and then by name", 2, || {
        by_id_and_then_by_name(options(1), World::alter)
    });
    holds("by id and then by name, evicted", 2, || {
        by_id_and_then_by_name(no_budget(1), World::alter_elsewhere);
    });
}

// ---- handles ----

/// What a handle has returned it never takes back, whatever happens between two look-ups.
fn handle_against_alter(is_warm: bool) {
    let tables = &["notes"];
    let world = match is_warm {
        true => World::warm(tables, options(1)),
        false => World::new(tables, options(1)),
    };
    let altering = world.spawn(|world| {
        world.alter(NOTES);
        world.is_done(1);
    });
    let mut handle = world.registry.handle(NOTES);
    let mut watch = Watch::new();
    for _ in 0..2 {
        watch.see(&world, || block_on(handle.get()).unwrap().version());
    }
    altering.join().unwrap();
    watch.see(&world, || block_on(handle.get()).unwrap().version());
}

#[test]
fn what_a_handle_returns_never_goes_back() {
    holds("handle against alter, loaded", 2, || {
        handle_against_alter(true)
    });
    holds("handle against alter, not loaded", 2, || {
        handle_against_alter(false)
    });
}

#[test]
fn twin_keeps_a_handle_whose_clock_stands_still() {
    fails(Fault::StillAlterations, "older", || {
        handle_against_alter(true)
    });
}

// ---- copies and publications ----

/// Another process has altered the table, it is evicted, and one thread loads it anew, also if nothing is to
/// be had of the store's changes: who hears from that thread sees no less in a copy of his own.
fn copy_against_publication(is_silent: bool) {
    let world = World::warm(&["notes"], options(1));
    if is_silent {
        world.store.be_silent();
    }
    assert_eq!(by_copy(&world), 1);
    world.alter_elsewhere(NOTES);
    let loading = world.spawn(|world| {
        let notes = world.registry.with(NOTES, |notes| notes.charge(1 << 40));
        notes.expect("it is in memory");
        assert_eq!(world.get(NOTES), 2);
        world.is_done(1);
    });
    let mut watch = Watch::new();
    for _ in 0..2 {
        watch.see(&world, || by_copy(&world));
    }
    loading.join().unwrap();
    watch.see(&world, || by_copy(&world));
}

#[test]
fn no_copy_is_older_than_what_another_thread_has_loaded() {
    holds("copies against a publication", 2, || {
        copy_against_publication(false)
    });
    holds("copies against a publication, silent", 3, || {
        copy_against_publication(true)
    });
}

#[test]
fn twin_publishes_and_leaves_the_clock_where_it_was() {
    fails(Fault::StillPublications, "older", || {
        copy_against_publication(true)
    });
}

// ---- several at one moment ----

/// Two tables are altered, one after the other.
fn alter_both_against(options: RegistryOptions, look_up: fn(&World) -> (u32, u32)) {
    let world = World::warm(&["notes", "tasks"], options);
    let altering = world.spawn(|world| {
        world.alter(NOTES);
        world.alter(TASKS);
    });
    let (notes, tasks) = look_up(&world);
    assert!(
        notes >= tasks,
        "tasks at {tasks}, but notes are older: {notes}"
    );
    altering.join().unwrap();
    assert_eq!(look_up(&world), (2, 2), "older than both alterations");
}

fn at_one_moment(world: &World) -> (u32, u32) {
    let found = block_on(world.registry.get_all(&[NOTES, TASKS])).unwrap();
    (version(found[0].as_ref()), version(found[1].as_ref()))
}

fn one_by_one(world: &World) -> (u32, u32) {
    (world.get(NOTES), world.get(TASKS))
}

#[test]
fn several_tables_are_of_one_moment() {
    for clocks in [1, 2] {
        let name = format!("get_all against two alterations, {clocks} clocks");
        holds(&name, 2, move || {
            alter_both_against(options(clocks), at_one_moment)
        });
    }
    for clocks in [1, 2] {
        let name = format!("get_all against two alterations, {clocks} clocks, evicted");
        holds(&name, 2, move || {
            alter_both_against(no_budget(clocks), at_one_moment);
        });
    }
}

#[test]
fn twin_asks_for_one_table_after_the_other() {
    fails(Fault::None, "older", || {
        alter_both_against(options(2), one_by_one)
    });
}

// ---- commits that nobody heard of ----

/// What an alteration that was cut off did is seen, once that is over.
fn cut_off(fates: &'static [Fate], cut: fn(&World)) {
    let world = World::warm(&["notes"], options(1));
    let altering = world.spawn(move |world| {
        world.store.expect(fates.iter().copied());
        cut(world);
        world.is_done(1);
    });
    let looking = world.spawn(|world| {
        Watch::new().see(world, || by_copy(world));
    });
    altering.join().unwrap();
    looking.join().unwrap();
    Watch::new().see(&world, || by_copy(&world));
}

/// The future is dropped between the commit and what follows.
fn drop_after_commit(world: &World) {
    let notes = world.stored(NOTES);
    assert!(poll_once(world.registry.alter(&notes, table("notes", 2))).is_none());
}

/// The store commits, and says that it failed.
fn fail_after_commit(world: &World) {
    let notes = world.stored(NOTES);
    let failed = block_on(world.registry.alter(&notes, table("notes", 2)));
    failed.expect_err("the store is away");
}

/// As if nothing were done when the future is dropped.
fn forget_after_commit(world: &World) {
    let notes = world.stored(NOTES);
    let mut altering = Box::pin(world.registry.alter(&notes, table("notes", 2)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(altering.as_mut().poll(&mut context).is_pending());
    std::mem::forget(altering);
}

#[test]
fn what_was_committed_is_seen_also_if_whoever_altered_was_cut_off() {
    holds("alter dropped after the commit", 3, || {
        cut_off(&[Fate::Wait], drop_after_commit)
    });
    holds("alter failed after the commit", 3, || {
        cut_off(&[Fate::Fail], fail_after_commit)
    });
}

#[test]
fn twin_does_nothing_when_it_is_cut_off() {
    fails(Fault::None, "older", || {
        cut_off(&[Fate::Wait], forget_after_commit)
    });
}

// ---- the bug to be immune to ----

/// Another process alters, and this one is told: it forgets the table before it says that it is done.
fn told_against_get(tell: fn(&World)) {
    let world = World::new(&["notes"], options(1));
    let telling = world.spawn(move |world| {
        tell(world);
        world.is_done(1);
    });
    let looking = world.spawn(|world| {
        let mut watch = Watch::new();
        for _ in 0..2 {
            watch.see(world, || by_copy(world));
        }
    });
    telling.join().unwrap();
    looking.join().unwrap();
    Watch::new().see(&world, || by_copy(&world));
}

fn invalidate(world: &World) {
    world.alter_elsewhere(NOTES);
    world.registry.invalidate(NOTES);
}

fn clear(world: &World) {
    world.alter_elsewhere(NOTES);
    world.registry.clear();
}

fn refresh(world: &World) {
    world.alter_elsewhere(NOTES);
    block_on(world.registry.refresh()).unwrap();
}

fn invalidate_before(world: &World) {
    world.registry.invalidate(NOTES);
    world.alter_elsewhere(NOTES);
}

#[test]
fn what_is_forgotten_no_slow_load_brings_back() {
    holds("invalidate against a load", 3, || {
        told_against_get(invalidate)
    });
    holds("clear against a load", 2, || told_against_get(clear));
    holds("refresh against a load", 2, || told_against_get(refresh));
}

#[test]
fn twin_forgets_before_the_commit() {
    fails(Fault::None, "older", || told_against_get(invalidate_before));
}

#[test]
fn twin_lets_a_slow_load_bring_back_what_is_forgotten() {
    for fault in [Fault::StillAlterations, Fault::OpenSections] {
        fails(fault, "older", || told_against_get(invalidate));
        fails(fault, "older", || told_against_get(clear));
    }
}
