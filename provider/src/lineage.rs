// SPDX-License-Identifier: Apache-2.0

//! [`annotated_schema`]: the schema of a query result with the metadata of the columns that it
//! returns unchanged.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::common::Column;
use datafusion::datasource::DefaultTableSource;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, JoinType, LogicalPlan, TableScan, Unnest,
};
use kalamtable_model::arrow::{COMMENT_KEY, KALAM_COLUMN_FLAGS_KEY, KALAM_DATA_TYPE_KEY};

use crate::provider::RowProvider;

/// The metadata keys that [`annotated_schema`] adds.
const KEYS: [&str; 3] = [COMMENT_KEY, KALAM_DATA_TYPE_KEY, KALAM_COLUMN_FLAGS_KEY];

/// Returns the schema of the result of `plan`, and adds the metadata of the table schema to each
/// field that is a column of a [`RowProvider`]: the comment, `kalam_data_type` and
/// `kalam_column_flags`.
///
/// DataFusion receives schemas without this metadata, because it would take it for a part of the
/// types. A server that passes it on to its clients, for example to tell them the type of a column,
/// calls this function with the plan of the query, and sends the batches with the returned schema.
///
/// A column keeps its metadata through aliases, filters, joins, sorts, limits, groups, views and
/// subqueries. The flags describe the column in its table: an outer join can add nulls to a column
/// that is `nn`. An expression, such as a cast or an aggregate, has no metadata, and neither has a
/// column of a `UNION` unless all inputs have the same. The id of a column is never added, because
/// the result is not data of its table.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::SessionContext;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{FixedRows, RowProvider, annotated_schema};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let server = SessionContext::new();
/// let events = FixedRows::new(vec![Event { id: 1, title: None }]);
/// server.register_table("events", Arc::new(RowProvider::new(events)))?;
///
/// let frame = server.sql("SELECT id AS number, id + 1 FROM events").await?;
/// let schema = annotated_schema(frame.logical_plan());
/// assert_eq!(schema.field(0).metadata()["kalam_data_type"], "\"BigInt\"");
/// assert!(schema.field(1).metadata().is_empty());
///
/// for batch in frame.collect().await? {
///     let annotated = batch.with_schema(Arc::clone(&schema))?;
///     // Send `annotated` to the client.
/// }
/// # Ok(())
/// # }
/// ```
pub fn annotated_schema(plan: &LogicalPlan) -> SchemaRef {
    let result = plan.schema().as_arrow();
    let fields = result.fields().iter().zip(origins(plan));
    let annotated = fields.map(|(field, origin)| match origin {
        Some(origin) => annotate(field, &origin),
        None => Arc::clone(field),
    });
    let annotated: Vec<FieldRef> = annotated.collect();
    Arc::new(Schema::new_with_metadata(
        annotated,
        result.metadata().clone(),
    ))
}

fn annotate(field: &FieldRef, origin: &Field) -> FieldRef {
    let mut metadata: HashMap<String, String> = field.metadata().clone();
    for key in KEYS {
        if let Some(value) = origin.metadata().get(key) {
            metadata.insert(key.to_string(), value.clone());
        }
    }
    Arc::new(field.as_ref().clone().with_metadata(metadata))
}

/// The field in the table schema of each column of a plan, or `None` for a column that is not a
/// column of a table.
type Origins = Vec<Option<FieldRef>>;

