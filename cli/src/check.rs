// SPDX-License-Identifier: Apache-2.0

//! `kalamtable check`: reports every problem in folders of definitions, or the number of tables.

use std::collections::HashSet;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use kalamtable::system;
use kalamtable_build::{LoadedDefinitions, load_providing};
use kalamtable_model::{Style, TableDefinition, render};

/// Loads and checks every definition below `paths`. Writes a summary to `output` and warnings to
/// `errors`; or, if there are problems, writes them to `errors` and returns `None`.
///
/// # Errors
/// Fails if `output` or `errors` cannot be written to.
pub(crate) fn check(
    paths: &[impl AsRef<Path>],
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<Option<Vec<TableDefinition>>> {
    let Some(loaded) = load(paths, errors)? else {
        return Ok(None);
    };
    let files: HashSet<_> = loaded.tables.iter().map(|table| table.source).collect();
    let columns = loaded
        .tables
        .iter()
        .map(|table| table.definition.columns().len());
    let (files, tables) = (files.len(), loaded.tables.len());
    let (files, tables) = (count(files, "file"), count(tables, "table"));
    let columns = count(columns.sum(), "column");
    let warnings = match loaded.warnings.len() {
        0 => String::new(),
        warnings => format!(", {}", count(warnings, "warning")),
    };
    errors.write_all(render(&loaded.warnings, &loaded.sources, style()).as_bytes())?;
    writeln!(
        output,
        "{files}, {tables}, {columns}: no problems{warnings}"
    )?;
    Ok(Some(into_definitions(loaded)))
}

/// Loads and checks every definition below `paths`. If there are problems, writes them to `errors`
/// and returns `None`.
///
/// # Errors
/// Fails if `errors` cannot be written to.
pub(crate) fn load_definitions(
    paths: &[impl AsRef<Path>],
    errors: &mut dyn Write,
) -> io::Result<Option<Vec<TableDefinition>>> {
    Ok(load(paths, errors)?.map(into_definitions))
}

fn load(
    paths: &[impl AsRef<Path>],
    errors: &mut dyn Write,
) -> io::Result<Option<LoadedDefinitions>> {
    // The folder can contain the system tables of this library.
    let loaded = load_providing(paths, |definition| {
        let mut provided = system::TABLES.iter();
        provided.any(|table| *table.definition == *definition)
    });
    if loaded.diagnostics.is_empty() {
        return Ok(Some(loaded));
    }
    let problems = render(&loaded.diagnostics, &loaded.sources, style());
    let problem_count = count(loaded.diagnostics.len(), "problem");
    writeln!(errors, "{problems}\n{problem_count} found")?;
    Ok(None)
}

fn into_definitions(loaded: LoadedDefinitions) -> Vec<TableDefinition> {
    let tables = loaded.tables.into_iter();
    tables.map(|table| table.definition).collect()
}

/// Returns the style for stderr: plain if it is not a terminal or the user sets `NO_COLOR`, as
/// described at <https://no-color.org>.
fn style() -> Style {
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_color || !io::stderr().is_terminal() {
        Style::Plain
    } else {
        Style::Coloured
    }
}

/// Returns a count with its noun in singular or plural: `1 table`, `2 tables`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}
