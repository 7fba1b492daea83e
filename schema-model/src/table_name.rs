// SPDX-License-Identifier: Apache-2.0

//! [`TableName`], and which names SQL takes without quotes.

use std::fmt;

use crate::diagnostic::backticked;
use crate::limits;
use crate::raw::Syntax;
use crate::rule::Rule;
use crate::rust_names::{is_never_raw, snake_case};
use crate::shared::Shared;
use crate::types::is_bare_name;

/// `namespace.table`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// Before the dot.
    pub namespace: Shared<str>,
    /// After the dot.
    pub table: Shared<str>,
}

impl TableName {
    /// The name of `table` in `namespace`, if a definition could have it.
    ///
    /// # Errors
    /// What is wrong with the first of the two that is no name.
    pub fn try_new(namespace: &str, table: &str) -> Result<Self, NameError> {
        check_name(namespace, "namespace")?;
        check_name(table, "table")?;
        [namespace, table].into_iter().try_for_each(check_module)?;
        Ok(TableName {
            namespace: namespace.into(),
            table: table.into(),
        })
    }

    /// The name that is written `namespace.table`.
    ///
    /// # Errors
    /// If there is not exactly one dot, or what is on either side of it is no name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (namespace, table) = split(text, Syntax::Toml)?;
        TableName::try_new(namespace, table)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.table)
    }
}

/// A text that is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NameError {
    /// The rule that it breaks.
    pub rule: Rule,
    /// What is wrong with it.
    pub message: String,
    /// How to mend it.
    pub help: Vec<String>,
}

/// The two sides of the only dot, which need not be names.
pub(crate) fn split(text: &str, syntax: Syntax) -> Result<(&str, &str), NameError> {
    let key = syntax.choose("name", "table");
    let Some((namespace, table)) = text.split_once('.') else {
        return Err(NameError {
            rule: Rule::NoNamespace,
            message: format!("table {} has no namespace", backticked(text)),
            help: vec![format!("write `{key} = \"app.{}\"`", sanitized(text))],
        });
    };
    if table.contains('.') {
        return Err(NameError {
            rule: Rule::InvalidName,
            message: format!("table name {} has more than one dot", backticked(text)),
            help: vec![format!(
                "a name is `namespace.table`: write `{key} = \"{}.{}\"`",
                sanitized(namespace),
                sanitized(table)
            )],
        });
    }
    Ok((namespace, table))
}

/// Whether SQL takes `name` without quotes; messages call it the name of an `of`.
pub(crate) fn check_name(name: &str, of: &str) -> Result<(), NameError> {
    if name.len() > limits::NAME_BYTES {
        return Err(NameError {
            rule: Rule::NameTooLong,
            message: format!(
                "the {of} name has {} bytes, more than the {} that a name can have",
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
        _ => format!("{} is no valid {of} name", backticked(name)),
    };
    let mut help =
        vec!["a name is letters a to z, digits and `_`, and begins with no digit".to_string()];
    if !name.is_empty() {
        help.push(format!("write `{}`", sanitized(name)));
    }
    Err(NameError {
        rule: Rule::InvalidName,
        message,
        help,
    })
}

/// Whether Rust can have a module for a namespace or a table of this name.
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

/// The valid name that is most like `name`.
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
