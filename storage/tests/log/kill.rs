// SPDX-License-Identifier: Apache-2.0

//! A process whose threads append entries is killed at random times. No acknowledged entry is lost,
//! and the remaining ones are in order, complete and without a gap.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use kalamtable_storage::{
    DiskFolder, LockAttempt, LogFile, LogFolder, ReadFile, RowLog, RowLogOptions,
};
use proptest::prelude::Rng;
use proptest::test_runner::TestRng;

use crate::layout;
use crate::processes::child;
use crate::recovered::{open, open_in, read};
use crate::simulated::seeded;

const FOLDER: &str = "KALAMTABLE_STORAGE_KILL_FOLDER";
/// The environment variable with the number of kills; the default is 500.
const KILLS: &str = "KALAMTABLE_STORAGE_KILLS";

/// The number of kills per log. It bounds the size of the log, which is read after each kill.
const KILLS_PER_LOG: u32 = 25;
const LOGS_AT_A_TIME: u64 = 4;
/// The number of threads of a process.
const THREADS: u32 = 4;
/// The number of entries that are not truncated.
const KEPT: u64 = 64;

fn options() -> RowLogOptions {
    RowLogOptions::default().with_segment_bytes(1_000_000)
}

/// The kinds of crashes that occurred.
#[derive(Default)]
struct KillCounts {
    torn_tails: u32,
    unacknowledged: u64,
    temporary_files: u32,
    entries: u64,
}

