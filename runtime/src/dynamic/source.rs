// SPDX-License-Identifier: Apache-2.0

//! [`DynamicSource`]: one version of a dynamic table, as a plan of one session holds it.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::config::SessionConfig;
use datafusion::logical_expr::dml::InsertOp;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use kalamtable_model::TableDefinition;
use kalamtable_provider::__private::guard_of;
use kalamtable_provider::{
    Access, ChangeSink, ColumnarChange, ColumnarScan, ColumnarSource, KeyOrder, OpenedPartition,
    OpenedRows, PlanStatistics, RowBlock, RowReader, RowWriter, Statement, all_rows,
};
use kalamtable_registry::TableSnapshot;
use kalamtable_rows::RowError;

use super::access;
use super::actor::{Actor, UserId};
use super::check_rows::checked;
use super::core::Core;
use super::keys::RowAddress;
use super::partition_index::arrow_error;
use super::storage::{Partition, PartitionRows};
use super::visible::{ChunkReader, View};
use super::write::{OnConflict, Outcome, Removed, Writing};
use crate::error::Error;

/// One version of a dynamic table, as a plan of one session holds it. Whose rows it is about is asked
/// anew when the plan runs: another session may run it.
pub(super) struct DynamicSource {
    core: Arc<Core>,
    table: Arc<TableSnapshot>,
    /// For whom the plan was made.
    planned_for: Option<Arc<Actor>>,
    owner: Option<UserId>,
    /// The rows when the plan was made: what it answers from once others are of a later version, and those
    /// of before are forgotten.
    planned: Option<Arc<PartitionRows>>,
}

impl DynamicSource {
    /// The versions of the table before this one have been loaded.
    ///
    /// # Errors
    /// If the session may not have the rows, or they cannot be read.
    pub(super) fn try_new(
        core: &Arc<Core>,
        table: &Arc<TableSnapshot>,
        session: &SessionConfig,
        access: Access,
    ) -> Result<Self> {
        let planned_for = Actor::of(session);
        let owner = access::check(table.definition(), planned_for.as_deref(), access)?;
        let partition = Partition {
            table: table.id(),
            owner: owner.clone(),
        };
        Ok(DynamicSource {
            planned: core.rows_of_version(table, &partition)?,
            core: Arc::clone(core),
            table: Arc::clone(table),
            planned_for,
            owner,
        })
    }

    /// Whose rows a session reads or writes.
    fn partition(&self, session: &SessionConfig, access: Access) -> Result<Partition, Error> {
        let actor = Actor::of(session);
        let owner = access::check(self.definition(), actor.as_deref(), access)?;
        Ok(Partition {
            table: self.table.id(),
            owner,
        })
    }

    fn view(&self, session: &SessionConfig) -> View {
        let with_deleted = Actor::of(session).is_some_and(|actor| actor.with_deleted);
        View::new(self.definition(), self.core.clock.now(), with_deleted)
    }

    /// The rows of this moment; or, if they are of a later version by now, those of before the first
    /// statement of that, or those of when the plan was made.
    fn present_or_planned(&self, partition: &Partition) -> Result<Arc<PartitionRows>> {
        if let Some(rows) = self.core.rows_of_version(&self.table, partition)? {
            return Ok(rows);
        }
        match &self.planned {
            Some(planned) if partition.owner == self.owner => Ok(Arc::clone(planned)),
            _ => {
                let present = self.core.rows(&self.table, partition)?.version();
                Err(self.core.altered(&self.table, Some(present)).into())
            }
        }
    }

