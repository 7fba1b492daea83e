// SPDX-License-Identifier: Apache-2.0

//! The contract suite on providers whose single scans are correct, but which return wrong rows for
//! queries that contain the table twice, a limit under another, or an order above either.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{SortOptions, filter_record_batch, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Constraint, Constraints, Statistics};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use kalamtable_contract as contract;
use kalamtable_contract::Violation;

use crate::support::{assert_contains, mask, violation_of};

/// A fault of a [`SortedTable`] table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum QueryFault {
    Nothing,
    /// Scans of the same columns share one plan, even if their limits differ.
    SharesAScan,
    /// A scan with a filter declares the row count of the table.
    CountsWithoutTheFilter,
    /// A scan with a limit reverses its order, although the limit selects the first rows.
    ReversesBehindALimit,
    /// A scan with a filter returns the rows in another order than the declared one.
    LosesItsOrderByAFilter,
}

/// A table of 12 rows, in the order of its key, `a` and `b`.
#[derive(Debug)]
struct SortedTable {
    fault: QueryFault,
    rows: RecordBatch,
    constraints: Constraints,
    alive: Mutex<Weak<SortedScan>>,
}

impl SortedTable {
    fn new(fault: QueryFault) -> Self {
        let schema = Schema::new(vec![
            Field::new("a", DataType::Int64, false),
            Field::new("b", DataType::Int64, false),
            Field::new("c", DataType::Utf8, true),
        ]);
        let a = Int64Array::from_iter_values((0..12).map(|n| n / 4));
        let b = Int64Array::from_iter_values((0..12).map(|n| n % 4 * 10));
        let c: StringArray = (0..12)
            .map(|n| (n % 5 != 0).then(|| format!("c{}", n % 3)))
            .collect();
        let columns: Vec<ArrayRef> = vec![Arc::new(a), Arc::new(b), Arc::new(c)];
        SortedTable {
            fault,
            rows: RecordBatch::try_new(Arc::new(schema), columns).unwrap(),
            constraints: Constraints::new_unverified(vec![Constraint::PrimaryKey(vec![0, 1])]),
            alive: Mutex::default(),
        }
    }

    fn filtered(&self, state: &dyn Session, filters: &[Expr]) -> Result<RecordBatch> {
        let Some(mask) = mask(state, filters, &self.rows)? else {
            return Ok(self.rows.clone());
        };
        let rows = filter_record_batch(&self.rows, &mask)?;
        match self.fault {
            QueryFault::LosesItsOrderByAFilter => reversed(&rows),
            _ => Ok(rows),
        }
    }
}

fn reversed(rows: &RecordBatch) -> Result<RecordBatch> {
    let last_first = UInt64Array::from_iter_values((0..rows.num_rows() as u64).rev());
    Ok(take_record_batch(rows, &last_first)?)
}

#[async_trait]
impl TableProvider for SortedTable {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.constraints)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        fetch: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.filtered(state, filters)?;
        let all: Vec<usize> = (0..rows.num_columns()).collect();
        let rows = rows.project(projection.unwrap_or(&all))?;
        let counted = match self.fault {
            QueryFault::CountsWithoutTheFilter => self.rows.num_rows(),
            _ => rows.num_rows(),
        };
        let scan = Arc::new(SortedScan::new(self.fault, rows, counted, fetch));
        if self.fault == QueryFault::SharesAScan && filters.is_empty() {
            let mut alive = self.alive.lock().unwrap();
            match alive.upgrade() {
                Some(other) if other.schema() == scan.schema() => return Ok(other),
                _ => *alive = Arc::downgrade(&scan),
            }
        }
        Ok(scan)
    }
}

#[derive(Clone, Debug)]
struct SortedScan {
    fault: QueryFault,
    rows: RecordBatch,
    /// The declared number of rows without a limit.
    counted: usize,
    fetch: Option<usize>,
    reverse: bool,
    properties: Arc<PlanProperties>,
}

