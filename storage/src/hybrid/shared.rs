// SPDX-License-Identifier: Apache-2.0

//! [`SharedStorage`]: the state of a storage, which its background thread shares.

use std::collections::HashMap;
use std::error::Error;
use std::io::ErrorKind;
use std::iter::successors;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use kalamtable_model::TableKind;
use kalamtable_runtime::dynamic::{Commit, FlushedRows, Partition, PartitionRows};
use kalamtable_store::{TableId, UnixMicros};

use super::flush::{StorageSnapshot, delete_files_from, delete_unused_files, flush};
use super::flush_run::{FlushObservers, FlushRun, FlushRunProgress};
use super::manifest::{file_names, is_own_manifest, last_manifest_number, manifest_name};
use super::options::{HybridOptions, HybridStats};
use super::partitions::{Partitions, PendingCommit};
use super::record::{LogRecord, RemovedPartitions};
use super::recovered::{FlushedState, RecoveredState};
use super::row_folder::RowFolder;
use super::signal::FlushSignal;
use super::stored_joins::StoredJoins;
use super::written_definitions::WrittenDefinitions;
use crate::error::StorageError;
use crate::log::{LogError, LogFailure, RowLog, lock};

/// The state of a storage.
#[derive(Debug)]
pub(super) struct SharedStorage {
    row_folder: Arc<RowFolder>,
    /// `None` if the storage is open read-only.
    log: Option<RowLog>,
    pub(super) flush_bytes: u64,
    pub(super) flush_interval: Duration,
    max_unflushed_bytes: u64,
    pub(super) partitions: Partitions,
    definitions: WrittenDefinitions,
    /// The last `_seq` of each table.
    last_seqs: Mutex<HashMap<TableId, i64>>,
    /// Read-locked by commits. Write-locked while the state after one entry of the log is copied,
    /// and while a table is removed.
    commits: RwLock<()>,
    /// The partitions that were removed after the last snapshot.
    removed: Mutex<Vec<RemovedPartitions>>,
    /// The size of the records that were appended after the last flush.
    log_bytes: AtomicU64,
    /// The number of times that rows were moved to files.
    moves: AtomicU64,
    pub(super) signal: FlushSignal,
    /// Locked by a flush from its beginning to its end.
    flushing: Mutex<FlushProgress>,
    stats: Mutex<FlushCounters>,
    observers: FlushObservers,
}

#[derive(Debug)]
struct FlushProgress {
    state: FlushedState,
    /// Whether the current manifest is durable, but the log and the files that it replaces may
    /// still exist.
    needs_cleanup: bool,
}

#[derive(Debug, Default)]
struct FlushCounters {
    files: u64,
    file_bytes: u64,
    file_rows: u64,
    flushes: u64,
    failed_flushes: u64,
    last_error: Option<String>,
    join_error: Option<String>,
}

impl FlushCounters {
    fn set_files(&mut self, state: &FlushedState) {
        self.files = state.files.len() as u64;
        self.file_bytes = state.files.iter().map(|stored| stored.file.bytes).sum();
        self.file_rows = state.files.iter().map(|stored| stored.file.rows).sum();
    }
}

// A poisoned lock is harmless: each critical section leaves a valid state, or the log refuses to
// write.
impl SharedStorage {
    pub(super) fn new(
        row_folder: Arc<RowFolder>,
        log: Option<RowLog>,
        options: &HybridOptions,
        recovered: RecoveredState,
    ) -> Self {
        let mut stats = FlushCounters::default();
        stats.set_files(&recovered.flushed);
        SharedStorage {
            row_folder,
            log,
            flush_bytes: options.flush_bytes,
            flush_interval: options.flush_interval,
            max_unflushed_bytes: options.max_unflushed_bytes,
            partitions: Partitions::new(recovered.partitions),
            definitions: recovered.definitions,
            last_seqs: Mutex::new(recovered.last_seqs),
            commits: RwLock::new(()),
            removed: Mutex::default(),
            log_bytes: AtomicU64::new(recovered.log_bytes),
            moves: AtomicU64::new(0),
            signal: FlushSignal::default(),
            flushing: Mutex::new(FlushProgress {
                state: recovered.flushed,
                needs_cleanup: true,
            }),
            stats: Mutex::new(stats),
            observers: FlushObservers::default(),
        }
    }

    fn log(&self) -> Result<&RowLog, StorageError> {
        self.log.as_ref().ok_or(StorageError::ReadOnly)
    }

    /// Appends a record, and returns its sequence number.
    fn append(&self, log: &RowLog, record: &[u8]) -> Result<u64, StorageError> {
        let ticket = log.append(record)?;
        let bytes = record.len() as u64;
        let log_bytes = self.log_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.signal.appended(log_bytes >= self.flush_bytes);
        Ok(ticket.sequence())
    }

