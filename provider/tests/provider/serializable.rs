// SPDX-License-Identifier: Apache-2.0

//! Checks that concurrent statements are strictly serializable: they have the same effect as if
//! they had run one after the other, each between its start and its end.
//!
//! Every write appends a unique token to the lists of one or several rows, and reads return
//! complete lists. The last list of a row shows the order of the writes to it, and the length of
//! the list in a read shows which writes the read has seen. A history is serializable if its
//! precedence graph has no cycle.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use datafusion::prelude::SessionContext;
use kalamtable_provider::{
    BoxError, ChangeStatement, MemoryTable, RowProvider, Rows, ScanRequest, Snapshot, Statement,
    TableSource, enable_dml,
};
use kalamtable_rows::KalamTable;

use crate::support::{answer, run};

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.lists", primary_key(id), crate = kalamtable_rows)]
struct List {
    id: i64,
    tokens: String,
}

const LISTS: i64 = 6;
const THREADS: u64 = 4;
const STATEMENTS: u64 = 250;

fn lists() -> Vec<List> {
    (0..LISTS)
        .map(|id| List {
            id,
            tokens: String::new(),
        })
        .collect()
}

/// A statement that succeeded.
#[derive(Debug)]
struct Done {
    begin: u64,
    end: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Append(String),
    /// The lists by the ids of their rows.
    Read(HashMap<i64, Vec<String>>),
}

/// Runs statements on `source` from several threads, and returns their history.
fn history<S: TableSource>(
    source: Arc<S>,
    append: impl Fn(&S, i64, &str) -> bool + Sync,
) -> Vec<Done> {
    let clock = AtomicU64::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (source, clock, done, append) = (source.clone(), &clock, &done, &append);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                let session = SessionContext::new();
                enable_dml(&session);
                let provider = Arc::new(RowProvider::new(source.clone()));
                session.register_table("t", provider).unwrap();
                let mut random = thread + 1;
                for number in 0..STATEMENTS {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695);
                    let choice = random >> 33;
                    let row = (choice / 8) as i64 % LISTS;
                    let token = format!("{thread}.{number}");
                    let set = format!("UPDATE t SET tokens = tokens || ' {token}'");
                    let begin = clock.fetch_add(1, Ordering::SeqCst);
                    let what = match choice % 8 {
                        0 | 1 => What::Read(runtime.block_on(read(&session))),
                        2 if !append(&source, row, &token) => continue,
                        2 => What::Append(token),
                        sql => {
                            let condition = match sql {
                                3 | 4 => format!("WHERE id = {row}"),
                                5 => format!("WHERE id IN ({row}, {})", (row + 1) % LISTS),
                                6 => format!("WHERE id % 2 = {}", row % 2),
                                _ => String::new(),
                            };
                            runtime
                                .block_on(run(&session, &format!("{set} {condition}")))
                                .unwrap();
                            What::Append(token)
                        }
                    };
                    let end = clock.fetch_add(1, Ordering::SeqCst);
                    done.lock().unwrap().push(Done { begin, end, what });
                }
            });
        }
    });
    let session = SessionContext::new();
    session
        .register_table("t", Arc::new(RowProvider::new(source)))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut done = done.into_inner().unwrap();
    let begin = clock.fetch_add(2, Ordering::SeqCst);
    let what = What::Read(runtime.block_on(read(&session)));
    done.push(Done {
        begin,
        end: begin + 1,
        what,
    });
    done
}

async fn read(session: &SessionContext) -> HashMap<i64, Vec<String>> {
    let lines = answer(session, "SELECT id, tokens FROM t").await;
    let rows = lines.lines().map(|line| {
        let mut words = line.split_whitespace().map(str::to_string);
        let id = words.next().unwrap().parse().unwrap();
        (id, words.collect())
    });
    rows.collect()
}

/// Returns the reason if the history is not serializable. Its last read has seen all writes.
fn problem(history: &[Done]) -> Option<String> {
    let Some(Done {
        what: What::Read(last),
        ..
    }) = history.last()
    else {
        return Some("no last read".to_string());
    };
    let mut writers: HashMap<&str, usize> = HashMap::new();
    for (number, done) in history.iter().enumerate() {
        if let What::Append(token) = &done.what {
            writers.insert(token, number);
        }
    }
    // The nodes after those of the statements are the points in time at which a statement ended.
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); 2 * history.len()];
    for tokens in last.values() {
        let mut written = Vec::new();
        for token in tokens {
            match writers.get(token.as_str()) {
                Some(writer) => written.push(*writer),
                None => return Some(format!("`{token}` was written by a statement that failed")),
            }
        }
        let mut once = written.clone();
        once.sort_unstable();
        once.dedup();
        if once.len() < written.len() {
            return Some("a token was written twice".to_string());
        }
        written
            .windows(2)
            .for_each(|pair| before[pair[1]].push(pair[0]));
    }
    let seen: Vec<&String> = last.values().flatten().collect();
    if let Some((lost, _)) = writers
        .iter()
        .find(|(token, _)| !seen.iter().any(|seen| seen == *token))
    {
        return Some(format!("`{lost}` was lost"));
    }
    for (reader, done) in history.iter().enumerate() {
        let What::Read(lists) = &done.what else {
            continue;
        };
        for (id, tokens) in lists {
            if !last[id].starts_with(tokens) {
                return Some(format!("{tokens:?} is no beginning of {:?}", last[id]));
            }
            if let Some(token) = tokens.last() {
                before[reader].push(writers[token.as_str()]);
            }
            if let Some(token) = last[id].get(tokens.len()) {
                before[writers[token.as_str()]].push(reader);
            }
        }
    }
    let mut ends: Vec<usize> = (0..history.len()).collect();
    ends.sort_by_key(|number| history[*number].end);
    for (place, number) in ends.iter().enumerate() {
        let node = history.len() + place;
        before[node].push(*number);
        if place > 0 {
            before[node].push(node - 1);
        }
    }
    for (number, done) in history.iter().enumerate() {
        let ended = ends.partition_point(|other| history[*other].end < done.begin);
        if let Some(place) = ended.checked_sub(1) {
            before[number].push(history.len() + place);
        }
    }
    has_cycle(&before).then(|| "the statements are in no order".to_string())
}

