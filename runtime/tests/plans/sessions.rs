// SPDX-License-Identifier: Apache-2.0

//! Sessions that share a cache: users, settings, functions and the budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{ColumnarValue, Expr, Volatility, create_udf, lit};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use kalamtable_plans::{PlanCacheOptions, SqlSession};
use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_runtime::{Actor, DynamicOptions, DynamicTables, MemoryStorage, Role};
use kalamtable_store::MemoryStore;

use crate::support::{actor, definition, lines, table};

/// A server with cached plans.
pub(crate) struct CachedServer {
    pub(crate) registry: SchemaRegistry,
    pub(crate) tables: DynamicTables,
}

impl CachedServer {
    pub(crate) async fn new() -> Self {
        CachedServer::with_plans(PlanCacheOptions::default()).await
    }

    pub(crate) async fn with_plans(plans: PlanCacheOptions) -> Self {
        let store = Arc::new(MemoryStore::new());
        let registry = SchemaRegistry::open(store, RegistryOptions::default())
            .await
            .unwrap();
        let options = DynamicOptions::default().with_plans(plans);
        let storage = Arc::new(MemoryStorage::new());
        CachedServer {
            tables: DynamicTables::with_options(registry.clone(), storage, options),
            registry,
        }
    }

    pub(crate) fn context(&self, actor: Actor) -> SessionContext {
        let config = SessionConfig::new()
            .with_target_partitions(2)
            .with_information_schema(true)
            .with_extension(Arc::new(actor));
        let ctx = SessionContext::new_with_config(config);
        self.tables.register(&ctx).unwrap();
        ctx
    }

    pub(crate) fn session(&self, name: &str) -> SqlSession {
        self.session_of(actor(name, Role::System))
    }

    pub(crate) fn session_of(&self, actor: Actor) -> SqlSession {
        self.tables.session(&self.context(actor)).unwrap()
    }

    pub(crate) async fn create(&self, toml: &str) {
        self.registry.create(definition(toml)).await.unwrap();
    }

    /// Replaces the definition of the table `app.NAME`, which can have another name afterwards.
    pub(crate) async fn alter(&self, name: &str, toml: &str) {
        let current = self.registry.find(("app", name)).await.unwrap().unwrap();
        self.registry
            .alter(&current, definition(toml))
            .await
            .unwrap();
    }

    pub(crate) async fn drop(&self, name: &str) {
        let current = self.registry.find(("app", name)).await.unwrap().unwrap();
        self.registry.drop_table(&current).await.unwrap();
        self.tables.remove_rows(current.id()).unwrap();
    }
}

/// Runs a statement with cached plans, and returns its rows, one per line, in ascending order.
pub(crate) async fn cached(session: &SqlSession, sql: &str) -> Result<String> {
    let rows = session.execute(sql).await?;
    let schema = rows.schema();
    let batches: Vec<_> = rows.try_collect().await?;
    for batch in &batches {
        assert_eq!(batch.schema(), schema, "{sql}");
    }
    Ok(sorted(&lines(&batches)))
}

/// Runs a statement in a session that plans it.
pub(crate) async fn planned(ctx: &SessionContext, sql: &str) -> Result<String> {
    let batches = ctx.sql(sql).await?.collect().await?;
    Ok(sorted(&lines(&batches)))
}

fn sorted(text: &str) -> String {
    let mut rows: Vec<&str> = text.lines().collect();
    rows.sort_unstable();
    rows.join("\n")
}

const NOTES: &str = "kind = 'user'";
const TITLE: &str = "title = { id = 2, type = 'text', nullable = true }";

