// SPDX-License-Identifier: Apache-2.0

//! The cost of a table lookup in the registry, compared with the maps and caches that a server
//! could use instead.

#[path = "../../support/figures.rs"]
#[expect(dead_code, reason = "nanoseconds need no words")]
mod figures;
#[path = "../../support/lookups.rs"]
mod lookups;
#[path = "../../support/tables.rs"]
mod tables;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use dashmap::DashMap;
use kalamtable_registry::{SchemaRegistry, TableSnapshot};
use kalamtable_store::TableId;
use lookups::{Contender, Shuffled, compare, contender};

type FastHash = foldhash::fast::RandomState;

const BUDGET: usize = 8 << 30;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let is_small = !arguments.iter().any(|argument| argument == "--bench");
    let (hot, many, million) = match is_small {
        true => (1000, 100, 1000),
        false => (2_000_000, 1_000_000, 1_000_000),
    };
    by_id(1, hot);
    by_id(10_000.min(million), many);
    by_id(million, many);
    owned(hot / 2);
    by_name(1, hot / 4);
    by_name(10_000.min(million), many);
    by_name(million, many);
}

fn width(schema: &SchemaRef) -> usize {
    schema.fields().len()
}

/// Every map and cache, with the same tables.
struct Peers {
    registry: SchemaRegistry,
    snapshots: Vec<Arc<TableSnapshot>>,
    hash_map: HashMap<u64, Arc<TableSnapshot>, FastHash>,
    dash_map: DashMap<u64, Arc<TableSnapshot>, FastHash>,
    papaya: papaya::HashMap<u64, Arc<TableSnapshot>, FastHash>,
    quick_cache: quick_cache::sync::Cache<u64, Arc<TableSnapshot>>,
    moka: moka::sync::Cache<u64, Arc<TableSnapshot>>,
}

impl Peers {
    fn new(count: usize) -> Self {
        let mut hash_map = HashMap::default();
        let dash_map = DashMap::default();
        let papaya = papaya::HashMap::default();
        let quick_cache = quick_cache::sync::Cache::new(4 * count + 100);
        let moka = moka::sync::Cache::new(4 * count as u64 + 100);
        let (registry, snapshots) = tables::registry(count, 20, 1, BUDGET, |table| {
            let id = table.id().0;
            hash_map.insert(id, Arc::clone(table));
            dash_map.insert(id, Arc::clone(table));
            papaya.pin().insert(id, Arc::clone(table));
            quick_cache.insert(id, Arc::clone(table));
            moka.insert(id, Arc::clone(table));
        });
        Peers {
            registry,
            snapshots,
            hash_map,
            dash_map,
            papaya,
            quick_cache,
            moka,
        }
    }

    /// Returns random table ids, which begin at one.
    fn ids(&self, thread: usize, lookups: usize) -> impl Iterator<Item = u64> {
        let count = self.snapshots.len();
        Shuffled::new(thread, count)
            .take(lookups)
            .map(|number| number + 1)
    }
}

