// SPDX-License-Identifier: Apache-2.0

//! The documented behaviour of a log in a local folder.

use std::error::Error;
use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use kalamtable_storage::{LogError, LogRecovery, RowLog, RowLogOptions};
use tempfile::TempDir;

use crate::layout::{self, HEADER};
use crate::recovered::{append, append_group, open, open_in, read};
use crate::simulated::{Fault, SimulatedFolder};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn options() -> RowLogOptions {
    RowLogOptions::default()
}

/// Returns the names of all files except for the lock.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "lock").collect();
    names.sort_unstable();
    names
}

/// Compares an error text, in which the folder is replaced by `FOLDER`.
fn check_text(folder: &TempDir, error: &dyn Error, expected: &Expect) {
    let path = folder.path().canonicalize().unwrap();
    let text = error.to_string().replace(path.to_str().unwrap(), "FOLDER");
    expected.assert_eq(&text);
}

#[test]
fn entries_are_read_back_in_order_after_reopening() {
    let folder = folder();
    let options = options().with_segment_bytes(2000);
    let mut expected = Vec::new();
    for round in 0..5 {
        let (log, recovered) = open(folder.path(), options.clone()).unwrap();
        assert_eq!(recovered.entries, expected);
        assert_eq!(recovered.recovery.last_sequence, expected.len() as u64);
        assert_eq!(recovered.recovery.torn_tail, None);
        for n in 0..40 {
            let payload = vec![round; (n * 7) % 90];
            let sequence = append(&log, &payload).unwrap();
            expected.push((sequence, payload));
            assert_eq!(sequence, expected.len() as u64);
        }
    }
    let segments = layout::segments(folder.path());
    assert!(segments.len() > 4);
    assert_eq!(layout::entries(&segments), expected);

    let read = read(folder.path(), options).unwrap();
    let parsed = segments.values().map(|segment| layout::parse(segment));
    let positions: Vec<(u64, u64)> = parsed
        .flat_map(|segment| {
            let first = segment.entries[0].sequence;
            let starts = segment.entries.into_iter();
            starts.map(move |entry| (first, entry.start as u64))
        })
        .collect();
    assert_eq!(read.positions, positions);
}

#[test]
fn written_bytes_have_the_documented_format() {
    let folder = folder();
    let (log, _) = open(folder.path(), options()).unwrap();
    append_group(&log, &[b"one", b"", &[0xff; 300]]).unwrap();
    append(&log, b"four").unwrap();
    let segments = layout::segments(folder.path());
    let [(name, bytes)] = Vec::from_iter(segments).try_into().unwrap();
    assert_eq!(name, "log-00000000000000000001.log");
    let id = layout::parse(&bytes).log_id;
    let expected = [
        layout::segment_header(id, 1),
        layout::entry(id, 1, 0, b"one"),
        layout::entry(id, 2, 1, b""),
        layout::entry(id, 3, 2, &[0xff; 300]),
        layout::entry(id, 4, 0, b"four"),
    ];
    assert_eq!(bytes, expected.concat());
}

#[test]
fn segments_with_the_documented_format_are_read() {
    let folder = folder();
    let id = *b"a log id, 16 by.";
    let first = [
        layout::segment_header(id, 7),
        layout::entry(id, 7, 0, b"seven"),
        layout::entry(id, 8, 1, b"eight"),
    ];
    let second = [
        layout::segment_header(id, 9),
        layout::entry(id, 9, 0, b"nine"),
    ];
    fs::write(folder.path().join(layout::segment_name(7)), first.concat()).unwrap();
    fs::write(folder.path().join(layout::segment_name(9)), second.concat()).unwrap();
    let (log, recovered) = open(folder.path(), options()).unwrap();
    let payloads = recovered.entries.iter().map(|(_, payload)| &**payload);
    assert_eq!(Vec::from_iter(payloads), [&b"seven"[..], b"eight", b"nine"]);
    assert_eq!(append(&log, b"ten").unwrap(), 10);
}

