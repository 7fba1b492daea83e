// SPDX-License-Identifier: Apache-2.0

//! Modified, truncated, missing and exchanged segments: an error names the file and the position,
//! or the damage is one of the documented kinds that cannot be detected.

use std::collections::BTreeMap;

use kalamtable_storage::{LogError, RowLogOptions, SegmentDamage};

use crate::layout::{self, ENTRY_HEADER, EntryLayout, HEADER};
use crate::recovered::{Recovered, append_group, open_in, read_in};
use crate::simulated::SimulatedFolder;

type Segments = BTreeMap<String, Vec<u8>>;
type Entries = Vec<(u64, Vec<u8>)>;

/// A log whose segments are to be damaged.
struct Sample {
    segments: Segments,
    entries: Entries,
}

impl Sample {
    /// Writes each list of payloads as a group.
    fn write(segment_bytes: u64, groups: &[&[&[u8]]]) -> Self {
        let folder = SimulatedFolder::new(0);
        let options = RowLogOptions::default().with_segment_bytes(segment_bytes);
        let (log, _) = open_in(folder.clone(), options).unwrap();
        for group in groups {
            append_group(&log, group).unwrap();
        }
        let segments = folder.segments();
        let entries = layout::entries(&segments);
        Sample { segments, entries }
    }

    /// Three segments with groups of several entries.
    fn small() -> Self {
        let sample = Sample::write(
            160,
            &[
                &[b"first", b""],
                &[b"third entry"],
                &[b"4", b"five", b"six six"],
                &[b"seven"],
                &[b"eight", b"nine", b"the tenth entry"],
            ],
        );
        assert_eq!(sample.segments.len(), 3);
        assert_eq!(sample.entries.len(), 10);
        sample
    }

    fn names(&self) -> Vec<String> {
        self.segments.keys().cloned().collect()
    }

    fn is_last(&self, name: &str) -> bool {
        self.segments
            .keys()
            .next_back()
            .is_some_and(|last| last == name)
    }

    fn layout(&self, name: &str) -> Vec<EntryLayout> {
        layout::parse(&self.segments[name]).entries
    }

    /// Returns the segments with another content of one of them.
    fn with(&self, name: &str, content: Vec<u8>) -> Segments {
        let mut segments = self.segments.clone();
        segments.insert(name.to_string(), content);
        segments
    }

    fn without(&self, name: &str) -> Segments {
        let mut segments = self.segments.clone();
        segments.remove(name);
        segments
    }
}

/// The result of reading a damaged log.
enum Outcome {
    Read(Recovered),
    Damaged(Box<SegmentDamage>),
    Other(LogError),
}

/// Reads the segments, and opens them. The entries that are passed to the caller are unchanged, and
/// a damaged log remains as it is.
fn outcome(sample: &Sample, segments: &Segments, options: &RowLogOptions) -> Outcome {
    let folder = SimulatedFolder::with_files(segments);
    let start = options.flushed_to.unwrap_or(0) as usize;
    match read_in(&folder, options.clone()) {
        Ok(recovered) => {
            let first = recovered.entries.first().map_or(1, |(first, _)| *first) as usize;
            let rest = &sample.entries[first.max(start + 1) - 1..];
            assert!(rest.starts_with(&recovered.entries));
            check_open(sample, &folder, options, &recovered);
            Outcome::Read(recovered)
        }
        Err((error, before)) => {
            let first = before.first().map_or(1, |(first, _)| *first) as usize;
            assert!(sample.entries[first - 1..].starts_with(&before));
            let opened = open_in(folder.clone(), options.clone()).unwrap_err();
            assert_eq!(opened.to_string(), error.to_string());
            assert_eq!(folder.segments(), *segments);
            match error {
                LogError::Damaged(damage) => Outcome::Damaged(damage),
                other => Outcome::Other(other),
            }
        }
    }
}

/// Opens a log that could be read. It has the same entries, and no longer a torn tail.
fn check_open(
    sample: &Sample,
    folder: &SimulatedFolder,
    options: &RowLogOptions,
    read: &Recovered,
) {
    let (log, opened) = open_in(folder.clone(), options.clone()).unwrap();
    assert_eq!(opened.entries, read.entries);
    assert_eq!(opened.recovery, read.recovery);
    append_group(&log, &[b"appended"]).unwrap();
    drop(log);
    let again = read_in(folder, options.clone());
    let again = again.map_err(|(error, _)| error).unwrap();
    assert_eq!(again.recovery.torn_tail, None);
    let (last, kept) = again.entries.split_last().unwrap();
    assert_eq!(kept, read.entries);
    assert_eq!(last.1, b"appended");
    assert!(last.0 as usize <= sample.entries.len() + 1);
}

