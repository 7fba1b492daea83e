// SPDX-License-Identifier: Apache-2.0

//! What the registry charges for, against what the allocator says. One test at a time: the counts are of
//! the whole program.

#![allow(
    unsafe_code,
    reason = "an allocator that counts is one that allocates, which is unsafe"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

mod bytes;
mod store;

/// The system's allocator, which counts the bytes that are asked for and not given back.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn live_bytes() -> usize {
    LIVE.load(Ordering::SeqCst)
}

// SAFETY: all is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::SeqCst);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::SeqCst);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
