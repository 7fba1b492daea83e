// SPDX-License-Identifier: Apache-2.0

//! Applies statements to definitions: the definition of a table that is created, and the next
//! version of one that is altered.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};
use kalamtable_model::{
    ColumnDefault, ColumnType, RawColumn, RawDefault, RawKey, RawTable, RawText, RawValue,
    SourceFile, SourceSpan, Sources, Spanned, Syntax, TableDefinition, TextOrigin, check, nearest,
    next_free_id, parse, with_allocated_ids,
};

use super::options::TableOptions;
use super::problem::DdlProblem;
use super::statement::{
    AlterAction, AlterStatement, CreateStatement, WrittenColumn, null_contradiction,
};
use super::written_default::WrittenDefault;

/// Converts identifiers to names, as the session does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identifiers {
    pub(super) normalizes: bool,
}

impl Identifiers {
    pub(super) fn name(self, ident: &Ident) -> String {
        match ident.quote_style {
            None if self.normalizes => ident.value.to_ascii_lowercase(),
            _ => ident.value.clone(),
        }
    }

    /// Returns the parts of a name, or `None` if a part is not an identifier.
    pub(super) fn parts(self, name: &ObjectName) -> Option<Vec<String>> {
        let parts = name.0.iter().map(|part| part.as_ident());
        parts.map(|part| part.map(|part| self.name(part))).collect()
    }
}

/// Allocates ids of columns and nested fields above all that a table has used. If no id is free, it
/// returns an id that the checks report as out of range.
struct Ids(i32);

impl Ids {
    fn fresh(&mut self) -> i32 {
        let id = self.0;
        self.0 = id.saturating_add(1);
        id
    }

    /// Returns a type with ids: those of `old`, the previous type of the column, or fresh ones.
    fn allocate(&mut self, ty: &ColumnType, old: Option<&ColumnType>) -> String {
        with_allocated_ids(ty, old, &mut || self.fresh()).to_string()
    }
}

/// Returns the definition of a table that is created. `inferred` are the names and types of the
/// columns of the query, if the statement has one.
///
/// # Errors
/// Fails with all problems of the first stage that has any.
pub(super) fn created(
    name: &str,
    statement: &CreateStatement,
    inferred: &[InferredColumn],
    identifiers: Identifiers,
) -> Result<TableDefinition, Vec<DdlProblem>> {
    let mut ids = Ids(1);
    let mut columns = Vec::new();
    let mut types = Vec::new();
    if statement.columns.is_empty() {
        for column in inferred {
            let mut raw = raw_column(&column.name, ids.fresh());
            raw.nullable = Some(spanned(column.nullable));
            columns.push(raw);
            types.push(&column.ty);
        }
    }
    for (position, column) in statement.columns.iter().enumerate() {
        let name = identifiers.name(&column.name);
        let inferred = inferred.get(position).map(|inferred| &inferred.ty);
        let Some(ty) = column.ty.as_ref().or(inferred) else {
            return Err(vec![
                DdlProblem::new(format!("column `{name}` has no type"))
                    .with_help(format!("write for example `{name} TEXT`")),
            ]);
        };
        let mut raw = raw_column(&name, ids.fresh());
        set_column(&mut raw, column);
        columns.push(raw);
        types.push(ty);
    }
    // The ids of nested fields follow those of all columns.
    for (column, ty) in columns.iter_mut().zip(types) {
        column.ty.value = ids.allocate(ty, None);
    }
    let mut raw = RawTable::new(Syntax::Sql, spanned(name.to_string()), spanned(columns));
    if let Some(key) = &statement.primary_key {
        let key = raw_key(key, identifiers);
        // The columns of a primary key are not null.
        for (position, column) in raw.columns.value.iter_mut().enumerate() {
            if key.value.iter().any(|name| name.value == column.name.value) {
                let written = statement.columns.get(position);
                if let Some(written) = written.filter(|written| written.is_null_written) {
                    return Err(vec![null_contradiction().in_column(&written.name)]);
                }
                column.nullable = None;
            }
        }
        raw.primary_key = Some(key);
    }
    if !statement.unique_keys.is_empty() {
        let keys = statement.unique_keys.iter();
        raw.unique = Some(spanned(keys.map(|key| raw_key(key, identifiers)).collect()));
    }
    raw.comment = statement.comment.clone().map(spanned);
    set_options(&mut raw, &statement.options);
    checked(&raw)
}

