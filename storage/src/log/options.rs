// SPDX-License-Identifier: Apache-2.0

//! [`RowLogOptions`]: sizes of a row log, and the entries that recovery skips.

/// Options of a [`RowLog`](crate::RowLog).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RowLogOptions {
    /// The size in bytes at which a segment ends and the next one begins. A group of entries is
    /// never split, so a segment with one large group can be larger. The default is 64 MiB.
    pub segment_bytes: u64,
    /// The maximum size of a payload in bytes. A limit above `u32::MAX` has the effect of
    /// `u32::MAX`. The default is 1 GiB. The limit applies to `append` only, so that a log can be
    /// opened after the limit has been lowered.
    pub max_payload_bytes: u64,
    /// The sequence number up to which all entries are stored elsewhere, or `None` if the caller
    /// does not know it.
    ///
    /// With a number, recovery passes only later entries to the caller, and fails with
    /// [`LogError::MissingEntries`](crate::LogError::MissingEntries) if the log does not contain
    /// all of them. Without a number, missing segments at the start of the log are not detected.
    pub flushed_to: Option<u64>,
}

impl Default for RowLogOptions {
    fn default() -> Self {
        RowLogOptions {
            segment_bytes: 64 << 20,
            max_payload_bytes: 1 << 30,
            flushed_to: None,
        }
    }
}

impl RowLogOptions {
    /// Sets [`segment_bytes`](Self::segment_bytes).
    #[must_use]
    pub fn with_segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// Sets [`max_payload_bytes`](Self::max_payload_bytes).
    #[must_use]
    pub fn with_max_payload_bytes(mut self, bytes: u64) -> Self {
        self.max_payload_bytes = bytes;
        self
    }

    /// Sets [`flushed_to`](Self::flushed_to).
    #[must_use]
    pub fn with_flushed_to(mut self, sequence: u64) -> Self {
        self.flushed_to = Some(sequence);
        self
    }
}
