// SPDX-License-Identifier: Apache-2.0

//! Group commit: entries of many threads become durable with one write and one sync per group, and
//! no entry is acknowledged before the sync of its group has returned.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use kalamtable_storage::{LogError, RowLog, RowLogOptions};

use crate::layout;
use crate::recovered::{append, append_group, open, open_in, read};
use crate::simulated::{Fault, SimulatedFolder};

fn open_simulated(options: RowLogOptions) -> (SimulatedFolder, RowLog) {
    let folder = SimulatedFolder::new(0);
    let (log, _) = open_in(folder.clone(), options).unwrap();
    (folder, log)
}

/// Returns the number of groups in the segments.
fn groups(folder: &SimulatedFolder) -> usize {
    let segments = folder.segments().into_values();
    let entries = segments.flat_map(|segment| layout::parse(&segment).entries);
    entries.filter(|entry| entry.index == 0).count()
}

/// Appends entries in several threads, each of which waits for its entry before it appends the
/// next one. Calls `after` with the thread and the sequence number of each acknowledged entry.
/// Returns the sequence numbers per thread.
fn append_in_threads(
    log: &RowLog,
    threads: u32,
    entries: u32,
    after: impl Fn(u32, u64) + Sync,
) -> Vec<Vec<u64>> {
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|thread| {
                let after = &after;
                scope.spawn(move || {
                    let append = |n: u32| {
                        let ticket = log.append(&payload(thread, n)).unwrap();
                        log.wait(ticket).unwrap();
                        after(thread, ticket.sequence());
                        ticket.sequence()
                    };
                    (0..entries).map(append).collect()
                })
            })
            .collect();
        started.into_iter().map(|t| t.join().unwrap()).collect()
    })
}

fn payload(thread: u32, n: u32) -> Vec<u8> {
    format!("entry {n} of thread {thread}").into_bytes()
}

/// Checks that each thread has its entries, in order, and that there are no others.
fn check_entries(entries: &[(u64, Vec<u8>)], sequences: &[Vec<u64>]) {
    assert!(
        entries
            .iter()
            .map(|(sequence, _)| *sequence)
            .eq(1..=entries.len() as u64)
    );
    let mut count = 0;
    for (thread, sequences) in (0..).zip(sequences) {
        assert!(sequences.is_sorted());
        for (n, sequence) in (0..).zip(sequences) {
            assert_eq!(entries[*sequence as usize - 1].1, payload(thread, n));
            count += 1;
        }
    }
    assert_eq!(entries.len(), count);
}

#[test]
fn entries_during_a_sync_are_one_group() {
    const WAITING: u64 = 63;
    let (folder, log) = open_simulated(RowLogOptions::default());
    let log = Arc::new(log);
    let before = folder.counts();
    let is_held = Arc::new(AtomicBool::new(true));
    folder.set_on_sync({
        let log = Arc::clone(&log);
        let is_held = Arc::clone(&is_held);
        move || {
            // The first sync returns after the other threads have appended their entries.
            while is_held.load(Ordering::SeqCst) && log.last_sequence() < 1 + WAITING {
                thread::yield_now();
            }
            is_held.store(false, Ordering::SeqCst);
        }
    });
    thread::scope(|scope| {
        for n in 0..=WAITING {
            let log = &log;
            scope.spawn(move || append(log, &payload(0, n as u32)).unwrap());
            while log.last_sequence() <= n {
                thread::yield_now();
            }
        }
    });
    let counts = folder.counts();
    assert_eq!(counts.file_syncs - before.file_syncs, 2);
    assert_eq!(counts.writes - before.writes, 2);
    assert_eq!(counts.folder_syncs, before.folder_syncs);
    assert_eq!(groups(&folder), 2);
    check_entries(
        &layout::entries(&folder.segments()),
        &[Vec::from_iter(1..=1 + WAITING)],
    );
}

