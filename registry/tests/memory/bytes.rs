// SPDX-License-Identifier: Apache-2.0

//! Charged bytes are at least the live ones and at most a tenth more, a budget is kept, and all is given back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_store::TableId;
use pollster::block_on;

use crate::live_bytes;
use crate::store::{Generated, Shapes};

static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(shapes: Shapes, tables: u64, budget_bytes: usize) -> SchemaRegistry {
    let options = RegistryOptions {
        budget_bytes,
        clocks: 1024,
        ..RegistryOptions::default()
    };
    let store = Arc::new(Generated { shapes, tables });
    block_on(SchemaRegistry::open(store, options)).unwrap()
}

fn find(registry: &SchemaRegistry, id: u64) {
    let namespace = format!("tenant_{id}");
    let found = block_on(registry.find((&*namespace, "orders"))).unwrap();
    assert_eq!(found.expect("a table").id(), TableId(id));
}

/// The maps free what was replaced when nobody can read it any more, and some dozens at a time: after some
/// more work all is gone.
fn flush(registry: &SchemaRegistry) {
    let name = ("nobody", "nothing");
    for _ in 0..200 {
        assert!(block_on(registry.get(TableId(u64::MAX))).unwrap().is_none());
        assert!(block_on(registry.find(name)).unwrap().is_none());
        registry.invalidate(TableId(u64::MAX));
        registry.invalidate_name(name);
    }
}

/// What is charged and what is live, as `fill` leaves it.
fn charged_and_live(
    registry: &SchemaRegistry,
    fill: impl FnOnce(&SchemaRegistry),
) -> (usize, usize) {
    find(registry, 1);
    flush(registry);
    let (charged, live) = (registry.stats().bytes_resident, live_bytes());
    fill(registry);
    flush(registry);
    let live = live_bytes() - live;
    (registry.stats().bytes_resident - charged, live)
}

#[track_caller]
fn assert_honest(what: &str, charged_and_live: (usize, usize)) {
    assert_within(1.1, what, charged_and_live);
}

/// That what is charged is at least what is live, and at most so many times as much.
#[track_caller]
fn assert_within(most: f64, what: &str, (charged, live): (usize, usize)) {
    let ratio = charged as f64 / live as f64;
    println!("{what}: {charged} bytes charged, {live} live, {ratio:.3}");
    assert!((1.0..=most).contains(&ratio), "{what}: {ratio:.3}");
}

const TABLES: u64 = 1_000;

fn check(shapes: Shapes, tables: u64, touch: fn(&SchemaRegistry, u64)) -> (usize, usize) {
    let _turn = turn();
    let registry = open(shapes, tables, 1 << 30);
    charged_and_live(&registry, |registry| {
        for id in 2..=tables {
            find(registry, id);
            touch(registry, id);
        }
    })
}

fn nothing(_: &SchemaRegistry, _: u64) {}

fn derived(registry: &SchemaRegistry, id: u64) {
    let found = block_on(registry.get(TableId(id)))
        .unwrap()
        .expect("a table");
    let all = found.schema_with_system_columns().fields().len();
    for columns in [&[0, 1][..], &[0, 2, 4, 6], &[all - 1, 0]] {
        found.projected_schema(columns).unwrap();
    }
}

#[test]
fn tables_of_one_shape() {
    // Maps are fuller and emptier as they grow.
    for tables in [TABLES, 1_300, 2_200, 4_200, 7_000] {
        let what = format!("one shape, {tables} tables");
        assert_honest(&what, check(Shapes::One, tables, nothing));
    }
    assert_honest("one shape, derived", check(Shapes::One, TABLES, derived));
}

#[test]
fn tables_of_other_selections_of_the_same_columns() {
    assert_honest("selections", check(Shapes::Selections, TABLES, nothing));
    assert_honest(
        "selections, derived",
        check(Shapes::Selections, TABLES, derived),
    );
}

