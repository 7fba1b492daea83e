// SPDX-License-Identifier: Apache-2.0

//! The memory budget: resident bytes stay within it, and no more is evicted than necessary.

use std::sync::Arc;

use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_store::{DefinitionStore, MemoryStore, TableId};
use pollster::block_on;

use crate::support::{create, definition, in_memory, open, widen};

async fn with_budget(store: &Arc<MemoryStore>, budget_bytes: usize) -> SchemaRegistry {
    let options = RegistryOptions {
        budget_bytes,
        ..RegistryOptions::default()
    };
    open(Arc::clone(store) as Arc<dyn DefinitionStore>, options).await
}

#[test]
fn superseded_version_is_not_charged() {
    block_on(async {
        let registry = in_memory().await;
        let id = create(&registry, "app.notes", 1).await.id();
        let first = registry.get(id).await.unwrap().unwrap();
        let second = widen(&registry, &first).await;
        second.charge(1_000_000);
        let before = registry.stats();
        first.charge(5_000_000);
        let after = registry.stats();
        assert_eq!(after.bytes_resident, before.bytes_resident);
        assert_eq!(after.bytes_pinned, before.bytes_pinned + 5_000_000);
    });
}

#[test]
fn projections_count_towards_the_budget() {
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let writer = with_budget(&store, 1 << 28).await;
        let mut ids = Vec::new();
        for number in 0..20 {
            let name = format!("app.t{number}");
            ids.push(create(&writer, &name, 30 + number).await.id());
        }
        let registry = with_budget(&store, 1_000_000).await;
        for id in ids {
            let table = registry.get(id).await.unwrap().unwrap();
            for first in 0..31 {
                for second in 0..16 {
                    let columns = [first, second, 1, 2, 3, 4, 5, 6, 7, 8];
                    table.projected_schema(&columns).unwrap();
                }
            }
            drop(table);
            let stats = registry.stats();
            assert!(stats.bytes_resident <= 1_000_000, "{stats:?}");
        }
        assert!(registry.stats().evictions > 0);
    });
}

#[test]
fn wide_tables_evict_each_other() {
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let writer = with_budget(&store, 1 << 30).await;
        let mut ids: Vec<TableId> = Vec::new();
        for number in 0..60 {
            let mut toml = format!(
                "name = 'app.t{number}'\nprimary_key = ['id']\n[columns]\n\
                 id = {{ id = 1, type = 'bigint' }}\n"
            );
            for column in 2..=150 {
                toml += &format!(
                    "t{number}_c{column} = {{ id = {column}, type = 'text', nullable = true }}\n"
                );
            }
            ids.push(writer.create(definition(&toml)).await.unwrap().id());
        }
        writer.get(ids[0]).await.unwrap();
        let one = writer.stats().bytes_resident;
        let registry = with_budget(&store, 10 * one + one / 2).await;
        for (number, id) in ids.iter().enumerate() {
            registry.get(*id).await.unwrap();
            let stats = registry.stats();
            assert!(stats.bytes_resident <= 11 * one, "{stats:?}");
            let expected = (number + 1).min(9);
            assert!(stats.tables_resident >= expected, "{stats:?}");
        }
    });
}

#[test]
fn recently_visited_tables_are_kept() {
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let writer = with_budget(&store, 1 << 30).await;
        let mut ids = Vec::new();
        for number in 0..40 {
            ids.push(create(&writer, &format!("app.t{number}"), 1).await.id());
        }
        writer.get(ids[0]).await.unwrap();
        let stats = writer.stats();
        let one = stats.bytes_resident - stats.bytes_shared;
        let registry = with_budget(&store, stats.bytes_shared + 8 * one).await;
        for id in &ids {
            registry.get(*id).await.unwrap();
            // The first table is looked up between any two others.
            registry.get(ids[0]).await.unwrap();
        }
        let stats = registry.stats();
        assert!(stats.evictions > 20, "{stats:?}");
        assert!(registry.with(ids[0], |_| ()).is_some());
        assert!(registry.with(ids[1], |_| ()).is_none());
        // Each table was loaded once.
        assert_eq!(stats.loads, 40);
    });
}

#[test]
fn lookups_succeed_without_a_budget() {
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let registry = with_budget(&store, 0).await;
        let a = create(&registry, "app.a", 2).await;
        let b = create(&registry, "app.b", 3).await;
        for _ in 0..3 {
            let both = registry.get_all(&[a.id(), b.id(), a.id()]).await.unwrap();
            let versions: Vec<u32> = both.iter().flatten().map(|table| table.version()).collect();
            assert_eq!(versions, [2, 3, 2]);
            assert!(registry.find(("app", "a")).await.unwrap().is_some());
            assert!(registry.find(("app", "c")).await.unwrap().is_none());
        }
        assert_eq!(registry.stats().tables_resident, 0);
    });
}

#[test]
fn counts_of_all_threads_are_summed() {
    let registry = block_on(in_memory());
    let id = block_on(create(&registry, "app.notes", 1)).id();
    registry.get_blocking(id).unwrap();
    let hits = |registry: &SchemaRegistry| registry.stats().hits[0].1;
    let before = hits(&registry);
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        registry.with(id, |_| ());
                    }
                });
            }
        });
    }
    assert_eq!(hits(&registry) - before, 12_000);
}
