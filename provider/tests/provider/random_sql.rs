// SPDX-License-Identifier: Apache-2.0

//! Random SQL with a fixed seed over every kind of source, compared with DataFusion's `MemTable`
//! over the same rows, without field metadata and constraints.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::execution::config::SessionConfig;
use datafusion::prelude::SessionContext;
use kalamtable_provider::{FixedRows, MemoryTable, RowProvider, VirtualRows};
use kalamtable_rows::{Date, Decimal, KalamTable, KalamValue, TimestampMicros, ToArrow, Uuid};

use crate::oracle::{register_oracle, sorted};
use crate::random_arrays::Random;
use crate::support::{lines, run};

#[derive(Clone, Copy, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Color {
    Red,
    Green,
    Blue,
}

/// A row with a column of every kind of type that queries treat differently.
#[derive(Clone, Debug, KalamTable, PartialEq)]
#[kalam(table = "app.things", primary_key(id), unique(code), crate = kalamtable_rows)]
struct Thing {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2)]
    code: Uuid,
    #[kalam(id = 3)]
    grp: Option<i32>,
    #[kalam(id = 4)]
    name: Option<String>,
    #[kalam(id = 5)]
    price: Option<Decimal<10, 2>>,
    #[kalam(id = 6)]
    flag: bool,
    #[kalam(id = 7)]
    day: Option<Date>,
    #[kalam(id = 8)]
    at: TimestampMicros,
    #[kalam(id = 9, nested_ids = 20)]
    tags: Vec<String>,
    #[kalam(id = 10)]
    color: Color,
    #[kalam(id = 11)]
    ratio: Option<f64>,
}

fn thing(id: i64, random: &mut Random) -> Thing {
    let tags = (0..random.below(3)).map(|_| random.of(&["a", "b", "c"]).to_string());
    let tags = tags.collect();
    Thing {
        id,
        code: Uuid::from_u128((id + 5) as u128 * 0x1_0000_0001),
        grp: (random.below(4) > 0).then(|| random.below(5) as i32 - 1),
        name: (random.below(4) > 0)
            .then(|| random.of(&["", "ann", "Bob", "a%b", "zoë"]).to_string()),
        price: (random.below(4) > 0)
            .then(|| Decimal::from_unscaled(random.below(900) as i128 - 300).unwrap()),
        flag: random.below(2) == 0,
        day: (random.below(4) > 0).then(|| Date::from_days(random.below(5) as i32 * 400 - 300)),
        at: TimestampMicros::new(random.below(6) as i64 * 86_400_000_000),
        tags,
        color: [Color::Red, Color::Green, Color::Blue][random.below(3)],
        ratio: (random.below(4) > 0).then(|| [0.0, -1.5, 2.25, f64::NAN][random.below(4)]),
    }
}

/// Returns rows in key order. The keys have gaps.
fn things(count: usize, random: &mut Random) -> Vec<Thing> {
    (0..count as i64)
        .map(|number| thing(number * 2 - 5, random))
        .collect()
}

/// The tables of the queries, one of each kind of source.
const TABLES: [&str; 5] = ["fixed", "shuffled", "memory", "virtual", "batches"];

/// Returns the provider of a table, and its rows.
fn table(name: &str, random: &mut Random) -> (RowProvider, RecordBatch) {
    let mut rows = things(12 + random.below(25), random);
    if matches!(name, "shuffled" | "virtual") {
        for index in 0..rows.len() {
            let other = random.below(rows.len());
            rows.swap(index, other);
        }
    }
    let batch = Thing::to_batch(&rows).unwrap();
    let provider = match name {
        "memory" => {
            let memory = MemoryTable::new();
            memory.insert(rows).unwrap();
            RowProvider::new(memory)
        }
        "virtual" => RowProvider::new(VirtualRows::new(move || Ok(rows.clone()))),
        "batches" => {
            let halves = [batch.slice(0, 5), batch.slice(5, batch.num_rows() - 5)];
            RowProvider::from_batches(Thing::TABLE.definition.clone(), &halves).unwrap()
        }
        _ => RowProvider::new(FixedRows::new(rows)),
    };
    (provider, batch)
}

