// SPDX-License-Identifier: Apache-2.0

//! [`LogObjects`]: the paths and size limits of the objects of a log, and the access to single
//! objects.

use std::sync::Arc;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};

use crate::damage::{Damage, DamageKind};
use crate::error::Error;
use crate::format;
use crate::log::options::LogOptions;
use crate::replica::{LogEntry, Replica};
use crate::table::Sequence;

/// The folder of entries.
const LOG: &str = "log";
/// The folder of checkpoints.
const CHECKPOINT: &str = "checkpoint";
/// The object that shows whether the object store supports [`PutMode::Create`].
const PROBE: &str = "probe.json";
/// All folders of a log.
pub(super) const FOLDERS: [&str; 2] = [LOG, CHECKPOINT];

/// See the module documentation.
#[derive(Debug)]
pub(super) struct LogObjects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    max_entry_bytes: u64,
    max_checkpoint_bytes: u64,
}

/// The result of reading an object.
pub(super) enum ObjectRead<T> {
    Valid(T),
    Damaged(Damage),
    Missing,
}

/// The result of creating an object.
pub(super) enum PutOutcome {
    Created,
    /// An object with the path exists. It may be the same one, if the client of the object store
    /// has retried the request.
    AlreadyExists,
}

impl LogObjects {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: Path, options: &LogOptions) -> Self {
        LogObjects {
            store,
            prefix,
            max_entry_bytes: options.max_entry_bytes,
            max_checkpoint_bytes: options.max_checkpoint_bytes,
        }
    }

    pub(super) fn entry_path(&self, sequence: Sequence) -> Path {
        self.path(LOG, sequence)
    }

    pub(super) fn checkpoint_path(&self, sequence: Sequence) -> Path {
        self.path(CHECKPOINT, sequence)
    }

    fn folder(&self, folder: &str) -> Path {
        self.prefix.clone().join(folder)
    }

    fn path(&self, folder: &str, sequence: Sequence) -> Path {
        self.folder(folder).join(format!("{sequence:020}.json"))
    }

    // ---- listings ----

    /// Returns the numbers of the entries after `sequence`, in ascending order.
    pub(super) async fn entries_after(&self, sequence: Sequence) -> Result<Vec<Sequence>, Error> {
        let folder = self.folder(LOG);
        let offset = self.entry_path(sequence);
        let listing = self.store.list_with_offset(Some(&folder), &offset);
        let mut numbers: Vec<Sequence> = listing
            .try_filter_map(async |object| Ok(number(&object.location)))
            .try_collect()
            .await
            .map_err(|source| failed(&folder, source))?;
        numbers.retain(|number| *number > sequence);
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns the numbers of the entries up to and including `sequence`, in ascending order.
    pub(super) async fn entries_until(&self, sequence: Sequence) -> Result<Vec<Sequence>, Error> {
        let mut numbers = self.entries_after(Sequence::START).await?;
        numbers.retain(|number| *number <= sequence);
        Ok(numbers)
    }

    /// Returns the numbers of the checkpoints, newest first.
    ///
    /// Clean-up relies on this being a consistent snapshot. It is one because a log has few
    /// checkpoints: an object store lists them in one page, and a file system in one system call.
    pub(super) async fn checkpoints(&self) -> Result<Vec<Sequence>, Error> {
        let folder = self.folder(CHECKPOINT);
        let listing = self.store.list(Some(&folder));
        let mut numbers: Vec<Sequence> = listing
            .try_filter_map(async |object| Ok(number(&object.location)))
            .try_collect()
            .await
            .map_err(|source| failed(&folder, source))?;
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(numbers)
    }

    // ---- single objects ----

    pub(super) async fn entry(&self, sequence: Sequence) -> Result<ObjectRead<LogEntry>, Error> {
        let path = self.entry_path(sequence);
        let parse = |name: &str, bytes: &[u8]| format::read_entry(name, sequence, bytes);
        self.read(&path, self.max_entry_bytes, parse).await
    }

    pub(super) async fn checkpoint(
        &self,
        sequence: Sequence,
    ) -> Result<ObjectRead<Replica>, Error> {
        let path = self.checkpoint_path(sequence);
        let parse = |name: &str, bytes: &[u8]| format::read_checkpoint(name, sequence, bytes);
        self.read(&path, self.max_checkpoint_bytes, parse).await
    }

    async fn read<T>(
        &self,
        path: &Path,
        limit: u64,
        parse: impl FnOnce(&str, &[u8]) -> Result<T, DamageKind>,
    ) -> Result<ObjectRead<T>, Error> {
        let result = match self.store.get_opts(path, GetOptions::default()).await {
            Ok(result) => result,
            Err(StoreError::NotFound { .. }) => return Ok(ObjectRead::Missing),
            Err(source) => return Err(failed(path, source)),
        };
        let bytes = result.meta.size;
        if bytes > limit {
            let kind = DamageKind::TooLarge { bytes, limit };
            return Ok(ObjectRead::Damaged(kind.at(path.as_ref())));
        }
        let bytes = match result.bytes().await {
            Ok(bytes) => bytes,
            Err(StoreError::NotFound { .. }) => return Ok(ObjectRead::Missing),
            Err(source) => return Err(failed(path, source)),
        };
        Ok(match parse(path.as_ref(), &bytes) {
            Ok(content) => ObjectRead::Valid(content),
            Err(kind) => ObjectRead::Damaged(kind.at(path.as_ref())),
        })
    }

    /// Creates an entry. Fails with [`Error::InDoubt`] if the entry may exist despite the error.
    pub(super) async fn create_entry(
        &self,
        path: &Path,
        bytes: Vec<u8>,
    ) -> Result<PutOutcome, Error> {
        check_size(path, &bytes, self.max_entry_bytes)?;
        match self.put(path, bytes, PutMode::Create).await {
            Ok(put) => Ok(put),
            Err(
                source @ (StoreError::NotImplemented { .. }
                | StoreError::NotSupported { .. }
                | StoreError::InvalidPath { .. }
                | StoreError::PermissionDenied { .. }
                | StoreError::Unauthenticated { .. }),
            ) => Err(failed(path, source)),
            Err(source) => Err(Error::InDoubt {
                path: path.to_string(),
                source: Box::new(source),
            }),
        }
    }

    pub(super) async fn create_checkpoint(
        &self,
        path: &Path,
        bytes: Vec<u8>,
    ) -> Result<PutOutcome, Error> {
        check_size(path, &bytes, self.max_checkpoint_bytes)?;
        let put = self.put(path, bytes, PutMode::Create).await;
        put.map_err(|source| failed(path, source))
    }

    /// Overwrites a damaged checkpoint.
    pub(super) async fn overwrite_checkpoint(
        &self,
        path: &Path,
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        let put = self.put(path, bytes, PutMode::Overwrite).await;
        put.map_err(|source| failed(path, source))?;
        Ok(())
    }

    async fn put(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        mode: PutMode,
    ) -> Result<PutOutcome, StoreError> {
        put(&*self.store, path, bytes, mode).await
    }

    /// Checks that the object store supports [`PutMode::Create`], see [`check_create`].
    pub(super) async fn check_create(&self) -> Result<(), Error> {
        check_create(&*self.store, &self.prefix).await
    }

    /// Deletes an object. Returns whether the object existed.
    pub(super) async fn delete(&self, path: &Path) -> Result<bool, Error> {
        match self.store.delete(path).await {
            Ok(()) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(source) => Err(failed(path, source)),
        }
    }
}

