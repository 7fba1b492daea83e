// SPDX-License-Identifier: Apache-2.0

//! [`Folder`]: a folder of the machine as an object store whose writes survive a loss of power.
//!
//! `LocalFileSystem` makes a file appear whole or not at all, but does not ask the system to write it
//! to the disk. Here a file is on the disk before it has its name, and the name is on the disk before
//! the write is acknowledged. Everything else is `LocalFileSystem`'s.

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
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

const NAME: &str = "Folder";

/// See the module.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    files: LocalFileSystem,
    /// Random, for the names of files that are being written. Were two processes to use the same name,
    /// as they might if it came of the process's number, one could give its own name to what the other
    /// writes after a sweep.
    token: u64,
}

impl Folder {
    /// The folder at `root`, which is made with `children` if it is not there.
    pub(crate) fn open(root: &FilePath, children: &[&str]) -> io::Result<Self> {
        let token = getrandom::u64().map_err(io::Error::other)?;
        for child in children {
            fs::create_dir_all(root.join(child))?;
        }
        let root = root.canonicalize()?;
        sync_folder(&root)?;
        // The folder's own name is in its parent.
        root.parent().map_or(Ok(()), sync_folder)?;
        let files = LocalFileSystem::new_with_prefix(&root).map_err(io::Error::other)?;
        Ok(Folder { root, files, token })
    }

    /// Deletes what writers that were killed left in `child`, and counts it.
    ///
    /// A live writer whose file goes this way writes another one: see [`write`].
    pub(crate) async fn sweep(&self, child: &str) -> Result<usize, crate::Error> {
        let path = self.root.join(child);
        let swept = blocking({
            let path = path.clone();
            move || sweep(&path)
        });
        let swept = swept.await.map_err(io::Error::from).flatten();
        swept.map_err(|source| crate::Error::Folder { path, source })
    }
}

fn sweep(folder: &FilePath) -> io::Result<usize> {
    let mut swept = 0;
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if is_staged(&path) && remove(&path)? {
            swept += 1;
        }
    }
    Ok(swept)
}

// ---- writing ----

/// How often a file is written again that somebody swept away.
const ATTEMPTS: usize = 16;

/// Writes a file under another name, and gives it its own when all of it is on the disk.
fn write(target: &FilePath, token: u64, payload: &PutPayload, mode: &PutMode) -> io::Result<()> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let staged = stage(target, token, payload)?;
        let named = match mode {
            PutMode::Create => fs::hard_link(&staged, target),
            _ => fs::rename(&staged, target),
        };
        if let Err(error) = named {
            let _ = remove(&staged);
            if error.kind() == ErrorKind::NotFound && attempt < ATTEMPTS {
                continue;
            }
            return Err(error);
        }
        // What is left of it is harmless, and swept some day.
        let _ = remove(&staged);
        return target.parent().map_or(Ok(()), sync_folder);
    }
}

/// The content in a file whose name `LocalFileSystem` does not list.
fn stage(target: &FilePath, token: u64, payload: &PutPayload) -> io::Result<PathBuf> {
    static STAGED: AtomicU64 = AtomicU64::new(0);
    let number = STAGED.fetch_add(1, Ordering::Relaxed);
    let mut staged = target.as_os_str().to_owned();
    staged.push(format!("#{token:020}{number}"));
    let staged = PathBuf::from(staged);
    let mut file = File::create_new(&staged)?;
    let written = payload
        .iter()
        .try_for_each(|bytes| file.write_all(bytes))
        .and_then(|()| file.sync_all());
    match written {
        Ok(()) => Ok(staged),
        Err(error) => {
            let _ = remove(&staged);
            Err(error)
        }
    }
}

fn is_staged(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let suffix = name.and_then(|name| name.split_once('#'));
    suffix
        .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()))
}

/// Deletes a file, and says whether it was there.
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

// Elsewhere a folder cannot be opened, and its names are written with the files.
#[cfg(not(unix))]
fn sync_folder(_: &FilePath) -> io::Result<()> {
    Ok(())
}

/// Runs `work` where it may block: on a thread of the runtime for that, or here if there is no runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => Ok(runtime.spawn_blocking(work).await?),
        Err(_) => Ok(work()),
    }
}

// ---- the interface ----

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}({})", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for Folder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        if matches!(options.mode, PutMode::Update(_)) || !options.attributes.is_empty() {
            return Err(Error::NotImplemented {
                operation: "`put_opts` with an update or attributes".to_string(),
                implementer: self.to_string(),
            });
        }
        let path = self.files.path_to_filesystem(location)?;
        let token = self.token;
        let written = blocking(move || write(&path, token, &payload, &options.mode)).await?;
        match written {
            Ok(()) => Ok(PutResult {
                e_tag: None,
                version: None,
            }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::AlreadyExists {
                path: location.to_string(),
                source: Box::new(error),
            }),
            Err(error) => Err(Error::Generic {
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
