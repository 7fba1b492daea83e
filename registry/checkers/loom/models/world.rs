// SPDX-License-Identifier: Apache-2.0

//! Functions that run models, and the world in which they run: a store, and a registry over it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_store::{
    DefinitionChange, DefinitionStore, Error as StoreError, Sequence, StoredTable, TableChange,
    TableId,
};
use loom::sync::atomic::AtomicU32;

use super::tables::{StoredTables, table};
use crate::options::RegistryOptions;
use crate::registry::SchemaRegistry;
use crate::snapshot::TableSnapshot;
use crate::sync::block_on;
use crate::sync::under_loom::{PrimitiveFault, set_fault};

// ---- running ----

/// Checks that a model holds in every interleaving with at most `preemptions` preemptions.
pub(crate) fn holds(name: &str, preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let began = std::time::Instant::now();
    let interleavings = explore(PrimitiveFault::None, preemptions, model);
    println!(
        "{name}: {interleavings} interleavings, {:?}",
        began.elapsed()
    );
    assert!(interleavings > 50, "{name}: too few interleavings");
}

/// Checks that a model with a fault panics in some interleaving, with a message that contains
/// `expected`.
pub(crate) fn fails(
    fault: PrimitiveFault,
    expected: &str,
    model: impl Fn() + Send + Sync + 'static,
) {
    let model = Arc::new(model);
    let mut outcomes = [2, 3].into_iter().map(|preemptions| {
        let model = Arc::clone(&model);
        catch_unwind(AssertUnwindSafe(|| {
            explore(fault, preemptions, move || model())
        }))
    });
    let panic = outcomes.find_map(Result::err);
    set_fault(PrimitiveFault::None);
    let panic = panic.expect("the twin fails");
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or(panic.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    assert!(message.contains(expected), "{message}");
}

fn explore(
    fault: PrimitiveFault,
    preemptions: usize,
    model: impl Fn() + Send + Sync + 'static,
) -> usize {
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

/// Spawns a thread with a larger stack than loom's default: unoptimized futures are large.
pub(crate) fn spawn<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> loom::thread::JoinHandle<T> {
    let builder = loom::thread::Builder::new().stack_size(0x8000);
    builder.spawn(run).expect("loom spawns")
}

// ---- the store ----

/// The behaviour of the store at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreFault {
    /// The call takes effect, and returns an error.
    Fail,
    /// The call takes effect, and its future is pending once.
    Delay,
}

/// A store in memory. Each call is a step before or after which other threads can run.
#[derive(Debug)]
pub(crate) struct ModelStore(loom::sync::Mutex<ModelStoreState>);

#[derive(Debug, Default)]
struct ModelStoreState {
    tables: StoredTables,
    /// The faults of the next reads of a table and the next changes.
    faults: VecDeque<StoreFault>,
    reads: usize,
    /// Whether the store reports no changes.
    is_silent: bool,
}

impl ModelStore {
    /// Makes the store report no changes from this call on.
    pub(crate) fn be_silent(&self) {
        self.state().is_silent = true;
    }

    /// Returns the number of reads of a table.
    pub(crate) fn reads(&self) -> usize {
        self.state().reads
    }

    pub(crate) fn expect(&self, faults: impl IntoIterator<Item = StoreFault>) {
        self.state().faults.extend(faults);
    }

    fn state(&self) -> loom::sync::MutexGuard<'_, ModelStoreState> {
        self.0.lock().expect("no thread panics")
    }
}

/// Returns the result of a call that has taken effect, after the fault of the call.
async fn respond<T>(
    result: Result<T, StoreError>,
    fault: Option<StoreFault>,
) -> Result<T, StoreError> {
    match fault {
        Some(StoreFault::Fail) => return Err(StoreError::Other("the store is unavailable".into())),
        Some(StoreFault::Delay) => pending_once().await,
        None => {}
    }
    result
}

