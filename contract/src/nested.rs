// SPDX-License-Identifier: Apache-2.0

//! Queries that contain the table several times, or under several limits: subqueries, unions,
//! common table expressions and windows. Each query selects one column, in turn, or the columns
//! that order the rows.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::common::{Constraint, Constraints};

use crate::cases::{QueryCase, TABLE, column_expr, limits, quoted, select, sql};
use crate::declared::comparable;

/// The maximum number of columns to order by if the table has no key.
const MAX_ORDER_COLUMNS: usize = 3;

/// The maximum number of rows that a query pairs with others.
const MAX_PAIRED_ROWS: usize = 40;

/// Returns the queries to run over a table with these rows and constraints.
pub(crate) fn queries(rows: &RecordBatch, constraints: Option<&Constraints>) -> Vec<QueryCase> {
    let mut cases = limits_of_limits(rows);
    let Some(parts) = SqlParts::try_new(rows, constraints) else {
        return cases;
    };
    cases.extend(parts.ordered_limits().map(|query| QueryCase {
        ordered: true,
        ..sql(query)
    }));
    cases.extend(parts.limits_without_order().map(sql));
    cases.extend(parts.subqueries().map(sql));
    cases.extend(parts.groups_and_windows().map(sql));
    if parts.is_unique {
        cases.extend(parts.queries_by_key());
    }
    cases
}

/// Returns queries with one limit under another, with and without a filter.
fn limits_of_limits(rows: &RecordBatch) -> Vec<QueryCase> {
    let columns = rows.num_columns();
    let limits = limits(rows.num_rows());
    let pairs = limits.iter().zip(limits.iter().cycle().skip(5));
    let cases = pairs.enumerate().map(|(index, (inner, outer))| {
        let column = index % columns.max(1);
        let filter = (columns > 0 && index % 3 == 1)
            .then(|| column_expr(rows.schema_ref(), column).is_not_null());
        let list = match index % 2 {
            0 => (0..columns).collect(),
            _ => (column..columns.min(column + 1)).collect(),
        };
        QueryCase {
            limits: vec![*inner, *outer],
            ..select(list, filter)
        }
    });
    cases.collect()
}

/// The parts of SQL that the queries over a table consist of.
struct SqlParts {
    /// The number of rows of the table.
    rows: usize,
    /// A select list of the columns that order the rows.
    key: String,
    /// The first of the columns that order the rows.
    first: String,
    /// An `ORDER BY` list of these columns.
    forwards: String,
    /// An `ORDER BY` list of these columns, in descending order.
    reverse: String,
    /// A condition that these columns are equal in the tables `one` and `two`.
    same_key: String,
    /// Whether these columns are unique and contain no nulls.
    is_unique: bool,
    /// The columns whose values are comparable.
    columns: Vec<String>,
    /// The nullable ones of `columns`. DataFusion removes an `IS NULL` filter on any other column.
    nullable: Vec<String>,
}

impl SqlParts {
    /// Computes the parts, or returns `None` if no column has comparable values.
    fn try_new(rows: &RecordBatch, constraints: Option<&Constraints>) -> Option<Self> {
        let order = order(rows, constraints);
        let name = |column: usize| quoted(rows.schema_ref().field(column).name());
        let joined = |part: &dyn Fn(String) -> String, separator: &str| -> String {
            let parts = order.iter().map(|&column| part(name(column)));
            parts.collect::<Vec<_>>().join(separator)
        };
        let flat = || (0..rows.num_columns()).filter(|&column| is_flat(rows, column));
        let nullable = flat().filter(|&column| rows.schema_ref().field(column).is_nullable());
        Some(SqlParts {
            rows: rows.num_rows(),
            key: joined(&|name| name, ", "),
            first: name(*order.first()?),
            forwards: joined(&|name| format!("{name} ASC NULLS LAST"), ", "),
            reverse: joined(&|name| format!("{name} DESC NULLS FIRST"), ", "),
            same_key: joined(&|name| format!("one.{name} = two.{name}"), " AND "),
            is_unique: is_unique(rows, &order),
            columns: flat().map(name).collect(),
            nullable: nullable.map(name).collect(),
        })
    }

