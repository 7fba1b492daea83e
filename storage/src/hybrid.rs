// SPDX-License-Identifier: Apache-2.0

//! [`HybridStorage`]: the rows of dynamic tables in a log, in row files, and in memory until they
//! are in files.
//!
//! `record`, `manifest` and `row_file` define the content of the log entries, the manifests and the
//! row files. `recovered` reads the first two, `partitions` holds the chunks, and `flush` writes
//! rows to row files. `background` starts flushes by the size and the age of the log.
//!
//! `stored_file` reads rows of row files, through `checked_file`, which verifies checksums.
//! `stored_joins` joins chunks in row files.
//!
//! # Invariants
//! - The log contains the commits of a partition in the order of their numbers: the commit lock of
//!   the partition is held until the record is appended.
//! - Queries read durable rows only. Rows after later commits are pending.
//! - A manifest describes the state after exactly one entry of the log. A commit holds a shared
//!   lock from before its record is appended until its rows are in memory, and the state is copied
//!   under the exclusive lock.
//! - Row files become durable before the manifest that names them, and the manifest before the log
//!   is truncated and older files are deleted.
//! - After a flush, the rows of its files are not in memory. A chunk keeps its id, its superseded
//!   rows and its tombstones when its rows move to a file or to another file.
//! - A file is not deleted while a chunk that a query holds is in it.

mod background;
mod block_checksums;
mod checked_file;
mod flush;
mod flush_run;
mod key_candidates;
mod manifest;
mod options;
mod partitions;
mod record;
mod recovered;
mod row_file;
mod row_folder;
mod shared;
mod signal;
mod stored_file;
mod stored_joins;
mod stored_slice;
mod written_chunk;
mod written_definitions;

use std::path::Path;
use std::sync::Arc;

use kalamtable_provider::BoxError;
use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::{Commit, FlushedRows, Partition, PartitionRows, RowStorage};
use kalamtable_store::TableId;
use object_store::ObjectStore;

use self::background::FlushThread;
pub use self::flush_run::{FlushRun, FlushRunProgress};
use self::manifest::{file_names, last_manifest_number};
pub use self::options::{HybridOptions, HybridStats};
use self::record::RemovedPartitions;
use self::recovered::RecoveredState;
use self::row_folder::RowFolder;
use self::shared::SharedStorage;
use crate::bucket::BucketFolder;
use crate::error::StorageError;
use crate::log::{
    DiskFolder, LogFolder, LogRecovery, RowLog, inaccessible, is_segment, lock_folder,
};

