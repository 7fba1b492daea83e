// SPDX-License-Identifier: Apache-2.0

//! SQL `UPDATE`, `DELETE` and `TRUNCATE`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionContext, col, lit};
use kalamtable_provider::{
    BoxError, ChangeStatement, FixedRows, Lookup, MemoryTable, RowProvider, Rows, ScanRequest,
    Snapshot, Statement, TableSource, enable_dml,
};
use kalamtable_rows::doc_example::Event;
use kalamtable_rows::{Decimal, KalamTable, KalamValue};

use crate::support::{answer, error, plan_text, register, run, session};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum OrderState {
    #[kalam(rename = "open")]
    Open,
    #[kalam(rename = "closed")]
    Closed,
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.orders", primary_key(shop, number), crate = kalamtable_rows)]
struct Order {
    shop: String,
    number: i64,
    state: OrderState,
    price: Decimal<6, 2>,
    code: [u8; 2],
    note: Option<String>,
}

fn order(shop: &str, number: i64) -> Order {
    Order {
        shop: shop.to_string(),
        number,
        state: OrderState::Open,
        price: Decimal::from_unscaled(i128::from(number) * 100).unwrap(),
        code: [0, number as u8],
        note: None,
    }
}

/// Returns orders 1 to 3 of the shops `a` and `b`.
fn orders() -> (Arc<MemoryTable<Order>>, SessionContext) {
    let table = Arc::new(MemoryTable::new());
    let rows = ["a", "b"].map(|shop| (1..=3).map(move |number| order(shop, number)));
    table.insert(rows.into_iter().flatten()).unwrap();
    (table.clone(), session(table))
}

async fn keys(session: &SessionContext) -> String {
    answer(session, "SELECT shop, number FROM t")
        .await
        .replace('\n', ", ")
}

#[tokio::test]
async fn update_changes_and_counts_matching_rows() {
    let (table, session) = orders();
    let sql = "UPDATE t SET state = 'closed', note = shop || '-' || number, price = price * 2 \
               WHERE number > 1 AND shop = 'a'";
    assert_eq!(answer(&session, sql).await, "2");
    assert_eq!(
        answer(&session, "SELECT shop, number, state, price, note FROM t").await,
        "a 1 open 1.00 NULL\n\
         a 2 closed 4.00 a-2\n\
         a 3 closed 6.00 a-3\n\
         b 1 open 1.00 NULL\n\
         b 2 open 2.00 NULL\n\
         b 3 open 3.00 NULL"
    );
    assert_eq!(answer(&session, "UPDATE t SET note = NULL").await, "6");
    assert!(table.snapshot().iter().all(|order| order.note.is_none()));
    assert_eq!(
        answer(&session, "UPDATE t SET note = 'x' WHERE number > 9").await,
        "0"
    );
    assert_eq!(
        answer(&session, "UPDATE t SET note = 'x' WHERE false").await,
        "0"
    );
    assert_eq!(
        answer(&session, "UPDATE t SET note = 'x' WHERE NULL").await,
        "0"
    );
    assert!(table.snapshot().iter().all(|order| order.note.is_none()));
}

#[tokio::test]
async fn assigned_values_use_the_row_before_the_update() {
    let (_, session) = orders();
    run(
        &session,
        "UPDATE t SET number = number + 10, note = number WHERE shop = 'b'",
    )
    .await
    .unwrap();
    assert_eq!(
        answer(&session, "SELECT number, note FROM t WHERE shop = 'b'").await,
        "11 1\n12 2\n13 3"
    );
}

#[tokio::test]
async fn alias_and_common_subexpression_are_resolved() {
    let (_, session) = orders();
    let sql = "UPDATE t AS o SET number = o.number * 7 + 1, note = o.number * 7 + 1 \
               WHERE o.number * 7 + 1 > 8 AND o.shop = 'a'";
    assert_eq!(answer(&session, sql).await, "2");
    assert_eq!(
        answer(&session, "SELECT number, note FROM t WHERE shop = 'a'").await,
        "1 NULL\n15 15\n22 22"
    );
}

#[tokio::test]
async fn update_can_permute_keys() {
    let (table, session) = orders();
    assert_eq!(
        answer(&session, "UPDATE t SET number = number + 1").await,
        "6"
    );
    assert_eq!(keys(&session).await, "a 2, a 3, a 4, b 2, b 3, b 4");
    // Each row gets the key of another row.
    let sql = "UPDATE t SET shop = CASE shop WHEN 'a' THEN 'b' ELSE 'a' END, note = shop";
    assert_eq!(answer(&session, sql).await, "6");
    assert_eq!(keys(&session).await, "a 2, a 3, a 4, b 2, b 3, b 4");
    assert!(
        table
            .snapshot()
            .iter()
            .all(|order| order.note.as_ref() != Some(&order.shop))
    );
}

#[tokio::test]
async fn update_to_duplicate_key_fails_and_changes_nothing() {
    let (table, session) = orders();
    let before: Vec<Order> = table.snapshot().iter().cloned().collect();
    let message = error(
        &session,
        "UPDATE t SET number = 3 WHERE shop = 'a' AND number = 1",
    )
    .await;
    assert_eq!(
        message,
        "External error: table `app.orders`: the primary key `shop`, `number` = a, 3 exists already"
    );
    let message = error(&session, "UPDATE t SET number = 7 WHERE shop = 'a'").await;
    assert!(message.contains("a, 7 exists already"), "{message}");
    assert!(table.snapshot().iter().eq(&before));
}

#[tokio::test]
async fn invalid_value_fails_and_changes_nothing() {
    let (table, session) = orders();
    let before: Vec<Order> = table.snapshot().iter().cloned().collect();
    for (set, expected) in [
        (
            "state = CASE number WHEN 2 THEN 'lost' ELSE 'open' END",
            "table `app.orders`, column `state`, row 1: `lost` is not one of `open`, `closed`",
        ),
        (
            "shop = CASE number WHEN 3 THEN NULL ELSE shop END",
            "table `app.orders`, column `shop`, row 2: null, but null is not allowed",
        ),
        (
            "code = X'0102ff'",
            "column `code`, row 0: the length is 3, but should be 2",
        ),
        ("price = price * 5000", "Decimal"),
        ("price = 12345.678", "Decimal"),
        ("number = 1 / (number - 2)", "Divide by zero"),
        (
            "number = 'many'",
            "row 0: `many` is not a value of type Int64",
        ),
    ] {
        let sql = format!("UPDATE t SET {set}");
        let message = error(&session, &sql).await;
        assert!(message.contains(expected), "{sql}: {message}");
    }
    assert!(table.snapshot().iter().eq(&before));
}

#[tokio::test]
async fn unknown_column_fails() {
    let (_, session) = orders();
    let message = error(&session, "UPDATE t SET colour = 'red'").await;
    assert!(message.contains("colour"), "{message}");
    let message = error(&session, "DELETE FROM t WHERE colour = 'red'").await;
    assert!(message.contains("colour"), "{message}");
}

#[tokio::test]
async fn delete_removes_matching_rows() {
    let (_, session) = orders();
    assert_eq!(
        answer(&session, "DELETE FROM t WHERE number = 2").await,
        "2"
    );
    assert_eq!(keys(&session).await, "a 1, a 3, b 1, b 3");
    assert_eq!(
        answer(&session, "DELETE FROM t WHERE number = 2").await,
        "0"
    );
    let sql = "DELETE FROM t WHERE shop = 'a' AND number IN (1, 2) OR shop = 'b' AND number > 1";
    assert_eq!(answer(&session, sql).await, "2");
    assert_eq!(keys(&session).await, "a 3, b 1");
    assert_eq!(answer(&session, "DELETE FROM t").await, "2");
    assert_eq!(keys(&session).await, "");
}

#[tokio::test]
async fn truncate_removes_all_rows() {
    let (table, session) = orders();
    assert_eq!(answer(&session, "TRUNCATE TABLE t").await, "6");
    assert!(table.is_empty());
    assert_eq!(answer(&session, "TRUNCATE TABLE t").await, "0");
}

#[tokio::test]
async fn condition_on_key_uses_a_lookup() {
    let (_, session) = orders();
    let plan = plan_text(
        &session,
        "UPDATE t SET note = 'x' WHERE shop = 'a' AND number = 2",
    )
    .await;
    assert_eq!(
        plan.lines().last().unwrap().trim(),
        "RowChangeExec: table=app.orders, op=Update, set=[note=x], \
         filter=shop@0 = a AND number@1 = 2, keys=[shop = Utf8(\"a\") AND number = Int64(2)]"
    );
    let plan = plan_text(&session, "DELETE FROM t WHERE shop = 'a' AND number < 2").await;
    assert!(
        plan.contains("keys=[shop = Utf8(\"a\") AND number < Int64(2)]"),
        "{plan}"
    );
    let plan = plan_text(&session, "TRUNCATE TABLE t").await;
    assert!(
        plan.contains("RowChangeExec: table=app.orders, op=Truncate"),
        "{plan}"
    );
}

#[tokio::test]
async fn prepared_statement_uses_the_values_of_each_run() {
    let (_, session) = orders();
    run(
        &session,
        "PREPARE close AS UPDATE t SET state = 'closed', note = $1 WHERE number = $2",
    )
    .await
    .unwrap();
    run(&session, "PREPARE gone AS DELETE FROM t WHERE number = $1")
        .await
        .unwrap();
    assert_eq!(answer(&session, "EXECUTE close('x', 1)").await, "2");
    assert_eq!(answer(&session, "EXECUTE close('y', 2)").await, "2");
    assert_eq!(answer(&session, "EXECUTE gone(3)").await, "2");
    let shared = "PREPARE shared AS UPDATE t SET number = number * 7 + $1, note = number * 7 + $1 \
                  WHERE number * 7 + $1 > 100";
    run(&session, shared).await.unwrap();
    assert_eq!(answer(&session, "EXECUTE shared(1)").await, "0");
    run(&session, "PREPARE none AS DELETE FROM t WHERE false")
        .await
        .unwrap();
    assert_eq!(answer(&session, "EXECUTE none").await, "0");
    assert_eq!(
        answer(&session, "SELECT shop, number, state, note FROM t").await,
        "a 1 closed x\na 2 closed y\nb 1 closed x\nb 2 closed y"
    );
}

#[tokio::test]
async fn now_is_constant_and_random_is_evaluated_per_row() {
    let table = Arc::new(MemoryTable::new());
    table
        .insert((0..10_000).map(|id| Event { id, title: None }))
        .unwrap();
    let session = session(table.clone());
    run(&session, "UPDATE t SET title = now()").await.unwrap();
    assert_eq!(
        answer(&session, "SELECT count(DISTINCT title) FROM t").await,
        "1"
    );
    run(&session, "DELETE FROM t WHERE random() < 0.5")
        .await
        .unwrap();
    assert!((4_000..6_000).contains(&table.len()), "{}", table.len());
}

/// The predicates that DataFusion passes to a provider would match every row.
#[tokio::test]
async fn subquery_or_limit_fails_and_changes_nothing() {
    let (table, session) = orders();
    let before: Vec<Order> = table.snapshot().iter().cloned().collect();
    let other = (5..6).map(|id| Event { id, title: None });
    register(&session, "other", FixedRows::new(other.collect()));
    for (sql, what) in [
        (
            "DELETE FROM t WHERE number IN (SELECT id FROM other)",
            "a subquery",
        ),
        (
            "DELETE FROM t WHERE number = (SELECT max(id) FROM other)",
            "a subquery",
        ),
        (
            "DELETE FROM t WHERE EXISTS (SELECT 1 FROM other WHERE id = number)",
            "a subquery",
        ),
        (
            "DELETE FROM t WHERE shop = 'a' AND number NOT IN (SELECT id FROM other)",
            "a subquery",
        ),
        ("DELETE FROM t LIMIT 1", "a limit"),
        ("DELETE FROM t WHERE number > 1 LIMIT 1", "a limit"),
        (
            "UPDATE t SET note = (SELECT max(title) FROM other)",
            "a subquery",
        ),
        (
            "UPDATE t SET note = 'x' WHERE number IN (SELECT id FROM other)",
            "a subquery",
        ),
    ] {
        let message = error(&session, sql).await;
        let expected = format!("of table `t` with {what} is not supported: the condition may use");
        assert!(message.contains(&expected), "{sql}: {message}");
    }
    // DataFusion's planner rejects the statement.
    let message = error(
        &session,
        "UPDATE t SET note = title FROM other WHERE id = number",
    )
    .await;
    assert!(
        message.contains("UPDATE ... FROM is not supported"),
        "{message}"
    );
    // DataFusion optimizes a statement when it is prepared, so its subqueries are joins.
    for (sql, what) in [
        (
            "DELETE FROM t WHERE number IN (SELECT id FROM other)",
            "a subquery or another table",
        ),
        ("DELETE FROM t WHERE number > 1 LIMIT 1", "a limit"),
        (
            "UPDATE t SET note = 'x' WHERE number IN (SELECT id FROM other)",
            "a subquery or another",
        ),
    ] {
        run(&session, &format!("PREPARE p AS {sql}")).await.unwrap();
        let message = error(&session, "EXECUTE p").await;
        assert!(message.contains(what), "{sql}: {message}");
        run(&session, "DEALLOCATE p").await.unwrap();
    }
    assert!(table.snapshot().iter().eq(&before));
}

#[tokio::test]
async fn update_fails_in_session_without_enable_dml() {
    let (table, _) = orders();
    let session = SessionContext::new();
    let provider = RowProvider::new(table.clone());
    session.register_table("t", Arc::new(provider)).unwrap();
    for sql in [
        "DELETE FROM t WHERE number IN (SELECT 9)",
        "UPDATE t SET note = 'x'",
    ] {
        let message = error(&session, sql).await;
        assert!(
            message.contains("call `enable_dml(&ctx)` after the last"),
            "{message}"
        );
    }
    assert_eq!(table.len(), 6);
    assert_eq!(answer(&session, "TRUNCATE TABLE t").await, "6");
}

#[tokio::test]
async fn plans_from_rust_run_statements() {
    let (table, session) = orders();
    let provider = RowProvider::new(table.clone());
    let filters = || vec![col("number").eq(lit(1_i32))];
    let assignments = vec![("number".to_string(), lit(40_i32))];
    let plan = provider
        .update_plan(&session.state(), assignments, &filters())
        .await
        .unwrap();
    let counts = datafusion::physical_plan::collect(plan, session.task_ctx());
    assert_eq!(counts.await.unwrap()[0].num_rows(), 1);
    assert_eq!(keys(&session).await, "a 2, a 3, a 40, b 2, b 3, b 40");
    let twice = ["note", "note"].map(|column| (column.to_string(), lit("x")));
    let refused = provider
        .update_plan(&session.state(), twice.to_vec(), &filters())
        .await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("column `note` is assigned twice")
    );
}

