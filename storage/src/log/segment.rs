// SPDX-License-Identifier: Apache-2.0

//! The names of segments, and the entries in the bytes of one segment. An invalid entry at the end
//! of the last segment is a torn tail if no write after it can have been acknowledged, and damage
//! otherwise; [`find_later_entry`] decides this.

use crate::log::error::EntryDefect;
use crate::log::format::{ENTRY_HEADER_BYTES, EntryHeader, LogId};

/// The unit in which a disk persists writes. A larger unit of the file system is a multiple.
const SECTOR_BYTES: usize = 512;

/// Returns the name of the segment that begins with a sequence number.
pub(crate) fn segment_name(first: u64) -> String {
    format!("log-{first:020}.log")
}

/// Returns the name of that segment while it is created.
pub(crate) fn temporary_name(first: u64) -> String {
    format!("log-{first:020}.new")
}

/// Returns the sequence number in the name of a segment.
pub(crate) fn parse_segment_name(name: &str) -> Option<u64> {
    // Only one spelling of a number is the name of a segment.
    parse_first(name, ".log").filter(|first| segment_name(*first) == name)
}

/// Returns whether a file is a segment whose creation was interrupted.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    parse_first(name, ".new").is_some_and(|first| temporary_name(first) == name)
}

/// Returns the name of the object that marks a fence. It shows in a listing that the object of the
/// fence is kept.
pub(crate) fn fence_marker_name(first: u64) -> String {
    format!("log-{first:020}.fence")
}

/// Returns the sequence number in the name of the mark of a fence.
pub(crate) fn parse_fence_marker_name(name: &str) -> Option<u64> {
    parse_first(name, ".fence").filter(|first| fence_marker_name(*first) == name)
}

fn parse_first(name: &str, extension: &str) -> Option<u64> {
    let first = name.strip_prefix("log-")?.strip_suffix(extension)?;
    first.parse().ok()
}

/// An entry in the bytes of a segment.
#[derive(Clone, Copy)]
pub(crate) struct ParsedEntry<'a> {
    pub(crate) payload: &'a [u8],
    /// Whether the entry is the first of its group.
    pub(crate) starts_group: bool,
    /// The position after the entry.
    pub(crate) end: usize,
}

/// Parses the entry at `offset`, which has sequence number `expected` in a valid segment.
pub(crate) fn parse_entry(
    log: LogId,
    segment: &[u8],
    offset: usize,
    expected: u64,
) -> Result<ParsedEntry<'_>, EntryDefect> {
    let bytes = segment.get(offset..).unwrap_or_default();
    let Some((_, after)) = bytes.split_at_checked(ENTRY_HEADER_BYTES) else {
        return Err(EntryDefect::Incomplete);
    };
    let header = EntryHeader::parse(log, bytes).ok_or(EntryDefect::Header)?;
    if header.sequence != expected {
        return Err(EntryDefect::Replaced {
            found: header.sequence,
        });
    }
    let payload_bytes = usize::try_from(header.payload_bytes).unwrap_or(usize::MAX);
    let payload = after.get(..payload_bytes).ok_or(EntryDefect::Incomplete)?;
    if crc32c::crc32c(payload) != header.payload_checksum {
        return Err(EntryDefect::Payload);
    }
    Ok(ParsedEntry {
        payload,
        starts_group: header.index == 0,
        end: offset + ENTRY_HEADER_BYTES + payload.len(),
    })
}

/// Looks for an entry after the invalid entry `expected` at `offset` which proves that the invalid
/// entry was durable. Returns the position of that entry, or `None` if the bytes from `offset` on
/// are a torn tail.
///
/// A group is written after the sync of the previous one, so an entry of a later group is a proof.
/// An entry of the same group is not, because the file system may persist the sectors of one write
/// in any order. It then leaves zeros in the sectors that it has not persisted: without such a
/// sector before the entry, the invalid entry was persisted and damaged later.
///
/// The cost is linear: at each position, only the header is checked, and only if its sequence
/// number is one that the segment can contain.
pub(crate) fn find_later_entry(
    log: LogId,
    segment: &[u8],
    offset: usize,
    expected: u64,
) -> Option<usize> {
    let max_entries = (segment.len() / ENTRY_HEADER_BYTES) as u64;
    let mut torn = false;
    for position in offset..segment.len() {
        let bytes = &segment[position..];
        let sequence = EntryHeader::peek_sequence(bytes)?;
        let distance = sequence.checked_sub(expected);
        if distance.is_none_or(|distance| distance > max_entries) {
            continue;
        }
        let Some(header) = EntryHeader::parse(log, bytes) else {
            continue;
        };
        let is_at_offset = position == offset;
        if sequence == expected && is_at_offset {
            // The header of the invalid entry itself.
            continue;
        }
        let is_in_group = sequence > expected && header.group_start() <= expected && !is_at_offset;
        torn = torn || (is_in_group && has_unwritten_sector(segment, offset, position));
        if !(is_in_group && torn) {
            return Some(position);
        }
    }
    None
}

/// Returns whether a sector, or the part of it from `start` on, consists of zeros and ends at `end`
/// or earlier.
fn has_unwritten_sector(segment: &[u8], start: usize, end: usize) -> bool {
    let mut sector_start = start;
    loop {
        let sector_end = (sector_start / SECTOR_BYTES + 1) * SECTOR_BYTES;
        if sector_end > end {
            return false;
        }
        let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        if segment.get(sector_start..sector_end).is_some_and(is_zero) {
            return true;
        }
        sector_start = sector_end;
    }
}
