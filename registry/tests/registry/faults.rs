// SPDX-License-Identifier: Apache-2.0

//! Stores that fail, panic, do not confirm a change, omit changes, or return wrong tables.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};

use expect_test::expect;
use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_store::{DefinitionStore, TableId};
use pollster::block_on;

use crate::faulty_store::{CallOutcome, FaultyStore, StoreCall};
use crate::support::{create, open, options, table, widen};

async fn faulty(options: RegistryOptions) -> (Arc<FaultyStore>, SchemaRegistry) {
    let store = Arc::new(FaultyStore::new());
    let registry = open(store.clone(), options).await;
    (store, registry)
}

// ---- unconfirmed changes ----

#[test]
fn unconfirmed_change_is_visible_to_every_lookup() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let first = create(&registry, "app.notes", 1).await;
        let id = first.id();
        let mut handle = registry.handle(id);
        handle.get().await.unwrap();
        registry.find(("app", "notes")).await.unwrap();
        for _ in 0..2 {
            registry.with(id, |at| assert_eq!(at.version(), 1));
            registry.with_name(("app", "notes"), |at| assert_eq!(at.version(), 1));
        }

        store.next(StoreCall::Write, vec![CallOutcome::Unconfirmed]);
        let unconfirmed = registry.alter(&first, table("app.notes", 2)).await;
        assert_eq!(
            unconfirmed.unwrap_err().to_string(),
            "no confirmation for `log/1`: the change may or may not have been committed"
        );
        assert!(
            registry
                .with(id, |at| at.version())
                .is_none_or(|at| at == 2)
        );
        let borrowed = registry.with_name(("app", "notes"), |at| at.version());
        assert!(borrowed.is_none_or(|at| at == 2));
        assert_eq!(handle.get().await.unwrap().version(), 2);
        let found = registry.find(("app", "notes")).await.unwrap().unwrap();
        assert_eq!(found.version(), 2);
        assert_eq!(registry.get(id).await.unwrap().unwrap().version(), 2);
    });
}

#[test]
fn unconfirmed_rename_moves_the_name() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let notes = create(&registry, "app.notes", 1).await;
        registry.find(("app", "notes")).await.unwrap();
        assert!(registry.find(("app", "letters")).await.unwrap().is_none());
        store.next(StoreCall::Write, vec![CallOutcome::Unconfirmed]);
        let letters = table("app.letters", 1).name().clone();
        registry.rename(&notes, letters).await.unwrap_err();
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        let found = registry.find(("app", "letters")).await.unwrap().unwrap();
        assert_eq!((found.id(), found.version()), (notes.id(), 2));
    });
}

#[test]
fn unconfirmed_create_and_drop_are_visible() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        // The absence of the name is cached.
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        assert!(registry.get(TableId(1)).await.unwrap().is_none());
        store.next(StoreCall::Write, vec![CallOutcome::Unconfirmed]);
        registry.create(table("app.notes", 1)).await.unwrap_err();
        let found = registry.find(("app", "notes")).await.unwrap().unwrap();
        assert_eq!(found.id(), TableId(1));
        assert!(registry.get(TableId(1)).await.unwrap().is_some());

        store.next(StoreCall::Write, vec![CallOutcome::Unconfirmed]);
        registry.drop_table(&found).await.unwrap_err();
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        assert!(registry.get(TableId(1)).await.unwrap().is_none());
    });
}

#[test]
fn failed_change_has_no_effect() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let first = create(&registry, "app.notes", 1).await;
        store.next(StoreCall::Write, vec![CallOutcome::Failure]);
        registry
            .alter(&first, table("app.notes", 2))
            .await
            .unwrap_err();
        assert_eq!(
            registry.get(first.id()).await.unwrap().unwrap().version(),
            1
        );
        assert_eq!(widen(&registry, &first).await.version(), 2);
    });
}

// ---- failing loads ----

#[test]
fn failed_loads_are_not_cached() {
    block_on(async {
        let (store, registry) = faulty(RegistryOptions::default()).await;
        let id = create(&registry, "app.notes", 1).await.id();
        registry.invalidate(id);
        for call in [StoreCall::Get, StoreCall::Find] {
            registry.clear();
            let before = registry.stats();
            store.next(call, (0..3).map(|_| CallOutcome::Failure).collect());
            for _ in 0..3 {
                let failed = match call {
                    StoreCall::Find => registry.find(("app", "notes")).await,
                    _ => registry.get(id).await,
                };
                assert_eq!(failed.unwrap_err().to_string(), "the store is unavailable");
            }
            let found = registry.find(("app", "notes")).await.unwrap();
            assert_eq!(found.unwrap().id(), id);
            assert!(registry.get(id).await.unwrap().is_some());
            let after = registry.stats();
            assert_eq!(after.load_failures - before.load_failures, 3);
        }
    });
}