/// The rows of dynamic tables in a folder or on a bucket, which survive a restart. At most one
/// `HybridStorage` at a time can write. The files of a folder cannot be copied to a bucket, or the
/// reverse: the log and the manifests have other formats.
///
/// The rows refer to their tables by id. The definition store must therefore be as durable as the
/// storage, and must not be replaced by another one: its tables would have other ids. Back up both
/// together.
///
/// ```
/// use std::sync::Arc;
///
/// use kalamtable_registry::{RegistryOptions, SchemaRegistry};
/// use kalamtable_runtime::DynamicTables;
/// use kalamtable_storage::HybridStorage;
/// use kalamtable_store::{LogOptions, ObjectStoreLog};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let definitions = folder.join("definitions");
/// let definitions = ObjectStoreLog::open_folder(definitions, LogOptions::default()).await?;
/// let registry = SchemaRegistry::open(Arc::new(definitions), RegistryOptions::default()).await?;
/// let rows = HybridStorage::open(folder.join("rows"))?;
/// let tables = DynamicTables::new(registry, Arc::new(rows));
/// // The server may have ended while a table was dropped.
/// tables.remove_rows_of_dropped_tables().await.map_err(|error| error.to_string())?;
/// # Ok(())
/// # }
/// ```
///
/// # Durability
/// A statement returns when the log entry with its effect is durable. Statements that wait at the
/// same time share one write and one sync, even if they change the same partition. After a crash,
/// the effect of an acknowledged statement is complete. The effect of any other statement is
/// complete or absent.
///
/// After a failed write to the log, all changes of logged rows and all flushes fail until the
/// storage is opened again. Queries return the durable rows.
///
/// Streams are neither logged nor flushed. They are empty after a restart.
///
/// # Files
/// | file | content |
/// |---|---|
/// | `log-*.log` | the effects of the statements since the last flush, and possibly earlier ones |
/// | `rows-*.parquet` | the rows of one version of a table: see below |
/// | `rows-*.arrow` | the same in Arrow's IPC format, for types that Parquet does not have |
/// | `manifest-*.bin` | the names and checksums of the row files, and the superseded rows |
/// | `lock` | the lock, and the id of the process that holds it |
/// | `log-*.fence`, `probe.json` | only on a bucket, see [`open_bucket`](Self::open_bucket) |
///
/// A [flush](RowStorage::flush) writes the rows of the log to row files. Rows of many users share a
/// file, in the order of the users. The columns of a row file are named by column ids (`c5`) and
/// have field ids; the metadata `kalamtable.definition` contains the definition with the names. A
/// user table has the column `_owner`. The files also contain superseded and deleted rows, and the
/// folder can contain files that the manifest does not name. If a table has a primary key, other
/// programs find the current rows by the greatest `_seq` of each key, and owner in a user table,
/// unless that row is `_deleted`.
///
/// A flush replaces a file if more than half of its rows are in chunks that no longer exist, or if
/// it contains rows of a removed table or user. It also joins files of similar sizes, and chunks
/// that are small or of which more than half of the rows are superseded. A replaced file that a
/// query still reads is deleted by a later flush.
///
/// The manifest contains a checksum of each 64 KiB of a row file. Opening a storage verifies the
/// metadata of all files, and a query the parts that it reads.
///
/// # Memory
/// Rows are in memory until a flush has written them to files. Statements wait for a flush while
/// the log entries that are not flushed exceed [`HybridOptions::max_unflushed_bytes`]. The storage
/// also keeps the metadata of the files, the positions of superseded rows and tombstones, and up to
/// [`HybridOptions::cache_bytes`] of Bloom filters. The key indexes contain only rows in memory. A
/// scan has 3 to 16 parts of about 8 MiB in memory: as many as the session has target partitions.
///
/// # Reads
/// A query reads only the sections and pages whose bounds admit its filter, and only the columns
/// that it needs. It reads the columns outside of the filter only for the rows that pass. A lookup
/// by primary or unique key reads the pages that the bounds and Bloom filters admit. Chunks of
/// 8,192 rows or more are sorted by primary key when they are written. A query reads files on
/// threads for blocking work. If its filter admits more than three separate ranges of a section, it
/// reads the columns of the later ranges on the thread that polls it.
///
/// # Threads
/// A background thread flushes the storage by the size and the age of its log. After a failed
/// flush, it retries after 1 to 60 seconds, and [`stats`](Self::stats) returns the error. Dropping
/// the storage does not flush it, but blocks until a running flush has ended.
#[derive(Debug)]
pub struct HybridStorage {
    shared: Arc<SharedStorage>,
    recovery: LogRecovery,
    /// `None` if the storage is open read-only.
    _flusher: Option<FlushThread>,
}

