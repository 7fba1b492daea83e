// SPDX-License-Identifier: Apache-2.0

//! Statements and alterations made up, against a model that keeps rows in a map.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::prelude::SessionContext;
use kalamtable_runtime::Role;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{Server, actor, answer, run};

#[derive(Clone, Debug)]
enum Step {
    /// Ids, and a value for some of the columns.
    Insert(Op, Vec<(i64, i64)>),
    /// To the rows whose id leaves this rest, a column gets itself and this more.
    Update {
        rest: i64,
        column: usize,
        more: i64,
    },
    /// The same, of the key.
    Move {
        rest: i64,
        more: i64,
    },
    Delete {
        rest: i64,
    },
    Truncate,
    Add {
        default: Option<i64>,
    },
    Drop(usize),
    Rename(usize),
    Widen(usize),
    Reverse,
    Redefault(usize, i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Append,
    Replace,
    Overwrite,
}

fn step() -> impl Strategy<Value = Step> {
    let rows = || prop::collection::vec((0..24i64, 0..100i64), 1..6);
    prop_oneof![
        6 => rows().prop_map(|rows| Step::Insert(Op::Append, rows)),
        3 => rows().prop_map(|rows| Step::Insert(Op::Replace, rows)),
        1 => rows().prop_map(|rows| Step::Insert(Op::Overwrite, rows)),
        4 => (0..4i64, any::<usize>(), 1..9i64)
            .prop_map(|(rest, column, more)| Step::Update { rest, column, more }),
        2 => (0..4i64, 1..9i64).prop_map(|(rest, more)| Step::Move { rest, more }),
        3 => (0..4i64).prop_map(|rest| Step::Delete { rest }),
        1 => Just(Step::Truncate),
        2 => prop::option::of(0..50i64).prop_map(|default| Step::Add { default }),
        1 => any::<usize>().prop_map(Step::Drop),
        2 => any::<usize>().prop_map(Step::Rename),
        2 => any::<usize>().prop_map(Step::Widen),
        1 => Just(Step::Reverse),
        1 => (any::<usize>(), 0..50i64).prop_map(|(column, value)| Step::Redefault(column, value)),
    ]
}

#[derive(Clone, Debug)]
struct Column {
    id: i32,
    name: String,
    /// A position in [`WIDER`].
    ty: usize,
    default: Option<i64>,
}

const WIDER: [&str; 4] = ["smallint", "int", "bigint", "decimal(22, 2)"];

/// The expected content of the table.
#[derive(Clone, Debug)]
struct Model {
    kind: &'static str,
    columns: Vec<Column>,
    reserved: Vec<(i32, String)>,
    next_id: i32,
    /// By id of the row, and then by id of the column.
    rows: BTreeMap<i64, BTreeMap<i32, Option<i64>>>,
    deleted: BTreeSet<i64>,
}

impl Model {
    fn toml(&self) -> String {
        let mut toml = format!(
            "name = 'app.t'\n{}\nprimary_key = ['id']\n[columns]\nid = {{ id = 1, type = 'bigint' }}\n",
            self.kind
        );
        for column in &self.columns {
            let rest = match column.default {
                Some(default) if column.ty == 3 => format!("default = '{default}'"),
                Some(default) => format!("default = {default}"),
                None => "nullable = true".to_string(),
            };
            let (name, id, ty) = (&column.name, column.id, WIDER[column.ty]);
            toml += &format!("{name} = {{ id = {id}, type = '{ty}', {rest} }}\n");
        }
        if !self.reserved.is_empty() {
            let ids: Vec<String> = self.reserved.iter().map(|(id, _)| id.to_string()).collect();
            let names: Vec<String> = self
                .reserved
                .iter()
                .map(|(_, name)| format!("'{name}'"))
                .collect();
            let (ids, names) = (ids.join(", "), names.join(", "));
            toml += &format!("[reserved]\nids = [{ids}]\nnames = [{names}]\n");
        }
        toml
    }

