// SPDX-License-Identifier: Apache-2.0

//! Unique keys: [`MemoryTable`] enforces them and finds rows by them, and the planner uses them.

use std::sync::Arc;

use datafusion::prelude::SessionContext;
use kalamtable_contract as contract;
use kalamtable_provider::{FixedRows, MemoryTable, RowProvider, VirtualRows};
use kalamtable_rows::KalamTable;
use proptest::prelude::*;

use crate::support::{answer, error, metrics, run, scan_line, session};

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(
    table = "app.users",
    primary_key(id),
    unique(email),
    unique(tenant, name),
    crate = kalamtable_rows
)]
struct User {
    id: i64,
    email: Option<String>,
    tenant: i32,
    name: String,
}

fn user(id: i64, email: Option<&str>, tenant: i32, name: &str) -> User {
    User {
        id,
        email: email.map(str::to_string),
        tenant,
        name: name.to_string(),
    }
}

fn users() -> Vec<User> {
    vec![
        user(1, Some("a@x"), 1, "anna"),
        user(2, None, 1, "ben"),
        user(3, Some("c@x"), 2, "anna"),
        user(4, None, 2, "ben"),
    ]
}

fn table() -> (Arc<MemoryTable<User>>, SessionContext) {
    let table = Arc::new(MemoryTable::new());
    table.insert(users()).unwrap();
    (table.clone(), session(table))
}

#[tokio::test]
async fn duplicate_unique_key_fails_and_changes_nothing() {
    let (table, session) = table();
    for (sql, expected) in [
        (
            "INSERT INTO t VALUES (5, 'e@x', 3, 'e'), (6, 'a@x', 3, 'f')",
            "table `app.users`, row 1: the unique key `email` = a@x exists already",
        ),
        (
            "INSERT INTO t VALUES (9, NULL, 2, 'anna')",
            "table `app.users`, row 0: the unique key `tenant`, `name` = 2, anna exists already",
        ),
        (
            "INSERT INTO t VALUES (6, 'same', 3, 'e'), (5, 'same', 3, 'f')",
            "the unique key `email` = same exists already",
        ),
        (
            "REPLACE INTO t VALUES (2, 'c@x', 1, 'ben')",
            "row 0: the unique key `email` = c@x",
        ),
        (
            "INSERT OVERWRITE t VALUES (1, 'x', 1, 'a'), (2, 'x', 1, 'b')",
            "row 1: the unique key `email` = x",
        ),
        (
            "UPDATE t SET email = 'c@x' WHERE id = 1",
            "table `app.users`: the unique key `email` = c@x",
        ),
        (
            "UPDATE t SET tenant = 1",
            "table `app.users`: the unique key `tenant`, `name` = 1, anna",
        ),
    ] {
        let message = error(&session, sql).await;
        assert!(message.contains(expected), "{sql}: {message}");
        assert!(table.snapshot().iter().eq(&users()), "{sql}");
    }
    let taken = table.update(&2, |user| user.email = Some("a@x".to_string()));
    assert_eq!(
        taken.unwrap_err().to_string(),
        "table `app.users`: the unique key `email` = a@x exists already"
    );
    assert!(table.snapshot().iter().eq(&users()));
}

#[tokio::test]
async fn nulls_are_distinct_and_removed_keys_are_free() {
    let (table, session) = table();
    run(&session, "INSERT INTO t VALUES (5, NULL, 5, 'e')")
        .await
        .unwrap();
    run(&session, "DELETE FROM t WHERE id = 1").await.unwrap();
    run(&session, "INSERT INTO t VALUES (7, 'a@x', 1, 'anna')")
        .await
        .unwrap();
    table.remove(&7).unwrap();
    run(&session, "INSERT INTO t VALUES (8, 'a@x', 1, 'anna')")
        .await
        .unwrap();
    // Each row gets the key that another row loses in the same statement.
    let sql = "UPDATE t SET tenant = CASE tenant WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE tenant END";
    assert_eq!(answer(&session, sql).await, "5");
    run(
        &session,
        "REPLACE INTO t VALUES (3, 'c@x', 1, 'anna'), (8, 'a@x', 2, 'anna')",
    )
    .await
    .unwrap();
    run(&session, "TRUNCATE TABLE t").await.unwrap();
    run(&session, "INSERT INTO t VALUES (9, 'a@x', 1, 'anna')")
        .await
        .unwrap();
}

