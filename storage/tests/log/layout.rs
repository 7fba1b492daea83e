// SPDX-License-Identifier: Apache-2.0

//! The documented bytes of a segment, written and parsed without the code under test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The size of a segment header in bytes.
pub(crate) const HEADER: usize = 40;
/// The size of an entry header in bytes.
pub(crate) const ENTRY_HEADER: usize = 24;

/// A segment, parsed up to the first invalid entry.
pub(crate) struct Layout {
    pub(crate) log_id: [u8; 16],
    pub(crate) entries: Vec<EntryLayout>,
    /// The position after the last valid entry.
    pub(crate) end: usize,
}

/// A valid entry of a segment.
#[derive(Clone)]
pub(crate) struct EntryLayout {
    pub(crate) sequence: u64,
    pub(crate) index: u32,
    pub(crate) payload: Vec<u8>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The CRC32C of each byte.
const BYTE_CHECKSUMS: [u32; 256] = {
    let mut checksums = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder >> 1) ^ (0x82F6_3B78 * (remainder & 1));
            bit += 1;
        }
        checksums[byte] = remainder;
        byte += 1;
    }
    checksums
};

/// Computes CRC32C byte by byte.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut remainder = !0_u32;
    for byte in bytes {
        let index = (remainder as u8) ^ *byte;
        remainder = (remainder >> 8) ^ BYTE_CHECKSUMS[index as usize];
    }
    !remainder
}

pub(crate) fn segment_header(log_id: [u8; 16], first: u64) -> Vec<u8> {
    let mut bytes = b"KTROWLOG".to_vec();
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(log_id);
    bytes.extend(first.to_le_bytes());
    bytes.extend(checksum(&bytes).to_le_bytes());
    bytes
}

pub(crate) fn entry(log_id: [u8; 16], sequence: u64, index: u32, payload: &[u8]) -> Vec<u8> {
    let mut header = (payload.len() as u32).to_le_bytes().to_vec();
    header.extend(sequence.to_le_bytes());
    header.extend(index.to_le_bytes());
    header.extend(checksum(payload).to_le_bytes());
    let covered = [&log_id[..], &header].concat();
    header.extend(checksum(&covered).to_le_bytes());
    header.extend(payload);
    header
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Parses a segment. Panics if its header is invalid.
pub(crate) fn parse(segment: &[u8]) -> Layout {
    let log_id = segment[12..28].try_into().unwrap();
    let first = u64_at(segment, 28);
    assert_eq!(segment[..HEADER], segment_header(log_id, first));
    let mut layout = Layout {
        log_id,
        entries: Vec::new(),
        end: HEADER,
    };
    while let Some(found) = parse_entry(log_id, segment, layout.end) {
        if found.sequence != first + layout.entries.len() as u64 {
            break;
        }
        layout.end = found.end;
        layout.entries.push(found);
    }
    layout
}

fn parse_entry(log_id: [u8; 16], segment: &[u8], start: usize) -> Option<EntryLayout> {
    if segment.len() < start + ENTRY_HEADER {
        return None;
    }
    let end = start + ENTRY_HEADER + u32_at(segment, start) as usize;
    let payload = segment.get(start + ENTRY_HEADER..end)?.to_vec();
    let sequence = u64_at(segment, start + 4);
    let index = u32_at(segment, start + 12);
    let is_valid = segment[start..end] == entry(log_id, sequence, index, &payload);
    is_valid.then_some(EntryLayout {
        sequence,
        index,
        payload,
        start,
        end,
    })
}

/// Returns whether a name is the name of a segment.
pub(crate) fn is_segment(name: &str) -> bool {
    let digits = name
        .strip_prefix("log-")
        .and_then(|n| n.strip_suffix(".log"));
    digits.is_some_and(|d| d.len() == 20 && d.bytes().all(|byte| byte.is_ascii_digit()))
}

pub(crate) fn segment_name(first: u64) -> String {
    format!("log-{first:020}.log")
}

/// Returns the content of each segment in a local folder, by name.
pub(crate) fn segments(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let named = files.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        (name, path)
    });
    named
        .filter(|(name, _)| is_segment(name))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

/// Returns the sequence numbers and payloads of the valid entries in segments.
pub(crate) fn entries(segments: &BTreeMap<String, Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
    let parsed = segments.values().flat_map(|segment| parse(segment).entries);
    parsed
        .map(|entry| (entry.sequence, entry.payload))
        .collect()
}

#[test]
fn checksum_of_the_standard_check_value() {
    assert_eq!(checksum(b"123456789"), 0xE306_9283);
}
