// SPDX-License-Identifier: Apache-2.0

//! The headers of segments and entries as bytes. All numbers are little-endian.
//!
//! | segment header | bytes | | entry header | bytes |
//! |---|---|---|---|---|
//! | magic `KTROWLOG` | 8 | | length of the payload | 4 |
//! | format, 1 | 4 | | sequence number | 8 |
//! | log id | 16 | | index in the group | 4 |
//! | first sequence number | 8 | | CRC32C of the payload | 4 |
//! | CRC32C of the above | 4 | | CRC32C of the log id and the above | 4 |
//!
//! On a bucket, each group is an object of its own, and has this header instead of the one of a
//! segment. An object without entries is a fence, which takes the sequence number in its header.
//!
//! | object header | bytes |
//! |---|---|
//! | magic `KTROWOBJ` | 8 |
//! | format, 1 | 4 |
//! | log id | 16 |
//! | first sequence number | 8 |
//! | random number of the writer | 16 |
//! | size of the entries | 8 |
//! | CRC32C of the above | 4 |
//!
//! An entry header has a checksum of its own, so that headers can be searched for in damaged bytes
//! at a cost per byte that does not depend on the lengths in these bytes. The log id is random and
//! not revealed, so a payload cannot contain a valid header that was made up.

use crate::bytes::ByteReader;
use crate::log::error::SegmentDamageKind;

/// The format that is written and read.
const FORMAT: u32 = 1;
const MAGIC: &[u8; 8] = b"KTROWLOG";
const OBJECT_MAGIC: &[u8; 8] = b"KTROWOBJ";
const CHECKSUM_BYTES: usize = 4;

/// The size of a segment header in bytes.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 40;
/// The size of an object header in bytes.
pub(crate) const OBJECT_HEADER_BYTES: usize = 64;
/// The size of an entry header in bytes.
pub(crate) const ENTRY_HEADER_BYTES: usize = 24;

/// A random number that all segments of a log have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogId([u8; 16]);

impl LogId {
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(LogId(bytes))
    }
}

/// The header of a segment.
#[derive(Clone, Copy)]
pub(crate) struct SegmentHeader {
    pub(crate) log: LogId,
    /// The sequence number of the first entry.
    pub(crate) first: u64,
}

impl SegmentHeader {
    pub(crate) fn to_bytes(self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..28].copy_from_slice(&self.log.0);
        bytes[28..36].copy_from_slice(&self.first.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..36]);
        bytes[36..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Parses the header at the start of a segment.
    pub(crate) fn parse(segment: &[u8]) -> Result<Self, SegmentDamageKind> {
        let mut fields = fields_after_format(MAGIC, segment)?;
        let parsed = (|| {
            let log = LogId(fields.array().ok()?);
            let first = fields.u64().ok()?;
            let checksum = fields.u32().ok()?;
            let covered = segment.get(..SEGMENT_HEADER_BYTES - CHECKSUM_BYTES)?;
            (crc32c::crc32c(covered) == checksum).then_some(SegmentHeader { log, first })
        })();
        parsed.ok_or(SegmentDamageKind::Header)
    }
}

/// The header of an object with a group of entries.
#[derive(Clone, Copy)]
pub(crate) struct ObjectHeader {
    pub(crate) log: LogId,
    /// The sequence number of the first entry.
    pub(crate) first: u64,
    /// A random number of the process that has written the object.
    pub(crate) writer: [u8; 16],
    /// The size of the entries in bytes.
    pub(crate) bytes: u64,
}

impl ObjectHeader {
    pub(crate) fn to_bytes(self) -> [u8; OBJECT_HEADER_BYTES] {
        let mut bytes = [0; OBJECT_HEADER_BYTES];
        bytes[..8].copy_from_slice(OBJECT_MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..28].copy_from_slice(&self.log.0);
        bytes[28..36].copy_from_slice(&self.first.to_le_bytes());
        bytes[36..52].copy_from_slice(&self.writer);
        bytes[52..60].copy_from_slice(&self.bytes.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Parses the header at the start of an object, and checks the size of the object.
    pub(crate) fn parse(object: &[u8]) -> Result<Self, SegmentDamageKind> {
        let mut fields = fields_after_format(OBJECT_MAGIC, object)?;
        let parsed = (|| {
            let header = ObjectHeader {
                log: LogId(fields.array().ok()?),
                first: fields.u64().ok()?,
                writer: fields.array().ok()?,
                bytes: fields.u64().ok()?,
            };
            let checksum = fields.u32().ok()?;
            let covered = object.get(..OBJECT_HEADER_BYTES - CHECKSUM_BYTES)?;
            (crc32c::crc32c(covered) == checksum).then_some(header)
        })();
        let header = parsed.ok_or(SegmentDamageKind::Header)?;
        let found = (object.len() - OBJECT_HEADER_BYTES) as u64;
        if found != header.bytes {
            return Err(SegmentDamageKind::ObjectSize {
                found,
                written: header.bytes,
            });
        }
        Ok(header)
    }
}

/// Checks the magic bytes and the format of a header, and returns its other fields. The format
/// comes before the checksum, because another format may have another header.
fn fields_after_format<'a>(
    magic: &[u8; 8],
    segment: &'a [u8],
) -> Result<ByteReader<'a>, SegmentDamageKind> {
    let mut fields = ByteReader(segment);
    if fields.array().ok().as_ref() != Some(magic) {
        return Err(SegmentDamageKind::Header);
    }
    let format = fields.u32().map_err(|_| SegmentDamageKind::Header)?;
    if format != FORMAT {
        return Err(SegmentDamageKind::UnknownFormat {
            found: format,
            known: FORMAT,
        });
    }
    Ok(fields)
}

/// The header of an entry.
#[derive(Clone, Copy)]
pub(crate) struct EntryHeader {
    pub(crate) payload_bytes: u32,
    pub(crate) sequence: u64,
    /// The position of the entry in the group with which it was written, from 0.
    pub(crate) index: u32,
    pub(crate) payload_checksum: u32,
}

impl EntryHeader {
    pub(crate) fn to_bytes(self, log: LogId) -> [u8; ENTRY_HEADER_BYTES] {
        let mut bytes = [0; ENTRY_HEADER_BYTES];
        bytes[..4].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[4..12].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.index.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.payload_checksum.to_le_bytes());
        let checksum = header_checksum(log, &bytes[..20]);
        bytes[20..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Parses the header at the start of `bytes`. Returns `None` if it is incomplete or invalid.
    pub(crate) fn parse(log: LogId, bytes: &[u8]) -> Option<Self> {
        let mut fields = ByteReader(bytes);
        let header = EntryHeader {
            payload_bytes: fields.u32().ok()?,
            sequence: fields.u64().ok()?,
            index: fields.u32().ok()?,
            payload_checksum: fields.u32().ok()?,
        };
        let checksum = fields.u32().ok()?;
        let covered = bytes.get(..ENTRY_HEADER_BYTES - CHECKSUM_BYTES)?;
        (header_checksum(log, covered) == checksum).then_some(header)
    }

    /// Returns the sequence number field of the header at the start of `bytes`, without a check.
    pub(crate) fn peek_sequence(bytes: &[u8]) -> Option<u64> {
        ByteReader(bytes.get(4..)?).u64().ok()
    }

    /// Returns the sequence number of the first entry of the group.
    pub(crate) fn group_start(&self) -> u64 {
        self.sequence.saturating_sub(u64::from(self.index))
    }
}

fn header_checksum(log: LogId, fields: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&log.0), fields)
}