#[test]
fn many_threads_need_few_syncs() {
    const THREADS: u32 = 32;
    const ENTRIES: u32 = 100;
    let (folder, log) = open_simulated(RowLogOptions::default());
    let before = folder.counts();
    let all = u64::from(THREADS * ENTRIES);
    let log = Arc::new(log);
    let unfinished = Arc::new(AtomicU64::new(THREADS.into()));
    folder.set_on_sync({
        let log = Arc::clone(&log);
        let unfinished = Arc::clone(&unfinished);
        move || {
            // A sync takes as long as half of the unfinished threads need to append an entry.
            let durable = log.last_durable_sequence();
            while log.last_sequence() - durable < unfinished.load(Ordering::SeqCst) / 2 {
                thread::yield_now();
            }
        }
    });
    let finished_entries = [(); THREADS as usize].map(|()| AtomicU64::new(0));
    let sequences = append_in_threads(&log, THREADS, ENTRIES, |thread, _| {
        let entries = 1 + finished_entries[thread as usize].fetch_add(1, Ordering::SeqCst);
        if entries == u64::from(ENTRIES) {
            unfinished.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let counts = folder.counts();
    let syncs = counts.file_syncs - before.file_syncs;
    assert!(syncs < all / 8, "{syncs} syncs of {all} entries");
    // One write and one sync per group.
    assert_eq!(syncs, counts.writes - before.writes);
    assert_eq!(syncs, groups(&folder) as u64);
    assert_eq!(counts.all - before.all, 2 * syncs);
    check_entries(&layout::entries(&folder.segments()), &sequences);
    assert_eq!(log.last_durable_sequence(), all);
}

#[test]
fn threads_on_a_local_folder_have_ordered_entries() {
    let folder = tempfile::tempdir().unwrap();
    let options = RowLogOptions::default().with_segment_bytes(5000);
    let (log, _) = open(folder.path(), options.clone()).unwrap();
    let sequences = append_in_threads(&log, 16, 50, |_, _| {});
    let segments = layout::segments(folder.path());
    assert!(segments.len() > 3);
    let entries = layout::entries(&segments);
    check_entries(&entries, &sequences);
    drop(log);
    assert_eq!(open(folder.path(), options).unwrap().1.entries, entries);
}

#[test]
fn acknowledged_entry_is_on_the_disk() {
    let options = RowLogOptions::default().with_segment_bytes(1000);
    let (folder, log) = open_simulated(options);
    let sequences = append_in_threads(&log, 8, 40, |_, sequence| {
        let durable = layout::entries(&folder.durable_segments());
        let last = durable.last().map_or(0, |(last, _)| *last);
        assert!(last >= sequence, "{sequence} is acknowledged before {last}");
        assert!(log.last_durable_sequence() >= sequence);
    });
    check_entries(&layout::entries(&folder.durable_segments()), &sequences);
}

#[test]
fn no_entry_is_acknowledged_during_the_sync() {
    const THREADS: usize = 8;
    let (folder, log) = open_simulated(RowLogOptions::default());
    let log = Arc::new(log);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let appended = Arc::new(Barrier::new(THREADS));
    folder.set_on_sync({
        let log = Arc::clone(&log);
        let acknowledged = Arc::clone(&acknowledged);
        move || {
            // Other threads have many opportunities to return.
            for _ in 0..1000 {
                thread::yield_now();
                assert_eq!(acknowledged.load(Ordering::SeqCst), 0);
                assert_eq!(log.last_durable_sequence(), 0);
            }
        }
    });
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let ticket = log.append(b"entry").unwrap();
                appended.wait();
                log.wait(ticket).unwrap();
                acknowledged.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(groups(&folder), 1);
    assert_eq!(acknowledged.load(Ordering::SeqCst), THREADS);
}

#[test]
fn failed_sync_fails_all_waiting_threads() {
    const THREADS: u64 = 16;
    for seed in 0..50 {
        let (folder, log) = open_simulated(RowLogOptions::default());
        append(&log, b"durable").unwrap();
        let log = Arc::new(log);
        let is_held = Arc::new(AtomicBool::new(true));
        folder.set_on_sync({
            let log = Arc::clone(&log);
            let is_held = Arc::clone(&is_held);
            move || {
                // Some threads wait for the group that is written, and some for the next one.
                while is_held.load(Ordering::SeqCst) && log.last_sequence() < 1 + THREADS {
                    thread::yield_now();
                }
                is_held.store(false, Ordering::SeqCst);
            }
        });
        folder.fail_at(1 + seed % 2, Fault::Fail);
        let failed = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| match append(&log, b"lost") {
                    Err(LogError::Failed(failure)) => {
                        assert_eq!(failure.source.to_string(), "injected fault");
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                    other => panic!("{other:?}"),
                });
            }
        });
        assert_eq!(failed.load(Ordering::SeqCst), THREADS);
        assert_eq!(log.last_durable_sequence(), 1);
    }
}