    /// What a statement does to these rows.
    fn changes(
        &self,
        change: &ColumnarChange,
        rows: &PartitionRows,
        view: &View,
    ) -> Result<Outcome> {
        if rows.version() > self.table.version() {
            return Err(self.core.altered(&self.table, Some(rows.version())).into());
        }
        let mut places = Vec::new();
        let mut after = Vec::new();
        let mut first_row = 0;
        for stored in &rows.chunks {
            let mut reader = ChunkReader::new(&self.table, stored.clone(), view, first_row);
            let (found, length) = (all_rows(reader.len()), reader.len());
            // The reader is lent to the statement, and says afterwards where the rows are.
            let mut changes = ChunkChanges {
                source: self,
                first_row,
                numbers: Vec::new(),
                after: &mut after,
            };
            change.run(&mut reader, found, &mut changes)?;
            places.extend(changes.numbers.into_iter().map(|number| RowAddress {
                chunk: stored.id,
                row: reader.row(number),
            }));
            first_row += length;
        }
        let is_update = change.kind() == Statement::Update;
        let rows = match is_update && !places.is_empty() {
            true => Some(self.joined(&after)?),
            false => None,
        };
        Ok(Outcome {
            removed: Removed::Rows(places),
            rows,
            on_conflict: OnConflict::Refuse,
            is_update,
        })
    }

    fn joined(&self, batches: &[RecordBatch]) -> Result<RecordBatch, Error> {
        joined(&self.table, batches)
    }

    /// The rows of `batch`, which has the columns that the system adds behind those of the table.
    fn checked(&self, batch: &RecordBatch) -> Result<RecordBatch, RowError> {
        checked(self.definition(), self.table.schema(), batch)
    }
}

fn joined(table: &TableSnapshot, batches: &[RecordBatch]) -> Result<RecordBatch, Error> {
    concat_batches(table.schema(), batches).map_err(|source| arrow_error(table, source))
}

/// Where a statement puts what it does to a chunk.
struct ChunkChanges<'a> {
    source: &'a DynamicSource,
    /// The number of the chunk's first row in the partition.
    first_row: usize,
    /// Among the rows of the chunk that are seen, those that change.
    numbers: Vec<usize>,
    after: &'a mut Vec<RecordBatch>,
}

impl ChangeSink for ChunkChanges<'_> {
    fn delete(&mut self, block: &RowBlock) {
        self.numbers.extend(block.rows());
    }

    fn update(
        &mut self,
        block: &RowBlock,
        after: &RecordBatch,
    ) -> Result<(), kalamtable_provider::Error> {
        let number = |row| self.first_row + block.rows().nth(row).unwrap_or_default();
        let after = self.source.checked(after);
        self.after
            .push(after.map_err(|error| kalamtable_provider::Error::from(error).map_row(number))?);
        self.numbers.extend(block.rows());
        Ok(())
    }
}

impl ColumnarSource for DynamicSource {
    fn definition(&self) -> &TableDefinition {
        self.table.definition()
    }

    fn schema(&self) -> &SchemaRef {
        self.table.schema_with_system_columns()
    }

    fn label(&self) -> String {
        let (name, version) = (self.table.name(), self.table.version());
        let label = format!("table={name}, version={version}");
        match &self.planned_for {
            Some(actor) => format!("{label}, {actor}"),
            None => label,
        }
    }

    fn has_sql_order(&self) -> bool {
        true
    }

    fn partitions(&self) -> Result<usize> {
        Ok(1)
    }

    fn key_order(&self) -> Result<KeyOrder> {
        Ok(KeyOrder::None)
    }

    fn statistics(&self) -> Result<PlanStatistics> {
        let with_deleted = self
            .planned_for
            .as_ref()
            .is_some_and(|actor| actor.with_deleted);
        let view = View::new(self.definition(), self.core.clock.now(), with_deleted);
        let count = |rows: &Arc<PartitionRows>| {
            let chunks = rows.chunks.iter();
            chunks.map(|stored| view.count(stored)).sum()
        };
        Ok(PlanStatistics {
            row_count: self.planned.as_ref().map(count),
            is_estimate: true,
            key_bounds: None,
        })
    }

    fn accepts(&self, _statement: Statement) -> Result<bool> {
        Ok(true)
    }

