// SPDX-License-Identifier: Apache-2.0

//! Stores that fail, panic, do not say what they have done, leave changes out, or lie.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};

use expect_test::expect;
use kalamtable_registry::{Error, RegistryOptions, SchemaRegistry};
use kalamtable_store::{DefinitionStore, TableId};
use pollster::block_on;

use crate::faulty::{Call, Fate, Faulty};
use crate::support::{create, open, options, table, widen};

async fn faulty(options: RegistryOptions) -> (Arc<Faulty>, SchemaRegistry) {
    let store = Arc::new(Faulty::new());
    let registry = open(store.clone(), options).await;
    (store, registry)
}

fn text(error: &Error) -> String {
    error.to_string()
}

// ---- changes that may have been made ----

#[test]
fn an_alteration_in_doubt_that_was_made_is_seen_by_every_way_to_look_up() {
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

        store.next(Call::Write, vec![Fate::Unanswered]);
        let doubt = registry.alter(&first, table("app.notes", 2)).await;
        assert_eq!(
            text(&doubt.unwrap_err()),
            "no confirmation for `log/1`: the change may or may not have been committed"
        );
        assert!(
            registry
                .with(id, |at| at.version())
                .is_none_or(|at| at == 2)
        );
        let lent = registry.with_name(("app", "notes"), |at| at.version());
        assert!(lent.is_none_or(|at| at == 2));
        assert_eq!(handle.get().await.unwrap().version(), 2);
        let found = registry.find(("app", "notes")).await.unwrap().unwrap();
        assert_eq!(found.version(), 2);
        assert_eq!(registry.get(id).await.unwrap().unwrap().version(), 2);
    });
}

#[test]
fn a_rename_in_doubt_that_was_made_moves_the_name() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let notes = create(&registry, "app.notes", 1).await;
        registry.find(("app", "notes")).await.unwrap();
        assert!(registry.find(("app", "letters")).await.unwrap().is_none());
        store.next(Call::Write, vec![Fate::Unanswered]);
        let letters = table("app.letters", 1).name().clone();
        registry.rename(&notes, letters).await.unwrap_err();
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        let found = registry.find(("app", "letters")).await.unwrap().unwrap();
        assert_eq!((found.id(), found.version()), (notes.id(), 2));
    });
}

#[test]
fn a_table_that_was_made_in_doubt_is_found_and_a_dropped_one_is_not() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        // Both are known to be absent.
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        assert!(registry.get(TableId(1)).await.unwrap().is_none());
        store.next(Call::Write, vec![Fate::Unanswered]);
        registry.create(table("app.notes", 1)).await.unwrap_err();
        let found = registry.find(("app", "notes")).await.unwrap().unwrap();
        assert_eq!(found.id(), TableId(1));
        assert!(registry.get(TableId(1)).await.unwrap().is_some());

        store.next(Call::Write, vec![Fate::Unanswered]);
        registry.drop_table(&found).await.unwrap_err();
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        assert!(registry.get(TableId(1)).await.unwrap().is_none());
    });
}

#[test]
fn a_change_that_was_refused_leaves_everything_where_it_is() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let first = create(&registry, "app.notes", 1).await;
        store.next(Call::Write, vec![Fate::Refused]);
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

// ---- loads that fail ----

#[test]
fn a_load_that_fails_is_told_and_not_remembered() {
    block_on(async {
        let (store, registry) = faulty(RegistryOptions::default()).await;
        let id = create(&registry, "app.notes", 1).await.id();
        registry.invalidate(id);
        for call in [Call::Get, Call::Find] {
            registry.clear();
            let before = registry.stats();
            store.next(call, (0..3).map(|_| Fate::Refused).collect());
            for _ in 0..3 {
                let failed = match call {
                    Call::Find => registry.find(("app", "notes")).await,
                    _ => registry.get(id).await,
                };
                assert_eq!(text(&failed.unwrap_err()), "the store is away");
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
fn a_store_that_panics_blocks_nobody() {
    let (store, registry) = block_on(faulty(RegistryOptions::default()));
    let first = block_on(create(&registry, "app.notes", 1));
    let id = first.id();
    for call in [Call::Get, Call::Find, Call::Changes] {
        registry.clear();
        store.next(call, vec![Fate::Panic]);
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
    store.next(Call::Write, vec![Fate::Panic]);
    let altered = catch_unwind(AssertUnwindSafe(|| block_on(widen(&registry, &first))));
    assert!(altered.is_err());
    assert_eq!(block_on(widen(&registry, &first)).version(), 2);
}

#[test]
fn threads_without_a_runtime_look_up_together_and_load_once() {
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

// ---- changes that are missing ----

#[test]
fn a_gap_stops_the_cursor_and_nothing_old_is_served() {
    block_on(async {
        let (store, registry) = faulty(RegistryOptions::default()).await;
        let notes = create(&registry, "app.notes", 1).await;
        let tasks = create(&registry, "app.tasks", 1).await;
        let last = registry.stats().sequence;
        // Another process alters both, and of the first change nothing is to be had.
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
            Call::Changes => Fate::Gap,
            _ => Fate::Done,
        });
        for _ in 0..2 {
            let gap = registry.refresh().await.unwrap_err();
            assert_eq!(
                text(&gap),
                "change 4 of the store follows 2: changes between them are missing"
            );
            assert_eq!(registry.stats().sequence, last);
            for id in [notes.id(), tasks.id()] {
                assert!(registry.with(id, |at| at.version()).is_none());
                assert_eq!(registry.get(id).await.unwrap().unwrap().version(), 2);
            }
        }
        // When the change is there the cursor goes on.
        store.script(|_| Fate::Done);
        assert_eq!(registry.refresh().await.unwrap().0, 4);
    });
}

#[test]
fn changes_that_were_forgotten_cost_everything_that_is_remembered() {
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
        store.next(Call::Changes, vec![Fate::Forgotten]);
        assert_eq!(registry.refresh().await.unwrap().0, 4);
        assert_eq!(registry.stats().tables_resident, 0);
        let found = registry.get(notes.id()).await.unwrap().unwrap();
        assert_eq!(found.version(), 4);
    });
}

// ---- lies ----

#[test]
fn the_shadow_notices_an_older_version() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let id = create(&registry, "app.notes", 2).await.id();
        let old = store.memory.get_version(id, 1).await.unwrap().unwrap();
        registry.invalidate(id);
        // The first question is the shadow's, the second one the load.
        store.next(Call::Get, vec![Fate::Done, Fate::Lie(old)]);
        let stale = registry.get(id).await.unwrap_err();
        expect!["table 1: version 1 was answered from memory, the store has 2"]
            .assert_eq(&text(&stale));
    });
}

#[test]
fn the_shadow_notices_another_definition() {
    block_on(async {
        let (store, registry) = faulty(options()).await;
        let id = create(&registry, "app.notes", 1).await.id();
        let mut other = store.memory.get(id).await.unwrap().unwrap();
        other.definition = Arc::new(table("app.notes", 7));
        store.next(Call::GetVersion, vec![Fate::Lie(other)]);
        let mixed = registry.get(id).await.unwrap_err();
        expect!["table 1, version 1: the definition in memory is not what its definition says"]
            .assert_eq(&text(&mixed));
        assert!(registry.get(id).await.is_ok());
    });
}
