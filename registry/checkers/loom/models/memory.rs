// SPDX-License-Identifier: Apache-2.0

//! Evictions, which cause loads and do not affect the results of lookups.

use super::world::{ModelWorld, NOTES, TASKS, fails, holds, no_budget, options};
use crate::options::RegistryOptions;
use crate::snapshot::TableSnapshot;
use crate::sync::block_on;
use crate::sync::under_loom::PrimitiveFault;

/// A budget for one table of one or two columns, but not for two tables.
const ONE_TABLE: usize = 3000;

fn one_table(clocks: usize) -> RegistryOptions {
    RegistryOptions {
        budget_bytes: ONE_TABLE,
        ..options(clocks)
    }
}

fn check_notes(world: &ModelWorld) {
    let done = world.steps_done();
    let borrowed = world.registry.with(NOTES, TableSnapshot::version);
    let found = borrowed.unwrap_or_else(|| world.get(NOTES));
    assert!(
        found > done,
        "version {found} is older than schema change {done}"
    );
}

/// One thread changes a table, and another thread looks up two tables in turn, which evict each
/// other.
fn evict_against_alter(options: RegistryOptions) {
    let world = ModelWorld::warm(&["notes", "tasks"], options);
    let changing = world.spawn(|world| {
        world.alter(NOTES);
        world.finish_step(1);
    });
    check_notes(&world);
    assert_eq!(world.get(TASKS), 1);
    check_notes(&world);
    changing.join().unwrap();
    check_notes(&world);
    let stats = world.registry.stats();
    assert!(stats.tables_resident <= 1, "{stats:?}");
    assert!(stats.names_resident <= 1, "{stats:?}");
}

/// One thread changes a table that is evicted as soon as it is published.
fn evict_all_against_alter() {
    let world = ModelWorld::new(&["notes"], no_budget(1));
    let changing = world.spawn(|world| {
        world.alter(NOTES);
        world.finish_step(1);
    });
    check_notes(&world);
    changing.join().unwrap();
    check_notes(&world);
    assert_eq!(world.registry.stats().tables_resident, 0);
}

#[test]
fn reloaded_tables_include_earlier_schema_changes() {
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
fn twin_reloads_under_a_clock_that_does_not_advance() {
    fails(PrimitiveFault::SchemaChangeWithoutAdvance, "older", || {
        evict_against_alter(one_table(1));
    });
}

/// Two threads change a table each. Their updates and evictions take the same locks.
#[test]
fn evictions_and_schema_changes_do_not_deadlock() {
    holds("two schema changes that evict each other", 2, || {
        let world = ModelWorld::warm(&["notes", "tasks"], one_table(2));
        let changing = world.spawn(|world| world.alter(NOTES));
        world.alter(TASKS);
        changing.join().unwrap();
        assert_eq!((world.get(NOTES), world.get(TASKS)), (2, 2));
    });
}

/// A registry without a budget holds no bytes after every operation.
#[test]
fn evicted_and_dropped_tables_leave_no_bytes() {
    holds("create, find and drop without a budget", 2, || {
        let world = ModelWorld::new(&["notes"], no_budget(1));
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