#[tokio::test]
async fn read_only_source_fails_changes_at_planning() {
    let session = session(FixedRows::new(vec![order("a", 1)]));
    for (sql, op) in [
        ("UPDATE t SET note = 'x'", "Update"),
        ("DELETE FROM t", "Delete"),
        ("TRUNCATE TABLE t", "Truncate"),
    ] {
        let message = error(&session, sql).await;
        let expected = format!("table `app.orders`: its source does not support `{op}`");
        assert!(message.contains(&expected), "{message}");
    }
}

#[tokio::test]
async fn statements_change_a_table_of_many_chunks() {
    let table = Arc::new(MemoryTable::new());
    table
        .insert((0..50_000).map(|id| Event { id, title: None }))
        .unwrap();
    let before = table.snapshot();
    let session = session(table.clone());
    assert_eq!(
        answer(&session, "DELETE FROM t WHERE id % 3 = 0").await,
        "16667"
    );
    assert_eq!(
        answer(&session, "UPDATE t SET id = id + 100000 WHERE id % 3 = 1").await,
        "16667"
    );
    let sql = "UPDATE t SET title = 'x' WHERE id BETWEEN 20000 AND 20005 OR id > 149990";
    assert_eq!(answer(&session, sql).await, "5");
    let ids: Vec<i64> = table.snapshot().iter().map(|event| event.id).collect();
    let twos = (0..50_000).filter(|id| id % 3 == 2);
    let ones = (0..50_000).filter(|id| id % 3 == 1).map(|id| id + 100_000);
    assert_eq!(ids, twos.chain(ones).collect::<Vec<_>>());
    assert_eq!(before.len(), 50_000);
    assert!(
        before
            .iter()
            .zip(0..)
            .all(|(event, id)| event.id == id && event.title.is_none())
    );
}