#[tokio::test]
async fn users_share_a_text_and_never_rows() {
    let server = CachedServer::new().await;
    server.create(&table("notes", NOTES, TITLE)).await;
    let ann = server.session_of(actor("ann", Role::User));
    let bob = server.session_of(actor("bob", Role::User));
    cached(
        &ann,
        "INSERT INTO app.notes (id, title) VALUES (1, 'of ann')",
    )
    .await
    .unwrap();
    cached(
        &bob,
        "INSERT INTO app.notes (id, title) VALUES (1, 'of bob')",
    )
    .await
    .unwrap();
    for text in [
        "SELECT title FROM app.notes WHERE id = 1",
        "SELECT title FROM app.notes",
        "SELECT max(title) FROM app.notes GROUP BY id",
        "SELECT title FROM app.notes WHERE id IN (SELECT max(id) FROM app.notes)",
    ] {
        for _ in 0..2 {
            assert_eq!(cached(&ann, text).await.unwrap(), "of ann", "{text}");
            assert_eq!(cached(&bob, text).await.unwrap(), "of bob", "{text}");
        }
    }
    let stats = server.tables.plan_cache().stats();
    assert_eq!((stats.misses, stats.hits), (6, 12));
    cached(&ann, "UPDATE app.notes SET title = 'changed' WHERE id = 1")
        .await
        .unwrap();
    cached(&bob, "DELETE FROM app.notes").await.unwrap();
    cached(&bob, "DELETE FROM app.notes").await.unwrap();
    let all = "SELECT title FROM app.notes";
    assert_eq!(cached(&ann, all).await.unwrap(), "changed");
    assert_eq!(cached(&bob, all).await.unwrap(), "");
}

#[tokio::test]
async fn actor_that_a_session_gets_later_is_used() {
    let server = CachedServer::new().await;
    server.create(&table("notes", NOTES, TITLE)).await;
    let ctx = server.context(actor("ann", Role::User));
    let session = server.tables.session(&ctx).unwrap();
    let insert = "INSERT INTO app.notes (id, title) VALUES (1, 'of ann')";
    cached(&session, insert).await.unwrap();
    let all = "SELECT title FROM app.notes";
    assert_eq!(cached(&session, all).await.unwrap(), "of ann");
    let bob = Arc::new(actor("bob", Role::User));
    ctx.state_ref().write().config_mut().set_extension(bob);
    assert_eq!(cached(&session, all).await.unwrap(), "");
    let statement = session.prepare(all).await.unwrap();
    let ann = Arc::new(actor("ann", Role::User));
    ctx.state_ref().write().config_mut().set_extension(ann);
    let rows: Vec<_> = statement
        .execute(Vec::new())
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(lines(&rows), "of ann");
}

#[tokio::test]
async fn access_is_checked_for_each_user_of_a_plan() {
    let server = CachedServer::new().await;
    let kind = "kind = 'shared'\naccess_level = 'restricted'";
    server.create(&table("audit", kind, TITLE)).await;
    let root = server.session("root");
    for text in [
        "SELECT title FROM app.audit WHERE id = 1",
        "SELECT count(*) FROM app.audit",
        "INSERT INTO app.audit (id) VALUES (1)",
        "UPDATE app.audit SET title = 'x' WHERE id = 1",
        "DELETE FROM app.audit WHERE id = 1",
    ] {
        cached(&root, text).await.unwrap();
        for role in [Role::Anonymous, Role::User] {
            let other = server.session_of(actor("eve", role));
            let denied = cached(&other, text).await.unwrap_err().to_string();
            assert!(denied.contains("`restricted`"), "{text}: {denied}");
            assert!(planned(other.context(), text).await.is_err(), "{text}");
        }
    }
    assert_eq!(server.tables.plan_cache().stats().misses, 5);
}

