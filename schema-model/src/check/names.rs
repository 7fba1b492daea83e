//! Names: of the table, its columns, nested fields, and what was dropped.

use std::collections::HashMap;
use std::ops::Range;

use super::Checks;
use crate::diagnostic::tick;
use crate::types::is_bare_name;
use crate::{Rule, Spanned, TableName, limits};

impl Checks<'_> {
    pub(super) fn table_name(&mut self) -> Option<TableName> {
        let Spanned { value, span } = &self.raw.name;
        let Some((namespace, table)) = value.split_once('.') else {
            let message = format!("table {} has no namespace", tick(value));
            let help = format!("write `name = \"app.{}\"`", sanitized(value));
            self.push(
                self.problem(Rule::NoNamespace, span, message)
                    .with_help(help),
            );
            return None;
        };
        if table.contains('.') {
            let message = format!("table name {} has more than one dot", tick(value));
            let help = format!(
                "a name is `namespace.table`: write `name = \"{}.{}\"`",
                sanitized(namespace),
                sanitized(table)
            );
            self.push(
                self.problem(Rule::InvalidName, span, message)
                    .with_help(help),
            );
            return None;
        }
        let namespace_fits = self.is_name(namespace, span, "namespace");
        let table_fits = self.is_name(table, span, "table");
        (namespace_fits && table_fits).then(|| TableName {
            namespace: namespace.into(),
            table: table.into(),
        })
    }

    pub(super) fn column_names(&mut self) {
        let raw = self.raw;
        let mut seen = HashMap::new();
        for column in &raw.columns.value {
            let Spanned { value, span } = &column.name;
            self.is_name(value, span, "column");
            self.is_first(value, span, "columns", &mut seen);
        }
    }

    pub(super) fn reserved_names(&mut self) {
        let raw = self.raw;
        let mut reserved: HashMap<String, &Range<usize>> = HashMap::new();
        for name in &raw.reserved_names {
            self.is_name(&name.value, &name.span, "reserved");
            let lower = name.value.to_ascii_lowercase();
            if let Some(first) = reserved.get(&lower) {
                let message = format!("{} is reserved twice", tick(&name.value));
                let problem = self
                    .problem(Rule::DuplicateReservedName, &name.span, message)
                    .with_label(self.source, (*first).clone(), "first here")
                    .with_help("delete one of the two");
                self.push(problem);
            } else {
                reserved.insert(lower, &name.span);
            }
        }
        for column in &raw.columns.value {
            let Spanned { value, span } = &column.name;
            if let Some(reserved) = reserved.get(&value.to_ascii_lowercase()) {
                let message = format!("the name {} is reserved", tick(value));
                let problem = self
                    .problem(Rule::ReservedName, span, message)
                    .with_label(self.source, (*reserved).clone(), "a dropped column had it")
                    .with_help("choose another name for the column");
                self.push(problem);
            }
        }
    }

    /// Whether `name` is one that SQL takes without quotes; reports it if not.
    pub(super) fn is_name(&mut self, name: &str, span: &Range<usize>, of: &str) -> bool {
        if name.len() > limits::NAME_BYTES {
            let message = format!(
                "the {of} name has {} bytes, more than the {} that a name can have",
                name.len(),
                limits::NAME_BYTES
            );
            let problem = self.problem(Rule::NameTooLong, span, message);
            self.push(problem.with_help("shorten it"));
            return false;
        }
        if is_bare_name(name) {
            return true;
        }
        let message = match name {
            "" => format!("the {of} name is empty"),
            _ => format!("{} is no valid {of} name", tick(name)),
        };
        let mut problem = self
            .problem(Rule::InvalidName, span, message)
            .with_help("a name is letters a to z, digits and `_`, and begins with no digit");
        if !name.is_empty() {
            problem = problem.with_help(format!("write `{}`", sanitized(name)));
        }
        self.push(problem);
        false
    }

    /// Whether no name seen before is equal but for case; reports it if one is.
    pub(super) fn is_first(
        &mut self,
        name: &str,
        span: &Range<usize>,
        of: &str,
        seen: &mut HashMap<String, (String, Range<usize>)>,
    ) -> bool {
        let lower = name.to_ascii_lowercase();
        let Some((first, first_span)) = seen.get(&lower) else {
            seen.insert(lower, (name.to_string(), span.clone()));
            return true;
        };
        let message = if first == name {
            format!("two {of} are named {}", tick(name))
        } else {
            format!(
                "{of} {} and {} differ in case alone",
                tick(first),
                tick(name)
            )
        };
        let problem = self
            .problem(Rule::DuplicateName, span, message)
            .with_label(self.source, first_span.clone(), "first here")
            .with_help("rename one of the two: SQL does not tell them apart");
        self.push(problem);
        false
    }
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
