// SPDX-License-Identifier: Apache-2.0

//! Random definitions, rows and queries, whose results are compared with DataFusion's `MemTable`.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::compute::take_record_batch;
use arrow::row::{RowConverter, SortField};
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{SessionConfig, SessionContext, ident};
use kalamtable_contract as contract;
use kalamtable_model::TableDefinition;
use kalamtable_provider::{Error, RowProvider};
use proptest::prelude::*;

use crate::random_arrays::{Pools, Random, array};
use crate::support;

/// Column types in the syntax of a definition. The first [`KEYS`] of them are valid in a key.
const TYPES: [&str; 30] = [
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "utinyint",
    "usmallint",
    "uint",
    "ubigint",
    "decimal(12, 3)",
    "text",
    "bytes",
    "bytes(3)",
    "date",
    "time",
    "timestamp",
    "timestamp(ns)",
    "timestamp(s, '+02:00')",
    "datetime",
    "uuid",
    "enum('a', 'b')",
    "float",
    "double",
    "json",
    "interval",
    "embedding(2)",
    "list<#{a} int null>",
    "struct<#{a} x: double null, #{b} y: list<#{c} text>>",
    "map<#{a} text, #{b} bigint null>",
    "list<#{a} struct<#{b} z: text null> null>",
];
const KEYS: usize = 21;

#[derive(Clone, Debug)]
struct Plan {
    /// The type of each column, and whether it is nullable.
    columns: Vec<(usize, bool)>,
    /// The number of key columns.
    key: usize,
    has_unique: bool,
    rows: usize,
    /// Whether the rows are in key order.
    sorted: bool,
    seed: u64,
}