    /// Commits a change, after flushes have made room for it.
    pub(super) fn commit(
        &self,
        partition: &Partition,
        before: u64,
        commit: &Commit,
    ) -> Result<bool, StorageError> {
        self.log()?;
        self.wait_for_room()?;
        self.commit_now(partition, before, commit)
    }

    /// Waits while the entries that are not flushed exceed their maximum size.
    fn wait_for_room(&self) -> Result<(), StorageError> {
        let is_full = || self.log_bytes.load(Ordering::Relaxed) > self.max_unflushed_bytes;
        if is_full() && !self.signal.wait_for_flush(is_full) {
            let reason = lock(&self.stats).last_error.clone();
            return Err(StorageError::NotFlushed {
                max_bytes: self.max_unflushed_bytes,
                reason: reason.unwrap_or_else(|| "the storage is closed".to_string()),
            });
        }
        Ok(())
    }

    fn commit_now(
        &self,
        partition: &Partition,
        before: u64,
        commit: &Commit,
    ) -> Result<bool, StorageError> {
        let log = self.log()?;
        let _commits = self.commits.read().unwrap_or_else(PoisonError::into_inner);
        // The partition is looked up under the lock, so that it is not one of a removed table.
        let stored = self.partitions.get_or_insert(partition);
        let _turn = stored.commit.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = stored.latest();
        if rows.number != before {
            return Ok(false);
        }
        let after = Arc::new(rows.after(commit));
        if is_stream(&rows) || is_stream(&after) {
            stored.replace(after);
            return Ok(true);
        }
        let table = partition.table;
        let definitions = commit.added.iter().map(|(_, chunk)| {
            self.definitions.of_chunk(table, chunk, |new| {
                let record = LogRecord::encode_definition(new);
                self.append(log, &record).map(|_| ())
            })
        });
        let definitions = definitions.collect::<Result<Vec<_>, _>>()?;
        let last_seq = self.last_seq(table);
        let record = LogRecord::encode_commit(partition, before, last_seq, commit, &definitions)?;
        let sequence = self.append(log, &record)?;
        stored.push(after, sequence);
        Ok(true)
    }