#[tokio::test]
async fn settings_of_a_session_are_a_part_of_the_key() {
    let server = CachedServer::new().await;
    let seen = "seen = { id = 2, type = 'timestamp', unit = 'us', nullable = true }";
    server
        .create(&table("events", "kind = 'shared'", seen))
        .await;
    server
        .create(&table("other", "kind = 'shared'", seen))
        .await;
    let session = server.session("root");
    cached(
        &session,
        "INSERT INTO app.events (id, seen) VALUES (1, '2024-05-01T12:00:00')",
    )
    .await
    .unwrap();
    let text = "SELECT seen::timestamptz::text AS t FROM app.events";
    let check = async |expected: &str| {
        for _ in 0..2 {
            assert_eq!(cached(&session, text).await.unwrap(), expected);
            assert_eq!(planned(session.context(), text).await.unwrap(), expected);
        }
    };
    let utc = planned(session.context(), text).await.unwrap();
    check(&utc).await;
    cached(&session, "SET datafusion.execution.time_zone = '+05:00'")
        .await
        .unwrap();
    let shifted = planned(session.context(), text).await.unwrap();
    assert_ne!(utc, shifted);
    check(&shifted).await;
    cached(&session, "SET datafusion.execution.time_zone = '+00:00'")
        .await
        .unwrap();
    let zero = planned(session.context(), text).await.unwrap();
    check(&zero).await;

    // A name without a schema is resolved with the default of the session.
    cached(&session, "INSERT INTO app.other (id) VALUES (2), (3)")
        .await
        .unwrap();
    cached(&session, "SET datafusion.catalog.default_schema = 'app'")
        .await
        .unwrap();
    let count = "SELECT count(*) FROM events";
    assert_eq!(cached(&session, count).await.unwrap(), "1");
    server.create("name = 'web.events'\nprimary_key = ['id']\n[columns]\nid = { id = 1, type = 'bigint' }").await;
    cached(&session, "SET datafusion.catalog.default_schema = 'web'")
        .await
        .unwrap();
    assert_eq!(cached(&session, count).await.unwrap(), "0");
    cached(&session, "SET datafusion.catalog.default_schema = 'app'")
        .await
        .unwrap();
    assert_eq!(cached(&session, count).await.unwrap(), "1");
}

fn answer_of(value: i64) -> datafusion::logical_expr::ScalarUDF {
    let returned = Arc::new(move |_: &[ColumnarValue]| {
        Ok(ColumnarValue::Scalar(ScalarValue::Int64(Some(value))))
    });
    create_udf(
        "answer",
        Vec::new(),
        DataType::Int64,
        Volatility::Immutable,
        returned,
    )
}

#[tokio::test]
async fn functions_of_a_session_are_dependencies() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    let other = server.session("other");
    session.context().register_udf(answer_of(1));
    other.context().register_udf(answer_of(7));
    cached(&session, "INSERT INTO app.notes (id) VALUES (1)")
        .await
        .unwrap();
    let text = "SELECT answer() FROM app.notes";
    for _ in 0..2 {
        assert_eq!(cached(&session, text).await.unwrap(), "1");
        assert_eq!(cached(&other, text).await.unwrap(), "7");
    }
    session.context().register_udf(answer_of(2));
    assert_eq!(cached(&session, text).await.unwrap(), "2");
    session.context().deregister_udf("answer");
    let missing = cached(&session, text).await.unwrap_err().to_string();
    assert!(missing.contains("Invalid function 'answer'"), "{missing}");

    // A scalar function takes precedence over an aggregate function of the same name.
    let sum = "SELECT sum(id) FROM app.notes";
    assert_eq!(cached(&session, sum).await.unwrap(), "1");
    let scalar = Arc::new(|arguments: &[ColumnarValue]| Ok(arguments[0].clone()));
    let scalar = create_udf(
        "sum",
        vec![DataType::Int64],
        DataType::Int64,
        Volatility::Immutable,
        scalar,
    );
    cached(&session, "INSERT INTO app.notes (id) VALUES (2)")
        .await
        .unwrap();
    session.context().register_udf(scalar);
    assert_eq!(cached(&session, sum).await.unwrap(), "1\n2");
}

#[tokio::test]
async fn time_advances_and_random_values_differ() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    cached(&session, "INSERT INTO app.notes (id) VALUES (1)")
        .await
        .unwrap();
    for text in [
        "SELECT now() FROM app.notes",
        "SELECT id FROM app.notes WHERE now() > '2020-01-01' AND random() >= 0",
        "SELECT random() FROM app.notes",
        "SELECT now() AS t FROM app.notes WHERE id = 1",
    ] {
        let first = cached(&session, text).await.unwrap();
        let second = cached(&session, text).await.unwrap();
        let is_constant = text.starts_with("SELECT id");
        assert_eq!(first == second, is_constant, "{text}: {first} {second}");
    }
    assert_eq!(server.tables.plan_cache().stats().hits, 4);
}

