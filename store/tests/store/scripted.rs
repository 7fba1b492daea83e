// SPDX-License-Identifier: Apache-2.0

//! [`scripted`]: an object store whose calls fail or change their effect as a test decides.

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

/// The kind of a call of an object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Put,
    Get,
    List,
    Delete,
}

/// The effect of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The call succeeds.
    Done,
    /// The call fails without an effect.
    Failed,
    /// The call has its effect, but returns an error.
    ResponseLost,
    /// The call has its effect, and the client retries it: a put finds its own object.
    Retried,
    /// A put overwrites an existing object.
    Overwritten,
}

type Script = Box<dyn FnMut(Call, &Path) -> Effect + Send>;

/// See the module documentation.
struct Scripted {
    objects: Arc<dyn ObjectStore>,
    script: Arc<Mutex<Script>>,
}

/// Wraps `objects`; `script` decides the effect of each call.
pub(crate) fn scripted(
    objects: &Arc<dyn ObjectStore>,
    script: impl FnMut(Call, &Path) -> Effect + Send + 'static,
) -> Arc<dyn ObjectStore> {
    Arc::new(Scripted {
        objects: Arc::clone(objects),
        script: Arc::new(Mutex::new(Box::new(script))),
    })
}

impl Scripted {
    fn effect(&self, call: Call, path: &Path) -> Effect {
        (self.script.lock().unwrap())(call, path)
    }
}

fn failure() -> Error {
    Error::Generic {
        store: "Scripted",
        source: "failed by the script".into(),
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
        let effect = self.effect(Call::Put, location);
        match effect {
            Effect::Failed => return Err(failure()),
            Effect::Overwritten => options.mode = PutMode::Overwrite,
            _ => {}
        }
        let result = self.objects.put_opts(location, payload, options).await?;
        match effect {
            Effect::ResponseLost => Err(failure()),
            Effect::Retried => Err(Error::AlreadyExists {
                path: location.to_string(),
                source: "created by the first attempt".into(),
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
        match self.effect(Call::Get, location) {
            Effect::Done => self.objects.get_opts(location, options).await,
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
                    let effect = (script.lock().unwrap())(Call::Delete, &location);
                    if effect == Effect::Failed {
                        return Err(failure());
                    }
                    let one = stream::iter([Ok(location.clone())]).boxed();
                    let deleted: Vec<_> = objects.delete_stream(one).collect().await;
                    deleted.into_iter().collect::<Result<Vec<_>>>()?;
                    match effect {
                        Effect::Done => Ok(location),
                        _ => Err(failure()),
                    }
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.effect(Call::List, prefix.unwrap_or(&Path::default())) {
            Effect::Done => self.objects.list(prefix),
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