/// The damage that is expected, or the entries that remain.
#[derive(Debug, PartialEq)]
enum Expected {
    Damaged {
        segment: String,
        offset: usize,
    },
    /// All entries up to a number remain, and there is a torn tail at an offset of the last
    /// segment.
    TornTail {
        last: u64,
        offset: usize,
    },
    /// All entries up to a number remain.
    Remaining(u64),
}

fn check(sample: &Sample, segments: &Segments, expected: &Expected, case: &str) {
    let found = match outcome(sample, segments, &RowLogOptions::default()) {
        Outcome::Read(recovered) => {
            let last = recovered.recovery.last_sequence;
            assert_eq!(recovered.entries.len() as u64, last, "{case}");
            match recovered.recovery.torn_tail {
                None => Expected::Remaining(last),
                Some(torn) => {
                    let name = torn.path.file_name().unwrap().to_str().unwrap();
                    assert!(sample.is_last(name), "{case}");
                    assert_eq!(
                        torn.offset + torn.bytes,
                        segments[name].len() as u64,
                        "{case}"
                    );
                    Expected::TornTail {
                        last,
                        offset: torn.offset as usize,
                    }
                }
            }
        }
        Outcome::Damaged(damage) => {
            let text = damage.to_string();
            let name = damage.path.file_name().unwrap().to_str().unwrap();
            let start = format!("`simulated/{name}` is damaged at byte {}: ", damage.offset);
            assert!(text.starts_with(&start), "{case}: {text}");
            Expected::Damaged {
                segment: name.to_string(),
                offset: damage.offset as usize,
            }
        }
        Outcome::Other(error) => panic!("{case}: {error}"),
    };
    assert_eq!(found, *expected, "{case}");
}

#[test]
fn each_flipped_byte_is_detected_or_in_the_last_entry() {
    let sample = Sample::small();
    for (name, content) in &sample.segments {
        let layout = sample.layout(name);
        for position in 0..content.len() {
            for mask in [0x01, 0x80, 0xff, content[position].max(1)] {
                let mut changed = content.clone();
                changed[position] ^= mask;
                let entry = layout
                    .iter()
                    .find(|entry| (entry.start..entry.end).contains(&position));
                let offset = entry.map_or(0, |entry| entry.start);
                let last = entry.filter(|entry| entry.sequence == 10);
                let expected = match last {
                    Some(last) => Expected::TornTail {
                        last: 9,
                        offset: last.start,
                    },
                    None => Expected::Damaged {
                        segment: name.clone(),
                        offset,
                    },
                };
                let case = format!("{name}, byte {position}, mask {mask}");
                check(&sample, &sample.with(name, changed), &expected, &case);
            }
        }
    }
}

#[test]
fn each_truncation_is_detected_or_at_the_end_of_the_log() {
    let sample = Sample::small();
    for (name, content) in &sample.segments {
        let layout = sample.layout(name);
        for length in 0..content.len() {
            let first = layout[0].sequence;
            let mut complete = layout.iter().filter(|entry| entry.end <= length);
            let (last, offset) = complete
                .next_back()
                .map_or((first - 1, HEADER), |entry| (entry.sequence, entry.end));
            let expected = if length < HEADER {
                Expected::Damaged {
                    segment: name.clone(),
                    offset: 0,
                }
            } else if !sample.is_last(name) {
                Expected::Damaged {
                    segment: name.clone(),
                    offset,
                }
            } else if offset == length {
                Expected::Remaining(last)
            } else {
                Expected::TornTail { last, offset }
            };
            let case = format!("{name}, length {length}");
            let changed = sample.with(name, content[..length].to_vec());
            check(&sample, &changed, &expected, &case);
        }
    }
}

#[test]
fn bytes_after_the_end_are_a_torn_tail_or_detected() {
    let sample = Sample::small();
    for (name, content) in &sample.segments {
        for added in [&[0; 1][..], &[0; 2000], &[0xff; 70], &content[..HEADER]] {
            let expected = if sample.is_last(name) {
                Expected::TornTail {
                    last: 10,
                    offset: content.len(),
                }
            } else {
                Expected::Damaged {
                    segment: name.clone(),
                    offset: content.len(),
                }
            };
            let case = format!("{name}, {} bytes", added.len());
            let changed = sample.with(name, [content, added].concat());
            check(&sample, &changed, &expected, &case);
        }
    }
}