#[test]
fn failed_truncation_fails_all_waiting_threads() {
    for call in 1..8 {
        let options = RowLogOptions::default().with_segment_bytes(400);
        let (folder, log) = open_simulated(options);
        append(&log, b"durable").unwrap();
        let acknowledged = AtomicU64::new(1);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while let Ok(sequence) = append(&log, b"entry") {
                        acknowledged.fetch_max(sequence, Ordering::SeqCst);
                        if sequence > 2000 {
                            break;
                        }
                    }
                });
            }
            folder.fail_at(call, Fault::FailWithPart);
            let _ = log.truncate_before(log.last_durable_sequence());
        });
        drop(log);
        folder.lose_power();
        let (_, recovered) = open_in(folder.clone(), RowLogOptions::default()).unwrap();
        let last = recovered.recovery.last_sequence;
        assert!(last >= acknowledged.load(Ordering::SeqCst));
    }
}

#[test]
fn truncation_during_appends_loses_no_entry() {
    let options = RowLogOptions::default().with_segment_bytes(600);
    let (folder, log) = open_simulated(options);
    let truncated = AtomicU64::new(0);
    let sequences = append_in_threads(&log, 8, 100, |_, sequence| {
        if sequence % 5 == 0 {
            let flushed = sequence.saturating_sub(20);
            truncated.fetch_max(flushed, Ordering::SeqCst);
            log.truncate_before(flushed).unwrap();
        }
    });
    let entries = layout::entries(&folder.durable_segments());
    let first = entries[0].0;
    assert!(first > 1 && first <= truncated.load(Ordering::SeqCst));
    assert!(
        entries
            .iter()
            .map(|(sequence, _)| *sequence)
            .eq(first..=800)
    );
    for (thread, sequences) in (0..).zip(&sequences) {
        for (n, sequence) in (0..).zip(sequences) {
            if let Some(index) = sequence.checked_sub(first) {
                assert_eq!(entries[index as usize].1, payload(thread, n));
            }
        }
    }
}

#[test]
fn reading_during_appends_finds_all_acknowledged_entries() {
    let folder = tempfile::tempdir().unwrap();
    let options = RowLogOptions::default().with_segment_bytes(3000);
    let (log, _) = open(folder.path(), options.clone()).unwrap();
    let acknowledged = AtomicU64::new(0);
    let is_done = AtomicBool::new(false);
    let sequences = thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut reads = 0;
                while !is_done.load(Ordering::SeqCst) || reads == 0 {
                    let before = acknowledged.load(Ordering::SeqCst);
                    let found = read(folder.path(), options.clone()).unwrap();
                    let last = found.recovery.last_sequence;
                    assert!(last >= before, "{last} instead of {before}");
                    let numbers = found.entries.iter().map(|(sequence, _)| *sequence);
                    assert!(numbers.eq(1..=last));
                    reads += 1;
                }
            })
        });
        let sequences = append_in_threads(&log, 4, 100, |_, sequence| {
            acknowledged.fetch_max(sequence, Ordering::SeqCst);
        });
        is_done.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.join().unwrap();
        }
        sequences
    });
    check_entries(&read(folder.path(), options).unwrap().entries, &sequences);
}

#[test]
fn another_thread_writes_a_group_without_a_waiter() {
    let (folder, log) = open_simulated(RowLogOptions::default());
    let one = log.append(b"one").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| append_group(&log, &[b"two", b"three"]).unwrap());
    });
    let syncs = folder.counts().file_syncs;
    log.wait(one).unwrap();
    assert_eq!(folder.counts().file_syncs, syncs);
    assert_eq!(groups(&folder), 1);
}
