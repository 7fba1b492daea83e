// SPDX-License-Identifier: Apache-2.0

//! [`scripted`]: an object store that does something else when a test wants it to.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What a client asks of an object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Put,
    Get,
    List,
    Delete,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// What was asked.
    Done,
    /// An error, and nothing was done.
    Refused,
    /// It was done, and the answer is lost.
    Unanswered,
    /// It was done, and the client asked again on its own.
    AskedTwice,
    /// A put that does not look whether there is an object.
    Overwritten,
}

type Script = Box<dyn FnMut(Call, &Path) -> Fate + Send>;

/// See the module.
struct Scripted {
    objects: Arc<dyn ObjectStore>,
    script: Arc<Mutex<Script>>,
}

/// `objects`, with `script` asked what becomes of each call.
pub(crate) fn scripted(
    objects: &Arc<dyn ObjectStore>,
    script: impl FnMut(Call, &Path) -> Fate + Send + 'static,
) -> Arc<dyn ObjectStore> {
    Arc::new(Scripted {
        objects: Arc::clone(objects),
        script: Arc::new(Mutex::new(Box::new(script))),
    })
}

impl Scripted {
    fn fate(&self, call: Call, path: &Path) -> Fate {
        (self.script.lock().unwrap())(call, path)
    }
}

fn failure() -> Error {
    Error::Generic {
        store: "Scripted",
        source: "the script says so".into(),
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

#[async_trait]
impl ObjectStore for Scripted {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        let fate = self.fate(Call::Put, location);
        match fate {
            Fate::Refused => return Err(failure()),
            Fate::Overwritten => options.mode = PutMode::Overwrite,
            _ => {}
        }
        let result = self.objects.put_opts(location, payload, options).await?;
        match fate {
            Fate::Unanswered => Err(failure()),
            Fate::AskedTwice => Err(Error::AlreadyExists {
                path: location.to_string(),
                source: "by itself".into(),
            }),
            _ => Ok(result),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.fate(Call::Get, location) {
            Fate::Done => self.objects.get_opts(location, options).await,
            _ => Err(failure()),
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let script = Arc::clone(&self.script);
        let objects = Arc::clone(&self.objects);
        locations
            .then(move |location| {
                let (script, objects) = (Arc::clone(&script), Arc::clone(&objects));
                async move {
                    let location = location?;
                    let fate = (script.lock().unwrap())(Call::Delete, &location);
                    if fate == Fate::Refused {
                        return Err(failure());
                    }
                    let one = stream::iter([Ok(location.clone())]).boxed();
                    let deleted: Vec<_> = objects.delete_stream(one).collect().await;
                    deleted.into_iter().collect::<Result<Vec<_>>>()?;
                    match fate {
                        Fate::Done => Ok(location),
                        _ => Err(failure()),
                    }
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.fate(Call::List, prefix.unwrap_or(&Path::default())) {
            Fate::Done => self.objects.list(prefix),
            _ => stream::iter([Err(failure())]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