    fn scan(&self, scan: &ColumnarScan<'_>) -> Result<OpenedPartition> {
        let partition = self.partition(scan.session, Access::Read)?;
        let rows = self.present_or_planned(&partition)?;
        let view = self.view(scan.session);
        let table = Arc::clone(&self.table);
        let mut first_row = 0;
        let chunks = (0..rows.chunks.len()).map(move |chunk| {
            let stored = rows.chunks[chunk].clone();
            let reader = ChunkReader::new(&table, stored, &view, first_row);
            first_row += reader.len();
            Ok(Box::new(reader) as Box<dyn RowReader>)
        });
        Ok(OpenedPartition {
            rows: OpenedRows::Chunks(stream::iter(chunks).boxed()),
            looked_up: false,
        })
    }

    fn writer<'a>(&'a self, session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>> {
        Ok(Box::new(DynamicWriter {
            source: self,
            partition: self.partition(session, Access::Write)?,
            batches: Vec::new(),
            rows: 0,
        }))
    }

    fn change(&self, change: &ColumnarChange, session: &SessionConfig) -> Result<u64> {
        let partition = self.partition(session, Access::Write)?;
        // What is deleted can neither be changed nor deleted again.
        let view = View::new(self.definition(), self.core.clock.now(), false);
        self.write(&partition, &mut |rows| self.changes(change, rows, &view))
    }

    fn truncate(&self, session: &SessionConfig) -> Result<u64> {
        let partition = self.partition(session, Access::Write)?;
        self.write(&partition, &mut |_| {
            Ok(Outcome {
                removed: Removed::All,
                rows: None,
                on_conflict: OnConflict::Refuse,
                is_update: false,
            })
        })
    }
}

impl DynamicSource {
    fn write(
        &self,
        partition: &Partition,
        ask: &mut dyn FnMut(&PartitionRows) -> Result<Outcome>,
    ) -> Result<u64> {
        write(&self.core, &self.table, partition, ask)
    }
}

fn write(
    core: &Core,
    table: &TableSnapshot,
    partition: &Partition,
    ask: &mut dyn FnMut(&PartitionRows) -> Result<Outcome>,
) -> Result<u64> {
    let writing = Writing {
        core,
        table,
        partition,
    };
    guard_of(table.name(), || writing.run(ask))
}

/// Takes the rows of one `INSERT`.
struct DynamicWriter<'a> {
    source: &'a DynamicSource,
    partition: Partition,
    batches: Vec<RecordBatch>,
    rows: usize,
}

impl RowWriter for DynamicWriter<'_> {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let definition = self.source.definition();
        let own = definition.columns().len();
        let of_system = definition.kind().system_columns().iter();
        for (column, array) in of_system.zip(batch.columns().iter().skip(own)) {
            if array.logical_null_count() < array.len() {
                return Err(kalamtable_provider::Error::SystemColumn {
                    table: definition.name().clone(),
                    column: column.name.to_string(),
                }
                .into());
            }
        }
        let pushed = self.rows;
        let rows = self.source.checked(batch);
        let rows = rows
            .map_err(|error| kalamtable_provider::Error::from(error).map_row(|row| pushed + row))?;
        self.rows += rows.num_rows();
        self.batches.push(rows);
        Ok(())
    }

    fn commit(&mut self, op: InsertOp) -> BoxFuture<'_, Result<u64>> {
        let batches = std::mem::take(&mut self.batches);
        let (core, table) = (
            Arc::clone(&self.source.core),
            Arc::clone(&self.source.table),
        );
        let (partition, count) = (self.partition.clone(), self.rows as u64);
        async move {
            // It may wait for other statements, and for the registry.
            let work = SpawnedTask::spawn_blocking(move || {
                let rows = joined(&table, &batches)?;
                write(&core, &table, &partition, &mut |_| {
                    Ok(Outcome {
                        removed: match op {
                            InsertOp::Overwrite => Removed::All,
                            InsertOp::Append | InsertOp::Replace => Removed::None,
                        },
                        rows: Some(rows.clone()),
                        on_conflict: match op {
                            InsertOp::Replace => OnConflict::Replace,
                            InsertOp::Append | InsertOp::Overwrite => OnConflict::Refuse,
                        },
                        is_update: false,
                    })
                })
            });
            let written = work.join().await;
            written.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
            Ok(count)
        }
        .boxed()
    }
}

impl fmt::Debug for DynamicSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicSource({})", self.label())
    }
}
