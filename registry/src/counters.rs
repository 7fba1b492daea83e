// SPDX-License-Identifier: Apache-2.0

//! [`Counters`]: how often lookups hit or miss, and how often the registry loads and evicts.
//!
//! Each thread counts in a block of its own: incrementing a counter that all threads share would
//! cost more than the lookups that are counted.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::sync::bookkeeping::{AtomicU64, Mutex, lock, thread_local};

/// A kind of value that is derived from a definition once and then cached. [`Stats`](crate::Stats)
/// counts cache hits and misses per artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Artefact {
    /// The definition and its Arrow schema, looked up by id or by name.
    Table,
    /// The schema with the system columns.
    SystemColumns,
    /// A schema of selected columns.
    Projection,
    /// A parsed and bound filter expression.
    Filter,
    /// A table provider.
    Provider,
    /// The conversion of rows of an older version of the table.
    Reader,
}

impl Artefact {
    /// All artefacts, in the order of [`Stats::hits`](crate::Stats::hits).
    pub const ALL: [Artefact; 6] = [
        Artefact::Table,
        Artefact::SystemColumns,
        Artefact::Projection,
        Artefact::Filter,
        Artefact::Provider,
        Artefact::Reader,
    ];

    /// Returns the name for use in metrics: lower-case words separated by underscores. The name of
    /// [`Table`](Self::Table) is `schema`.
    pub const fn name(self) -> &'static str {
        match self {
            Artefact::Table => "schema",
            Artefact::SystemColumns => "system_columns",
            Artefact::Projection => "projection",
            Artefact::Filter => "filter",
            Artefact::Provider => "provider",
            Artefact::Reader => "reader",
        }
    }
}

const ARTEFACTS: usize = Artefact::ALL.len();

/// A counter of a registry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RegistryCounter {
    Hit(Artefact),
    Miss(Artefact),
    Load,
    LoadFailure,
    Eviction,
    Invalidation,
}

const COUNTERS: usize = 2 * ARTEFACTS + 4;

impl RegistryCounter {
    const fn index(self) -> usize {
        match self {
            RegistryCounter::Hit(artefact) => artefact as usize,
            RegistryCounter::Miss(artefact) => ARTEFACTS + artefact as usize,
            RegistryCounter::Load => 2 * ARTEFACTS,
            RegistryCounter::LoadFailure => 2 * ARTEFACTS + 1,
            RegistryCounter::Eviction => 2 * ARTEFACTS + 2,
            RegistryCounter::Invalidation => 2 * ARTEFACTS + 3,
        }
    }
}

/// The counters of one thread. The alignment keeps the blocks of two threads on different cache
/// lines.
#[repr(align(128))]
struct CounterBlock([AtomicU64; COUNTERS]);

/// The exclusive right of a thread to increment the counters of a block.
#[derive(Clone)]
pub(crate) struct ThreadCounters {
    block: Arc<CounterBlock>,
    /// Prevents sending the value to another thread.
    _not_send: PhantomData<*const ()>,
}

impl ThreadCounters {
    #[inline]
    pub(crate) fn increment(&self, counter: RegistryCounter) {
        let value = &self.block.0[counter.index()];
        // No other thread writes the block, so no increment is lost between the load and the store.
        value.store(value.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

/// The counters of one registry.
pub(crate) struct Counters {
    registry: u64,
    blocks: Mutex<Vec<Arc<CounterBlock>>>,
}

thread_local! {
    /// The blocks of this thread, by the number of the registry.
    static THREAD_COUNTERS: RefCell<Vec<(u64, ThreadCounters)>> = const { RefCell::new(Vec::new()) };
}

impl Counters {
    /// Creates the counters of the registry with this number, which is unique in the process.
    pub(crate) fn new(registry: u64) -> Self {
        Counters {
            registry,
            blocks: Mutex::new(Vec::new()),
        }
    }

    #[inline]
    pub(crate) fn increment(&self, counter: RegistryCounter) {
        self.with_thread(|counters| counters.increment(counter));
    }

    /// Returns the counters of this thread.
    pub(crate) fn thread(&self) -> ThreadCounters {
        self.with_thread(ThreadCounters::clone)
    }

    fn with_thread<R>(&self, with: impl Fn(&ThreadCounters) -> R) -> R {
        let result = THREAD_COUNTERS.try_with(|all| {
            let mut all = all.try_borrow_mut().ok()?;
            let found = all
                .iter()
                .position(|(registry, _)| *registry == self.registry);
            let index = match found {
                Some(index) => index,
                None => {
                    // Releases the blocks of registries that were dropped.
                    all.retain(|(_, counters)| Arc::strong_count(&counters.block) > 1);
                    all.push((self.registry, self.claim_block()));
                    all.len() - 1
                }
            };
            all.get(index).map(|(_, counters)| with(counters))
        });
        match result {
            Ok(Some(result)) => result,
            // The thread is ending, and its thread-local values are gone.
            _ => with(&self.claim_block()),
        }
    }

    /// Returns a block that no thread uses: the block of a thread that has ended, if one exists.
    /// Its counts are kept.
    fn claim_block(&self) -> ThreadCounters {
        let mut blocks = lock(&self.blocks);
        let free = blocks.iter_mut().find_map(|block| {
            // `get_mut` synchronizes with the last writes of the thread that has ended.
            Arc::get_mut(block)?;
            Some(Arc::clone(block))
        });
        let block = free.unwrap_or_else(|| {
            let block = Arc::new(CounterBlock(std::array::from_fn(|_| AtomicU64::new(0))));
            blocks.push(Arc::clone(&block));
            block
        });
        ThreadCounters {
            block,
            _not_send: PhantomData,
        }
    }

    /// Returns the sum over all threads.
    pub(crate) fn get(&self, counter: RegistryCounter) -> u64 {
        let blocks = lock(&self.blocks);
        let values = blocks
            .iter()
            .map(|block| block.0[counter.index()].load(Ordering::Relaxed));
        values.sum()
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}