/// Returns two sessions with the tables: with our providers, and with `MemTable`s.
fn sessions(random: &mut Random) -> [SessionContext; 2] {
    let batch_size = [3, 8192][random.below(2)];
    let partitions = [1, 3][random.below(2)];
    let session = || {
        let config = SessionConfig::new()
            .with_batch_size(batch_size)
            .with_target_partitions(partitions);
        SessionContext::new_with_config(config)
    };
    let sessions = [session(), session()];
    for name in TABLES {
        let (provider, batch) = table(name, random);
        sessions[0]
            .register_table(name, Arc::new(provider))
            .unwrap();
        register_oracle(&sessions[1], name, &batch);
    }
    sessions
}

/// Writes SQL over the tables.
struct Generator(Random);

impl Generator {
    fn table(&mut self) -> &'static str {
        TABLES[self.0.below(TABLES.len())]
    }

    /// Returns a column that can be compared, grouped and ordered.
    fn column(&mut self) -> &'static str {
        const COLUMNS: [&str; 9] = [
            "id", "grp", "name", "price", "flag", "day", "at", "color", "code",
        ];
        COLUMNS[self.0.below(COLUMNS.len())]
    }

    /// Returns an expression of type integer over the table with this alias.
    fn number(&mut self, alias: &str, depth: usize) -> String {
        match self.0.below(if depth == 0 { 3 } else { 8 }) {
            0 => format!("{alias}.id"),
            1 => format!("{alias}.grp"),
            2 => (self.0.below(12) as i64 - 3).to_string(),
            3 => format!(
                "({} {} {})",
                self.number(alias, depth - 1),
                self.0.of(&["+", "-", "*"]),
                self.number(alias, depth - 1)
            ),
            4 => format!(
                "CASE WHEN {} THEN {} ELSE {} END",
                self.condition(alias, depth - 1),
                self.number(alias, depth - 1),
                self.number(alias, depth - 1)
            ),
            5 => format!("coalesce({alias}.grp, {})", self.number(alias, depth - 1)),
            6 => format!("length({alias}.name)"),
            _ => format!("cardinality({alias}.tags)"),
        }
    }

    /// Returns a predicate over the table with this alias.
    fn condition(&mut self, alias: &str, depth: usize) -> String {
        if depth > 0 && self.0.below(3) > 0 {
            let (left, right) = (
                self.condition(alias, depth - 1),
                self.condition(alias, depth - 1),
            );
            return match self.0.below(5) {
                0 => format!("NOT ({left})"),
                1 | 2 => format!("({left} OR {right})"),
                _ => format!("({left} AND {right})"),
            };
        }
        let comparison = self
            .0
            .of(&["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"]);
        match self.0.below(14) {
            0 | 1 => format!("{alias}.id {comparison} {}", self.0.below(40) as i64 - 6),
            2 => format!(
                "{} {comparison} {}",
                self.number(alias, 1),
                self.number(alias, 1)
            ),
            3 => {
                let low = self.0.below(30) as i64 - 6;
                format!(
                    "{alias}.id BETWEEN {low} AND {}",
                    low + self.0.below(20) as i64
                )
            }
            4 => format!(
                "{alias}.id {}IN ({}, {}, {})",
                self.0.of(&["", "NOT "]),
                self.0.below(40) as i64 - 6,
                self.0.below(40) as i64 - 6,
                self.number(alias, 0)
            ),
            5 => format!(
                "{alias}.name {comparison} {}",
                self.0.of(&["''", "'ann'", "'b'", "NULL"])
            ),
            6 => format!(
                "{alias}.name {}LIKE {}",
                self.0.of(&["", "NOT "]),
                self.0.of(&["'a%'", "'%b'", "'_nn'", "'%'"])
            ),
            7 => format!(
                "{alias}.{} IS {}NULL",
                self.column(),
                self.0.of(&["", "NOT "])
            ),
            8 => format!(
                "{alias}.price {comparison} {}",
                self.0.of(&["0", "1.5", "-0.25", "4.00"])
            ),
            9 => format!("{alias}.flag"),
            10 => format!(
                "{alias}.day {comparison} DATE '{}'",
                self.0.of(&["1970-04-11", "1971-05-16"])
            ),
            11 => format!(
                "{alias}.at {comparison} TIMESTAMP '{}'",
                self.0.of(&["1970-01-02", "1970-01-04"])
            ),
            12 => format!(
                "{alias}.color {comparison} {}",
                self.0.of(&["'red'", "'blue'", "'x'"])
            ),
            _ => format!(
                "array_has({alias}.tags, {})",
                self.0.of(&["'a'", "'c'", "'x'"])
            ),
        }
    }

    /// Returns a table or subquery with an alias. It has all columns.
    fn relation(&mut self, alias: &str, depth: usize) -> String {
        let table = self.table();
        match self.0.below(if depth == 0 { 1 } else { 4 }) {
            0 => format!("{table} AS {alias}"),
            1 => format!(
                "(SELECT * FROM {table} AS s WHERE {}) AS {alias}",
                self.condition("s", 1)
            ),
            2 => format!(
                "(SELECT * FROM {table} ORDER BY id {} LIMIT {}) AS {alias}",
                self.0.of(&["", "DESC"]),
                self.0.below(15)
            ),
            _ => format!("(SELECT DISTINCT * FROM {table}) AS {alias}"),
        }
    }

    fn filter(&mut self, alias: &str) -> String {
        match self.0.below(4) {
            0 => String::new(),
            1 => {
                let (inner, table) = (self.condition("i", 1), self.table());
                let column = self.0.of(&["id", "grp", "name"]);
                let not = self.0.of(&["", "NOT "]);
                match self.0.below(3) {
                    0 => format!(
                        " WHERE {alias}.{column} {not}IN (SELECT {column} FROM {table} AS i WHERE {inner})"
                    ),
                    1 => format!(
                        " WHERE {not}EXISTS (SELECT 1 FROM {table} AS i WHERE i.{column} = {alias}.{column} AND {inner})"
                    ),
                    _ => format!(
                        " WHERE {alias}.id {} (SELECT max(i.id) FROM {table} AS i WHERE {inner})",
                        self.0.of(&["=", "<", ">="])
                    ),
                }
            }
            _ => format!(" WHERE {}", self.condition(alias, 2)),
        }
    }

    fn aggregate(&mut self) -> String {
        let number = self.number("a", 1);
        let column = self.column();
        match self.0.below(10) {
            0 => "count(*)".to_string(),
            1 => format!("count({column})"),
            2 => format!("count(DISTINCT a.{column})"),
            3 => format!("sum({number})"),
            4 => "sum(a.price)".to_string(),
            5 => format!("min({number})"),
            6 => format!(
                "max(a.{})",
                self.0.of(&["id", "name", "price", "day", "at", "color"])
            ),
            7 => format!(
                "min(a.{})",
                self.0.of(&["id", "name", "price", "day", "at", "color"])
            ),
            8 => "bool_or(a.flag)".to_string(),
            _ => format!("first_value(a.{column} ORDER BY a.id)"),
        }
    }

    /// Returns a query, and whether it determines the order of its rows.
    fn query(&mut self) -> (String, bool) {
        let mut sql = String::new();
        let is_ordered = match self.0.below(9) {
            // Rows.
            0 | 1 => {
                let values = (self.number("a", 2), self.number("a", 1));
                let columns = self.0.of(&[
                    "*",
                    "a.id, a.name, a.tags",
                    "a.id, a.ratio, a.color, a.code",
                ]);
                let relation = self.relation("a", 1);
                let filter = self.filter("a");
                write!(
                    sql,
                    "SELECT {columns}, {} AS x, {} AS y FROM {relation}{filter}",
                    values.0, values.1
                )
                .unwrap();
                false
            }
            // An order and a limit.
            2 => {
                let (relation, filter) = (self.relation("a", 1), self.filter("a"));
                let column = self.column();
                let order = match self.0.below(3) {
                    0 => "a.id".to_string(),
                    1 => "a.id DESC".to_string(),
                    _ => format!(
                        "a.{column} {}, a.id",
                        self.0.of(&["", "DESC", "NULLS FIRST"])
                    ),
                };
                write!(
                    sql,
                    "SELECT a.id, a.{column}, a.price FROM {relation}{filter} ORDER BY {order} LIMIT {} OFFSET {}",
                    self.0.below(12),
                    self.0.below(4)
                )
                .unwrap();
                true
            }
            // Groups.
            3 | 4 => {
                let (relation, filter) = (self.relation("a", 1), self.filter("a"));
                let (one, two) = (self.aggregate(), self.aggregate());
                match self.0.below(4) {
                    0 => write!(sql, "SELECT {one}, {two} FROM {relation}{filter}"),
                    1 => {
                        let column = self.column();
                        write!(
                            sql,
                            "SELECT a.{column}, {one} FROM {relation}{filter} GROUP BY a.{column} HAVING count(*) > {}",
                            self.0.below(3)
                        )
                    }
                    2 => {
                        let (column, number) = (self.column(), self.number("a", 1));
                        write!(
                            sql,
                            "SELECT a.{column} AS k, {number} AS n, {one}, {two} FROM {relation}{filter} GROUP BY a.{column}, {number}"
                        )
                    }
                    _ => write!(sql, "SELECT DISTINCT a.{} AS p, a.{} AS q FROM {relation}{filter}", self.column(), self.column()),
                }
                .unwrap();
                false
            }
            // Joins.
            5 | 6 => {
                let (left, right) = (self.relation("a", 1), self.relation("b", 1));
                let kind = self.0.of(&[
                    "JOIN",
                    "LEFT JOIN",
                    "RIGHT JOIN",
                    "FULL JOIN",
                    "LEFT SEMI JOIN",
                    "LEFT ANTI JOIN",
                ]);
                let column = self.0.of(&["id", "grp", "name", "code", "day", "tags"]);
                let more = match self.0.below(3) {
                    0 => format!(" AND a.id {} b.id", self.0.of(&["<", "<>", ">="])),
                    _ => String::new(),
                };
                let columns = match *kind {
                    "LEFT SEMI JOIN" | "LEFT ANTI JOIN" => "a.id, a.grp, a.tags",
                    _ => "a.id, b.id AS other, b.name, a.price",
                };
                let filter = self.filter("a");
                write!(sql, "SELECT {columns} FROM {left} {kind} {right} ON a.{column} = b.{column}{more}{filter}")
                    .unwrap();
                false
            }
            // Set operations.
            7 => {
                let column = self
                    .0
                    .of(&["id", "grp", "name", "tags", "price", "code", "color"]);
                let operation =
                    self.0
                        .of(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL"]);
                let (left, right) = (self.table(), self.table());
                let (one, two) = (self.condition("a", 1), self.condition("b", 1));
                write!(
                    sql,
                    "SELECT {column} FROM {left} AS a WHERE {one} {operation} SELECT {column} FROM {right} AS b WHERE {two}"
                )
                .unwrap();
                false
            }
            // Windows and lists.
            _ => {
                let (relation, filter) = (self.relation("a", 1), self.filter("a"));
                let column = self.0.of(&["grp", "name", "flag", "color"]);
                match self.0.below(3) {
                    0 => write!(
                        sql,
                        "SELECT a.id, row_number() OVER (PARTITION BY a.{column} ORDER BY a.id), sum(a.id) OVER (ORDER BY a.id) FROM {relation}{filter}"
                    ),
                    1 => write!(
                        sql,
                        "SELECT DISTINCT id FROM (SELECT a.id, unnest(a.tags) AS tag FROM {relation}{filter}) AS u"
                    ),
                    _ => write!(
                        sql,
                        "SELECT id, tag, count(*) FROM (SELECT a.id, unnest(a.tags) AS tag FROM {relation}{filter}) AS u GROUP BY id, tag"
                    ),
                }
                .unwrap();
                false
            }
        };
        (sql, is_ordered)
    }
}