/// A log with entries of several sectors, some of which consist of zeros.
fn large() -> Sample {
    let filled = [7; 1300];
    let sample = Sample::write(
        6000,
        &[
            &[b"one", &filled],
            &[&filled, b"four"],
            &[&filled, &filled, b"seven"],
            &[b"eight", &[0; 1500], b"ten", &filled, b"twelve"],
        ],
    );
    assert_eq!(sample.segments.len(), 2);
    sample
}

/// Returns the documented result of a modification of the last segment, in which the entries with
/// other bytes than before are damaged.
fn expected_of_last_segment(
    name: &str,
    layout: &[EntryLayout],
    before: &[u8],
    after: &[u8],
) -> Expected {
    if before[..HEADER] != after[..HEADER] {
        return Expected::Damaged {
            segment: name.to_string(),
            offset: 0,
        };
    }
    let group = |entry: &EntryLayout| entry.sequence - u64::from(entry.index);
    let is_changed = |start: usize, end: usize| before[start..end] != after[start..end];
    let Some(damaged) = layout.iter().find(|e| is_changed(e.start, e.end)) else {
        return Expected::Remaining(layout.last().unwrap().sequence);
    };
    // An entry with a valid header proves that the damaged entry was durable, if it belongs to a
    // later group, or if no sector between them consists of zeros.
    let proof = layout.iter().find(|entry| {
        let start = damaged.start;
        let sectors =
            (0..entry.start / 512).map(|sector| (sector * 512).max(start)..(sector + 1) * 512);
        let has_zeros = sectors
            .filter(|sector| sector.start < sector.end)
            .any(|sector| after[sector].iter().all(|byte| *byte == 0));
        entry.sequence > damaged.sequence
            && !is_changed(entry.start, entry.start + ENTRY_HEADER)
            && (group(entry) > damaged.sequence || !has_zeros)
    });
    if proof.is_some() {
        Expected::Damaged {
            segment: name.to_string(),
            offset: damaged.start,
        }
    } else {
        Expected::TornTail {
            last: damaged.sequence - 1,
            offset: damaged.start,
        }
    }
}

#[test]
fn holes_of_zeros_are_detected_or_look_like_a_torn_group() {
    let sample = large();
    let name = sample.names().pop().unwrap();
    let content = &sample.segments[&name];
    let layout = sample.layout(&name);
    let mut torn = 0;
    let mut cases = 0;
    let starts = (0..content.len()).step_by(37);
    for start in starts.chain((0..content.len()).step_by(512)) {
        for length in [1, 8, 24, 100, 511, 512, 1024, 2000, usize::MAX] {
            let end = start.saturating_add(length).min(content.len());
            let mut changed = content.clone();
            changed[start..end].fill(0);
            let expected = expected_of_last_segment(&name, &layout, content, &changed);
            torn += u32::from(matches!(expected, Expected::TornTail { .. }));
            cases += 1;
            let case = format!("zeros from {start} to {end}");
            check(&sample, &sample.with(&name, changed), &expected, &case);
        }
    }
    assert!(torn > cases / 10 && torn < cases / 2, "{torn} of {cases}");
}

#[test]
fn flipped_byte_before_a_sector_of_zeros_looks_like_a_torn_group() {
    let sample = large();
    let name = sample.names().pop().unwrap();
    let content = &sample.segments[&name];
    let layout = sample.layout(&name);
    let check_entry = |sequence: u64, expected: &Expected| {
        let entry = layout.iter().find(|e| e.sequence == sequence).unwrap();
        for position in [entry.start, entry.start + 20, entry.end - 1] {
            let mut changed = content.clone();
            changed[position] ^= 1;
            let case = format!("entry {sequence}, byte {position}");
            let by_rule = expected_of_last_segment(&name, &layout, content, &changed);
            assert_eq!(by_rule, *expected, "{case}");
            check(&sample, &sample.with(&name, changed), expected, &case);
        }
    };
    let start = |sequence: u64| {
        let entry = layout.iter().find(|e| e.sequence == sequence);
        entry.unwrap().start
    };
    for sequence in [8, 10, 11] {
        let damaged = Expected::Damaged {
            segment: name.clone(),
            offset: start(sequence),
        };
        check_entry(sequence, &damaged);
    }
    for sequence in [9, 12] {
        let torn = Expected::TornTail {
            last: sequence - 1,
            offset: start(sequence),
        };
        check_entry(sequence, &torn);
    }
}