fn plan() -> impl Strategy<Value = Plan> {
    let columns = prop::collection::vec((0..TYPES.len(), any::<bool>()), 1..6);
    let rows = prop_oneof![1 => Just(0usize), 1 => Just(1usize), 6 => 2..50usize];
    (
        columns,
        0..3usize,
        any::<bool>(),
        rows,
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(|(columns, key, has_unique, rows, sorted, seed)| Plan {
            columns,
            key,
            has_unique,
            rows,
            sorted,
            seed,
        })
}

/// Writes the definition as TOML, and parses and checks it.
fn definition(plan: &Plan) -> TableDefinition {
    let names: Vec<String> = (0..plan.columns.len()).map(|n| format!("c{n}")).collect();
    let suits = |n: &usize| plan.columns[*n].0 < KEYS;
    let key: Vec<usize> = (0..names.len()).filter(suits).take(plan.key).collect();
    let mut text = String::from("name = \"app.made_up\"\n");
    let list = |columns: &[usize]| {
        let names = columns.iter().rev().map(|n| format!("\"{}\"", names[*n]));
        names.collect::<Vec<_>>().join(", ")
    };
    match key.is_empty() {
        true => text.push_str("no_primary_key = \"made up\"\n"),
        false => text.push_str(&format!("primary_key = [{}]\n", list(&key))),
    }
    let unique = (0..names.len())
        .filter(suits)
        .find(|n| !key.contains(n) || key.len() > 1);
    if let (Some(unique), true) = (unique, plan.has_unique) {
        text.push_str(&format!("unique = [[{}]]\n", list(&[unique])));
    }
    text.push_str("[columns]\n");
    for (n, (ty, nullable)) in plan.columns.iter().enumerate() {
        let mut ty = TYPES[*ty].to_string();
        for (id, mark) in ["{a}", "{b}", "{c}"].into_iter().enumerate() {
            ty = ty.replace(mark, &(100 + 10 * n + id).to_string());
        }
        let nullable = *nullable && !key.contains(&n);
        text.push_str(&format!(
            "c{n} = {{ id = {}, type = \"{ty}\", nullable = {nullable}, comment = \"Made up\" }}\n",
            n + 1
        ));
    }
    support::definition(&text)
}

/// Returns valid rows of the definition, with distinct keys.
fn rows(definition: &TableDefinition, plan: &Plan, random: &mut Random) -> RecordBatch {
    let schema = Arc::new(definition.arrow_schema());
    let columns = schema.fields().iter().zip(definition.columns());
    let arrays = columns.map(|(field, column)| {
        let pools = Pools::of(&column.ty);
        array(
            field.data_type(),
            field.is_nullable(),
            plan.rows,
            pools,
            random,
        )
    });
    let rows = RecordBatch::try_new(schema.clone(), arrays.collect()).unwrap();
    let mut keep: Vec<usize> = (0..plan.rows).collect();
    let keys = std::iter::once(definition.key_columns())
        .chain(definition.unique_keys().iter().map(|key| &**key));
    for key in keys.filter(|key| !key.is_empty()) {
        let values = encode(&rows, key);
        let mut seen = HashSet::new();
        keep.retain(|row| {
            let has_null = key.iter().any(|column| rows.column(*column).is_null(*row));
            has_null || seen.insert(values[*row].clone())
        });
    }
    if plan.sorted && !definition.key_columns().is_empty() {
        let values = encode(&rows, definition.key_columns());
        keep.sort_by(|a, b| values[*a].cmp(&values[*b]));
    }
    let keep: UInt64Array = keep.into_iter().map(|row| Some(row as u64)).collect();
    take_record_batch(&rows, &keep).unwrap()
}

fn encode(rows: &RecordBatch, columns: &[usize]) -> Vec<Vec<u8>> {
    let arrays: Vec<ArrayRef> = columns
        .iter()
        .map(|column| rows.column(*column).clone())
        .collect();
    let fields = arrays
        .iter()
        .map(|array| SortField::new(array.data_type().clone()));
    let converter = RowConverter::new(fields.collect()).unwrap();
    let encoded = converter.convert_columns(&arrays).unwrap();
    encoded.iter().map(|row| row.as_ref().to_vec()).collect()
}

/// Returns a predicate over the columns of the table, with values from its rows.
fn predicate(rows: &RecordBatch, random: &mut Random, depth: usize) -> Expr {
    if depth > 0 && random.below(3) > 0 {
        let left = predicate(rows, random, depth - 1);
        return match random.below(3) {
            0 => left.and(predicate(rows, random, depth - 1)),
            1 => left.or(predicate(rows, random, depth - 1)),
            _ => !left,
        };
    }
    let index = random.below(rows.num_columns());
    let column = ident(rows.schema().field(index).name());
    let mut value = || match rows.num_rows() {
        0 => lit(ScalarValue::try_from(rows.column(index).data_type()).unwrap()),
        count => lit(ScalarValue::try_from_array(rows.column(index), random.below(count)).unwrap()),
    };
    let (one, other) = (value(), value());
    match random.below(9) {
        0 => column.eq(one),
        1 => column.not_eq(one),
        2 => column.lt(one),
        3 => column.gt_eq(one),
        4 => column.between(one, other),
        5 => column.in_list(vec![one, other], random.below(2) == 0),
        6 => column.is_null(),
        7 => one.lt_eq(column),
        _ => column.is_not_null(),
    }
}

/// Returns a query, and whether it determines the order of its rows.
fn query(
    table: DataFrame,
    rows: &RecordBatch,
    key: &[usize],
    mut random: Random,
) -> (DataFrame, bool) {
    let name = |column: usize| rows.schema().field(column).name().clone();
    let filtered = match random.below(4) {
        0 => table,
        _ => table.filter(predicate(rows, &mut random, 3)).unwrap(),
    };
    let descending = random.below(2) == 0;
    let (sorted, is_sorted) = match key.is_empty() || random.below(2) == 0 {
        true => (filtered, false),
        false => {
            let order = key
                .iter()
                .map(|column| ident(name(*column)).sort(!descending, descending));
            (filtered.sort(order.collect()).unwrap(), true)
        }
    };
    let limited = match is_sorted && random.below(2) == 0 {
        true => sorted
            .limit(random.below(3), Some(random.below(6)))
            .unwrap(),
        false => sorted,
    };
    let columns = (0..random.below(rows.num_columns() + 1))
        .map(|n| ident(name(random.below(rows.num_columns()))).alias(format!("column {n}")));
    let columns: Vec<Expr> = columns.collect();
    let selected = match columns.is_empty() {
        true => limited,
        false => limited.select(columns).unwrap(),
    };
    (selected, is_sorted)
}

async fn lines(frame: DataFrame) -> datafusion::error::Result<Vec<String>> {
    let lines = support::lines(&frame.collect().await?);
    Ok(lines.lines().map(str::to_string).collect())
}

async fn session(
    provider: Arc<dyn datafusion::catalog::TableProvider>,
    batch_size: usize,
) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(batch_size);
    let session = SessionContext::new_with_config(config);
    session.register_table("t", provider).unwrap();
    session
}

