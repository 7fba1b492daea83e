// SPDX-License-Identifier: Apache-2.0

//! [`TestBucket`]: objects in memory, with faults at chosen requests.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};
use tokio::sync::Semaphore;

/// The fault of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BucketFault {
    /// The request has no effect, and fails.
    Fail,
    /// The request has its effect, and fails.
    LoseResponse,
    /// The request fails, and has its effect after the next requests.
    Delay,
}

impl BucketFault {
    pub(crate) const ALL: [BucketFault; 3] = [
        BucketFault::Fail,
        BucketFault::LoseResponse,
        BucketFault::Delay,
    ];
}

/// The number of requests before a delayed one has its effect.
const DELAY: u64 = 2;

/// A request to change an object.
#[derive(Clone)]
enum Change {
    Put(Path, PutPayload, PutOptions),
    Delete(Path),
}

#[derive(Default)]
struct FaultState {
    requests: u64,
    fault: Option<(u64, BucketFault)>,
    /// A delayed change, and the request before which it has its effect.
    delayed: Option<(u64, Change)>,
    ignores_create: bool,
}

/// See the module documentation. A clone has the same objects.
#[derive(Clone)]
pub(crate) struct TestBucket {
    objects: Arc<InMemory>,
    state: Arc<Mutex<FaultState>>,
    /// A put waits for a permit, and returns it.
    puts: Arc<Semaphore>,
}

impl TestBucket {
    pub(crate) fn new() -> Self {
        TestBucket {
            objects: Arc::default(),
            state: Arc::default(),
            puts: Arc::new(Semaphore::new(1000)),
        }
    }

    /// Lets a later request fail. The next one has number 1.
    pub(crate) fn fail_at(&self, request: u64, fault: BucketFault) {
        let mut state = self.lock();
        state.fault = Some((state.requests + request, fault));
    }

    /// Ends the faults. Returns whether the fault has not occurred.
    pub(crate) fn has_pending_fault(&self) -> bool {
        self.lock().fault.take().is_some()
    }

    pub(crate) fn ignore_create(&self) {
        self.lock().ignores_create = true;
    }

    /// Stops all puts until the value is dropped.
    pub(crate) async fn pause_puts(&self) -> tokio::sync::OwnedSemaphorePermit {
        let puts = Arc::clone(&self.puts);
        puts.acquire_many_owned(1000).await.unwrap()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Returns the names and contents of all objects.
    pub(crate) async fn content(&self) -> BTreeMap<String, Vec<u8>> {
        let mut content = BTreeMap::new();
        let mut listing = self.objects.list(None);
        while let Some(object) = listing.next().await {
            let path = object.unwrap().location;
            let bytes = self.objects.get(&path).await.unwrap().bytes().await;
            content.insert(path.to_string(), bytes.unwrap().to_vec());
        }
        content
    }

    pub(crate) async fn with_content(content: &BTreeMap<String, Vec<u8>>) -> Self {
        let bucket = TestBucket::new();
        for (path, bytes) in content {
            let path = Path::from(path.as_str());
            let put = bucket.objects.put(&path, bytes.clone().into());
            put.await.unwrap();
        }
        bucket
    }

    /// Returns the names of the objects that begin with a text.
    pub(crate) async fn names(&self, start: &str) -> Vec<String> {
        let names = self.content().await.into_keys();
        names.filter(|name| name.starts_with(start)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, FaultState> {
        self.state.lock().unwrap()
    }

    async fn begin_request(&self) -> Option<BucketFault> {
        let (fault, delayed) = {
            let mut state = self.lock();
            state.requests += 1;
            let number = state.requests;
            let fault = state.fault.take_if(|(at, _)| *at == number);
            let delayed = state.delayed.take_if(|(at, _)| *at <= number);
            (fault.map(|(_, fault)| fault), delayed)
        };
        if let Some((_, change)) = delayed {
            // Nobody waits for the result.
            let _ = self.apply(change).await;
        }
        fault
    }

    async fn apply(&self, change: Change) -> Result<()> {
        match change {
            Change::Put(path, payload, options) => {
                let put = self.objects.put_opts(&path, payload, options);
                put.await.map(|_| ())
            }
            Change::Delete(path) => self.objects.delete(&path).await,
        }
    }

    async fn change(&self, change: Change) -> Result<()> {
        let fault = self.begin_request().await;
        match fault {
            None => self.apply(change).await,
            Some(BucketFault::Fail) => Err(injected()),
            Some(BucketFault::LoseResponse) => {
                let _ = self.apply(change).await;
                Err(injected())
            }
            Some(BucketFault::Delay) => {
                let mut state = self.lock();
                state.delayed = Some((state.requests + 1 + DELAY, change));
                Err(injected())
            }
        }
    }
}

fn injected() -> Error {
    Error::Generic {
        store: "TestBucket",
        source: "an injected fault".into(),
    }
}

impl fmt::Debug for TestBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestBucket")
    }
}

impl fmt::Display for TestBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestBucket")
    }
}

#[async_trait]
impl ObjectStore for TestBucket {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        let _permit = self.puts.acquire().await.unwrap();
        if self.lock().ignores_create {
            options.mode = PutMode::Overwrite;
        }
        let change = Change::Put(path.clone(), payload, options);
        self.change(change).await?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        match self.begin_request().await {
            None => self.objects.get_opts(path, options).await,
            Some(_) => Err(injected()),
        }
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let bucket = self.clone();
        let deletions = paths.then(move |path| {
            let bucket = bucket.clone();
            async move {
                let path = path?;
                bucket.change(Change::Delete(path.clone())).await?;
                Ok(path)
            }
        });
        deletions.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.begin_request().await {
            None => self.objects.list_with_delimiter(prefix).await,
            Some(_) => Err(injected()),
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