    /// Returns the column for query number `turn`.
    fn column(&self, turn: usize) -> &str {
        &self.columns[turn % self.columns.len()]
    }

    /// Returns the column that query number `turn` filters by null.
    fn nullable(&self, turn: usize) -> &str {
        match self.nullable.len() {
            0 => self.column(turn),
            count => &self.nullable[turn % count],
        }
    }

    /// Returns a limit of about two thirds of the rows.
    fn most(&self) -> usize {
        self.rows * 2 / 3 + 1
    }

    /// Returns a limit of about one third of the rows, small enough to pair the rows with others.
    fn few(&self) -> usize {
        (self.rows / 3 + 1).min(MAX_PAIRED_ROWS)
    }

    /// Returns queries with limits in various positions, whose rows an order determines.
    fn ordered_limits(&self) -> impl Iterator<Item = String> {
        let SqlParts {
            key,
            first,
            forwards,
            reverse,
            same_key,
            ..
        } = self;
        let (most, few, half) = (self.most(), self.few(), self.rows / 2);
        let (null_one, null_two) = (self.nullable(0), self.nullable(1));
        [
            format!(
                "SELECT {key} FROM (SELECT {key} FROM {TABLE} ORDER BY {forwards} LIMIT {most} OFFSET 1) \
                 ORDER BY {forwards} LIMIT {few} OFFSET 2"
            ),
            format!(
                "SELECT {key} FROM (SELECT {key} FROM {TABLE} ORDER BY {forwards} LIMIT {most} OFFSET 1) \
                 ORDER BY {reverse} LIMIT {few} OFFSET 2"
            ),
            format!(
                "SELECT {key} FROM (SELECT {key} FROM {TABLE} ORDER BY {reverse} LIMIT {few}) \
                 ORDER BY {forwards} LIMIT {most} OFFSET 1"
            ),
            format!(
                "SELECT {key} FROM (SELECT {key} FROM {TABLE} WHERE {null_one} IS NOT NULL \
                 ORDER BY {reverse} OFFSET 1) ORDER BY {reverse} LIMIT {few}"
            ),
            format!(
                "SELECT {key} FROM (SELECT {key} FROM (SELECT {key} FROM {TABLE} ORDER BY {forwards} \
                 LIMIT {most}) ORDER BY {reverse} LIMIT {few}) ORDER BY {forwards} OFFSET 1"
            ),
            format!(
                "SELECT {key} FROM {TABLE} UNION ALL SELECT {key} FROM {TABLE} \
                 ORDER BY {forwards} LIMIT {most} OFFSET 3"
            ),
            format!(
                "(SELECT {key} FROM {TABLE} ORDER BY {forwards} LIMIT {few}) UNION ALL \
                 (SELECT {key} FROM {TABLE} WHERE {null_two} IS NOT NULL \
                 ORDER BY {reverse} LIMIT {few} OFFSET 1) ORDER BY {forwards}"
            ),
            format!(
                "WITH some AS (SELECT {key} FROM {TABLE} ORDER BY {reverse} LIMIT {few} OFFSET 1) \
                 SELECT two.* FROM some AS one JOIN some AS two ON {same_key} ORDER BY two.{first}"
            ),
            format!(
                "SELECT {first} FROM {TABLE} WHERE {first} > \
                 (SELECT {first} FROM {TABLE} ORDER BY {forwards} LIMIT 1 OFFSET {half}) ORDER BY {first}"
            ),
            format!(
                "SELECT {first} FROM {TABLE} WHERE {first} IN \
                 (SELECT {first} FROM {TABLE} ORDER BY {reverse} LIMIT {few} OFFSET 1) \
                 ORDER BY {first} DESC"
            ),
            format!(
                "SELECT {first} FROM (SELECT {key}, row_number() OVER (ORDER BY {reverse}) AS \"#place\" \
                 FROM {TABLE}) WHERE \"#place\" BETWEEN 2 AND {few} ORDER BY {first}"
            ),
            format!(
                "SELECT {key}, count(*) FROM {TABLE} GROUP BY {key} HAVING count(*) > 0 \
                 ORDER BY {reverse} LIMIT {few} OFFSET 1"
            ),
            format!("SELECT DISTINCT {first} FROM {TABLE} ORDER BY {first} DESC LIMIT {few} OFFSET 1"),
        ]
        .into_iter()
    }

