// SPDX-License-Identifier: Apache-2.0

//! [`LogOptions`]: the configuration of a log.

use std::num::NonZeroU64;
use std::time::Duration;

/// The configuration of an [`ObjectStoreLog`](crate::ObjectStoreLog). Processes that share a log
/// may use different options.
///
/// ```
/// use std::time::Duration;
/// use kalamtable_store::LogOptions;
///
/// let options = LogOptions {
///     refresh_after: Some(Duration::from_millis(200)),
///     ..LogOptions::default()
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// The time after which a read checks the log for changes of other processes: the maximum age
    /// of the state that reads return. With zero, every read checks the log. With `None`, reads
    /// never check it; only writes and [`refresh`](crate::DefinitionStore::refresh) do. The default
    /// is one second.
    pub refresh_after: Option<Duration>,
    /// The number of changes after which a write also writes a checkpoint. With `None`, only
    /// [`checkpoint`](crate::ObjectStoreLog::checkpoint) writes checkpoints. The default is 256.
    pub checkpoint_every: Option<NonZeroU64>,
    /// The maximum size of an entry, which contains one change, in bytes. The default is 8 MiB.
    ///
    /// A write of a larger entry fails with [`Error::TooLarge`](crate::Error::TooLarge). A larger
    /// entry in the log is not read, and counts as damage
    /// ([`DamageKind::TooLarge`](crate::DamageKind::TooLarge)), so processes that share a log
    /// should use equal limits.
    pub max_entry_bytes: u64,
    /// The maximum size of a checkpoint, which contains all changes, in bytes. The default is 1
    /// GiB. The limit applies to writes and reads like `max_entry_bytes`, but if a checkpoint that
    /// `checkpoint_every` requests would exceed the limit, it is not written, and no call fails.
    pub max_checkpoint_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions {
            refresh_after: Some(Duration::from_secs(1)),
            checkpoint_every: NonZeroU64::new(256),
            max_entry_bytes: 8 << 20,
            max_checkpoint_bytes: 1 << 30,
        }
    }
}
