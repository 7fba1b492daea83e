// SPDX-License-Identifier: Apache-2.0

//! [`DynamicSource`]: one version of a dynamic table, as the plan of one session holds it.
//!
//! The owner of the rows is taken from the session when a plan is created, and again when it runs.
//! A plan can run in the session of another user, so the statistics for the planner are estimates
//! and never answer a query.

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
use kalamtable_model::TableDefinition;
use kalamtable_provider::__private::{all_rows, guard_of};
use kalamtable_provider::{
    Access, ChangeSink, ColumnarChange, ColumnarScan, ColumnarSource, KeyFilter, KeyOrder,
    OpenedPartition, OpenedRows, PlanStatistics, RowBlock, RowReader, RowWriter, Statement,
    TableKey,
};
use kalamtable_registry::TableSnapshot;
use kalamtable_rows::{RowError, validate_batch};

use super::access;
use super::actor::{Actor, UserId};
use super::keys::RowAddress;
use super::partition_index::IndexMiss;
use super::partition_scan::PartitionScan;
use super::shared_state::{PartitionState, SharedState};
use super::statement_effect::{OnConflict, RemovedRows, StatementEffect};
use super::storage::{Partition, PartitionRows};
use super::stored_filter::StoredFilter;
use super::stored_keys::StoredKeys;
use super::visible::Visibility;
use super::write::PartitionWriter;
use crate::error::{Error, arrow_error};

/// One version of a dynamic table, as the plan of one session holds it.
///
/// The owner of the rows is determined again when the plan runs, because another session may run
/// it.
pub(super) struct DynamicSource {
    shared: Arc<SharedState>,
    table: Arc<TableSnapshot>,
    /// The actor of the session that created the plan.
    planned_for: Option<Arc<Actor>>,
    owner: Option<UserId>,
    /// The rows at planning time. The plan reads them if the current rows have a later version and
    /// the rows before that version are no longer kept.
    planned: Option<Arc<PartitionRows>>,
}

