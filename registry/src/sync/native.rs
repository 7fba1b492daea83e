// SPDX-License-Identifier: Apache-2.0

//! The primitives of a program: the standard library's, and maps whose readers take no lock.

mod hash_map;
mod id_map;
mod paged_array;

pub(crate) use std::sync::atomic::AtomicU64;
pub(crate) use std::sync::{Mutex, MutexGuard};
pub(crate) use std::thread::yield_now;
pub(crate) use std::thread_local;

pub(crate) use pollster::block_on;

pub(crate) use hash_map::Map;
pub(crate) use id_map::IdMap;

/// The hash function of names, columns and fields.
pub(crate) type RandomState = foldhash::fast::RandomState;

/// The number of slots in each of the two tables of a thread's cache. A power of two.
pub(crate) const THREAD_CACHE_SLOTS: usize = 1024;

/// Runs the body of a unit test. Model checkers provide their types only inside such a run.
#[cfg(test)]
pub(crate) fn run(test: impl Fn() + Send + Sync + 'static) {
    test();
}