#[test]
fn tables_without_a_common_column() {
    assert_honest("distinct", check(Shapes::Distinct, TABLES, nothing));
    assert_honest(
        "distinct, derived",
        check(Shapes::Distinct, TABLES, derived),
    );
}

#[test]
fn absent_tables_and_names() {
    let _turn = turn();
    let registry = open(Shapes::One, 1, 1 << 30);
    let ids = charged_and_live(&registry, |registry| {
        for id in 2..2 + TABLES {
            assert!(block_on(registry.get(TableId(id))).unwrap().is_none());
        }
    });
    // Of what is as small, the free places of a map are a large part.
    assert_within(1.4, "absent ids", ids);
    let names = charged_and_live(&registry, |registry| {
        for id in 2..2 + 4 * TABLES {
            let namespace = format!("tenant_{id}");
            let none = block_on(registry.find((&*namespace, "orders"))).unwrap();
            assert!(none.is_none());
        }
    });
    assert_within(1.2, "absent names", names);
}

#[test]
fn older_versions() {
    let _turn = turn();
    let registry = open(Shapes::One, 1, 1 << 30);
    let versions = charged_and_live(&registry, |registry| {
        for version in 2..2 + TABLES as u32 {
            let found = block_on(registry.get_version(TableId(1), version)).unwrap();
            assert_eq!(found.expect("a version").version(), version);
        }
    });
    assert_honest("older versions", versions);
}

/// One key that is taken out of the maps and put in again and again.
#[test]
fn a_table_that_is_read_again_and_again_takes_no_more_each_time() {
    let _turn = turn();
    let registry = open(Shapes::One, 5_000, 1 << 30);
    for id in 1..=5_000 {
        find(&registry, id);
    }
    let before = live_bytes();
    for _ in 0..1_500 {
        registry.invalidate(TableId(7));
        find(&registry, 7);
    }
    let after = live_bytes();
    assert!(
        after < before + before / 10,
        "{before} bytes became {after}"
    );
}

#[test]
fn what_an_extension_says_is_charged() {
    let _turn = turn();
    let registry = open(Shapes::One, 10, 1 << 30);
    find(&registry, 1);
    let before = registry.stats().bytes_resident;
    registry.with(TableId(1), |found| {
        found.extension(|| vec![0_u8; 100_000]);
        found.charge(100_000);
    });
    assert_eq!(registry.stats().bytes_resident, before + 100_000);
}

#[test]
fn a_budget_is_kept_and_everything_is_given_back() {
    let _turn = turn();
    // Once, so that what is made once for all is there.
    drop(open(Shapes::Distinct, 10, 1 << 30));
    for (shapes, budget) in [(Shapes::Distinct, 4 << 20), (Shapes::One, 1 << 20)] {
        let before = live_bytes();
        let registry = open(shapes, 10_000, budget);
        let opened = live_bytes();
        let mut most = 0;
        for id in 1..=10_000 {
            find(&registry, id);
            let resident = registry.stats().bytes_resident;
            assert!(resident <= budget, "{resident} bytes at table {id}");
            most = most.max(live_bytes() - opened);
        }
        let stats = registry.stats();
        assert!(stats.evictions > 1_000, "{stats:?}");
        println!(
            "{shapes:?}: at most {most} live bytes for a budget of {budget}, {} tables",
            stats.tables_resident
        );
        // What is not freed yet, and the sieve and the maps at their largest, are not counted.
        assert!(most <= budget + budget / 4, "{most} live bytes");

        registry.clear();
        flush(&registry);
        let stats = registry.stats();
        assert_eq!((stats.tables_resident, stats.names_resident), (0, 0));
        assert_eq!((stats.versions_resident, stats.bytes_pinned), (0, 0));
        // Texts that nobody has any more stay until others come.
        assert_eq!(stats.bytes_resident, stats.bytes_shared);
        assert!(stats.bytes_shared <= budget / 4, "{stats:?}");
        drop(registry);
        let left = live_bytes().saturating_sub(before);
        assert!(
            left < 4_096,
            "{left} bytes are left of a registry that is gone"
        );
    }
}