/// A provider that wraps a `RowProvider`, such as one that logs or counts queries.
#[derive(Debug)]
struct Audited(RowProvider);

#[async_trait::async_trait]
impl TableProvider for Audited {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        self.0.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.scan(state, projection, filters, limit).await
    }

    async fn delete_from(
        &self,
        state: &dyn Session,
        filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.delete_from(state, filters).await
    }
}

#[tokio::test]
async fn delete_through_wrapping_provider_fails() {
    let (table, session) = orders();
    let audited = Audited(RowProvider::new(table.clone()));
    session
        .register_table("audited", Arc::new(audited))
        .unwrap();
    let message = error(&session, "DELETE FROM audited WHERE number IN (SELECT 9)").await;
    assert!(
        message.contains("a provider that wraps a `RowProvider` cannot forward the statement"),
        "{message}"
    );
    assert_eq!(table.len(), 6);
}

/// Adds a condition to every scan of `t`.
#[derive(Debug)]
struct OnlyShopA;

impl AnalyzerRule for OnlyShopA {
    fn name(&self) -> &str {
        "only_shop_a"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up(|plan| match plan {
            LogicalPlan::TableScan(scan) => {
                let condition = col("t.shop").eq(lit("a"));
                let plan = LogicalPlanBuilder::from(LogicalPlan::TableScan(scan));
                Ok(Transformed::yes(plan.filter(condition)?.build()?))
            }
            plan => Ok(Transformed::no(plan)),
        })
        .data()
    }
}

