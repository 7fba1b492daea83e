// SPDX-License-Identifier: Apache-2.0

//! `EXPLAIN` with a row that states whether the plan is cached.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::parse::offset;

/// Returns the text of the statement that an `EXPLAIN` explains, or `None` for another statement.
pub(crate) fn explained_text<'a>(
    text: &'a str,
    statement: &DataFusionStatement,
) -> Option<&'a str> {
    let DataFusionStatement::Explain(_) = statement else {
        return None;
    };
    let tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize_with_location()
        .ok()?;
    let starts = |token: &Token| match token {
        Token::LParen => true,
        Token::Word(word) => {
            let word = word.value.to_ascii_uppercase();
            matches!(
                &*word,
                "SELECT" | "WITH" | "INSERT" | "UPDATE" | "DELETE" | "VALUES" | "TABLE"
            )
        }
        _ => false,
    };
    let first = tokens.iter().find(|token| starts(&token.token))?;
    text.get(offset(text, first.span.start)?..)
}

/// Appends a row to the result of an `EXPLAIN`: whether the statement would run with a cached plan.
pub(crate) async fn with_cache_row(
    ctx: &SessionContext,
    explained: DataFrame,
    is_cached: bool,
) -> Result<DataFrame> {
    let schema = Arc::clone(explained.schema().inner());
    let mut batches = explained.collect().await?;
    let row = ["plan_cache", if is_cached { "hit" } else { "miss" }];
    if schema.fields().len() == row.len() {
        let columns = row.iter().zip(schema.fields()).map(|(text, field)| {
            let text: ArrayRef = Arc::new(StringArray::from(vec![*text]));
            Ok(cast(&text, field.data_type())?)
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    ctx.read_batches(batches)
}