/// A column of a query.
#[derive(Debug)]
pub(super) struct InferredColumn {
    pub(super) name: String,
    /// The type, whose nested fields have no valid ids.
    pub(super) ty: ColumnType,
    pub(super) nullable: bool,
}

/// Returns the next version of a table. `history` are all its versions, the last one included.
///
/// # Errors
/// Fails with the problem of the first action that does not fit the table, or with all problems of
/// the definition.
pub(super) fn altered(
    history: &[&TableDefinition],
    statement: &AlterStatement,
    renamed: Option<&str>,
    identifiers: Identifiers,
) -> Result<TableDefinition, Vec<DdlProblem>> {
    let mut raw = raw_of(history)?;
    if let Some(name) = renamed {
        raw.name = spanned(name.to_string());
    }
    let mut ids = Ids(next_free_id(history.iter().copied()).unwrap_or(i32::MAX));
    let old = history.last().copied();
    for action in &statement.actions {
        apply(&mut raw, action, old, &mut ids, identifiers).map_err(|problem| vec![problem])?;
    }
    checked(&raw)
}

/// Returns the next version of a table with another comment, of itself or of a column.
///
/// # Errors
/// Fails if the table does not have the column, or if the comment is not valid.
pub(super) fn commented(
    history: &[&TableDefinition],
    column: Option<&str>,
    comment: Option<&str>,
) -> Result<TableDefinition, Vec<DdlProblem>> {
    let mut raw = raw_of(history)?;
    let comment = comment.map(|comment| spanned(comment.to_string()));
    match column {
        None => raw.comment = comment,
        Some(name) => {
            let position = position(&raw, name).map_err(|problem| vec![problem])?;
            raw.columns.value[position].comment = comment;
        }
    }
    checked(&raw)
}

fn apply(
    raw: &mut RawTable,
    action: &AlterAction,
    old: Option<&TableDefinition>,
    ids: &mut Ids,
    identifiers: Identifiers,
) -> Result<(), DdlProblem> {
    match action {
        AlterAction::AddColumn {
            column,
            if_not_exists,
        } => {
            let name = identifiers.name(&column.name);
            if *if_not_exists && position(raw, &name).is_ok() {
                return Ok(());
            }
            let Some(ty) = &column.ty else {
                return Err(DdlProblem::new(format!("column `{name}` has no type"))
                    .with_help(format!("write for example `ADD COLUMN {name} TEXT`")));
            };
            let mut added = raw_column(&name, ids.fresh());
            added.ty.value = ids.allocate(ty, None);
            set_column(&mut added, column);
            raw.columns.value.push(added);
        }
        AlterAction::DropColumn { name, if_exists } => {
            let name = identifiers.name(name);
            let position = match position(raw, &name) {
                Err(_) if *if_exists => return Ok(()),
                found => found?,
            };
            if in_key(raw, &name) {
                return Err(
                    DdlProblem::new(format!("column `{name}` is a part of a key"))
                        .with_help("create another table with the other key, and copy the rows"),
                );
            }
            let dropped = raw.columns.value.remove(position);
            raw.reserved_ids.push(dropped.id);
            raw.reserved_names.push(dropped.name);
        }
        AlterAction::RenameColumn { from, to } => {
            let (from, to) = (identifiers.name(from), identifiers.name(to));
            let position = position(raw, &from)?;
            raw.columns.value[position].name.value.clone_from(&to);
            let unique = raw.unique.iter_mut().flat_map(|keys| &mut keys.value);
            for key in raw.primary_key.iter_mut().chain(unique) {
                for name in key.value.iter_mut().filter(|name| name.value == from) {
                    name.value.clone_from(&to);
                }
            }
        }
        AlterAction::SetNullable { name, nullable } => {
            let position = position(raw, &identifiers.name(name))?;
            raw.columns.value[position].nullable = Some(spanned(*nullable));
        }
        AlterAction::SetType { name, ty } => {
            let position = position(raw, &identifiers.name(name))?;
            let column = &mut raw.columns.value[position];
            let old: Option<&ColumnType> = old.and_then(|old| {
                let mut columns = old.columns().iter();
                let found = columns.find(|old| i128::from(old.id) == column.id.value);
                found.map(|found| &found.ty)
            });
            column.ty.value = ids.allocate(ty, old);
            column.ty.origin = TextOrigin::Quoted;
        }
        AlterAction::SetDefault { name, default } => {
            let position = position(raw, &identifiers.name(name))?;
            raw.columns.value[position].default = default.as_ref().map(raw_default);
        }
        AlterAction::SetOptions(options) => set_options(raw, options),
    }
    Ok(())
}