#[tokio::test]
async fn condition_of_analyzer_rule_applies() {
    // The rule is added before `ChangeRule`.
    let (table, _) = orders();
    let session = SessionContext::new();
    session.add_analyzer_rule(Arc::new(OnlyShopA));
    enable_dml(&session);
    register(&session, "t", table.clone());
    assert_eq!(answer(&session, "DELETE FROM t").await, "3");
    assert!(table.snapshot().iter().all(|order| order.shop == "b"));
    // The rule is added after `ChangeRule`: statements fail until `enable_dml` is called again.
    let (table, session) = orders();
    session.add_analyzer_rule(Arc::new(OnlyShopA));
    for sql in ["DELETE FROM t", "UPDATE t SET note = 'x'"] {
        let message = error(&session, sql).await;
        assert!(message.contains("call `enable_dml` again"), "{message}");
    }
    enable_dml(&session);
    assert_eq!(answer(&session, "UPDATE t SET note = 'x'").await, "3");
    assert_eq!(answer(&session, "DELETE FROM t").await, "3");
    assert!(
        table
            .snapshot()
            .iter()
            .all(|order| order.shop == "b" && order.note.is_none())
    );
}

#[tokio::test]
async fn join_reduced_to_another_table_fails() {
    let (table, session) = orders();
    let before: Vec<Order> = table.snapshot().iter().cloned().collect();
    let events = (1..4).map(|id| Event { id, title: None });
    register(&session, "s", FixedRows::new(events.collect()));
    let other = Arc::new(MemoryTable::new());
    other
        .insert((1..4).map(|id| Event { id, title: None }))
        .unwrap();
    register(&session, "e", other.clone());
    let sql = "PREPARE p AS UPDATE e RIGHT JOIN s ON e.id = s.id SET id = s.id, title = 'x' \
               WHERE s.id = 3";
    if run(&session, sql).await.is_ok() {
        let message = error(&session, "EXECUTE p").await;
        assert!(message.contains("another table"), "{message}");
    }
    assert!(other.snapshot().iter().all(|event| event.title.is_none()));
    assert!(table.snapshot().iter().eq(&before));
}

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.connections", primary_key(id), crate = kalamtable_rows)]
struct Connection {
    id: i64,
    #[kalam(skip)]
    socket: Option<Arc<str>>,
    note: String,
}

