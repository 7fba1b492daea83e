// SPDX-License-Identifier: Apache-2.0

//! The queries and scans that the suite runs. They are derived from the rows of the table, and are
//! the same for the same rows.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, Operator, binary_expr, lit};

/// The name under which the suite registers the table.
pub(crate) const TABLE: &str = "t";

/// A query, and the properties of its answer that are compared.
pub(crate) struct QueryCase {
    pub(crate) query: Query,
    /// Whether the query determines the order of its rows.
    pub(crate) ordered: bool,
    /// Limits on the rows of the query, each applied to the result of the previous one. With a
    /// limit, only the number of rows is determined.
    pub(crate) limits: Vec<Limit>,
}

/// A query over the table.
pub(crate) enum Query {
    Sql(String),
    /// The columns at these positions, possibly repeated, of the rows that pass the filter.
    Select {
        columns: Vec<usize>,
        filter: Option<Expr>,
    },
}

#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) skip: usize,
    pub(crate) fetch: usize,
}

impl Limit {
    /// Returns how many of `rows` rows the limit leaves.
    pub(crate) fn of(self, rows: usize) -> usize {
        rows.saturating_sub(self.skip).min(self.fetch)
    }
}

/// A direct call of `TableProvider::scan`.
pub(crate) struct ScanCase {
    pub(crate) projection: Option<Vec<usize>>,
    pub(crate) filter: Option<Expr>,
    pub(crate) limit: Option<usize>,
}

impl ScanCase {
    /// Returns the positions of the returned columns, for a table with `count` columns.
    pub(crate) fn columns(&self, count: usize) -> Vec<usize> {
        let all = || (0..count).collect();
        self.projection.clone().unwrap_or_else(all)
    }

    /// Returns the schema of the returned rows.
    pub(crate) fn schema(&self, table: &SchemaRef) -> SchemaRef {
        let columns = self.columns(table.fields().len());
        let fields: Vec<_> = columns
            .iter()
            .map(|&column| Arc::clone(&table.fields()[column]))
            .collect();
        Arc::new(Schema::new_with_metadata(fields, table.metadata().clone()))
    }
}

impl fmt::Display for QueryCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.query {
            Query::Sql(sql) => f.write_str(sql)?,
            Query::Select { columns, filter } => {
                write!(f, "SELECT columns {columns:?}")?;
                if let Some(filter) = filter {
                    write!(f, " WHERE {filter}")?;
                }
            }
        }
        for (number, Limit { skip, fetch }) in self.limits.iter().enumerate() {
            let separator = if number > 0 { ", and of these" } else { "" };
            write!(f, "{separator} LIMIT {fetch} OFFSET {skip}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ScanCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scan(projection: {:?}", self.projection)?;
        if let Some(filter) = &self.filter {
            write!(f, ", filter: {filter}")?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit: {limit}")?;
        }
        f.write_str(")")
    }
}

/// Returns the columns at these positions as a select list. A repeated column gets an alias.
pub(crate) fn select_list(schema: &Schema, columns: &[usize]) -> Vec<Expr> {
    let named = |(index, &column): (usize, &usize)| {
        let expr = column_expr(schema, column);
        if columns[..index].contains(&column) {
            expr.alias(format!("{} at {index}", schema.field(column).name()))
        } else {
            expr
        }
    };
    columns.iter().enumerate().map(named).collect()
}

/// Returns the queries to run over a table with these rows.
pub(crate) fn queries(rows: &RecordBatch) -> Vec<QueryCase> {
    let schema = rows.schema_ref();
    let columns = schema.fields().len();
    let mut cases = vec![sql(format!("SELECT count(*) FROM {}", TABLE))];
    let limits = limits(rows.num_rows());
    cases.extend(
        projections(columns)
            .into_iter()
            .map(|columns| select(columns, None)),
    );
    for column in 0..columns {
        cases.extend(column_queries(schema.field(column)));
    }
    let filters = filters(rows);
    for (index, filter) in filters.iter().enumerate() {
        // Some of the queries do not return the column of the filter.
        let selected = match (index % 3, columns) {
            (_, 0) => vec![],
            (0, _) => (0..columns).collect(),
            (1, _) => vec![index % columns],
            (_, _) => vec![(index + 1) % columns, index % columns],
        };
        cases.push(select(selected.clone(), Some(filter.clone())));
        if index % 4 == 1 {
            cases.push(QueryCase {
                limits: vec![limits[index / 4 % limits.len()]],
                ..select(selected, Some(filter.clone()))
            });
        }
    }
    for (index, limit) in limits.into_iter().enumerate() {
        for columns in [vec![], (0..columns).collect(), vec![index % columns.max(1)]] {
            if columns.iter().all(|&column| column < schema.fields().len()) {
                cases.push(QueryCase {
                    limits: vec![limit],
                    ..select(columns, None)
                });
            }
        }
    }
    cases
}