#[test]
fn logs_have_different_ids() {
    let ids = [(); 2].map(|()| {
        let folder = folder();
        open(folder.path(), options()).unwrap();
        let segments = layout::segments(folder.path());
        layout::parse(&segments[&layout::segment_name(1)]).log_id
    });
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn empty_log_has_no_entries() {
    let folder = folder();
    let none = read(folder.path(), options()).unwrap();
    assert_eq!(none.recovery, LogRecovery::default());
    assert_eq!(names(folder.path()), <[&str; 0]>::default());
    for _ in 0..2 {
        let (log, recovered) = open(folder.path(), options()).unwrap();
        assert_eq!(recovered.recovery, LogRecovery::default());
        assert_eq!(log.last_sequence(), 0);
        assert_eq!(log.last_durable_sequence(), 0);
    }
    assert_eq!(names(folder.path()), [layout::segment_name(1)]);
}

#[test]
fn entry_without_a_wait_is_not_written() {
    let folder = folder();
    let (log, _) = open(folder.path(), options()).unwrap();
    append(&log, b"one").unwrap();
    let ticket = log.append(b"two").unwrap();
    assert_eq!(ticket.sequence(), 2);
    assert_eq!(log.last_sequence(), 2);
    assert_eq!(log.last_durable_sequence(), 1);
    drop(log);
    let (_, recovered) = open(folder.path(), options()).unwrap();
    assert_eq!(recovered.entries, [(1, b"one".to_vec())]);
}

#[test]
fn wait_makes_earlier_entries_durable() {
    let folder = folder();
    let (log, _) = open(folder.path(), options()).unwrap();
    let first = log.append(b"one").unwrap();
    let second = log.append(b"two").unwrap();
    log.wait(second).unwrap();
    assert_eq!(log.last_durable_sequence(), 2);
    let before = layout::segments(folder.path());
    assert_eq!(layout::entries(&before).len(), 2);
    log.wait(first).unwrap();
    log.wait(second).unwrap();
    assert_eq!(layout::segments(folder.path()), before);
}

#[test]
fn ticket_of_another_log_is_rejected() {
    let other = folder();
    let (other, _) = open(other.path(), options()).unwrap();
    append(&other, b"one").unwrap();
    let ticket = other.append(b"two").unwrap();

    let folder = folder();
    let (log, _) = open(folder.path(), options()).unwrap();
    append(&log, b"one").unwrap();
    let error = log.wait(ticket).unwrap_err();
    assert!(matches!(error, LogError::UnknownTicket { sequence: 2 }));
    let expected =
        expect!["the log has no entry with sequence number 2: the ticket is of another log"];
    check_text(&folder, &error, &expected);
    append(&log, b"two").unwrap();
}

#[test]
fn payload_above_the_limit_is_rejected() {
    let folder = folder();
    let limited = options().with_max_payload_bytes(10);
    let (log, _) = open(folder.path(), limited).unwrap();
    append(&log, &[1; 10]).unwrap();
    append(&log, &[]).unwrap();
    let error = log.append(&[2; 11]).unwrap_err();
    let expected = expect!["the entry has 11 bytes, more than the limit of 10"];
    check_text(&folder, &error, &expected);
    assert_eq!(log.last_sequence(), 2);
    assert_eq!(append(&log, &[3; 10]).unwrap(), 3);
    drop(log);

    // A lower limit does not apply to existing entries.
    let limited = options().with_max_payload_bytes(0);
    let (log, recovered) = open(folder.path(), limited).unwrap();
    assert_eq!(recovered.entries.len(), 3);
    assert!(log.append(&[1]).is_err());
    assert_eq!(append(&log, &[]).unwrap(), 4);
}

#[test]
fn limit_above_the_format_has_no_effect() {
    let folder = folder();
    let unlimited = options().with_max_payload_bytes(u64::MAX);
    let (log, _) = open(folder.path(), unlimited.clone()).unwrap();
    let large = vec![5; 5 << 20];
    append_group(&log, &[&large, b"small"]).unwrap();
    drop(log);
    let (_, recovered) = open(folder.path(), unlimited).unwrap();
    assert_eq!(recovered.entries[0].1, large);
    assert_eq!(recovered.entries[1].1, b"small");
}

#[test]
fn segment_ends_at_the_size_limit() {
    let folder = folder();
    let exact = (HEADER + 2 * (layout::ENTRY_HEADER + 10)) as u64;
    let (log, _) = open(folder.path(), options().with_segment_bytes(exact)).unwrap();
    for _ in 0..4 {
        append(&log, &[1; 10]).unwrap();
    }
    // A group is not split, and can exceed the limit.
    append_group(&log, &[&[2; 10], &[3; 10], &[4; 10]]).unwrap();
    append(&log, &[5; 10]).unwrap();
    let sizes = layout::segments(folder.path()).into_values();
    let counts = sizes.map(|segment| layout::parse(&segment).entries.len());
    assert_eq!(Vec::from_iter(counts), [2, 2, 3, 1]);
}

#[test]
fn segment_size_of_zero_writes_a_segment_per_group() {
    let folder = folder();
    let options = options().with_segment_bytes(0);
    let (log, _) = open(folder.path(), options.clone()).unwrap();
    for _ in 0..3 {
        append_group(&log, &[b"a", b"b"]).unwrap();
    }
    drop(log);
    let expected = [1, 3, 5].map(layout::segment_name);
    assert_eq!(names(folder.path()), expected);
    let (_, recovered) = open(folder.path(), options).unwrap();
    assert_eq!(recovered.entries.len(), 6);
}

/// Opens a log with a segment for every two entries, from 1 to 7.
fn log_of_four_segments(folder: &TempDir) -> RowLog {
    let (log, _) = open(folder.path(), options().with_segment_bytes(0)).unwrap();
    for _ in 0..3 {
        append_group(&log, &[b"a", b"b"]).unwrap();
    }
    append(&log, b"c").unwrap();
    log
}

#[test]
fn truncation_deletes_whole_segments_below_the_number() {
    let cases: [(u64, &[u64]); 7] = [
        (0, &[1, 3, 5, 7]),
        (2, &[1, 3, 5, 7]),
        (3, &[3, 5, 7]),
        (4, &[3, 5, 7]),
        (7, &[7]),
        // The current segment is left if all of its entries are below the number.
        (8, &[8]),
        (u64::MAX, &[8]),
    ];
    for (sequence, expected) in cases {
        let folder = folder();
        let log = log_of_four_segments(&folder);
        for _ in 0..2 {
            log.truncate_before(sequence).unwrap();
            let expected = expected.iter().map(|first| layout::segment_name(*first));
            assert_eq!(names(folder.path()), Vec::from_iter(expected), "{sequence}");
        }
        drop(log);
        let (log, recovered) = open(folder.path(), options()).unwrap();
        assert_eq!(recovered.recovery.last_sequence, 7);
        let first = recovered.entries.first().map_or(8, |(first, _)| *first);
        assert_eq!(first, expected[0]);
        assert_eq!(append(&log, b"d").unwrap(), 8);
    }
}

#[test]
fn truncation_keeps_entries_that_are_written_later() {
    let folder = folder();
    let log = log_of_four_segments(&folder);
    let pending = log.append(b"pending").unwrap();
    log.truncate_before(100).unwrap();
    log.wait(pending).unwrap();
    append(&log, b"later").unwrap();
    drop(log);
    let (_, recovered) = open(folder.path(), options()).unwrap();
    let expected = [(8, b"pending".to_vec()), (9, b"later".to_vec())];
    assert_eq!(recovered.entries, expected);
}

#[test]
fn flushed_entries_are_not_passed_to_the_caller() {
    let folder = folder();
    drop(log_of_four_segments(&folder));
    for flushed_to in 0..=7 {
        let options = options().with_flushed_to(flushed_to);
        let read = read(folder.path(), options.clone()).unwrap();
        let (log, opened) = open(folder.path(), options).unwrap();
        assert_eq!(opened.entries, read.entries);
        assert_eq!(opened.recovery.entries, 7 - flushed_to);
        assert_eq!(opened.recovery.last_sequence, 7);
        assert_eq!(log.last_sequence(), 7);
    }
}

#[test]
fn segments_that_were_not_read_are_truncated() {
    let folder = folder();
    drop(log_of_four_segments(&folder));
    let (log, _) = open(folder.path(), options().with_flushed_to(5)).unwrap();
    log.truncate_before(6).unwrap();
    assert_eq!(names(folder.path()), [5, 7].map(layout::segment_name));
}

#[test]
fn log_that_does_not_fit_the_flushed_entries_is_rejected() {
    let folder = folder();
    let log = log_of_four_segments(&folder);
    log.truncate_before(3).unwrap();
    drop(log);
    let missing = open(folder.path(), options().with_flushed_to(1)).unwrap_err();
    let expected = expect![
        "the log in `FOLDER` does not contain the entries from sequence number 2 on: it begins \
         with 3; restore its missing segments"
    ];
    check_text(&folder, &missing, &expected);
    let early = open(folder.path(), options().with_flushed_to(8)).unwrap_err();
    let expected = expect![
        "the log in `FOLDER` ends with sequence number 7, but the entries up to 8 have been \
         flushed: restore the log that belongs to the flushed data"
    ];
    check_text(&folder, &early, &expected);
    let (_, recovered) = open(folder.path(), options().with_flushed_to(2)).unwrap();
    assert_eq!(recovered.entries.len(), 5);
}

#[test]
fn error_of_the_caller_stops_the_replay() {
    let folder = folder();
    drop(log_of_four_segments(&folder));
    let mut seen = 0;
    let opened = RowLog::open(folder.path(), options(), |entry| {
        seen = entry.sequence;
        if entry.sequence == 4 {
            return Err("no such table".into());
        }
        Ok(())
    });
    let error = opened.unwrap_err();
    assert_eq!(seen, 4);
    let expected =
        expect!["cannot apply entry 4, at byte 65 of `FOLDER/log-00000000000000000003.log`"];
    check_text(&folder, &error, &expected);
    assert_eq!(error.source().unwrap().to_string(), "no such table");
    // The lock was released.
    open(folder.path(), options()).unwrap();
}

#[test]
fn torn_tail_is_reported_and_removed() {
    let folder = folder();
    let log = log_of_four_segments(&folder);
    drop(log);
    let path = folder.path().join(layout::segment_name(7));
    let complete = fs::read(&path).unwrap();
    let torn = [&complete[..], &[1, 2, 3]].concat();
    fs::write(&path, &torn).unwrap();

    let read = read(folder.path(), options()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), torn);
    let (log, opened) = open(folder.path(), options()).unwrap();
    assert_eq!(opened.recovery, read.recovery);
    let tail = opened.recovery.torn_tail.unwrap();
    assert_eq!(tail.path, path.canonicalize().unwrap());
    assert_eq!(tail.offset, complete.len() as u64);
    assert_eq!(tail.bytes, 3);
    assert_eq!(fs::read(&path).unwrap(), complete);
    append(&log, b"d").unwrap();
}

