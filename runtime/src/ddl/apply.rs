// SPDX-License-Identifier: Apache-2.0

//! Applies statements to definitions: the definition of a table that is created, and the next
//! version of one that is altered.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};
use kalamtable_model::{
    ColumnType, RawColumn, RawDefault, RawKey, RawTable, RawText, RawValue, SourceFile, SourceSpan,
    Sources, Spanned, Syntax, TableDefinition, TextOrigin, check, nearest, next_free_id, parse,
    with_type_ids,
};

use super::options::TableOptions;
use super::problem::DdlProblem;
use super::statement::{AlterAction, AlterStatement, CreateStatement, WrittenColumn};
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

/// Allocates ids of columns and nested fields above all that a table has used.
struct Ids(i128);

impl Ids {
    fn fresh(&mut self) -> i128 {
        let id = self.0;
        self.0 += 1;
        id
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
    let mut columns = Vec::new();
    let mut ids = Ids(1);
    if statement.columns.is_empty() {
        for column in inferred {
            let id = ids.fresh();
            let mut raw = raw_column(&column.name, id, &column.ty);
            raw.nullable = Some(spanned(column.nullable));
            columns.push(raw);
        }
    }
    for (position, column) in statement.columns.iter().enumerate() {
        let ty = match (&column.ty, inferred.get(position)) {
            (Some(ty), _) => ty.clone(),
            (None, Some(inferred)) => inferred.ty.clone(),
            (None, None) => {
                let name = identifiers.name(&column.name);
                return Err(vec![
                    DdlProblem::new(format!("column `{name}` has no type"))
                        .with_help(format!("write for example `{name} TEXT`")),
                ]);
            }
        };
        let mut raw = raw_column(&identifiers.name(&column.name), ids.fresh(), &ty);
        set_column(&mut raw, column);
        columns.push(raw);
    }
    for column in &mut columns {
        column.ty.value = with_type_ids(&column.ty.value, None, || ids.fresh());
    }
    let mut raw = RawTable::new(Syntax::Sql, spanned(name.to_string()), spanned(columns));
    if let Some(key) = &statement.primary_key {
        let key = raw_key(key, identifiers);
        // The columns of a primary key are not null.
        for column in &mut raw.columns.value {
            if key.value.iter().any(|name| name.value == column.name.value) {
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
    /// The type in the notation of definitions, without ids.
    pub(super) ty: String,
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
    let next = next_free_id(history.iter().copied()).map_or(i128::MAX, i128::from);
    let mut ids = Ids(next);
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
            let mut added = raw_column(&name, ids.fresh(), ty);
            added.ty.value = with_type_ids(ty, None, || ids.fresh());
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
            column.ty.value = with_type_ids(ty, old, || ids.fresh());
            column.ty.origin = TextOrigin::Quoted;
            if let Some(default) = &mut column.default {
                default.value =
                    value_of_type(&column.ty.value, default.value.clone(), &default.text);
            }
        }
        AlterAction::SetDefault { name, default } => {
            let position = position(raw, &identifiers.name(name))?;
            let column = &mut raw.columns.value[position];
            column.default = default
                .as_ref()
                .map(|default| raw_default(&column.ty.value, default));
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
    // The text of the types is not a part of the statement.
    for column in &mut raw.columns.value {
        column.ty.origin = TextOrigin::Quoted;
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
    let ty = &raw.ty.value;
    raw.default = column
        .default
        .as_ref()
        .map(|default| raw_default(ty, default));
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

fn raw_column(name: &str, id: i128, ty: &str) -> RawColumn {
    let ty = RawText::new(ty, span(), TextOrigin::Quoted);
    RawColumn::new(spanned(name.to_string()), spanned(id), ty)
}

fn raw_key(columns: &[Ident], identifiers: Identifiers) -> RawKey {
    let names = columns
        .iter()
        .map(|column| spanned(identifiers.name(column)));
    spanned(names.collect())
}

fn raw_default(ty: &str, default: &WrittenDefault) -> RawDefault {
    let value = value_of_type(ty, default.value.clone(), &default.text);
    RawDefault::new(value, span(), default.text.clone())
}

/// Converts a value to the form in which definitions write it. A decimal number becomes a text,
/// because a float does not represent its digits exactly. Texts become the floats that SQL has no
/// literals for.
fn value_of_type(ty: &str, value: RawValue, text: &str) -> RawValue {
    match value {
        RawValue::Float(_) | RawValue::Integer(_) if ty.starts_with("decimal") => {
            RawValue::Text(text.to_string())
        }
        RawValue::Text(name) if ty == "float" || ty == "double" => match &*name {
            "nan" => RawValue::Float(f64::NAN),
            "inf" => RawValue::Float(f64::INFINITY),
            "-inf" => RawValue::Float(f64::NEG_INFINITY),
            _ => RawValue::Text(name),
        },
        value => value,
    }
}

/// The parts of a statement have no positions of their own.
fn span() -> SourceSpan {
    SourceSpan::Key(0)
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(value, span())
}