#[tokio::test]
async fn unique_key_uses_a_lookup() {
    let (_, session) = table();
    for (filter, expected, lookups) in [
        ("email = 'c@x'", "3", 1),
        ("email IN ('c@x', 'a@x', 'none')", "1\n3", 3),
        ("tenant = 2 AND name = 'ben'", "4", 1),
        (
            "tenant IN (1, 2) AND name IN ('ben', 'cleo') AND id > 2",
            "4",
            4,
        ),
        ("name = 'ben' AND tenant = 1 AND email IS NULL", "2", 1),
    ] {
        let sql = format!("SELECT id FROM t WHERE {filter} ORDER BY id");
        let (found, metrics) = metrics(&session, &sql).await;
        assert_eq!(found, expected, "{filter}");
        assert_eq!(metrics.get("lookups"), Some(&lookups), "{filter}");
        assert!(metrics["rows_read"] <= 2, "{filter}");
    }
    let line = scan_line(&session, "SELECT id FROM t WHERE email = 'c@x' AND id > 1").await;
    assert!(line.contains("keys=[email = Utf8(\"c@x\")]"), "{line}");
    // A complete primary key has priority.
    let line = scan_line(&session, "SELECT id FROM t WHERE email = 'c@x' AND id = 3").await;
    assert!(line.contains("keys=[id = Int64(3)]"), "{line}");
    // A part of a unique key does not allow a lookup.
    let (found, metrics) = metrics(&session, "SELECT id FROM t WHERE tenant = 1").await;
    assert_eq!((found.as_str(), metrics.get("lookups")), ("1\n2", None));
    run(&session, "PREPARE p AS SELECT id FROM t WHERE email = $1")
        .await
        .unwrap();
    assert_eq!(answer(&session, "EXECUTE p('c@x')").await, "3");
    run(&session, "UPDATE t SET name = 'zoe' WHERE email = 'c@x'")
        .await
        .unwrap();
    assert_eq!(
        answer(&session, "SELECT name FROM t WHERE id = 3").await,
        "zoe"
    );
}

#[tokio::test]
async fn statement_finds_rows_by_unique_key() {
    let table = Arc::new(MemoryTable::new());
    let rows = (0..5_000).map(|id| user(id, Some(&format!("{id}@x")), id as i32, "n"));
    table.insert(rows).unwrap();
    let session = session(table.clone());
    let sql = "UPDATE t SET name = 'zoe', id = id + 10000 WHERE email IN ('4000@x', '7@x', 'none')";
    assert_eq!(answer(&session, sql).await, "2");
    assert_eq!(
        answer(&session, "SELECT id FROM t WHERE name = 'zoe'").await,
        "10007\n14000"
    );
    assert_eq!(
        answer(
            &session,
            "DELETE FROM t WHERE email = '30@x' AND tenant = 31"
        )
        .await,
        "0"
    );
    assert_eq!(
        answer(&session, "DELETE FROM t WHERE tenant = 30 AND name = 'n'").await,
        "1"
    );
    assert_eq!(
        answer(
            &session,
            "SELECT count(*), min(id) FROM t WHERE id BETWEEN 20 AND 40"
        )
        .await,
        "20 20"
    );
}

/// A source that finds rows only by primary key.
#[tokio::test]
async fn primary_key_range_applies_with_a_unique_key() {
    let rows = (0..5_000).map(|id| user(id, Some(&format!("{id}@x")), id as i32, "n"));
    let session = session(FixedRows::new(rows.collect()));
    let sql = "SELECT id FROM t WHERE id BETWEEN 10 AND 20 AND email = '15@x'";
    let (found, metrics) = metrics(&session, sql).await;
    assert_eq!((found.as_str(), metrics["rows_read"]), ("15", 11));
}