/// A function that returns a greater number each time a statement calls it.
fn tick(volatility: Volatility) -> datafusion::logical_expr::ScalarUDF {
    let count = AtomicI64::new(0);
    let returned = Arc::new(move |_: &[ColumnarValue]| {
        let count = count.fetch_add(1, Ordering::SeqCst);
        Ok(ColumnarValue::Scalar(ScalarValue::Int64(Some(count))))
    });
    create_udf("tick", Vec::new(), DataType::Int64, volatility, returned)
}

#[tokio::test]
async fn stable_functions_are_evaluated_for_each_statement() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    session.context().register_udf(tick(Volatility::Stable));
    cached(&session, "INSERT INTO app.notes (id) VALUES (1000)")
        .await
        .unwrap();
    let mut last = -1;
    for text in [
        "SELECT tick() FROM app.notes",
        "SELECT max(tick() + id - id) FROM app.notes",
        "SELECT tick() FROM app.notes WHERE id = 1000",
    ] {
        for _ in 0..3 {
            let found: i64 = cached(&session, text).await.unwrap().parse().unwrap();
            assert!(found > last, "{text}: {found} after {last}");
            last = found;
        }
    }
    let below = session
        .prepare("SELECT count(*) AS n FROM app.notes WHERE tick() < $1")
        .await
        .unwrap();
    let mut counts = Vec::new();
    for _ in 0..20 {
        let limit = ScalarValue::Int64(Some(last + 6));
        let rows = below.execute(vec![limit]).await.unwrap();
        counts.push(lines(&rows.try_collect::<Vec<_>>().await.unwrap()));
    }
    assert!(counts.contains(&"1".to_string()) && counts.contains(&"0".to_string()));
    for _ in 0..2 {
        let insert = "INSERT INTO app.notes (id) VALUES (tick())";
        cached(&session, insert).await.unwrap();
    }
}

/// Replaces the calls of the function `answer` by 42.
#[derive(Debug)]
struct RewriteAnswer;

impl FunctionRewrite for RewriteAnswer {
    fn name(&self) -> &str {
        "rewrite_answer"
    }

    fn rewrite(
        &self,
        expr: Expr,
        _schema: &DFSchema,
        _config: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        Ok(match &expr {
            Expr::ScalarFunction(call) if call.func.name() == "answer" => {
                Transformed::yes(lit(42_i64))
            }
            _ => Transformed::no(expr),
        })
    }
}

#[tokio::test]
async fn function_rewrites_are_dependencies() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    session.context().register_udf(answer_of(41));
    cached(&session, "INSERT INTO app.notes (id) VALUES (1)")
        .await
        .unwrap();
    let text = "SELECT answer() AS n FROM app.notes";
    for _ in 0..2 {
        assert_eq!(cached(&session, text).await.unwrap(), "41");
    }
    {
        let state = session.context().state_ref();
        let mut state = state.write();
        state
            .register_function_rewrite(Arc::new(RewriteAnswer))
            .unwrap();
    }
    for _ in 0..2 {
        assert_eq!(cached(&session, text).await.unwrap(), "42");
    }
}

#[tokio::test]
async fn tables_of_a_session_are_freed_with_it() {
    let server = CachedServer::new().await;
    let session = server.session("root");
    let numbers = session.context().sql("SELECT 1 AS n").await.unwrap();
    let batches = numbers.collect().await.unwrap();
    let numbers = MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
    let numbers = Arc::new(numbers);
    let observed = Arc::downgrade(&numbers);
    server
        .tables
        .register_session_table(session.context(), "app.numbers", numbers)
        .unwrap();
    let text = "SELECT n FROM app.numbers";
    for _ in 0..2 {
        assert_eq!(cached(&session, text).await.unwrap(), "1");
    }
    let stats = server.tables.plan_cache().stats();
    assert_eq!((stats.hits, stats.entries), (1, 1));
    drop(session);
    assert_eq!(observed.strong_count(), 0);
    assert_eq!(server.tables.plan_cache().stats().entries, 0);
}

