// SPDX-License-Identifier: Apache-2.0

//! Queries in which the table stands more than once, or under more than one limit: subqueries, unions,
//! common table expressions, windows. Each asks for one column in turn, or for the columns that order the
//! rows.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::common::{Constraint, Constraints};

use super::TABLE;
use super::cases::{Case, column_expr, limits, quoted, select, sql};
use super::declared::comparable;

/// The most columns to order by where there is no key.
const MOST_ORDER_COLUMNS: usize = 3;

/// The most rows to pair with others.
const MOST_PAIRED_ROWS: usize = 40;

/// The queries to ask of a table with these rows, and with a primary key among `constraints` if it has one.
pub(super) fn queries(rows: &RecordBatch, constraints: Option<&Constraints>) -> Vec<Case> {
    let mut cases = limits_of_limits(rows);
    let Some(table) = Table::try_new(rows, constraints) else {
        return cases;
    };
    cases.extend(table.ordered_limits().map(|query| Case {
        ordered: true,
        ..sql(query)
    }));
    cases.extend(table.limits_without_order().map(sql));
    cases.extend(table.subqueries().map(sql));
    cases.extend(table.groups_and_windows().map(sql));
    if table.is_unique {
        cases.extend(table.of_rows_by_key());
    }
    cases
}

/// Each limit under another, with and without a filter.
fn limits_of_limits(rows: &RecordBatch) -> Vec<Case> {
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
        Case {
            limits: vec![*inner, *outer],
            ..select(list, filter)
        }
    });
    cases.collect()
}

/// What is asked of: parts of SQL.
struct Table {
    /// How many rows there are.
    rows: usize,
    /// The columns that order the rows, as a list, and the first of them.
    key: String,
    first: String,
    /// The same as an order, forwards and in reverse.
    forwards: String,
    reverse: String,
    /// That they are equal in `one` and `two`.
    same_key: String,
    /// Whether no two rows are equal in them, nor null in any.
    is_unique: bool,
    /// The columns that can be compared.
    columns: Vec<String>,
    /// Those of them that may be null: of the others DataFusion takes a filter by `IS NULL` away.
    nullable: Vec<String>,
}

impl Table {
    /// `None` if none of the columns can be compared.
    fn try_new(rows: &RecordBatch, constraints: Option<&Constraints>) -> Option<Self> {
        let order = order(rows, constraints);
        let name = |column: usize| quoted(rows.schema_ref().field(column).name());
        let joined = |part: &dyn Fn(String) -> String, separator: &str| -> String {
            let parts = order.iter().map(|&column| part(name(column)));
            parts.collect::<Vec<_>>().join(separator)
        };
        let flat = || (0..rows.num_columns()).filter(|&column| is_flat(rows, column));
        let nullable = flat().filter(|&column| rows.schema_ref().field(column).is_nullable());
        Some(Table {
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

    /// The column whose turn it is.
    fn column(&self, turn: usize) -> &str {
        &self.columns[turn % self.columns.len()]
    }

    /// The column whose turn it is to be filtered by its nulls.
    fn nullable(&self, turn: usize) -> &str {
        match self.nullable.len() {
            0 => self.column(turn),
            count => &self.nullable[turn % count],
        }
    }

    /// A limit that leaves most rows.
    fn most(&self) -> usize {
        self.rows * 2 / 3 + 1
    }

    /// A limit that leaves fewer.
    fn few(&self) -> usize {
        (self.rows / 3 + 1).min(MOST_PAIRED_ROWS)
    }

    /// Limits of which an order says which rows they leave, in all their positions.
    fn ordered_limits(&self) -> impl Iterator<Item = String> {
        let Table {
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

    /// Limits of which nobody says which rows they leave: the rows are only counted.
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

    /// The table as what a row of it is compared with, all of it or a part.
    fn subqueries(&self) -> impl Iterator<Item = String> {
        let Table {
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
        let Table {
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

    /// What is determined where rows differ in the columns that order them.
    fn of_rows_by_key(&self) -> Vec<Case> {
        let Table {
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
        let ordered = ordered.into_iter().map(|query| Case {
            ordered: true,
            ..sql(query)
        });
        ordered.chain(counted.into_iter().map(sql)).collect()
    }
}

/// The columns to order rows by: those of the primary key, or the first in which no two rows are equal, or
/// the first few.
fn order(rows: &RecordBatch, constraints: Option<&Constraints>) -> Vec<usize> {
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
        None => flat.into_iter().take(MOST_ORDER_COLUMNS).collect(),
    }
}

/// Whether there is such a column, of a type that every query can compare.
fn is_flat(rows: &RecordBatch, column: usize) -> bool {
    column < rows.num_columns() && !rows.column(column).data_type().is_nested()
}

/// Whether no two rows are equal in these columns, nor null in any.
fn is_unique(rows: &RecordBatch, columns: &[usize]) -> bool {
    let arrays: Vec<ArrayRef> = columns.iter().map(|&c| rows.column(c).clone()).collect();
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
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::MemTable;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::answer_of;

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

    /// The suite leaves out what DataFusion cannot do: a slip in a query would be left out as well.
    #[tokio::test]
    async fn datafusion_can_do_all_of_it_with_plain_columns() {
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
    fn rows_are_ordered_by_the_key_or_by_what_is_one() {
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
