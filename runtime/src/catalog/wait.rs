//! [`wait`]: answers that DataFusion asks for where it cannot wait.

use futures::FutureExt;

/// What a future comes to. The stores that are known answer from memory, and at once; another one is waited
/// for on a thread of its own, since this one may drive futures.
pub(super) fn wait<T, F>(mut future: F) -> T
where
    F: Future<Output = T> + Send + Unpin,
    T: Send,
{
    if let Some(done) = (&mut future).now_or_never() {
        return done;
    }
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| pollster::block_on(future));
        waiting
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
