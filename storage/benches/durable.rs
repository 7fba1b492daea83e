// SPDX-License-Identifier: Apache-2.0

//! Measures durable writes beside SQLite and redb with the same rows, on the disk of the temporary
//! folder, and the time to open a storage. Takes about three minutes.
//!
//! SQLite has `journal_mode = WAL` and `synchronous = FULL`, and redb its default durability: each
//! of the three systems has written a row to the disk when a statement returns.

#[path = "../../benches/support/figures.rs"]
mod figures;
#[path = "support/server.rs"]
mod server;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use datafusion::common::ScalarValue;
use datafusion::prelude::{SessionConfig, SessionContext};
use figures::{median, show};
use kalamtable_runtime::dynamic::RowStorage;
use kalamtable_runtime::{Actor, Role, UserId};
use kalamtable_storage::{RowLog, RowLogOptions};
use server::{BoxResult, Server, resident_bytes};
use tokio::runtime::{Builder, Runtime};

const TABLE: &str = "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n BIGINT, body TEXT) \
                     WITH (type = 'shared')";
const WRITERS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(2500);
const TEXT: &str = "a text of forty bytes, as users write it";

/// Runs `insert` on a number of threads for the duration of a round. Returns the calls per second.
fn rate_of_threads(threads: usize, insert: impl Fn(i64) + Sync) -> f64 {
    let next = AtomicI64::new(0);
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while begin.elapsed() < ROUND {
                    insert(next.fetch_add(1, Ordering::Relaxed));
                }
            });
        }
    });
    next.into_inner() as f64 / begin.elapsed().as_secs_f64()
}

fn fsync_rate() -> BoxResult<f64> {
    let folder = tempfile::tempdir()?;
    let file = Mutex::new(File::create(folder.path().join("file"))?);
    Ok(rate_of_threads(1, |_| {
        let mut file = file.lock().expect("no panic");
        let written = file.write_all(&[7; 128]).and_then(|()| file.sync_data());
        written.expect("the disk works");
    }))
}

fn log_rate(threads: usize) -> BoxResult<f64> {
    let folder = tempfile::tempdir()?;
    let (log, _) = RowLog::open(folder.path(), RowLogOptions::default(), |_| Ok(()))?;
    Ok(rate_of_threads(threads, |_| {
        let appended = log.append(&[7; 600]).and_then(|ticket| log.wait(ticket));
        appended.expect("the disk works");
    }))
}

