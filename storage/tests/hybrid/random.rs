// SPDX-License-Identifier: Apache-2.0

//! Random statements, flushes and crashes. The oracle is the same server with rows in memory.

use std::sync::Arc;

use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_runtime::MemoryStorage;
use kalamtable_storage::{HybridOptions, HybridStorage};
use proptest::prelude::Rng;
use proptest::test_runner::TestRng;

use crate::server::{Server, definitions};
use crate::simulated::{SimulatedFolder, chance, seeded};

/// Statements of random rows and columns.
struct Generator {
    random: TestRng,
    /// The columns of the table, and whether each is a text.
    columns: Vec<(String, bool)>,
    next_column: u32,
}

impl Generator {
    fn below(&mut self, n: usize) -> usize {
        self.random.next_u32() as usize % n
    }

    fn key(&mut self) -> usize {
        self.below(40)
    }

    fn value(&mut self, is_text: bool) -> String {
        match (chance(&mut self.random, 6), is_text) {
            (true, _) => "NULL".to_string(),
            (false, true) => format!("'text {}'", self.below(1000)),
            (false, false) => self.below(1000).to_string(),
        }
    }

    fn insert(&mut self, verb: &str) -> String {
        let names: String = self
            .columns
            .iter()
            .map(|(name, _)| format!(", {name}"))
            .collect();
        let count = 1 + self.below(4);
        let rows: Vec<String> = (0..count)
            .map(|_| {
                let mut row = format!("({}", self.key());
                for column in 0..self.columns.len() {
                    let is_text = self.columns[column].1;
                    row += &format!(", {}", self.value(is_text));
                }
                row + ")"
            })
            .collect();
        format!("{verb} app.t (id{names}) VALUES {}", rows.join(", "))
    }

    fn condition(&mut self) -> String {
        match self.below(3) {
            0 => format!("id = {}", self.key()),
            1 => format!("id % 7 = {}", self.below(7)),
            _ => format!("id > {}", self.key()),
        }
    }

    fn statement(&mut self) -> String {
        match self.below(20) {
            0..6 => self.insert("INSERT INTO"),
            6..9 => self.insert("REPLACE INTO"),
            9..13 if !self.columns.is_empty() => {
                let column = self.below(self.columns.len());
                let (name, is_text) = self.columns[column].clone();
                let value = self.value(is_text);
                format!(
                    "UPDATE app.t SET {name} = {value} WHERE {}",
                    self.condition()
                )
            }
            13 => {
                let more = 1 + self.below(5);
                format!(
                    "UPDATE app.t SET id = id + {more} WHERE {}",
                    self.condition()
                )
            }
            14..18 => format!("DELETE FROM app.t WHERE {}", self.condition()),
            18 => self.insert("INSERT OVERWRITE"),
            _ => "TRUNCATE TABLE app.t".to_string(),
        }
    }

    fn change(&mut self) -> Option<String> {
        let count = self.columns.len();
        match self.below(4) {
            0 | 1 if count < 6 => {
                let name = format!("c{}", self.next_column);
                self.next_column += 1;
                let is_text = chance(&mut self.random, 2);
                self.columns.push((name.clone(), is_text));
                let ty = match is_text {
                    true => "TEXT DEFAULT 'none'",
                    false => "BIGINT DEFAULT 7",
                };
                Some(format!("ALTER TABLE app.t ADD COLUMN {name} {ty}"))
            }
            2 if count > 0 => {
                let column = self.below(count);
                let (name, _) = self.columns.remove(column);
                Some(format!("ALTER TABLE app.t DROP COLUMN {name}"))
            }
            3 if count > 0 => {
                let column = self.below(count);
                let new = format!("c{}", self.next_column);
                self.next_column += 1;
                let old = std::mem::replace(&mut self.columns[column].0, new.clone());
                Some(format!("ALTER TABLE app.t RENAME COLUMN {old} TO {new}"))
            }
            _ => None,
        }
    }
}

async fn run(kind: &str, seed: u64, steps: usize) {
    let registry = SchemaRegistry::open(definitions(), RegistryOptions::default());
    let registry = registry.await.unwrap();
    let folder = SimulatedFolder::new(seed);
    let open = || {
        let storage = HybridStorage::open_in(Arc::new(folder.clone()), HybridOptions::default());
        Server::with_registry(registry.clone(), Arc::new(storage.unwrap()))
    };
    let memory = Server::with_registry(registry.clone(), Arc::new(MemoryStorage::new()));
    let mut hybrid = open();
    hybrid
        .run(&format!(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY) WITH ({kind})"
        ))
        .await;
    let mut generator = Generator {
        random: seeded(seed),
        columns: Vec::new(),
        next_column: 0,
    };
    let (mut crashes, mut changed) = (0, 0);
    for step in 0..steps {
        match generator.below(12) {
            0 => {
                if let Some(change) = generator.change() {
                    hybrid.run(&change).await;
                }
            }
            1 => {
                hybrid.run("FLUSH TABLE app.t").await;
            }
            2 => {
                drop(hybrid);
                if chance(&mut generator.random, 2) {
                    folder.restart();
                } else {
                    folder.lose_power();
                }
                hybrid = open();
                crashes += 1;
            }
            _ => {
                let statement = generator.statement();
                let expected = memory.try_run(&memory.root, &statement).await;
                let found = hybrid.try_run(&hybrid.root, &statement).await;
                match (&expected, &found) {
                    (Ok(expected), Ok(found)) => {
                        assert_eq!(expected, found, "{statement}");
                        changed += 1;
                    }
                    (Err(expected), Err(found)) => {
                        assert_eq!(expected.strip_backtrace(), found.strip_backtrace());
                    }
                    _ => panic!("{statement}: {expected:?}, but {found:?}"),
                }
            }
        }
        // With the deleted rows. The rows of one statement can get their sequence numbers in
        // another order.
        let key = generator.below(40);
        for query in [
            "SELECT * EXCLUDE (_seq) FROM app.t ORDER BY id, _seq".to_string(),
            "SELECT max(_seq), count(DISTINCT _seq) FROM app.t".to_string(),
            format!("SELECT * EXCLUDE (_seq) FROM app.t WHERE id = {key}"),
            format!("SELECT * EXCLUDE (_seq) FROM app.t WHERE id > {key} ORDER BY id"),
        ] {
            let expected = memory.run_as(&memory.with_deleted(), &query).await;
            let found = hybrid.run_as(&hybrid.with_deleted(), &query).await;
            assert_eq!(found, expected, "{query}, step {step} of seed {seed}");
        }
    }
    assert!(
        crashes * 30 > steps && changed * 4 > steps,
        "{crashes} {changed}"
    );
}

fn steps() -> usize {
    let steps = std::env::var("KALAMTABLE_STATEMENTS").ok();
    steps.map_or(250, |steps| steps.parse().unwrap())
}

#[tokio::test]
async fn shared_table_is_as_in_memory() {
    run("type = 'shared'", 1, steps()).await;
}

#[tokio::test]
async fn user_table_is_as_in_memory() {
    run("type = 'user'", 2, steps()).await;
}