/// The planner's use of unique keys does not change any result, even if some of them are null.
#[tokio::test]
async fn table_with_unique_keys_passes_the_contract() {
    let rows = (0..40).map(|id| {
        let email = (id % 3 != 0).then(|| format!("{id}@x"));
        User {
            email,
            ..user(id, None, id as i32 % 4, &format!("n{}", id / 4))
        }
    });
    let rows: Vec<User> = rows.collect();
    let table = MemoryTable::new();
    table.insert(rows.clone()).unwrap();
    contract::check(Arc::new(RowProvider::new(table)))
        .await
        .unwrap();
    let unindexed = VirtualRows::new(move || Ok(rows.clone()));
    contract::check(Arc::new(RowProvider::new(unindexed)))
        .await
        .unwrap();
    let (_, session) = self::table();
    for (sql, expected) in [
        (
            "SELECT email, count(*) FROM t GROUP BY email ORDER BY 1",
            "a@x 1\nc@x 1\nNULL 2",
        ),
        ("SELECT DISTINCT email FROM t ORDER BY 1", "a@x\nc@x\nNULL"),
        (
            "SELECT email, name FROM t GROUP BY email, name ORDER BY 1, 2",
            "a@x anna\nc@x anna\nNULL ben",
        ),
        (
            "SELECT count(*) FROM t a JOIN t b ON a.email = b.email",
            "2",
        ),
        ("SELECT count(DISTINCT email) FROM t", "2"),
    ] {
        assert_eq!(answer(&session, sql).await, expected, "{sql}");
    }
}

#[derive(Clone, Debug)]
enum KeyOperation {
    Insert(Vec<User>),
    Upsert(Vec<User>),
    Update(i64, Option<u8>),
    Remove(i64),
    Find(Option<u8>),
}

fn email(number: u8) -> String {
    format!("{number}@x")
}

fn operation() -> impl Strategy<Value = KeyOperation> {
    let users = || {
        let user = (0..12i64, prop::option::of(0..6u8), 0..3i32, 0..3u8);
        let user = user.prop_map(|(id, number, tenant, name)| User {
            email: number.map(email),
            ..self::user(id, None, tenant, &name.to_string())
        });
        prop::collection::vec(user, 1..4)
    };
    prop_oneof![
        4 => users().prop_map(KeyOperation::Insert),
        4 => users().prop_map(KeyOperation::Upsert),
        3 => (0..12i64, prop::option::of(0..6u8)).prop_map(|(id, number)| KeyOperation::Update(id, number)),
        2 => (0..12i64).prop_map(KeyOperation::Remove),
        3 => prop::option::of(0..6u8).prop_map(KeyOperation::Find),
    ]
}

/// Returns whether all keys are distinct.
fn is_valid(rows: &[User]) -> bool {
    let differ = |a: &User, b: &User| {
        a.id != b.id
            && (a.email.is_none() || a.email != b.email)
            && (a.tenant, &a.name) != (b.tenant, &b.name)
    };
    rows.iter()
        .enumerate()
        .all(|(n, a)| rows[n + 1..].iter().all(|b| differ(a, b)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn matches_a_list_of_rows(operations in prop::collection::vec(operation(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let table = Arc::new(MemoryTable::new());
        let mut twin: Vec<User> = Vec::new();
        let session = session(table.clone());
        for operation in &operations {
            let mut next = twin.clone();
            let is_done = match operation {
                KeyOperation::Insert(users) => {
                    next.extend(users.clone());
                    table.insert(users.clone()).is_ok()
                }
                KeyOperation::Upsert(users) => {
                    for user in users {
                        next.retain(|before| before.id != user.id);
                        next.push(user.clone());
                    }
                    table.upsert(users.clone()).is_ok()
                }
                KeyOperation::Update(id, number) => {
                    for user in next.iter_mut().filter(|user| user.id == *id) {
                        user.email = number.map(email);
                    }
                    table.update(id, |user| user.email = number.map(email)).is_ok()
                }
                KeyOperation::Remove(id) => {
                    next.retain(|user| user.id != *id);
                    table.remove(id);
                    true
                }
                KeyOperation::Find(number) => {
                    let Some(number) = number else { continue };
                    let sql = format!("SELECT id FROM t WHERE email = '{}'", email(*number));
                    let found = runtime.block_on(answer(&session, &sql));
                    let expected = twin.iter().find(|user| user.email == Some(email(*number)));
                    let expected = expected.map(|user| user.id.to_string());
                    prop_assert_eq!(found, expected.unwrap_or_default());
                    continue;
                }
            };
            prop_assert_eq!(is_done, is_valid(&next), "{:?}", operation);
            if is_done {
                next.sort_by_key(|user| user.id);
                twin = next;
            }
            prop_assert!(table.snapshot().iter().eq(&twin));
        }
    }
}
