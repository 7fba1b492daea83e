// SPDX-License-Identifier: Apache-2.0

//! A process whose threads append entries is killed at random times. No acknowledged entry is lost,
//! and the remaining ones are in order, complete and without a gap.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kalamtable_storage::{RowLog, RowLogOptions};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::layout;
use crate::processes::child;
use crate::recovered::{open, read};

const FOLDER: &str = "KALAMTABLE_STORAGE_KILL_FOLDER";
/// The environment variable with the number of kills; the default is 500.
const KILLS: &str = "KALAMTABLE_STORAGE_KILLS";

/// The number of kills per log. It bounds the size of the log, which is read after each kill.
const KILLS_PER_LOG: u32 = 25;
const THREADS: u32 = 4;
/// The number of entries that are not truncated.
const KEPT: u64 = 200;

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
    let mut kills = std::env::var(KILLS).map_or(500, |kills| kills.parse().unwrap());
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut counts = KillCounts::default();
    while kills > 0 {
        let kills_of_log = kills.min(KILLS_PER_LOG);
        kills -= kills_of_log;
        let folder = tempfile::tempdir().unwrap();
        kill_repeatedly(folder.path(), kills_of_log, &mut random, &mut counts);
    }
    println!(
        "{} entries: {} of them were not acknowledged, {} logs have a torn tail, {} a temporary file",
        counts.entries, counts.unacknowledged, counts.torn_tails, counts.temporary_files
    );
}

fn kill_repeatedly(folder: &Path, kills: u32, random: &mut TestRng, counts: &mut KillCounts) {
    let mut expected = BTreeMap::new();
    for _ in 0..kills {
        // With 0 lines, the process may be killed while it opens the log.
        let lines = random.next_u32() % 40;
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
    counts.entries += log.last_sequence();
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
    let mut random =
        crate::simulated::seeded(u64::from(process) << 32 | u64::from(thread << 24 | n));
    let bytes = match random.next_u32() % 32 {
        0..3 => 0,
        3..24 => random.next_u32() % 200,
        24..31 => random.next_u32() % 20_000,
        _ => random.next_u32() % 3_000_000,
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
    let (log, _) = open(Path::new(&folder), options()).unwrap();
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
        if sequence % 16 == 0 && sequence > KEPT {
            let flushed = needed_from.fetch_max(sequence - KEPT, Ordering::SeqCst);
            let flushed = flushed.max(sequence - KEPT);
            println!("truncated {flushed}.");
            log.truncate_before(flushed).unwrap();
        }
    }
}
