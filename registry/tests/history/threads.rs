// SPDX-License-Identifier: Apache-2.0

//! Threads that look tables up in every way, while others alter them and make the registry forget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use kalamtable_model::{Shared, SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_registry::{RegistryOptions, SchemaRegistry, TableHandle, TableSnapshot};
use kalamtable_store::{MemoryStore, TableId};
use pollster::block_on;

use crate::checker::{Event, Look, Span, check, were_together};

/// How many look-ups, where the default does not do.
const OPERATIONS: &str = "KALAMTABLE_OPERATIONS";

/// As many look-ups are of one registry, before another one is made.
const ROUND: u64 = 125_000;

const TABLES: usize = 24;
const LOOKERS: u64 = 4;
const ALTERERS: u64 = 2;

/// A table that was altered so often is left alone: each alteration is judged by all before it.
const VERSIONS: u32 = 120;

#[test]
fn what_threads_look_up_could_have_been() {
    let operations = std::env::var(OPERATIONS).map_or(1_000_000, |text| text.parse().unwrap());
    let began = Instant::now();
    let mut total = Total::default();
    for round in 0..u64::div_ceil(operations, ROUND) {
        // From everything fits to nothing does.
        let budget_bytes = [256 << 20, 40_000, 8_000, 0][round as usize % 4];
        let clocks = [1, 4, 64][round as usize % 3];
        let options = RegistryOptions {
            budget_bytes,
            clocks,
            ..RegistryOptions::default()
        };
        total.add(run_round(round, ROUND.min(operations), options));
    }
    println!("{total:?} in {:?}", began.elapsed());
    assert!(total.looks >= operations && total.alterations > 100 && total.evictions > 100);
}

#[derive(Debug, Default)]
struct Total {
    looks: u64,
    moments: u64,
    alterations: u64,
    loads: u64,
    evictions: u64,
}

impl Total {
    fn add(&mut self, other: Total) {
        self.looks += other.looks;
        self.moments += other.moments;
        self.alterations += other.alterations;
        self.loads += other.loads;
        self.evictions += other.evictions;
    }
}

/// How a table was looked up: a number of [`World::look_at`], or with others.
type Way = u64;

const WITH_OTHERS: Way = 9;

/// What a thread has seen.
#[derive(Default)]
struct Seen {
    looks: Vec<(usize, Way, Look<u32>)>,
    /// Versions of tables that are said to be of one moment.
    moments: Vec<(Span, [usize; 3], [u32; 3])>,
    alterations: Vec<(usize, Event<u32>)>,
}

struct World {
    registry: SchemaRegistry,
    ids: Vec<TableId>,
    base: TableDefinition,
    tickets: AtomicU64,
    is_over: AtomicBool,
}

fn run_round(round: u64, operations: u64, options: RegistryOptions) -> Total {
    let store = Arc::new(MemoryStore::new());
    let registry = block_on(SchemaRegistry::open(store, options)).unwrap();
    let mut world = World {
        registry,
        ids: Vec::new(),
        base: base(),
        tickets: AtomicU64::new(1),
        is_over: AtomicBool::new(false),
    };
    for table in 0..TABLES {
        let created = block_on(world.registry.create(world.definition(table, 1)));
        world.ids.push(created.unwrap().id());
    }
    let world = &world;
    let all: Vec<Seen> = std::thread::scope(|scope| {
        let alterers: Vec<_> = (0..ALTERERS)
            .map(|thread| {
                let random = Random(round * 100 + 50 + thread);
                scope.spawn(move || world.alter(random))
            })
            .collect();
        let lookers: Vec<_> = (0..LOOKERS)
            .map(|thread| {
                let random = Random(round * 100 + thread);
                scope.spawn(move || world.look(random, operations.div_ceil(LOOKERS)))
            })
            .collect();
        let mut all: Vec<Seen> = lookers
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect();
        world.is_over.store(true, Ordering::Relaxed);
        all.extend(
            alterers
                .into_iter()
                .map(|thread| thread.join().expect("no panic")),
        );
        all
    });
    judge(world, &all)
}

fn judge(world: &World, all: &[Seen]) -> Total {
    let start = Span { begin: 0, end: 0 };
    let first = Event {
        span: start,
        value: 1,
    };
    let mut events = vec![vec![first]; TABLES];
    let mut looks = vec![Vec::new(); TABLES];
    for seen in all {
        for (table, event) in &seen.alterations {
            events[*table].push(*event);
        }
        for (table, _, look) in &seen.looks {
            looks[*table].push(*look);
        }
    }
    for (table, (events, looks)) in events.iter_mut().zip(&looks).enumerate() {
        events.sort_by_key(|event| event.value);
        let versions = events.iter().map(|event| event.value);
        assert!(versions.eq(1..=events.len() as u32), "a lost update");
        if let Err((violation, look)) = check(events, looks) {
            panic!(
                "{violation:?}: {look:?}, {:#?}",
                near(all, table, events, &look)
            );
        }
    }
    let mut moments = 0;
    for (span, tables, versions) in all.iter().flat_map(|seen| &seen.moments) {
        let registers = tables.map(|table| &events[table][..]);
        assert!(
            were_together(&registers, *span, versions),
            "{versions:?} of {tables:?} in {span:?}"
        );
        moments += 1;
    }
    let stats = world.registry.stats();
    Total {
        looks: looks.iter().map(|looks| looks.len() as u64).sum(),
        moments,
        alterations: events.iter().map(|events| events.len() as u64 - 1).sum(),
        loads: stats.loads,
        evictions: stats.evictions,
    }
}

