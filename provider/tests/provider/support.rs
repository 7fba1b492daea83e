// SPDX-License-Identifier: Apache-2.0

//! Sessions, and the formatting of their answers.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::util::display::FormatOptions;
use arrow::util::pretty::pretty_format_batches_with_options;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_plan::collect;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_contract as contract;
use kalamtable_contract::Violation;
use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_provider::{FixedRows, RowProvider, TableSource, enable_dml};
use kalamtable_rows::Row;

/// Creates a session with the table `t`. It has one partition, so that counters per thread are
/// complete.
pub(crate) fn session(source: impl TableSource) -> SessionContext {
    session_with(source, SessionConfig::new())
}

pub(crate) fn session_with(source: impl TableSource, config: SessionConfig) -> SessionContext {
    let session = SessionContext::new_with_config(config.with_target_partitions(1));
    enable_dml(&session);
    register(&session, "t", source);
    session
}

pub(crate) fn register(session: &SessionContext, name: &str, source: impl TableSource) {
    let provider = Arc::new(RowProvider::new(source));
    session.register_table(name, provider).unwrap();
}

pub(crate) async fn run(session: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    session.sql(sql).await?.collect().await
}

/// Creates a table without rows.
pub(crate) fn empty<R: Row>() -> RowProvider {
    RowProvider::new(FixedRows::<R>::new(Vec::new()))
}

/// Creates a definition at run time.
pub(crate) fn definition(text: &str) -> TableDefinition {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("dynamic.toml", text));
    parse_and_check(&sources, id).unwrap().definition
}

/// Returns the answer as text: one row per line, with columns separated by one space.
pub(crate) async fn answer(session: &SessionContext, sql: &str) -> String {
    lines(&run(session, sql).await.unwrap())
}

pub(crate) fn lines(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::new().with_null("NULL");
    let table = pretty_format_batches_with_options(batches, &options)
        .unwrap()
        .to_string();
    let lines = table.lines().filter(|line| !line.starts_with('+')).skip(1);
    let lines: Vec<String> = lines
        .map(|line| {
            let cells = line.trim_matches('|').split('|').map(str::trim);
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect();
    lines.join("\n")
}

pub(crate) async fn error(session: &SessionContext, sql: &str) -> String {
    run(session, sql).await.unwrap_err().to_string()
}

/// Returns the line of the plan that describes the scan.
pub(crate) async fn scan_line(session: &SessionContext, sql: &str) -> String {
    let plan = plan_text(session, sql).await;
    let line = plan.lines().find(|line| line.contains("RowScanExec"));
    line.unwrap_or_else(|| panic!("no scan in\n{plan}"))
        .trim()
        .to_string()
}

/// Returns the plan as text.
pub(crate) async fn plan_text(session: &SessionContext, sql: &str) -> String {
    let frame = session.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    datafusion::physical_plan::displayable(plan.as_ref())
        .indent(false)
        .to_string()
}

/// Runs `sql`, and returns its answer and the metrics of its scans by name.
pub(crate) async fn metrics(
    session: &SessionContext,
    sql: &str,
) -> (String, HashMap<String, usize>) {
    let frame = session.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let batches = collect(plan.clone(), session.task_ctx()).await.unwrap();
    let mut found = HashMap::new();
    plan.apply(|node| {
        if let (true, Some(metrics)) = (node.name() == "RowScanExec", node.metrics()) {
            for metric in metrics.aggregate_by_name().iter() {
                let value = metric.value();
                found.insert(value.name().to_string(), value.as_usize());
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    (lines(&batches), found)
}

/// Returns the violation that the contract suite detects in a provider with `fault`.
pub(crate) async fn violation_of(provider: impl TableProvider, fault: impl Debug) -> Violation {
    match contract::check(Arc::new(provider)).await {
        Err(violation) => violation,
        Ok(report) => panic!("{fault:?} was not found: {report:?}"),
    }
}

pub(crate) fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "no `{part}` in: {text}");
}

/// Evaluates the conjunction of `filters` over `rows` with DataFusion, or returns `None` if there
/// are no filters.
pub(crate) fn mask(
    state: &dyn Session,
    filters: &[Expr],
    rows: &RecordBatch,
) -> Result<Option<BooleanArray>> {
    let filters = filters.iter().cloned().map(unnormalize_col);
    let Some(filter) = conjunction(filters) else {
        return Ok(None);
    };
    let resolved = DFSchema::try_from(rows.schema())?;
    let filter = state.create_physical_expr(filter, &resolved)?;
    let mask = filter.evaluate(rows)?.into_array(rows.num_rows())?;
    Ok(Some(mask.as_boolean().clone()))
}
