// SPDX-License-Identifier: Apache-2.0

//! Derived values of a snapshot, their counters, and older versions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use kalamtable_registry::{Artefact, RegistryOptions, SchemaRegistry};
use kalamtable_store::MemoryStore;
use pollster::block_on;

use crate::support::{create, open, table, widen};

async fn without_shadow() -> SchemaRegistry {
    open(Arc::new(MemoryStore::new()), RegistryOptions::default()).await
}

/// Returns the numbers of hits and misses.
fn counts(registry: &SchemaRegistry, artefact: Artefact) -> (u64, u64) {
    let stats = registry.stats();
    let of = |counts: &[(Artefact, u64)]| {
        let found = counts.iter().find(|(other, _)| *other == artefact);
        found.expect("every artefact is counted").1
    };
    (of(&stats.hits), of(&stats.misses))
}

#[test]
fn lookups_are_counted_as_hits_and_misses() {
    block_on(async {
        let registry = without_shadow().await;
        let id = create(&registry, "app.notes", 1).await.id();
        registry.clear();
        let (hits, misses) = counts(&registry, Artefact::Table);
        registry.get(id).await.unwrap();
        assert_eq!(counts(&registry, Artefact::Table), (hits, misses + 1));
        for _ in 0..10 {
            registry.get(id).await.unwrap();
            registry.with(id, |_| ()).unwrap();
        }
        assert_eq!(counts(&registry, Artefact::Table), (hits + 20, misses + 1));
    });
}

#[test]
fn derived_schemas_are_created_once() {
    block_on(async {
        let registry = without_shadow().await;
        let notes = create(&registry, "app.notes", 3).await;
        let system = counts(&registry, Artefact::SystemColumns);
        let first = Arc::clone(notes.schema_with_system_columns());
        assert!(Arc::ptr_eq(&first, notes.schema_with_system_columns()));
        let (hits, misses) = counts(&registry, Artefact::SystemColumns);
        assert!(
            misses - system.1 <= 1 && hits >= system.0,
            "{hits} {misses}"
        );

        let before = counts(&registry, Artefact::Projection);
        let projected = notes.projected_schema(&[2, 0, 2]).unwrap().into_owned();
        let names: Vec<&str> = projected
            .fields()
            .iter()
            .map(|field| &**field.name())
            .collect();
        assert_eq!(names, ["c2", "id", "c2"]);
        let again = notes.projected_schema(&[2, 0, 2]).unwrap();
        assert!(Arc::ptr_eq(&projected, &again));
        let after = counts(&registry, Artefact::Projection);
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
        assert!(notes.projected_schema(&[99]).is_err());
    });
}

#[derive(Debug, PartialEq)]
struct FirstExtension(usize);
#[derive(Debug, PartialEq)]
struct SecondExtension(usize);

#[test]
fn each_extension_type_is_created_once_per_version() {
    let registry = block_on(without_shadow());
    let notes = block_on(create(&registry, "app.notes", 1));
    let created = AtomicUsize::new(0);
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (notes, created, barrier) = (&notes, &created, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let next = || created.fetch_add(1, Ordering::Relaxed);
                if thread % 2 == 0 {
                    notes.extension(|| FirstExtension(next()));
                } else {
                    notes.extension(|| SecondExtension(next()));
                }
            });
        }
    });
    let first = notes.extension(|| -> FirstExtension { panic!("the extension exists") });
    assert!(std::ptr::eq(first, notes.extension(|| FirstExtension(99))));
    let second = notes.extension(|| -> SecondExtension { panic!("the extension exists") });
    assert_ne!(first.0, second.0);

    // Another version has its own extensions.
    let next = block_on(widen(&registry, &notes));
    assert_eq!(next.extension(|| FirstExtension(7)), &FirstExtension(7));
    assert_ne!(notes.extension(|| FirstExtension(7)), &FirstExtension(7));
}

#[test]
fn older_versions_survive_eviction_and_drop() {
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let registry = open(
            store,
            RegistryOptions {
                budget_bytes: 0,
                ..RegistryOptions::default()
            },
        )
        .await;
        let notes = create(&registry, "app.notes", 5).await;
        let id = notes.id();
        registry.drop_table(&notes).await.unwrap();
        let again = registry.create(table("app.notes", 1)).await.unwrap();
        assert_ne!(again.id(), id);
        for _ in 0..2 {
            for version in 1..=5 {
                let found = registry.get_version(id, version).await.unwrap().unwrap();
                assert_eq!((found.id(), found.version()), (id, version));
                assert_eq!(found.schema().fields().len(), 1 + version as usize);
                assert!(!registry.is_current(&found));
            }
            assert!(registry.get_version(id, 6).await.unwrap().is_none());
            assert_eq!(registry.stats().versions_resident, 0);
        }
    });
}
