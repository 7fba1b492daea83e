// SPDX-License-Identifier: Apache-2.0

//! [`wait`]: answers that DataFusion asks for where it cannot wait.

use futures::FutureExt;

/// What a future comes to. What a store has in memory comes at once; what it has to look for is waited for on
/// a thread of its own, since this one may drive futures: with several of them the others go on meanwhile.
pub(super) fn wait<T, F>(mut future: F) -> T
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
