// SPDX-License-Identifier: Apache-2.0

//! [`RegistryOptions`]: memory limits and verification.

/// Options of a [`SchemaRegistry`](crate::SchemaRegistry).
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// The maximum size of the cache in bytes. If it is exceeded, the registry evicts tables, older
    /// versions and absent names that were not looked up recently. The default is 256 MiB.
    ///
    /// Evicted snapshots that queries still hold do not count towards the budget.
    /// [`Stats::bytes_pinned`](crate::Stats::bytes_pinned) reports their size.
    pub budget_bytes: usize,
    /// The number of clocks for tables, which is also the number of clocks for names. The default
    /// is 65,536. Other values are rounded up to a power of two from 1 to 16,777,216. Each clock
    /// takes 8 bytes.
    ///
    /// A clock is a counter that advances when a table changes. By reading it, the cache of a
    /// thread checks whether a snapshot is still current. Tables share a clock if their ids are
    /// equal modulo this number. After a schema change of one of them, the next lookup of each of
    /// the others misses the cache of the thread, and reads the map that all threads share.
    pub clocks: usize,
    /// Whether the registry is in shadow mode: whether it verifies the results of
    /// [`SchemaRegistry::get`](crate::SchemaRegistry::get) against the store. The default is
    /// `false`.
    ///
    /// Verification reads the store at every such lookup, and derives the Arrow schemas again, so
    /// it is meant for tests. A lookup that does not match the store fails with
    /// [`Error::Stale`](crate::Error::Stale) or
    /// [`Error::ArtefactMismatch`](crate::Error::ArtefactMismatch).
    /// [`get_blocking`](crate::SchemaRegistry::get_blocking) is verified too, and so is
    /// [`TableHandle::get`](crate::TableHandle::get) unless the handle's snapshot is still current.
    pub shadow: bool,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        RegistryOptions {
            budget_bytes: 256 * 1024 * 1024,
            clocks: 65_536,
            shadow: false,
        }
    }
}
