// SPDX-License-Identifier: Apache-2.0

//! [`RowLog`]: a log of opaque entries in the segment files of a folder, with group commit.
//!
//! `format` has the bytes of headers, `segment` the entries of one segment, `recovery` reads a log,
//! and `opening` repairs it. `queue` collects entries, and `writer` writes them. `folder` is the
//! interface to the file system.
//!
//! # Invariants
//! - A group is written after the sync of the previous group has returned. Only the last group can
//!   therefore be torn.
//! - A segment has a valid header before it gets its name, and its name is durable before an entry
//!   is written to it.
//! - After a failed write or sync of a group, nothing more is written.
//! - On a bucket, each group is an object of its own, and all groups of a writer follow its fence.
//! - The directory is synced after the deletion of each segment, oldest first, so that the
//!   remaining segments are contiguous after a power failure.

mod error;
mod folder;
mod format;
mod opening;
mod options;
mod queue;
mod recovery;
mod segment;
mod writer;

use std::any::Any;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use self::error::{
    EntryDefect, LogError, LogFailure, ReplayError, SegmentDamage, SegmentDamageKind,
};
pub use self::folder::{DiskFolder, LockAttempt, LogFile, LogFolder, ObjectFolder, ReadFile};
pub use self::options::RowLogOptions;
use self::queue::{CommitQueue, EntryGroup, EntryProgress};
pub use self::recovery::{LogRecovery, RecoveredEntry, TornTail};
use self::segment::{parse_segment_name, segment_name};
use self::writer::LogWriter;
pub(crate) use self::writer::{failure, write_all_at};

/// An append-only log of entries in a folder, which one process at a time writes. Entries are
/// opaque bytes, and are numbered from 1 in the order in which they were appended.
///
/// All methods may block on the disk, except for [`append`](Self::append). Any number of threads
/// can use a log.
///
/// ```
/// use kalamtable_storage::{RowLog, RowLogOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let options = RowLogOptions::default();
/// let (log, _) = RowLog::open(folder, options.clone(), |_| Ok(()))?;
/// let ticket = log.append(b"a statement")?;
/// log.wait(ticket)?;
/// drop(log);
///
/// let mut entries = Vec::new();
/// let (_log, recovery) = RowLog::open(folder, options, |entry| {
///     entries.push((entry.sequence, entry.payload.to_vec()));
///     Ok(())
/// })?;
/// assert_eq!(entries, [(1, b"a statement".to_vec())]);
/// assert_eq!(recovery.torn_tail, None);
/// # Ok(())
/// # }
/// ```
///
/// # Files
/// The folder contains segments, `log-{first sequence number:020}.log`, and the file `lock`. A
/// segment has the extension `new` while it is created. Other files are ignored. A segment is
/// deleted as a whole when the caller no longer needs its entries, see
/// [`truncate_before`](Self::truncate_before).
///
/// # Group commit
/// [`append`](Self::append) adds an entry to the pending group. The first thread that waits for an
/// entry of the group writes the whole group with one write and one sync. Entries that other
/// threads append in the meantime are the next group.
///
/// # Crashes
/// An entry is durable when [`wait`](Self::wait) returns `Ok`. After a crash, the log contains all
/// entries whose wait has returned `Ok`, possibly followed by entries that were appended later, in
/// order and without a gap. It never contains a part of an entry. The entries that recovery passes
/// to the caller are durable when [`open`](Self::open) returns.
///
/// # Damage
/// If a segment was modified, truncated, removed or exchanged, opening the log fails with
/// [`LogError::Damaged`], which names the file and the position. Entries are never skipped. The
/// following damage is not distinguishable from a crash, or leaves no trace:
/// - Damage to the last entry, or to all entries from some entry to the end, and damage to an entry
///   of the last group if a disk sector of it consists of zeros. The entries from there on are
///   reported as [`LogRecovery::torn_tail`], and removed.
/// - Removal of whole entries at the end of the log, or of all files, and replacement of all files
///   by an older copy or another log. A log that ends before the flushed entries is detected, see
///   [`RowLogOptions::flushed_to`].
pub struct RowLog {
    folder: Arc<dyn LogFolder>,
    max_payload_bytes: u64,
    /// Locked after `writer` if a thread locks both.
    queue: Mutex<CommitQueue>,
    writer: Mutex<LogWriter>,
    /// The threads that wait for a group: for the group that is written, and for the pending one.
    waiting: [Condvar; 2],
    /// Held while segments are deleted.
    truncation: Mutex<()>,
    _lock: FolderLock,
}

