// SPDX-License-Identifier: Apache-2.0

//! [`filter`]: predicates as text, parsed and bound once per version of a table.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, Volatility};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use kalamtable_provider::__private::is_exact;
use kalamtable_registry::{AppendOnlyMap, Artefact, TableSnapshot};

use crate::error::Error;

/// The maximum length of a text in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The maximum number of words and operators of a text. It bounds the depth of the expression,
/// which is traversed recursively. Values and commas do not count, so that lists can be long.
const MAX_WORDS: usize = 512;

/// The maximum number of filters that are cached per version of a table. Others are bound at each
/// call.
const MAX_FILTERS: usize = 1024;

/// The cached filters of one version of a table.
#[derive(Debug, Default)]
struct Filters(AppendOnlyMap<String, Arc<dyn PhysicalExpr>>);

/// The session that binds every filter. With the functions and options of the caller's session, the
/// meaning of a text would depend on the session.
static BINDER: LazyLock<SessionState> = LazyLock::new(|| SessionContext::new().state());

/// Returns the predicate `text`, bound to
/// [`schema_with_system_columns`](TableSnapshot::schema_with_system_columns). It is parsed and
/// bound once, and cached with the snapshot of the version.
///
/// The meaning does not depend on a session: only DataFusion's own functions are available, and
/// their results may depend only on the row.
///
/// ```
/// # use std::sync::Arc;
/// # use kalamtable_model::{SourceFile, Sources, parse_and_check};
/// # use kalamtable_registry::{RegistryOptions, SchemaRegistry};
/// # use kalamtable_store::MemoryStore;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let toml = "name = 'app.notes'\nprimary_key = ['id']\n[columns]\nid = { id = 1, type = 'bigint' }";
/// # let mut sources = Sources::new();
/// # let file = sources.push(SourceFile::new("notes.toml", toml));
/// # let definition = parse_and_check(&sources, file).map_err(|e| format!("{e:?}"))?.definition;
/// # let registry = SchemaRegistry::open(Arc::new(MemoryStore::new()), RegistryOptions::default()).await?;
/// let notes = registry.create(definition).await?;
/// let first = kalamtable_runtime::dynamic::filter(&notes, "id > 7 AND NOT _deleted")?;
/// let again = kalamtable_runtime::dynamic::filter(&notes, "id > 7 AND NOT _deleted")?;
/// assert!(Arc::ptr_eq(&first, &again));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Fails with [`Error::Filter`] if `text` is not a predicate over these columns that depends on the
/// row alone, if it is longer than 64 KiB, or if it has more than 512 words and operators.
pub fn filter(table: &TableSnapshot, text: &str) -> Result<Arc<dyn PhysicalExpr>, Error> {
    let Filters(filters) = table.extension(Filters::default);
    let found = filters.get(text);
    table.record_lookup(Artefact::Filter, found.is_some());
    if let Some(found) = found {
        return Ok(Arc::clone(found));
    }
    let bound = bind(table, text).map_err(|problem| Error::Filter {
        table: table.name().clone(),
        problem,
    })?;
    if filters.len() >= MAX_FILTERS {
        return Ok(bound);
    }
    table.charge(bytes(text));
    Ok(Arc::clone(filters.insert(text.to_string(), bound)))
}

/// Returns the approximate size of a cached filter in bytes. The bound expression is larger than
/// its text.
fn bytes(text: &str) -> usize {
    AppendOnlyMap::<String, Arc<dyn PhysicalExpr>>::ENTRY_BYTES + 256 + 17 * text.len()
}

fn bind(table: &TableSnapshot, text: &str) -> Result<Arc<dyn PhysicalExpr>, String> {
    if text.len() > MAX_BYTES {
        let length = text.len();
        return Err(format!("has {length} bytes, the maximum is {MAX_BYTES}"));
    }
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize();
    let tokens = tokens.map_err(|error| format!("`{text}` is not SQL: {error}"))?;
    let words = tokens.iter().filter(|token| !is_value(token)).count();
    if words > MAX_WORDS {
        return Err(format!(
            "has {words} words and operators, the maximum is {MAX_WORDS}"
        ));
    }
    let problem = |error: DataFusionError| {
        let error = error.strip_backtrace();
        format!("`{text}` does not fit the table: {error}")
    };
    let schema = table.schema_with_system_columns();
    let resolved = DFSchema::try_from(schema.clone()).map_err(problem)?;
    let expr = BINDER
        .create_logical_expr(text, &resolved)
        .map_err(problem)?;
    if !is_exact(&expr, schema) || !is_immutable(&expr) {
        return Err(format!("`{text}` does not depend on the row alone"));
    }
    let bound = BINDER
        .create_physical_expr(expr, &resolved)
        .map_err(problem)?;
    match bound.data_type(schema).map_err(problem)? {
        DataType::Boolean => Ok(bound),
        other => Err(format!("`{text}` has type {other}, not boolean")),
    }
}

fn is_value(token: &Token) -> bool {
    matches!(
        token,
        Token::Whitespace(_)
            | Token::Comma
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::EOF
    )
}

/// Returns whether all functions are immutable and the expression has no placeholder.
fn is_immutable(expr: &Expr) -> bool {
    let mut is_immutable = true;
    let visited = expr.apply(|expr| {
        is_immutable = match expr {
            Expr::ScalarFunction(call) => call.func.signature().volatility == Volatility::Immutable,
            Expr::HigherOrderFunction(_) | Expr::Placeholder(_) => false,
            _ => true,
        };
        Ok(if is_immutable {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    });
    is_immutable && visited.is_ok()
}
