// SPDX-License-Identifier: Apache-2.0

//! The registry with ten tables and with a million: hits, schema changes, evictions, memory, and
//! the latency of readers during schema changes.

#[path = "../../support/figures.rs"]
mod figures;
#[path = "../../support/lookups.rs"]
mod lookups;
#[path = "../../support/tables.rs"]
mod tables;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use figures::{median, show};
use kalamtable_registry::{SchemaRegistry, TableSnapshot};
use kalamtable_store::TableId;
use lookups::{Shuffled, compare, contender};
use pollster::block_on;

const BUDGET: usize = 8 << 30;
const COLUMNS: usize = 10;

fn main() {
    let is_small = !std::env::args().any(|argument| argument == "--bench");
    // Each schema change is checked against all previous versions, so the number is small.
    let schema_changes = if is_small { 20 } else { 1_000 };
    if std::env::args().any(|argument| argument == "pauses") {
        return pauses(schema_changes);
    }
    let sizes: &[usize] = if is_small {
        &[10, 100]
    } else {
        &[10, 10_000, 1_000_000]
    };
    for size in sizes {
        hits_and_schema_changes(*size, is_small);
    }
    let tables = if is_small { 200 } else { 100_000 };
    memory(tables);
    evictions(tables);
    pauses(schema_changes);
}

fn hits_and_schema_changes(count: usize, is_small: bool) {
    let (registry, snapshots) = tables::registry(count, COLUMNS, 1000.min(count), BUDGET, |_| ());
    let lookups = if is_small { 100 } else { 2_000_000 };
    let run = |thread: usize, lookups: usize| -> usize {
        let numbers = Shuffled::new(thread, count).take(lookups);
        numbers
            .map(|number| {
                let width = |table: &TableSnapshot| table.schema().fields().len();
                registry.with(TableId(number + 1), width).unwrap_or(0)
            })
            .sum()
    };
    let hits = [contender("KalamTable, borrowed", run)];
    compare(
        &format!("[scale] hits among {count} tables"),
        lookups,
        &hits,
    );

    // The alternative to an entry per table: a map of projections by table and columns, which has
    // to be scanned to invalidate a table.
    let mut projections: HashMap<(u64, Vec<usize>), Arc<TableSnapshot>> = snapshots
        .iter()
        .map(|table| ((table.id().0, vec![0, 1]), Arc::clone(table)))
        .collect();
    let rounds = if is_small { 3 } else { 11 };
    let scans = (0..rounds).map(|round| {
        let id = Shuffled::new(round, count).next().unwrap_or(0) + 1;
        let begin = Instant::now();
        projections.retain(|(table, _), _| *table != id);
        begin.elapsed().as_secs_f64()
    });
    let scan = median(scans);
    let ids: Vec<u64> = Shuffled::new(7, count)
        .take(1000.min(count * 10))
        .map(|number| number + 1)
        .collect();
    let invalidations = (0..rounds).map(|_| {
        // The tables are loaded first, because invalidating a table that is not resident is
        // cheaper.
        for id in &ids {
            registry
                .get_blocking(TableId(*id))
                .expect("a store in memory");
        }
        let begin = Instant::now();
        ids.iter().for_each(|id| registry.invalidate(TableId(*id)));
        begin.elapsed().as_secs_f64() / ids.len() as f64
    });
    let invalidation = median(invalidations);
    println!(
        "[scale] invalidate among {count} tables: {} each; a scan of one map {} ({:.0}x)\n",
        show(invalidation),
        show(scan),
        scan / invalidation
    );
}

/// Measures the bytes per table with its artefacts: schema, system columns, two projections.
fn memory(count: usize) {
    for (shapes, what) in [
        (count, "each of its own shape"),
        (1000.min(count), "of 1000 shapes"),
        (1, "of one shape"),
    ] {
        let (registry, snapshots) = tables::registry(count, COLUMNS, shapes, BUDGET, |_| ());
        for table in &snapshots {
            black_box(table.schema_with_system_columns());
            for columns in [&[0, 1][..], &[0, 2, 3]] {
                black_box(
                    table
                        .projected_schema(columns)
                        .expect("the schema has the same number of columns"),
                );
            }
        }
        let stats = registry.stats();
        println!(
            "[scale] {count} tables {what}: {} bytes each, of which {} are shared",
            stats.bytes_resident / count,
            stats.bytes_shared / count
        );
    }
    println!();
}

