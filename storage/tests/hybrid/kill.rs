// SPDX-License-Identifier: Apache-2.0

//! A server whose tasks run statements and flushes is killed at random times. The effect of each
//! acknowledged statement remains, and no statement is applied in part.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kalamtable_runtime::dynamic::RowStorage;
use kalamtable_storage::{HybridOptions, HybridStorage};
use kalamtable_store::{DefinitionStore, LogOptions, ObjectStoreLog};
use proptest::prelude::Rng;

use crate::server::{Definitions, Server};
use crate::simulated::seeded;

const FOLDER: &str = "KALAMTABLE_HYBRID_KILL_FOLDER";
/// The environment variable with the number of kills.
const KILLS: &str = "KALAMTABLE_STORAGE_KILLS";
const DEFAULT_KILLS: u32 = 40;
const WORKERS: u64 = 4;
/// The number of pairs of keys of each worker. Each statement changes both rows of a pair.
const PAIRS: u64 = 8;

/// The value of each pair; `None` if the pair is deleted.
type Pairs = BTreeMap<u64, Option<i64>>;

async fn server(folder: &Path) -> Server {
    let definitions =
        ObjectStoreLog::open_folder(folder.join("definitions"), LogOptions::default());
    let definitions: Arc<dyn DefinitionStore> = Arc::new(definitions.await.unwrap());
    let definitions: Definitions = definitions;
    let options = HybridOptions::default().with_flush_bytes(40_000);
    let storage = HybridStorage::open_with(folder.join("rows"), options).unwrap();
    let storage: Arc<dyn RowStorage> = Arc::new(storage);
    Server::new(&definitions, storage).await
}

/// The process that is killed. It prints each statement before it runs, and after it has succeeded.
#[test]
fn kill_child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Arc::new(server(Path::new(&folder)).await);
        server
            .run(
                "CREATE TABLE IF NOT EXISTS app.t (id BIGINT PRIMARY KEY, v BIGINT) \
                 WITH (type = 'shared')",
            )
            .await;
        println!("ready.");
        let seed = u64::from(std::process::id());
        let workers = (0..WORKERS).map(|worker| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { work(&server, worker, seed).await })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
    });
}

async fn work(server: &Server, worker: u64, seed: u64) {
    let mut random = seeded(seed * WORKERS + worker);
    loop {
        let pair = worker * PAIRS + u64::from(random.next_u32()) % PAIRS;
        let (first, second) = (2 * pair, 2 * pair + 1);
        let value = i64::from(random.next_u32());
        let (value, statement) = match random.next_u32() % 8 {
            0 => {
                let delete = format!("DELETE FROM app.t WHERE id IN ({first}, {second})");
                (-1, delete)
            }
            1 if worker == 0 => {
                // Any result is right, but the rows must not change.
                let _ = server.try_run(&server.root, "FLUSH TABLE app.t").await;
                continue;
            }
            _ => {
                let rows = format!("({first}, {value}), ({second}, {value})");
                (value, format!("REPLACE INTO app.t (id, v) VALUES {rows}"))
            }
        };
        println!("begun {worker} {pair} {value}.");
        server.run(&statement).await;
        println!("done {worker} {pair} {value}.");
    }
}

#[test]
fn killed_server_loses_no_acknowledged_statement() {
    let kills = std::env::var(KILLS).map_or(DEFAULT_KILLS, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut random = seeded(7);
    let mut expected = Pairs::new();
    let mut acknowledged = 0;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for kill in 0..kills {
        let lines = random.next_u32() % 120;
        let delay = Duration::from_micros(u64::from(random.next_u32() % 3000));
        let mut begun: BTreeMap<u64, (u64, i64)> = BTreeMap::new();
        for line in run_and_kill(folder.path(), lines, delay) {
            // The last line may be incomplete.
            let Some(line) = line.strip_suffix('.') else {
                continue;
            };
            let words: Vec<&str> = line.split(' ').collect();
            let ["begun" | "done", worker, pair, value] = words[..] else {
                continue;
            };
            let (worker, pair) = (worker.parse().unwrap(), pair.parse().unwrap());
            let value: i64 = value.parse().unwrap();
            if line.starts_with("begun") {
                begun.insert(worker, (pair, value));
            } else {
                begun.remove(&worker);
                expected.insert(pair, (value >= 0).then_some(value));
                acknowledged += 1;
            }
        }
        let found = runtime.block_on(pairs(folder.path()));
        for pair in 0..WORKERS * PAIRS {
            let value = found.get(&pair).copied();
            let before = expected.get(&pair).copied().flatten();
            let mut unfinished = begun.values().filter(|(of, _)| *of == pair);
            let may_be = unfinished.any(|(_, new)| value == (*new >= 0).then_some(*new));
            assert!(
                value == before || may_be,
                "kill {kill}: pair {pair} has {value:?}, not {before:?}"
            );
            expected.insert(pair, value);
        }
    }
    println!("{kills} kills, {acknowledged} acknowledged statements");
    assert!(acknowledged > u64::from(kills), "{acknowledged} statements");
}

/// Returns the value of each pair, both of whose rows have it.
async fn pairs(folder: &Path) -> BTreeMap<u64, i64> {
    let server = server(folder).await;
    if server
        .try_run(&server.root, "SELECT id FROM app.t")
        .await
        .is_err()
    {
        return BTreeMap::new();
    }
    let rows = server.run("SELECT id, v FROM app.t ORDER BY id").await;
    let rows: Vec<(u64, i64)> = rows
        .lines()
        .map(|row| {
            let (id, value) = row.split_once(' ').unwrap();
            (id.parse().unwrap(), value.parse().unwrap())
        })
        .collect();
    let pairs = rows.chunks(2).map(|rows| {
        let [(first, value), (second, other)] = *rows else {
            panic!("one row of a pair: {rows:?}");
        };
        assert!(first % 2 == 0 && second == first + 1, "{rows:?}");
        assert_eq!(value, other, "{rows:?}");
        (first / 2, value)
    });
    pairs.collect()
}

/// Starts the server, and kills it a while after it has printed a number of lines. Returns the
/// lines.
fn run_and_kill(folder: &Path, lines: u32, delay: Duration) -> Vec<String> {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .args(["--exact", "kill::kill_child", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut read = Vec::new();
    let mut line = String::new();
    while (read.len() as u32) < lines + 4 {
        line.clear();
        assert!(
            output.read_line(&mut line).unwrap() > 0,
            "the server ended: {read:?}"
        );
        read.push(line.trim_end().to_string());
    }
    std::thread::sleep(delay);
    child.kill().unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    child.wait().unwrap();
    read.extend(rest.split('\n').map(str::to_string));
    read
}
