// SPDX-License-Identifier: Apache-2.0

//! [`BlockChecksums`]: the checksums of the blocks of a file.

/// The size of a block in bytes. The last block of a file can be shorter.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// Computes the checksums of the blocks of a file that is written from the start to the end.
#[derive(Debug, Default)]
pub(super) struct BlockChecksums {
    complete: Vec<u32>,
    /// The checksum and the size of the block that is not complete.
    current: u32,
    current_bytes: usize,
}

impl BlockChecksums {
    /// Adds the next bytes of the file.
    pub(super) fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = bytes.len().min(BLOCK_BYTES - self.current_bytes);
            let (of_block, rest) = bytes.split_at(count);
            self.current = crc32c::crc32c_append(self.current, of_block);
            self.current_bytes += count;
            bytes = rest;
            if self.current_bytes == BLOCK_BYTES {
                self.complete.push(self.current);
                (self.current, self.current_bytes) = (0, 0);
            }
        }
    }

    /// Returns the checksum of each block.
    pub(super) fn finish(mut self) -> Vec<u32> {
        if self.current_bytes > 0 {
            self.complete.push(self.current);
        }
        self.complete
    }
}
