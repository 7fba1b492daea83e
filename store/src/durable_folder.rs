// SPDX-License-Identifier: Apache-2.0

//! [`DurableFolder`]: a local folder as an object store whose writes survive a power failure.
//!
//! `LocalFileSystem` writes a file atomically but does not sync it to the disk. Here, the content
//! of a file is synced before the file gets its final name, and the folder is synced before the
//! write is acknowledged. All other operations are those of `LocalFileSystem`.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};

use crate::error::Error;

const NAME: &str = "DurableFolder";

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct DurableFolder {
    root: PathBuf,
    files: LocalFileSystem,
    /// A random number that is part of the names of temporary files. It must be unique per process,
    /// which a process id is not if containers or machines share the folder: if two writers used
    /// the same name, one could publish the content of the other after a third process has deleted
    /// its own temporary file.
    token: u64,
}

impl DurableFolder {
    /// Opens the folder at `root`, and creates it and its `children` if they do not exist.
    pub(crate) fn open(root: &FilePath, children: &[&str]) -> io::Result<Self> {
        let token = getrandom::u64().map_err(io::Error::other)?;
        for child in children {
            fs::create_dir_all(root.join(child))?;
        }
        let root = root.canonicalize()?;
        sync_folder(&root)?;
        // The entry of a created folder is in its parent.
        root.parent().map_or(Ok(()), sync_folder)?;
        let files = LocalFileSystem::new_with_prefix(&root).map_err(io::Error::other)?;
        Ok(DurableFolder { root, files, token })
    }

    /// Deletes the temporary files of `child`, which killed writers leave there, and returns their
    /// number. A running writer whose temporary file is deleted repeats its write, see [`write()`].
    pub(crate) async fn delete_temporary_files(&self, child: &str) -> Result<usize, Error> {
        let path = self.root.join(child);
        let deleted = run_blocking({
            let path = path.clone();
            move || delete_temporary_files(&path)
        });
        let deleted = deleted.await.map_err(io::Error::from).flatten();
        deleted.map_err(|source| Error::Folder { path, source })
    }
}

fn delete_temporary_files(folder: &FilePath) -> io::Result<usize> {
    let mut deleted = 0;
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if is_temporary(&path) && remove(&path)? {
            deleted += 1;
        }
    }
    Ok(deleted)
}

// ---- writes ----

/// The maximum number of attempts to write a file whose temporary file other processes delete.
const MAX_ATTEMPTS: usize = 16;

/// Writes a temporary file, syncs it, and renames or links it to `target`.
fn write(target: &FilePath, token: u64, payload: &PutPayload, mode: &PutMode) -> io::Result<()> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let temporary = write_temporary(target, token, payload)?;
        let named = match mode {
            PutMode::Create => fs::hard_link(&temporary, target),
            _ => fs::rename(&temporary, target),
        };
        if let Err(error) = named {
            let _ = remove(&temporary);
            if error.kind() == ErrorKind::NotFound && attempt < MAX_ATTEMPTS {
                continue;
            }
            return Err(error);
        }
        // If this fails, the next clean-up deletes the file.
        let _ = remove(&temporary);
        return target.parent().map_or(Ok(()), sync_folder);
    }
}

/// Writes `payload` to a synced file beside `target`. `LocalFileSystem` does not list files whose
/// names end in `#` and digits.
fn write_temporary(target: &FilePath, token: u64, payload: &PutPayload) -> io::Result<PathBuf> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut name = target.as_os_str().to_owned();
    name.push(format!("#{token:020}{number}"));
    let path = PathBuf::from(name);
    let mut file = File::create_new(&path)?;
    let written = payload
        .iter()
        .try_for_each(|bytes| file.write_all(bytes))
        .and_then(|()| file.sync_all());
    match written {
        Ok(()) => Ok(path),
        Err(error) => {
            let _ = remove(&path);
            Err(error)
        }
    }
}

fn is_temporary(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let suffix = name.and_then(|name| name.split_once('#'));
    suffix
        .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()))
}

/// Deletes a file. Returns whether the file existed.
fn remove(path: &FilePath) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn sync_folder(path: &FilePath) -> io::Result<()> {
    File::open(path)?.sync_all()
}

// Other platforms cannot open a folder as a file, and persist the name of a file with its content.
#[cfg(not(unix))]
fn sync_folder(_: &FilePath) -> io::Result<()> {
    Ok(())
}

/// Runs `work` on a blocking thread of the current tokio runtime, or on the current thread outside
/// of a runtime.
async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => Ok(runtime.spawn_blocking(work).await?),
        Err(_) => Ok(work()),
    }
}

// ---- `ObjectStore` ----

impl fmt::Display for DurableFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}({})", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for DurableFolder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        if matches!(options.mode, PutMode::Update(_)) || !options.attributes.is_empty() {
            return Err(StoreError::NotImplemented {
                operation: "`put_opts` with an update or attributes".to_string(),
                implementer: self.to_string(),
            });
        }
        let path = self.files.path_to_filesystem(location)?;
        let token = self.token;
        let written = run_blocking(move || write(&path, token, &payload, &options.mode)).await?;
        match written {
            Ok(()) => Ok(PutResult {
                e_tag: None,
                version: None,
            }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(StoreError::AlreadyExists {
                    path: location.to_string(),
                    source: Box::new(error),
                })
            }
            Err(error) => Err(StoreError::Generic {
                store: NAME,
                source: Box::new(error),
            }),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}
