// SPDX-License-Identifier: Apache-2.0

//! The contract suite: `RowProvider` passes it with every type, and it detects faults of other
//! providers.

use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::{SortOptions, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Constraint, Constraints, ScalarValue, Statistics, exec_err};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_contract as contract;
use kalamtable_contract::{Report, Violation};
use kalamtable_provider::{FixedRows, MemoryTable, RowProvider, TableSource, VirtualRows};
use kalamtable_rows::ToArrow;

use crate::support::{assert_contains, mask, violation_of};
use crate::tables::{Nullable, Required, Watched};

async fn check(source: impl TableSource) -> Report {
    match contract::check(Arc::new(RowProvider::new(source))).await {
        Ok(report) => report,
        Err(violation) => panic!("{violation}"),
    }
}

#[tokio::test]
async fn row_provider_passes_without_rows() {
    assert_eq!(check(FixedRows::<Required>::new(vec![])).await.rows, 0);
    assert_eq!(check(MemoryTable::<Watched>::new()).await.rows, 0);
}

#[tokio::test]
async fn row_provider_passes_with_one_row() {
    assert_eq!(
        check(FixedRows::new(vec![Required::sample(5)])).await.rows,
        1
    );
}

#[tokio::test]
async fn row_provider_passes_with_every_type() {
    let report = check(FixedRows::new((0..50).map(Required::sample).collect())).await;
    assert!(report.checks > 2_000, "{report:?}");
}

#[tokio::test]
async fn row_provider_passes_with_every_type_and_nulls() {
    let table = MemoryTable::new();
    table.insert((0..50).rev().map(Nullable::sample)).unwrap();
    check(table).await;
}

#[tokio::test]
async fn row_provider_passes_with_only_nulls() {
    check(VirtualRows::new(|| {
        Ok((0..5).map(Nullable::empty).collect())
    }))
    .await;
}

#[tokio::test]
async fn row_provider_passes_with_several_batches() {
    let table = MemoryTable::new();
    table.insert((0..20_000).map(Watched::sample)).unwrap();
    let report = check(table).await;
    assert_eq!(report.rows, 20_000);
}

#[tokio::test]
async fn row_provider_passes_against_given_rows() {
    let rows: Vec<Watched> = (0..10).map(Watched::sample).collect();
    let batch = Watched::to_batch(&rows).unwrap();
    let provider = Arc::new(RowProvider::new(FixedRows::new(rows)));
    contract::check_against(provider, vec![batch])
        .await
        .unwrap();
}

#[tokio::test]
async fn mem_table_passes() {
    let batch = Watched::to_batch(&(0..10).map(Watched::sample).collect::<Vec<_>>()).unwrap();
    let schema = Watched::TABLE.query_schema();
    let bare = RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec()).unwrap();
    let table = MemTable::try_new(Arc::clone(schema), vec![vec![bare]]).unwrap();
    contract::check(Arc::new(table)).await.unwrap();
}

/// A fault of a [`Broken`] table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum TableFault {
    Nothing,
    ColumnsInTableOrder,
    PermutationTakenForTheTable,
    FiltersNot,
    CapsBeforeFilter,
    FailsWithoutColumns,
    DropsNulls,
    NullPasses,
    CapsSilently,
    LosesMetadata,
    AnswersNoFilters,
    DeclaresAKeyThatRepeats,
    DeclaresAnOrderThatIsNot,
    DeclaresTooManyRows,
    DeclaresAWrongMinimum,
    DeclaresTooFewNulls,
    IgnoresTheLastBatch,
}

/// A table of 12 rows that evaluates filters itself.
#[derive(Debug)]
struct Broken {
    fault: TableFault,
    rows: RecordBatch,
    constraints: Constraints,
}

impl Broken {
    fn new(fault: TableFault) -> Self {
        let field = |name, ty, nullable| {
            let metadata = [("PARQUET:field_id".to_string(), "1".to_string())];
            Field::new(name, ty, nullable).with_metadata(metadata.into())
        };
        let schema = Arc::new(Schema::new(vec![
            field("a", DataType::Int64, false),
            field("b", DataType::Int64, true),
            field("c", DataType::Utf8, true),
        ]));
        let a = Int64Array::from_iter_values((0..12).map(|n| n / 2 * 3 % 7));
        let b: Int64Array = (0..12).map(|n| (n % 3 != 0).then_some(n)).collect();
        let c: StringArray = (0..12)
            .map(|n| (n % 4 != 0).then(|| format!("c{n}")))
            .collect();
        let columns = vec![Arc::new(a) as _, Arc::new(b) as _, Arc::new(c) as _];
        let keys = match fault {
            TableFault::DeclaresAKeyThatRepeats => vec![Constraint::PrimaryKey(vec![0])],
            _ => vec![],
        };
        Broken {
            fault,
            rows: RecordBatch::try_new(schema, columns).unwrap(),
            constraints: Constraints::new_unverified(keys),
        }
    }

