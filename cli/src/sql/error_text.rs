// SPDX-License-Identifier: Apache-2.0

//! [`describe`]: the messages of DataFusion's errors.

use std::collections::BTreeSet;
use std::error::Error as StdError;

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use datafusion_functions_json::JSON_UNION_DATA_TYPE;
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
                None => with_json_hint(&without_report_request(strip_backtrace(&message))),
            }
        }
        _ => with_json_hint(&without_report_request(&error.strip_backtrace())),
    }
}

/// Removes the backtrace that DataFusion appends if it is built with backtraces.
fn strip_backtrace(message: &str) -> &str {
    let separator = DataFusionError::BACK_TRACE_SEP;
    message.split(separator).next().unwrap_or(message)
}

/// Removes the request to report an internal error to DataFusion, which most often is a type or a
/// file that DataFusion does not support. The error can be a part of another one.
fn without_report_request(message: &str) -> String {
    const REQUEST: &str = "\nThis issue was likely caused by a bug in DataFusion's code. Please help us to resolve this by filing a bug report in our issue tracker: https://github.com/apache/datafusion/issues";
    if !message.contains(REQUEST) {
        return message.to_string();
    }
    message
        .replace(REQUEST, "")
        .trim_end_matches('.')
        .to_string()
}

/// Adds a hint to errors of the JSON operators, and replaces the type of a JSON value, which is a
/// union of several lines.
fn with_json_hint(message: &str) -> String {
    let type_name = JSON_UNION_DATA_TYPE.to_string();
    if message.contains(&type_name) {
        let message = message.replace(&type_name, "JSON");
        return format!(
            "{message}; for a value of another type, read text with `->>`, or cast it, as in `(j->'a')::int`"
        );
    }
    if message.starts_with("Unexpected argument type to 'json_")
        && message.trim_end_matches('.').ends_with("got Boolean")
    {
        return format!(
            "{}; comparisons bind more tightly than `->`: write `(j->'a') = 1`, or `SET datafusion.sql_parser.dialect = 'postgres'`",
            message.trim_end_matches('.')
        );
    }
    message.to_string()
}

/// DataFusion lists all columns of the table.
fn unknown_column(field: &Column, valid_fields: &[Column]) -> String {
    let name = field.quoted_flat_name();
    let mut text = format!("No field named {name}");
    let equal = |valid: &&Column| valid.name.eq_ignore_ascii_case(&field.name);
    let valid_names = || valid_fields.iter().map(|valid| valid.name.as_str());
    let same_table = |valid: &&Column| equal(valid) && is_lowercase_of_other(field, valid);
    let valid = valid_fields.iter().find(same_table);
    if let Some(valid) = valid.or_else(|| valid_fields.iter().find(equal)) {
        text.push_str(&format!("; did you mean {}?", valid.quoted_flat_name()));
        if valid.name != field.name || is_lowercase_of_other(field, valid) {
            text.push_str(" Names without quotes are converted to lower case");
        }
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

/// Returns whether the tables of both columns differ only in the case of their names.
fn is_lowercase_of_other(field: &Column, valid: &Column) -> bool {
    match (&field.relation, &valid.relation) {
        (Some(one), Some(other)) => {
            let (one, other) = (one.table(), other.table());
            one != other && one.eq_ignore_ascii_case(other)
        }
        _ => false,
    }
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
