// SPDX-License-Identifier: Apache-2.0

//! The bytes that the registry charges, compared with the bytes that the allocator counts. The
//! tests take turns, because the allocator counts the bytes of the whole process.

#![allow(
    unsafe_code,
    reason = "implementing a global allocator requires unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

mod bytes;
mod generated_store;

/// The system allocator, with a count of the bytes in use.
struct CountingAllocator;

static LIVE: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn live_bytes() -> usize {
    LIVE.load(Ordering::SeqCst)
}

// SAFETY: every call is forwarded to the system allocator with the same arguments.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::SeqCst);
        // SAFETY: the caller upholds the contract of `GlobalAlloc`, which is that of the system
        // allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::SeqCst);
        // SAFETY: the pointer was allocated by the system allocator, with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