fn hybrid_rate(runtime: &Runtime, writers: usize) -> BoxResult<f64> {
    let folder = tempfile::tempdir()?;
    runtime.block_on(async {
        let server = Server::create(folder.path(), TABLE).await?;
        let session = server.tables.session(&server.ctx)?;
        let insert = "INSERT INTO app.t (id, n, body) VALUES ($1, $2, $3)";
        let statement = Arc::new(session.prepare(insert).await?);
        let next = Arc::new(AtomicI64::new(0));
        let begin = Instant::now();
        let writers = (0..writers).map(|_| {
            let (next, statement) = (Arc::clone(&next), Arc::clone(&statement));
            tokio::spawn(async move {
                while begin.elapsed() < ROUND {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    let values = vec![
                        ScalarValue::Int64(Some(id)),
                        ScalarValue::Int64(Some(id % 1000)),
                        ScalarValue::Utf8(Some(TEXT.to_string())),
                    ];
                    let rows = statement
                        .execute(values)
                        .await
                        .expect("the values are valid");
                    let rows: Vec<_> = futures::TryStreamExt::try_collect(rows)
                        .await
                        .expect("a row");
                    assert_eq!(rows.len(), 1);
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await?;
        }
        Ok(next.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64())
    })
}

fn sqlite(folder: &Path) -> BoxResult<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(folder.join("sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, body TEXT)")?;
    Ok(connection)
}

fn sqlite_rate(threads: usize) -> BoxResult<f64> {
    let folder = tempfile::tempdir()?;
    let connection = Mutex::new(sqlite(folder.path())?);
    Ok(rate_of_threads(threads, |id| {
        let connection = connection.lock().expect("no panic");
        let insert = connection.prepare_cached("INSERT INTO t VALUES (?1, ?2, ?3)");
        let inserted = insert.and_then(|mut insert| insert.execute((id, id % 1000, TEXT)));
        inserted.expect("the disk works");
    }))
}

const REDB: redb::TableDefinition<'_, i64, (i64, &str)> = redb::TableDefinition::new("t");

fn redb_rate(threads: usize) -> BoxResult<f64> {
    let folder = tempfile::tempdir()?;
    let database = redb::Database::create(folder.path().join("redb"))?;
    let insert = |id: i64| -> BoxResult<()> {
        let transaction = database.begin_write()?;
        transaction
            .open_table(REDB)?
            .insert(id, (id % 1000, TEXT))?;
        Ok(transaction.commit()?)
    };
    Ok(rate_of_threads(threads, |id| {
        insert(id).expect("the disk works")
    }))
}

fn single_rows(runtime: &Runtime) -> BoxResult<()> {
    for writers in [1, WRITERS] {
        let mut rates: [Vec<f64>; 5] = Default::default();
        for _ in 0..ROUNDS {
            rates[0].push(fsync_rate()?);
            rates[1].push(log_rate(writers)?);
            rates[2].push(hybrid_rate(runtime, writers)?);
            rates[3].push(sqlite_rate(writers)?);
            rates[4].push(redb_rate(writers)?);
        }
        let ratios = rates[2]
            .iter()
            .zip(&rates[1])
            .map(|(hybrid, log)| hybrid / log);
        let ratio = median(ratios);
        let [fsync, log, hybrid, sqlite, redb] = rates.map(|rates| median(rates.into_iter()));
        println!(
            "durable inserts of one row, {writers} writers: {hybrid:.0} per s, {ratio:.2}x of the \
             log alone ({log:.0}), {:.1}x of SQLite ({sqlite:.0}), {:.1}x of redb ({redb:.0}); \
             {fsync:.0} syncs per s",
            hybrid / sqlite,
            hybrid / redb,
        );
    }
    Ok(())
}

const BULK: i64 = 1_000_000;

fn bulk(runtime: &Runtime) -> BoxResult<()> {
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..3 {
        let folder = tempfile::tempdir()?;
        let server = runtime.block_on(Server::create(folder.path(), TABLE))?;
        let insert = format!(
            "INSERT INTO app.t (id, n, body) SELECT value, value % 1000, '{TEXT}' \
             FROM generate_series(1, {BULK})"
        );
        let begin = Instant::now();
        runtime.block_on(server.run(&insert))?;
        times[0].push(begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        server.storage.flush()?;
        times[1].push(begin.elapsed().as_secs_f64());

        let folder = tempfile::tempdir()?;
        let mut connection = sqlite(folder.path())?;
        let begin = Instant::now();
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare("INSERT INTO t VALUES (?1, ?2, ?3)")?;
        for id in 1..=BULK {
            insert.execute((id, id % 1000, TEXT))?;
        }
        drop(insert);
        transaction.commit()?;
        times[2].push(begin.elapsed().as_secs_f64());
    }
    let [hybrid, flush, sqlite] = times.map(|times| median(times.into_iter()));
    println!(
        "bulk insert of 1,000,000 rows: {}, {:.2}x SQLite ({}); flush {}",
        show(hybrid),
        sqlite / hybrid,
        show(sqlite),
        show(flush),
    );
    Ok(())
}

/// Opens a storage whose log has statements of many rows, of one row, and whose rows are in files.
fn opening(runtime: &Runtime) -> BoxResult<()> {
    let folder = tempfile::tempdir()?;
    let server = runtime.block_on(Server::create(folder.path(), TABLE))?;
    let mut from = 0;
    while server.storage.stats().log_bytes < 1 << 30 {
        let insert = format!(
            "INSERT INTO app.t (id, n, body) SELECT value, value % 1000, '{TEXT}' \
             FROM generate_series({from}, {})",
            from + 99_999
        );
        runtime.block_on(server.run(&insert))?;
        from += 100_000;
    }
    let what = "a log of 1 GiB, 100,000 rows per entry";
    let server = reopen(runtime, server, folder.path(), what)?;
    server.storage.flush()?;
    reopen(runtime, server, folder.path(), "the same rows in files")?;

    let folder = tempfile::tempdir()?;
    let server = runtime.block_on(Server::create(folder.path(), TABLE))?;
    let session = server.tables.session(&server.ctx)?;
    runtime.block_on(async {
        let insert = "INSERT INTO app.t (id, n, body) VALUES ($1, $2, $3)";
        let statement = Arc::new(session.prepare(insert).await?);
        let count = Arc::new(AtomicU64::new(0));
        let writers = (0..256).map(|_| {
            let (count, statement) = (Arc::clone(&count), Arc::clone(&statement));
            tokio::spawn(async move {
                loop {
                    let id = count.fetch_add(1, Ordering::Relaxed) as i64;
                    if id >= 200_000 {
                        break;
                    }
                    let values = vec![
                        ScalarValue::Int64(Some(id)),
                        ScalarValue::Int64(Some(id)),
                        ScalarValue::Utf8(Some(TEXT.to_string())),
                    ];
                    let rows = statement
                        .execute(values)
                        .await
                        .expect("the values are valid");
                    let _: Vec<_> = futures::TryStreamExt::try_collect(rows)
                        .await
                        .expect("a row");
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await?;
        }
        BoxResult::Ok(())
    })?;
    drop(session);
    reopen(
        runtime,
        server,
        folder.path(),
        "a log of 200,000 entries of one row",
    )?;
    Ok(())
}

fn reopen(runtime: &Runtime, server: Server, folder: &Path, what: &str) -> BoxResult<Server> {
    let bytes = server.storage.stats().log_bytes;
    let definitions = Arc::clone(&server.definitions);
    drop(server);
    let begin = Instant::now();
    let server = runtime.block_on(Server::open(definitions, folder))?;
    let opened = begin.elapsed();
    println!(
        "open {what}: {}; {} entries, {} MiB of log",
        show(opened.as_secs_f64()),
        server.storage.recovery().entries,
        bytes >> 20,
    );
    Ok(server)
}

/// The memory of users who have one row each.
fn partitions(runtime: &Runtime) -> BoxResult<()> {
    const USERS: usize = 20_000;
    let folder = tempfile::tempdir()?;
    let server = runtime.block_on(Server::create(folder.path(), TABLE))?;
    runtime.block_on(
        server.run("CREATE TABLE app.u (id BIGINT PRIMARY KEY, n BIGINT) WITH (type = 'user')"),
    )?;
    let before = resident_bytes()?;
    runtime.block_on(async {
        for user in 0..USERS {
            let actor = UserId::new(&format!("user-{user}")).ok_or("no name")?;
            let actor = Arc::new(Actor::new(actor, Role::User));
            let ctx = SessionContext::new_with_config(SessionConfig::new().with_extension(actor));
            server.tables.register(&ctx)?;
            let insert = "INSERT INTO app.u (id, n) VALUES (1, 1)";
            server.tables.sql(&ctx, insert).await?.collect().await?;
        }
        BoxResult::Ok(())
    })?;
    let after = resident_bytes()?;
    println!(
        "memory per partition with one row: {} bytes (resident memory, {USERS} partitions)",
        (after.saturating_sub(before)) / USERS as u64
    );
    let begin = Instant::now();
    let flushed = server.storage.flush()?;
    println!(
        "flush of {USERS} partitions: {}, {} files",
        show(begin.elapsed().as_secs_f64()),
        flushed.files
    );
    Ok(())
}

fn main() -> BoxResult<()> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    single_rows(&runtime)?;
    bulk(&runtime)?;
    opening(&runtime)?;
    partitions(&runtime)
}