/// Returns one element per column of `plan`.
fn origins(plan: &LogicalPlan) -> Origins {
    let columns = plan.schema().fields().len();
    let mut origins = match plan {
        LogicalPlan::TableScan(scan) => of_scan(scan),
        LogicalPlan::Projection(projection) => of_exprs(&projection.expr, &projection.input),
        LogicalPlan::Distinct(Distinct::On(distinct)) => {
            of_exprs(&distinct.select_expr, &distinct.input)
        }
        LogicalPlan::Distinct(Distinct::All(input)) => origins(input),
        LogicalPlan::Filter(filter) => origins(&filter.input),
        LogicalPlan::Sort(sort) => origins(&sort.input),
        LogicalPlan::Limit(limit) => origins(&limit.input),
        LogicalPlan::Repartition(repartition) => origins(&repartition.input),
        LogicalPlan::SubqueryAlias(alias) => origins(&alias.input),
        LogicalPlan::Subquery(subquery) => origins(&subquery.subquery),
        // The columns of the input come first.
        LogicalPlan::Window(window) => origins(&window.input),
        LogicalPlan::Join(join) => of_join(join),
        LogicalPlan::Aggregate(aggregate) => of_aggregate(aggregate),
        LogicalPlan::Unnest(unnest) => of_unnest(unnest),
        LogicalPlan::Union(union) => of_union(union.inputs.iter().map(|input| origins(input))),
        _ => Vec::new(),
    };
    origins.resize(columns, None);
    origins
}

fn of_scan(scan: &TableScan) -> Origins {
    let source = &scan.source;
    let all: Origins = if let Some(provider) = source
        .downcast_ref::<DefaultTableSource>()
        .and_then(|source| source.table_provider.downcast_ref::<RowProvider>())
    {
        let definition = provider.definition();
        let own = definition.arrow_schema();
        let system = definition.kind().system_fields().iter();
        own.fields()
            .iter()
            .chain(system)
            .cloned()
            .map(Some)
            .collect()
    } else if let Some(view) = source.get_logical_plan() {
        origins(&view)
    } else {
        Vec::new()
    };
    match &scan.projection {
        Some(columns) => {
            let origin = |&column: &usize| all.get(column).cloned().flatten();
            columns.iter().map(origin).collect()
        }
        None => all,
    }
}

fn of_exprs(exprs: &[Expr], input: &LogicalPlan) -> Origins {
    let of_input = origins(input);
    let origin = |expr| {
        let column = plain_column(expr)?;
        let position = input.schema().maybe_index_of_column(column)?;
        of_input.get(position).cloned().flatten()
    };
    exprs.iter().map(origin).collect()
}

/// Returns the column that an expression consists of, possibly under an alias.
fn plain_column(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => plain_column(&alias.expr),
        _ => None,
    }
}

fn of_join(join: &Join) -> Origins {
    match join.join_type {
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
            let mut both = origins(&join.left);
            both.extend(origins(&join.right));
            both
        }
        // The column that marks a match comes last.
        JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => origins(&join.left),
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => origins(&join.right),
    }
}

fn of_aggregate(aggregate: &Aggregate) -> Origins {
    if let [Expr::GroupingSet(_)] = &aggregate.group_expr[..] {
        return Vec::new();
    }
    // The columns of the aggregates follow.
    of_exprs(&aggregate.group_expr, &aggregate.input)
}

fn of_unnest(unnest: &Unnest) -> Origins {
    let of_input = origins(&unnest.input);
    let lists = unnest.list_type_columns.iter().map(|(column, _)| column);
    let unnested: Vec<&usize> = lists.chain(&unnest.struct_type_columns).collect();
    let origin = |column: &usize| {
        if unnested.contains(&column) {
            return None;
        }
        of_input.get(*column).cloned().flatten()
    };
    unnest.dependency_indices.iter().map(origin).collect()
}

/// Returns the origins that all inputs have.
fn of_union(mut inputs: impl Iterator<Item = Origins>) -> Origins {
    let first = inputs.next().unwrap_or_default();
    inputs.fold(first, |common, other| {
        let pairs = common.into_iter().zip(other);
        pairs
            .map(|(one, two)| one.filter(|one| has_same_annotation(one, two.as_ref())))
            .collect()
    })
}

fn has_same_annotation(one: &Field, two: Option<&FieldRef>) -> bool {
    let Some(two) = two else {
        return false;
    };
    KEYS.iter()
        .all(|key| one.metadata().get(*key) == two.metadata().get(*key))
}
