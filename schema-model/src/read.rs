// SPDX-License-Identifier: Apache-2.0

//! [`read_limited`]: the bytes of a definition, up to the size limit.

use std::io::{self, Read};

use crate::limits;

/// Reads a definition to its end, or until it has one byte more than
/// [`FILE_BYTES`](limits::FILE_BYTES).
///
/// A file may grow after its size was checked, so a caller compares the length of the result with
/// the limit again, as [`parse`](crate::parse) does.
///
/// # Errors
/// Any error of `reader`.
pub fn read_limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(limits::FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_reader_yields_one_byte_above_the_limit() -> io::Result<()> {
        let bytes = read_limited(io::repeat(b'#'))?;
        assert_eq!(bytes.len() as u64, limits::FILE_BYTES + 1);
        Ok(())
    }
}