/// Returns the last version as a raw table.
fn raw_of(history: &[&TableDefinition]) -> Result<RawTable, Vec<DdlProblem>> {
    let Some(last) = history.last() else {
        return Err(vec![DdlProblem::new("the table has no versions")]);
    };
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("definition", last.to_toml()));
    let mut raw = parse(&sources, source).map_err(|problems| of_checks(&problems))?;
    raw.syntax = Syntax::Sql;
    // Without it, another namespace could imply another kind.
    raw.kind = Some(spanned(last.kind().as_str().to_string()));
    for (column, known) in raw.columns.value.iter_mut().zip(last.columns()) {
        // The text of the types is not a part of the statement.
        column.ty.origin = TextOrigin::Quoted;
        // A call is a text in TOML, but not in SQL.
        if let (Some(raw), Some(default)) = (&mut column.default, &known.default) {
            raw.text = default.to_sql(&known.ty);
            if let ColumnDefault::Call(function) = default {
                raw.value = RawValue::Call(*function);
            }
        }
    }
    Ok(raw)
}

fn checked(raw: &RawTable) -> Result<TableDefinition, Vec<DdlProblem>> {
    check(raw).map_err(|problems| of_checks(&problems))
}

fn of_checks(problems: &[kalamtable_model::Diagnostic]) -> Vec<DdlProblem> {
    problems.iter().map(DdlProblem::of_check).collect()
}

fn position(raw: &RawTable, name: &str) -> Result<usize, DdlProblem> {
    let columns = &raw.columns.value;
    let found = columns.iter().position(|column| column.name.value == name);
    found.ok_or_else(|| {
        let names = || columns.iter().map(|column| column.name.value.as_str());
        let problem = DdlProblem::new(format!("the table has no column `{name}`"));
        match nearest(name, names()) {
            Some(near) => problem.with_help(format!("did you mean `{near}`?")),
            None => {
                let names: Vec<String> = names().map(|name| format!("`{name}`")).collect();
                problem.with_help(format!("the columns are {}", names.join(", ")))
            }
        }
    })
}

fn in_key(raw: &RawTable, name: &str) -> bool {
    let unique = raw.unique.iter().flat_map(|keys| &keys.value);
    let mut keys = raw.primary_key.iter().chain(unique);
    keys.any(|key| key.value.iter().any(|column| column.value == name))
}

fn set_column(raw: &mut RawColumn, column: &WrittenColumn) {
    raw.nullable = Some(spanned(column.nullable));
    raw.default = column.default.as_ref().map(raw_default);
    raw.comment = column.comment.clone().map(spanned);
}

fn set_options(raw: &mut RawTable, options: &TableOptions) {
    let TableOptions {
        kind,
        ttl_seconds,
        access_level,
        no_primary_key,
    } = options;
    if let Some(kind) = kind {
        raw.kind = Some(spanned(kind.clone()));
    }
    if let Some(ttl_seconds) = ttl_seconds {
        raw.ttl_seconds = Some(spanned(*ttl_seconds));
    }
    if let Some(access_level) = access_level {
        raw.access_level = Some(spanned(access_level.clone()));
    }
    if let Some(reason) = no_primary_key {
        raw.no_primary_key = Some(spanned(reason.clone()));
    }
}

/// Creates a column without a type, which the caller sets.
fn raw_column(name: &str, id: i32) -> RawColumn {
    let ty = RawText::new("", span(), TextOrigin::Quoted);
    RawColumn::new(spanned(name.to_string()), spanned(id.into()), ty)
}

fn raw_key(columns: &[Ident], identifiers: Identifiers) -> RawKey {
    let names = columns
        .iter()
        .map(|column| spanned(identifiers.name(column)));
    spanned(names.collect())
}

fn raw_default(default: &WrittenDefault) -> RawDefault {
    RawDefault::new(default.value.clone(), span(), default.text.clone())
}

/// The parts of a statement have no positions of their own.
fn span() -> SourceSpan {
    SourceSpan::Key(0)
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(value, span())
}
