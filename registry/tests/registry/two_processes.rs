// SPDX-License-Identifier: Apache-2.0

//! Two registries over one store, as two processes have them: what one changes the other sees, whatever it has
//! read meanwhile.

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

/// Over a store in memory, which shows each what the other has changed at once: as a log does when it has
/// looked.
async fn two() -> (SchemaRegistry, SchemaRegistry) {
    let store = Arc::new(MemoryStore::new());
    let first = open(store.clone(), options(1 << 28)).await;
    (first, open(store, options(1 << 28)).await)
}

#[test]
fn a_name_that_another_process_gave_is_found_though_the_table_was_loaded_before() {
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
fn a_version_that_another_process_has_replaced_is_not_the_present_one_once_the_next_was_loaded() {
    block_on(async {
        let (ours, theirs) = two().await;
        let notes = create(&theirs, "app.notes", 1).await;
        let first = ours.get(notes.id()).await.unwrap().unwrap();
        assert!(ours.is_current(&first));
        let epoch = ours.epoch(notes.id());

        // Evicted, by a weight that no budget holds.
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
fn who_is_told_that_a_name_is_taken_finds_the_table() {
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
fn an_id_is_not_remembered_as_free() {
    block_on(async {
        let (ours, theirs) = two().await;
        let id = create(&theirs, "app.first", 1).await.id();
        let next = kalamtable_store::TableId(id.0 + 1);
        assert!(ours.get(next).await.unwrap().is_none());
        create(&theirs, "app.second", 1).await;
        // No refresh: an id that nobody has had was never remembered.
        let found = ours.get(next).await.unwrap().unwrap();
        assert_eq!(found.name().to_string(), "app.second");

        // One that was dropped is, for ever.
        theirs.drop_table(&found).await.unwrap();
        ours.refresh().await.unwrap();
        assert!(ours.get(next).await.unwrap().is_none());
        let loads = ours.stats().loads;
        assert!(ours.get(next).await.unwrap().is_none());
        assert_eq!(ours.stats().loads, loads);
    });
}

#[test]
fn a_change_in_a_folder_is_seen_by_the_other_after_a_refresh_and_late_writes_are_refused() {
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
        // Whoever was refused finds what was in the way.
        let present = ours.get(found.id()).await.unwrap().unwrap();
        assert_eq!(present.version(), 2);
        assert_eq!(present.schema(), wide.schema());
        ours.drop_table(&present).await.unwrap();
        theirs.refresh().await.unwrap();
        assert!(theirs.get(found.id()).await.unwrap().is_none());
        assert!(theirs.find(("app", "notes")).await.unwrap().is_none());
    });
}
