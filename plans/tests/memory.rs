// SPDX-License-Identifier: Apache-2.0

//! The bytes that a cache charges for its plans, compared with those of the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use kalamtable_plans::{PlanCache, PlanCacheOptions, SqlSession};
use kalamtable_provider::{MemoryTable, RowProvider, register};
use kalamtable_rows::KalamTable;

struct CountingAllocator;

static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

#[expect(unsafe_code, reason = "a global allocator is unsafe to implement")]
// SAFETY: every method forwards its arguments unchanged to the allocator of the system.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller fulfills the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller fulfills the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.jobs", primary_key(id), crate = kalamtable_rows)]
struct Job {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2)]
    state: String,
    #[kalam(id = 3)]
    priority: Option<i32>,
    #[kalam(id = 4)]
    message: Option<String>,
}

async fn run(session: &SqlSession, sql: &str) {
    let rows = session.execute(sql).await.unwrap();
    rows.try_collect::<Vec<_>>().await.unwrap();
}

/// Returns a statement with a number in it.
type WriteStatement = fn(usize) -> String;

/// The charged bytes are at least the allocated ones, and at most twice as many.
#[tokio::test]
async fn charged_bytes_cover_the_allocated_bytes() {
    const TEXTS: usize = 200;
    let statements: [(&str, WriteStatement); 6] = [
        ("key read", |n| {
            format!("SELECT state FROM app.jobs WHERE id = {n}")
        }),
        ("filter", |n| {
            format!("SELECT * FROM app.jobs WHERE priority > {n}")
        }),
        ("group", |n| {
            format!(
                "SELECT state, count(*), sum(priority) FROM app.jobs WHERE id > {n} GROUP BY state"
            )
        }),
        ("join", |n| {
            format!(
                "SELECT a.id, b.message FROM app.jobs a JOIN app.jobs b ON a.id = b.priority WHERE a.id > {n} ORDER BY 1"
            )
        }),
        ("update", |n| {
            format!("UPDATE app.jobs SET state = 'x', priority = {n} WHERE id = {n}")
        }),
        ("list", |n| {
            format!("SELECT id FROM app.jobs WHERE id IN ({n}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)")
        }),
    ];
    for (title, text) in statements {
        let cache = Arc::new(PlanCache::new(&PlanCacheOptions::default()));
        let ctx = SessionContext::new();
        register(&ctx, RowProvider::new(MemoryTable::<Job>::new())).unwrap();
        let session = SqlSession::new(ctx, Arc::clone(&cache));
        // The first statement also creates what all statements share.
        run(&session, &text(1_000_000)).await;
        run(&session, &text(1_000_000)).await;
        cache.clear();
        let before = LIVE_BYTES.load(Ordering::Relaxed);
        for number in 0..TEXTS {
            run(&session, &text(number)).await;
            run(&session, &text(number)).await;
        }
        let allocated = LIVE_BYTES.load(Ordering::Relaxed) - before;
        let charged = cache.stats().bytes;
        let per_plan = allocated / TEXTS as isize;
        println!(
            "{title}: {per_plan} bytes per plan, charged {}",
            charged / TEXTS
        );
        assert_eq!(cache.stats().entries, TEXTS);
        assert!(
            charged as isize >= allocated,
            "{title}: charged {charged} of {allocated}"
        );
        assert!(
            charged as isize <= 2 * allocated,
            "{title}: charged {charged} of {allocated}"
        );
    }
}