#[tokio::test]
async fn update_keeps_fields_that_are_not_columns() {
    let table = Arc::new(MemoryTable::new());
    let connection = |id: i64| Connection {
        id,
        socket: Some(Arc::from(format!("socket {id}"))),
        note: String::new(),
    };
    table.insert((0..2_000).map(connection)).unwrap();
    let session = session(table.clone());
    let sql = "UPDATE t SET note = 'x', id = id + 5000 WHERE id % 7 = 3";
    assert_eq!(answer(&session, sql).await, "286");
    let sockets = table.snapshot();
    assert!(
        sockets
            .iter()
            .all(|row| row.socket.as_deref() == Some(&*format!("socket {}", row.id % 5000)))
    );
}

/// A source that finds the rows of a statement by key, and supports only `DELETE`.
#[derive(Debug)]
struct Store {
    events: Mutex<BTreeMap<i64, Event>>,
    asked: AtomicUsize,
}

impl TableSource for Store {
    type Row = Event;

    fn scan(&self, _request: &ScanRequest<Event>) -> std::result::Result<Rows<Event>, BoxError> {
        let events = self.events.lock().unwrap();
        Ok(Rows::from(events.values().cloned().collect::<Vec<_>>()))
    }

    fn accepts(&self, statement: Statement) -> bool {
        matches!(statement, Statement::Delete | Statement::Truncate)
    }

