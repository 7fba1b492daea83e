// SPDX-License-Identifier: Apache-2.0

//! The synchronization primitives of this crate, and the only file that chooses them.
//!
//! The packages in `registry/checkers` compile the sources of this crate again with `cfg(loom)` or
//! `cfg(shuttle)`. The primitives are then those of a model checker, which explores the
//! interleavings of threads. No other file of the crate depends on the configuration.

#[cfg(not(any(loom, shuttle)))]
mod native;
#[cfg(loom)]
pub(crate) mod under_loom;
#[cfg(shuttle)]
mod under_shuttle;

#[cfg(not(any(loom, shuttle)))]
use native as implementation;
#[cfg(loom)]
use under_loom as implementation;
#[cfg(shuttle)]
use under_shuttle as implementation;

use std::sync::PoisonError;

// The model checkers do not distinguish the two maps.
#[cfg(any(loom, shuttle))]
pub(crate) use implementation::Map as IdMap;
#[cfg(test)]
pub(crate) use implementation::run;
pub(crate) use implementation::{
    AtomicU64, Map, Mutex, MutexGuard, RandomState, THREAD_CACHE_SLOTS, block_on, thread_local,
    yield_now,
};
#[cfg(not(any(loom, shuttle)))]
pub(crate) use native::IdMap;

/// Locks a mutex, also if a thread has panicked while it held the lock.
///
/// Every critical section of this crate leaves its data valid at each point where it can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Primitives for bookkeeping: counters, byte counts, visited bits and intern pools.
///
/// Bookkeeping decides what is evicted and what is reported, but never what a lookup returns. Loom
/// does not interleave it, which keeps its models small.
pub(crate) mod bookkeeping {
    #[cfg(not(shuttle))]
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
    #[cfg(not(shuttle))]
    pub(crate) use std::sync::{Mutex, MutexGuard};
    #[cfg(not(shuttle))]
    pub(crate) use std::thread_local;

    #[cfg(shuttle)]
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
    #[cfg(shuttle)]
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    #[cfg(shuttle)]
    pub(crate) use shuttle::thread_local;

    use std::sync::PoisonError;

    /// Locks a mutex, also if a thread has panicked while it held the lock.
    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
