// SPDX-License-Identifier: Apache-2.0

//! [`filter`]: conditions as text, parsed and bound once for each version of a table.

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

/// The most bytes of a text.
const MOST_BYTES: usize = 64 * 1024;

/// The most words and operators of a text, which bounds how deep they can be nested: what walks through
/// an expression does so on the stack. Values and commas are not among them, so that a list may be long.
const MOST_WORDS: usize = 512;

/// The most filters that are remembered of one version of a table. More are made each time.
const MOST_FILTERS: usize = 1024;

/// The filters of one version of a table.
#[derive(Debug, Default)]
struct Filters(AppendOnlyMap<String, Arc<dyn PhysicalExpr>>);

/// What binds every filter. Functions and options of a session would make the meaning of a text another
/// one for each of them.
static BINDER: LazyLock<SessionState> = LazyLock::new(|| SessionContext::new().state());

/// The condition that `text` says, over the columns of
/// [`schema_with_system_columns`](TableSnapshot::schema_with_system_columns): parsed and bound once, and
/// then remembered for as long as this version of the table is.
///
/// It means the same for every session: its functions are those of DataFusion, and what they return
/// depends on nothing but the row.
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
/// [`Error::Filter`] if it is no condition over these columns, or one that does not depend on the row
/// alone; if it is longer than 64 KiB, or has more than 512 words and operators.
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
    if filters.len() >= MOST_FILTERS {
        return Ok(bound);
    }
    table.charge(bytes(text));
    Ok(Arc::clone(filters.insert(text.to_string(), bound)))
}

/// What one that is remembered takes, roughly: an expression is larger than what it says.
fn bytes(text: &str) -> usize {
    AppendOnlyMap::<String, Arc<dyn PhysicalExpr>>::ENTRY_BYTES + 256 + 17 * text.len()
}

fn bind(table: &TableSnapshot, text: &str) -> Result<Arc<dyn PhysicalExpr>, String> {
    if text.len() > MOST_BYTES {
        let length = text.len();
        return Err(format!(
            "has {length} bytes: at most {MOST_BYTES} are taken"
        ));
    }
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize();
    let tokens = tokens.map_err(|error| format!("`{text}` is not SQL: {error}"))?;
    let words = tokens.iter().filter(|token| !is_value(token)).count();
    if words > MOST_WORDS {
        return Err(format!(
            "has {words} words and operators: at most {MOST_WORDS} are taken"
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
        other => Err(format!("`{text}` is of type {other}, and no condition")),
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

/// Whether functions in it return the same at any time, and nothing is left to be filled in.
fn is_immutable(expr: &Expr) -> bool {
    let mut is_immutable = true;
    let visited = expr.apply(|expr| {
        is_immutable = match expr {
            Expr::ScalarFunction(call) => call.func.signature().volatility == Volatility::Immutable,
            Expr::HigherOrderFunction(_) | Expr::Placeholder(_) => false,
            _ => true,
        };
        Ok(match is_immutable {
            true => TreeNodeRecursion::Continue,
            false => TreeNodeRecursion::Stop,
        })
    });
    is_immutable && visited.is_ok()
}