    fn change(&self, statement: &ChangeStatement<'_, Event>) -> std::result::Result<u64, BoxError> {
        assert_eq!(statement.kind(), Statement::Delete);
        let mut events = self.events.lock().unwrap();
        let is_wanted = |event: &Event| match statement.lookup() {
            Some(Lookup::Key(ranges)) => ranges.iter().any(|range| range.compare(event).is_eq()),
            _ => true,
        };
        let rows: Vec<Event> = events
            .values()
            .filter(|event| is_wanted(event))
            .cloned()
            .collect();
        self.asked.fetch_add(rows.len(), Ordering::Relaxed);
        let rows = Snapshot::from(rows);
        let changes = statement.changes(&rows)?;
        for change in &changes {
            let row = rows.iter().nth(change.row).ok_or("no such row")?;
            events.remove(&row.id);
        }
        Ok(changes.len() as u64)
    }
}

#[tokio::test]
async fn source_runs_only_the_statements_it_accepts() {
    let events = (0..1_000).map(|id| (id, Event { id, title: None }));
    let store = Arc::new(Store {
        events: Mutex::new(events.collect()),
        asked: AtomicUsize::new(0),
    });
    let session = session(store.clone());
    assert_eq!(
        answer(
            &session,
            "DELETE FROM t WHERE id BETWEEN 10 AND 19 AND id % 2 = 0"
        )
        .await,
        "5"
    );
    assert_eq!(store.asked.swap(0, Ordering::Relaxed), 10);
    assert_eq!(
        answer(
            &session,
            "DELETE FROM t WHERE title IS NULL AND id % 10 > 0"
        )
        .await,
        "896"
    );
    assert_eq!(store.asked.load(Ordering::Relaxed), 995);
    assert_eq!(answer(&session, "SELECT count(*) FROM t").await, "99");
    let refused = error(&session, "UPDATE t SET title = 'x'").await;
    assert!(
        refused.contains("its source does not support `Update`"),
        "{refused}"
    );
    // The source accepts the statement, but does not implement it.
    let refused = error(&session, "TRUNCATE TABLE t").await;
    assert!(
        refused.contains("its source does not support `Truncate`"),
        "{refused}"
    );
}
