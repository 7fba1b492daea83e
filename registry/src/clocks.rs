// SPDX-License-Identifier: Apache-2.0

//! [`Clocks`]: counters that say whether something a thread has read is still what it was. They are not
//! part of what they are about, so that eviction cannot throw them away.
//!
//! A clock is a stripe: many tables, or many names, share one. It grows by one when a change begins and
//! again when the change is complete, so it is odd in between: whoever reads an even number, then a
//! table, and later the same number again, knows that nothing was published meanwhile. What a load
//! publishes raises the lower digits alone, an alteration the upper ones; a load publishes what it has
//! read if there was no alteration since it began.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// How far an alteration raises a clock. Should so many loads come between two alterations that they
/// carry into the upper digits, then one load more is made than needed.
const ALTERATION: u64 = 1 << 24;
const PUBLICATION: u64 = 2;

/// What a clock showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Whether no change was in progress.
    pub(crate) fn is_settled(self) -> bool {
        self.0 & 1 == 0
    }

    pub(crate) fn epoch(self) -> Epoch {
        Epoch(self.0 / ALTERATION)
    }

    /// What a clock shows that is settled at this stamp once a change is complete.
    pub(crate) fn after(self, change: Change) -> Stamp {
        Stamp(self.0 + change.step())
    }

    pub(crate) fn as_u64(self) -> u64 {
        self.0
    }

    pub(crate) fn from_u64(stamp: u64) -> Self {
        Stamp(stamp)
    }
}

/// Grows with every alteration of a table, and now and then with one of another table.
///
/// A table's epoch is the same at two moments only if the table was not altered between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub(crate) u64);

impl Epoch {
    /// The number, for display and for keys.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Names a clock: one of tables, or one of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clock(usize);

/// Why a clock moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Something that was loaded can be read.
    Publication,
    /// What loads have read so far may be old.
    Alteration,
}

impl Change {
    fn step(self) -> u64 {
        match self {
            Change::Publication => PUBLICATION,
            Change::Alteration => ALTERATION,
        }
    }
}

pub(crate) struct Clocks {
    /// Those of tables, then as many of names.
    clocks: Box<[AtomicU64]>,
    /// Each has its part of the clocks of tables, or of names.
    locks: Box<[Mutex<()>]>,
    /// The number of alterations of all clocks.
    alterations: AtomicU64,
}

impl Clocks {
    /// With `stripes` clocks of tables and as many of names, and `locks` locks for each of the two; both
    /// are powers of two, and the stripes are not fewer.
    pub(crate) fn new(stripes: usize, locks: usize) -> Self {
        Clocks {
            clocks: (0..2 * stripes).map(|_| AtomicU64::new(0)).collect(),
            locks: (0..2 * locks).map(|_| Mutex::new(())).collect(),
            alterations: AtomicU64::new(0),
        }
    }

    pub(crate) fn of_table(&self, id: u64) -> Clock {
        Clock(id as usize & (self.stripes() - 1))
    }

    pub(crate) fn of_name(&self, hash: u64) -> Clock {
        Clock(self.stripes() + (hash as usize & (self.stripes() - 1)))
    }

    /// What the clock shows. What is read after this was published at this time or later.
    pub(crate) fn read(&self, clock: Clock) -> Stamp {
        Stamp(self.clocks[clock.0].load(Ordering::Acquire))
    }

    /// The number of alterations of any table that are complete.
    pub(crate) fn alterations(&self) -> u64 {
        self.alterations.load(Ordering::Acquire)
    }

    /// Locks what the clocks are of, for changes.
    pub(crate) fn lock(&self, clocks: &[Clock]) -> Section<'_> {
        let mut section = Section {
            clocks: self,
            guards: Vec::with_capacity(3),
            begun: Vec::with_capacity(3),
            change: None,
        };
        section.lock_also(clocks);
        section
    }

    /// Locks everything, and begins an alteration of everything.
    pub(crate) fn alter_all(&self) -> Section<'_> {
        let all: Vec<Clock> = (0..self.clocks.len()).map(Clock).collect();
        let mut section = self.lock(&all);
        section.change = Some(Change::Alteration);
        for clock in &self.clocks {
            clock.fetch_add(1, Ordering::SeqCst);
        }
        section.begun = all;
        section
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.clocks) + size_of_val(&*self.locks)
    }

    fn stripes(&self) -> usize {
        self.clocks.len() / 2
    }

    /// The number of the lock for a clock: locks of tables come before those of names, whatever the stripes.
    fn lock_of(&self, clock: Clock) -> usize {
        let locks = self.locks.len() / 2;
        let of_kind = clock.0 & (locks - 1);
        match clock.0 < self.stripes() {
            true => of_kind,
            false => locks + of_kind,
        }
    }
}

/// Some clocks, locked. What has begun is complete when it is dropped: first the clocks, then the locks are
/// let go, and last the count of all alterations grows.
pub(crate) struct Section<'a> {
    clocks: &'a Clocks,
    /// With their numbers, which ascend: nobody waits for a lock while holding a later one.
    guards: Vec<(usize, MutexGuard<'a, ()>)>,
    begun: Vec<Clock>,
    change: Option<Change>,
}

impl Section<'_> {
    /// Locks more: tables before names, so what is asked for here is of names, or the first.
    pub(crate) fn lock_also(&mut self, clocks: &[Clock]) {
        let mut wanted: Vec<usize> = clocks
            .iter()
            .map(|clock| self.clocks.lock_of(*clock))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        for lock in wanted {
            match self.guards.last() {
                Some((last, _)) if *last >= lock => {
                    // A lock that is missing here could not be taken without the danger of a deadlock.
                    debug_assert!(self.guards.iter().any(|(held, _)| *held == lock));
                }
                _ => {
                    // The lock guards no data of its own: what a panic left is judged by the clocks.
                    let guard = self.clocks.locks[lock].lock();
                    self.guards
                        .push((lock, guard.unwrap_or_else(PoisonError::into_inner)));
                }
            }
        }
    }

    /// What a locked clock shows, which is settled.
    pub(crate) fn read(&self, clock: Clock) -> Stamp {
        self.clocks.read(clock)
    }

    /// From here on until the section ends, what the locked `clocks` are of may differ from reader to
    /// reader, and no copy of it is taken for the present one.
    pub(crate) fn begin(&mut self, change: Change, clocks: &[Clock]) {
        debug_assert!(self.change.is_none_or(|begun| begun == change));
        self.change = Some(change);
        for clock in clocks {
            if !self.begun.contains(clock) {
                self.clocks.clocks[clock.0].fetch_add(1, Ordering::SeqCst);
                self.begun.push(*clock);
            }
        }
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let Some(change) = self.change else { return };
        for clock in &self.begun {
            self.clocks.clocks[clock.0].fetch_add(change.step() - 1, Ordering::SeqCst);
        }
        self.guards.clear();
        if change == Change::Alteration {
            // Not a plain store: that could still be in this processor's buffer when `alter` returns.
            self.clocks.alterations.fetch_add(1, Ordering::SeqCst);
        }
    }
}
