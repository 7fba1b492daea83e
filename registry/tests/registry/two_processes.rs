// SPDX-License-Identifier: Apache-2.0

//! Two registries over one store, as in two processes: each sees the changes of the other.

use std::sync::Arc;

use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_store::{LogOptions, MemoryStore, ObjectStoreLog};
use pollster::block_on;

use crate::support::{create, open, table, widen};

fn options(budget_bytes: usize) -> RegistryOptions {
    RegistryOptions {
        budget_bytes,
        ..RegistryOptions::default()
    }
}

/// Opens two registries over a store in memory, which makes changes visible immediately, as a log
/// does after a refresh.
async fn two() -> (SchemaRegistry, SchemaRegistry) {
    let store = Arc::new(MemoryStore::new());
    let first = open(store.clone(), options(1 << 28)).await;
    (first, open(store, options(1 << 28)).await)
}

#[test]
fn name_given_by_another_process_is_found() {
    block_on(async {
        let (ours, theirs) = two().await;
        let notes = create(&theirs, "app.notes", 1).await;
        ours.refresh().await.unwrap();
        assert!(ours.find(("app", "letters")).await.unwrap().is_none());

        let name = table("app.letters", 1).name().clone();
        theirs.rename(&notes, name).await.unwrap();
        assert_eq!(ours.get(notes.id()).await.unwrap().unwrap().version(), 2);
        ours.refresh().await.unwrap();
        let found = ours.find(("app", "letters")).await.unwrap().unwrap();
        assert_eq!(found.id(), notes.id());
        assert!(ours.find(("app", "notes")).await.unwrap().is_none());
    });
}

#[test]
fn replaced_version_is_not_current_after_a_load() {
    block_on(async {
        let (ours, theirs) = two().await;
        let notes = create(&theirs, "app.notes", 1).await;
        let first = ours.get(notes.id()).await.unwrap().unwrap();
        assert!(ours.is_current(&first));
        let epoch = ours.epoch(notes.id());

        // Evicts the table, by a size that exceeds the budget.
        ours.with(notes.id(), |table| table.charge(1 << 40));
        assert_eq!(ours.stats().tables_resident, 0);
        widen(&theirs, &notes).await;
        let second = ours.get(notes.id()).await.unwrap().unwrap();
        assert_eq!(second.version(), 2);
        assert!(!ours.is_current(&first));
        assert!(ours.is_current(&second));
        ours.refresh().await.unwrap();
        assert!(!ours.is_current(&first));
        assert!(ours.is_current(&second));
        assert_ne!(ours.epoch(notes.id()), epoch);
        assert_eq!(ours.stats().sequence.0, 2);
    });
}

#[test]
fn table_is_found_after_a_name_conflict() {
    block_on(async {
        let (ours, theirs) = two().await;
        assert!(ours.find(("app", "notes")).await.unwrap().is_none());
        create(&theirs, "app.notes", 1).await;
        let taken = ours.create(table("app.notes", 1)).await.unwrap_err();
        assert_eq!(
            taken.to_string(),
            "table `app.notes` already exists, with id 1"
        );
        assert!(ours.find(("app", "notes")).await.unwrap().is_some());
    });
}

#[test]
fn absence_of_an_unused_id_is_not_cached() {
    block_on(async {
        let (ours, theirs) = two().await;
        let id = create(&theirs, "app.first", 1).await.id();
        let next = kalamtable_store::TableId(id.0 + 1);
        assert!(ours.get(next).await.unwrap().is_none());
        create(&theirs, "app.second", 1).await;
        // No refresh is needed: the absence of an unused id is not cached.
        let found = ours.get(next).await.unwrap().unwrap();
        assert_eq!(found.name().to_string(), "app.second");

        // The absence of a dropped table is cached permanently.
        theirs.drop_table(&found).await.unwrap();
        ours.refresh().await.unwrap();
        assert!(ours.get(next).await.unwrap().is_none());
        let loads = ours.stats().loads;
        assert!(ours.get(next).await.unwrap().is_none());
        assert_eq!(ours.stats().loads, loads);
    });
}

#[test]
fn change_in_a_folder_is_visible_after_refresh() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let log = || async {
            let log = ObjectStoreLog::open_folder(folder.path(), LogOptions::default()).await;
            Arc::new(log.unwrap())
        };
        let ours = open(log().await, options(1 << 28)).await;
        let theirs = open(log().await, options(1 << 28)).await;

        let notes = create(&theirs, "app.notes", 1).await;
        ours.refresh().await.unwrap();
        let found = ours.find(("app", "notes")).await.unwrap().unwrap();
        let wide = widen(&theirs, &notes).await;

        let late = ours.alter(&found, table("app.notes", 3)).await.unwrap_err();
        assert_eq!(
            late.to_string(),
            "table 1 is at version 2, not 1: read it again and retry"
        );
        // The registry has applied the conflicting change.
        let current = ours.get(found.id()).await.unwrap().unwrap();
        assert_eq!(current.version(), 2);
        assert_eq!(current.schema(), wide.schema());
        ours.drop_table(&current).await.unwrap();
        theirs.refresh().await.unwrap();
        assert!(theirs.get(found.id()).await.unwrap().is_none());
        assert!(theirs.find(("app", "notes")).await.unwrap().is_none());
    });
}