/// Returns the scans to run over a table with these rows.
pub(crate) fn scans(rows: &RecordBatch) -> Vec<ScanCase> {
    let count = rows.num_columns();
    let scan = |projection, filter, limit| ScanCase {
        projection,
        filter,
        limit,
    };
    let mut scans = vec![scan(None, None, None)];
    let projections = projections(count);
    for (index, projection) in projections.iter().enumerate() {
        scans.push(scan(Some(projection.clone()), None, None));
        let limit = limits(rows.num_rows())[index % 5].fetch;
        scans.push(scan(Some(projection.clone()), None, Some(limit)));
    }
    for (index, filter) in filters(rows).into_iter().enumerate() {
        let projection = projections[index % projections.len()].clone();
        scans.push(scan(Some(projection.clone()), Some(filter.clone()), None));
        if index % 4 == 1 {
            let limit = limits(rows.num_rows())[index / 4 % 5].fetch;
            scans.push(scan(Some(projection), Some(filter), Some(limit)));
        }
    }
    scans
}

pub(crate) fn select(columns: Vec<usize>, filter: Option<Expr>) -> QueryCase {
    QueryCase {
        query: Query::Select { columns, filter },
        ordered: false,
        limits: vec![],
    }
}

pub(crate) fn sql(sql: String) -> QueryCase {
    QueryCase {
        query: Query::Sql(sql),
        ordered: false,
        limits: vec![],
    }
}

/// Returns limits of zero rows, one row, one fewer than all rows, all rows and one more, with and
/// without an offset.
pub(crate) fn limits(rows: usize) -> Vec<Limit> {
    let limit = |skip, fetch| Limit { skip, fetch };
    vec![
        limit(0, 1),
        limit(0, rows),
        limit(0, rows + 1),
        limit(0, 0),
        limit(0, rows.saturating_sub(1)),
        limit(1, 1),
        limit(rows / 2, rows),
        limit(rows, 1),
        limit(rows.saturating_sub(1), 2),
    ]
}

/// Returns lists of columns: no column, each column, all columns in both directions, and random
/// lists with repeated columns.
fn projections(columns: usize) -> Vec<Vec<usize>> {
    let mut lists: Vec<Vec<usize>> =
        vec![vec![], (0..columns).collect(), (0..columns).rev().collect()];
    lists.extend((0..columns).map(|column| vec![column]));
    if columns == 0 {
        return lists;
    }
    // Lists with as many columns as the table, which a provider must not mistake for all columns.
    lists.push((0..columns).map(|column| (column + 1) % columns).collect());
    lists.push(vec![columns - 1; columns]);
    let mut random = CaseRandom(0x5eed);
    for _ in 0..12 {
        let length = 1 + random.below(columns + 2);
        lists.push((0..length).map(|_| random.below(columns)).collect());
    }
    lists
}

/// Returns queries that aggregate, group, sort and join by one column.
fn column_queries(field: &Field) -> Vec<QueryCase> {
    let table = TABLE;
    let column = quoted(field.name());
    let mut cases: Vec<QueryCase> = [
        format!("SELECT count({column}) FROM {table}"),
        format!("SELECT count(DISTINCT {column}) FROM {table}"),
        format!("SELECT min({column}), max({column}) FROM {table}"),
        format!("SELECT {column}, count(*) FROM {table} GROUP BY {column}"),
        // Self-joins whose result has at most one row per row of the table.
        format!("SELECT count(*) FROM {table} WHERE {column} IN (SELECT {column} FROM {table})"),
        format!(
            "SELECT count(*) FROM {table} AS one JOIN \
             (SELECT DISTINCT {column} FROM {table}) AS two ON one.{column} = two.{column}"
        ),
    ]
    .map(sql)
    .into();
    // DataFusion 55 orders nested values differently when it merges batches than within one batch.
    if field.data_type().is_nested() {
        return cases;
    }
    for end in ["", " DESC NULLS LAST LIMIT 3", " LIMIT 2 OFFSET 1"] {
        cases.push(QueryCase {
            ordered: true,
            ..sql(format!(
                "SELECT {column} FROM {table} ORDER BY {column}{end}"
            ))
        });
    }
    cases
}

