// SPDX-License-Identifier: Apache-2.0

//! [`Interrupts`]: Ctrl-C, which is handled on a thread of its own.
//!
//! The threads of a query cannot handle it: a join can occupy all of them for minutes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use futures::poll;
use tokio::runtime::Builder;
use tokio::signal::ctrl_c;
use tokio::sync::Notify;

/// A future that completes when the running query has to stop. Each query has its own.
pub(crate) type Interrupt = Pin<Box<dyn Future<Output = ()>>>;

/// The exit code of a process that Ctrl-C ends: 128, and the number of the signal.
const EXIT_CODE: i32 = 130;

/// The receiver of Ctrl-C. The first Ctrl-C interrupts a query. If the query has not stopped before
/// the second one, the process ends.
pub(crate) struct Interrupts {
    pending: Arc<CtrlC>,
}

#[derive(Default)]
struct CtrlC {
    /// Whether Ctrl-C was pressed since the current query began.
    is_pressed: AtomicBool,
    pressed: Notify,
}

impl Interrupts {
    /// Starts the thread that receives Ctrl-C, which otherwise would end the process.
    ///
    /// # Errors
    /// Fails if the thread cannot be started or Ctrl-C cannot be received.
    pub(crate) fn receive() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let pending = Arc::new(CtrlC::default());
        let (ready, is_ready) = mpsc::channel();
        let shared = Arc::clone(&pending);
        thread::Builder::new()
            .name("interrupts".to_string())
            .spawn(move || {
                runtime.block_on(async {
                    let mut next = Box::pin(ctrl_c());
                    // The first poll registers the handler.
                    let first = poll!(&mut next);
                    // The receiver is dropped only after this message.
                    let _ = ready.send(());
                    if first.is_ready() {
                        return;
                    }
                    while next.await.is_ok() {
                        if shared.is_pressed.swap(true, Ordering::SeqCst) {
                            process::exit(EXIT_CODE);
                        }
                        shared.pressed.notify_one();
                        next = Box::pin(ctrl_c());
                    }
                });
            })?;
        is_ready
            .recv()
            .map_err(|_| io::Error::other("Ctrl-C cannot be received"))?;
        Ok(Interrupts { pending })
    }

    /// Returns the interrupt of the query that begins, to which an earlier Ctrl-C does not apply.
    pub(crate) fn begin_query(&self) -> Interrupt {
        let pending = Arc::clone(&self.pending);
        pending.is_pressed.store(false, Ordering::SeqCst);
        Box::pin(async move {
            // A permit can be left from an earlier query.
            while !pending.is_pressed.load(Ordering::SeqCst) {
                pending.pressed.notified().await;
            }
        })
    }
}
