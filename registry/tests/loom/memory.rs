// SPDX-License-Identifier: Apache-2.0

//! Evictions: they cost loads, and change no answer.

use crate::model::{NOTES, TASKS, World, fails, holds, no_budget, options};
use crate::registry::RegistryOptions;
use crate::snapshot::TableSnapshot;
use crate::sync::{Fault, block_on};

/// For one table of one column, and not for two.
const ONE_TABLE: usize = 3000;

fn one_table(clocks: usize) -> RegistryOptions {
    RegistryOptions {
        budget_bytes: ONE_TABLE,
        ..options(clocks)
    }
}

fn check_notes(world: &World) {
    let done = world.steps_done();
    let lent = world.registry.with(NOTES, TableSnapshot::version);
    let found = lent.unwrap_or_else(|| world.get(NOTES));
    assert!(
        found > done,
        "version {found} is older than alteration {done}"
    );
}

/// One thread alters a table and another goes from table to table, so that each evicts the other.
fn evict_against_alter(options: RegistryOptions) {
    let world = World::warm(&["notes", "tasks"], options);
    let altering = world.spawn(|world| {
        world.alter(NOTES);
        world.is_done(1);
    });
    check_notes(&world);
    assert_eq!(world.get(TASKS), 1);
    check_notes(&world);
    altering.join().unwrap();
    check_notes(&world);
    let stats = world.registry.stats();
    assert!(stats.tables_resident <= 1, "{stats:?}");
    assert!(stats.names_resident <= 1, "{stats:?}");
}

/// Everything is evicted as soon as it is published.
fn evict_all_against_alter() {
    let world = World::new(&["notes"], no_budget(1));
    let altering = world.spawn(|world| {
        world.alter(NOTES);
        world.is_done(1);
    });
    check_notes(&world);
    altering.join().unwrap();
    check_notes(&world);
    assert_eq!(world.registry.stats().tables_resident, 0);
}

#[test]
fn an_evicted_table_is_not_older_when_it_is_loaded_again() {
    for clocks in [1, 2] {
        holds(
            &format!("eviction against alter, {clocks} clocks"),
            2,
            move || {
                evict_against_alter(one_table(clocks));
            },
        );
    }
    holds("eviction of everything against alter", 3, || {
        evict_all_against_alter()
    });
}

#[test]
fn twin_loads_an_evicted_table_under_a_clock_that_stands_still() {
    fails(Fault::StillAlterations, "older", || {
        evict_against_alter(one_table(1));
    });
}

/// Three tables and two threads, whose sections and evictions want each other's locks, also those of names.
#[test]
fn evictions_and_alterations_of_two_tables_do_not_wait_for_each_other() {
    holds("two alterations that evict each other", 2, || {
        let world = World::warm(&["notes", "tasks"], one_table(2));
        let altering = world.spawn(|world| world.alter(NOTES));
        world.alter(TASKS);
        altering.join().unwrap();
        assert_eq!((world.get(NOTES), world.get(TASKS)), (2, 2));
    });
}

/// What was evicted leaves nothing behind: the bytes of an empty registry are none.
#[test]
fn bytes_of_what_is_gone_are_gone() {
    holds("create, find and drop without a budget", 2, || {
        let world = World::new(&["notes"], no_budget(1));
        let finding = world.spawn(|world| {
            let _ = block_on(world.registry.find(("app", "letters"))).unwrap();
            let _ = block_on(world.registry.find(("app", "notes"))).unwrap();
        });
        let notes = world.stored(NOTES);
        block_on(world.registry.drop_table(&notes)).unwrap();
        drop(notes);
        finding.join().unwrap();
        assert!(
            block_on(world.registry.find(("app", "notes")))
                .unwrap()
                .is_none()
        );
        let stats = world.registry.stats();
        assert_eq!((stats.tables_resident, stats.names_resident), (0, 0));
        assert_eq!(stats.bytes_resident - stats.bytes_shared, 0);
    });
}
