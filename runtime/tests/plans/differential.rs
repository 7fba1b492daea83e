// SPDX-License-Identifier: Apache-2.0

//! Generated statements in a session with cached plans and in one without, over equal rows.

use kalamtable_runtime::Role;
use proptest::prelude::Rng;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::sessions::{CachedServer, cached, planned};
use crate::support::{actor, table};

const COLUMNS: &str = "a = { id = 2, type = 'text', nullable = true }
b = { id = 3, type = 'int', nullable = true }
";

/// The number of statements. `KALAMTABLE_STATEMENTS` sets another one.
fn statements() -> u64 {
    let number = std::env::var("KALAMTABLE_STATEMENTS").ok();
    number.and_then(|number| number.parse().ok()).unwrap_or(500)
}

struct Random(TestRng);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }

    fn value(&mut self) -> String {
        match self.below(4) {
            0 => "NULL".to_string(),
            1 => format!("'{}'", self.of(&["x", "y", "z"])),
            _ => self.below(6).to_string(),
        }
    }

    fn condition(&mut self, depth: u64) -> String {
        let id = self.below(12);
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 | 1 => format!("id = {id}"),
            2 => format!("b > {}", self.below(6)),
            3 => format!("a = '{}'", self.of(&["x", "y", "z"])),
            4 => format!("id IN ({id}, {}, {})", self.below(12), self.below(12)),
            5 => "a IS NULL".to_string(),
            6 => format!(
                "({} AND {})",
                self.condition(depth - 1),
                self.condition(depth - 1)
            ),
            7 => format!(
                "({} OR {})",
                self.condition(depth - 1),
                self.condition(depth - 1)
            ),
            _ => format!("NOT {}", self.condition(depth - 1)),
        }
    }

    fn query(&mut self, depth: u64) -> String {
        let table = self.of(&["app.t", "app.u", "app.v"]);
        let condition = self.condition(2);
        match self.below(if depth == 0 { 4 } else { 9 }) {
            0 | 1 => format!("SELECT id, a, b FROM {table} WHERE {condition}"),
            2 => format!("SELECT a, count(*), sum(b) FROM {table} WHERE {condition} GROUP BY a"),
            3 => format!("SELECT max(id), min(a) FROM {table} WHERE {condition}"),
            4 => format!(
                "SELECT id FROM {table} WHERE id IN (SELECT id FROM app.u WHERE {condition})"
            ),
            5 => format!(
                "SELECT x.id, y.b FROM {table} x JOIN app.u y ON x.id = y.id WHERE x.b > {}",
                self.below(5)
            ),
            6 => format!("SELECT id FROM app.t UNION ALL SELECT id FROM {table} WHERE {condition}"),
            7 => format!(
                "SELECT id, (SELECT count(*) FROM app.u WHERE {condition}) FROM {table} ORDER BY id LIMIT {}",
                1 + self.below(4)
            ),
            _ => format!(
                "WITH w AS (SELECT id, b FROM {table} WHERE {condition}) SELECT count(*), sum(b) FROM w"
            ),
        }
    }

    fn statement(&mut self) -> String {
        let table = self.of(&["app.t", "app.u"]);
        let condition = self.condition(1);
        match self.below(20) {
            0 | 1 => format!(
                "INSERT INTO {table} (id, a, b) VALUES ({}, {}, {})",
                self.below(12),
                self.value(),
                self.value()
            ),
            2 => format!(
                "REPLACE INTO {table} (id, b) VALUES ({}, {})",
                self.below(12),
                self.below(9)
            ),
            3 => format!("UPDATE {table} SET b = {} WHERE {condition}", self.value()),
            4 => format!("DELETE FROM {table} WHERE {condition}"),
            5 => format!(
                "INSERT INTO {table} (id, b) SELECT id + 20, b FROM app.v WHERE {condition}"
            ),
            6 => format!("DELETE FROM {table} WHERE id > 15"),
            _ => self.query(1),
        }
    }
}

async fn server() -> CachedServer {
    let server = CachedServer::new().await;
    server.create(&table("t", "kind = 'shared'", COLUMNS)).await;
    server.create(&table("u", "kind = 'user'", COLUMNS)).await;
    server
}

#[tokio::test]
async fn generated_statements_have_equal_results() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    );
    let mut random = Random(runner.rng().clone());
    let (one, other) = (server().await, server().await);
    let session = one.session("root");
    let ctx = other.context(actor("root", Role::System));
    let view =
        "CREATE VIEW app.v AS SELECT id, a, b FROM app.t UNION ALL SELECT id, a, b FROM app.u";
    cached(&session, view).await.unwrap();
    planned(&ctx, view).await.unwrap();
    let mut failed = 0;
    for number in 0..statements() {
        let text = random.statement();
        let (found, expected) = (cached(&session, &text).await, planned(&ctx, &text).await);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{number}: {text}"),
            (Err(found), Err(expected)) => {
                failed += 1;
                assert_eq!(
                    found.strip_backtrace(),
                    expected.strip_backtrace(),
                    "{text}"
                );
            }
            (found, expected) => panic!("{text}: {found:?}, planned {expected:?}"),
        }
    }
    let stats = one.tables.plan_cache().stats();
    assert!(stats.hits > statements() / 8, "{stats:?}");
    assert!(failed < statements() / 4, "{failed} statements fail");
}
