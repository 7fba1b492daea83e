// SPDX-License-Identifier: Apache-2.0

//! [`Clocks`]: version counters that tell whether a cached snapshot is still valid.
//!
//! A clock covers many tables, or many names. It is advanced by one when an update begins and again
//! when the update is complete, so it is odd in between. A thread that reads an even value, then a
//! snapshot, and later the same value again, knows that nothing was published in between.
//! Publishing the result of a load advances the lower digits only; a schema change advances the
//! upper digits, which are the [`Epoch`]. A load publishes its result only if the epoch is still
//! the one at which it began.
//!
//! Clocks are not stored with the tables that they cover, so that eviction cannot reset them.

use std::fmt;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicU64, Mutex, MutexGuard, lock};

/// The step by which a schema change advances a clock.
///
/// If 2^23 loads are published between two schema changes, the lower digits carry into the epoch.
/// The only effect is one additional load.
const SCHEMA_CHANGE_STEP: u64 = 1 << 24;
const LOAD_STEP: u64 = 2;

/// The value of a clock at the time when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockReading(u64);

impl ClockReading {
    /// Returns whether no update was in progress.
    pub(crate) fn is_settled(self) -> bool {
        self.0 & 1 == 0
    }

    pub(crate) fn epoch(self) -> Epoch {
        Epoch(self.0 / SCHEMA_CHANGE_STEP)
    }

    /// Returns the value of the clock after an update that begins at this settled reading.
    pub(crate) fn after(self, advance: ClockAdvance) -> ClockReading {
        ClockReading(self.0 + advance.step())
    }

    pub(crate) fn as_u64(self) -> u64 {
        self.0
    }

    pub(crate) fn from_u64(value: u64) -> Self {
        ClockReading(value)
    }
}

/// A number that increases with every schema change or invalidation of a table. It also increases
/// with schema changes of the tables that share a [clock](crate::RegistryOptions::clocks) with the
/// table.
///
/// If a table has the same epoch at two points in time, no schema change was completed in between.
/// The reverse does not hold. Compare only epochs of the same table and the same registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub(crate) u64);

impl Epoch {
    /// Returns the number, for example for display or as a part of a cache key.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The index of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClockId(usize);

/// The reason for which a clock advances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockAdvance {
    /// The result of a load is published.
    Load,
    /// Results of loads that began earlier may be stale.
    SchemaChange,
}

impl ClockAdvance {
    fn step(self) -> u64 {
        match self {
            ClockAdvance::Load => LOAD_STEP,
            ClockAdvance::SchemaChange => SCHEMA_CHANGE_STEP,
        }
    }
}

/// The clocks of a registry, and the locks that their updates take.
pub(crate) struct Clocks {
    /// The clocks of tables, followed by as many clocks of names.
    clocks: Box<[AtomicU64]>,
    /// The locks of tables, followed by as many locks of names. Each lock covers several clocks.
    locks: Box<[Mutex<()>]>,
    /// The number of complete schema changes.
    schema_changes: AtomicU64,
}

impl Clocks {
    /// Creates `count` clocks for tables and as many for names, and `locks` locks for each of the
    /// two.
    ///
    /// Both numbers are powers of two, and `locks` is at most `count`.
    pub(crate) fn new(count: usize, locks: usize) -> Self {
        Clocks {
            clocks: (0..2 * count).map(|_| AtomicU64::new(0)).collect(),
            locks: (0..2 * locks).map(|_| Mutex::new(())).collect(),
            schema_changes: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(crate) fn of_table(&self, id: u64) -> ClockId {
        ClockId(id as usize & (self.per_kind() - 1))
    }

    #[inline]
    pub(crate) fn of_name(&self, hash: u64) -> ClockId {
        ClockId(self.per_kind() + (hash as usize & (self.per_kind() - 1)))
    }

    /// Reads a clock. A slot that is read afterwards is at least as recent as the reading.
    #[inline]
    pub(crate) fn read(&self, clock: ClockId) -> ClockReading {
        ClockReading(self.clocks[clock.0].load(Ordering::Acquire))
    }

    pub(crate) fn schema_changes(&self) -> u64 {
        self.schema_changes.load(Ordering::Acquire)
    }

    /// Locks clocks for an update.
    pub(crate) fn lock(&self, clocks: &[ClockId]) -> LockedClocks<'_> {
        let mut locked = LockedClocks {
            clocks: self,
            guards: Vec::with_capacity(3),
            begun: Vec::with_capacity(3),
            advance: None,
        };
        locked.lock_also(clocks);
        locked
    }

    /// Locks all clocks, and begins a schema change of all of them.
    pub(crate) fn begin_change_of_all(&self) -> LockedClocks<'_> {
        let guards = self.locks.iter().map(lock).enumerate().collect();
        for clock in &self.clocks {
            clock.fetch_add(1, Ordering::SeqCst);
        }
        LockedClocks {
            clocks: self,
            guards,
            begun: (0..self.clocks.len()).map(ClockId).collect(),
            advance: Some(ClockAdvance::SchemaChange),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.clocks) + size_of_val(&*self.locks)
    }

