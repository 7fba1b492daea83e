// SPDX-License-Identifier: Apache-2.0

//! How a model is run, and the world that it runs in: a store, whose steps are loom's, and a registry.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_store::{
    DefinitionChange, DefinitionStore, Error as StoreError, Sequence, StoredTable, TableId,
};
use loom::sync::atomic::AtomicU32;

use crate::registry::{RegistryOptions, SchemaRegistry};
use crate::snapshot::TableSnapshot;
use crate::sync::{Fault, block_on, set_fault};
use crate::tables::{Tables, table};

// ---- running ----

/// That a model holds in every interleaving with so many preemptions.
pub(crate) fn holds(name: &str, preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let began = std::time::Instant::now();
    let interleavings = explore(Fault::None, preemptions, model);
    println!(
        "{name}: {interleavings} interleavings, {:?}",
        began.elapsed()
    );
    assert!(interleavings > 50, "{name}: the threads hardly meet");
}

/// That a model, or its twin, fails in some interleaving, and says why.
pub(crate) fn fails(fault: Fault, because: &str, model: impl Fn() + Send + Sync + 'static) {
    let model = Arc::new(model);
    let mut outcomes = [2, 3].into_iter().map(|preemptions| {
        let model = Arc::clone(&model);
        catch_unwind(AssertUnwindSafe(|| {
            explore(fault, preemptions, move || model())
        }))
    });
    let panic = outcomes.find_map(Result::err);
    set_fault(Fault::None);
    let panic = panic.expect("the twin fails");
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or(panic.downcast_ref::<&str>().copied());
    let message = message.unwrap_or_default();
    assert!(message.contains(because), "{message}");
}

fn explore(fault: Fault, preemptions: usize, model: impl Fn() + Send + Sync + 'static) -> usize {
    let interleavings = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    set_fault(fault);
    let counted = Arc::clone(&interleavings);
    let model = Arc::new(model);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let model = Arc::clone(&model);
        let main = spawn(move || model());
        main.join().expect("loom reports what panics");
    });
    interleavings.load(Ordering::Relaxed)
}

/// A thread with more of a stack than loom gives one: futures that are not optimized are large.
pub(crate) fn spawn<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> loom::thread::JoinHandle<T> {
    let builder = loom::thread::Builder::new().stack_size(0x8000);
    builder.spawn(run).expect("loom spawns")
}

// ---- the store ----

/// What becomes of a question to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It fails.
    Fail,
    /// It is answered, and whoever asked hears of it when asked again.
    Wait,
}

/// A store in memory, each of whose steps another thread can come before or after.
#[derive(Debug)]
pub(crate) struct Store(loom::sync::Mutex<State>);

#[derive(Debug, Default)]
struct State {
    tables: Tables,
    /// Of the next questions for a table, and of the next changes of one.
    fates: VecDeque<Fate>,
    reads: usize,
    /// Whether it does not say what has changed.
    is_silent: bool,
}

impl Store {
    /// From here on it does not say what has changed.
    pub(crate) fn be_silent(&self) {
        self.state().is_silent = true;
    }

    /// How often a table was read.
    pub(crate) fn reads(&self) -> usize {
        self.state().reads
    }

    pub(crate) fn expect(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state().fates.extend(fates);
    }

    fn state(&self) -> loom::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }
}

/// What becomes of an answer: the store has done what it was asked, whatever it says.
async fn answer<T>(answer: Result<T, StoreError>, fate: Option<Fate>) -> Result<T, StoreError> {
    match fate {
        Some(Fate::Fail) => return Err(StoreError::Other("the store is away".into())),
        Some(Fate::Wait) => a_moment().await,
        None => {}
    }
    answer
}