#[test]
fn panicking_store_blocks_no_lookup() {
    let (store, registry) = block_on(faulty(RegistryOptions::default()));
    let first = block_on(create(&registry, "app.notes", 1));
    let id = first.id();
    for call in [StoreCall::Get, StoreCall::Find, StoreCall::Changes] {
        registry.clear();
        store.next(call, vec![CallOutcome::Panic]);
        let _ = catch_unwind(AssertUnwindSafe(|| {
            block_on(async {
                let _ = registry.get(id).await;
                let _ = registry.find(("app", "notes")).await;
                let _ = registry.refresh().await;
            });
        }));
        assert_eq!(registry.get_blocking(id).unwrap().unwrap().version(), 1);
        let found = block_on(registry.find(("app", "notes"))).unwrap();
        assert_eq!(found.unwrap().id(), id);
    }
    store.next(StoreCall::Write, vec![CallOutcome::Panic]);
    let altered = catch_unwind(AssertUnwindSafe(|| block_on(widen(&registry, &first))));
    assert!(altered.is_err());
    assert_eq!(block_on(widen(&registry, &first)).version(), 2);
}

#[test]
fn blocking_lookups_share_a_load() {
    let (_, registry) = block_on(faulty(RegistryOptions::default()));
    let id = block_on(create(&registry, "app.notes", 3)).id();
    for _ in 0..20 {
        registry.clear();
        let loads = registry.stats().loads;
        let barrier = Barrier::new(4);
        let found = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| {
                scope.spawn(|| {
                    barrier.wait();
                    registry.get_blocking(id).unwrap().unwrap()
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        assert!(found.iter().all(|other| Arc::ptr_eq(other, &found[0])));
        assert_eq!(registry.stats().loads, loads + 1);
    }
}

// ---- missing changes ----

#[test]
fn missing_change_stops_refresh_and_clears_the_cache() {
    block_on(async {
        let (store, registry) = faulty(RegistryOptions::default()).await;
        let notes = create(&registry, "app.notes", 1).await;
        let tasks = create(&registry, "app.tasks", 1).await;
        let last = registry.stats().sequence;
        // Another process changes both tables, and the first change cannot be read.
        store
            .memory
            .replace(notes.id(), 1, table("app.notes", 2))
            .await
            .unwrap();
        store
            .memory
            .replace(tasks.id(), 1, table("app.tasks", 2))
            .await
            .unwrap();
        store.script(|call| match call {
            StoreCall::Changes => CallOutcome::MissingChange,
            _ => CallOutcome::Success,
        });
        for _ in 0..2 {
            let gap = registry.refresh().await.unwrap_err();
            assert_eq!(
                gap.to_string(),
                "change 4 of the store follows 2: the changes between them are missing"
            );
            assert_eq!(registry.stats().sequence, last);
            for id in [notes.id(), tasks.id()] {
                assert!(registry.with(id, |at| at.version()).is_none());
                assert_eq!(registry.get(id).await.unwrap().unwrap().version(), 2);
            }
        }
        // The cursor advances as soon as the change can be read.
        store.script(|_| CallOutcome::Success);
        assert_eq!(registry.refresh().await.unwrap().0, 4);
    });
}

#[test]
fn forgotten_changes_clear_the_cache() {
    block_on(async {
        let (store, registry) = faulty(RegistryOptions::default()).await;
        let notes = create(&registry, "app.notes", 1).await;
        for version in 1..4 {
            let next = table("app.notes", 1 + version as usize);
            store
                .memory
                .replace(notes.id(), version, next)
                .await
                .unwrap();
        }
        store.next(StoreCall::Changes, vec![CallOutcome::ForgottenChanges]);
        assert_eq!(registry.refresh().await.unwrap().0, 4);
        assert_eq!(registry.stats().tables_resident, 0);
        let found = registry.get(notes.id()).await.unwrap().unwrap();
        assert_eq!(found.version(), 4);
    });
}

// ---- wrong tables ----

#[test]
fn shadow_mode_detects_a_stale_version() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let id = create(&registry, "app.notes", 2).await.id();
        let old = store.memory.get_version(id, 1).await.unwrap().unwrap();
        registry.invalidate(id);
        // The first read is the verification, and the second one is the load.
        store.next(
            StoreCall::Get,
            vec![CallOutcome::Success, CallOutcome::WrongTable(old)],
        );
        let stale = registry.get(id).await.unwrap_err();
        expect!["table 1: the cached version is 1, but the store has version 2"]
            .assert_eq(&stale.to_string());
    });
}

#[test]
fn shadow_mode_detects_a_wrong_definition() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let id = create(&registry, "app.notes", 1).await.id();
        let mut other = store.memory.get(id).await.unwrap().unwrap();
        other.definition = Arc::new(table("app.notes", 7));
        store.next(StoreCall::GetVersion, vec![CallOutcome::WrongTable(other)]);
        let mixed = registry.get(id).await.unwrap_err();
        expect!["table 1, version 1: the cached definition does not match the store"]
            .assert_eq(&mixed.to_string());
        assert!(registry.get(id).await.is_ok());
    });
}
