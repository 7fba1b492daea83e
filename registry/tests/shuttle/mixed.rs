// SPDX-License-Identifier: Apache-2.0

//! Threads that do everything at once; what each saw is judged when they are done.

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

use crate::checker::{Event, Look, Span, check};
use crate::clocks::Epoch;
use crate::handle::TableHandle;
use crate::registry::{RegistryOptions, SchemaRegistry};
use crate::snapshot::TableSnapshot;
use crate::store::Store;
use crate::sync::block_on;
use crate::tables::table;

/// What a look-up finds: a version of a table, or nothing.
type Value = Option<(TableId, u32)>;

const NAMES: [&str; 3] = ["a", "b", "c"];
const STEPS: usize = 5;

/// What is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Register {
    Table(TableId),
    Name(usize),
}

/// What a thread did and saw.
#[derive(Default)]
struct Seen {
    looks: Vec<(Register, Look<Value>)>,
    /// Changes that were asked for, whatever came of it, by the number in the definition's comment.
    changes: Vec<(u64, Span)>,
    /// Tables that were asked to be dropped.
    drops: Vec<(TableId, Span)>,
}

/// How tables are altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    ThroughTheRegistry,
    /// And nobody tells the registry: what a twin does.
    BehindItsBack,
}

struct World {
    registry: SchemaRegistry,
    store: Arc<Store>,
    how: How,
    /// Not shuttle's: drawing a ticket is no step.
    tickets: std::sync::atomic::AtomicU64,
}

