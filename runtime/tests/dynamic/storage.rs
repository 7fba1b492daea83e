// SPDX-License-Identifier: Apache-2.0

//! Storages that fail, and that several processes write to.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use datafusion::physical_plan::collect;
use kalamtable_provider::BoxError;
use kalamtable_registry::SchemaRegistry;
use kalamtable_runtime::dynamic::{
    Commit, Partition, PartitionRows, RowSet, RowStorage, StorageLimits,
};
use kalamtable_runtime::{DynamicTables, MemoryStorage, UserId};
use kalamtable_store::TableId;

use crate::support::{Server, answer, definition, error, run, table};

const PUBLIC: &str = "kind = 'shared'\naccess_level = 'public'";
const COLUMNS: &str = "n = { id = 2, type = 'bigint', nullable = true }";

/// A storage that does not always do what it is asked.
#[derive(Debug, Default)]
struct Unreliable {
    inner: MemoryStorage,
    mode: AtomicU8,
}

const WORKS: u8 = 0;
const FAILS: u8 = 1;
const PANICS: u8 = 2;
const CANNOT_BE_READ: u8 = 3;

impl RowStorage for Unreliable {
    fn rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError> {
        match self.mode.load(Ordering::Relaxed) {
            CANNOT_BE_READ => Err("the disk is gone".into()),
            _ => self.inner.rows(partition),
        }
    }

    fn commit(&self, partition: &Partition, before: u64, commit: Commit) -> Result<bool, BoxError> {
        match self.mode.load(Ordering::Relaxed) {
            FAILS => Err("the disk is full".into()),
            PANICS => panic!("a bug of the storage"),
            _ => self.inner.commit(partition, before, commit),
        }
    }

    fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, BoxError> {
        self.inner.next_seqs(table, count)
    }

    fn remove_table(&self, table: TableId) -> Result<(), BoxError> {
        self.inner.remove_table(table)
    }

    fn tables(&self) -> Vec<TableId> {
        self.inner.tables()
    }

    fn remove_owner(&self, owner: &UserId) -> Result<(), BoxError> {
        self.inner.remove_owner(owner)
    }
}

#[tokio::test]
async fn a_storage_that_fails_has_changed_nothing() {
    let storage = Arc::new(Unreliable::default());
    let server = Server::with_storage(StorageLimits::default(), storage.clone()).await;
    server.create(&table("t", PUBLIC, COLUMNS)).await;
    let root = server.root();
    answer(&root, "INSERT INTO app.t (id, n) VALUES (1, 1), (2, 2)").await;
    let all = "SELECT id, n FROM app.t ORDER BY id";
    for (mode, expected) in [
        (FAILS, "table `app.t`: its source failed: the disk is full"),
        (
            PANICS,
            "table `app.t`: its source panicked: a bug of the storage",
        ),
        (
            CANNOT_BE_READ,
            "table `app.t`: its source failed: the disk is gone",
        ),
    ] {
        for sql in [
            "INSERT INTO app.t (id, n) VALUES (3, 3)",
            "UPDATE app.t SET n = n + 1",
            "DELETE FROM app.t",
            "TRUNCATE TABLE app.t",
        ] {
            storage.mode.store(mode, Ordering::Relaxed);
            let message = error(&root, sql).await;
            assert!(message.contains(expected), "{sql}: {message}");
            storage.mode.store(WORKS, Ordering::Relaxed);
            assert_eq!(answer(&root, all).await, "1 1\n2 2", "{sql}");
        }
    }
    // Keys of what was not written are free, and those of what is there are not.
    answer(&root, "INSERT INTO app.t (id) VALUES (3)").await;
    assert!(
        error(&root, "INSERT INTO app.t (id) VALUES (2)")
            .await
            .contains("exists already")
    );
}

