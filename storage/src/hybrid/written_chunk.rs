// SPDX-License-Identifier: Apache-2.0

//! [`write_chunks`]: writes chunks to a new row file.

use std::sync::Arc;

use kalamtable_runtime::dynamic::Chunk;

use super::manifest::ChunkLocation;
use super::recovered::FlushedState;
use super::row_file::{OwnedChunk, write_row_file};
use super::row_folder::RowFolder;
use super::stored_file::StoredFile;
use super::stored_slice::StoredSlice;
use super::written_definitions::WrittenDefinition;
use crate::error::StorageError;

/// A chunk whose rows are in a new row file.
pub(super) struct WrittenChunk {
    pub(super) location: ChunkLocation,
    pub(super) chunk: Arc<Chunk>,
}

/// Writes chunks to the next row file, and opens it. Returns the chunks in the same order, with
/// their rows in the file. The name of the file is durable after the next sync of the folder.
///
/// # Errors
/// Fails if a chunk cannot be read or encoded, or if the file cannot be written. The number of the
/// file is then not used again.
pub(super) fn write_chunks(
    row_folder: &Arc<RowFolder>,
    state: &mut FlushedState,
    definition: &WrittenDefinition,
    chunks: &[OwnedChunk<'_>],
) -> Result<(Arc<StoredFile>, Vec<WrittenChunk>), StorageError> {
    let number = state.next_file;
    state.next_file = number.checked_add(1).ok_or(StorageError::FilesExhausted)?;
    let written = write_row_file(&*row_folder.folder, number, definition, chunks)?;
    let file = StoredFile::open(row_folder, &Arc::new(written), definition)?;
    let file = Arc::new(file);
    let mut first_row = 0;
    let written = chunks.iter().map(|OwnedChunk { owner, chunk }| {
        let length = chunk.len() as u32;
        let location = ChunkLocation {
            file: number,
            first_row,
        };
        let rows = StoredSlice::try_new(&file, *owner, first_row, length, chunk.bytes())?;
        first_row += u64::from(length);
        let chunk = Arc::new(chunk.moved_to(Arc::new(rows)));
        Ok(WrittenChunk { location, chunk })
    });
    let written = written.collect::<Result<_, StorageError>>()?;
    Ok((file, written))
}