    /// The number of clocks of tables, which is also the number of clocks of names.
    #[inline]
    fn per_kind(&self) -> usize {
        self.clocks.len() / 2
    }

    /// Returns the index of the lock that covers a clock. Locks of tables precede locks of names.
    fn lock_of(&self, clock: ClockId) -> usize {
        let locks = self.locks.len() / 2;
        let index = clock.0 & (locks - 1);
        if clock.0 < self.per_kind() {
            index
        } else {
            locks + index
        }
    }
}

/// Clocks that are locked for an update. Dropping this value completes the update: it advances the
/// clocks, releases the locks, and then counts the schema change.
pub(crate) struct LockedClocks<'a> {
    clocks: &'a Clocks,
    /// The guards with the indices of their locks, in ascending order. Locking in this order
    /// prevents deadlocks.
    guards: Vec<(usize, MutexGuard<'a, ()>)>,
    begun: Vec<ClockId>,
    advance: Option<ClockAdvance>,
}

impl LockedClocks<'_> {
    /// Locks further clocks, of which there are few. Only clocks of names may follow clocks of
    /// tables.
    pub(crate) fn lock_also(&mut self, clocks: &[ClockId]) {
        let mut indices = clocks.iter().map(|clock| self.clocks.lock_of(*clock));
        // Taking a lock out of order could deadlock, so it has to be held already.
        debug_assert!(indices.all(|index| {
            let is_held = self.guards.iter().any(|(held, _)| *held == index);
            is_held || self.guards.last().is_none_or(|(last, _)| *last < index)
        }));
        loop {
            let last = self.guards.last().map(|(last, _)| *last);
            let indices = clocks.iter().map(|clock| self.clocks.lock_of(*clock));
            let next = indices.filter(|index| last.is_none_or(|last| last < *index));
            let Some(index) = next.min() else { return };
            self.guards.push((index, lock(&self.clocks.locks[index])));
        }
    }

    /// Reads a locked clock. The reading is settled until [`begin`](Self::begin) is called.
    pub(crate) fn read(&self, clock: ClockId) -> ClockReading {
        self.clocks.read(clock)
    }

    /// Begins an update of what the locked `clocks` cover.
    ///
    /// Until the update is complete, readers may see either state, and no cache of a thread accepts
    /// a snapshot that these clocks cover.
    pub(crate) fn begin(&mut self, advance: ClockAdvance, clocks: &[ClockId]) {
        debug_assert!(self.advance.is_none_or(|begun| begun == advance));
        self.advance = Some(advance);
        for clock in clocks {
            if !self.begun.contains(clock) {
                self.clocks.clocks[clock.0].fetch_add(1, Ordering::SeqCst);
                self.begun.push(*clock);
            }
        }
    }
}

impl Drop for LockedClocks<'_> {
    fn drop(&mut self) {
        let Some(advance) = self.advance else { return };
        for clock in &self.begun {
            self.clocks.clocks[clock.0].fetch_add(advance.step() - 1, Ordering::SeqCst);
        }
        self.guards.clear();
        if advance == ClockAdvance::SchemaChange {
            // A plain store could still be in the store buffer of this processor when `alter`
            // returns.
            self.clocks.schema_changes.fetch_add(1, Ordering::SeqCst);
        }
    }
}
