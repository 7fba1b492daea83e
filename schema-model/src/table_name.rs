// SPDX-License-Identifier: Apache-2.0

//! [`TableName`], and the rules for names of tables and columns.

use std::fmt;

use crate::diagnostic::backticked;
use crate::limits;
use crate::raw::Syntax;
use crate::rule::Rule;
use crate::rust_names::{is_never_raw, snake_case};
use crate::shared::Shared;
use crate::sql_text::is_bare_name;

/// The schema that DataFusion resolves itself, before it searches a catalog.
const INFORMATION_SCHEMA: &str = "information_schema";

/// The tables that this library adds to sessions: the system tables and the metadata tables.
const PROVIDED_TABLES: [&str; 12] = [
    "system.audit_logs",
    "system.jobs",
    "system.live_queries",
    "system.namespaces",
    "system.stats",
    "system.storages",
    "system.tables",
    "system.users",
    "kalamtable.columns",
    "kalamtable.key_column_usage",
    "kalamtable.table_constraints",
    "kalamtable.tables",
];

/// The name of a table, `namespace.table`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The part before the dot.
    pub namespace: Shared<str>,
    /// The part after the dot.
    pub table: Shared<str>,
}

impl TableName {
    /// Creates the name of `table` in `namespace`.
    ///
    /// # Errors
    /// Fails if a part is longer than [`NAME_BYTES`](limits::NAME_BYTES), or is not a name that SQL
    /// accepts without quotes. Fails if the namespace is `information_schema`, which DataFusion
    /// resolves itself.
    pub fn try_new(namespace: &str, table: &str) -> Result<Self, NameError> {
        check_name(namespace, "namespace")?;
        check_namespace(namespace)?;
        check_name(table, "table")?;
        Ok(TableName {
            namespace: namespace.into(),
            table: table.into(),
        })
    }

    /// Parses `namespace.table`.
    ///
    /// # Errors
    /// Fails if the text does not have exactly one dot, or one of the parts is not a valid name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (namespace, table) = split(text, Syntax::Toml)?;
        TableName::try_new(namespace, table)
    }

    /// Fails if this library provides a table of this name, ignoring case: a system table such as
    /// `system.jobs`, or a metadata table such as `kalamtable.columns`. In a session with both
    /// tables, queries would find only one of them.
    ///
    /// # Errors
    /// Fails with the rule, a message and help.
    pub fn check_not_provided(&self) -> Result<(), NameError> {
        let name = self.to_string();
        let mut provided = PROVIDED_TABLES.iter();
        let Some(provided) = provided.find(|provided| name.eq_ignore_ascii_case(provided)) else {
            return Ok(());
        };
        let kind = match provided.starts_with("system.") {
            true => "system table",
            false => "metadata table",
        };
        Err(NameError {
            rule: Rule::ReservedTableName,
            message: format!("`{name}` is the name of a {kind}"),
            help: vec![format!(
                "choose another name: queries of `{provided}` read the {kind}"
            )],
        })
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.table)
    }
}

/// The reason why a text is not a valid name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NameError {
    /// The rule that the text breaks.
    pub rule: Rule,
    /// The problem.
    pub message: String,
    /// Ways to fix the problem.
    pub help: Vec<String>,
}

/// Splits a text at its only dot. The parts may be invalid names.
pub(crate) fn split(text: &str, syntax: Syntax) -> Result<(&str, &str), NameError> {
    let write = |name: &str| match syntax {
        Syntax::Toml => format!("write `name = \"{name}\"`"),
        Syntax::Rust => format!("write `table = \"{name}\"`"),
        Syntax::Sql => format!("write `{name}`"),
    };
    let Some((namespace, table)) = text.split_once('.') else {
        return Err(NameError {
            rule: Rule::NoNamespace,
            message: format!("table {} has no namespace", backticked(text)),
            help: vec![write(&format!("app.{}", sanitized(text)))],
        });
    };
    if table.contains('.') {
        return Err(NameError {
            rule: Rule::InvalidName,
            message: format!("table name {} has more than one dot", backticked(text)),
            help: vec![format!(
                "a name is `namespace.table`: {}",
                write(&format!("{}.{}", sanitized(namespace), sanitized(table)))
            )],
        });
    }
    Ok((namespace, table))
}

/// Fails unless `name` has the characters of a name without quotes. It can still be a keyword.
/// Messages call it a name of `of`, such as "column".
pub(crate) fn check_name(name: &str, of: &str) -> Result<(), NameError> {
    if name.len() > limits::NAME_BYTES {
        return Err(NameError {
            rule: Rule::NameTooLong,
            message: format!(
                "the {of} name has {} bytes, more than the maximum of {}",
                name.len(),
                limits::NAME_BYTES
            ),
            help: vec!["shorten it".to_string()],
        });
    }
    if is_bare_name(name) {
        return Ok(());
    }
    let message = match name {
        "" => format!("the {of} name is empty"),
        _ => format!("{} is not a valid {of} name", backticked(name)),
    };
    let mut help = vec![
        "a name consists of letters a to z, digits and `_`, and does not begin with a digit"
            .to_string(),
    ];
    if !name.is_empty() {
        help.push(format!("write `{}`", sanitized(name)));
    }
    Err(NameError {
        rule: Rule::InvalidName,
        message,
        help,
    })
}

/// Fails if DataFusion does not look up tables in this namespace.
pub(crate) fn check_namespace(namespace: &str) -> Result<(), NameError> {
    if !namespace.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
        return Ok(());
    }
    Err(NameError {
        rule: Rule::ReservedTableName,
        message: format!(
            "no table can be defined in namespace {}",
            backticked(namespace)
        ),
        help: vec![format!(
            "choose another namespace: DataFusion resolves names in `{INFORMATION_SCHEMA}` itself"
        )],
    })
}

/// Fails unless a namespace or table of this name can be a Rust module.
pub(crate) fn check_module(name: &str) -> Result<(), NameError> {
    if !is_never_raw(&snake_case(name)) {
        return Ok(());
    }
    Err(NameError {
        rule: Rule::RustNameImpossible,
        message: format!("{} cannot be a module in Rust", backticked(name)),
        help: vec!["choose another name".to_string()],
    })
}

/// Returns a valid name that is similar to `name`.
fn sanitized(name: &str) -> String {
    let kept = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let mut sanitized: String = kept.take(limits::NAME_BYTES - 1).collect();
    if !sanitized.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        sanitized.insert(0, '_');
    }
    sanitized
}