fn has_cycle(before: &[Vec<usize>]) -> bool {
    let mut waits: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    for (node, before) in before.iter().enumerate() {
        before.iter().for_each(|earlier| after[*earlier].push(node));
    }
    let mut ready: Vec<usize> = (0..before.len()).filter(|node| waits[*node] == 0).collect();
    let mut ordered = 0;
    while let Some(node) = ready.pop() {
        ordered += 1;
        for later in &after[node] {
            waits[*later] -= 1;
            if waits[*later] == 0 {
                ready.push(*later);
            }
        }
    }
    ordered < before.len()
}

#[test]
fn memory_table_is_serializable() {
    let table = Arc::new(MemoryTable::new());
    table.insert(lists()).unwrap();
    let history = history(table, |table, id, token| {
        let changed = table.update(&id, |list| list.tokens = format!("{} {token}", list.tokens));
        changed.unwrap().is_some()
    });
    assert!(history.len() > (THREADS * STATEMENTS) as usize / 2);
    assert_eq!(problem(&history), None);
}

/// A fault of a source with concurrent statements.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ConcurrencyFault {
    /// A statement overwrites rows that another statement has changed since it read them.
    WritesOverOthers,
    /// Other statements see a part of a statement.
    RowByRow,
    /// A scan sees outdated rows.
    ReadsOldRows,
}

/// A source with a fault.
#[derive(Debug)]
struct Faulty {
    fault: ConcurrencyFault,
    rows: Mutex<Vec<List>>,
    writing: Mutex<()>,
    old: Mutex<Vec<List>>,
    scans: AtomicUsize,
}

impl Faulty {
    fn new(fault: ConcurrencyFault) -> Arc<Self> {
        Arc::new(Faulty {
            fault,
            rows: Mutex::new(lists()),
            writing: Mutex::new(()),
            old: Mutex::new(lists()),
            scans: AtomicUsize::new(0),
        })
    }

    fn rows(&self) -> Vec<List> {
        self.rows.lock().unwrap().clone()
    }
}

impl TableSource for Faulty {
    type Row = List;

    fn scan(&self, _request: &ScanRequest<List>) -> Result<Rows<List>, BoxError> {
        let rows = self.rows();
        if self.fault != ConcurrencyFault::ReadsOldRows {
            return Ok(rows.into());
        }
        let mut old = self.old.lock().unwrap();
        if self
            .scans
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(10)
        {
            *old = rows;
        }
        Ok(old.clone().into())
    }

    fn accepts(&self, _statement: Statement) -> bool {
        true
    }

    fn change(&self, statement: &ChangeStatement<'_, List>) -> Result<u64, BoxError> {
        let _writing = (self.fault != ConcurrencyFault::WritesOverOthers)
            .then(|| self.writing.lock().unwrap());
        let mut rows = self.rows();
        let changes = statement.changes(&Snapshot::from(rows.clone()))?;
        let count = changes.len() as u64;
        for change in changes {
            rows[change.row] = change.after.ok_or("nothing is deleted here")?;
            if self.fault == ConcurrencyFault::RowByRow {
                *self.rows.lock().unwrap() = rows.clone();
                std::thread::yield_now();
            }
        }
        std::thread::yield_now();
        *self.rows.lock().unwrap() = rows;
        Ok(count)
    }
}

/// Shows that the check detects each fault.
#[test]
fn serializability_check_detects_each_fault() {
    for fault in [
        ConcurrencyFault::WritesOverOthers,
        ConcurrencyFault::RowByRow,
        ConcurrencyFault::ReadsOldRows,
    ] {
        let history = history(Faulty::new(fault), |_, _, _| false);
        assert!(problem(&history).is_some(), "{fault:?}");
    }
}

/// If several threads insert one key, exactly one succeeds, and if several delete it, exactly one
/// deletes it.
#[test]
fn concurrent_insert_or_delete_of_a_key_succeeds_once() {
    const KEYS: i64 = 40;
    let table = Arc::new(MemoryTable::<List>::new());
    let (inserted, deleted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                let session = SessionContext::new();
                enable_dml(&session);
                let provider = RowProvider::new(table.clone());
                session.register_table("t", Arc::new(provider)).unwrap();
                for key in 0..KEYS {
                    // Statements are atomic: the second key is free if the first one is.
                    let sql = format!("INSERT INTO t VALUES ({key}, ''), ({}, '')", key + KEYS);
                    match runtime.block_on(run(&session, &sql)) {
                        Ok(_) => inserted.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert!(error.to_string().contains("exists already"), "{error}");
                            0
                        }
                    };
                }
                // No thread deletes before all threads have inserted.
                while inserted.load(Ordering::Relaxed) < KEYS as usize {
                    std::thread::yield_now();
                }
                for key in 0..KEYS {
                    let sql = format!("DELETE FROM t WHERE id = {key}");
                    let count = runtime.block_on(answer(&session, &sql));
                    deleted.fetch_add(count.parse::<usize>().unwrap(), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(inserted.into_inner(), KEYS as usize);
    assert_eq!(deleted.into_inner(), KEYS as usize);
    assert_eq!(table.len() as i64, KEYS);
}