/// The lock of a folder, which is held until the value is dropped.
pub(crate) struct FolderLock(
    #[expect(dead_code, reason = "held until it is dropped")] Box<dyn Any + Send + Sync>,
);

/// Takes the exclusive lock of a folder.
pub(crate) fn lock_folder(folder: &dyn LogFolder) -> Result<FolderLock, LogError> {
    let attempt = folder.try_lock();
    let attempt = attempt.map_err(|source| failure(folder, "lock", None, source))?;
    match attempt {
        LockAttempt::Locked(lock) => Ok(FolderLock(lock)),
        LockAttempt::Refused { process } => Err(LogError::Locked {
            folder: folder.path(None),
            process,
        }),
    }
}

/// The claim to wait for an entry, see [`RowLog::wait`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an entry is written when a thread waits for it"]
pub struct LogTicket {
    sequence: u64,
}

impl LogTicket {
    /// Returns the sequence number of the entry.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl RowLog {
    /// Opens the log in a local folder, and passes its entries to `replay` in order. Creates the
    /// folder and the log if they do not exist.
    ///
    /// Removes a torn tail, which is reported in the result.
    ///
    /// # Errors
    /// If it fails, the entries that were passed to `replay` are not a complete log.
    /// - [`LogError::Locked`] if the log is open elsewhere.
    /// - [`LogError::Damaged`] if a segment is missing or does not have the content that was
    ///   written.
    /// - [`LogError::MissingEntries`] and [`LogError::EndsEarly`] if the log does not fit
    ///   [`RowLogOptions::flushed_to`].
    /// - [`LogError::Replay`] if `replay` fails.
    /// - [`LogError::Io`] if a file cannot be read or written.
    /// - [`LogError::Random`] if the operating system does not supply a random number.
    pub fn open(
        folder: impl AsRef<Path>,
        options: RowLogOptions,
        replay: impl FnMut(RecoveredEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<(Self, LogRecovery), LogError> {
        let path = folder.as_ref();
        let folder = DiskFolder::create(path).map_err(|source| inaccessible(path, source))?;
        RowLog::open_in(Arc::new(folder), options, replay)
    }

    /// Opens the log in a folder of another file system, like [`open`](Self::open).
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_in(
        folder: Arc<dyn LogFolder>,
        options: RowLogOptions,
        replay: impl FnMut(RecoveredEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<(Self, LogRecovery), LogError> {
        let lock = lock_folder(&*folder)?;
        RowLog::open_locked(folder, lock, options, replay)
    }

    /// Opens the log in a folder whose lock the caller has taken.
    pub(crate) fn open_locked(
        folder: Arc<dyn LogFolder>,
        lock: FolderLock,
        options: RowLogOptions,
        mut replay: impl FnMut(RecoveredEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<(Self, LogRecovery), LogError> {
        let (writer, recovery) = opening::open(Arc::clone(&folder), &options, &mut replay)?;
        let log = RowLog {
            folder,
            max_payload_bytes: options.max_payload_bytes.min(u64::from(u32::MAX)),
            queue: Mutex::new(CommitQueue::new(writer.log, writer.next)),
            writer: Mutex::new(writer),
            waiting: [Condvar::new(), Condvar::new()],
            truncation: Mutex::new(()),
            _lock: lock,
        };
        Ok((log, recovery))
    }

    /// Passes the entries of the log in a local folder to `replay` in order, and changes nothing.
    ///
    /// The log may be open for writing elsewhere. Entries that are being written may then appear as
    /// a torn tail, and reading fails with [`LogError::Io`] if a segment is deleted before it was
    /// read.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), except for [`LogError::Locked`].
    pub fn read(
        folder: impl AsRef<Path>,
        options: RowLogOptions,
        replay: impl FnMut(RecoveredEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<LogRecovery, LogError> {
        let path = folder.as_ref();
        let folder = DiskFolder::open(path).map_err(|source| inaccessible(path, source))?;
        RowLog::read_in(&folder, options, replay)
    }

    /// Passes the entries of the log in a folder of another file system to `replay`, like
    /// [`read`](Self::read).
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_in(
        folder: &dyn LogFolder,
        options: RowLogOptions,
        mut replay: impl FnMut(RecoveredEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<LogRecovery, LogError> {
        let recovered = recovery::recover(folder, &options, &mut replay)?;
        Ok(recovered.map_or_else(LogRecovery::default, |log| log.recovery))
    }

    /// Appends an entry to the pending group. Does not wait for the disk.
    ///
    /// The entry is written when a thread waits for it, or for another entry of the group. An entry
    /// that is neither waited for nor followed by one that is may never be written.
    ///
    /// # Errors
    /// - [`LogError::TooLarge`] if the payload exceeds the limit.
    /// - [`LogError::Failed`] if the log has failed.
    pub fn append(&self, payload: &[u8]) -> Result<LogTicket, LogError> {
        let bytes = payload.len() as u64;
        let payload_bytes = u32::try_from(bytes)
            .ok()
            .filter(|_| bytes <= self.max_payload_bytes)
            .ok_or(LogError::TooLarge {
                bytes,
                limit: self.max_payload_bytes,
            })?;
        let checksum = crc32c::crc32c(payload);
        let pushed = lock(&self.queue).push(payload, payload_bytes, checksum);
        let sequence = pushed.map_err(LogError::failed)?;
        Ok(LogTicket { sequence })
    }

    /// Waits until an entry and all entries before it are durable. May be called any number of
    /// times, by any thread.
    ///
    /// # Errors
    /// - [`LogError::Failed`] if writing the entry, or a group before it, has failed. The entry may
    ///   or may not be in the log when it is opened again.
    /// - [`LogError::UnknownTicket`] if the ticket belongs to another log. A ticket of another log
    ///   whose sequence number this log has assigned is not detected.
    pub fn wait(&self, ticket: LogTicket) -> Result<(), LogError> {
        let sequence = ticket.sequence;
        let mut queue = lock(&self.queue);
        loop {
            match queue.progress(sequence) {
                EntryProgress::Durable => return Ok(()),
                EntryProgress::Failed(failure) => return Err(LogError::failed(failure)),
                EntryProgress::Unknown => return Err(LogError::UnknownTicket { sequence }),
                EntryProgress::Lead(group) => {
                    drop(queue);
                    queue = self.write_group(group);
                }
                EntryProgress::Wait(group) => {
                    let waited = self.waiting(group).wait(queue);
                    queue = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Writes a group, and wakes the threads that wait for it, and one that writes the next group.
    fn write_group(&self, group: EntryGroup) -> MutexGuard<'_, CommitQueue> {
        let number = group.number;
        let written = lock(&self.writer).write_group(&group.bytes, group.last);
        let is_failed = written.is_err();
        let mut queue = lock(&self.queue);
        let is_pending = queue.finish_group(group, written);
        self.waiting(number).notify_all();
        if is_failed {
            self.waiting(number + 1).notify_all();
        } else if is_pending {
            self.waiting(number + 1).notify_one();
        }
        queue
    }

    /// Returns the condition that the threads of a group wait for. At most two consecutive groups
    /// have waiting threads.
    fn waiting(&self, group: u64) -> &Condvar {
        let [even, odd] = &self.waiting;
        if group.is_multiple_of(2) { even } else { odd }
    }

    /// Deletes the segments whose entries are all below `sequence`. Begins a segment if the current
    /// one has entries and all of them are below `sequence`. The caller has stored these entries
    /// elsewhere, and durably.
    ///
    /// # Errors
    /// - [`LogError::Io`] if a segment cannot be created or deleted. The log remains usable, and
    ///   the call can be repeated.
    /// - [`LogError::Failed`] if the log has failed, or fails because the created segment cannot be
    ///   published.
    pub fn truncate_before(&self, sequence: u64) -> Result<(), LogError> {
        let _truncation = lock(&self.truncation);
        // Segments that end before the current one are deleted first, which makes room for a
        // segment on a full disk.
        self.delete_segments_before(sequence)?;
        self.leave_segment_below(sequence)?;
        self.delete_segments_before(sequence)
    }

    /// Begins a segment, unless the current one has no entries.
    pub(crate) fn begin_segment(&self) -> Result<(), LogError> {
        self.leave_segment_below(u64::MAX)
    }

    /// Begins a segment if the current one has entries and all of them are below `sequence`.
    fn leave_segment_below(&self, sequence: u64) -> Result<(), LogError> {
        let left = lock(&self.writer).leave_segment_below(sequence);
        if let Err(LogError::Failed(failure)) = &left {
            lock(&self.queue).fail(Arc::clone(failure));
            self.waiting.iter().for_each(Condvar::notify_all);
        }
        left
    }

    /// Rejects all later entries.
    pub(crate) fn fail(&self, failure: LogFailure) {
        let failure = lock(&self.writer).fail(failure);
        lock(&self.queue).fail(failure);
        self.waiting.iter().for_each(Condvar::notify_all);
    }

    /// Deletes segments without blocking writers.
    fn delete_segments_before(&self, sequence: u64) -> Result<(), LogError> {
        if let Some(objects) = self.folder.objects() {
            // Their order does not matter: recovery reads none of them.
            let below = lock(&self.writer).all_below(sequence);
            if below.is_empty() {
                return Ok(());
            }
            let names: Vec<String> = below.iter().map(|first| segment_name(*first)).collect();
            (objects.delete_all(&names))
                .map_err(|source| failure(&*self.folder, "delete objects of", None, source))?;
            lock(&self.writer).older.drain(..below.len());
            return Ok(());
        }
        loop {
            let oldest = lock(&self.writer).oldest_below(sequence);
            let Some(first) = oldest else {
                return Ok(());
            };
            let name = segment_name(first);
            match self.folder.delete(&name) {
                Ok(()) => {}
                // An earlier call has reported a failure after it had deleted the file.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(failure(&*self.folder, "delete", Some(&name), source).into());
                }
            }
            (self.folder.sync()).map_err(|source| failure(&*self.folder, "sync", None, source))?;
            // If the sync fails, the next call repeats it before it deletes another segment.
            lock(&self.writer).older.pop_front();
        }
    }

    /// Waits until the entry with a sequence number and all entries before it are durable.
    pub(crate) fn wait_for(&self, sequence: u64) -> Result<(), LogError> {
        self.wait(LogTicket { sequence })
    }

    /// Returns the sequence number of the last entry that was appended, or 0 if there was none.
    pub fn last_sequence(&self) -> u64 {
        lock(&self.queue).last()
    }

    /// Returns the sequence number of the last entry that is known to be durable, or 0 if there is
    /// none.
    pub fn last_durable_sequence(&self) -> u64 {
        lock(&self.queue).last_durable()
    }
}

impl fmt::Debug for RowLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowLog")
            .field("folder", &self.folder)
            .field("last_sequence", &self.last_sequence())
            .finish_non_exhaustive()
    }
}

/// Returns whether a file is a segment.
pub(crate) fn is_segment(name: &str) -> bool {
    parse_segment_name(name).is_some()
}

pub(crate) fn inaccessible(path: &Path, source: std::io::Error) -> LogFailure {
    LogFailure {
        operation: "open",
        path: path.to_path_buf(),
        source,
    }
}

/// Locks a mutex. A panic of another thread does not matter: no critical section of a queue or a
/// writer leaves it inconsistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
