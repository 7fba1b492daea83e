// SPDX-License-Identifier: Apache-2.0

//! Lookups by id and by name, before and after schema changes.

use expect_test::expect;
use kalamtable_model::TableName;
use kalamtable_registry::Error;
use kalamtable_store::TableId;
use pollster::block_on;

use crate::support::{create, in_memory, table, widen};

#[test]
fn every_lookup_sees_each_schema_change() {
    block_on(async {
        let registry = in_memory().await;
        let first = create(&registry, "app.notes", 1).await;
        let mut handle = registry.handle(first.id());
        for version in 1..10 {
            let at = registry.get(first.id()).await.unwrap().unwrap();
            assert_eq!(at.version(), version);
            for _ in 0..3 {
                assert_eq!(registry.with(first.id(), |at| at.version()), Some(version));
                assert_eq!(registry.schema(first.id()).as_ref(), Some(at.schema()));
                let named = registry.find(("app", "notes")).await.unwrap().unwrap();
                assert_eq!(named.version(), version);
                let borrowed = registry.with_name(("app", "notes"), |at| at.version());
                assert_eq!(borrowed, Some(version));
                assert_eq!(handle.get().await.unwrap().version(), version);
                assert_eq!(handle.cached().unwrap().version(), version);
            }
            assert!(registry.is_current(&at));
            let next = widen(&registry, &at).await;
            assert!(!registry.is_current(&at));
            assert!(registry.is_current(&next));
        }
        // A snapshot that is held does not change.
        assert_eq!(first.version(), 1);
        assert_eq!(first.schema().fields().len(), 2);
        let old = registry.get_version(first.id(), 3).await.unwrap().unwrap();
        assert_eq!((old.version(), old.schema().fields().len()), (3, 4));
        assert!(
            registry
                .get_version(first.id(), 11)
                .await
                .unwrap()
                .is_none()
        );
    });
}

#[test]
fn absence_is_cached_until_the_name_is_used() {
    block_on(async {
        let registry = in_memory().await;
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        let loads = registry.stats().loads;
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        assert_eq!(registry.stats().loads, loads);

        let created = registry.create(table("app.notes", 1)).await.unwrap();
        let found = registry.find(("app", "notes")).await.unwrap().unwrap();
        assert_eq!(found.id(), created.id());

        registry.drop_table(&found).await.unwrap();
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        assert!(registry.get(created.id()).await.unwrap().is_none());
        assert!(registry.with(created.id(), |_| ()).is_none());

        let again = registry.create(table("app.notes", 2)).await.unwrap();
        assert_ne!(again.id(), created.id());
        let found = registry.find(("app", "notes")).await.unwrap().unwrap();
        assert_eq!(found.id(), again.id());
        assert!(registry.get(TableId(77)).await.unwrap().is_none());
    });
}

#[test]
fn renamed_table_keeps_its_id_and_loses_its_name() {
    block_on(async {
        let registry = in_memory().await;
        let notes = create(&registry, "app.notes", 1).await;
        let found = registry.find(("app", "notes")).await.unwrap().unwrap();
        let name = TableName::parse("app.letters").unwrap();
        registry.rename(&found, name).await.unwrap();
        assert!(registry.find(("app", "notes")).await.unwrap().is_none());
        assert!(registry.with_name(("app", "notes"), |_| ()).is_none());
        let letters = registry.find(("app", "letters")).await.unwrap().unwrap();
        assert_eq!((letters.id(), letters.version()), (notes.id(), 2));
    });
}

/// A session finds its system tables before the tables of a registry.
#[test]
fn names_of_system_tables_are_refused() {
    block_on(async {
        let registry = in_memory().await;
        for name in ["system.jobs", "System.Jobs", "kalamtable.columns"] {
            let refused = registry.create(table(name, 1)).await.unwrap_err();
            assert!(matches!(&refused, Error::Name(_)), "{refused}");
        }
        let notes = create(&registry, "app.notes", 1).await;
        let jobs = TableName::parse("system.jobs").unwrap();
        let refused = registry.rename(&notes, jobs.clone()).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`system.jobs` is the name of a system table"
        );
        assert!(registry.find(&jobs).await.unwrap().is_none());
        let unchanged = registry.get(notes.id()).await.unwrap().unwrap();
        assert_eq!((unchanged.version(), unchanged.name()), (1, notes.name()));
        // Other names in the namespace are free.
        create(&registry, "system.events", 1).await;
    });
}

#[test]
fn change_of_an_older_version_conflicts() {
    block_on(async {
        let registry = in_memory().await;
        let first = create(&registry, "app.notes", 1).await;
        widen(&registry, &first).await;
        let late = registry
            .alter(&first, table("app.notes", 3))
            .await
            .unwrap_err();
        assert_eq!(
            late.to_string(),
            "table 1 is at version 2, not 1: read it again and retry"
        );
        let late = registry.drop_table(&first).await.unwrap_err();
        assert_eq!(
            late.to_string(),
            "table 1 is at version 2, not 1: read it again and retry"
        );
        let at = registry.get(first.id()).await.unwrap().unwrap();
        assert_eq!(at.version(), 2);
    });
}

#[test]
fn incompatible_change_is_refused_without_effect() {
    block_on(async {
        let registry = in_memory().await;
        let first = create(&registry, "app.notes", 2).await;
        let refused = registry
            .alter(&first, table("app.notes", 1))
            .await
            .unwrap_err();
        let expected = expect![[r#"
            the definition of table `app.notes` is incompatible with its earlier versions
            [KT1101] column `c2` of `app.notes` (id 3 in version 2) was dropped, but neither its id nor its name is reserved
              help: reserve its id and its name:
              [reserved]
              ids   = [3]
              names = ["c2"]"#]];
        expected.assert_eq(&refused.to_string());
        let at = registry.get(first.id()).await.unwrap().unwrap();
        assert_eq!(at.version(), 2);
        assert_eq!(registry.store().last_sequence().await.unwrap().0, 2);
    });
}