fn by_id(count: usize, lookups: usize) {
    let peers = Peers::new(count);
    let (p, n) = (&peers, count);
    let atomics: Vec<AtomicU64> = (0..count).map(|_| AtomicU64::new(1)).collect();
    let mut contenders: Vec<Contender<'_>> = vec![
        contender("an atomic load", |thread, lookups| {
            let ids = p.ids(thread, lookups);
            ids.map(|id| atomics[id as usize - 1].load(Ordering::Acquire) as usize)
                .sum()
        }),
        contender("KalamTable, borrowed", |thread, lookups| {
            let ids = p.ids(thread, lookups);
            ids.map(|id| {
                p.registry
                    .with(TableId(id), |table| width(table.schema()))
                    .unwrap_or(0)
            })
            .sum()
        }),
    ];
    if n == 1 {
        contenders.push(contender("KalamTable, handle", |_, lookups| {
            let mut handle = p.registry.handle(TableId(1));
            (0..lookups)
                .map(|_| handle.cached().map_or(0, |table| width(table.schema())))
                .sum()
        }));
    }
    contenders.extend([
        contender("immutable HashMap, borrowed", |thread, lookups| {
            let ids = p.ids(thread, lookups);
            ids.map(|id| p.hash_map.get(&id).map_or(0, |table| width(table.schema())))
                .sum()
        }),
        contender("papaya, borrowed", |thread, lookups| {
            let ids = p.ids(thread, lookups);
            ids.map(|id| {
                p.papaya
                    .pin()
                    .get(&id)
                    .map_or(0, |table| width(table.schema()))
            })
            .sum()
        }),
        contender("DashMap, cloned", |thread, lookups| {
            let ids = p.ids(thread, lookups);
            ids.map(|id| {
                let table = p.dash_map.get(&id).map(|table| Arc::clone(&table));
                table.map_or(0, |table| width(table.schema()))
            })
            .sum()
        }),
        contender("quick_cache, cloned", |thread, lookups| {
            let ids = p.ids(thread, lookups);
            ids.map(|id| {
                p.quick_cache
                    .get(&id)
                    .map_or(0, |table| width(table.schema()))
            })
            .sum()
        }),
        contender("moka, cloned", |thread, lookups| {
            let ids = p.ids(thread, lookups);
            ids.map(|id| p.moka.get(&id).map_or(0, |table| width(table.schema())))
                .sum()
        }),
    ]);
    compare(&format!("[lookup] by id, {n} tables"), lookups, &contenders);
    if n == 1 {
        let definition = p.snapshots[0].definition();
        let rebuild = [
            contender("KalamTable, borrowed", |_, lookups| {
                (0..lookups)
                    .map(|_| {
                        p.registry
                            .with(TableId(1), |table| width(table.schema()))
                            .unwrap_or(0)
                    })
                    .sum()
            }),
            contender("rebuild of 20 columns", |_, lookups| {
                (0..lookups)
                    .map(|_| black_box(definition).arrow_schema().fields().len())
                    .sum()
            }),
        ];
        compare(
            "[lookup] the schema of a hot table",
            (lookups / 1000).max(10),
            &rebuild,
        );
    }
}

fn owned(lookups: usize) {
    let peers = Peers::new(1);
    let shared = peers.snapshots[0].schema();
    let contenders = [
        contender("clone of an Arc of the thread's own", |_, lookups| {
            let own: SchemaRef = Arc::new(shared.as_ref().clone());
            (0..lookups)
                .map(|_| width(&black_box(Arc::clone(&own))))
                .sum()
        }),
        contender("KalamTable, SchemaRef", |_, lookups| {
            let schema = || peers.registry.schema(TableId(1));
            (0..lookups)
                .map(|_| black_box(schema()).map_or(0, |schema| width(&schema)))
                .sum()
        }),
        contender("clone of one shared Arc", |_, lookups| {
            (0..lookups)
                .map(|_| width(&black_box(Arc::clone(shared))))
                .sum()
        }),
    ];
    compare(
        "[lookup] an owned SchemaRef of a hot table",
        lookups,
        &contenders,
    );
}

fn by_name(count: usize, lookups: usize) {
    let dash_map: DashMap<(String, String), Arc<TableSnapshot>, FastHash> = DashMap::default();
    let mut names = Vec::with_capacity(count);
    let (registry, _snapshots) = tables::registry(count, 10, 1000, BUDGET, |table| {
        let name = table.name();
        let name = (name.namespace.to_string(), name.table.to_string());
        dash_map.insert(name.clone(), Arc::clone(table));
        names.push(name);
    });
    let contenders = [
        contender("DashMap, cloned", |thread, lookups| {
            let numbers = Shuffled::new(thread, count).take(lookups);
            numbers
                .map(|number| {
                    let table = dash_map
                        .get(&names[number as usize])
                        .map(|table| Arc::clone(&table));
                    table.map_or(0, |table| width(table.schema()))
                })
                .sum()
        }),
        contender("KalamTable, borrowed", |thread, lookups| {
            let numbers = Shuffled::new(thread, count).take(lookups);
            numbers
                .map(|number| {
                    let (namespace, table) = &names[number as usize];
                    let name = (namespace.as_str(), table.as_str());
                    registry
                        .with_name(name, |table| width(table.schema()))
                        .unwrap_or(0)
                })
                .sum()
        }),
    ];
    compare(
        &format!("[lookup] by name, {count} tables"),
        lookups,
        &contenders,
    );
}