impl HybridStorage {
    /// Opens the storage in a local folder with default options. Creates the folder if it does not
    /// exist.
    ///
    /// # Errors
    /// - [`StorageError::Log`] if the folder is in use, or if the log is damaged, cannot be read or
    ///   written, or was written by a later release.
    /// - [`StorageError::Damaged`] if another file is missing or does not have the content that was
    ///   written.
    /// - [`StorageError::UnknownFormat`] if a later release has written the manifest.
    /// - [`StorageError::Io`] if another file or the folder cannot be read or written.
    /// - [`StorageError::Thread`] if the background thread cannot be started.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StorageError> {
        HybridStorage::open_with(folder, HybridOptions::default())
    }

    /// Opens the storage in a local folder. Creates the folder if it does not exist.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_with(
        folder: impl AsRef<Path>,
        options: HybridOptions,
    ) -> Result<Self, StorageError> {
        let path = folder.as_ref();
        let folder = DiskFolder::create(path).map_err(|source| inaccessible(path, source))?;
        HybridStorage::open_in(Arc::new(folder), options)
    }

    /// Opens the storage in a folder of another file system.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_in(
        folder: Arc<dyn LogFolder>,
        options: HybridOptions,
    ) -> Result<Self, StorageError> {
        if folder.objects().is_some() {
            return HybridStorage::repeat_if_flushed(&folder, || {
                HybridStorage::open_to_write(Arc::clone(&folder), &options)
            });
        }
        HybridStorage::open_to_write(folder, &options)
    }

    fn open_to_write(
        folder: Arc<dyn LogFolder>,
        options: &HybridOptions,
    ) -> Result<Self, StorageError> {
        // Before the manifest is read, so that it cannot change. On a bucket, it may change until a
        // copy of it is published.
        let lock = lock_folder(&*folder)?;
        let row_folder = RowFolder::new(Arc::clone(&folder), false, options.cache_bytes);
        let row_folder = Arc::new(row_folder);
        let mut recovered = RecoveredState::read(&row_folder)?;
        let log = options.log.clone();
        let log = log.with_flushed_to(recovered.flushed.flushed_to);
        let (log, recovery) = RowLog::open_locked(Arc::clone(&folder), lock, log, |entry| {
            recovered.apply(entry.payload)
        })?;
        if folder.objects().is_some() {
            recovered.flushed.take_over(&*folder)?;
        }
        let shared = SharedStorage::new(row_folder, Some(log), options, recovered);
        let shared = Arc::new(shared);
        shared.clean_up()?;
        if recovery.entries > 0 {
            shared
                .signal
                .appended(shared.stats().log_bytes >= options.flush_bytes);
        }
        Ok(HybridStorage {
            _flusher: Some(FlushThread::start(&shared)?),
            shared,
            recovery,
        })
    }

    /// Opens the storage in a local folder that exists, for inspection. Nothing is written.
    /// Statements that change rows, and [`flush`](RowStorage::flush), fail with
    /// [`StorageError::ReadOnly`]. The storage may be open for writing elsewhere; its later changes
    /// are not visible.
    ///
    /// # Errors
    /// The errors of [`open`](Self::open), except that the folder may be in use. Fails with
    /// [`StorageError::Io`] if the folder does not exist.
    pub fn open_read_only(folder: impl AsRef<Path>) -> Result<Self, StorageError> {
        let path = folder.as_ref();
        let folder = DiskFolder::open(path).map_err(|source| inaccessible(path, source))?;
        let folder: Arc<dyn LogFolder> = Arc::new(folder);
        HybridStorage::repeat_if_flushed(&folder, || HybridStorage::read_in(Arc::clone(&folder)))
    }

    /// Opens the storage below a prefix of a bucket, and takes it over from an earlier writer.
    ///
    /// Each group of statements that wait at the same time is an object, which one request creates.
    /// Objects are never changed. [`segment_bytes`](crate::RowLogOptions::segment_bytes) has no
    /// effect. The requests run on threads of the storage, so `store` should be a client that
    /// nothing else uses: its connections belong to these threads. The storage makes each request
    /// once: set the number of retries in the client. The object store must support
    /// `PutMode::Create`, which is checked with the object `probe.json`, and a listing must contain
    /// all objects whose creation has ended. A `LocalFileSystem` does not sync its files: use
    /// [`open`](Self::open) for a local folder.
    ///
    /// # Several processes
    /// A bucket has no lock: the process that has opened the storage last is the writer. It creates
    /// an object with the next number of the log, and publishes a copy of the manifest with the
    /// next number, before it changes anything else. An earlier writer creates its next object with
    /// one of these numbers, finds the object of the other process, and fails with
    /// [`LogError::TakenOver`](crate::LogError::TakenOver), for each statement and each flush from
    /// then on. Statements that it has acknowledged are in the log that the other process has read.
    /// Its queries return the rows at that time, and fail when the other process has deleted one of
    /// the files. End such a process, or restart it to take the storage over again.
    ///
    /// Each opening leaves two small objects in the bucket, which must not be deleted: `log-*.log`
    /// and `log-*.fence` with the same number. They stop a process that was suspended before it was
    /// taken over, no matter how long.
    ///
    /// # Failed requests
    /// If a request that creates an object fails, the object is read: if it exists with the same
    /// content, the request has succeeded. Otherwise, after a failure of the log, all changes fail
    /// until the storage is opened again, as in a folder.
    ///
    /// # Errors
    /// - Those of [`open`](Self::open), except for a folder that is in use.
    /// - [`StorageError::Bucket`] if the object store ignores `PutMode::Create`, or cannot be
    ///   reached.
    pub fn open_bucket(
        store: Arc<dyn ObjectStore>,
        prefix: &object_store::path::Path,
        options: HybridOptions,
    ) -> Result<Self, StorageError> {
        let folder = BucketFolder::new(store, prefix)?;
        folder.check_create()?;
        HybridStorage::open_in(Arc::new(folder), options)
    }

    /// Opens the storage below a prefix of a bucket for inspection, like
    /// [`open_read_only`](Self::open_read_only). Nothing is written.
    ///
    /// If the storage is open for writing elsewhere, a query fails when the writer has deleted a
    /// file that the query reads. Open the storage again to read its current rows.
    ///
    /// # Errors
    /// The errors of [`open_read_only`](Self::open_read_only), and [`StorageError::NoStorage`] if
    /// no storage exists below the prefix.
    pub fn open_bucket_read_only(
        store: Arc<dyn ObjectStore>,
        prefix: &object_store::path::Path,
    ) -> Result<Self, StorageError> {
        let folder: Arc<dyn LogFolder> = Arc::new(BucketFolder::new(store, prefix)?);
        let names = file_names(&*folder)?;
        if last_manifest_number(&names).is_none() && !names.iter().any(|name| is_segment(name)) {
            return Err(StorageError::NoStorage {
                prefix: folder.path(None),
            });
        }
        HybridStorage::repeat_if_flushed(&folder, || HybridStorage::read_in(Arc::clone(&folder)))
    }

    /// Opens a storage, and repeats this after an error if another process has published a manifest
    /// in the meantime.
    fn repeat_if_flushed(
        folder: &Arc<dyn LogFolder>,
        open: impl Fn() -> Result<Self, StorageError>,
    ) -> Result<Self, StorageError> {
        let mut attempts = 0;
        loop {
            let manifest = last_manifest_number(&file_names(&**folder)?);
            let opened = open();
            // A flush may have replaced the files.
            if opened.is_ok()
                || last_manifest_number(&file_names(&**folder)?) == manifest
                || attempts == MAX_ATTEMPTS
            {
                return opened;
            }
            attempts += 1;
        }
    }

    /// Opens the storage in a folder for inspection.
    fn read_in(folder: Arc<dyn LogFolder>) -> Result<Self, StorageError> {
        let options = HybridOptions::default();
        let row_folder = RowFolder::new(Arc::clone(&folder), true, options.cache_bytes);
        let row_folder = Arc::new(row_folder);
        let mut recovered = RecoveredState::read(&row_folder)?;
        let log = options.log.clone();
        let log = log.with_flushed_to(recovered.flushed.flushed_to);
        let recovery = RowLog::read_in(&*folder, log, |entry| recovered.apply(entry.payload))?;
        let shared = SharedStorage::new(row_folder, None, &options, recovered);
        Ok(HybridStorage {
            shared: Arc::new(shared),
            recovery,
            _flusher: None,
        })
    }

    /// Returns what was found in the log when the storage was opened.
    pub fn recovery(&self) -> &LogRecovery {
        &self.recovery
    }

    /// Returns the counters of the storage.
    pub fn stats(&self) -> HybridStats {
        self.shared.stats()
    }

    /// Calls `observer` when a flush begins, and again when it has ended, on the thread of the
    /// flush. The observer must neither flush the storage nor wait for a statement.
    pub fn observe_flushes(&self, observer: impl Fn(&FlushRun) + Send + Sync + 'static) {
        self.shared.observe_flushes(observer);
    }
}

