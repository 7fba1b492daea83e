// SPDX-License-Identifier: Apache-2.0

//! Checks over several tables.

use std::collections::HashMap;

use crate::definition::TableDefinition;
use crate::diagnostic::{Diagnostic, backticked};
use crate::rule::Rule;
use crate::rust_names::snake_case;
use crate::source::{SourceId, SourceSpan};

/// A checked table, with its places in the file it came from.
#[derive(Clone, Debug)]
pub struct CheckedTable {
    /// The table.
    pub definition: TableDefinition,
    /// The file.
    pub source: SourceId,
    /// Places in the file.
    pub spans: TableSpans,
}

/// Where in its file a table says what.
#[derive(Clone, Debug)]
pub struct TableSpans {
    /// The value of `name`.
    pub name: SourceSpan,
    /// The name of each column, in the order of the columns.
    pub columns: Vec<SourceSpan>,
}

/// Checks what concerns several tables: no two are the same table, and none become one Rust module.
pub fn check_tables(tables: &[CheckedTable]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut names: HashMap<String, &CheckedTable> = HashMap::new();
    let mut modules: HashMap<String, &CheckedTable> = HashMap::new();
    for table in tables {
        let name = table.definition.name();
        let written = name.to_string();
        if let Some(first) = names.get(&written.to_ascii_lowercase()) {
            let other = first.definition.name().to_string();
            let message = if other == written {
                format!("table {} is described twice", backticked(&written))
            } else {
                format!(
                    "tables {} and {} differ in case alone",
                    backticked(&other),
                    backticked(&written)
                )
            };
            let problem = table.problem(Rule::DuplicateTable, message, first);
            diagnostics.push(problem.with_help("rename one of the two, or delete its file"));
            continue;
        }
        names.insert(written.to_ascii_lowercase(), table);
        let module = format!(
            "{}::{}",
            snake_case(&name.namespace),
            snake_case(&name.table)
        );
        if let Some(first) = modules.get(&module) {
            let other = first.definition.name().to_string();
            let message = format!(
                "tables {} and {} are both the module `{module}` in Rust",
                backticked(&other),
                backticked(&written)
            );
            let problem = table.problem(Rule::ModuleClash, message, first);
            diagnostics.push(problem.with_help("rename one of the two"));
        } else {
            modules.insert(module, table);
        }
    }
    diagnostics
}

impl CheckedTable {
    fn problem(&self, rule: Rule, message: String, first: &CheckedTable) -> Diagnostic {
        Diagnostic::new(rule, self.spans.name.clone(), message)
            .with_label(first.spans.name.clone(), "first here")
    }
}
