// SPDX-License-Identifier: Apache-2.0

//! [`LogWriter`]: the segments of an open log. It writes groups, begins segments and deletes old
//! ones. After a failed write or sync it writes nothing more.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use crate::log::error::{LogError, LogFailure};
use crate::log::folder::{LogFile, LogFolder, ObjectFolder};
use crate::log::format::{LogId, ObjectHeader, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::log::segment::{segment_name, temporary_name};

/// The last segment of an open log.
pub(crate) struct CurrentSegment {
    /// The sequence number with which the segment begins.
    pub(crate) first: u64,
    pub(crate) content: SegmentContent,
}

/// The content of the last segment.
pub(crate) enum SegmentContent {
    /// A file, to which groups are appended.
    File { bytes: u64, file: Box<dyn LogFile> },
    /// An object with one group.
    Object,
    /// An object without entries, which is never deleted.
    Fence,
}

/// See the module documentation.
pub(crate) struct LogWriter {
    pub(crate) folder: Arc<dyn LogFolder>,
    pub(crate) log: LogId,
    /// The size at which a segment ends.
    pub(crate) segment_bytes: u64,
    /// The first sequence numbers of the segments before the current one, in order.
    pub(crate) older: VecDeque<u64>,
    pub(crate) current: CurrentSegment,
    /// The sequence number after the last entry that was written.
    pub(crate) next: u64,
    pub(crate) failure: Option<Arc<LogFailure>>,
}

impl LogWriter {
    /// Writes the entries up to `last`, and waits until they are durable.
    pub(crate) fn write_group(&mut self, bytes: &[u8], last: u64) -> Result<(), Arc<LogFailure>> {
        if let Some(failure) = &self.failure {
            return Err(Arc::clone(failure));
        }
        let written = self.try_write_group(bytes, last);
        written.map_err(|failure| self.fail(failure))
    }

    fn try_write_group(&mut self, bytes: &[u8], last: u64) -> Result<(), LogFailure> {
        if let Some(objects) = self.folder.objects() {
            let name = segment_name(self.next);
            create_object(objects, self.log, self.next, bytes)
                .map_err(|source| failure(&*self.folder, "create", Some(&name), source))?;
            if !matches!(self.current.content, SegmentContent::Fence) {
                self.older.push_back(self.current.first);
            }
            self.current = CurrentSegment {
                first: self.next,
                content: SegmentContent::Object,
            };
            self.next = last.saturating_add(1);
            return Ok(());
        }
        let end = self.current_bytes().saturating_add(bytes.len() as u64);
        if self.has_entries() && end > self.segment_bytes {
            let file = create_segment(&*self.folder, self.log, self.next)?;
            self.publish(file)?;
        }
        let name = segment_name(self.current.first);
        if let SegmentContent::File { bytes: end, file } = &mut self.current.content {
            write_all_at(file.as_mut(), *end, bytes)
                .map_err(|source| failure(&*self.folder, "write to", Some(&name), source))?;
            (file.sync_data())
                .map_err(|source| failure(&*self.folder, "sync", Some(&name), source))?;
            *end += bytes.len() as u64;
        }
        self.next = last.saturating_add(1);
        Ok(())
    }

    /// Begins a segment if the current one has entries and all of them are below `sequence`.
    pub(crate) fn leave_segment_below(&mut self, sequence: u64) -> Result<(), LogError> {
        if let Some(failure) = &self.failure {
            return Err(LogError::failed(Arc::clone(failure)));
        }
        // An object is complete, and the next group is another one.
        if !self.has_entries() || self.next > sequence {
            return Ok(());
        }
        // If this fails, the current segment remains usable: a temporary file has no effect.
        let file = create_segment(&*self.folder, self.log, self.next)?;
        let published = self.publish(file);
        published.map_err(|failure| LogError::Failed(self.fail(failure)))
    }

    /// Returns the segments before the current one whose entries are all below `sequence`.
    pub(crate) fn all_below(&self, sequence: u64) -> Vec<u64> {
        let following = self.older.iter().skip(1).chain([&self.current.first]);
        let pairs = self.older.iter().zip(following);
        let below = pairs.take_while(|(_, following)| **following <= sequence);
        below.map(|(first, _)| *first).collect()
    }

    /// Returns the oldest segment if all of its entries are below `sequence`. The current segment
    /// is never returned.
    pub(crate) fn oldest_below(&self, sequence: u64) -> Option<u64> {
        let following = self.older.get(1).unwrap_or(&self.current.first);
        let oldest = self.older.front();
        oldest.copied().filter(|_| *following <= sequence)
    }

    /// Returns the size of the current segment, or 0 if it is an object.
    fn current_bytes(&self) -> u64 {
        match &self.current.content {
            SegmentContent::File { bytes, .. } => *bytes,
            SegmentContent::Object | SegmentContent::Fence => 0,
        }
    }

    /// Returns whether the current segment is a file with entries.
    fn has_entries(&self) -> bool {
        self.current_bytes() > SEGMENT_HEADER_BYTES as u64
    }

    /// Rejects all later writes. Returns the failure that is reported.
    pub(crate) fn fail(&mut self, failure: LogFailure) -> Arc<LogFailure> {
        Arc::clone(self.failure.insert(Arc::new(failure)))
    }

    /// Makes a created segment the current one. If this fails, it is not known which segment is the
    /// last one, so nothing more can be written.
    fn publish(&mut self, file: Box<dyn LogFile>) -> Result<(), LogFailure> {
        let segment = publish_segment(&*self.folder, self.next, file)?;
        self.older.push_back(self.current.first);
        self.current = segment;
        Ok(())
    }
}

/// Writes the header of a segment to a temporary file, and syncs it.
pub(crate) fn create_segment(
    folder: &dyn LogFolder,
    log: LogId,
    first: u64,
) -> Result<Box<dyn LogFile>, LogFailure> {
    let name = temporary_name(first);
    let header = SegmentHeader { log, first }.to_bytes();
    let mut file =
        (folder.create(&name)).map_err(|source| failure(folder, "create", Some(&name), source))?;
    write_all_at(file.as_mut(), 0, &header)
        .map_err(|source| failure(folder, "write to", Some(&name), source))?;
    (file.sync_data()).map_err(|source| failure(folder, "sync", Some(&name), source))?;
    Ok(file)
}

/// Gives a created segment its final name. A file with that name therefore always has a header.
pub(crate) fn publish_segment(
    folder: &dyn LogFolder,
    first: u64,
    file: Box<dyn LogFile>,
) -> Result<CurrentSegment, LogFailure> {
    let name = segment_name(first);
    (folder.rename(&temporary_name(first), &name))
        .map_err(|source| failure(folder, "create", Some(&name), source))?;
    (folder.sync()).map_err(|source| failure(folder, "sync", None, source))?;
    Ok(CurrentSegment {
        first,
        content: SegmentContent::File {
            bytes: SEGMENT_HEADER_BYTES as u64,
            file,
        },
    })
}

/// Creates an object with a group of entries, or a fence if `entries` is empty.
pub(crate) fn create_object(
    objects: &dyn ObjectFolder,
    log: LogId,
    first: u64,
    entries: &[u8],
) -> io::Result<()> {
    let header = ObjectHeader {
        log,
        first,
        writer: objects.writer(),
        bytes: entries.len() as u64,
    };
    let object = [&header.to_bytes()[..], entries].concat();
    objects.create_new(&segment_name(first), object)
}

/// Writes all bytes at an offset, with as many calls as necessary.
pub(crate) fn write_all_at(file: &mut dyn LogFile, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match file.write_at(offset + written as u64, &bytes[written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns the failure of an operation on a file of the folder, or on the folder.
pub(crate) fn failure(
    folder: &dyn LogFolder,
    operation: &'static str,
    name: Option<&str>,
    source: io::Error,
) -> LogFailure {
    LogFailure {
        operation,
        path: folder.path(name),
        source,
    }
}