impl World {
    fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst)
    }

    /// Runs something that may panic, and is perhaps dropped before it is ready. None if nothing came of it.
    fn attempt<T>(&self, run: impl Future<Output = T>) -> (Span, Option<T>) {
        let begin = self.ticket();
        let is_dropped = thread_rng().gen_bool(0.1);
        let made = catch_unwind(AssertUnwindSafe(|| match is_dropped {
            true => {
                let mut run = pin!(run);
                let mut context = Context::from_waker(Waker::noop());
                match run.as_mut().poll(&mut context) {
                    std::task::Poll::Ready(made) => Some(made),
                    std::task::Poll::Pending => None,
                }
            }
            false => Some(block_on(run)),
        }));
        let end = self.ticket();
        (Span { begin, end }, made.ok().flatten())
    }

    fn look(&self, seen: &mut Seen, register: Register, span: Span, found: Value) {
        seen.looks.push((register, Look { span, value: found }));
    }

    /// Some table that is or was there.
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

    fn step(&self, seen: &mut Seen, handles: &mut HashMap<TableId, TableHandle>) {
        let registry = &self.registry;
        let (id, name) = (self.any_id(), self.any_name());
        let full_name = ("app", NAMES[name]);
        match thread_rng().gen_range(0..22) {
            0..3 => {
                let (span, found) = self.attempt(registry.get(id));
                if let Some(Ok(found)) = found {
                    self.look(seen, Register::Table(id), span, found.as_deref().map(value));
                }
            }
            3..6 => {
                let (span, found) = self.attempt(registry.find(full_name));
                if let Some(Ok(found)) = found {
                    self.look(
                        seen,
                        Register::Name(name),
                        span,
                        found.as_deref().map(value),
                    );
                }
            }
            6..9 => {
                let begin = self.ticket();
                let lent = registry.with(id, value);
                let end = self.ticket();
                if lent.is_some() {
                    self.look(seen, Register::Table(id), Span { begin, end }, lent);
                }
            }
            9 | 10 => {
                let begin = self.ticket();
                let lent = registry.with_name(full_name, value);
                let end = self.ticket();
                if lent.is_some() {
                    self.look(seen, Register::Name(name), Span { begin, end }, lent);
                }
            }
            11 | 12 => {
                let handle = handles.entry(id).or_insert_with(|| registry.handle(id));
                let (span, found) =
                    self.attempt(async { handle.get().await.map(|found| value(found)) });
                if let Some(Ok(found)) = found {
                    self.look(seen, Register::Table(id), span, Some(found));
                }
            }
            13 => {
                let ids = [TableId(1), TableId(2)];
                let (span, found) = self.attempt(registry.get_all(&ids));
                if let Some(Ok(found)) = found {
                    for (id, found) in ids.into_iter().zip(found) {
                        self.look(seen, Register::Table(id), span, found.as_deref().map(value));
                    }
                }
            }
            14..18 => self.alter(seen, id),
            18 => {
                let change = self.ticket();
                let definition = self.definition(name, 1, change);
                let (span, _) = self.attempt(registry.create(definition));
                seen.changes.push((change, span));
            }
            19 => {
                if let (_, Some(Ok(Some(current)))) = self.attempt(registry.get(id)) {
                    let (span, _) = self.attempt(registry.drop_table(&current));
                    seen.drops.push((id, span));
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

    /// A column more, and sometimes another name.
    fn alter(&self, seen: &mut Seen, id: TableId) {
        let (_, Some(Ok(Some(current)))) = self.attempt(self.registry.get(id)) else {
            return;
        };
        let change = self.ticket();
        let own = NAMES
            .iter()
            .position(|name| **name == *current.name().table);
        let name = match thread_rng().gen_bool(0.3) {
            true => self.any_name(),
            false => own.expect("a table of the model"),
        };
        let definition = self.definition(name, current.version() + 1, change);
        let (span, altered) = match self.how {
            How::ThroughTheRegistry => self.attempt(self.registry.alter(&current, definition)),
            How::BehindItsBack => {
                let replaced = (self.store).replace(id, current.version(), definition);
                let (span, _) = self.attempt(replaced);
                (span, None)
            }
        };
        seen.changes.push((change, span));
        if let Some(Ok(altered)) = altered {
            assert_eq!(altered.version(), current.version() + 1);
        }
    }
}

fn value(snapshot: &TableSnapshot) -> (TableId, u32) {
    // All that is reached from a version is of it: versions have a column more each.
    assert_eq!(snapshot.schema().fields().len() as u32, snapshot.version());
    assert!(snapshot.epoch() != Some(Epoch(u64::MAX)));
    (snapshot.id(), snapshot.version())
}

fn run(how: How, threads: usize, options: RegistryOptions) {
    let store = Arc::new(Store::default());
    let mut created = HashMap::new();
    for (number, name) in NAMES.iter().take(2).enumerate() {
        store.tables().create(table(name, 1)).expect("a free name");
        created.insert(TableId(number as u64 + 1), number);
    }
    let registry = block_on(SchemaRegistry::open(store.clone(), options)).expect("it can be read");
    let world = Arc::new(World {
        registry,
        store,
        how,
        tickets: std::sync::atomic::AtomicU64::new(1),
    });
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let world = Arc::clone(&world);
            shuttle::thread::spawn(move || {
                let (mut seen, mut handles) = (Seen::default(), HashMap::new());
                for _ in 0..STEPS {
                    world.step(&mut seen, &mut handles);
                }
                seen
            })
        })
        .collect();
    let mut all: Vec<Seen> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect();
    all.push(look_at_all(&world));
    judge(&world, &all);
}

/// What everybody sees who comes last: exactly what the store has.
fn look_at_all(world: &World) -> Seen {
    let mut seen = Seen::default();
    for id in (1..=6).map(TableId) {
        let (span, found) = settled(world, || world.registry.get(id));
        let stored = world.store.tables().get(id);
        let found = found.as_deref().map(value);
        let expected = stored.map(|stored| (id, stored.version()));
        assert_eq!(found, expected, "Old: what is there now");
        world.look(&mut seen, Register::Table(id), span, found);
    }
    for (index, name) in NAMES.iter().enumerate() {
        let (span, found) = settled(world, || world.registry.find(("app", *name)));
        let stored = world.store.tables().find(table(name, 1).name());
        let found = found.as_deref().map(value);
        assert_eq!(found.map(|(id, _)| id), stored);
        world.look(&mut seen, Register::Name(index), span, found);
    }
    seen
}

/// Asks until the store answers.
fn settled<T, E, F: Future<Output = Result<T, E>>>(
    world: &World,
    mut ask: impl FnMut() -> F,
) -> (Span, T) {
    loop {
        if let (span, Some(Ok(found))) = world.attempt(ask()) {
            return (span, found);
        }
    }
}

/// The values of all tables and names, from what the store says of the order and the threads of the time.
fn judge(world: &World, all: &[Seen]) {
    let mut looks: HashMap<Register, Vec<Look<Value>>> = HashMap::new();
    for (register, look) in all.iter().flat_map(|seen| &seen.looks) {
        looks.entry(*register).or_default().push(*look);
    }
    let spans: HashMap<u64, Span> = all.iter().flat_map(|seen| seen.changes.clone()).collect();
    let start = Span { begin: 0, end: 0 };
    let mut events: HashMap<Register, Vec<Event<Value>>> = HashMap::new();
    let mut note = |register, span, value| {
        let nothing = Event {
            span: start,
            value: None,
        };
        events
            .entry(register)
            .or_insert_with(|| vec![nothing])
            .push(Event { span, value });
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
                let stored = tables.get_version(id, version).expect("it was made");
                let number = stored
                    .definition
                    .comment()
                    .and_then(|text| text.parse().ok());
                number.map_or(start, |number: u64| spans[&number])
            }
            None => {
                // Whoever dropped it last that could have: more than one may not know whether it has.
                let drops = all.iter().flat_map(|seen| &seen.drops);
                let own = drops
                    .filter(|(dropped, _)| *dropped == id)
                    .map(|(_, span)| *span);
                own.reduce(|first, second| Span {
                    begin: first.begin.min(second.begin),
                    end: first.end.max(second.end),
                })
                .expect("somebody dropped it")
            }
        };
        let value = version.map(|version| (id, version));
        note(Register::Table(id), span, value);
        let register = |name: &kalamtable_model::TableName| {
            let index = NAMES.iter().position(|other| **other == *name.table);
            Register::Name(index.expect("a name of the model"))
        };
        if let Some(before) = &change.name_before
            && change.name_after.as_ref() != Some(before)
        {
            note(register(before), span, None);
        }
        if let Some(after) = &change.name_after {
            note(register(after), span, value);
        }
    }
    drop(tables);
    for (register, looks) in &looks {
        let nothing = [Event {
            span: start,
            value: None,
        }];
        let events = events
            .get(register)
            .map_or(&nothing[..], |events| &events[..]);
        if let Err((violation, look)) = check(events, looks) {
            panic!("{register:?}: {violation:?} {look:?} among {events:?}");
        }
    }
}

fn check_with(how: How, scheduler: impl Scheduler + 'static) {
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
        run(how, threads, options);
    });
    println!("{runs} runs");
}

#[test]
fn mixed_operations_of_threads_that_are_interrupted_at_few_moments() {
    for depth in [2, 3, 5] {
        let scheduler = PctScheduler::new_from_seed(7 + depth as u64, depth, 3_000);
        check_with(How::ThroughTheRegistry, scheduler);
    }
}

#[test]
fn mixed_operations_of_threads_that_are_interrupted_anywhere() {
    let scheduler = RandomScheduler::new_from_seed(7, 6_000);
    check_with(How::ThroughTheRegistry, scheduler);
}

#[test]
#[should_panic(expected = "Old")]
fn twin_alters_behind_the_back_of_the_registry() {
    let scheduler = RandomScheduler::new_from_seed(7, 100);
    check_with(How::BehindItsBack, scheduler);
}
