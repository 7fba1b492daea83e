// SPDX-License-Identifier: Apache-2.0

//! Joins and set operations over lists, maps and structs.

use kalamtable_provider::FixedRows;

use crate::oracle::{Oracle, provider};
use crate::tables::{Nullable, Required};

fn oracle() -> Oracle {
    let required = (0..12).map(Required::sample).collect();
    let nullable = (0..12).map(Nullable::sample).collect();
    Oracle::new()
        .with("t", required, |rows| provider(FixedRows::new(rows)))
        .with("n", nullable, |rows| provider(FixedRows::new(rows)))
}

#[tokio::test]
async fn set_operations_over_nested_columns_match_mem_table() {
    let oracle = oracle();
    for column in [
        "numbers",
        "words",
        "point",
        "points",
        "counts",
        "embedding",
        "uuid",
        "interval",
    ] {
        for operation in ["EXCEPT", "INTERSECT"] {
            for (left, right) in [("t", "t"), ("n", "n")] {
                let sql = format!(
                    "SELECT \"{column}\" FROM {left} {operation} SELECT \"{column}\" FROM {right} WHERE id < 5"
                );
                // DataFusion cannot compare maps.
                if column != "counts" {
                    oracle.check(&sql).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn operations_with_a_nested_constant_match_mem_table() {
    let oracle = oracle();
    for sql in [
        "SELECT [1, 2] AS l FROM t INTERSECT SELECT [1, 2] AS l FROM n",
        "SELECT [1, 2] AS l FROM t EXCEPT SELECT [3] AS l FROM n",
        "SELECT make_array(id) AS l FROM t INTERSECT SELECT make_array(id) AS l FROM n WHERE id > 3",
        "SELECT make_array(id) AS l FROM t EXCEPT SELECT make_array(id + 1) AS l FROM n",
        "SELECT count(*) FROM (SELECT [1] AS l FROM t) AS a JOIN (SELECT [1] AS l FROM n) AS b ON a.l = b.l",
        "SELECT count(*) FROM (SELECT [1] AS l) AS a JOIN t AS b ON a.l = b.numbers",
        "SELECT count(*) FROM (SELECT [0, 1] AS l) AS a JOIN (SELECT numbers FROM t WHERE id < 9) AS b ON a.l = b.numbers",
        "SELECT count(*) FROM t AS a JOIN (SELECT make_array(id) AS l FROM n) AS b ON a.numbers = b.l",
        "SELECT count(*) FROM (SELECT named_struct('a', id) AS s FROM t) AS a JOIN (SELECT named_struct('a', id) AS s FROM n) AS b ON a.s = b.s",
    ] {
        oracle.check(sql).await;
    }
}

#[tokio::test]
async fn operations_with_a_map_constant_match_mem_table() {
    let oracle = oracle();
    for (sql, rows) in [
        (
            "SELECT MAP {'a': 1} AS m FROM t EXCEPT SELECT MAP {'b': 1} AS m FROM n",
            "{a: 1}",
        ),
        (
            "SELECT MAP {'a': 1} AS m FROM t INTERSECT SELECT MAP {'a': 1} AS m FROM n",
            "{a: 1}",
        ),
        (
            "SELECT counts FROM t EXCEPT SELECT counts FROM n",
            "{k0: 2, k1: 2}\n{k0: 8, k1: 8}\n{k0: NULL, k1: NULL}",
        ),
        (
            "SELECT count(*) FROM (SELECT MAP {'a': id} AS m FROM t) AS a JOIN (SELECT MAP {'a': id} AS m FROM n) AS b ON a.m = b.m",
            "12",
        ),
    ] {
        assert_eq!(oracle.check(sql).await, rows, "{sql}");
    }
}
