// SPDX-License-Identifier: Apache-2.0

//! Tests that the charged bytes are at least the bytes in use and at most 10 % more, that a budget
//! is kept, and that all memory is freed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_store::TableId;
use pollster::block_on;

use crate::generated_store::{ColumnVariety, GeneratedStore};
use crate::live_bytes;

static ONE_TEST_AT_A_TIME: Mutex<()> = Mutex::new(());

fn one_test_at_a_time() -> MutexGuard<'static, ()> {
    ONE_TEST_AT_A_TIME
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn open(variety: ColumnVariety, tables: u64, budget_bytes: usize) -> SchemaRegistry {
    let options = RegistryOptions {
        budget_bytes,
        clocks: 1024,
        ..RegistryOptions::default()
    };
    let store = Arc::new(GeneratedStore { variety, tables });
    block_on(SchemaRegistry::open(store, options)).unwrap()
}

fn find(registry: &SchemaRegistry, id: u64) {
    let namespace = format!("tenant_{id}");
    let found = block_on(registry.find((&*namespace, "orders"))).unwrap();
    assert_eq!(found.expect("a table").id(), TableId(id));
}

/// Returns the bytes that are charged for what `fill` has cached, and the bytes in use for it.
fn charged_and_live(
    registry: &SchemaRegistry,
    fill: impl FnOnce(&SchemaRegistry),
) -> (usize, usize) {
    find(registry, 1);
    // The first value in a map allocates a page for a few hundred values.
    assert!(block_on(registry.get(TableId(u64::MAX))).unwrap().is_none());
    let none = block_on(registry.find(("no_namespace", "no_table"))).unwrap();
    assert!(none.is_none());
    let (charged, live) = (registry.stats().bytes_resident, live_bytes());
    fill(registry);
    let live = live_bytes() - live;
    (registry.stats().bytes_resident - charged, live)
}

/// Checks that the charged bytes are at least the bytes in use, and at most 10 % more.
#[track_caller]
fn assert_accurate(what: &str, (charged, live): (usize, usize)) {
    let ratio = charged as f64 / live as f64;
    println!("{what}: {charged} bytes charged, {live} live, {ratio:.3}");
    assert!((1.0..=1.1).contains(&ratio), "{what}: {ratio:.3}");
}

const TABLES: u64 = 1_000;

fn check(variety: ColumnVariety, tables: u64, touch: fn(&SchemaRegistry, u64)) -> (usize, usize) {
    let _guard = one_test_at_a_time();
    let registry = open(variety, tables, 1 << 30);
    charged_and_live(&registry, |registry| {
        for id in 2..=tables {
            find(registry, id);
            touch(registry, id);
        }
    })
}

fn touch_nothing(_: &SchemaRegistry, _: u64) {}

fn touch_schemas(registry: &SchemaRegistry, id: u64) {
    let found = block_on(registry.get(TableId(id)))
        .unwrap()
        .expect("a table");
    let all = found.schema_with_system_columns().fields().len();
    for columns in [&[0, 1][..], &[0, 2, 4, 6], &[all - 1, 0]] {
        found.projected_schema(columns).unwrap();
    }
}

#[test]
fn tables_with_equal_columns() {
    // The unused capacity of the maps depends on the number of tables.
    for tables in [TABLES, 1_300, 2_200, 4_200, 7_000] {
        let what = format!("equal columns, {tables} tables");
        assert_accurate(&what, check(ColumnVariety::Equal, tables, touch_nothing));
    }
    assert_accurate(
        "equal columns, derived",
        check(ColumnVariety::Equal, TABLES, touch_schemas),
    );
}

#[test]
fn tables_with_selections_of_the_same_columns() {
    assert_accurate(
        "selections",
        check(ColumnVariety::Selections, TABLES, touch_nothing),
    );
    assert_accurate(
        "selections, derived",
        check(ColumnVariety::Selections, TABLES, touch_schemas),
    );
}