    /// Returns queries with limits that no order determines, and that only count the rows.
    fn limits_without_order(&self) -> impl Iterator<Item = String> {
        let (rows, most, few) = (self.rows, self.most(), self.few());
        let (one, two) = (self.column(2), self.column(3));
        let (null_one, null_two) = (self.nullable(4), self.nullable(5));
        [
            format!("SELECT count(*) FROM (SELECT {one} FROM {TABLE} LIMIT {most})"),
            format!("SELECT count(*) FROM (SELECT {two} FROM {TABLE} LIMIT {most} OFFSET 1)"),
            format!(
                "SELECT count(*) FROM \
                 (SELECT {one} FROM {TABLE} WHERE {null_two} IS NOT NULL LIMIT {few} OFFSET 1)"
            ),
            format!(
                "SELECT count({null_one}) FROM \
                 (SELECT {null_one} FROM {TABLE} WHERE {null_one} IS NOT NULL LIMIT {most})"
            ),
            format!(
                "SELECT 7 FROM (SELECT {null_two} FROM \
                 (SELECT {one} AS \"#other\", {null_two} FROM {TABLE} OFFSET 2) LIMIT {few})"
            ),
            format!(
                "SELECT 7 FROM ((SELECT {one} FROM {TABLE} LIMIT {few}) UNION ALL \
                 (SELECT {one} FROM {TABLE} LIMIT {most} OFFSET 1)) LIMIT {rows} OFFSET 2"
            ),
            format!(
                "SELECT 7 FROM ((SELECT {two} FROM {TABLE} LIMIT {few}) \
                 UNION ALL (SELECT {two} FROM {TABLE}) \
                 UNION ALL (SELECT {two} FROM {TABLE} LIMIT {few} OFFSET 1))"
            ),
            format!(
                "SELECT 7 FROM (SELECT {null_one} FROM {TABLE} LIMIT 3) AS one CROSS JOIN \
                 (SELECT {null_two} FROM {TABLE} LIMIT 2 OFFSET 1) AS two LIMIT 4 OFFSET 1"
            ),
            format!(
                "WITH some AS (SELECT {null_two} FROM {TABLE} LIMIT {few} OFFSET 1) \
                 SELECT count(*) FROM some UNION ALL SELECT count({null_two}) FROM some WHERE false"
            ),
            format!(
                "WITH some AS (SELECT {one} FROM {TABLE} LIMIT {few}) \
                 SELECT 7 FROM (SELECT 1 FROM some UNION ALL SELECT 2 FROM some) LIMIT {most} OFFSET 1"
            ),
            format!(
                "SELECT count(*) FROM {TABLE} WHERE EXISTS \
                 (SELECT {two} FROM {TABLE} LIMIT 1 OFFSET {rows})"
            ),
        ]
        .into_iter()
    }

