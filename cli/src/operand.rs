// SPDX-License-Identifier: Apache-2.0

//! [`Operand`]: one side of a comparison, and its tables.

use std::path::{Path, PathBuf};

use kalamtable_build::read_lock;
use kalamtable_model::{
    AnyRule, CheckedTable, Diagnostic, Location, LockedTable, Rule, SourceFile, SourceSpan,
    Sources, TableName, check_tables, file_too_large, nearest, parse_and_check_for_rust,
};

use crate::command_error::CommandError;
use crate::definitions::{load, readable_sources};
use crate::git::{RevisionFile, read_folder};
use crate::lock_search::find_lock;

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// A folder of definitions, or a single file.
    Path(PathBuf),
    /// The latest versions in the lock.
    Lock,
    /// A version of a table in the lock.
    LockedVersion {
        /// The name of the table.
        table: TableName,
        /// The version.
        version: u32,
    },
    /// A folder in a git revision.
    Revision {
        /// The revision as git names it.
        revision: String,
        /// The folder.
        folder: String,
    },
}

/// The tables of an operand.
#[derive(Debug, Default)]
pub(crate) struct OperandTables {
    /// The valid tables.
    pub(crate) tables: Vec<CheckedTable>,
    /// The problems of the other tables, of files and of the lock.
    pub(crate) problems: Vec<Diagnostic>,
    /// All names of the only table of the operand, latest first. Empty if the operand can have
    /// several tables.
    pub(crate) names: Vec<TableName>,
}

impl OperandTables {
    /// Keeps only the table that has or had one of these names.
    ///
    /// A later name precedes the earlier ones, because another table can reuse an earlier name.
    pub(crate) fn keep_table(&mut self, names: &[TableName]) {
        let found = names.iter().find_map(|name| {
            let mut tables = self.tables.iter();
            let by_name = tables.position(|table| table.definition.name() == name);
            let mut tables = self.tables.iter();
            by_name.or_else(|| tables.position(|table| table.renames.table.as_ref() == Some(name)))
        });
        let Some(position) = found else {
            self.tables.clear();
            return;
        };
        let table = self.tables.swap_remove(position);
        self.tables = vec![table];
    }
}

impl Operand {
    /// Parses an operand. `schemas` is the folder that a revision without a folder has.
    ///
    /// A path that exists precedes other meanings, except for `lock`.
    pub(crate) fn parse(text: &str, schemas: &Path) -> Self {
        if text == "lock" {
            return Operand::Lock;
        }
        if Path::new(text).exists() {
            return Operand::Path(text.into());
        }
        if let Some((table, version)) = text.rsplit_once('@')
            && let (Ok(table), Ok(version)) = (TableName::parse(table), version.parse())
        {
            return Operand::LockedVersion { table, version };
        }
        // A revision can neither exist as a path nor contain a separator of folders and an
        // extension: the error about a missing file is clearer.
        if text.ends_with(".toml") && !text.contains(':') {
            return Operand::Path(text.into());
        }
        let (revision, folder) = match text.split_once(':') {
            Some((revision, folder)) => (revision, folder.to_string()),
            None => (text, schemas.to_string_lossy().replace('\\', "/")),
        };
        Operand::Revision {
            revision: revision.to_string(),
            folder,
        }
    }

    /// Returns the git revision, or `None` for another operand.
    pub(crate) fn revision(&self) -> Option<&str> {
        match self {
            Operand::Revision { revision, .. } => Some(revision),
            Operand::Path(_) | Operand::Lock | Operand::LockedVersion { .. } => None,
        }
    }

    /// Loads the tables, and adds their texts to `sources`. The lock is that of `schemas`.
    ///
    /// # Errors
    /// Fails if a revision or a locked version does not exist, or git cannot be run.
    pub(crate) fn load(
        &self,
        schemas: &Path,
        sources: &mut Sources,
    ) -> Result<OperandTables, CommandError> {
        match self {
            Operand::Path(path) => Ok(load_path(path, sources)),
            Operand::Revision { revision, folder } => {
                let files = read_folder(revision, folder)?;
                let folder = folder.trim_end_matches('/');
                Ok(load_files(&format!("{revision}:{folder}"), files, sources))
            }
            Operand::Lock => load_lock(schemas, sources, |_| Ok(None)),
            Operand::LockedVersion { table, version } => load_lock(schemas, sources, |lock| {
                find_version(lock, table, *version).map(Some)
            }),
        }
    }
}

/// Loads a folder or a file whose texts become a part of `sources`.
fn load_path(path: &Path, sources: &mut Sources) -> OperandTables {
    let loaded = load(&[path]);
    if loaded.diagnostics.is_empty() {
        let files = loaded.sources.iter().map(|(_, file)| file.clone());
        return checked(files, sources);
    }
    // The positions of the loader are those of its own collection, so the files are checked again.
    let readable = readable_sources(&loaded).into_iter();
    let files: Vec<SourceFile> = readable
        .filter_map(|source| loaded.sources.get(source).cloned())
        .collect();
    let mut checked = checked(files.into_iter(), sources);
    let of_files = loaded.diagnostics.into_iter().filter_map(|problem| {
        let path = match &problem.location {
            Location::Path(_) => return Some(problem),
            Location::Span { primary, .. } => match &primary.span {
                SourceSpan::Text { source, .. } => loaded.sources.get(*source)?.path(),
                SourceSpan::Key(_) => return None,
            },
        };
        let is_about_file = problem.rule == AnyRule::Definition(Rule::NotUtf8);
        let moved = || Diagnostic::at_path(problem.rule, path, problem.message.clone());
        is_about_file.then(moved)
    });
    let known: Vec<Diagnostic> = of_files.collect();
    checked.problems.retain(|problem| !known.contains(problem));
    checked.problems.extend(known);
    checked
}

