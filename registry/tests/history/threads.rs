// SPDX-License-Identifier: Apache-2.0

//! Threads that read tables up with every method, while other threads change the tables and
//! invalidate the cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use kalamtable_model::{Shared, SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_registry::{RegistryOptions, SchemaRegistry, TableHandle, TableSnapshot};
use kalamtable_store::{MemoryStore, TableId};
use pollster::block_on;

use crate::linearizability::{ObservedRead, RegisterWrite, Span, check, were_together};

/// The environment variable for the number of lookups, which is one million by default.
const OPERATIONS: &str = "KALAMTABLE_OPERATIONS";

/// The maximum number of lookups per round. Each round opens a registry with other options.
const ROUND: u64 = 125_000;

const TABLES: usize = 24;
const READERS: u64 = 4;
const WRITERS: u64 = 2;

/// The maximum version of a table: the time of a schema change increases with the number of
/// versions.
const MAX_VERSION: u32 = 120;

#[test]
fn lookups_of_real_threads_are_linearizable() {
    let operations = std::env::var(OPERATIONS).map_or(1_000_000_u64, |text| text.parse().unwrap());
    let began = Instant::now();
    let mut total = OperationCounts::default();
    // Each of the budgets gets at least one round.
    let lookups = ROUND.min(u64::div_ceil(operations, 4));
    for round in 0..u64::div_ceil(operations, lookups) {
        // The budgets hold all tables, some, few and none.
        let budget_bytes = [256 << 20, 40_000, 8_000, 0][round as usize % 4];
        let clocks = [1, 4, 64][round as usize % 3];
        let options = RegistryOptions {
            budget_bytes,
            clocks,
            ..RegistryOptions::default()
        };
        total.add(run_round(round, lookups, options));
    }
    println!("{total:?} in {:?}", began.elapsed());
    assert!(total.lookups >= operations && total.schema_changes > 100 && total.evictions > 100);
}

#[derive(Debug, Default)]
struct OperationCounts {
    lookups: u64,
    consistent_reads: u64,
    schema_changes: u64,
    loads: u64,
    evictions: u64,
}

impl OperationCounts {
    fn add(&mut self, other: OperationCounts) {
        self.lookups += other.lookups;
        self.consistent_reads += other.consistent_reads;
        self.schema_changes += other.schema_changes;
        self.loads += other.loads;
        self.evictions += other.evictions;
    }
}

/// The number of a lookup method in [`StressTest::look_up`], or [`CONSISTENT_READ`].
type LookupMethod = u64;

/// The method of reading several tables with `get_all`.
const CONSISTENT_READ: LookupMethod = 9;

/// The operations of a thread.
#[derive(Default)]
struct OperationLog {
    reads: Vec<(usize, LookupMethod, ObservedRead<u32>)>,
    /// Consistent reads: the tables and their versions.
    consistent_reads: Vec<(Span, [usize; 3], [u32; 3])>,
    schema_changes: Vec<(usize, RegisterWrite<u32>)>,
}

struct StressTest {
    registry: SchemaRegistry,
    ids: Vec<TableId>,
    base: TableDefinition,
    tickets: AtomicU64,
    is_over: AtomicBool,
}

fn run_round(round: u64, operations: u64, options: RegistryOptions) -> OperationCounts {
    let store = Arc::new(MemoryStore::new());
    let registry = block_on(SchemaRegistry::open(store, options)).unwrap();
    let mut test = StressTest {
        registry,
        ids: Vec::new(),
        base: base(),
        tickets: AtomicU64::new(1),
        is_over: AtomicBool::new(false),
    };
    for table in 0..TABLES {
        let created = block_on(test.registry.create(test.definition(table, 1)));
        test.ids.push(created.unwrap().id());
    }
    let test = &test;
    let all: Vec<OperationLog> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|thread| {
                let random = SplitMix64(round * 100 + 50 + thread);
                scope.spawn(move || test.alter(random))
            })
            .collect();
        let readers: Vec<_> = (0..READERS)
            .map(|thread| {
                let random = SplitMix64(round * 100 + thread);
                scope.spawn(move || test.read(random, operations.div_ceil(READERS)))
            })
            .collect();
        let mut all: Vec<OperationLog> = readers
            .into_iter()
            .map(|thread| thread.join().expect("no thread panics"))
            .collect();
        test.is_over.store(true, Ordering::Relaxed);
        all.extend(
            writers
                .into_iter()
                .map(|thread| thread.join().expect("no thread panics")),
        );
        all
    });
    check_logs(test, &all)
}