    /// Returns queries that compare the rows with all or some rows of the same table.
    fn subqueries(&self) -> impl Iterator<Item = String> {
        let SqlParts {
            key,
            first,
            same_key,
            ..
        } = self;
        let (one, two) = (self.column(6), self.column(7));
        let (null_one, null_two) = (self.nullable(8), self.nullable(9));
        [
            format!(
                "SELECT {one}, {two} AS \"#other\" FROM {TABLE} UNION ALL \
                 SELECT {one}, {two} FROM {TABLE} WHERE {null_one} IS NULL"
            ),
            format!(
                "SELECT {two} FROM {TABLE} EXCEPT \
                 SELECT {two} FROM {TABLE} WHERE {null_two} IS NULL"
            ),
            format!("SELECT count(*) FROM {TABLE} WHERE {null_one} IS NULL"),
            format!(
                "SELECT {first} FROM {TABLE} WHERE EXISTS \
                 (SELECT 1 FROM {TABLE} WHERE {null_two} IS NULL)"
            ),
            format!(
                "SELECT {key} FROM {TABLE} AS one WHERE EXISTS \
                 (SELECT 1 FROM {TABLE} AS two WHERE {same_key} AND two.{null_two} IS NOT NULL)"
            ),
            format!(
                "SELECT {key} FROM {TABLE} AS one WHERE NOT EXISTS \
                 (SELECT 1 FROM {TABLE} AS two WHERE {same_key} AND two.{null_one} IS NOT NULL)"
            ),
            format!(
                "SELECT {first} FROM {TABLE} WHERE {first} NOT IN \
                 (SELECT {first} FROM {TABLE} WHERE {null_one} IS NULL)"
            ),
            format!(
                "SELECT count(*) FROM {TABLE} WHERE {null_two} NOT IN \
                 (SELECT {null_two} FROM {TABLE})"
            ),
            format!("SELECT {key} FROM {TABLE} WHERE {two} = (SELECT max({two}) FROM {TABLE})"),
            format!(
                "SELECT {first}, \
                 (SELECT count(*) FROM {TABLE} AS two WHERE two.{one} = one.{one}) AS \"#count\" \
                 FROM {TABLE} AS one"
            ),
        ]
        .into_iter()
    }

    fn groups_and_windows(&self) -> impl Iterator<Item = String> {
        let SqlParts {
            key,
            first,
            forwards,
            reverse,
            ..
        } = self;
        let column = |turn| self.column(turn);
        let (one, two, three) = (column(10), column(11), column(12));
        [
            format!(
                "SELECT {one}, count(*), max({first}) FROM {TABLE} \
                 GROUP BY {one} HAVING count(*) > 1"
            ),
            format!("SELECT {two} FROM {TABLE} GROUP BY {two} HAVING min({first}) < max({first})"),
            format!(
                "SELECT {key}, row_number() OVER (ORDER BY {forwards}), rank() OVER (ORDER BY {reverse}), \
                 count(*) OVER (ORDER BY {forwards} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {TABLE}"
            ),
            format!("SELECT {key}, lag({first}) OVER (ORDER BY {reverse}) FROM {TABLE}"),
            format!(
                "SELECT {three} AS \"#part\", {key}, \
                 row_number() OVER (PARTITION BY {three} ORDER BY {forwards}) FROM {TABLE}"
            ),
        ]
        .into_iter()
    }

    /// Returns queries whose result is determined only if the columns that order the rows are
    /// unique.
    fn queries_by_key(&self) -> Vec<QueryCase> {
        let SqlParts {
            key,
            forwards,
            reverse,
            same_key,
            ..
        } = self;
        let (most, few) = (self.most(), self.few());
        let (one, null) = (self.column(13), self.nullable(14));
        let ordered = [
            format!("SELECT * FROM {TABLE} ORDER BY {reverse} LIMIT {few} OFFSET 1"),
            format!(
                "SELECT {one} FROM (SELECT * FROM {TABLE} ORDER BY {reverse} LIMIT {most} OFFSET 1) \
                 WHERE {null} IS NOT NULL ORDER BY {forwards} LIMIT {few}"
            ),
        ];
        let counted = [
            format!(
                "SELECT count(*) FROM {TABLE} AS one JOIN (SELECT {key} FROM {TABLE} LIMIT {few}) AS two \
                 ON {same_key}"
            ),
            format!(
                "SELECT 7 FROM {TABLE} AS one LEFT JOIN (SELECT {key} FROM {TABLE} LIMIT {few}) AS two \
                 ON {same_key} LIMIT {most} OFFSET 1"
            ),
        ];
        let ordered_cases = ordered.into_iter().map(|query| QueryCase {
            ordered: true,
            ..sql(query)
        });
        ordered_cases.chain(counted.into_iter().map(sql)).collect()
    }
}

