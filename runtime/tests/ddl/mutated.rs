// SPDX-License-Identifier: Apache-2.0

//! Mutated statements: none of them panics, and one that fails changes nothing.

use proptest::prelude::Rng;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::server::DdlServer;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE app.a (id BIGINT PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x' COMMENT 'c', UNIQUE (b)) WITH (type = 'user') COMMENT 't'",
    "CREATE TABLE IF NOT EXISTS app.b (id INT, at TIMESTAMP(3) WITH TIME ZONE DEFAULT now(), PRIMARY KEY (id)) WITH (type = 'stream', ttl_seconds = 60)",
    "CREATE TABLE app.c (PRIMARY KEY (id)) AS SELECT id, name FROM app.t",
    "CREATE TABLE app.d (id UUID PRIMARY KEY, l ARRAY<STRUCT<a INT, b MAP(TEXT, INT[])>>, e ENUM('a', 'b'), f \"list<text null>\", g DECIMAL(10, 2) DEFAULT -1.5)",
    "ALTER TABLE app.t ADD COLUMN x INT NOT NULL DEFAULT 5, DROP COLUMN name, RENAME COLUMN n TO m",
    "ALTER TABLE app.t ALTER COLUMN n TYPE BIGINT, ALTER COLUMN n SET DEFAULT 3, ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE app.t RENAME TO u",
    "ALTER TABLE app.t SET (access_level = 'public')",
    "COMMENT ON COLUMN app.t.name IS 'x'",
    "DROP TABLE IF EXISTS app.t",
    "SHOW CREATE TABLE app.t",
];

const TOKENS: &[&str] = &[
    "(",
    ")",
    ",",
    "'",
    "\"",
    "<",
    ">",
    "[",
    "]",
    ".",
    ";",
    "--",
    "NULL",
    "NOT",
    "DEFAULT",
    "UNIQUE",
    "PRIMARY KEY",
    "WITH",
    "AS",
    "SELECT",
    "app",
    "t",
    "id",
    "0",
    "-1",
    "9999999999999999999999",
    "é",
    "\0",
    "INT",
    "ARRAY<",
    "STRUCT<",
    "MAP(",
    "ENUM(",
    "COMMENT",
    "IF EXISTS",
    "CASCADE",
    "#",
    "=",
];

/// The number of statements. `KALAMTABLE_STATEMENTS` sets another one.
fn statements() -> u64 {
    let number = std::env::var("KALAMTABLE_STATEMENTS").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(4_000)
}

#[tokio::test]
async fn mutated_statements_do_not_panic() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut server = DdlServer::new().await;
    let create = "CREATE TABLE app.t (id INT PRIMARY KEY, name TEXT NOT NULL, n INT)";
    server.run(create).await.unwrap();
    let mut succeeded = 0;
    for _ in 0..statements() {
        let mut below = |end: usize| (runner.rng().next_u64() % end as u64) as usize;
        let mut text: Vec<char> = STATEMENTS[below(STATEMENTS.len())].chars().collect();
        for _ in 0..=below(3) {
            let at = below(text.len() + 1);
            let to = (at + below(8)).min(text.len());
            match below(4) {
                0 => drop(text.drain(at..to)),
                1 => {
                    let token: Vec<char> = TOKENS[below(TOKENS.len())].chars().collect();
                    text.splice(at..at, token);
                }
                2 => {
                    let copied = text[at..to].to_vec();
                    let target = below(text.len() + 1);
                    text.splice(target..target, copied);
                }
                _ => {
                    let other: Vec<char> = STATEMENTS[below(STATEMENTS.len())].chars().collect();
                    let from = below(other.len());
                    let part = other[from..(from + below(20)).min(other.len())].to_vec();
                    text.splice(at..to, part);
                }
            }
        }
        let text: String = text.into_iter().collect();
        let before = server.registry.store().last_sequence().await.unwrap();
        let outcome = server.run(&text).await;
        let after = server.registry.store().last_sequence().await.unwrap();
        if outcome.is_ok() {
            succeeded += 1;
        } else if after != before {
            // A table that is created from a query is dropped again if its rows cannot be inserted.
            assert!(text.contains(" AS "), "{text}");
        }
        if server.registry.find(("app", "t")).await.unwrap().is_none() || after.0 > 400 {
            server = DdlServer::new().await;
            server.run(create).await.unwrap();
        }
    }
    assert!(
        succeeded > statements() / 50,
        "{succeeded} statements succeed"
    );
}