fn check_logs(test: &StressTest, all: &[OperationLog]) -> OperationCounts {
    let start = Span { begin: 0, end: 0 };
    let first = RegisterWrite {
        span: start,
        value: 1,
    };
    let mut writes = vec![vec![first]; TABLES];
    let mut reads = vec![Vec::new(); TABLES];
    for log in all {
        for (table, write) in &log.schema_changes {
            writes[*table].push(*write);
        }
        for (table, _, read) in &log.reads {
            reads[*table].push(*read);
        }
    }
    for (table, (writes, reads)) in writes.iter_mut().zip(&reads).enumerate() {
        writes.sort_by_key(|write| write.value);
        let versions = writes.iter().map(|write| write.value);
        assert!(versions.eq(1..=writes.len() as u32), "an update was lost");
        if let Err((violation, read)) = check(writes, reads) {
            panic!(
                "{violation:?}: {read:?}, {:#?}",
                near(all, table, writes, &read)
            );
        }
    }
    let mut consistent_reads = 0;
    for (span, tables, versions) in all.iter().flat_map(|log| &log.consistent_reads) {
        let registers = tables.map(|table| &writes[table][..]);
        assert!(
            were_together(&registers, *span, versions),
            "{versions:?} of {tables:?} in {span:?}"
        );
        consistent_reads += 1;
    }
    let stats = test.registry.stats();
    OperationCounts {
        lookups: reads.iter().map(|reads| reads.len() as u64).sum(),
        consistent_reads,
        schema_changes: writes.iter().map(|writes| writes.len() as u64 - 1).sum(),
        loads: stats.loads,
        evictions: stats.evictions,
    }
}

/// Describes the lookups and writes that explain a violation: the lookup itself, earlier lookups of
/// newer versions, and the write of the next version.
fn near(
    all: &[OperationLog],
    table: usize,
    writes: &[RegisterWrite<u32>],
    violating: &ObservedRead<u32>,
) -> Vec<String> {
    let reads = all.iter().flat_map(|log| &log.reads);
    let explanations = reads.filter(|(other, _, read)| {
        let is_violation = read.span == violating.span;
        let is_newer = read.value > violating.value && read.span.end < violating.span.begin;
        *other == table && (is_violation || is_newer)
    });
    let mut near: Vec<String> = explanations
        .map(|(_, method, read)| format!("method {method}: {read:?}"))
        .collect();
    near.extend(
        writes
            .get(violating.value as usize)
            .map(|next| format!("{next:?}")),
    );
    near
}

impl StressTest {
    /// Returns the definition of a version of a table. Its second column is named after the
    /// version.
    fn definition(&self, table: usize, version: u32) -> TableDefinition {
        let mut parts = self.base.parts().clone();
        parts.name.table = format!("t{table}").into();
        let mut columns = parts.columns.to_vec();
        columns[1].name = format!("v{version}").into();
        parts.columns = Shared::from(columns);
        // The names are valid, so the definition remains valid.
        TableDefinition::from_checked(parts)
    }

    fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst)
    }

    fn timed<T>(&self, run: impl FnOnce() -> T) -> (Span, T) {
        let begin = self.ticket();
        let result = run();
        let end = self.ticket();
        (Span { begin, end }, result)
    }

    fn read(&self, mut random: SplitMix64, operations: u64) -> OperationLog {
        let mut log = OperationLog::default();
        let mut handles: Vec<TableHandle> = self
            .ids
            .iter()
            .map(|id| self.registry.handle(*id))
            .collect();
        while (log.reads.len() as u64) < operations {
            // Half of the lookups access four hot tables.
            let limit = if random.below(2) == 0 {
                4
            } else {
                TABLES as u64
            };
            let table = random.below(limit) as usize;
            let method = random.below(CONSISTENT_READ);
            let (span, found) = self.timed(|| self.look_up(table, &mut handles[table], method));
            if let Some(value) = found {
                log.reads
                    .push((table, method, ObservedRead { span, value }));
            }
            if random.below(16) == 0 {
                self.read_three(&mut random, &mut log);
            }
        }
        log
    }

    /// Returns the version of a table with one of the lookup methods, or `None` on a cache miss of
    /// a method that does not load.
    fn look_up(&self, table: usize, handle: &mut TableHandle, method: LookupMethod) -> Option<u32> {
        let (registry, id) = (&self.registry, self.ids[table]);
        let name = format!("t{table}");
        let name = ("app", &*name);
        let version = |snapshot: &TableSnapshot| {
            // The schema must belong to the version.
            assert_eq!(
                snapshot.schema().field(1).name(),
                &format!("v{}", snapshot.version())
            );
            snapshot.version()
        };
        match method {
            0 => block_on(registry.get(id))
                .unwrap()
                .map(|found| version(&found)),
            1 => registry
                .get_blocking(id)
                .unwrap()
                .map(|found| version(&found)),
            2 | 3 => registry.with(id, version),
            4 => {
                let schema = registry.schema(id)?;
                schema.field(1).name()[1..].parse().ok()
            }
            5 => registry.with_name(name, version),
            6 => block_on(registry.find(name))
                .unwrap()
                .map(|found| version(&found)),
            7 => Some(version(block_on(handle.get()).unwrap())),
            _ => handle.cached().map(|found| version(found)),
        }
    }

    fn read_three(&self, random: &mut SplitMix64, log: &mut OperationLog) {
        let tables = [(); 3].map(|()| random.below(TABLES as u64) as usize);
        let ids = tables.map(|table| self.ids[table]);
        let (span, found) = self.timed(|| block_on(self.registry.get_all(&ids)).unwrap());
        let mut versions = [0; 3];
        for (version, found) in versions.iter_mut().zip(&found) {
            *version = found.as_ref().expect("no table is dropped").version();
        }
        for (table, value) in tables.into_iter().zip(versions) {
            log.reads
                .push((table, CONSISTENT_READ, ObservedRead { span, value }));
        }
        log.consistent_reads.push((span, tables, versions));
    }

    fn alter(&self, mut random: SplitMix64) -> OperationLog {
        let mut log = OperationLog::default();
        while !self.is_over.load(Ordering::Relaxed) {
            let table = random.below(TABLES as u64) as usize;
            let id = self.ids[table];
            match random.below(20) {
                0 => self.registry.clear(),
                1..4 => self.registry.invalidate(id),
                4 => self
                    .registry
                    .invalidate_name(("app", &*format!("t{table}"))),
                _ => {
                    let current = block_on(self.registry.get(id)).unwrap();
                    let current = current.expect("no table is dropped");
                    if current.version() >= MAX_VERSION {
                        std::thread::yield_now();
                        continue;
                    }
                    let next = self.definition(table, current.version() + 1);
                    let (span, altered) =
                        self.timed(|| block_on(self.registry.alter(&current, next)));
                    // The call fails if the other thread has changed the table first.
                    if let Ok(altered) = altered {
                        let value = altered.version();
                        log.schema_changes
                            .push((table, RegisterWrite { span, value }));
                    }
                }
            }
        }
        log
    }
}

fn base() -> TableDefinition {
    let toml = "name = 'app.any'\n\
                primary_key = ['id']\n\
                [columns]\n\
                id = { id = 1, type = 'bigint' }\n\
                v0 = { id = 2, type = 'text', nullable = true }\n";
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("test.toml", toml));
    let checked = parse_and_check(&sources, source);
    checked.expect("a valid definition").definition
}

/// A SplitMix64 random number generator.
struct SplitMix64(u64);

impl SplitMix64 {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
