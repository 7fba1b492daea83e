// SPDX-License-Identifier: Apache-2.0

//! Loads the definitions that a command names.

use std::collections::HashSet;
use std::io::ErrorKind;
#[cfg(feature = "sql")]
use std::io::{self, Write};
use std::path::Path;

use kalamtable_build::{LoadedDefinitions, load_providing};
#[cfg(feature = "sql")]
use kalamtable_files::VersionedDefinition;
use kalamtable_model::{AnyRule, Location, Rule, SourceId, SourceSpan, is_provided_definition};
#[cfg(feature = "sql")]
use kalamtable_model::{Diagnostic, SchemaLock, render};

use crate::command_error::CommandError;
#[cfg(feature = "sql")]
use crate::count::count;
#[cfg(feature = "sql")]
use crate::lock_search::read_existing_lock;
#[cfg(feature = "sql")]
use crate::report::terminal_style;

/// Loads and checks every definition below `paths`. The system tables of the library are accepted.
pub(crate) fn load(paths: &[impl AsRef<Path>]) -> LoadedDefinitions {
    load_providing(paths, is_provided_definition)
}

/// Fails if one of `paths` does not exist.
pub(crate) fn check_paths(paths: &[impl AsRef<Path>]) -> Result<(), CommandError> {
    // A link without a target exists: the loader reports it.
    let mut paths = paths.iter().map(AsRef::as_ref);
    let missing = paths.find(|path| {
        let found = path.symlink_metadata();
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    });
    let Some(path) = missing else {
        return Ok(());
    };
    let message = format!("`{}`: no such file or folder", path.display());
    Err(CommandError::new(message).with_help(
        "name a folder of definitions, or a file: the default is `schemas` in the working directory",
    ))
}

/// Returns the files whose text is equal to their content on disk. The loader replaces bytes that
/// are not UTF-8.
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

/// Loads and checks every definition below `schemas`, with the earlier versions of its table in the
/// lock, if the folder has one. If there are problems, writes them to `errors` and returns `None`.
///
/// # Errors
/// Fails if `errors` cannot be written to.
#[cfg(feature = "sql")]
pub(crate) fn load_versions(
    schemas: &Path,
    errors: &mut dyn Write,
) -> io::Result<Option<Vec<VersionedDefinition>>> {
    let mut loaded = load(&[schemas]);
    let mut versions = Vec::new();
    if loaded.diagnostics.is_empty() {
        let lock = read_existing_lock(schemas, &mut loaded.sources);
        match lock.and_then(|lock| with_earlier_versions(&loaded, lock.as_ref())) {
            Ok(found) => versions = found,
            Err(problems) => loaded.diagnostics = problems,
        }
    }
    if loaded.diagnostics.is_empty() {
        return Ok(Some(versions));
    }
    let problems = render(&loaded.diagnostics, &loaded.sources, terminal_style());
    let problem_count = count(loaded.diagnostics.len(), "problem");
    writeln!(errors, "{problems}\n{problem_count} found")?;
    Ok(None)
}

#[cfg(feature = "sql")]
fn with_earlier_versions(
    loaded: &LoadedDefinitions,
    lock: Option<&SchemaLock>,
) -> Result<Vec<VersionedDefinition>, Vec<Diagnostic>> {
    let tables = loaded.tables.iter().map(|table| {
        let locked = lock.and_then(|lock| lock.history_of(table));
        Ok(VersionedDefinition {
            current: table.definition.clone(),
            earlier: match locked {
                Some(locked) => locked.current_definitions()?,
                None => Vec::new(),
            },
        })
    });
    tables.collect()
}