async fn check_queries(definition: &TableDefinition, rows: &RecordBatch, seed: u64) {
    let provider =
        RowProvider::from_batches(definition.clone(), std::slice::from_ref(rows)).unwrap();
    let ours = session(Arc::new(provider), 1 + seed as usize % 20).await;
    let columns = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).unwrap();
    let theirs = session(Arc::new(columns), 8192).await;
    for number in 0..20 {
        let seed = seed.wrapping_add(number);
        let table = ours.table("t").await.unwrap();
        let (found, is_sorted) = query(table, rows, definition.key_columns(), Random(seed));
        let text = found.logical_plan().display_indent().to_string();
        let table = theirs.table("t").await.unwrap();
        let (expected, _) = query(table, rows, definition.key_columns(), Random(seed));
        // Queries that DataFusion cannot run for a type are skipped.
        let Ok(mut expected) = lines(expected).await else {
            continue;
        };
        let mut found = lines(found)
            .await
            .unwrap_or_else(|error| panic!("{text}\n{error}"));
        if !is_sorted {
            expected.sort();
            found.sort();
        }
        assert_eq!(found, expected, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_queries_match_mem_table(plan in plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let definition = definition(&plan);
        let rows = rows(&definition, &plan, &mut Random(plan.seed));
        runtime.block_on(check_queries(&definition, &rows, plan.seed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn random_tables_pass_the_contract(plan in plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let definition = definition(&plan);
        let rows = rows(&definition, &plan, &mut Random(plan.seed));
        let halves = [rows.slice(0, rows.num_rows() / 2), rows.slice(rows.num_rows() / 2, rows.num_rows().div_ceil(2))];
        let provider = RowProvider::from_batches(definition, &halves).unwrap();
        let checked = runtime.block_on(contract::check_against(Arc::new(provider), vec![rows]));
        prop_assert!(checked.is_ok(), "{}", checked.unwrap_err());
    }
}

fn points() -> TableDefinition {
    let plan = Plan {
        columns: vec![(3, false), (10, true)],
        key: 1,
        has_unique: true,
        rows: 0,
        sorted: true,
        seed: 0,
    };
    definition(&plan)
}

#[test]
fn batches_that_do_not_fit_the_table_fail() {
    let ids = |ids: Vec<Option<i32>>| Arc::new(Int32Array::from(ids)) as ArrayRef;
    let texts = |texts: Vec<&str>| Arc::new(StringArray::from(texts)) as ArrayRef;
    let check = |columns: Vec<(&str, ArrayRef)>, expected: &str| {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let refused = RowProvider::from_batches(points(), &[batch])
            .unwrap_err()
            .to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    check(
        vec![("c1", texts(vec!["a"]))],
        "table `app.made_up`: the batch lacks column `c0`",
    );
    check(vec![("c0", ids(vec![Some(1), None]))], "app.made_up");
    check(vec![("c0", texts(vec!["1"]))], "app.made_up");
    check(
        vec![("c0", ids(vec![Some(1), Some(2), Some(1)]))],
        "row 2: the primary key `c0` = 1 exists already",
    );
    check(
        vec![
            ("c0", ids(vec![Some(1), Some(2)])),
            ("c1", texts(vec!["x", "x"])),
        ],
        "row 1: the unique key `c1` = x exists already",
    );
    let none = RowProvider::from_batches(points(), &[]);
    assert!(
        none.is_ok(),
        "{}",
        none.err()
            .map_or_else(String::new, |error: Error| error.to_string())
    );
}

/// Columns with the names of another program, and labels that are no names in Rust.
#[tokio::test]
async fn foreign_names_and_labels_are_queried_by_the_names_in_sql() {
    let definition = || {
        support::definition(
            "name = \"app.people\"\nprimary_key = [\"id\"]\n[columns]\n\
             id = { id = 1, type = \"bigint\", source = \"ID\" }\n\
             sign = { id = 2, type = \"enum('>=', 'α', 'a b')\", source = \"The Sign\", nullable = true }\n",
        )
    };
    let batch = |names: &[&str]| {
        let ids = Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
        let signs = Arc::new(StringArray::from(vec![">=", "α"])) as ArrayRef;
        let columns = [ids, Arc::clone(&signs), signs];
        RecordBatch::try_from_iter(names.iter().copied().zip(columns)).unwrap()
    };
    for names in [["ID", "The Sign"], ["id", "sign"], ["ID", "sign"]] {
        let provider = RowProvider::from_batches(definition(), &[batch(&names)]).unwrap();
        let session = SessionContext::new();
        session
            .register_table("people", Arc::new(provider))
            .unwrap();
        let sql = "SELECT id, sign FROM people WHERE sign = 'α' AND id = 2";
        assert_eq!(support::answer(&session, sql).await, "2 α", "{names:?}");
    }
    let both = batch(&["id", "sign", "The Sign"]);
    let error = RowProvider::from_batches(definition(), &[both]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table `app.people`: 2 fields of the batch match column `sign` (id 2): rename or remove all \
         but one"
    );
}
