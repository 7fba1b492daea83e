// SPDX-License-Identifier: Apache-2.0

//! Which of the parser's keywords are names without quotes: the list of the model, compared with
//! the plans of statements.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;
use kalamtable_model::{is_column_word, is_namespace_word, is_table_word};

/// Statements with a column `{}` of table `t`.
const OF_COLUMNS: [&str; 15] = [
    "SELECT {} FROM t",
    "SELECT aa, {} FROM t",
    "SELECT {}, aa FROM t",
    "SELECT {} AS b FROM t",
    "SELECT DISTINCT {} FROM t",
    "SELECT t.{} FROM t",
    "SELECT max({}) FROM t",
    "SELECT aa FROM t WHERE {} = 1",
    "SELECT aa FROM t WHERE aa = 1 AND {} IS NOT NULL",
    "SELECT aa FROM t WHERE aa + {} > 1",
    "SELECT aa FROM t ORDER BY {}",
    "SELECT {}, count(*) FROM t GROUP BY {}",
    "SELECT aa FROM t JOIN u USING ({})",
    "INSERT INTO t (aa, {}) VALUES (1, 2)",
    "UPDATE t SET {} = 1 WHERE {} = 2",
];

/// Statements with a table `s.{}`.
const OF_TABLES: [&str; 8] = [
    "SELECT aa FROM s.{}",
    "SELECT aa FROM s.{} WHERE aa = 1",
    "SELECT {}.aa FROM s.{}",
    "SELECT x.aa FROM s.{} AS x",
    "SELECT x.aa FROM s.{} x JOIN s.{} y ON x.aa = y.aa",
    "INSERT INTO s.{} (aa) VALUES (1)",
    "UPDATE s.{} SET aa = 1",
    "DELETE FROM s.{} WHERE aa = 1",
];

/// Statements with a table `t` in namespace `{}`.
const OF_NAMESPACES: [&str; 6] = [
    "SELECT {}.t.aa FROM {}.t",
    "SELECT aa FROM {}.t",
    "SELECT x.aa FROM {}.t AS x JOIN {}.t AS y ON x.aa = y.aa",
    "INSERT INTO {}.t (aa) VALUES (1)",
    "UPDATE {}.t SET aa = 1",
    "DELETE FROM {}.t WHERE aa = 1",
];

fn table(columns: &[&str]) -> Arc<MemTable> {
    let fields = columns
        .iter()
        .map(|name| Field::new(*name, DataType::Int64, true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Arc::new(MemTable::try_new(schema, vec![vec![]]).unwrap())
}

fn schema(session: &SessionContext, name: &str, tables: &[(&str, &[&str])]) {
    let schema = MemorySchemaProvider::new();
    for (name, columns) in tables {
        schema
            .register_table(name.to_string(), table(columns))
            .unwrap();
    }
    let catalog = session.catalog("datafusion").unwrap();
    catalog.register_schema(name, Arc::new(schema)).unwrap();
}

/// Returns the first statement that has another plan than with the name in quotes.
async fn differing(session: &SessionState, statements: &[&str], name: &str) -> Option<String> {
    for statement in statements {
        let plan = async |name: &str| {
            let sql = statement.replace("{}", name);
            let plan = session.create_logical_plan(&sql).await;
            plan.map(|plan| plan.display_indent_schema().to_string())
        };
        let quoted = plan(&format!("\"{name}\"")).await;
        let quoted = quoted.unwrap_or_else(|error| panic!("{statement} with {name}: {error}"));
        if !plan(name).await.is_ok_and(|plan| plan == quoted) {
            return Some(statement.replace("{}", name));
        }
    }
    None
}

#[tokio::test]
async fn keywords_that_need_quotes_are_listed() {
    let mut wrong = Vec::new();
    // The checks reject the names of other keywords.
    let is_name = |keyword: &&&str| !keyword.contains('-');
    let session = SessionContext::new();
    let state = session.state();
    for keyword in ALL_KEYWORDS.iter().filter(is_name) {
        let name = &*keyword.to_ascii_lowercase();
        schema(&session, "public", &[("t", &["aa", name]), ("u", &[name])]);
        let column = differing(&state, &OF_COLUMNS, name).await;
        if column.is_some() != is_column_word(name) {
            wrong.push(format!("column {name}: {column:?}"));
        }
        schema(&session, "s", &[(name, &["aa"])]);
        let table = differing(&state, &OF_TABLES, name).await;
        if table.is_some() != is_table_word(name) {
            wrong.push(format!("table {name}: {table:?}"));
        }
        schema(&session, name, &[("t", &["aa"])]);
        let namespace = differing(&state, &OF_NAMESPACES, name).await;
        if namespace.is_some() != is_namespace_word(name) {
            wrong.push(format!("namespace {name}: {namespace:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words that are not keywords need no quotes, and upper-case letters do.
#[tokio::test]
async fn other_names_need_no_quotes_in_lower_case() {
    let session = SessionContext::new();
    let state = session.state();
    for name in [
        "id", "_seq", "users", "e", "x", "b", "n", "u", "user_id", "order_id", "a1",
    ] {
        schema(&session, "public", &[("t", &["aa", name]), ("u", &[name])]);
        schema(&session, "s", &[(name, &["aa"])]);
        schema(&session, name, &[("t", &["aa"])]);
        assert_eq!(differing(&state, &OF_COLUMNS, name).await, None);
        assert_eq!(differing(&state, &OF_TABLES, name).await, None);
        assert_eq!(differing(&state, &OF_NAMESPACES, name).await, None);
        assert!(!is_column_word(name) && !is_table_word(name), "{name}");
        assert!(!is_namespace_word(name), "{name}");
    }
    schema(
        &session,
        "public",
        &[("t", &["aa", "userId"]), ("u", &["userId"])],
    );
    assert!(differing(&state, &OF_COLUMNS, "userId").await.is_some());
}