/// Is pending when it is polled the first time, and ready the second time.
async fn pending_once() {
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
impl DefinitionStore for ModelStore {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, StoreError> {
        let (found, fault) = {
            let mut state = self.state();
            state.reads += 1;
            (state.tables.get(id), state.faults.pop_front())
        };
        respond(Ok(found), fault).await
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
        Err(StoreError::Other(
            "the registry does not list versions".into(),
        ))
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Ok(self.state().tables.list().len())
    }

    async fn commit(&self, _: Vec<TableChange>) -> Result<Vec<StoredTable>, StoreError> {
        Err(StoreError::Other(
            "the registry changes one table at a time".into(),
        ))
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
        let (replaced, fault) = {
            let mut state = self.state();
            let replaced = state.tables.replace(id, expected, definition);
            (replaced, state.faults.pop_front())
        };
        respond(replaced, fault).await
    }

    async fn drop_table(&self, id: TableId, expected: u32) -> Result<Sequence, StoreError> {
        self.state().tables.drop_table(id, expected)
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, StoreError> {
        Ok(self.state().tables.history(id))
    }

    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, StoreError> {
        let state = self.state();
        if state.is_silent {
            return Err(StoreError::Other("the store is unavailable".into()));
        }
        Ok(state.tables.changes_since(sequence))
    }

    async fn last_sequence(&self) -> Result<Sequence, StoreError> {
        Ok(self.state().tables.last_sequence())
    }

    async fn refresh(&self) -> Result<Sequence, StoreError> {
        self.last_sequence().await
    }
}

/// Polls a future once, and drops it.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ready) => Some(ready),
        Poll::Pending => None,
    }
}

// ---- the world ----

pub(crate) const NOTES: TableId = TableId(1);
pub(crate) const TASKS: TableId = TableId(2);

#[derive(Clone)]
pub(crate) struct ModelWorld {
    pub(crate) store: Arc<ModelStore>,
    pub(crate) registry: SchemaRegistry,
    /// The number of steps that the thread which changes tables has completed.
    pub(crate) done: Arc<AtomicU32>,
}

pub(crate) fn options(clocks: usize) -> RegistryOptions {
    RegistryOptions {
        clocks,
        ..RegistryOptions::default()
    }
}

/// Options without a budget: everything is evicted as soon as it is published.
pub(crate) fn no_budget(clocks: usize) -> RegistryOptions {
    RegistryOptions {
        budget_bytes: 0,
        ..options(clocks)
    }
}

impl ModelWorld {
    /// Creates a store with these tables at version 1, with ids from 1, and a registry without
    /// cached tables.
    pub(crate) fn new(tables: &[&str], options: RegistryOptions) -> Self {
        let mut state = ModelStoreState::default();
        for name in tables {
            let created = state.tables.create(table(name, 1));
            created.expect("a free name");
        }
        let store = Arc::new(ModelStore(loom::sync::Mutex::new(state)));
        let opened = SchemaRegistry::open(Arc::clone(&store) as _, options);
        ModelWorld {
            store,
            registry: block_on(opened).expect("a store that can be read"),
            done: Arc::new(AtomicU32::new(0)),
        }
    }

    /// Creates the same world with all tables cached.
    pub(crate) fn warm(tables: &[&str], options: RegistryOptions) -> Self {
        let world = ModelWorld::new(tables, options);
        for id in 1..=tables.len() as u64 {
            world.get(TableId(id));
        }
        world
    }

    /// Returns a table as it is stored, without a lookup in the registry.
    pub(crate) fn stored(&self, id: TableId) -> Arc<TableSnapshot> {
        let stored = self.store.state().tables.get(id);
        self.registry.inner.snapshot(&stored.expect("a table"))
    }

    pub(crate) fn get(&self, id: TableId) -> u32 {
        let found = block_on(self.registry.get(id)).expect("a store that can be read");
        version(found.as_ref())
    }

    /// Changes the schema of a table through the registry.
    pub(crate) fn alter(&self, id: TableId) {
        let current = self.stored(id);
        let next = table(&current.name().table, current.version() + 1);
        block_on(self.registry.alter(&current, next)).expect("no other thread changes the table");
    }

    /// Changes the schema of a table in the store, as another process does.
    pub(crate) fn alter_elsewhere(&self, id: TableId) {
        let current = self.stored(id);
        let next = table(&current.name().table, current.version() + 1);
        block_on(self.store.replace(id, current.version(), next))
            .expect("no other thread changes the table");
    }

    pub(crate) fn finish_step(&self, steps: u32) {
        self.done.store(steps, Ordering::Release);
    }

    pub(crate) fn steps_done(&self) -> u32 {
        self.done.load(Ordering::Acquire)
    }

    /// Spawns a thread in this world.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        run: impl FnOnce(&ModelWorld) -> T + Send + 'static,
    ) -> loom::thread::JoinHandle<T> {
        let world = self.clone();
        spawn(move || run(&world))
    }
}

/// Returns the version of a lookup's result, or 0 if the table does not exist.
pub(crate) fn version(found: Option<&Arc<TableSnapshot>>) -> u32 {
    found.map_or(0, |snapshot| snapshot.version())
}