    pub(super) fn wait_until_durable(
        &self,
        partition: &Partition,
        number: u64,
    ) -> Result<(), StorageError> {
        let stored = self.partitions.get(partition);
        let progress = stored.as_ref().map(|stored| stored.progress(number));
        match (stored, progress) {
            (_, Some(PendingCommit::Durable)) => {}
            (Some(stored), Some(PendingCommit::Entry(sequence))) => {
                self.log()?.wait_for(sequence)?;
                stored.publish(sequence);
            }
            // The table was removed after the commit, so the commit is before its removal.
            _ if number > 0 => {
                let log = self.log()?;
                log.wait_for(log.last_sequence())?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, StorageError> {
        let mut last_seqs = lock(&self.last_seqs);
        let last = last_seqs.entry(table).or_default();
        let exhausted = || StorageError::SequenceExhausted { table };
        let first = last.checked_add(1).ok_or_else(exhausted)?;
        *last = last.checked_add_unsigned(count).ok_or_else(exhausted)?;
        Ok(first)
    }

    fn last_seq(&self, table: TableId) -> i64 {
        lock(&self.last_seqs)
            .get(&table)
            .copied()
            .unwrap_or_default()
    }

    /// Deletes the rows of partitions.
    pub(super) fn remove(&self, removed: RemovedPartitions) -> Result<(), StorageError> {
        let log = self.log()?;
        let (sequence, emptied) = {
            let _commits = self.commits.write().unwrap_or_else(PoisonError::into_inner);
            let sequence = self.append(log, &LogRecord::encode_removal(&removed))?;
            let emptied = match removed {
                RemovedPartitions::Table(table) => {
                    self.definitions.remove_table(table);
                    lock(&self.last_seqs).remove(&table);
                    self.partitions.remove(&removed)
                }
                RemovedPartitions::Owner(_) => {
                    let emptied = self.partitions.of(&removed);
                    for stored in &emptied {
                        stored.push(Arc::new(stored.latest().without_rows()), sequence);
                    }
                    emptied
                }
            };
            lock(&self.removed).push(removed);
            (sequence, emptied)
        };
        log.wait_for(sequence)?;
        emptied.iter().for_each(|stored| stored.publish(sequence));
        Ok(())
    }

    pub(super) fn flush(&self) -> Result<FlushedRows, StorageError> {
        let log = self.log()?;
        let mut progress = lock(&self.flushing);
        let mut running = RunningFlush::begin(self);
        let result = self
            .flush_in_turn(log, &mut progress)
            .map_err(|error| self.stop_if_taken_over(log, &progress.state, error));
        lock(&self.stats).set_files(&progress.state);
        running.run.progress = match &result {
            Ok(flushed) => FlushRunProgress::Completed(*flushed),
            Err(error) => FlushRunProgress::Failed(describe(error)),
        };
        result
    }

    /// Calls `observer` when a flush begins, and when it has ended.
    pub(super) fn observe_flushes(&self, observer: impl Fn(&FlushRun) + Send + Sync + 'static) {
        self.observers.add(observer);
    }

    /// Counts a flush that has ended, and ends the waiting of statements for it.
    fn flush_ended(&self, run: &FlushRun) {
        let mut stats = lock(&self.stats);
        match &run.progress {
            FlushRunProgress::Failed(error) => {
                stats.failed_flushes += 1;
                stats.last_error = Some(error.clone());
                drop(stats);
                self.signal.flush_failed();
            }
            FlushRunProgress::Running | FlushRunProgress::Completed(_) => {
                stats.flushes += 1;
                stats.last_error = None;
                drop(stats);
                self.signal.flush_succeeded();
            }
        }
        self.observers.notify(run);
    }

    fn flush_in_turn(
        &self,
        log: &RowLog,
        progress: &mut FlushProgress,
    ) -> Result<FlushedRows, StorageError> {
        self.join_stored(progress)?;
        if log.last_sequence() > progress.state.flushed_to {
            // So that the log can be truncated after the last entry that precedes the flush.
            log.begin_segment()?;
        }
        let (snapshot, log_bytes) = self.snapshot(log, &mut progress.state);
        let mut flushed = FlushedRows::default();
        if snapshot.sequence > progress.state.flushed_to {
            // Synced first: the manifest must describe durable entries only.
            log.wait_for(snapshot.sequence)?;
            // Joins have no statement that waits for them.
            self.partitions.publish(snapshot.sequence);
            progress.needs_cleanup = false;
            let result = flush(&self.row_folder, &mut progress.state, snapshot)?;
            flushed = result.flushed;
            progress.needs_cleanup = true;
            self.partitions.replace(result.moved);
            self.moves.fetch_add(1, Ordering::Relaxed);
            let before = self.log_bytes.fetch_sub(log_bytes, Ordering::Relaxed);
            self.signal
                .flush_ends(before.saturating_sub(log_bytes) >= self.flush_bytes);
        }
        if progress.needs_cleanup {
            self.delete_flushed(log, progress)?;
        }
        Ok(flushed)
    }

    /// Joins chunks in row files that are small or sparse: writes the joined chunks to new files,
    /// and commits the change. The next manifest names the files. If it is never written, recovery
    /// joins the chunks again.
    fn join_stored(&self, progress: &mut FlushProgress) -> Result<(), StorageError> {
        let log = self.log()?;
        let first_file = progress.state.next_file;
        let (joins, failure) = StoredJoins::prepare(&self.partitions.latest(), self.flush_bytes);
        let written = joins.write(&self.row_folder, &mut progress.state, |table, chunk| {
            self.definitions.of_chunk(table, chunk, |new| {
                let record = LogRecord::encode_definition(new);
                self.append(log, &record).map(|_| ())
            })
        });
        // Joins are optional: a flush must not depend on them.
        let (written, failure) = match written {
            Ok(written) => (written, failure),
            Err(error) => {
                delete_files_from(&*self.row_folder.folder, first_file, &progress.state);
                (Vec::new(), Some(error))
            }
        };
        lock(&self.stats).join_error = failure.as_ref().map(describe);
        let mut result = Ok(());
        for join in written {
            // If a statement has changed the partition since, the join is skipped.
            let committed = match result {
                Ok(()) => self.commit_now(&join.partition, join.before, &join.commit),
                Err(_) => Ok(false),
            };
            if let Ok(true) = committed {
                let of_partition = progress.state.locations.entry(join.partition);
                of_partition.or_default().extend(join.locations);
            } else {
                // The rows may be those of a user who was deleted.
                let files = join.locations.iter().map(|(_, location)| location.file);
                progress.state.with_removed_rows.extend(files);
            }
            result = result.and(committed.map(|_| ()));
        }
        result
    }

    /// Copies the state after the last entry of the log. Returns the size of the records up to it.
    fn snapshot(&self, log: &RowLog, state: &mut FlushedState) -> (StorageSnapshot, u64) {
        let _commits = self.commits.write().unwrap_or_else(PoisonError::into_inner);
        for removed in std::mem::take(&mut *lock(&self.removed)) {
            state.remove(&removed);
        }
        self.signal.flush_begins();
        let mut partitions = self.partitions.latest();
        partitions.retain(|(_, rows)| rows.number > 0 && !is_stream(rows));
        // No commit is between the record of a definition and that of its rows.
        self.definitions.retain_versions_of(&partitions);
        let snapshot = StorageSnapshot {
            sequence: log.last_sequence(),
            partitions,
            last_seqs: lock(&self.last_seqs).clone(),
            definitions: self.definitions.all(),
        };
        (snapshot, self.log_bytes.load(Ordering::Relaxed))
    }

    /// Deletes the files of flushes that did not end.
    pub(super) fn clean_up(&self) -> Result<(), StorageError> {
        self.delete_flushed(self.log()?, &mut lock(&self.flushing))
    }

    /// Deletes the entries of the log and the files that the current manifest replaces.
    fn delete_flushed(
        &self,
        log: &RowLog,
        progress: &mut FlushProgress,
    ) -> Result<(), StorageError> {
        let folder = &*self.row_folder.folder;
        // On a bucket, a process that has taken over may have deleted the manifest with the number
        // that this process has published after it. Only a listing shows this.
        let names = file_names(folder)?;
        if let Some(last) = last_manifest_number(&names)
            && last > progress.state.manifest
        {
            let path = folder.path(Some(&manifest_name(last)));
            return Err(LogError::TakenOver { path }.into());
        }
        log.truncate_before(progress.state.flushed_to.saturating_add(1))?;
        delete_unused_files(folder, &mut progress.state, &names)?;
        progress.needs_cleanup = false;
        Ok(())
    }

    /// Returns the error of a flush, or [`LogError::TakenOver`] if another process has taken over a
    /// bucket. Then nothing more is written.
    fn stop_if_taken_over(
        &self,
        log: &RowLog,
        state: &FlushedState,
        error: StorageError,
    ) -> StorageError {
        let folder = &*self.row_folder.folder;
        if folder.objects().is_none() || matches!(&error, StorageError::Log(LogError::Failed(_))) {
            return error;
        }
        let path = match &error {
            StorageError::Log(LogError::TakenOver { path }) => path.clone(),
            _ => {
                let names = file_names(folder).unwrap_or_default();
                let last = last_manifest_number(&names).filter(|last| *last > state.manifest);
                match last {
                    Some(last) if !is_own_manifest(folder, last) => {
                        folder.path(Some(&manifest_name(last)))
                    }
                    _ => return error,
                }
            }
        };
        log.fail(LogFailure {
            operation: "create",
            path: path.clone(),
            source: ErrorKind::AlreadyExists.into(),
        });
        LogError::TakenOver { path }.into()
    }

    pub(super) fn moves(&self) -> u64 {
        self.moves.load(Ordering::Relaxed)
    }

    pub(super) fn stats(&self) -> HybridStats {
        let stats = lock(&self.stats);
        HybridStats {
            partitions: self.partitions.len() as u64,
            log_bytes: self.log_bytes.load(Ordering::Relaxed),
            files: stats.files,
            file_bytes: stats.file_bytes,
            file_rows: stats.file_rows,
            flushes: stats.flushes,
            failed_flushes: stats.failed_flushes,
            last_error: stats.last_error.clone(),
            join_error: stats.join_error.clone(),
        }
    }
}

/// A flush, which ends when the value is dropped, even if the flush panics.
struct RunningFlush<'a> {
    shared: &'a SharedStorage,
    run: FlushRun,
}

impl<'a> RunningFlush<'a> {
    fn begin(shared: &'a SharedStorage) -> Self {
        let stats = lock(&shared.stats);
        let run = FlushRun {
            number: stats.flushes + stats.failed_flushes + 1,
            started_at: UnixMicros::now(),
            progress: FlushRunProgress::Running,
        };
        drop(stats);
        // The result, until there is another one.
        let panicked = FlushRunProgress::Failed("the flush panicked".to_string());
        let started = run.clone();
        let running = RunningFlush {
            shared,
            run: FlushRun {
                progress: panicked,
                ..run
            },
        };
        shared.observers.notify(&started);
        running
    }
}

impl Drop for RunningFlush<'_> {
    fn drop(&mut self) {
        self.shared.flush_ended(&self.run);
    }
}

/// Returns whether the rows are of a stream, which is kept in memory only.
fn is_stream(rows: &PartitionRows) -> bool {
    let first = rows.chunks.first();
    first.is_some_and(|entry| entry.chunk.definition().kind() == TableKind::Stream)
}

/// Returns the texts of an error and its causes.
fn describe(error: &StorageError) -> String {
    let first: &(dyn Error + 'static) = error;
    let texts = successors(Some(first), |error| (*error).source()).map(ToString::to_string);
    texts.collect::<Vec<_>>().join(": ")
}