#[test]
fn killed_process_loses_no_acknowledged_entry() {
    let kills = std::env::var(KILLS).map_or(500, |kills| kills.parse().unwrap());
    let remaining = AtomicU32::new(kills);
    let total = Mutex::new(KillCounts::default());
    // Most of the time, the processes wait for the disk, so several of them run at a time.
    std::thread::scope(|scope| {
        for seed in 0..LOGS_AT_A_TIME {
            let (remaining, total) = (&remaining, &total);
            scope.spawn(move || {
                let mut random = seeded(seed);
                while let Some(kills) = take_kills(remaining) {
                    let folder = tempfile::tempdir().unwrap();
                    let counts = kill_repeatedly(folder.path(), kills, &mut random);
                    let mut total = total.lock().unwrap();
                    total.torn_tails += counts.torn_tails;
                    total.unacknowledged += counts.unacknowledged;
                    total.temporary_files += counts.temporary_files;
                    total.entries += counts.entries;
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    println!(
        "{} entries, {} of them unacknowledged; {} torn tails, and {} temporary files",
        total.entries, total.unacknowledged, total.torn_tails, total.temporary_files
    );
}

/// Returns the number of kills of the next log, or `None` if no kills remain.
fn take_kills(remaining: &AtomicU32) -> Option<u32> {
    let take = |remaining: u32| Some(remaining.saturating_sub(KILLS_PER_LOG));
    let before = remaining.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
    before
        .ok()
        .map(|before| before.min(KILLS_PER_LOG))
        .filter(|kills| *kills > 0)
}

fn kill_repeatedly(folder: &Path, kills: u32, random: &mut TestRng) -> KillCounts {
    let mut counts = KillCounts::default();
    let mut expected = BTreeMap::new();
    for _ in 0..kills {
        // With 0 lines, the process may be killed while it opens the log.
        let lines = random.next_u32() % 20;
        let delay = Duration::from_micros(u64::from(random.next_u32() % 4000));
        let report = run_and_kill(folder, lines, delay);

        let parsed = layout::entries(&layout::segments(folder));
        let found = read(folder, options()).unwrap();
        assert_eq!(found.entries, parsed);
        check_entries(&parsed, &expected, &report);

        counts.torn_tails += u32::from(found.recovery.torn_tail.is_some());
        counts.temporary_files += u32::from(has_temporary_file(folder));
        counts.unacknowledged += parsed
            .iter()
            .filter(|(sequence, _)| {
                !expected.contains_key(sequence) && !report.acknowledged.contains_key(sequence)
            })
            .count() as u64;
        expected = parsed.into_iter().collect();
    }
    let (log, opened) = open(folder, options()).unwrap();
    assert_eq!(BTreeMap::from_iter(opened.entries), expected);
    assert!(!has_temporary_file(folder));
    counts.entries = log.last_sequence();
    counts
}

fn has_temporary_file(folder: &Path) -> bool {
    let mut files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files.any(|path| path.extension().is_some_and(|extension| extension == "new"))
}

/// The output of a killed process.
#[derive(Default)]
struct ProcessReport {
    /// The payload of each acknowledged entry.
    acknowledged: BTreeMap<u64, Vec<u8>>,
    /// The first sequence number that was not truncated.
    needed_from: u64,
}

impl ProcessReport {
    /// Reads a line. Returns whether it is complete and reports an entry.
    fn note(&mut self, line: &str) -> bool {
        // The last line may be incomplete; it does not count then.
        let Some(line) = line.strip_suffix('.') else {
            return false;
        };
        let mut words = line.split(' ');
        let name = words.next();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        match name {
            Some("acknowledged") => {
                let sequence = number().unwrap();
                let mut part = || number().unwrap() as u32;
                let payload = payload(part(), part(), part());
                assert_eq!(self.acknowledged.insert(sequence, payload), None);
                true
            }
            Some("truncated") => {
                self.needed_from = self.needed_from.max(number().unwrap());
                false
            }
            _ => false,
        }
    }
}

fn run_and_kill(folder: &Path, lines: u32, delay: Duration) -> ProcessReport {
    let mut child = child("kill::child_process", FOLDER, folder);
    let output = child.stdout.take().expect("the output is piped");
    let mut output = BufReader::new(output).lines().map_while(Result::ok);
    let mut report = ProcessReport::default();
    let mut seen = 0;
    while seen < lines
        && let Some(line) = output.next()
    {
        seen += u32::from(report.note(&line));
    }
    // The delay chooses when the process dies; nothing is awaited.
    std::thread::sleep(delay);
    child.kill().unwrap();
    for line in output {
        report.note(&line);
    }
    child.wait().unwrap();
    assert!(seen >= lines, "the process has ended early");
    report
}

/// Checks the entries after a kill against the entries before the process was started, and the ones
/// that it has acknowledged.
fn check_entries(
    found: &[(u64, Vec<u8>)],
    before: &BTreeMap<u64, Vec<u8>>,
    report: &ProcessReport,
) {
    let first = found.first().map_or(1, |(first, _)| *first);
    assert!(first == 1 || first <= report.needed_from.max(*before.keys().next().unwrap_or(&1)));
    assert!(
        (first..)
            .zip(found)
            .all(|(sequence, (found, _))| *found == sequence)
    );

    let found: BTreeMap<u64, &Vec<u8>> = found.iter().map(|(s, payload)| (*s, payload)).collect();
    for (sequence, payload) in before.iter().chain(&report.acknowledged) {
        let is_unchanged = found.get(sequence).is_some_and(|found| *found == payload);
        assert!(
            is_unchanged || *sequence < first,
            "entry {sequence} is lost"
        );
    }

    // Each thread has waited for an entry before it appended the next one.
    let start = before.keys().next_back().map_or(0, |last| *last);
    let mut next = BTreeMap::new();
    for (sequence, found) in found.range(start + 1..) {
        let (process, thread, n) = parse_payload(found);
        assert!(
            **found == payload(process, thread, n),
            "entry {sequence} has changed"
        );
        if let Some(expected) = next.insert((process, thread), n + 1) {
            assert_eq!(n, expected, "entry {sequence}");
        }
    }
    let last = *report.acknowledged.keys().next_back().unwrap_or(&0);
    let unacknowledged = found.range(last.max(start) + 1..).count();
    assert!(unacknowledged <= THREADS as usize);
}

/// Returns the payload of an entry. Its size depends on the numbers, and some payloads are large
/// enough that a process can be killed during the write.
fn payload(process: u32, thread: u32, n: u32) -> Vec<u8> {
    let mut random = seeded(u64::from(process) << 32 | u64::from(thread << 24 | n));
    let bytes = match random.next_u32() % 32 {
        0..3 => 0,
        3..24 => random.next_u32() % 200,
        24..31 => random.next_u32() % 20_000,
        _ => random.next_u32() % 1_000_000,
    };
    let mut payload = Vec::new();
    for number in [process, thread, n] {
        payload.extend(number.to_le_bytes());
    }
    payload.resize(payload.len() + bytes as usize, (n % 255) as u8 + 1);
    payload
}

fn parse_payload(payload: &[u8]) -> (u32, u32, u32) {
    let number = |at: usize| u32::from_le_bytes(payload[at..at + 4].try_into().unwrap());
    (number(0), number(4), number(8))
}

/// The body of a child process, until it is killed. Does nothing without the environment variable.
#[test]
fn child_process() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    println!();
    let disk = DiskFolder::create(folder).unwrap();
    let opened = if std::process::id().is_multiple_of(2) {
        open_in(disk, options())
    } else {
        open_in(SlowFolder(disk), options())
    };
    let (log, _) = opened.unwrap();
    let needed_from = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (log, needed_from) = (&log, &needed_from);
            scope.spawn(move || append_forever(log, thread, needed_from));
        }
    });
}

fn append_forever(log: &RowLog, thread: u32, needed_from: &AtomicU64) {
    let process = std::process::id();
    for n in 0.. {
        let ticket = log.append(&payload(process, thread, n)).unwrap();
        log.wait(ticket).unwrap();
        let sequence = ticket.sequence();
        println!("acknowledged {sequence} {process} {thread} {n}.");
        if sequence.is_multiple_of(16) && sequence > KEPT {
            let flushed = needed_from.fetch_max(sequence - KEPT, Ordering::SeqCst);
            let flushed = flushed.max(sequence - KEPT);
            println!("truncated {flushed}.");
            log.truncate_before(flushed).unwrap();
        }
    }
}

/// A local folder that writes few bytes per call, so that the process is often killed between two
/// of them.
#[derive(Debug)]
struct SlowFolder(DiskFolder);

struct SlowFile(Box<dyn LogFile>);

impl LogFolder for SlowFolder {
    fn path(&self, name: Option<&str>) -> PathBuf {
        self.0.path(name)
    }

    fn try_lock(&self) -> io::Result<LockAttempt> {
        self.0.try_lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.read(name)
    }

    fn open_read(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        self.0.open_read(name)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(SlowFile(self.0.create(name)?)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(SlowFile(self.0.open(name)?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        self.0.delete(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

impl LogFile for SlowFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_at(offset, &bytes[..bytes.len().min(50)])
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.0.truncate(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
