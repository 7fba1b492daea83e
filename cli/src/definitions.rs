// SPDX-License-Identifier: Apache-2.0

//! Loads the definitions that a command names.

use std::collections::HashSet;
#[cfg(feature = "sql")]
use std::io::{self, Write};
use std::path::Path;

use kalamtable_build::{LoadedDefinitions, load_providing};
use kalamtable_model::{AnyRule, Location, Rule, SourceId, SourceSpan, is_provided_definition};
#[cfg(feature = "sql")]
use kalamtable_model::{TableDefinition, render};

#[cfg(feature = "sql")]
use crate::count::count;
#[cfg(feature = "sql")]
use crate::report::terminal_style;

/// Loads and checks every definition below `paths`. The system tables of the library are accepted.
pub(crate) fn load(paths: &[impl AsRef<Path>]) -> LoadedDefinitions {
    load_providing(paths, is_provided_definition)
}

/// Returns the files whose text is that of the file. The loader replaces bytes that are not UTF-8.
pub(crate) fn readable_sources(loaded: &LoadedDefinitions) -> Vec<SourceId> {
    let damaged: HashSet<SourceId> = loaded
        .diagnostics
        .iter()
        .filter(|problem| problem.rule == AnyRule::Definition(Rule::NotUtf8))
        .filter_map(|problem| match &problem.location {
            Location::Span { primary, .. } => match &primary.span {
                SourceSpan::Text { source, .. } => Some(*source),
                SourceSpan::Key(_) => None,
            },
            Location::Path(_) => None,
        })
        .collect();
    let ids = loaded.sources.iter().map(|(id, _)| id);
    ids.filter(|id| !damaged.contains(id)).collect()
}

/// Loads and checks every definition below `paths`. If there are problems, writes them to `errors`
/// and returns `None`.
///
/// # Errors
/// Fails if `errors` cannot be written to.
#[cfg(feature = "sql")]
pub(crate) fn load_definitions(
    paths: &[impl AsRef<Path>],
    errors: &mut dyn Write,
) -> io::Result<Option<Vec<TableDefinition>>> {
    let loaded = load(paths);
    if loaded.diagnostics.is_empty() {
        let tables = loaded.tables.into_iter();
        return Ok(Some(tables.map(|table| table.definition).collect()));
    }
    let problems = render(&loaded.diagnostics, &loaded.sources, terminal_style());
    let problem_count = count(loaded.diagnostics.len(), "problem");
    writeln!(errors, "{problems}\n{problem_count} found")?;
    Ok(None)
}
