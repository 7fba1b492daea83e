// SPDX-License-Identifier: Apache-2.0

//! Threads that perform random operations. Their lookups are checked for linearizability when they
//! have ended.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use kalamtable_model::TableDefinition;
use kalamtable_store::{ChangeKind, DefinitionStore, Sequence, TableId};
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};

use super::linearizability::{ObservedRead, RegisterWrite, Span, check};
use super::tables::table;
use super::unreliable_store::UnreliableStore;
use crate::clocks::Epoch;
use crate::handle::TableHandle;
use crate::options::RegistryOptions;
use crate::registry::SchemaRegistry;
use crate::snapshot::TableSnapshot;
use crate::sync::block_on;

/// The result of a lookup: a version of a table, or `None` if no table was found.
type FoundVersion = Option<(TableId, u32)>;

const NAMES: [&str; 3] = ["a", "b", "c"];
const STEPS: usize = 5;

/// The object of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Register {
    Table(TableId),
    Name(usize),
}

/// The operations of a thread.
#[derive(Default)]
struct ThreadHistory {
    reads: Vec<(Register, ObservedRead<FoundVersion>)>,
    /// Attempts to change a table, by the number in the comment of the definition.
    changes: Vec<(u64, Span)>,
    /// Attempts to drop a table.
    drops: Vec<(TableId, Span)>,
}

/// The path of schema changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChangePath {
    Registry,
    /// The store is changed without notifying the registry, as a faulty twin does.
    StoreOnly,
}

struct ShuttleWorld {
    registry: SchemaRegistry,
    store: Arc<UnreliableStore>,
    path: ChangePath,
    /// An atomic of the standard library: drawing a ticket is not a step of the model.
    tickets: std::sync::atomic::AtomicU64,
}

impl ShuttleWorld {
    fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst)
    }

    /// Runs a future that can panic, and drops some futures after the first poll. Returns `None` if
    /// the future has no result.
    fn attempt<T>(&self, run: impl Future<Output = T>) -> (Span, Option<T>) {
        let begin = self.ticket();
        let is_dropped = thread_rng().gen_bool(0.1);
        let result = catch_unwind(AssertUnwindSafe(|| {
            if is_dropped {
                let mut run = pin!(run);
                let mut context = Context::from_waker(Waker::noop());
                match run.as_mut().poll(&mut context) {
                    std::task::Poll::Ready(result) => Some(result),
                    std::task::Poll::Pending => None,
                }
            } else {
                Some(block_on(run))
            }
        }));
        let end = self.ticket();
        (Span { begin, end }, result.ok().flatten())
    }

    fn record_read(
        &self,
        history: &mut ThreadHistory,
        register: Register,
        span: Span,
        found: FoundVersion,
    ) {
        let read = ObservedRead { span, value: found };
        history.reads.push((register, read));
    }

    /// Returns the id of a table that may exist.
    fn any_id(&self) -> TableId {
        TableId(thread_rng().gen_range(1..=4))
    }

    fn any_name(&self) -> usize {
        thread_rng().gen_range(0..NAMES.len())
    }

    fn definition(&self, name: usize, columns: u32, change: u64) -> TableDefinition {
        let mut parts = table(NAMES[name], columns).parts().clone();
        parts.comment = Some(change.to_string().into());
        TableDefinition::from_checked(parts)
    }

    fn step(&self, history: &mut ThreadHistory, handles: &mut HashMap<TableId, TableHandle>) {
        let registry = &self.registry;
        let (id, name) = (self.any_id(), self.any_name());
        let full_name = ("app", NAMES[name]);
        match thread_rng().gen_range(0..22) {
            0..3 => {
                let (span, found) = self.attempt(registry.get(id));
                if let Some(Ok(found)) = found {
                    self.record_read(
                        history,
                        Register::Table(id),
                        span,
                        found.as_deref().map(value),
                    );
                }
            }
            3..6 => {
                let (span, found) = self.attempt(registry.find(full_name));
                if let Some(Ok(found)) = found {
                    self.record_read(
                        history,
                        Register::Name(name),
                        span,
                        found.as_deref().map(value),
                    );
                }
            }
            6..9 => {
                let begin = self.ticket();
                let borrowed = registry.with(id, value);
                let end = self.ticket();
                if borrowed.is_some() {
                    self.record_read(history, Register::Table(id), Span { begin, end }, borrowed);
                }
            }
            9 | 10 => {
                let begin = self.ticket();
                let borrowed = registry.with_name(full_name, value);
                let end = self.ticket();
                if borrowed.is_some() {
                    self.record_read(history, Register::Name(name), Span { begin, end }, borrowed);
                }
            }
            11 | 12 => {
                let handle = handles.entry(id).or_insert_with(|| registry.handle(id));
                let (span, found) =
                    self.attempt(async { handle.get().await.map(|found| value(found)) });
                if let Some(Ok(found)) = found {
                    self.record_read(history, Register::Table(id), span, Some(found));
                }
            }
            13 => {
                let ids = [TableId(1), TableId(2)];
                let (span, found) = self.attempt(registry.get_all(&ids));
                if let Some(Ok(found)) = found {
                    for (id, found) in ids.into_iter().zip(found) {
                        self.record_read(
                            history,
                            Register::Table(id),
                            span,
                            found.as_deref().map(value),
                        );
                    }
                }
            }
            14..18 => self.alter(history, id),
            18 => {
                let change = self.ticket();
                let definition = self.definition(name, 1, change);
                let (span, _) = self.attempt(registry.create(definition));
                history.changes.push((change, span));
            }
            19 => {
                if let (_, Some(Ok(Some(current)))) = self.attempt(registry.get(id)) {
                    let (span, _) = self.attempt(registry.drop_table(&current));
                    history.drops.push((id, span));
                }
            }
            20 => registry.invalidate(id),
            _ => match thread_rng().gen_range(0..3) {
                0 => registry.clear(),
                1 => registry.invalidate_name(full_name),
                _ => {
                    let _ = self.attempt(registry.refresh());
                }
            },
        }
    }

    /// Adds a column to a table, and sometimes renames it.
    fn alter(&self, history: &mut ThreadHistory, id: TableId) {
        let (_, Some(Ok(Some(current)))) = self.attempt(self.registry.get(id)) else {
            return;
        };
        let change = self.ticket();
        let own = NAMES
            .iter()
            .position(|name| **name == *current.name().table);
        let name = if thread_rng().gen_bool(0.3) {
            self.any_name()
        } else {
            own.expect("a table of the model")
        };
        let definition = self.definition(name, current.version() + 1, change);
        let (span, altered) = match self.path {
            ChangePath::Registry => self.attempt(self.registry.alter(&current, definition)),
            ChangePath::StoreOnly => {
                let replaced = (self.store).replace(id, current.version(), definition);
                let (span, _) = self.attempt(replaced);
                (span, None)
            }
        };
        history.changes.push((change, span));
        if let Some(Ok(altered)) = altered {
            assert_eq!(altered.version(), current.version() + 1);
        }
    }
}