impl DynamicSource {
    /// Creates the source of one plan. The caller has loaded the previous versions of the table.
    ///
    /// # Errors
    /// Fails if the session may not access the rows, or if they cannot be read.
    pub(super) fn try_new(
        shared: &Arc<SharedState>,
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
            planned: shared.rows_of_version(table, &partition)?,
            shared: Arc::clone(shared),
            table: Arc::clone(table),
            planned_for,
            owner,
        })
    }

    /// Returns the partition that a session reads or writes.
    fn partition(&self, session: &SessionConfig, access: Access) -> Result<Partition, Error> {
        let actor = Actor::of(session);
        let owner = access::check(self.definition(), actor.as_deref(), access)?;
        Ok(Partition {
            table: self.table.id(),
            owner,
        })
    }

    /// Returns the view of queries for an actor.
    fn query_view(&self, actor: Option<&Actor>) -> Visibility {
        let with_deleted = actor.is_some_and(|actor| actor.with_deleted);
        Visibility::new(
            self.definition(),
            self.shared.time_source.now(),
            with_deleted,
        )
    }

    /// Returns the current rows. If they have a later version than the plan, returns the rows
    /// before the first statement of that version, or the rows at planning time.
    fn current_or_planned(&self, partition: &Partition) -> Result<Arc<PartitionRows>> {
        if let Some(rows) = self.shared.rows_of_version(&self.table, partition)? {
            return Ok(rows);
        }
        match &self.planned {
            Some(planned) if partition.owner == self.owner => Ok(Arc::clone(planned)),
            _ => {
                let current = self.shared.rows(&self.table, partition)?.version();
                Err(self.shared.altered(&self.table, Some(current)).into())
            }
        }
    }

    /// Computes the effect of an `UPDATE` or `DELETE` on a snapshot of the partition.
    fn effect(
        &self,
        change: &ColumnarChange,
        partition: &Partition,
        rows: &Arc<PartitionRows>,
        view: &Visibility,
    ) -> Result<StatementEffect> {
        if rows.version() > self.table.version() {
            return Err(self
                .shared
                .altered(&self.table, Some(rows.version()))
                .into());
        }
        let mut addresses = Vec::new();
        let mut updated = Vec::new();
        let mut first_row = 0;
        let scan = self.partition_scan(partition, rows, *view, change.keys());
        for reader in scan.readers() {
            let mut reader = reader?;
            let length = reader.len();
            let mut changes = ChunkChanges {
                source: self,
                first_row,
                numbers: Vec::new(),
                updated: &mut updated,
            };
            change.run(&mut reader, all_rows(length), &mut changes)?;
            addresses.extend(changes.numbers.into_iter().map(|number| RowAddress {
                chunk: reader.chunk(),
                row: reader.row(number),
            }));
            first_row += length;
        }
        let is_update = change.kind() == Statement::Update;
        let added = if is_update && !addresses.is_empty() {
            Some(joined(&self.table, &updated)?)
        } else {
            None
        };
        Ok(StatementEffect {
            removed: RemovedRows::At(addresses),
            added,
            on_conflict: OnConflict::Refuse,
            is_update,
        })
    }

    /// Returns the scan of the rows with the keys of a filter, or of all rows.
    fn partition_scan(
        &self,
        partition: &Partition,
        rows: &Arc<PartitionRows>,
        view: Visibility,
        keys: Option<&KeyFilter>,
    ) -> PartitionScan {
        let stored_keys = keys.and_then(|keys| StoredKeys::of_filter(&self.table, keys));
        PartitionScan {
            table: Arc::clone(&self.table),
            rows: Arc::clone(rows),
            view,
            found: keys.and_then(|keys| self.find(partition, keys, rows, &view)),
            keys: stored_keys.map(Arc::new),
            filter: None,
            limit: None,
            threads: 1,
        }
    }

    /// Returns the addresses of the rows in memory with the keys of a filter, or `None` if these
    /// rows have to be scanned: the indexes may describe other rows, or be in use by a writer.
    fn find(
        &self,
        partition: &Partition,
        keys: &KeyFilter,
        rows: &PartitionRows,
        view: &Visibility,
    ) -> Option<Vec<RowAddress>> {
        // The indexes of unique keys do not contain deleted rows.
        if !keys.is_exact || (view.shows_deleted() && keys.key != TableKey::Primary) {
            return None;
        }
        let state = self.shared.state(partition);
        // A writer holds the lock only while it applies a commit. A rebuild takes longer.
        let index = state.index.try_read().ok()?;
        let found = index.find(&self.table, keys, rows);
        drop(index);
        if found == Err(IndexMiss::OutOfDate) {
            self.rebuild_index(partition, &state);
        }
        found.ok()
    }

    /// Starts to build the key indexes of a partition on another thread, for the lookups that
    /// follow. They are out of date after a schema change of a key column.
    fn rebuild_index(&self, partition: &Partition, state: &Arc<PartitionState>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if !state.begin_rebuild() {
            return;
        }
        let (shared, table) = (Arc::clone(&self.shared), Arc::clone(&self.table));
        let (partition, state) = (partition.clone(), Arc::clone(state));
        runtime.spawn_blocking(move || {
            // Without the turn, a writer updates the indexes itself. An error leaves them out of
            // date: lookups scan the rows, and the next writer reports it.
            if let Ok(_turn) = state.turn.try_lock()
                && shared.registry.is_current(&table)
                && let moves = shared.storage.moves()
                && let Ok(rows) = shared.latest_rows(&table, &partition)
            {
                let _ = state.write_index().follow(&table, &rows, moves);
            }
            state.end_rebuild();
        });
    }

    /// Returns the columns of the definition from `batch`, which also has the system columns, if
    /// they are valid.
    fn checked(&self, batch: &RecordBatch) -> Result<RecordBatch, RowError> {
        let columns = &batch.columns()[..self.definition().columns().len()];
        validate_batch(
            self.definition(),
            self.table.schema(),
            columns,
            batch.num_rows(),
        )
    }

    fn write(
        &self,
        partition: &Partition,
        plan: &mut dyn FnMut(&Arc<PartitionRows>) -> Result<StatementEffect>,
    ) -> Result<u64> {
        write(&self.shared, &self.table, partition, plan)
    }
}

fn joined(table: &TableSnapshot, batches: &[RecordBatch]) -> Result<RecordBatch, Error> {
    concat_batches(table.schema(), batches).map_err(|source| arrow_error(table, source))
}

/// Runs a statement on a partition. A panic becomes an error.
fn write(
    shared: &SharedState,
    table: &TableSnapshot,
    partition: &Partition,
    plan: &mut dyn FnMut(&Arc<PartitionRows>) -> Result<StatementEffect>,
) -> Result<u64> {
    let writer = PartitionWriter {
        shared,
        table,
        partition,
    };
    guard_of(table.name(), || writer.run(plan))
}