/// Returns `name` as a quoted SQL identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns every kind of comparison on each column, with values from the rows, and combinations of
/// two comparisons.
fn filters(rows: &RecordBatch) -> Vec<Expr> {
    let schema = rows.schema_ref();
    let mut filters = Vec::new();
    // Two comparisons per column, for the combinations.
    let mut singles = Vec::new();
    for position in 0..rows.num_columns() {
        let column = column_expr(schema, position);
        filters.push(column.clone().is_null());
        filters.push(column.clone().is_not_null());
        if *schema.field(position).data_type() == DataType::Boolean {
            filters.extend([
                column.clone(),
                !column.clone(),
                column.clone().is_true(),
                column.clone().is_not_true(),
                column.clone().is_unknown(),
            ]);
        }
        let values = values(rows, position);
        let Some([low, middle, high]) = &values else {
            continue;
        };
        filters.extend([
            column.clone().eq(middle.clone()),
            column.clone().not_eq(middle.clone()),
            !column.clone().eq(low.clone()),
            column.clone().lt(middle.clone()),
            column.clone().lt_eq(middle.clone()),
            column.clone().gt(middle.clone()),
            column.clone().gt_eq(middle.clone()),
            column
                .clone()
                .in_list(vec![low.clone(), high.clone()], false),
            column
                .clone()
                .in_list(vec![low.clone(), high.clone()], true),
            column.clone().between(low.clone(), middle.clone()),
            column.clone().not_between(middle.clone(), high.clone()),
            binary_expr(column.clone(), Operator::IsDistinctFrom, middle.clone()),
            // A comparison with null, which is null for every row.
            column.clone().eq(lit(ScalarValue::Null)),
        ]);
        if let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = middle {
            filters.extend(patterns(&column, text));
        }
        singles.push(column.clone().eq(low.clone()));
        singles.push(column.lt_eq(middle.clone()));
    }
    let mut random = CaseRandom(0xfeed);
    for _ in 0..singles.len().min(24) {
        let one = singles[random.below(singles.len())].clone();
        let other = singles[random.below(singles.len())].clone();
        filters.push(one.clone().and(other.clone()));
        filters.push(one.clone().or(!other.clone()));
        filters.push(!(one.and(other)));
    }
    filters
}

/// Returns `LIKE` predicates of `column`, some of which `text` matches.
fn patterns(column: &Expr, text: &str) -> Vec<Expr> {
    let escaped = |part: &str| -> String {
        let special = |c| {
            if matches!(c, '%' | '_' | '\\') {
                format!("\\{c}")
            } else {
                String::from(c)
            }
        };
        part.chars().map(special).collect()
    };
    let half = text
        .char_indices()
        .nth(text.chars().count() / 2)
        .map_or(0, |(index, _)| index);
    let (head, tail) = text.split_at(half);
    vec![
        column.clone().like(lit(format!("{}%", escaped(head)))),
        column.clone().like(lit(format!("%{}", escaped(tail)))),
        column.clone().like(lit(format!("%{}%", escaped(tail)))),
        column.clone().not_like(lit(format!("_{}", escaped(tail)))),
        column
            .clone()
            .ilike(lit(format!("{}%", escaped(&head.to_uppercase())))),
        column.clone().like(lit("%")),
    ]
}

/// Returns three values of a column, in ascending order if they are comparable, or `None` if all
/// values are null.
fn values(rows: &RecordBatch, position: usize) -> Option<[Expr; 3]> {
    let array = rows.column(position);
    let valid: Vec<usize> = (0..array.len())
        .filter(|&row| array.is_valid(row))
        .collect();
    let pick = |index: usize| ScalarValue::try_from_array(array, *valid.get(index)?).ok();
    let mut values = [pick(0)?, pick(valid.len() / 2)?, pick(valid.len() - 1)?];
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    Some(values.map(lit))
}

pub(crate) fn column_expr(schema: &Schema, position: usize) -> Expr {
    Expr::Column(Column::from_name(schema.field(position).name()))
}

/// A deterministic generator of pseudo-random numbers (SplitMix64).
struct CaseRandom(u64);

impl CaseRandom {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}
