// SPDX-License-Identifier: Apache-2.0

//! [`describe`]: the messages of DataFusion's errors.

use std::collections::BTreeSet;
use std::error::Error as StdError;

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use kalamtable_files::DataError;
use kalamtable_model::nearest;

/// The maximum number of names that a message lists.
const MAX_NAMES: usize = 20;

/// Returns the message of the error; if it is about a data file, the message of the [`DataError`].
pub(crate) fn describe(error: &DataFusionError, context: &SessionContext) -> String {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<DataError>() {
            return error.to_string();
        }
        source = error.source();
    }
    // The root of these errors is clear without the prefix that DataFusion adds for its kind.
    match error.find_root() {
        DataFusionError::SQL(error, _) => error.to_string(),
        DataFusionError::External(error) => error.to_string(),
        DataFusionError::ArrowError(error, _) => error.to_string(),
        DataFusionError::SchemaError(error, _) => match &**error {
            SchemaError::FieldNotFound {
                field,
                valid_fields,
            } => unknown_column(field, valid_fields),
            error => error.to_string(),
        },
        root @ (DataFusionError::Plan(_) | DataFusionError::Execution(_)) => {
            let message = root.message();
            match unknown_function(&message) {
                Some(name) => unknown_function_text(name, context),
                None => strip_backtrace(&message).to_string(),
            }
        }
        _ => error.strip_backtrace(),
    }
}

/// Removes the backtrace that DataFusion appends if it is built with backtraces.
fn strip_backtrace(message: &str) -> &str {
    let separator = DataFusionError::BACK_TRACE_SEP;
    message.split(separator).next().unwrap_or(message)
}

/// DataFusion lists all columns of the table.
fn unknown_column(field: &Column, valid_fields: &[Column]) -> String {
    let name = field.quoted_flat_name();
    let mut text = format!("No field named {name}");
    let equal = |valid: &&Column| valid.name.eq_ignore_ascii_case(&field.name);
    let valid_names = || valid_fields.iter().map(|valid| valid.name.as_str());
    if let Some(valid) = valid_fields.iter().find(equal) {
        let valid = valid.quoted_flat_name();
        text.push_str(&format!(
            "; did you mean {valid}? Names without quotes are converted to lower case"
        ));
        return text;
    }
    if let Some(nearest) = nearest(&field.name, valid_names()) {
        let nearest = datafusion::common::utils::quote_identifier(nearest);
        text.push_str(&format!("; did you mean {nearest}?"));
        return text;
    }
    let mut seen = BTreeSet::new();
    let unique = valid_fields.iter().map(Column::quoted_flat_name);
    let names: Vec<String> = unique.filter(|name| seen.insert(name.clone())).collect();
    match names.len() {
        0 => {}
        1..=MAX_NAMES => text.push_str(&format!("; the fields are {}", names.join(", "))),
        count => {
            let first = names[..MAX_NAMES].join(", ");
            let rest = count - MAX_NAMES;
            text.push_str(&format!("; the fields are {first} and {rest} more"));
        }
    }
    text
}

/// Returns the name in DataFusion's message about an unknown function.
fn unknown_function(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("Invalid function '")?;
    Some(rest.split_once("'.\nDid you mean ")?.0)
}

/// DataFusion suggests another function in each run if several names are equally similar.
fn unknown_function_text(name: &str, context: &SessionContext) -> String {
    let state = context.state();
    let functions = [
        state.scalar_functions().keys().collect::<Vec<_>>(),
        state.aggregate_functions().keys().collect(),
        state.window_functions().keys().collect(),
    ];
    let names: BTreeSet<&str> = functions
        .iter()
        .flatten()
        .map(|name| name.as_str())
        .collect();
    let hint = match nearest(name, names) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => "; `SHOW FUNCTIONS` lists all functions".to_string(),
    };
    format!("no function has the name `{name}`{hint}")
}