/// Collects the changes of a statement to one chunk.
struct ChunkChanges<'a> {
    source: &'a DynamicSource,
    /// The number of the chunk's first row in the partition.
    first_row: usize,
    /// The numbers of the changed rows among the visible rows of the chunk.
    numbers: Vec<usize>,
    /// The updated rows.
    updated: &'a mut Vec<RecordBatch>,
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
        let checked = self.source.checked(after);
        self.updated.push(
            checked.map_err(|error| kalamtable_provider::Error::from(error).map_row(number))?,
        );
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
        let view = self.query_view(self.planned_for.as_deref());
        let count = |rows: &Arc<PartitionRows>| {
            let chunks = rows.chunks.iter();
            chunks.map(|stored| view.count(stored)).sum()
        };
        Ok(PlanStatistics {
            row_count: self.planned.as_ref().map(count),
            // Another session may run the plan and read the rows of another user.
            is_estimate: true,
            key_bounds: None,
        })
    }

    fn accepts(&self, _statement: Statement) -> Result<bool> {
        Ok(true)
    }

    fn scan(&self, scan: &ColumnarScan<'_>) -> Result<OpenedPartition> {
        let partition = self.partition(scan.session, Access::Read)?;
        let rows = self.current_or_planned(&partition)?;
        let view = self.query_view(Actor::of(scan.session).as_deref());
        let mut opened = self.partition_scan(&partition, &rows, view, scan.keys);
        let looked_up = opened.found.is_some();
        opened.limit = scan.limit;
        opened.threads = scan.session.target_partitions();
        if !rows.is_in_memory() {
            let filter = scan
                .filter
                .map(|filter| StoredFilter::try_new(filter, self.schema()));
            opened.filter = filter.transpose()?.map(Arc::new);
        }
        Ok(OpenedPartition {
            rows: OpenedRows::Chunks(opened.stream(scan.columns.to_vec())),
            looked_up,
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
        // Deleted rows can neither be updated nor deleted again.
        let view = Visibility::new(self.definition(), self.shared.time_source.now(), false);
        self.write(&partition, &mut |rows| {
            self.effect(change, &partition, rows, &view)
        })
    }

    fn truncate(&self, session: &SessionConfig) -> Result<u64> {
        let partition = self.partition(session, Access::Write)?;
        self.write(&partition, &mut |_| {
            Ok(StatementEffect::removal(RemovedRows::All))
        })
    }
}

impl fmt::Debug for DynamicSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicSource({})", self.label())
    }
}

/// The rows of one `INSERT`.
struct DynamicWriter<'a> {
    source: &'a DynamicSource,
    partition: Partition,
    batches: Vec<RecordBatch>,
    rows: usize,
}

impl RowWriter for DynamicWriter<'_> {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let definition = self.source.definition();
        let system_columns = definition.kind().system_columns().iter();
        let arrays = batch.columns().iter().skip(definition.columns().len());
        for (column, array) in system_columns.zip(arrays) {
            if array.logical_null_count() < array.len() {
                return Err(kalamtable_provider::Error::SystemColumn {
                    table: definition.name().clone(),
                    column: column.name.to_string(),
                }
                .into());
            }
        }
        let pushed = self.rows;
        let checked = self
            .source
            .checked(batch)
            .map_err(|error| kalamtable_provider::Error::from(error).map_row(|row| pushed + row))?;
        self.rows += checked.num_rows();
        self.batches.push(checked);
        Ok(())
    }

    fn commit(&mut self, op: InsertOp) -> BoxFuture<'_, Result<u64>> {
        let batches = std::mem::take(&mut self.batches);
        let shared = Arc::clone(&self.source.shared);
        let table = Arc::clone(&self.source.table);
        let (partition, count) = (self.partition.clone(), self.rows as u64);
        async move {
            // On a blocking thread, because it may wait for other statements and for the registry.
            let work = SpawnedTask::spawn_blocking(move || {
                let rows = joined(&table, &batches)?;
                write(&shared, &table, &partition, &mut |_| {
                    Ok(StatementEffect {
                        removed: match op {
                            InsertOp::Overwrite => RemovedRows::All,
                            InsertOp::Append | InsertOp::Replace => RemovedRows::None,
                        },
                        added: Some(rows.clone()),
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