    fn filtered(
        &self,
        state: &dyn Session,
        filters: &[Expr],
        rows: RecordBatch,
    ) -> Result<RecordBatch> {
        let mask = mask(state, filters, &rows)?;
        let Some(mask) = mask.filter(|_| self.fault != TableFault::FiltersNot) else {
            return Ok(rows);
        };
        let mask = match self.fault {
            TableFault::NullPasses => mask.iter().map(|m| Some(m.unwrap_or(true))).collect(),
            TableFault::DropsNulls => {
                let b = rows.column(1);
                let passed = mask.iter().enumerate();
                passed
                    .map(|(row, m)| Some(m == Some(true) && b.is_valid(row)))
                    .collect()
            }
            _ => mask,
        };
        Ok(filter_record_batch(&rows, &mask)?)
    }
}

#[async_trait]
impl TableProvider for Broken {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.constraints)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        let extra = usize::from(self.fault == TableFault::DeclaresTooManyRows);
        statistics.num_rows = Precision::Exact(self.rows.num_rows() + extra);
        if self.fault == TableFault::DeclaresAWrongMinimum {
            let value = ScalarValue::try_from_array(self.rows.column(0), 3).unwrap();
            statistics.column_statistics[0].min_value = Precision::Exact(value);
        }
        if self.fault == TableFault::DeclaresTooFewNulls {
            for column in &mut statistics.column_statistics {
                column.null_count = Precision::Exact(0);
            }
        }
        Some(statistics)
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        match self.fault {
            TableFault::AnswersNoFilters => Ok(vec![]),
            _ => Ok(vec![TableProviderFilterPushDown::Exact; filters.len()]),
        }
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut rows = self.rows.clone();
        let first = |rows: RecordBatch, count: usize| rows.slice(0, count.min(rows.num_rows()));
        let limit = limit.unwrap_or(usize::MAX);
        if self.fault == TableFault::CapsBeforeFilter {
            rows = first(rows, limit);
        }
        rows = first(self.filtered(state, filters, rows)?, limit);
        if self.fault == TableFault::CapsSilently {
            rows = first(rows, 10);
        }
        if self.fault == TableFault::IgnoresTheLastBatch && !filters.is_empty() {
            rows = first(rows.clone(), state.config().batch_size().max(8));
        }
        let all: Vec<usize> = (0..rows.num_columns()).collect();
        let mut positions = projection.unwrap_or(&all).clone();
        let mut schema = Arc::new(self.schema().project(&positions)?);
        match self.fault {
            TableFault::FailsWithoutColumns if positions.is_empty() => {
                return exec_err!("no columns");
            }
            TableFault::ColumnsInTableOrder => positions.sort_unstable(),
            TableFault::PermutationTakenForTheTable if positions.len() == all.len() => {
                positions = all
            }
            TableFault::LosesMetadata => {
                let plain = |field: &Arc<Field>| field.as_ref().clone().with_metadata([].into());
                schema = Arc::new(Schema::new(
                    schema.fields().iter().map(plain).collect::<Vec<_>>(),
                ));
            }
            _ => {}
        }
        let rows = rows.project(&positions)?;
        if let Ok(relabelled) = rows.clone().with_schema(schema.clone()) {
            let source = MemorySourceConfig::try_new(&[vec![relabelled]], schema, None)?;
            return self.plan(source);
        }
        // The columns have another order than their fields, so their types or names are wrong.
        let relabelled = RecordBatch::try_new(schema.clone(), rows.columns().to_vec());
        let (schema, rows) = match relabelled {
            Ok(relabelled) => (schema, relabelled),
            Err(_) => (rows.schema(), rows),
        };
        self.plan(MemorySourceConfig::try_new(&[vec![rows]], schema, None)?)
    }
}

impl Broken {
    fn plan(&self, source: MemorySourceConfig) -> Result<Arc<dyn ExecutionPlan>> {
        let source = match self.fault {
            TableFault::DeclaresAnOrderThatIsNot
                if source
                    .original_schema()
                    .fields()
                    .first()
                    .is_some_and(|f| f.name() == "a") =>
            {
                let order =
                    PhysicalSortExpr::new(Arc::new(Column::new("a", 0)), SortOptions::default());
                let order = LexOrdering::new([order]).into_iter().collect();
                source.try_with_sort_information(order)?
            }
            _ => source,
        };
        Ok(DataSourceExec::from_data_source(source))
    }
}