const SESSIONS: u64 = 6;
const QUERIES: usize = 60;

#[tokio::test]
async fn random_sql_matches_mem_table() {
    let mut failed_on_both = 0;
    for seed in 0..SESSIONS {
        let [ours, theirs] = sessions(&mut Random(seed * 7_919 + 1));
        let mut generator = Generator(Random(seed * 104_729 + 3));
        for number in 0..QUERIES {
            let (sql, is_ordered) = generator.query();
            let text = |batches: &[RecordBatch]| match is_ordered {
                true => lines(batches),
                false => sorted(&lines(batches)),
            };
            let expected = run(&theirs, &sql).await;
            let found = run(&ours, &sql).await;
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!(
                        text(&found),
                        text(&expected),
                        "session {seed}, query {number}: {sql}"
                    );
                }
                (Err(_), Err(_)) => failed_on_both += 1,
                (Err(error), Ok(_)) => {
                    panic!("session {seed}, query {number}: {sql}\n{error}");
                }
                (Ok(_), Err(error)) => {
                    panic!(
                        "session {seed}, query {number} fails on a `MemTable` only: {sql}\n{error}"
                    );
                }
            }
        }
    }
    // Some queries are invalid in DataFusion 55. Most have to be valid.
    let queries = SESSIONS as usize * QUERIES;
    assert!(
        failed_on_both * 10 < queries,
        "{failed_on_both} of {queries} queries fail"
    );
}
