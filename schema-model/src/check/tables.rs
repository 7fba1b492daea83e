// SPDX-License-Identifier: Apache-2.0

//! Rules that concern several tables.

use std::collections::{BTreeMap, HashMap};

use crate::definition::TableDefinition;
use crate::diagnostic::{Diagnostic, backticked};
use crate::renames::Renames;
use crate::rule::Rule;
use crate::rust_names::snake_case;
use crate::source::{SourceId, SourceSpan};

/// A checked table with the positions of its parts.
#[derive(Clone, Debug)]
pub struct CheckedTable {
    /// The table.
    pub definition: TableDefinition,
    /// The file that defines the table.
    pub source: SourceId,
    /// The positions of parts of the definition.
    pub spans: TableSpans,
    /// The names of Rust variants that the file states with the key `variants`, by column. They are
    /// not part of the definition, because they only concern generated code: the canonical text
    /// and the fingerprint do not depend on them.
    pub variants: BTreeMap<String, VariantNames>,
    /// The renames that the file declares.
    pub renames: Renames,
    /// The warnings about the definition.
    pub warnings: Vec<Diagnostic>,
}

/// The names of Rust variants of a column, by label.
pub type VariantNames = BTreeMap<String, String>;

/// The positions of parts of a table definition.
#[derive(Clone, Debug)]
pub struct TableSpans {
    /// The position of the value of `name`.
    pub name: SourceSpan,
    /// The position of the value of `renamed_from`.
    pub renamed_from: Option<SourceSpan>,
    /// The position of the name of each column, in the order of the columns.
    pub columns: Vec<SourceSpan>,
}

/// Checks that no two tables have the same name, ignoring case, or generate the same Rust module,
/// and that no table is renamed from the name of another one.
///
/// Returns one diagnostic for each table that conflicts with an earlier table of the slice.
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
                format!("table {} is defined twice", backticked(&written))
            } else {
                format!(
                    "tables {} and {} differ only in case",
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
                "tables {} and {} both become the module `{module}` in Rust",
                backticked(&other),
                backticked(&written)
            );
            let problem = table.problem(Rule::ModuleClash, message, first);
            diagnostics.push(problem.with_help("rename one of the two"));
        } else {
            modules.insert(module, table);
        }
    }
    for table in tables {
        let (Some(earlier), Some(span)) = (&table.renames.table, &table.spans.renamed_from) else {
            continue;
        };
        let Some(other) = names.get(&earlier.to_string().to_ascii_lowercase()) else {
            continue;
        };
        if other.definition.name() == table.definition.name() {
            continue;
        }
        let message = format!(
            "table {} is renamed from {}, which is another table",
            backticked(&table.definition.name().to_string()),
            backticked(&earlier.to_string())
        );
        let problem = Diagnostic::new(Rule::RenamedFromExisting, span.clone(), message)
            .with_label(other.spans.name.clone(), "the table with this name")
            .with_help("write the earlier name, or delete `renamed_from`");
        diagnostics.push(problem);
    }
    diagnostics
}

/// Checks that no table has the name of a table that this library provides, except the tables that
/// `is_provided` accepts.
#[doc(hidden)]
pub fn check_provided_names(
    tables: &[CheckedTable],
    is_provided: impl Fn(&TableDefinition) -> bool,
) -> Vec<Diagnostic> {
    let others = tables
        .iter()
        .filter(|table| !is_provided(&table.definition));
    let problems = others.filter_map(|table| {
        let error = table.definition.name().check_not_provided().err()?;
        let mut problem = Diagnostic::new(error.rule, table.spans.name.clone(), error.message);
        problem.help = error.help;
        Some(problem)
    });
    problems.collect()
}

impl CheckedTable {
    fn problem(&self, rule: Rule, message: String, first: &CheckedTable) -> Diagnostic {
        Diagnostic::new(rule, self.spans.name.clone(), message)
            .with_label(first.spans.name.clone(), "first here")
    }
}
