// SPDX-License-Identifier: Apache-2.0

//! [`BucketFolder`]: the objects below a prefix of an object store, as a folder of files that are
//! created as a whole. The requests run on threads of their own, and the calling thread waits.

use std::fmt;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use tokio::runtime::{Builder, Runtime};

use crate::error::StorageError;
use crate::log::{LockAttempt, LogFailure, LogFile, LogFolder, ObjectFolder, ReadFile};

/// The number of threads that run requests. They wait for the network most of the time.
const THREADS: usize = 2;
/// The number of objects that are read at the same time.
const CONCURRENT_READS: usize = 16;

/// The objects of a storage on a bucket.
#[derive(Debug)]
pub(crate) struct BucketFolder {
    bucket: Arc<ObjectPrefix>,
    /// A random number that no other process has.
    writer: [u8; 16],
}

/// The objects below a prefix, and the runtime of the requests.
struct ObjectPrefix {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// `None` while the value is dropped.
    runtime: Option<Runtime>,
}

impl BucketFolder {
    /// Starts the threads of the requests. Makes no request.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: &Path) -> Result<Self, StorageError> {
        let mut writer = [0; 16];
        getrandom::fill(&mut writer).map_err(crate::log::LogError::from)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("kalamtable-bucket")
            .enable_all()
            .build()
            .map_err(|source| LogFailure {
                operation: "start the threads of requests to",
                path: PathBuf::from(prefix.as_ref()),
                source,
            })?;
        let bucket = ObjectPrefix {
            store,
            prefix: prefix.clone(),
            runtime: Some(runtime),
        };
        Ok(BucketFolder {
            bucket: Arc::new(bucket),
            writer,
        })
    }

    /// Checks that the object store rejects the creation of an object that exists.
    pub(crate) fn check_create(&self) -> Result<(), StorageError> {
        let (store, prefix) = (Arc::clone(&self.bucket.store), self.bucket.prefix.clone());
        let check = async move { kalamtable_store::check_create(&*store, &prefix).await };
        match self.bucket.run(check) {
            Ok(checked) => Ok(checked?),
            Err(source) => Err(StorageError::io(self, "open", None, source)),
        }
    }
}

impl ObjectPrefix {
    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    /// Runs requests, and waits for their result. The calling thread may drive futures of another
    /// runtime.
    fn run<T: Send + 'static>(
        &self,
        requests: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        let stopped = || io::Error::other("the threads of requests have stopped");
        let runtime = self.runtime.as_ref().ok_or_else(stopped)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            // The receiver waits.
            let _ = sender.send(requests.await);
        });
        receiver.recv().map_err(|_| stopped())
    }

    fn read(&self, name: &str) -> io::Result<Bytes> {
        let (store, path) = (Arc::clone(&self.store), self.path(name));
        let read = self.run(async move { read(&*store, &path).await });
        read?.map_err(io_error)
    }

    fn create_new(&self, name: &str, content: Vec<u8>) -> io::Result<()> {
        let content = Bytes::from(content);
        let (store, path) = (Arc::clone(&self.store), self.path(name));
        let payload = PutPayload::from_bytes(content.clone());
        let options = PutOptions::from(PutMode::Create);
        let put = self.run(async move { store.put_opts(&path, payload, options).await })?;
        let Err(error) = put else {
            return Ok(());
        };
        // Some object stores report an existing object as a failed precondition.
        let exists = matches!(
            error,
            StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }
        );
        // The request may have created the object although it has failed: the response can be lost,
        // and a client that repeats the request finds its own object.
        match self.read(name) {
            Ok(found) if found == content => Ok(()),
            Ok(_) => Err(io::Error::new(ErrorKind::AlreadyExists, error)),
            // The other process has deleted its object.
            Err(read) if exists && read.kind() == ErrorKind::NotFound => {
                Err(io::Error::new(ErrorKind::AlreadyExists, error))
            }
            Err(_) => Err(io::Error::other(error)),
        }
    }
}

impl Drop for ObjectPrefix {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Unlike dropping it, this does not wait, which a thread that drives futures must not.
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for ObjectPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectPrefix({}, {})", self.store, self.prefix)
    }
}

impl LogFolder for BucketFolder {
    fn path(&self, name: Option<&str>) -> PathBuf {
        let prefix = &self.bucket.prefix;
        let path = name.map_or_else(|| prefix.clone(), |name| self.bucket.path(name));
        PathBuf::from(path.as_ref())
    }