    /// Returns all rows, one per line.
    fn lines(&self) -> String {
        let lines = self.rows.iter().map(|(id, row)| {
            let cells = self.columns.iter().map(|column| match row[&column.id] {
                Some(value) if column.ty == 3 => format!("{value}.00"),
                Some(value) => value.to_string(),
                None => "NULL".to_string(),
            });
            [id.to_string()]
                .into_iter()
                .chain(cells)
                .collect::<Vec<_>>()
                .join(" ")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn remove(&mut self, id: i64) {
        if self.rows.remove(&id).is_some() {
            self.deleted.insert(id);
        }
    }

    fn put(&mut self, id: i64, row: BTreeMap<i32, Option<i64>>) {
        self.deleted.remove(&id);
        self.rows.insert(id, row);
    }

    /// The statement, and the model after it, or `None` if the statement must be rejected.
    fn statement(&self, step: &Step) -> (String, Option<Model>) {
        let mut next = self.clone();
        match step {
            Step::Insert(op, rows) => {
                // The first column gets a value, the others their defaults.
                let first = self.columns.first();
                let values = rows.iter().map(|(id, value)| match first {
                    Some(_) => format!("({id}, {value})"),
                    None => format!("({id})"),
                });
                let values = values.collect::<Vec<_>>().join(", ");
                let names = first.map_or(String::new(), |first| format!(", {}", first.name));
                let verb = match op {
                    Op::Append => "INSERT INTO",
                    Op::Replace => "REPLACE INTO",
                    Op::Overwrite => "INSERT OVERWRITE",
                };
                let sql = format!("{verb} app.t (id{names}) VALUES {values}");
                let ids: BTreeSet<i64> = rows.iter().map(|(id, _)| *id).collect();
                let is_taken = ids.iter().any(|id| self.rows.contains_key(id));
                if *op != Op::Replace && ids.len() < rows.len() || *op == Op::Append && is_taken {
                    return (sql, None);
                }
                if *op == Op::Overwrite {
                    let all: Vec<i64> = self.rows.keys().copied().collect();
                    all.into_iter().for_each(|id| next.remove(id));
                }
                for (id, value) in rows {
                    let mut row: BTreeMap<i32, Option<i64>> =
                        self.columns.iter().map(|c| (c.id, c.default)).collect();
                    if let Some(first) = first {
                        row.insert(first.id, Some(*value));
                    }
                    next.put(*id, row);
                }
                (sql, Some(next))
            }
            Step::Update { rest, column, more } => {
                let Some(column) = self.columns.get(column % self.columns.len().max(1)) else {
                    return ("SELECT 1".to_string(), Some(next));
                };
                let name = &column.name;
                let sql =
                    format!("UPDATE app.t SET {name} = {name} + {more} WHERE id % 4 = {rest}");
                for (_, row) in next.rows.iter_mut().filter(|(id, _)| *id % 4 == *rest) {
                    let value = row.get_mut(&column.id).unwrap();
                    *value = value.map(|value| value + more);
                }
                (sql, Some(next))
            }
            Step::Move { rest, more } => {
                let sql = format!("UPDATE app.t SET id = id + {more} WHERE id % 4 = {rest}");
                let moved: Vec<i64> = self
                    .rows
                    .keys()
                    .copied()
                    .filter(|id| id % 4 == *rest)
                    .collect();
                let taken = moved.iter().any(|id| {
                    let id = id + more;
                    self.rows.contains_key(&id) && !moved.contains(&id)
                });
                if taken {
                    return (sql, None);
                }
                let rows: Vec<_> = moved
                    .iter()
                    .map(|id| (id + more, self.rows[id].clone()))
                    .collect();
                moved.into_iter().for_each(|id| next.remove(id));
                rows.into_iter().for_each(|(id, row)| next.put(id, row));
                (sql, Some(next))
            }
            Step::Delete { rest } => {
                let ids: Vec<i64> = self
                    .rows
                    .keys()
                    .copied()
                    .filter(|id| id % 4 == *rest)
                    .collect();
                ids.into_iter().for_each(|id| next.remove(id));
                (
                    format!("DELETE FROM app.t WHERE id % 4 = {rest}"),
                    Some(next),
                )
            }
            Step::Truncate => {
                let ids: Vec<i64> = self.rows.keys().copied().collect();
                ids.into_iter().for_each(|id| next.remove(id));
                ("TRUNCATE TABLE app.t".to_string(), Some(next))
            }
            _ => unreachable!("an alteration"),
        }
    }

    /// Whether it is an alteration; and then what it makes.
    fn altered(&mut self, step: &Step) -> bool {
        let count = self.columns.len();
        let at = |column: &usize| column % count.max(1);
        match step {
            Step::Add { default } => {
                let id = self.next_id;
                self.next_id += 1;
                self.columns.push(Column {
                    id,
                    name: format!("c{id}"),
                    ty: 0,
                    default: *default,
                });
                for row in self.rows.values_mut() {
                    row.insert(id, *default);
                }
            }
            Step::Drop(column) if count > 0 => {
                let dropped = self.columns.remove(at(column));
                self.reserved.push((dropped.id, dropped.name));
            }
            Step::Rename(column) if count > 0 => {
                let column = &mut self.columns[at(column)];
                column.name += "x";
            }
            Step::Widen(column) if count > 0 => {
                let column = &mut self.columns[at(column)];
                column.ty = (column.ty + 1).min(WIDER.len() - 1);
            }
            Step::Reverse => self.columns.reverse(),
            Step::Redefault(column, value) if count > 0 => {
                let column = &mut self.columns[at(column)];
                column.default = column.default.map(|_| *value);
            }
            Step::Drop(_) | Step::Rename(_) | Step::Widen(_) | Step::Redefault(..) => {}
            _ => return false,
        }
        true
    }
}

async fn check(kind: &'static str, steps: Vec<Step>) {
    let server = Server::new().await;
    let mut model = Model {
        kind,
        columns: vec![Column {
            id: 2,
            name: "c2".to_string(),
            ty: 1,
            default: None,
        }],
        reserved: Vec::new(),
        next_id: 3,
        rows: BTreeMap::new(),
        deleted: BTreeSet::new(),
    };
    server.create(&model.toml()).await;
    let session = server.root();
    let sync = server.session(actor("root", Role::System).with_deleted());
    // Another user, whose rows nothing happens to.
    let other = server.user("other");
    let has_other = kind.contains("user");
    if has_other {
        answer(&other, "INSERT INTO app.t (id) VALUES (1000)").await;
    }
    let is_stream = kind.contains("stream");
    let mut last_seq = 0;
    for step in steps {
        let mut next = model.clone();
        if next.altered(&step) {
            server.alter(&next.toml()).await;
            model = next;
        } else {
            let (sql, next) = model.statement(&step);
            match (run(&session, &sql).await, next) {
                (Ok(_), Some(next)) => model = next,
                (Err(error), None) => assert!(error.to_string().contains("exists already")),
                (Ok(_), None) => panic!("not refused: {sql}\n{model:#?}"),
                (Err(error), Some(_)) => panic!("{sql}: {error}\n{model:#?}"),
            }
        }
        compare(&session, &model).await;
        if is_stream {
            continue;
        }
        let tombstones = "SELECT id FROM app.t WHERE _deleted ORDER BY id";
        let deleted: Vec<String> = model.deleted.iter().map(i64::to_string).collect();
        assert_eq!(
            answer(&sync, tombstones).await,
            deleted.join("\n"),
            "{step:?}"
        );
        let sql = "SELECT coalesce(max(_seq), 0), count(*) - count(DISTINCT _seq) FROM app.t";
        let seqs = answer(&sync, sql).await;
        let (seq, twice) = seqs.split_once(' ').unwrap();
        let seq: i64 = seq.parse().unwrap();
        assert!(seq >= last_seq && twice == "0", "{seqs} after {last_seq}");
        last_seq = seq;
    }
    if has_other {
        assert_eq!(answer(&other, "SELECT id FROM app.t").await, "1000");
    }
}

async fn compare(session: &SessionContext, model: &Model) {
    let names: Vec<&str> = model.columns.iter().map(|column| &*column.name).collect();
    let names = [&["id"][..], &names].concat().join(", ");
    let sql = format!("SELECT {names} FROM app.t ORDER BY id");
    assert_eq!(answer(session, &sql).await, model.lines(), "{model:#?}");
    let count = answer(session, "SELECT count(*) FROM app.t WHERE id >= 8").await;
    let expected = model.rows.range(8..).count();
    assert_eq!(count, expected.to_string());
}

fn check_kind(kind: &'static str) {
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let steps = prop::collection::vec(step(), 1..24);
    let result = runner.run(&steps, |steps| {
        runtime.block_on(check(kind, steps));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_user_table_is_what_its_model_is() {
    check_kind("kind = 'user'");
}

#[test]
fn a_shared_table_is_what_its_model_is() {
    check_kind("kind = 'shared'");
}

#[test]
fn a_stream_is_what_its_model_is() {
    check_kind("kind = 'stream'\nttl_seconds = 60");
}