fn value(snapshot: &TableSnapshot) -> (TableId, u32) {
    // Each version has one more column, so the schema must belong to the version.
    assert_eq!(snapshot.schema().fields().len() as u32, snapshot.version());
    assert!(snapshot.epoch() != Some(Epoch(u64::MAX)));
    (snapshot.id(), snapshot.version())
}

fn run(path: ChangePath, threads: usize, options: RegistryOptions) {
    let store = Arc::new(UnreliableStore::default());
    let mut created = HashMap::new();
    for (number, name) in NAMES.iter().take(2).enumerate() {
        store.tables().create(table(name, 1)).expect("a free name");
        created.insert(TableId(number as u64 + 1), number);
    }
    let registry =
        block_on(SchemaRegistry::open(Arc::clone(&store) as _, options)).expect("it can be read");
    let world = Arc::new(ShuttleWorld {
        registry,
        store,
        path,
        tickets: std::sync::atomic::AtomicU64::new(1),
    });
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let world = Arc::clone(&world);
            shuttle::thread::spawn(move || {
                let (mut history, mut handles) = (ThreadHistory::default(), HashMap::new());
                for _ in 0..STEPS {
                    world.step(&mut history, &mut handles);
                }
                history
            })
        })
        .collect();
    let mut all: Vec<ThreadHistory> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no thread panics"))
        .collect();
    all.push(look_up_all(&world));
    check_histories(&world, &all);
}

/// Looks everything up after all threads have ended, and checks that the results match the store.
fn look_up_all(world: &ShuttleWorld) -> ThreadHistory {
    let mut history = ThreadHistory::default();
    for id in (1..=6).map(TableId) {
        let (span, found) = settled(world, || world.registry.get(id));
        let stored = world.store.tables().get(id);
        let found = found.as_deref().map(value);
        let expected = stored.map(|stored| (id, stored.version()));
        assert_eq!(found, expected, "Stale: the last lookup");
        world.record_read(&mut history, Register::Table(id), span, found);
    }
    for (index, name) in NAMES.iter().enumerate() {
        let (span, found) = settled(world, || world.registry.find(("app", *name)));
        let stored = world.store.tables().find(table(name, 1).name());
        let found = found.as_deref().map(value);
        assert_eq!(found.map(|(id, _)| id), stored);
        world.record_read(&mut history, Register::Name(index), span, found);
    }
    history
}

