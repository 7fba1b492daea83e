// SPDX-License-Identifier: Apache-2.0

//! [`ScanStream`]: the output of one partition of a scan. It polls the chunks of the source, and
//! joins the small batches that a filter leaves.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::physical_plan::RecordBatchStream;
use datafusion::physical_plan::metrics::BaselineMetrics;
use futures::stream::{BoxStream, Stream, StreamExt};

use super::block_reader::BlockReader;
use crate::row_reader::RowReader;

/// The remaining chunks of a source.
pub(super) type ChunkStream = BoxStream<'static, Result<Box<dyn RowReader>>>;

/// The output of one partition.
///
/// One poll reads one block, so that a query whose filter passes few rows can be cancelled, and
/// does not block other tasks.
pub(super) struct ScanStream {
    blocks: BlockReader,
    /// The chunks that the source has not sent yet. Dropped as soon as no more rows are needed.
    chunks: Option<ChunkStream>,
    /// Joins small batches. `None` if the scan produces none.
    coalescer: Option<BatchCoalescer>,
    phase: ScanPhase,
    metrics: BaselineMetrics,
}

#[derive(PartialEq)]
enum ScanPhase {
    Reading,
    /// All blocks are read. The coalescer may still hold rows.
    Draining,
    Done,
}

/// The result of reading one block or polling the source once.
enum ScanStep {
    Batch(RecordBatch),
    /// No batch is complete yet.
    Continue,
    End,
}

impl ScanStream {
    pub(super) fn new(
        blocks: BlockReader,
        chunks: Option<ChunkStream>,
        metrics: BaselineMetrics,
    ) -> Self {
        let has_small_batches = blocks.filter.is_some() || chunks.is_some();
        let coalescer = has_small_batches.then(|| {
            let batch_size = blocks.batch_size;
            BatchCoalescer::new(Arc::clone(&blocks.columns.schema), batch_size)
                .with_biggest_coalesce_batch_size(Some(batch_size / 2))
        });
        ScanStream {
            blocks,
            chunks,
            coalescer,
            phase: ScanPhase::Reading,
            metrics,
        }
    }

    /// Returns a completed batch, or reads one block, or polls the source for the next chunk.
    fn step(&mut self, context: &mut Context<'_>) -> Result<Poll<ScanStep>> {
        if let Some(batch) = self.completed() {
            return Ok(Poll::Ready(ScanStep::Batch(batch)));
        }
        if self.blocks.wanted == 0 {
            self.chunks = None;
        }
        if self.phase == ScanPhase::Reading && self.blocks.is_done() {
            if let Some(chunks) = &mut self.chunks {
                match chunks.poll_next_unpin(context) {
                    Poll::Pending => return Ok(Poll::Pending),
                    Poll::Ready(Some(rows)) => self.blocks.start_chunk(rows?),
                    Poll::Ready(None) => self.chunks = None,
                }
                return Ok(Poll::Ready(ScanStep::Continue));
            }
            self.phase = ScanPhase::Draining;
            if let Some(coalescer) = &mut self.coalescer {
                coalescer.finish_buffered_batch()?;
            }
        }
        if self.phase != ScanPhase::Reading {
            let last = self.completed();
            return Ok(Poll::Ready(last.map_or(ScanStep::End, ScanStep::Batch)));
        }
        let block = self.blocks.next_block()?;
        let batch = match (&mut self.coalescer, block) {
            (Some(coalescer), Some(block)) => {
                coalescer.push_batch(block)?;
                self.completed()
            }
            (_, block) => block,
        };
        Ok(Poll::Ready(
            batch.map_or(ScanStep::Continue, ScanStep::Batch),
        ))
    }

    fn completed(&mut self) -> Option<RecordBatch> {
        self.coalescer.as_mut()?.next_completed_batch()
    }
}

impl Stream for ScanStream {
    type Item = Result<RecordBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.phase == ScanPhase::Done {
            return Poll::Ready(None);
        }
        let elapsed = this.metrics.elapsed_compute().clone();
        let timer = elapsed.timer();
        let step = this.step(context);
        timer.done();
        let poll = match step {
            Ok(Poll::Ready(ScanStep::Batch(batch))) => Poll::Ready(Some(Ok(batch))),
            Ok(Poll::Ready(ScanStep::End)) => Poll::Ready(None),
            Ok(Poll::Ready(ScanStep::Continue)) => {
                // This task only yields to others. Nothing else would wake it.
                context.waker().wake_by_ref();
                Poll::Pending
            }
            // The source wakes the task.
            Ok(Poll::Pending) => Poll::Pending,
            Err(error) => Poll::Ready(Some(Err(error))),
        };
        if matches!(poll, Poll::Ready(None | Some(Err(_)))) {
            this.phase = ScanPhase::Done;
            this.chunks = None;
        }
        this.metrics.record_poll(poll)
    }
}

impl RecordBatchStream for ScanStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.blocks.columns.schema)
    }
}