/// Measures loads into a full cache, each of which evicts another table.
fn evictions(count: usize) {
    let (registry, snapshots) = tables::registry(count, COLUMNS, 1000, BUDGET, |_| ());
    let stats = registry.stats();
    let budget = (stats.bytes_resident - stats.bytes_shared) / 2 + stats.bytes_shared;
    drop(snapshots);
    let options = kalamtable_registry::RegistryOptions {
        budget_bytes: budget,
        ..Default::default()
    };
    let store = Arc::clone(registry.store());
    drop(registry);
    let registry = block_on(SchemaRegistry::open(store, options)).expect("a store in memory");
    let mut times: Vec<f64> = Shuffled::new(1, count)
        .take(4 * count)
        .map(|number| {
            let begin = Instant::now();
            black_box(
                registry
                    .get_blocking(TableId(number + 1))
                    .expect("a store in memory"),
            );
            begin.elapsed().as_secs_f64()
        })
        .skip(count)
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| show(times[((times.len() - 1) as f64 * share) as usize]);

    // The alternative of collecting and sorting timestamps to evict the oldest tenth.
    let stamps: HashMap<u64, u64> = (0..count as u64)
        .map(|id| (id, id.wrapping_mul(0x9E37_79B9) % 1_000_003))
        .collect();
    let collect_and_sort = median((0..5).map(|_| {
        let begin = Instant::now();
        let mut entries: Vec<(u64, u64)> = stamps.iter().map(|(id, stamp)| (*stamp, *id)).collect();
        entries.sort_unstable();
        black_box(&entries[..count / 10]);
        begin.elapsed().as_secs_f64()
    }));
    println!(
        "[scale] lookups in a full registry of {count} tables, half of them resident: median {}, 99 % {}, \
         99.99 % {}, longest {}; {} evictions; collect and sort of {count} timestamps {}\n",
        at(0.5),
        at(0.99),
        at(0.9999),
        at(1.0),
        registry.stats().evictions,
        show(collect_and_sort)
    );
}

/// Measures how often a table can be altered and the longest pauses of its readers.
fn pauses(schema_changes: usize) {
    let longest = |is_altered: bool| {
        let (registry, snapshots) = tables::registry(2, COLUMNS, 1, BUDGET, |_| ());
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut times: Vec<Duration> = Vec::with_capacity(1 << 24);
                while !is_over.load(Ordering::Relaxed) && times.len() < 1 << 24 {
                    let begin = Instant::now();
                    black_box(registry.with(TableId(1), |table| table.version()));
                    times.push(begin.elapsed());
                }
                times.sort_unstable();
                times
            });
            let begin = Instant::now();
            let mut at = Arc::clone(&snapshots[0]);
            for _ in 0..schema_changes {
                if is_altered {
                    let same = at.definition().clone();
                    at = block_on(registry.alter(&at, same))
                        .expect("no other thread alters the table");
                } else {
                    std::thread::sleep(Duration::from_micros(30));
                }
            }
            let took = begin.elapsed();
            is_over.store(true, Ordering::Relaxed);
            (reader.join().expect("no panic"), took)
        })
    };
    for (what, is_altered) in [("idle", false), ("altered", true)] {
        let (times, took) = longest(is_altered);
        let at =
            |share: f64| show(times[((times.len() - 1) as f64 * share) as usize].as_secs_f64());
        println!(
            "[alter] readers of a table that is {what}: median {}, 99.99 % {}, longest {}",
            at(0.5),
            at(0.9999),
            at(1.0)
        );
        if is_altered {
            let each = took.as_secs_f64() / schema_changes as f64;
            println!(
                "[alter] {:.0} schema changes per second, including the commit in memory",
                1.0 / each
            );
        }
    }
}