#[test]
fn holes_in_earlier_segments_are_detected() {
    let sample = large();
    let name = sample.names().remove(0);
    let content = &sample.segments[&name];
    let layout = sample.layout(&name);
    for start in (0..content.len()).step_by(97) {
        for length in [1, 512, 2000, usize::MAX] {
            let end = start.saturating_add(length).min(content.len());
            let mut changed = content.clone();
            changed[start..end].fill(0);
            let is_changed = |entry: &&EntryLayout| {
                changed[entry.start..entry.end] != content[entry.start..entry.end]
            };
            let expected = if changed[..HEADER] != content[..HEADER] {
                Some(0)
            } else {
                layout.iter().find(is_changed).map(|entry| entry.start)
            };
            let expected = expected.map_or(Expected::Remaining(12), |offset| Expected::Damaged {
                segment: name.clone(),
                offset,
            });
            let case = format!("zeros from {start} to {end}");
            check(&sample, &sample.with(&name, changed), &expected, &case);
        }
    }
}

#[test]
fn missing_segment_in_the_middle_is_detected() {
    let sample = Sample::small();
    let [first, middle, _] = sample.names().try_into().unwrap();
    let expected = Expected::Damaged {
        offset: sample.segments[&first].len(),
        segment: first,
    };
    check(&sample, &sample.without(&middle), &expected, "no middle");
}

#[test]
fn missing_segment_at_the_start_is_detected_if_not_flushed() {
    let sample = Sample::small();
    let [first, second, _] = sample.names().try_into().unwrap();
    let second_start = sample.layout(&second)[0].sequence;
    let segments = sample.without(&first);
    for flushed_to in 0..=10 {
        let options = RowLogOptions::default().with_flushed_to(flushed_to);
        match outcome(&sample, &segments, &options) {
            Outcome::Read(recovered) => {
                assert!(flushed_to + 1 >= second_start);
                assert_eq!(recovered.entries, sample.entries[flushed_to as usize..]);
            }
            Outcome::Other(LogError::MissingEntries { first, .. }) => {
                assert!(flushed_to + 1 < second_start);
                assert_eq!(first, Some(second_start));
            }
            _ => panic!("flushed to {flushed_to}"),
        }
    }
    // Without the number, the caller does not know the first sequence number either.
    match outcome(&sample, &segments, &RowLogOptions::default()) {
        Outcome::Read(recovered) => {
            assert_eq!(
                recovered.entries,
                sample.entries[second_start as usize - 1..]
            );
        }
        _ => panic!("the log begins with {second_start}"),
    }
}

#[test]
fn missing_segment_at_the_end_is_detected_if_flushed() {
    let sample = Sample::small();
    let [first, second, last] = sample.names().try_into().unwrap();
    let end = sample.layout(&last)[0].sequence - 1;
    let segments = sample.without(&last);
    check(&sample, &segments, &Expected::Remaining(end), "no last");
    for flushed_to in end + 1..=10 {
        let options = RowLogOptions::default().with_flushed_to(flushed_to);
        let outcome = outcome(&sample, &segments, &options);
        let Outcome::Other(error) = outcome else {
            panic!("flushed to {flushed_to}")
        };
        assert_eq!(
            error.to_string(),
            format!(
                "the log in `simulated` ends with sequence number {end}, but the entries up to \
                 {flushed_to} have been flushed: restore the log that belongs to the flushed data"
            )
        );
    }
    let mut none = sample.without(&first);
    none.remove(&second);
    none.remove(&last);
    let options = RowLogOptions::default().with_flushed_to(3);
    let Outcome::Other(error) = outcome(&sample, &none, &options) else {
        panic!("no segments")
    };
    assert_eq!(
        error.to_string(),
        "the log in `simulated` does not contain the entries from sequence number 4 on: it has no \
         segments; restore its missing segments"
    );
}

#[test]
fn swapped_or_renamed_segments_are_detected() {
    let sample = Sample::small();
    let names = sample.names();
    let damaged = |segment: &String| Expected::Damaged {
        segment: segment.clone(),
        offset: 0,
    };
    for (at, one) in names.iter().enumerate() {
        for other in &names[at + 1..] {
            let mut swapped = sample.with(one, sample.segments[other].clone());
            swapped.insert(other.clone(), sample.segments[one].clone());
            check(&sample, &swapped, &damaged(one), "swapped");
        }
        let copied = sample.with(&layout::segment_name(11), sample.segments[one].clone());
        check(
            &sample,
            &copied,
            &damaged(&layout::segment_name(11)),
            "copied",
        );
    }
}

#[test]
fn segment_of_another_log_is_detected() {
    let sample = Sample::small();
    // The logs have the same entries in the same segments, but other random ids.
    let other = Sample::small();
    let names = sample.names();
    assert_eq!(other.names(), names);
    for (at, name) in names.iter().enumerate() {
        let mixed = sample.with(name, other.segments[name].clone());
        // The first segment determines the log, so the second one differs from it.
        let expected = Expected::Damaged {
            segment: names[at.max(1)].clone(),
            offset: 0,
        };
        check(&sample, &mixed, &expected, name);
    }
}