/// Another process over the same definitions and rows.
fn other_process(server: &Server, storage: &Arc<MemoryStorage>) -> Server {
    Server {
        tables: DynamicTables::new(server.registry.clone(), storage.clone()),
        ..server.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_share_a_storage_keep_its_keys() {
    let storage = Arc::new(MemoryStorage::new());
    let first = Server::with_storage(StorageLimits::default(), storage.clone()).await;
    let second = other_process(&first, &storage);
    first.create(&table("t", PUBLIC, COLUMNS)).await;
    answer(&first.root(), "INSERT INTO app.t (id, n) VALUES (0, 0)").await;
    let message = error(&second.root(), "INSERT INTO app.t (id) VALUES (0)").await;
    assert!(message.contains("exists already"), "{message}");
    let writers = [first.clone(), second.clone(), first.clone(), second.clone()].map(|server| {
        tokio::spawn(async move {
            let session = server.root();
            let mut inserted = 0;
            for id in 1..40 {
                let sql = format!("INSERT INTO app.t (id) VALUES ({id})");
                inserted += i64::from(run(&session, &sql).await.is_ok());
                answer(&session, "UPDATE app.t SET n = n + 1 WHERE id = 0").await;
            }
            inserted
        })
    });
    let mut inserted = 0;
    for writer in writers {
        inserted += writer.await.unwrap();
    }
    assert_eq!(inserted, 39);
    let sql = "SELECT count(*), count(DISTINCT id), count(DISTINCT _seq), max(n) FROM app.t";
    assert_eq!(answer(&second.root(), sql).await, "40 40 40 156");
}

/// A storage during whose next answer the table `t` is altered.
#[derive(Debug, Default)]
struct AltersMeanwhile {
    inner: MemoryStorage,
    registry: Mutex<Option<SchemaRegistry>>,
}

impl RowStorage for AltersMeanwhile {
    fn rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError> {
        if let Some(registry) = self.registry.lock().unwrap().take() {
            let next = definition(&table("t", PUBLIC, &COLUMNS.replace("n =", "m =")));
            let present = registry.get_blocking(partition.table)?.unwrap();
            futures::executor::block_on(registry.alter(&present, next))?;
        }
        self.inner.rows(partition)
    }

    fn commit(&self, partition: &Partition, before: u64, commit: Commit) -> Result<bool, BoxError> {
        self.inner.commit(partition, before, commit)
    }

    fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, BoxError> {
        self.inner.next_seqs(table, count)
    }

    fn remove_table(&self, table: TableId) -> Result<(), BoxError> {
        self.inner.remove_table(table)
    }

    fn tables(&self) -> Vec<TableId> {
        self.inner.tables()
    }

    fn remove_owner(&self, owner: &UserId) -> Result<(), BoxError> {
        self.inner.remove_owner(owner)
    }
}

#[tokio::test]
async fn a_statement_fails_if_its_table_is_altered_meanwhile() {
    for sql in [
        "INSERT INTO app.t (id, n) VALUES (2, 2)",
        "UPDATE app.t SET n = 2",
        "DELETE FROM app.t",
        "TRUNCATE TABLE app.t",
    ] {
        let storage = Arc::new(AltersMeanwhile::default());
        let server = Server::with_storage(StorageLimits::default(), storage.clone()).await;
        server.create(&table("t", PUBLIC, COLUMNS)).await;
        let root = server.root();
        answer(&root, "INSERT INTO app.t (id, n) VALUES (1, 1)").await;
        let plan = root.sql(sql).await.unwrap();
        let plan = plan.create_physical_plan().await.unwrap();
        *storage.registry.lock().unwrap() = Some(server.registry.clone());
        let refused = collect(plan, root.task_ctx()).await.unwrap_err();
        assert!(refused.to_string().contains("is at version 2"), "{refused}");
        assert_eq!(
            answer(&root, "SELECT * FROM app.t").await,
            "1 1 1 false",
            "{sql}"
        );
    }
}

#[test]
fn a_set_of_rows() {
    let mut rows = RowSet::default();
    assert!(rows.is_empty());
    for row in [0, 63, 64, 1000, 63] {
        rows.insert(row);
    }
    assert_eq!(rows.len(), 4);
    let found: Vec<u32> = (0..2000).filter(|row| rows.contains(*row)).collect();
    assert_eq!(found, [0, 63, 64, 1000]);
}