#[test]
fn tables_with_distinct_columns() {
    assert_accurate(
        "distinct",
        check(ColumnVariety::Distinct, TABLES, touch_nothing),
    );
    assert_accurate(
        "distinct, derived",
        check(ColumnVariety::Distinct, TABLES, touch_schemas),
    );
}

#[test]
fn absent_tables_and_names() {
    let _guard = one_test_at_a_time();
    let registry = open(ColumnVariety::Equal, 1, 1 << 30);
    let ids = charged_and_live(&registry, |registry| {
        for id in 2..2 + TABLES {
            assert!(block_on(registry.get(TableId(id))).unwrap().is_none());
        }
    });
    assert_accurate("absent ids", ids);
    let names = charged_and_live(&registry, |registry| {
        for id in 2..2 + 4 * TABLES {
            let namespace = format!("tenant_{id}");
            let none = block_on(registry.find((&*namespace, "orders"))).unwrap();
            assert!(none.is_none());
        }
    });
    assert_accurate("absent names", names);
}

#[test]
fn older_versions() {
    let _guard = one_test_at_a_time();
    let registry = open(ColumnVariety::Equal, 1, 1 << 30);
    let versions = charged_and_live(&registry, |registry| {
        for version in 2..2 + TABLES as u32 {
            let found = block_on(registry.get_version(TableId(1), version)).unwrap();
            assert_eq!(found.expect("a version").version(), version);
        }
    });
    assert_accurate("older versions", versions);
}

/// One key is removed from the maps and inserted again repeatedly.
#[test]
fn repeated_invalidation_does_not_leak() {
    let _guard = one_test_at_a_time();
    let registry = open(ColumnVariety::Equal, 5_000, 1 << 30);
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
fn extensions_are_charged() {
    let _guard = one_test_at_a_time();
    let registry = open(ColumnVariety::Equal, 10, 1 << 30);
    find(&registry, 1);
    let before = registry.stats().bytes_resident;
    registry.with(TableId(1), |found| {
        found.extension(|| vec![0_u8; 100_000]);
        found.charge(100_000);
    });
    assert_eq!(registry.stats().bytes_resident, before + 100_000);
}

#[test]
fn a_budget_is_kept_and_all_memory_is_freed() {
    let _guard = one_test_at_a_time();
    // Allocates what the process allocates once.
    drop(open(ColumnVariety::Distinct, 10, 1 << 30));
    for (variety, budget) in [
        (ColumnVariety::Distinct, 4 << 20),
        (ColumnVariety::Equal, 1 << 20),
    ] {
        let before = live_bytes();
        let registry = open(variety, 10_000, budget);
        let opened = live_bytes();
        let mut max_live = 0;
        for id in 1..=10_000 {
            find(&registry, id);
            let resident = registry.stats().bytes_resident;
            assert!(resident <= budget, "{resident} bytes at table {id}");
            max_live = max_live.max(live_bytes() - opened);
        }
        let stats = registry.stats();
        assert!(stats.evictions > 1_000, "{stats:?}");
        println!(
            "{variety:?}: at most {max_live} live bytes for a budget of {budget}, {} tables",
            stats.tables_resident
        );
        // Unused capacity of the sieve and the maps is not charged.
        assert!(max_live <= budget + budget / 4, "{max_live} live bytes");

        registry.clear();
        let stats = registry.stats();
        assert_eq!((stats.tables_resident, stats.names_resident), (0, 0));
        assert_eq!((stats.versions_resident, stats.bytes_pinned), (0, 0));
        // Unused strings stay interned until more are added.
        assert_eq!(stats.bytes_resident, stats.bytes_shared);
        assert!(stats.bytes_shared <= budget / 4, "{stats:?}");
        drop(registry);
        let left = live_bytes().saturating_sub(before);
        // The test harness allocates 11,000 bytes for the first results of tests, and may do so
        // meanwhile. The clocks of the registry alone are larger.
        assert!(left < 12_288, "{left} bytes are left of a dropped registry");
    }
}
