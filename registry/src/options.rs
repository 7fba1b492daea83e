// SPDX-License-Identifier: Apache-2.0

//! [`RegistryOptions`]: memory limits and verification.

/// Options of a [`SchemaRegistry`](crate::SchemaRegistry).
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// The maximum number of resident bytes. When it is exceeded, the registry evicts the tables,
    /// versions and absent names that were not looked up recently. The default is 256 MiB.
    ///
    /// Evicted snapshots that queries still hold are not counted.
    /// [`Stats::bytes_pinned`](crate::Stats::bytes_pinned) reports them.
    pub budget_bytes: usize,
    /// The number of clocks for tables, and the number of clocks for names. The default is 65,536.
    /// The number is rounded up to a power of two, and limited to 16,777,216. Each clock takes 8
    /// bytes.
    ///
    /// Tables share a clock if their ids are equal modulo this number. After a schema change of one
    /// of them, the next lookup of each of the others reads the shared map instead of the thread's
    /// cache.
    pub clocks: usize,
    /// Whether to verify the results of [`SchemaRegistry::get`](crate::SchemaRegistry::get) against
    /// the store. The default is `false`.
    ///
    /// Verification reads the store at every such lookup, and derives every schema again, so it is
    /// meant for tests. It fails with [`Error::Stale`](crate::Error::Stale) or
    /// [`Error::ArtefactMismatch`](crate::Error::ArtefactMismatch).
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
