// SPDX-License-Identifier: Apache-2.0

//! The memory of a table that is larger than the buffer of its storage, as the allocator counts it.

#![allow(
    unsafe_code,
    reason = "implementing a global allocator requires unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_runtime::{Actor, DynamicTables, Role, UserId};
use kalamtable_storage::{HybridOptions, HybridStorage};
use kalamtable_store::MemoryStore;

/// The system allocator, with the number of bytes in use and its maximum.
struct CountingAllocator;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is forwarded to the system allocator with the same arguments.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller upholds the contract of `GlobalAlloc`, which is that of the system
        // allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the pointer was allocated by the system allocator, with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const BUFFER_BYTES: u64 = 8 << 20;
/// The size of a row in memory, at least.
const ROW_BYTES: usize = 500;
const ROWS: usize = 20 * BUFFER_BYTES as usize / ROW_BYTES;
const ROWS_PER_STATEMENT: usize = 1000;

struct Server {
    tables: DynamicTables,
    ctx: SessionContext,
}

impl Server {
    async fn run(&self, sql: &str) {
        let rows = self.tables.sql(&self.ctx, sql).await.unwrap();
        rows.collect().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn table_of_twenty_times_the_buffer_is_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let options = HybridOptions::default()
        .with_flush_bytes(BUFFER_BYTES / 4)
        .with_max_unflushed_bytes(BUFFER_BYTES);
    let storage = HybridStorage::open_with(folder.path(), options).unwrap();
    let store = Arc::new(MemoryStore::new());
    let registry = SchemaRegistry::open(store, RegistryOptions::default());
    let tables = DynamicTables::new(registry.await.unwrap(), Arc::new(storage));
    let actor = Actor::new(UserId::new("root").unwrap(), Role::System);
    let config = SessionConfig::new().with_extension(Arc::new(actor));
    let ctx = SessionContext::new_with_config(config);
    tables.register(&ctx).unwrap();
    let server = Server { tables, ctx };
    server
        .run(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n BIGINT, body TEXT) \
             WITH (type = 'shared')",
        )
        .await;
    // The first statements allocate what stays.
    server
        .run("INSERT INTO app.t (id, n, body) VALUES (-1, 1, '')")
        .await;
    server.run("SELECT * FROM app.t").await;
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let peak = |what: &str| {
        let live = LIVE.load(Ordering::Relaxed);
        let peak = PEAK.swap(live, Ordering::Relaxed).saturating_sub(before);
        println!(
            "{what}: peak {} KiB, now {} KiB",
            peak >> 10,
            live.saturating_sub(before) >> 10
        );
        peak
    };
    for first in (0..ROWS).step_by(ROWS_PER_STATEMENT) {
        // Texts that cannot be compressed much.
        let insert = format!(
            "INSERT INTO app.t (id, n, body) SELECT value, value % 100, \
             concat({}) FROM generate_series({first}, {})",
            ["random()"; 27].join(", "),
            first + ROWS_PER_STATEMENT - 1,
        );
        server.run(&insert).await;
    }
    server.run("FLUSH TABLE app.t").await;
    let written = peak("insert");
    for sql in [
        "SELECT sum(id), sum(n), max(body) FROM app.t",
        "SELECT count(*) FROM app.t WHERE n = 7 AND body LIKE '%00%'",
        "SELECT * FROM app.t WHERE id = 277777",
    ] {
        server.run(sql).await;
    }
    let read = peak("select");
    for id in (0..ROWS).step_by(ROWS / 100) {
        server
            .run(&format!("UPDATE app.t SET n = 0 WHERE id = {id}"))
            .await;
    }
    server.run("FLUSH TABLE app.t").await;
    let updated = peak("update");
    // The rows take 160 MiB, and their keys several more. Besides the buffer, a row group of 16 MiB
    // is in memory while it is written, and rows are in memory several times while they are moved.
    let limit = 10 * BUFFER_BYTES as usize;
    for (what, bytes) in [("insert", written), ("select", read), ("update", updated)] {
        assert!(
            bytes < limit,
            "{what}: {bytes} bytes, the buffer has {BUFFER_BYTES}"
        );
    }
}
