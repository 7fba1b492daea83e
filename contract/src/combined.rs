// SPDX-License-Identifier: Apache-2.0

//! Queries that combine two columns of one type, and aggregates that keep whole values of nested
//! columns. They fail if the planner takes the nullability or the metadata of a field for a part of
//! its type.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use datafusion::common::Constraints;

use crate::cases::{QueryCase, TABLE, quoted, sql};
use crate::nested::{is_unique, order};

/// The maximum number of pairs of columns.
const MAX_PAIRS: usize = 12;

/// Returns the queries to run over a table with these rows, schema and constraints. `rows` have no
/// metadata.
pub(crate) fn queries(
    rows: &RecordBatch,
    table: &Schema,
    constraints: Option<&Constraints>,
) -> Vec<QueryCase> {
    let name = |column: usize| quoted(rows.schema_ref().field(column).name());
    let mut queries = Vec::new();
    for (one, two) in pairs(rows, table) {
        queries.extend(pair_queries(&name(one), &name(two)));
    }
    let order = order(rows, constraints);
    let key: Vec<String> = order.iter().map(|&column| name(column)).collect();
    if is_unique(rows, &order) && !key.is_empty() {
        for column in 0..rows.num_columns() {
            queries.extend(value_queries(&name(column), &key.join(", ")));
        }
    }
    queries.into_iter().map(sql).collect()
}

/// Returns pairs of columns with equal types and extension types. The columns of a pair differ in
/// nullability, if the table has such a pair of the type.
fn pairs(rows: &RecordBatch, table: &Schema) -> Vec<(usize, usize)> {
    let schema = rows.schema_ref();
    // DataFusion 55 does not combine an extension type with another type in a recursive query.
    let is_same_type = |one: usize, two: usize| {
        schema.field(one).data_type() == schema.field(two).data_type()
            && table.field(one).extension_type_name() == table.field(two).extension_type_name()
    };
    let mut pairs = Vec::new();
    for one in 0..rows.num_columns() {
        let field = schema.field(one);
        let mut others: Vec<usize> = (0..rows.num_columns())
            .filter(|&two| two != one && is_same_type(one, two))
            .collect();
        others.sort_by_key(|&two| schema.field(two).is_nullable() == field.is_nullable());
        pairs.extend(others.first().map(|&two| (one, two)));
    }
    pairs.truncate(MAX_PAIRS);
    pairs
}

fn pair_queries(one: &str, two: &str) -> [String; 8] {
    let both = format!("(SELECT {one} AS x FROM {TABLE} UNION ALL SELECT {two} FROM {TABLE})");
    [
        format!("SELECT {one} FROM {TABLE} UNION SELECT {two} FROM {TABLE}"),
        format!("SELECT x, count(*) FROM {both} GROUP BY x"),
        format!("SELECT DISTINCT x FROM {both}"),
        format!("SELECT min(x), max(x) FROM {both}"),
        format!("SELECT {one} FROM {TABLE} EXCEPT SELECT {two} FROM {TABLE}"),
        format!("SELECT {one} FROM {TABLE} INTERSECT SELECT {two} FROM {TABLE}"),
        format!(
            "WITH RECURSIVE r(n, x) AS (SELECT 1, {one} FROM {TABLE} \
             UNION ALL SELECT n + 1, {two} FROM r JOIN {TABLE} ON r.x = {TABLE}.{one} WHERE n < 2) \
             SELECT n, x, count(*) FROM r GROUP BY n, x"
        ),
        format!(
            "SELECT coalesce({one}, {two}), CASE WHEN {two} IS NULL THEN {one} ELSE {two} END \
             FROM {TABLE}"
        ),
    ]
}

/// Returns queries that keep whole values of a column. `key` are the columns that order the rows.
fn value_queries(column: &str, key: &str) -> [String; 7] {
    [
        format!("SELECT max({column}), min({column}) FROM {TABLE}"),
        format!("SELECT first_value({column} ORDER BY {key}) FROM {TABLE}"),
        format!("SELECT array_agg({column} ORDER BY {key}) FROM {TABLE}"),
        format!(
            "SELECT lag({column}) OVER (ORDER BY {key}), lead({column}) OVER (ORDER BY {key}) FROM {TABLE}"
        ),
        format!("SELECT DISTINCT ON ({key}) {column} FROM {TABLE} ORDER BY {key}"),
        format!(
            "SELECT {column} FROM {TABLE} EXCEPT SELECT {column} FROM {TABLE} WHERE {column} IS NULL"
        ),
        format!(
            "WITH RECURSIVE r(n, x) AS (SELECT 1, {column} FROM {TABLE} \
             UNION ALL SELECT n + 1, x FROM r WHERE n < 3) SELECT n, count(x) FROM r GROUP BY n"
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, ListArray, RecordBatch};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use datafusion::datasource::MemTable;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::execute::answer_of;

    /// Returns rows whose fields have an id in their metadata if `with_ids` is true.
    fn rows(with_ids: bool) -> RecordBatch {
        let field = |name: &str, ty, nullable, id: &str| {
            let field = Field::new(name, ty, nullable);
            if with_ids {
                field.with_metadata([("PARQUET:field_id".to_string(), id.to_string())].into())
            } else {
                field
            }
        };
        let item = Arc::new(field("item", DataType::Int64, true, "7"));
        let schema = Schema::new(vec![
            field("id", DataType::Int64, false, "1"),
            field("parent", DataType::Int64, true, "2"),
            field("tags", DataType::List(Arc::clone(&item)), true, "3"),
        ]);
        let lists = (0..9).map(|n| (n % 4 > 0).then(|| vec![Some(n); n as usize % 3]));
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(lists);
        let (_, offsets, values, nulls) = lists.into_parts();
        RecordBatch::try_new(
            Arc::new(schema),
            vec![
                Arc::new(Int64Array::from_iter_values(0..9)),
                Arc::new(
                    (0..9)
                        .map(|n| (n > 2).then_some(n / 2))
                        .collect::<Int64Array>(),
                ),
                Arc::new(ListArray::new(item, offsets, values, nulls)),
            ],
        )
        .unwrap()
    }

    /// The suite skips queries that DataFusion cannot run, so it would silently skip an invalid
    /// query.
    #[tokio::test]
    async fn every_query_runs_over_a_table_without_metadata() {
        let rows = rows(false);
        let session = SessionContext::new();
        let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).unwrap();
        session.register_table(TABLE, Arc::new(table)).unwrap();
        let cases = queries(&rows, &rows.schema(), None);
        assert_eq!(cases.len(), 2 * 8 + 3 * 7);
        for case in cases {
            if let Err(error) = answer_of(&session, &case.query, &case.limits).await {
                panic!("{case}\n{error}");
            }
        }
    }

    #[tokio::test]
    async fn a_provider_with_field_metadata_is_reported() {
        let rows = rows(true);
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]).unwrap();
        let violation = crate::check(Arc::new(table))
            .await
            .expect_err("queries fail");
        assert!(violation.found.contains("metadata"), "{violation}");
    }
}