/// Returns the columns to order the rows by: the columns of the primary key, or the first column
/// with unique values, or the first few columns.
pub(crate) fn order(rows: &RecordBatch, constraints: Option<&Constraints>) -> Vec<usize> {
    let mut declared = constraints.into_iter().flat_map(|all| all.iter());
    let key = declared.find_map(|constraint| match constraint {
        Constraint::PrimaryKey(columns) => Some(columns),
        Constraint::Unique(_) => None,
    });
    if let Some(key) = key.filter(|key| key.iter().all(|&column| is_flat(rows, column))) {
        return key.clone();
    }
    let flat: Vec<usize> = (0..rows.num_columns())
        .filter(|&column| is_flat(rows, column))
        .collect();
    match flat.iter().find(|&&column| is_unique(rows, &[column])) {
        Some(&column) => vec![column],
        None => flat.into_iter().take(MAX_ORDER_COLUMNS).collect(),
    }
}

/// Returns whether the column exists and has a type that every query can compare.
fn is_flat(rows: &RecordBatch, column: usize) -> bool {
    column < rows.num_columns() && !rows.column(column).data_type().is_nested()
}

/// Returns whether these columns are unique and contain no nulls.
pub(crate) fn is_unique(rows: &RecordBatch, columns: &[usize]) -> bool {
    let arrays: Vec<ArrayRef> = columns
        .iter()
        .map(|&column| Arc::clone(rows.column(column)))
        .collect();
    if arrays.iter().any(|array| array.null_count() > 0) {
        return false;
    }
    let Some(keys) = comparable(&arrays, None) else {
        return false;
    };
    let mut seen = HashSet::new();
    keys.iter().all(|key| seen.insert(key))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::MemTable;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::execute::answer_of;

    fn rows() -> RecordBatch {
        let schema = Schema::new(vec![
            Field::new("k\"ey", DataType::Int64, false),
            Field::new("Text", DataType::Utf8, true),
            Field::new("number", DataType::Float64, true),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(0..9)),
            Arc::new(
                (0..9)
                    .map(|n| (n > 3).then(|| n.to_string()))
                    .collect::<StringArray>(),
            ),
            Arc::new(
                (0..9)
                    .map(|n| (n < 6).then_some(n as f64))
                    .collect::<Float64Array>(),
            ),
        ];
        RecordBatch::try_new(Arc::new(schema), columns).unwrap()
    }

    /// The suite skips queries that DataFusion cannot run, so it would silently skip an invalid
    /// query.
    #[tokio::test]
    async fn every_query_runs_over_plain_columns() {
        let key = Constraints::new_unverified(vec![Constraint::PrimaryKey(vec![0, 1])]);
        for constraints in [None, Some(&key)] {
            let rows = rows();
            let session = SessionContext::new();
            let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).unwrap();
            session.register_table(TABLE, Arc::new(table)).unwrap();
            let cases = queries(&rows, constraints);
            assert!(cases.len() > 40, "{}", cases.len());
            for case in cases {
                if let Err(error) = answer_of(&session, &case.query, &case.limits).await {
                    panic!("{case}\n{error}");
                }
            }
        }
    }

    #[test]
    fn rows_are_ordered_by_a_declared_or_actual_key() {
        let rows = rows();
        let key = |columns| Constraints::new_unverified(vec![Constraint::PrimaryKey(columns)]);
        assert_eq!(order(&rows, Some(&key(vec![2, 1]))), [2, 1]);
        assert_eq!(order(&rows, Some(&key(vec![7]))), [0]);
        assert_eq!(order(&rows, None), [0]);
        assert_eq!(order(&rows.project(&[2, 1]).unwrap(), None), [0, 1]);
        assert!(is_unique(&rows, &[0]));
        assert!(!is_unique(&rows, &[0, 1]));
    }
}