#[tokio::test]
async fn table_of_the_session_takes_precedence_until_it_is_removed() {
    let server = CachedServer::new().await;
    let (session, other) = (server.session("root"), server.session("other"));
    let toml = table("notes", "kind = 'shared'", TITLE);
    let fixed = kalamtable_provider::RowProvider::from_batches(definition(&toml), &[]).unwrap();
    let ctx = session.context();
    kalamtable_provider::register(ctx, fixed).unwrap();
    server.create(&toml).await;
    cached(&other, "INSERT INTO app.notes (id) VALUES (1)")
        .await
        .unwrap();
    let text = "SELECT count(*) FROM app.notes";
    for _ in 0..2 {
        assert_eq!(cached(&session, text).await.unwrap(), "0");
        assert_eq!(cached(&other, text).await.unwrap(), "1");
    }
    ctx.deregister_table("app.notes").unwrap();
    for _ in 0..2 {
        assert_eq!(cached(&session, text).await.unwrap(), "1");
    }
}

#[tokio::test]
async fn explain_states_whether_the_plan_is_cached() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    let cache_row = async |sql: &str| {
        let text = cached(&session, sql).await.unwrap();
        let row = text.lines().find(|line| line.starts_with("plan_cache"));
        row.unwrap_or_default().to_string()
    };
    let explain = "EXPLAIN SELECT id\nFROM app.notes WHERE title = 'é'";
    assert_eq!(cache_row(explain).await, "plan_cache miss");
    cached(&session, "SELECT id\nFROM app.notes WHERE title = 'é';")
        .await
        .unwrap();
    assert_eq!(cache_row(explain).await, "plan_cache hit");
    assert_eq!(
        cache_row("EXPLAIN VERBOSE SELECT id\nFROM app.notes WHERE title = 'é'").await,
        "plan_cache hit"
    );
}

#[tokio::test]
async fn statements_that_cannot_be_cached_are_planned_each_time() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    for text in [
        "SELECT count(*) FROM information_schema.tables",
        "SELECT * FROM range(1, 3)",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r",
    ] {
        let first = cached(&session, text).await.unwrap();
        assert_eq!(cached(&session, text).await.unwrap(), first);
    }
    let stats = server.tables.plan_cache().stats();
    assert_eq!((stats.entries, stats.hits, stats.uncacheable), (0, 0, 6));
}

#[tokio::test]
async fn many_texts_stay_within_the_budget() {
    let options = PlanCacheOptions::default().with_budget_bytes(200_000);
    let server = CachedServer::with_plans(options).await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    for number in 0..300 {
        let text = format!("SELECT id FROM app.notes WHERE id = {number}");
        cached(&session, &text).await.unwrap();
        assert!(server.tables.plan_cache().stats().bytes <= 200_000);
    }
    let stats = server.tables.plan_cache().stats();
    assert_eq!(stats.entries as u64 + stats.evicted, 300);
    assert!(stats.entries > 20, "{stats:?}");
}

#[tokio::test]
async fn sessions_and_their_server_are_freed() {
    let store = Arc::new(MemoryStore::new());
    let registry = SchemaRegistry::open(store, RegistryOptions::default()).await;
    let registry = registry.unwrap();
    let storage = Arc::new(MemoryStorage::new());
    let observed_storage = Arc::downgrade(&storage);
    let server = CachedServer {
        tables: DynamicTables::new(registry.clone(), storage),
        registry,
    };
    let config = SessionConfig::new().with_extension(Arc::new(actor("root", Role::System)));
    let ctx = SessionContext::new_with_config(config);
    server.tables.register(&ctx).unwrap();
    let observed_session = Arc::downgrade(&ctx.state_ref());
    let session = server.tables.session(&ctx).unwrap();
    for statement in [
        "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')",
        "INSERT INTO app.t (id, n) VALUES (1, 1)",
        "CREATE VIEW app.v AS SELECT * FROM app.t WHERE n > 0",
        "PREPARE by_id AS SELECT n FROM app.t WHERE id = $1",
        "EXECUTE by_id(1)",
        "SELECT * FROM app.v",
        "SELECT * FROM app.v",
        "SELECT n FROM app.t WHERE id = 1",
        "UPDATE app.t SET n = 2 WHERE id = 1",
        "EXPLAIN SELECT count(*) FROM app.t",
    ] {
        cached(&session, statement).await.unwrap();
    }
    drop((session, ctx));
    assert_eq!(observed_session.strong_count(), 0, "the session");
    drop(server);
    assert_eq!(observed_storage.strong_count(), 0, "the storage");
}