impl SortedScan {
    fn new(fault: QueryFault, rows: RecordBatch, counted: usize, fetch: Option<usize>) -> Self {
        SortedScan {
            properties: properties(&rows.schema(), false),
            fault,
            rows,
            counted,
            fetch,
            reverse: false,
        }
    }
}

fn properties(schema: &SchemaRef, reverse: bool) -> Arc<PlanProperties> {
    let options = SortOptions {
        descending: reverse,
        nulls_first: reverse,
    };
    let order = ["a", "b"].into_iter().map_while(|name| {
        let column = Column::new(name, schema.index_of(name).ok()?);
        Some(PhysicalSortExpr::new(Arc::new(column), options))
    });
    let orders = LexOrdering::new(order);
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new_with_orderings(schema.clone(), orders),
        Partitioning::UnknownPartitioning(1),
        EmissionType::Incremental,
        Boundedness::Bounded,
    ))
}

impl ExecutionPlan for SortedScan {
    fn name(&self) -> &str {
        "SortedScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_fetch(&self, fetch: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(SortedScan {
            fetch,
            ..self.clone()
        }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        _arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        let count = self.fetch.unwrap_or(usize::MAX).min(self.counted);
        statistics.num_rows = Precision::Exact(count);
        Ok(Arc::new(statistics))
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        if self.fetch.is_some() && self.fault != QueryFault::ReversesBehindALimit {
            return Ok(SortOrderPushdownResult::Unsupported);
        }
        for reverse in [false, true] {
            let properties = properties(&self.schema(), reverse);
            let equivalences = properties.equivalence_properties();
            if equivalences.ordering_satisfy(order.iter().cloned())? {
                let inner = Arc::new(SortedScan {
                    reverse,
                    properties,
                    ..self.clone()
                });
                return Ok(SortOrderPushdownResult::Exact { inner });
            }
        }
        Ok(SortOrderPushdownResult::Unsupported)
    }

    fn execute(
        &self,
        _partition: usize,
        _context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let rows = match self.reverse {
            true => reversed(&self.rows)?,
            false => self.rows.clone(),
        };
        let count = self.fetch.unwrap_or(usize::MAX).min(rows.num_rows());
        let batches = vec![rows.slice(0, count)];
        Ok(Box::pin(MemoryStream::try_new(
            batches,
            self.schema(),
            None,
        )?))
    }
}

impl DisplayAs for SortedScan {
    fn fmt_as(&self, _ty: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SortedScan")
    }
}

async fn violation(fault: QueryFault) -> Violation {
    violation_of(SortedTable::new(fault), fault).await
}

#[tokio::test]
async fn ordered_table_without_fault_passes() {
    contract::check(Arc::new(SortedTable::new(QueryFault::Nothing)))
        .await
        .unwrap();
}

#[tokio::test]
async fn scan_shared_by_two_tables_of_a_query_is_detected() {
    let violation = violation(QueryFault::SharesAScan).await;
    assert_contains(&violation.check, "LIMIT");
    // The query contains the table twice.
    let (_, behind) = violation.check.split_once("FROM t ").unwrap();
    assert_contains(behind, "FROM t");
}

#[tokio::test]
async fn row_count_ignoring_a_filter_is_detected() {
    let violation = violation(QueryFault::CountsWithoutTheFilter).await;
    assert_contains(&violation.check, "SELECT count(*) FROM t WHERE");
    assert_contains(&violation.found, "(12)");
}

#[tokio::test]
async fn outer_order_changing_an_inner_limit_is_detected() {
    let violation = violation(QueryFault::ReversesBehindALimit).await;
    assert_contains(&violation.check, "ORDER BY \"a\" ASC NULLS LAST");
    assert_contains(&violation.check, "ORDER BY \"a\" DESC NULLS FIRST");
}

#[tokio::test]
async fn order_lost_by_a_filter_is_detected() {
    let violation = violation(QueryFault::LosesItsOrderByAFilter).await;
    assert_contains(&violation.check, "IS NOT NULL");
    assert_contains(&violation.check, "ORDER BY");
}