    fn try_lock(&self) -> io::Result<LockAttempt> {
        // A fence in the log replaces the lock.
        Ok(LockAttempt::Locked(Box::new(())))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let (store, prefix) = (Arc::clone(&self.bucket.store), self.bucket.prefix.clone());
        let listing = async move { store.list_with_delimiter(Some(&prefix)).await };
        let listing = self.bucket.run(listing)?.map_err(io_error)?;
        let names = listing.objects.iter();
        let names = names.filter_map(|object| object.location.filename());
        Ok(names.map(str::to_string).collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(Vec::from(self.bucket.read(name)?))
    }

    fn open_read(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        let (store, path) = (Arc::clone(&self.bucket.store), self.bucket.path(name));
        let head = self.bucket.run(async move { store.head(&path).await });
        Ok(Box::new(StoredObject {
            bucket: Arc::clone(&self.bucket),
            path: self.bucket.path(name),
            bytes: head?.map_err(io_error)?.size,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(BufferedObject {
            bucket: Arc::clone(&self.bucket),
            name: name.to_string(),
            content: Vec::new(),
        }))
    }

    fn open(&self, _: &str) -> io::Result<Box<dyn LogFile>> {
        Err(ErrorKind::Unsupported.into())
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        let (store, path) = (Arc::clone(&self.bucket.store), self.bucket.path(name));
        let deleted = self.bucket.run(async move { store.delete(&path).await });
        deleted?.map_err(io_error)
    }

    fn sync(&self) -> io::Result<()> {
        // Each request is durable when it returns.
        Ok(())
    }

    fn objects(&self) -> Option<&dyn ObjectFolder> {
        Some(self)
    }
}

impl ObjectFolder for BucketFolder {
    fn writer(&self) -> [u8; 16] {
        self.writer
    }

    fn create_new(&self, name: &str, content: Vec<u8>) -> io::Result<()> {
        self.bucket.create_new(name, content)
    }

    fn read_all(&self, names: &[String]) -> Vec<io::Result<Vec<u8>>> {
        let paths: Vec<Path> = names.iter().map(|name| self.bucket.path(name)).collect();
        let store = Arc::clone(&self.bucket.store);
        let reads = async move {
            let reads = paths.into_iter().map(|path| {
                let store = Arc::clone(&store);
                async move { read(&*store, &path).await }
            });
            let reads = stream::iter(reads.collect::<Vec<_>>());
            reads.buffered(CONCURRENT_READS).collect::<Vec<_>>().await
        };
        match self.bucket.run(reads) {
            Ok(contents) => {
                let contents = contents.into_iter();
                let contents = contents.map(|content| Ok(Vec::from(content.map_err(io_error)?)));
                contents.collect()
            }
            Err(error) => {
                let errors = names.iter();
                let errors = errors.map(|_| Err(io::Error::new(error.kind(), error.to_string())));
                errors.collect()
            }
        }
    }

    fn delete_all(&self, names: &[String]) -> io::Result<()> {
        let paths: Vec<Path> = names.iter().map(|name| self.bucket.path(name)).collect();
        let store = Arc::clone(&self.bucket.store);
        let deletions = async move {
            let deletions = store.delete_stream(stream::iter(paths).map(Ok).boxed());
            let deletions = deletions.map(|deleted| match deleted {
                Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            });
            deletions.try_collect::<()>().await
        };
        self.bucket.run(deletions)?.map_err(io_error)
    }
}

/// An object that is read.
#[derive(Debug)]
struct StoredObject {
    bucket: Arc<ObjectPrefix>,
    path: Path,
    bytes: u64,
}

impl ReadFile for StoredObject {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.bytes)
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if buffer.is_empty() {
            return Ok(());
        }
        let range = offset..offset.saturating_add(buffer.len() as u64);
        if range.end > self.bytes {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let (store, path) = (Arc::clone(&self.bucket.store), self.path.clone());
        let read = async move { store.get_range(&path, range).await };
        let bytes = self.bucket.run(read)?.map_err(io_error)?;
        if bytes.len() != buffer.len() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        buffer.copy_from_slice(&bytes);
        Ok(())
    }
}

/// An object that is in memory until it is created.
struct BufferedObject {
    bucket: Arc<ObjectPrefix>,
    name: String,
    content: Vec<u8>,
}

impl LogFile for BufferedObject {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.saturating_add(bytes.len());
        if self.content.len() < end {
            self.content.resize(end, 0);
        }
        self.content[start..end].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
        self.content.resize(bytes, 0);
        Ok(())
    }

    /// Creates the object. The content is no longer in memory.
    fn sync_data(&mut self) -> io::Result<()> {
        let content = std::mem::take(&mut self.content);
        self.bucket.create_new(&self.name, content)
    }
}

async fn read(store: &dyn ObjectStore, path: &Path) -> Result<Bytes, StoreError> {
    store.get(path).await?.bytes().await
}

fn io_error(error: StoreError) -> io::Error {
    let kind = match &error {
        StoreError::NotFound { .. } => ErrorKind::NotFound,
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            ErrorKind::PermissionDenied
        }
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
