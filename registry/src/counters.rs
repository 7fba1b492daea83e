// SPDX-License-Identifier: Apache-2.0

//! [`Counters`]: what happened how often. Each thread counts in a block of its own, since a count that
//! all threads raise would cost more than what is counted.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::sync::{AtomicU64, Mutex, thread_local};

/// What is made of a definition once, and then remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Artefact {
    /// The definition and its Arrow schema, by id or by name.
    Table,
    /// The schema with the columns that the system adds.
    SystemColumns,
    /// A schema of some columns.
    Projection,
    /// An expression parsed and bound.
    Filter,
    /// What answers queries.
    Provider,
    /// How rows of an older version are read.
    Reader,
}

impl Artefact {
    /// Every artefact.
    pub const ALL: [Artefact; 6] = [
        Artefact::Table,
        Artefact::SystemColumns,
        Artefact::Projection,
        Artefact::Filter,
        Artefact::Provider,
        Artefact::Reader,
    ];

    /// As counters are named: words joined by underscores.
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

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Hit(Artefact),
    Miss(Artefact),
    Load,
    LoadFailure,
    Eviction,
    Invalidation,
}

const COUNTS: usize = 2 * ARTEFACTS + 4;

impl Count {
    const fn index(self) -> usize {
        match self {
            Count::Hit(artefact) => artefact as usize,
            Count::Miss(artefact) => ARTEFACTS + artefact as usize,
            Count::Load => 2 * ARTEFACTS,
            Count::LoadFailure => 2 * ARTEFACTS + 1,
            Count::Eviction => 2 * ARTEFACTS + 2,
            Count::Invalidation => 2 * ARTEFACTS + 3,
        }
    }
}

/// The counts of one thread. Aligned, so that no two threads write one line.
#[repr(align(128))]
struct Block([AtomicU64; COUNTS]);

/// A thread's right to count in a block: no other thread does.
#[derive(Clone)]
pub(crate) struct Tally {
    block: Arc<Block>,
    /// It stays in its thread.
    _thread: PhantomData<*const ()>,
}

impl Tally {
    pub(crate) fn add(&self, count: Count) {
        let value = &self.block.0[count.index()];
        // Nobody else writes it, so nothing is lost between the two.
        value.store(value.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

/// The counts of one registry.
pub(crate) struct Counters {
    registry: u64,
    blocks: Mutex<Vec<Arc<Block>>>,
}

thread_local! {
    /// By the numbers of registries.
    static TALLIES: RefCell<Vec<(u64, Tally)>> = const { RefCell::new(Vec::new()) };
}

impl Counters {
    /// Those of the registry of that number, which no other has.
    pub(crate) fn new(registry: u64) -> Self {
        Counters {
            registry,
            blocks: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn add(&self, count: Count) {
        self.with_tally(|tally| tally.add(count));
    }

    /// The block of this thread.
    pub(crate) fn tally(&self) -> Tally {
        self.with_tally(Tally::clone)
    }

    fn with_tally<R>(&self, with: impl Fn(&Tally) -> R) -> R {
        let done = TALLIES.try_with(|tallies| {
            let mut tallies = tallies.try_borrow_mut().ok()?;
            let mut own = tallies.iter();
            let index = match own.position(|(registry, _)| *registry == self.registry) {
                Some(index) => index,
                None => {
                    // Those of registries that are gone.
                    tallies.retain(|(_, tally)| Arc::strong_count(&tally.block) > 1);
                    tallies.push((self.registry, self.new_tally()));
                    tallies.len() - 1
                }
            };
            tallies.get(index).map(|(_, tally)| with(tally))
        });
        match done {
            Ok(Some(done)) => done,
            // A thread that ends.
            _ => with(&self.new_tally()),
        }
    }

    /// A block that no thread counts in: one whose thread has ended, if there is one. Counts are never lost.
    fn new_tally(&self) -> Tally {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let free = blocks.iter_mut().find_map(|block| {
            // Sees what its thread wrote last.
            Arc::get_mut(block)?;
            Some(Arc::clone(block))
        });
        let block = free.unwrap_or_else(|| {
            let block = Arc::new(Block(std::array::from_fn(|_| AtomicU64::new(0))));
            blocks.push(Arc::clone(&block));
            block
        });
        Tally {
            block,
            _thread: PhantomData,
        }
    }

    pub(crate) fn get(&self, count: Count) -> u64 {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let values = blocks
            .iter()
            .map(|block| block.0[count.index()].load(Ordering::Relaxed));
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