#[test]
fn entry_of_another_log_is_detected() {
    let sample = Sample::small();
    let other = Sample::small();
    for (name, content) in &sample.segments {
        for entry in sample.layout(name) {
            let mut changed = content.clone();
            changed[entry.start..entry.end]
                .copy_from_slice(&other.segments[name][entry.start..entry.end]);
            let expected = if entry.sequence == 10 {
                Expected::TornTail {
                    last: 9,
                    offset: entry.start,
                }
            } else {
                Expected::Damaged {
                    segment: name.clone(),
                    offset: entry.start,
                }
            };
            let case = format!("entry {}", entry.sequence);
            check(&sample, &sample.with(name, changed), &expected, &case);
        }
    }
}

/// Removes or repeats a valid entry, so that its neighbors are at other positions.
#[test]
fn removed_or_repeated_entry_is_detected() {
    let sample = Sample::small();
    let name = sample.names().pop().unwrap();
    let content = &sample.segments[&name];
    for entry in sample.layout(&name) {
        let (before, rest) = content.split_at(entry.start);
        let bytes = &rest[..entry.end - entry.start];
        let after = &rest[entry.end - entry.start..];
        let is_last = entry.sequence == 10;
        let removed = if is_last {
            Expected::Remaining(9)
        } else {
            Expected::Damaged {
                segment: name.clone(),
                offset: entry.start,
            }
        };
        let segments = sample.with(&name, [before, after].concat());
        check(&sample, &segments, &removed, "removed");
        let repeated = if is_last {
            Expected::TornTail {
                last: 10,
                offset: entry.end,
            }
        } else {
            Expected::Damaged {
                segment: name.clone(),
                offset: entry.end,
            }
        };
        let segments = sample.with(&name, [before, bytes, bytes, after].concat());
        check(&sample, &segments, &repeated, "repeated");
    }
}

#[test]
fn error_texts_name_the_file_and_the_position() {
    let sample = Sample::small();
    let names = sample.names();
    let text = |segments: &Segments| {
        let Outcome::Damaged(damage) = outcome(&sample, segments, &RowLogOptions::default()) else {
            panic!("the damage is not detected")
        };
        let text = damage.to_string();
        let end = "; restore the file from a backup, or, to give up the entry at this position \
                   and all later ones, cut the file there and remove the later segments";
        text.strip_suffix(end).unwrap().to_string()
    };
    let flip = |name: &String, position: usize| {
        let mut content = sample.segments[name].clone();
        content[position] ^= 1;
        sample.with(name, content)
    };
    let cut =
        |name: &String, length: usize| sample.with(name, sample.segments[name][..length].to_vec());
    let second = sample.layout(&names[1]);
    let texts = [
        text(&flip(&names[0], 3)),
        text(&flip(&names[1], 8)),
        text(&flip(&names[1], second[0].start + 5)),
        text(&flip(&names[1], second[0].end - 1)),
        text(&cut(&names[1], second[0].end - 1)),
        text(&cut(&names[1], second[0].end)),
        text(&sample.without(&names[1])),
        text(&sample.with(&names[1], sample.segments[&names[2]].clone())),
        text(&sample.with(&names[1], Sample::small().segments[&names[1]].clone())),
    ];
    expect_test::expect![[r#"
        `simulated/log-00000000000000000001.log` is damaged at byte 0: the segment has no valid header
        `simulated/log-00000000000000000004.log` is damaged at byte 0: the segment has format 0, but this version reads format 1
        `simulated/log-00000000000000000004.log` is damaged at byte 40: entry 4 has a damaged header, but a later entry exists at byte 65
        `simulated/log-00000000000000000004.log` is damaged at byte 40: entry 4 has a damaged payload, but a later entry exists at byte 65
        `simulated/log-00000000000000000004.log` is damaged at byte 40: entry 4 is incomplete, but a later entry exists
        `simulated/log-00000000000000000004.log` is damaged at byte 65: the segment ends before sequence number 5, but the following segment begins with 8: a segment or the end of this one is missing, or a segment is duplicated
        `simulated/log-00000000000000000001.log` is damaged at byte 128: the segment ends before sequence number 4, but the following segment begins with 8: a segment or the end of this one is missing, or a segment is duplicated
        `simulated/log-00000000000000000004.log` is damaged at byte 0: the segment begins with sequence number 8, unlike its name
        `simulated/log-00000000000000000004.log` is damaged at byte 0: the segment is of another log"#]].assert_eq(&texts.join("\n"));
}
