// SPDX-License-Identifier: Apache-2.0

//! [`Objects`]: the names and the limits of a log's objects; reads and writes of one.

use std::sync::Arc;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};

use super::LogOptions;
use crate::replica::{Entry, Replica};
use crate::{Damage, DamageKind, Error, Sequence, format};

/// Where entries are.
pub(super) const LOG: &str = "log";
/// Where checkpoints are.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// What [`ObjectStoreLog`](super::ObjectStoreLog) keeps below its prefix.
pub(super) const FOLDERS: [&str; 2] = [LOG, CHECKPOINT];

/// See the module.
#[derive(Debug)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    max_entry_bytes: u64,
    max_checkpoint_bytes: u64,
}

/// What is at a path.
pub(super) enum Found<T> {
    Sound(T),
    Damaged(Damage),
    Nothing,
}

/// What became of an object that was to be created.
pub(super) enum Put {
    Created,
    /// There is one of that name already; this one, if the client tried twice.
    Taken,
}

impl Objects {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: Path, options: &LogOptions) -> Self {
        Objects {
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

    // ---- listing ----

    /// The numbers of the entries after `sequence`, in order.
    pub(super) async fn entries_after(&self, sequence: Sequence) -> Result<Vec<Sequence>, Error> {
        let folder = self.folder(LOG);
        let offset = self.entry_path(sequence);
        let listed = self.store.list_with_offset(Some(&folder), &offset);
        let mut numbers: Vec<Sequence> = listed
            .try_filter_map(async |object| Ok(number(&object.location)))
            .try_collect()
            .await
            .map_err(|source| failed(&folder, source))?;
        numbers.retain(|number| *number > sequence);
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The numbers of the entries up to `sequence`, in order.
    pub(super) async fn entries_until(&self, sequence: Sequence) -> Result<Vec<Sequence>, Error> {
        let mut numbers = self.entries_after(Sequence::START).await?;
        numbers.retain(|number| *number <= sequence);
        Ok(numbers)
    }

    /// The numbers of the checkpoints, the newest one first.
    ///
    /// There are few, so that a store lists them as they were at one moment: in one page, one call to
    /// the system. Clean-up counts on that.
    pub(super) async fn checkpoints(&self) -> Result<Vec<Sequence>, Error> {
        let folder = self.folder(CHECKPOINT);
        let listed = self.store.list(Some(&folder));
        let mut numbers: Vec<Sequence> = listed
            .try_filter_map(async |object| Ok(number(&object.location)))
            .try_collect()
            .await
            .map_err(|source| failed(&folder, source))?;
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(numbers)
    }

    // ---- one object ----

    pub(super) async fn entry(&self, sequence: Sequence) -> Result<Found<Entry>, Error> {
        let path = self.entry_path(sequence);
        let read = |name: &str, bytes: &[u8]| format::read_entry(name, sequence, bytes);
        self.read(&path, self.max_entry_bytes, read).await
    }

    pub(super) async fn checkpoint(&self, sequence: Sequence) -> Result<Found<Replica>, Error> {
        let path = self.checkpoint_path(sequence);
        let read = |name: &str, bytes: &[u8]| format::read_checkpoint(name, sequence, bytes);
        self.read(&path, self.max_checkpoint_bytes, read).await
    }

    async fn read<T>(
        &self,
        path: &Path,
        limit: u64,
        read: impl FnOnce(&str, &[u8]) -> Result<T, DamageKind>,
    ) -> Result<Found<T>, Error> {
        let result = match self.store.get_opts(path, GetOptions::default()).await {
            Ok(result) => result,
            Err(StoreError::NotFound { .. }) => return Ok(Found::Nothing),
            Err(source) => return Err(failed(path, source)),
        };
        let bytes = result.meta.size;
        if bytes > limit {
            let kind = DamageKind::TooLarge { bytes, limit };
            return Ok(Found::Damaged(kind.at(path.as_ref())));
        }
        let bytes = match result.bytes().await {
            Ok(bytes) => bytes,
            Err(StoreError::NotFound { .. }) => return Ok(Found::Nothing),
            Err(source) => return Err(failed(path, source)),
        };
        Ok(match read(path.as_ref(), &bytes) {
            Ok(content) => Found::Sound(content),
            Err(kind) => Found::Damaged(kind.at(path.as_ref())),
        })
    }

    /// Creates an entry.
    ///
    /// # Errors
    /// [`Error::InDoubt`] if it may be there nevertheless.
    pub(super) async fn create_entry(&self, path: &Path, bytes: Vec<u8>) -> Result<Put, Error> {
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

    /// Creates a checkpoint.
    pub(super) async fn create_checkpoint(
        &self,
        path: &Path,
        bytes: Vec<u8>,
    ) -> Result<Put, Error> {
        check_size(path, &bytes, self.max_checkpoint_bytes)?;
        let put = self.put(path, bytes, PutMode::Create).await;
        put.map_err(|source| failed(path, source))
    }

    /// Writes a checkpoint in place of one that is damaged.
    pub(super) async fn mend_checkpoint(&self, path: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        let put = self.put(path, bytes, PutMode::Overwrite).await;
        put.map_err(|source| failed(path, source))?;
        Ok(())
    }

    async fn put(&self, path: &Path, bytes: Vec<u8>, mode: PutMode) -> Result<Put, StoreError> {
        let options = PutOptions::from(mode);
        let put = self
            .store
            .put_opts(path, PutPayload::from(bytes), options)
            .await;
        match put {
            Ok(_) => Ok(Put::Created),
            // Some stores say it this way.
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                Ok(Put::Taken)
            }
            Err(source) => Err(source),
        }
    }

    /// Deletes an object, and says whether it was there.
    pub(super) async fn delete(&self, path: &Path) -> Result<bool, Error> {
        match self.store.delete(path).await {
            Ok(()) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(source) => Err(failed(path, source)),
        }
    }
}

/// The number that an object is named by; none for what is not of the log.
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