/// Repeats a lookup until the store does not fail.
fn settled<T, E, F: Future<Output = Result<T, E>>>(
    world: &ShuttleWorld,
    mut look_up: impl FnMut() -> F,
) -> (Span, T) {
    loop {
        if let (span, Some(Ok(found))) = world.attempt(look_up()) {
            return (span, found);
        }
    }
}

/// Checks all lookups against the writes, whose order is known from the store, and whose spans are
/// known from the threads.
fn check_histories(world: &ShuttleWorld, all: &[ThreadHistory]) {
    let mut reads: HashMap<Register, Vec<ObservedRead<FoundVersion>>> = HashMap::new();
    for (register, read) in all.iter().flat_map(|history| &history.reads) {
        reads.entry(*register).or_default().push(*read);
    }
    let spans: HashMap<u64, Span> = all
        .iter()
        .flat_map(|history| history.changes.clone())
        .collect();
    let start = Span { begin: 0, end: 0 };
    let mut writes: HashMap<Register, Vec<RegisterWrite<FoundVersion>>> = HashMap::new();
    let mut record_write = |register, span, value| {
        let absent = RegisterWrite {
            span: start,
            value: None,
        };
        writes
            .entry(register)
            .or_insert_with(|| vec![absent])
            .push(RegisterWrite { span, value });
    };
    let tables = world.store.tables();
    for change in tables.changes_since(Sequence::START) {
        let id = change.table;
        let version = match change.kind {
            ChangeKind::Created => Some(1),
            ChangeKind::Replaced { version } => Some(version),
            ChangeKind::Dropped => None,
        };
        let span = match version {
            Some(version) => {
                let stored = tables.get_version(id, version).expect("the version exists");
                let number = stored
                    .definition
                    .comment()
                    .and_then(|text| text.parse().ok());
                number.map_or(start, |number: u64| spans[&number])
            }
            None => {
                // Several threads may have tried, without knowing whether they have succeeded.
                let drops = all.iter().flat_map(|history| &history.drops);
                let own = drops
                    .filter(|(dropped, _)| *dropped == id)
                    .map(|(_, span)| *span);
                own.reduce(|first, second| Span {
                    begin: first.begin.min(second.begin),
                    end: first.end.max(second.end),
                })
                .expect("a thread dropped it")
            }
        };
        let value = version.map(|version| (id, version));
        record_write(Register::Table(id), span, value);
        let register = |name: &kalamtable_model::TableName| {
            let index = NAMES.iter().position(|other| **other == *name.table);
            Register::Name(index.expect("a name of the model"))
        };
        if let Some(before) = &change.name_before
            && change.name_after.as_ref() != Some(before)
        {
            record_write(register(before), span, None);
        }
        if let Some(after) = &change.name_after {
            record_write(register(after), span, value);
        }
    }
    drop(tables);
    for (register, reads) in &reads {
        let absent = [RegisterWrite {
            span: start,
            value: None,
        }];
        let writes = writes
            .get(register)
            .map_or(&absent[..], |writes| &writes[..]);
        if let Err((violation, read)) = check(writes, reads) {
            panic!("{register:?}: {violation:?} {read:?} among {writes:?}");
        }
    }
}

fn check_with(path: ChangePath, scheduler: impl Scheduler + 'static) {
    let mut config = shuttle::Config::default();
    config.stack_size = 0x40000;
    config.max_steps = shuttle::MaxSteps::FailAfter(2_000_000);
    config.silence_warnings = true;
    config.failure_persistence = shuttle::FailurePersistence::Print;
    let runner = shuttle::Runner::new(scheduler, config);
    let runs = runner.run(move || {
        let threads = thread_rng().gen_range(3..=6);
        let options = RegistryOptions {
            budget_bytes: [0, 2_500, 1 << 20][thread_rng().gen_range(0..3)],
            clocks: [1, 2, 8][thread_rng().gen_range(0..3)],
            shadow: false,
        };
        run(path, threads, options);
    });
    println!("{runs} runs");
}

#[test]
fn mixed_operations_with_few_preemptions() {
    for depth in [2, 3, 5] {
        let scheduler = PctScheduler::new_from_seed(7 + depth as u64, depth, 3_000);
        check_with(ChangePath::Registry, scheduler);
    }
}

#[test]
fn mixed_operations_in_random_schedules() {
    let scheduler = RandomScheduler::new_from_seed(7, 6_000);
    check_with(ChangePath::Registry, scheduler);
}

#[test]
#[should_panic(expected = "Stale")]
fn twin_changes_the_store_only() {
    let scheduler = RandomScheduler::new_from_seed(7, 100);
    check_with(ChangePath::StoreOnly, scheduler);
}