/// Checks that the object store rejects the creation of an object that exists. Creates the probe
/// object below `prefix` if it does not exist, and keeps it for the next check.
///
/// The check succeeds without the permission to write: later writes fail.
///
/// # Errors
/// [`Error::OverwritesObjects`] if the object store overwrites an existing object, and
/// [`Error::ObjectStore`] if it does not support [`PutMode::Create`], or cannot be reached.
pub async fn check_create(store: &dyn ObjectStore, prefix: &Path) -> Result<(), Error> {
    let path = prefix.clone().join(PROBE);
    // The first put fails if another process has created the object. The second put fails in any
    // case, unless the object store ignores the mode.
    for _ in 0..2 {
        match put(store, &path, b"{}".to_vec(), PutMode::Create).await {
            Ok(PutOutcome::Created) => {}
            Ok(PutOutcome::AlreadyExists)
            | Err(StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. }) => {
                return Ok(());
            }
            Err(source) => return Err(failed(&path, source)),
        }
    }
    Err(Error::OverwritesObjects {
        path: path.to_string(),
    })
}

async fn put(
    store: &dyn ObjectStore,
    path: &Path,
    bytes: Vec<u8>,
    mode: PutMode,
) -> Result<PutOutcome, StoreError> {
    let payload = PutPayload::from(bytes);
    let options = PutOptions::from(mode);
    match store.put_opts(path, payload, options).await {
        Ok(_) => Ok(PutOutcome::Created),
        // Some object stores report an existing object as a failed precondition.
        Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
            Ok(PutOutcome::AlreadyExists)
        }
        Err(source) => Err(source),
    }
}

/// Returns the sequence number in the path of an object, or `None` if the object is not part of a
/// log.
fn number(path: &Path) -> Option<Sequence> {
    let digits = path.filename()?.strip_suffix(".json")?;
    let is_number = digits.len() == 20 && digits.bytes().all(|c| c.is_ascii_digit());
    let number = is_number.then(|| digits.parse().ok()).flatten()?;
    (number > 0).then_some(Sequence(number))
}

fn check_size(path: &Path, bytes: &[u8], limit: u64) -> Result<(), Error> {
    let bytes = bytes.len() as u64;
    if bytes > limit {
        return Err(Error::TooLarge {
            path: path.to_string(),
            bytes,
            limit,
        });
    }
    Ok(())
}

fn failed(path: &Path, source: StoreError) -> Error {
    Error::ObjectStore {
        path: path.to_string(),
        source,
    }
}
