// SPDX-License-Identifier: Apache-2.0

//! [`block_on`]: runs a future from the methods of catalogs that are not async.

use futures::FutureExt;

/// Blocks until the future resolves.
///
/// A future that resolves immediately, as lookups in memory do, costs no thread. Any other future
/// runs on a thread of its own, because the current thread may be a worker of a runtime.
pub(super) fn block_on<T, F>(mut future: F) -> T
where
    F: Future<Output = T> + Send + Unpin,
    T: Send,
{
    if let Some(done) = (&mut future).now_or_never() {
        return done;
    }
    let runtime = tokio::runtime::Handle::try_current().ok();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let _entered = runtime.as_ref().map(|runtime| runtime.enter());
            pollster::block_on(future)
        });
        waiting
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