#[test]
fn reading_changes_no_file() {
    let folder = folder();
    let log = log_of_four_segments(&folder);
    fs::write(folder.path().join("log-00000000000000000008.new"), "x").unwrap();
    let names_before = names(folder.path());
    let before = layout::segments(folder.path());
    // The log is open for writing.
    assert_eq!(read(folder.path(), options()).unwrap().entries.len(), 7);
    drop(log);
    assert_eq!(read(folder.path(), options()).unwrap().entries.len(), 7);
    assert_eq!(names(folder.path()), names_before);
    assert_eq!(layout::segments(folder.path()), before);
}

#[test]
fn reading_a_missing_folder_fails() {
    let folder = folder();
    let error = read(&folder.path().join("none"), options()).unwrap_err();
    assert!(matches!(error, LogError::Io(_)));
    let expected = expect!["cannot open `FOLDER/none`"];
    check_text(&folder, &error, &expected);
    assert_eq!(names(folder.path()), <[&str; 0]>::default());
}

#[test]
fn nested_folder_is_created() {
    let folder = folder();
    let nested = folder.path().join("a/b/c");
    let (log, _) = open(&nested, options()).unwrap();
    append(&log, b"one").unwrap();
    drop(log);
    assert_eq!(read(&nested, options()).unwrap().entries.len(), 1);
}