impl RowStorage for HybridStorage {
    fn rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError> {
        let stored = self.shared.partitions.get(partition);
        Ok(stored.map(|stored| stored.durable()).unwrap_or_default())
    }

    fn latest_rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError> {
        let stored = self.shared.partitions.get(partition);
        Ok(stored.map(|stored| stored.latest()).unwrap_or_default())
    }

    fn commit(&self, partition: &Partition, before: u64, commit: Commit) -> Result<bool, BoxError> {
        Ok(self.shared.commit(partition, before, &commit)?)
    }

    fn wait_until_durable(&self, partition: &Partition, number: u64) -> Result<(), BoxError> {
        Ok(self.shared.wait_until_durable(partition, number)?)
    }

    fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, BoxError> {
        Ok(self.shared.next_seqs(table, count)?)
    }

    fn remove_table(&self, table: TableId) -> Result<(), BoxError> {
        Ok(self.shared.remove(RemovedPartitions::Table(table))?)
    }

    fn tables(&self) -> Vec<TableId> {
        self.shared.partitions.tables()
    }

    fn remove_owner(&self, owner: &UserId) -> Result<(), BoxError> {
        Ok(self
            .shared
            .remove(RemovedPartitions::Owner(owner.clone()))?)
    }

    fn moves(&self) -> u64 {
        self.shared.moves()
    }

    fn flush(&self) -> Result<FlushedRows, BoxError> {
        Ok(self.shared.flush()?)
    }
}

/// The maximum number of attempts to read a storage that is flushed elsewhere.
const MAX_ATTEMPTS: u32 = 16;