/// Ready when it is asked the second time.
async fn a_moment() {
    let mut has_waited = false;
    std::future::poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl DefinitionStore for Store {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, StoreError> {
        let (found, fate) = {
            let mut state = self.state();
            state.reads += 1;
            (state.tables.get(id), state.fates.pop_front())
        };
        answer(Ok(found), fate).await
    }

    async fn get_version(
        &self,
        id: TableId,
        version: u32,
    ) -> Result<Option<StoredTable>, StoreError> {
        Ok(self.state().tables.get_version(id, version))
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, StoreError> {
        Ok(self.state().tables.find(name))
    }

    async fn list(&self) -> Result<Vec<StoredTable>, StoreError> {
        Ok(self.state().tables.list())
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, StoreError> {
        Err(StoreError::Other("the registry does not ask for it".into()))
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Ok(self.state().tables.list().len())
    }

    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, StoreError> {
        self.state().tables.create(definition)
    }

    async fn replace(
        &self,
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, StoreError> {
        let (replaced, fate) = {
            let mut state = self.state();
            let replaced = state.tables.replace(id, expected, definition);
            (replaced, state.fates.pop_front())
        };
        answer(replaced, fate).await
    }

    async fn drop_table(&self, id: TableId, expected: u32) -> Result<Sequence, StoreError> {
        self.state().tables.drop_table(id, expected)
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, StoreError> {
        Ok(self.state().tables.history(id))
    }

    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, StoreError> {
        let state = self.state();
        match state.is_silent {
            true => Err(StoreError::Other("the store is away".into())),
            false => Ok(state.tables.changes_since(sequence)),
        }
    }

    async fn last_sequence(&self) -> Result<Sequence, StoreError> {
        Ok(self.state().tables.last_sequence())
    }

    async fn refresh(&self) -> Result<Sequence, StoreError> {
        self.last_sequence().await
    }
}

/// Asks a future once, and drops it.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(made) => Some(made),
        Poll::Pending => None,
    }
}

// ---- the world ----

pub(crate) const NOTES: TableId = TableId(1);
pub(crate) const TASKS: TableId = TableId(2);

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Arc<Store>,
    pub(crate) registry: SchemaRegistry,
    /// How far whoever alters has come.
    pub(crate) done: Arc<AtomicU32>,
}

pub(crate) fn options(clocks: usize) -> RegistryOptions {
    RegistryOptions {
        clocks,
        ..RegistryOptions::default()
    }
}

/// A budget that everything is evicted for as soon as it is published.
pub(crate) fn no_budget(clocks: usize) -> RegistryOptions {
    RegistryOptions {
        budget_bytes: 0,
        ..options(clocks)
    }
}

impl World {
    /// A store with these tables at version 1, ids from 1, of which the registry knows nothing yet.
    pub(crate) fn new(tables: &[&str], options: RegistryOptions) -> Self {
        let mut state = State::default();
        for name in tables {
            let created = state.tables.create(table(name, 1));
            created.expect("a free name");
        }
        let store = Arc::new(Store(loom::sync::Mutex::new(state)));
        let opened = SchemaRegistry::open(store.clone(), options);
        World {
            store,
            registry: block_on(opened).expect("a store that can be read"),
            done: Arc::new(AtomicU32::new(0)),
        }
    }

    /// The same, with all tables in memory.
    pub(crate) fn warm(tables: &[&str], options: RegistryOptions) -> Self {
        let world = World::new(tables, options);
        for id in 1..=tables.len() as u64 {
            world.get(TableId(id));
        }
        world
    }

    /// A table as the store has it, without a look-up.
    pub(crate) fn stored(&self, id: TableId) -> Arc<TableSnapshot> {
        let stored = self.store.state().tables.get(id);
        self.registry.shared.snapshot(&stored.expect("a table"))
    }

    pub(crate) fn get(&self, id: TableId) -> u32 {
        let found = block_on(self.registry.get(id)).expect("a store that can be read");
        version(found.as_ref())
    }

    /// Alters a table to its next version.
    pub(crate) fn alter(&self, id: TableId) {
        let current = self.stored(id);
        let next = table(&current.name().table, current.version() + 1);
        block_on(self.registry.alter(&current, next)).expect("nobody else alters");
    }

    /// Does what another process does: the registry hears nothing of it.
    pub(crate) fn alter_elsewhere(&self, id: TableId) {
        let current = self.stored(id);
        let next = table(&current.name().table, current.version() + 1);
        block_on(self.store.replace(id, current.version(), next)).expect("nobody else alters");
    }

    pub(crate) fn is_done(&self, steps: u32) {
        self.done.store(steps, Ordering::Release);
    }

    pub(crate) fn steps_done(&self) -> u32 {
        self.done.load(Ordering::Acquire)
    }

    /// A thread in this world.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        run: impl FnOnce(&World) -> T + Send + 'static,
    ) -> loom::thread::JoinHandle<T> {
        let world = self.clone();
        spawn(move || run(&world))
    }
}

/// The version of what was found; 0 if nothing was.
pub(crate) fn version(found: Option<&Arc<TableSnapshot>>) -> u32 {
    found.map_or(0, |snapshot| snapshot.version())
}