async fn violation(fault: TableFault) -> Violation {
    violation_of(Broken::new(fault), fault).await
}

#[tokio::test]
async fn table_without_fault_passes() {
    contract::check(Arc::new(Broken::new(TableFault::Nothing)))
        .await
        .unwrap();
}

#[tokio::test]
async fn ignored_projection_order_is_detected() {
    let violation = violation(TableFault::ColumnsInTableOrder).await;
    assert_contains(&violation.check, "scan(projection: Some([2, 1, 0])");
}

#[tokio::test]
async fn permutation_mistaken_for_all_columns_is_detected() {
    let violation = violation(TableFault::PermutationTakenForTheTable).await;
    assert_contains(&violation.check, "scan(projection: Some([");
}

#[tokio::test]
async fn ignored_exact_filter_is_detected() {
    let violation = violation(TableFault::FiltersNot).await;
    assert_contains(&violation.check, "filter: a IS NULL");
    assert_contains(&violation.expected, "0 rows");
    assert_contains(&violation.found, "12 rows");
}

#[tokio::test]
async fn limit_before_filter_is_detected() {
    let violation = violation(TableFault::CapsBeforeFilter).await;
    assert_contains(&violation.check, "limit: ");
    assert_contains(&violation.expected, "or more of");
}

#[tokio::test]
async fn failure_without_columns_is_detected() {
    let violation = violation(TableFault::FailsWithoutColumns).await;
    assert_contains(&violation.check, "scan(projection: Some([])");
    assert_contains(&violation.found, "no columns");
}

#[tokio::test]
async fn filter_dropping_rows_with_null_is_detected() {
    let violation = violation(TableFault::DropsNulls).await;
    assert_contains(&violation.check, "filter: ");
}

#[tokio::test]
async fn null_passing_a_filter_is_detected() {
    let violation = violation(TableFault::NullPasses).await;
    assert_contains(&violation.check, "filter: ");
}

#[tokio::test]
async fn omitted_rows_are_detected_against_given_rows() {
    contract::check(Arc::new(Broken::new(TableFault::CapsSilently)))
        .await
        .unwrap_err();
    let broken = Broken::new(TableFault::CapsSilently);
    let rows = broken.rows.clone();
    let violation = contract::check_against(Arc::new(broken), vec![rows])
        .await
        .unwrap_err();
    assert_contains(&violation.expected, "12 rows");
    assert_contains(&violation.found, "10 rows");
}

#[tokio::test]
async fn lost_metadata_is_detected() {
    let violation = violation(TableFault::LosesMetadata).await;
    assert_contains(&violation.to_string(), "schema");
    assert_contains(&violation.expected, "PARQUET:field_id");
}

#[tokio::test]
async fn missing_pushdown_answer_is_detected() {
    let violation = violation(TableFault::AnswersNoFilters).await;
    assert_contains(&violation.check, "supports_filters_pushdown(");
}

#[tokio::test]
async fn repeated_key_is_detected() {
    let violation = violation(TableFault::DeclaresAKeyThatRepeats).await;
    assert_contains(&violation.check, "PrimaryKey([0])");
    assert_contains(&violation.found, "row 1");
}

#[tokio::test]
async fn wrong_declared_order_is_detected() {
    let violation = violation(TableFault::DeclaresAnOrderThatIsNot).await;
    assert_contains(&violation.to_string(), "order");
}

#[tokio::test]
async fn wrong_row_count_is_detected() {
    let violation = violation(TableFault::DeclaresTooManyRows).await;
    assert_contains(&violation.check, "row count");
}

#[tokio::test]
async fn wrong_minimum_is_detected() {
    let violation = violation(TableFault::DeclaresAWrongMinimum).await;
    assert_contains(
        &violation.check,
        "the exact minimum of column `a` of the table",
    );
}

#[tokio::test]
async fn wrong_null_count_is_detected() {
    let violation = violation(TableFault::DeclaresTooFewNulls).await;
    assert_contains(&violation.check, "null count of column");
}

#[tokio::test]
async fn rows_lost_in_small_batches_are_detected() {
    let violation = violation(TableFault::IgnoresTheLastBatch).await;
    assert_contains(&violation.check, "in batches of 1");
}