#[test]
fn folder_that_is_a_file_is_rejected() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = open(&file, options()).unwrap_err();
    let expected = expect!["cannot open `FOLDER/file`"];
    check_text(&folder, &error, &expected);
}

#[test]
fn unreadable_segment_is_reported() {
    let folder = folder();
    fs::create_dir(folder.path().join(layout::segment_name(1))).unwrap();
    let error = open(folder.path(), options()).unwrap_err();
    assert!(matches!(error, LogError::Io(_)));
    let expected = expect!["cannot read `FOLDER/log-00000000000000000001.log`"];
    check_text(&folder, &error, &expected);
}

#[test]
fn temporary_files_are_deleted_and_others_ignored() {
    let folder = folder();
    drop(log_of_four_segments(&folder));
    let others = [
        "log-1.log",
        "log-1.new",
        "log-000000000000000000001.new",
        "log-99999999999999999999.log",
        "log-99999999999999999999.new",
        "log-0000000000000000000x.log",
        "log-of-the-server.new",
        "log-.new",
        "log-00000000000000000001.log.new",
        "xlog-00000000000000000001.new",
        "notes.new",
    ];
    for name in others.iter().chain(&["log-00000000000000000008.new"]) {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    let (_, recovered) = open(folder.path(), options()).unwrap();
    assert_eq!(recovered.entries.len(), 7);
    let mut expected: Vec<String> = others.map(String::from).into();
    expected.extend([1, 3, 5, 7].map(layout::segment_name));
    expected.sort_unstable();
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn every_failed_operation_names_the_file() {
    let mut texts = Vec::new();
    for call in 1.. {
        let folder = SimulatedFolder::new(0);
        folder.put("log-00000000000000000009.new", b"");
        folder.fail_at(call, Fault::Fail);
        match open_in(folder.clone(), options()) {
            Ok(_) => break,
            Err(error @ LogError::Io(_)) => {
                let source = error.source().unwrap();
                texts.push(format!("{error}: {source}"));
            }
            Err(error) => panic!("{error}"),
        }
    }
    let folder = SimulatedFolder::new(0);
    drop(open_in(folder.clone(), options()).unwrap());
    let start = folder.counts().all;
    for call in 1.. {
        folder.fail_at(call, Fault::Fail);
        match open_in(folder.clone(), options()) {
            Ok(_) => break,
            Err(error) => texts.push(error.to_string()),
        }
    }
    assert!(folder.counts().all > start);
    expect![[r#"
        cannot lock `simulated`: injected fault
        cannot list the files of `simulated`: injected fault
        cannot list the files of `simulated`: injected fault
        cannot delete `simulated/log-00000000000000000009.new`: injected fault
        cannot create `simulated/log-00000000000000000001.new`: injected fault
        cannot write to `simulated/log-00000000000000000001.new`: injected fault
        cannot sync `simulated/log-00000000000000000001.new`: injected fault
        cannot create `simulated/log-00000000000000000001.log`: injected fault
        cannot sync `simulated`: injected fault
        cannot lock `simulated`
        cannot list the files of `simulated`
        cannot read `simulated/log-00000000000000000001.log`
        cannot list the files of `simulated`
        cannot open `simulated/log-00000000000000000001.log`
        cannot sync `simulated/log-00000000000000000001.log`
        cannot sync `simulated`"#]]
    .assert_eq(&texts.join("\n"));
}

#[test]
fn debug_text_shows_the_folder_and_the_end() {
    let (log, _) = open_in(SimulatedFolder::new(0), options()).unwrap();
    append(&log, b"one").unwrap();
    let expected = "RowLog { folder: SimulatedFolder, last_sequence: 1, .. }";
    assert_eq!(format!("{log:?}"), expected);
}