/// What makes a look-up wrong: by which way it was made, newer look-ups before it, and the next version.
fn near(all: &[Seen], table: usize, events: &[Event<u32>], wrong: &Look<u32>) -> Vec<String> {
    let looks = all.iter().flat_map(|seen| &seen.looks);
    let near = looks.filter(|(other, _, look)| {
        let is_it = look.span == wrong.span;
        let is_newer = look.value > wrong.value && look.span.end < wrong.span.begin;
        *other == table && (is_it || is_newer)
    });
    let mut near: Vec<String> = near
        .map(|(_, way, look)| format!("way {way}: {look:?}"))
        .collect();
    near.extend(
        events
            .get(wrong.value as usize)
            .map(|next| format!("{next:?}")),
    );
    near
}

impl World {
    /// The version of a table, which its only column but the key is named after.
    fn definition(&self, table: usize, version: u32) -> TableDefinition {
        let mut parts = self.base.parts().clone();
        parts.name.table = format!("t{table}").into();
        let mut columns = parts.columns.to_vec();
        columns[1].name = format!("v{version}").into();
        parts.columns = Shared::from(columns);
        // The names are such as can be checked.
        TableDefinition::from_checked(parts)
    }

    fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst)
    }

    fn timed<T>(&self, run: impl FnOnce() -> T) -> (Span, T) {
        let begin = self.ticket();
        let made = run();
        let end = self.ticket();
        (Span { begin, end }, made)
    }

    fn look(&self, mut random: Random, operations: u64) -> Seen {
        let mut seen = Seen::default();
        let mut handles: Vec<TableHandle> = self
            .ids
            .iter()
            .map(|id| self.registry.handle(*id))
            .collect();
        while (seen.looks.len() as u64) < operations {
            // Half of all looks are at few tables.
            let table = match random.below(2) {
                0 => random.below(4),
                _ => random.below(TABLES as u64),
            } as usize;
            let way = random.below(WITH_OTHERS);
            let (span, found) = self.timed(|| self.look_at(table, &mut handles[table], way));
            if let Some(value) = found {
                seen.looks.push((table, way, Look { span, value }));
            }
            if random.below(16) == 0 {
                self.look_at_three(&mut random, &mut seen);
            }
        }
        seen
    }

    /// The version of a table, looked up in one of all ways; none if it is not in memory.
    fn look_at(&self, table: usize, handle: &mut TableHandle, way: Way) -> Option<u32> {
        let (registry, id) = (&self.registry, self.ids[table]);
        let name = format!("t{table}");
        let name = ("app", &*name);
        let version = |snapshot: &TableSnapshot| {
            // All that is reached from a version is of it.
            assert_eq!(
                snapshot.schema().field(1).name(),
                &format!("v{}", snapshot.version())
            );
            snapshot.version()
        };
        match way {
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

    fn look_at_three(&self, random: &mut Random, seen: &mut Seen) {
        let tables = [(); 3].map(|()| random.below(TABLES as u64) as usize);
        let ids = tables.map(|table| self.ids[table]);
        let (span, found) = self.timed(|| block_on(self.registry.get_all(&ids)).unwrap());
        let mut versions = [0; 3];
        for (version, found) in versions.iter_mut().zip(&found) {
            *version = found.as_ref().expect("nothing is dropped").version();
        }
        for (table, value) in tables.into_iter().zip(versions) {
            seen.looks.push((table, WITH_OTHERS, Look { span, value }));
        }
        seen.moments.push((span, tables, versions));
    }

    fn alter(&self, mut random: Random) -> Seen {
        let mut seen = Seen::default();
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
                    let current = current.expect("nothing is dropped");
                    if current.version() >= VERSIONS {
                        std::thread::yield_now();
                        continue;
                    }
                    let next = self.definition(table, current.version() + 1);
                    let (span, altered) =
                        self.timed(|| block_on(self.registry.alter(&current, next)));
                    // Else the other one was faster.
                    if let Ok(altered) = altered {
                        let value = altered.version();
                        seen.alterations.push((table, Event { span, value }));
                    }
                }
            }
        }
        seen
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
    checked.expect("a sound definition").definition
}

/// A sequence of numbers: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