/// Checks the files of a revision.
fn load_files(folder: &str, files: Vec<RevisionFile>, sources: &mut Sources) -> OperandTables {
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    for file in files {
        let path = match file.path.as_str() {
            "" => folder.to_string(),
            path => format!("{folder}/{path}"),
        };
        match file.content.map(String::from_utf8) {
            Ok(Ok(text)) => texts.push(SourceFile::new(path, text)),
            Ok(Err(_)) => {
                problems.push(Diagnostic::at_path(
                    Rule::NotUtf8,
                    path,
                    "the file is not UTF-8",
                ));
            }
            Err(size) => problems.push(file_too_large(&path, size)),
        }
    }
    if texts.is_empty() && problems.is_empty() {
        let message = "the folder and its subfolders contain no `.toml` file";
        problems.push(Diagnostic::at_path(Rule::NoDefinitions, folder, message));
    }
    let mut loaded = checked(texts.into_iter(), sources);
    loaded.problems.extend(problems);
    loaded
}

fn checked(files: impl Iterator<Item = SourceFile>, sources: &mut Sources) -> OperandTables {
    let mut loaded = OperandTables::default();
    for file in files {
        let source = sources.push(file);
        match parse_and_check_for_rust(sources, source) {
            Ok(table) => loaded.tables.push(table),
            Err(problems) => loaded.problems.extend(problems),
        }
    }
    loaded.problems.extend(check_tables(&loaded.tables));
    loaded
}

/// Loads the version that `choose` returns, or the latest versions of all tables.
fn load_lock(
    schemas: &Path,
    sources: &mut Sources,
    choose: impl FnOnce(&[LockedTable]) -> Result<Option<(&LockedTable, u32)>, CommandError>,
) -> Result<OperandTables, CommandError> {
    let lock = match read_lock(&find_lock(schemas), sources) {
        Ok(lock) => lock,
        Err(problems) => {
            return Ok(OperandTables {
                problems,
                ..OperandTables::default()
            });
        }
    };
    let mut loaded = OperandTables::default();
    let versions = match choose(lock.tables())? {
        Some((table, version)) => {
            loaded.names = names(table);
            vec![(table, version)]
        }
        None => {
            let tables = lock.tables().iter();
            tables.map(|table| (table, table.version())).collect()
        }
    };
    for (table, version) in versions {
        match table.checked_table(version) {
            Ok(table) => loaded.tables.extend(table),
            Err(problems) => loaded.problems.extend(problems),
        }
    }
    Ok(loaded)
}

/// Returns the history of a table with its version. A table that has the name precedes the tables
/// that had it.
fn find_version<'a>(
    tables: &'a [LockedTable],
    name: &TableName,
    version: u32,
) -> Result<(&'a LockedTable, u32), CommandError> {
    let mut histories: Vec<&LockedTable> = tables
        .iter()
        .filter(|table| table.name() == name || names(table).contains(name))
        .collect();
    histories.sort_by_key(|table| (table.name() != name, table.is_dropped()));
    let Some(first) = histories.first() else {
        let names: Vec<String> = tables
            .iter()
            .map(|table| table.name().to_string())
            .collect();
        let help = match nearest(&name.to_string(), names.iter().map(String::as_str)) {
            Some(nearest) => format!("did you mean `{nearest}@{version}`?"),
            None => format!("`kalamtable lock` adds the definition of `{name}`"),
        };
        let message = format!("the lock has no table `{name}`");
        return Err(CommandError::new(message).with_help(help));
    };
    let with_version = histories.iter().find_map(|table| {
        let mut versions = table.versions().iter();
        let found = versions.find(|locked| locked.number == version)?;
        Some((*table, found.is_dropped))
    });
    match with_version {
        Some((table, false)) => Ok((table, version)),
        Some((_, true)) => {
            let message = format!("version {version} of `{name}` drops the table");
            let help = format!("write `{name}@{}`", version.saturating_sub(1));
            Err(CommandError::new(message).with_help(help))
        }
        None => {
            let message = format!("the lock has no version {version} of `{name}`");
            let help = format!("the latest version is {}", first.version());
            Err(CommandError::new(message).with_help(help))
        }
    }
}

/// Returns the names that a table has and had, latest first.
fn names(table: &LockedTable) -> Vec<TableName> {
    let mut names = vec![table.name().clone()];
    // A version that is not valid is reported if it is compared.
    for definition in table.definitions().unwrap_or_default().iter().rev() {
        if !names.contains(definition.name()) {
            names.push(definition.name().clone());
        }
    }
    names
}
