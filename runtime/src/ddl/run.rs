// SPDX-License-Identifier: Apache-2.0

//! Runs DDL statements: access, changes of the registry, and repetition after a lost race.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::common::ResolvedTableReference;
use datafusion::common::runtime::SpawnedTask;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::ast::{
    AlterTable, CommentObject, CreateTable, FlushType, Ident, ObjectName, ObjectType,
    ShowCreateObject, Statement,
};
use kalamtable_model::sql_text::quote_identifier;
use kalamtable_model::{AccessLevel, Column, TableDefinition, TableKind, TableName};
use kalamtable_plans::SqlSession;
use kalamtable_provider::Access;
use kalamtable_registry::{Error as RegistryError, TableSnapshot};
use kalamtable_store::Error as StoreError;

use super::apply::{Identifiers, altered, commented, created};
use super::inferred::columns_of;
use super::problem::DdlProblem;
use super::show::create_statement;
use super::statement::{AlterAction, AlterStatement, CreateStatement};
use crate::dynamic::access;
use crate::dynamic::actor::{Actor, Role};
use crate::dynamic::tables::DynamicTables;
use crate::error::{Error, source_error};

/// The maximum number of attempts to change a table that other sessions change too.
const MAX_ATTEMPTS: usize = 16;

// The names of statements in errors.
const ALTER: &str = "ALTER TABLE";
const DROP: &str = "DROP TABLE";

/// The session and the tables of a DDL statement.
pub(crate) struct DdlTarget<'a> {
    pub(crate) tables: &'a DynamicTables,
    pub(crate) session: SqlSession,
    pub(crate) state: &'a SessionState,
    /// The catalog of the tables.
    pub(crate) catalog: &'a str,
    /// Returns whether a table is registered with the session itself.
    pub(crate) is_session_table: &'a (dyn Fn(&str, &str) -> bool + Send + Sync),
}

/// The name of a table of the registry.
struct TargetName {
    namespace: String,
    table: String,
}

impl TargetName {
    fn text(&self) -> String {
        format!("{}.{}", self.namespace, self.table)
    }
}

impl DdlTarget<'_> {
    /// Runs a DDL statement of a table of the registry, and returns its result. Returns `None` for
    /// any other statement.
    ///
    /// # Errors
    /// Fails if the statement is not valid, if the role of the session does not suffice, or if the
    /// change is incompatible with earlier versions. The table is unchanged in each case.
    pub(crate) async fn run(&self, statement: &DataFusionStatement) -> Result<Option<DataFrame>> {
        self.check_files(statement)?;
        match statement {
            DataFusionStatement::Statement(statement) => self.run_statement(statement).await,
            _ => Ok(None),
        }
    }

    /// Fails if a statement reads or writes files of the server, or creates a catalog, and the role
    /// of the session does not suffice. `EXPLAIN ANALYZE` runs the statement that it explains.
    fn check_files(&self, statement: &DataFusionStatement) -> Result<(), Error> {
        match statement {
            DataFusionStatement::CreateExternalTable(create) => {
                self.check_role("CREATE EXTERNAL TABLE", &create.name.to_string(), Role::Dba)
            }
            DataFusionStatement::CopyTo(copy) => self.check_role("COPY", &copy.target, Role::Dba),
            DataFusionStatement::Explain(explain) => self.check_files(&explain.statement),
            DataFusionStatement::Statement(statement) => {
                let mut statement = &**statement;
                while let Statement::Explain {
                    statement: inner, ..
                } = statement
                {
                    statement = inner;
                }
                match statement {
                    Statement::Copy { target, .. } => {
                        self.check_role("COPY", &target.to_string(), Role::Dba)
                    }
                    Statement::CreateDatabase { db_name, .. } => {
                        self.check_role("CREATE DATABASE", &db_name.to_string(), Role::Dba)
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    async fn run_statement(&self, statement: &Statement) -> Result<Option<DataFrame>> {
        let has_run = match statement {
            Statement::ShowCreate {
                obj_type: ShowCreateObject::Table,
                obj_name,
            } => return self.show_create(obj_name).await,
            Statement::Flush {
                object_type: FlushType::Tables,
                tables,
                ..
            } => return self.flush(tables).await.map(Some),
            Statement::ExplainTable { table_name, .. } => {
                self.check_describe(table_name).await?;
                false
            }
            Statement::CreateTable(create) => {
                self.run_create(create).await?;
                true
            }
            Statement::AlterTable(alter) => self.run_alter(alter).await?,
            Statement::Comment { .. } => self.run_comment(statement).await?,
            Statement::Drop {
                object_type: ObjectType::Table,
                ..
            } => self.run_drop(statement).await?,
            _ => false,
        };
        if has_run {
            return Ok(Some(self.session.context().read_empty()?));
        }
        Ok(None)
    }

    /// Runs `CREATE TABLE`.
    async fn run_create(&self, create: &CreateTable) -> Result<()> {
        let Some(name) = self.name_of(&create.name) else {
            // DataFusion would create a table in the memory of the session.
            let problem = DdlProblem::new("the name is not in the catalog of the tables");
            let catalog = quote_identifier(self.catalog);
            let help = format!("write the name with the catalog, as in `{catalog}.app.t`");
            let problems = vec![problem.with_help(help)];
            let written = create.name.to_string();
            return Err(Error::ddl("CREATE TABLE", &written, problems).into());
        };
        self.check_role("CREATE TABLE", &name.text(), Role::Service)?;
        let parsed = CreateStatement::of(create)
            .map_err(|problem| Error::ddl("CREATE TABLE", &name.text(), vec![problem]))?;
        self.create(&name, &parsed, create.if_not_exists).await
    }

    /// Runs `ALTER TABLE`. Returns whether the registry can have a table of this name.
    async fn run_alter(&self, alter: &AlterTable) -> Result<bool> {
        let Some(name) = self.registry_name(&alter.name, ALTER, Role::Service)? else {
            return Ok(false);
        };
        let parsed = AlterStatement::of(alter)
            .map_err(|problem| Error::ddl(ALTER, &name.text(), vec![problem]))?;
        self.alter(&name, &parsed, alter.if_exists).await?;
        Ok(true)
    }

    /// Runs `COMMENT ON`. Returns whether the registry can have a table of this name.
    async fn run_comment(&self, statement: &Statement) -> Result<bool> {
        let Statement::Comment {
            object_type,
            object_name,
            comment,
            if_exists,
            ..
        } = statement
        else {
            return Ok(false);
        };
        let (table, column) = match object_type {
            CommentObject::Table => (object_name.clone(), None),
            CommentObject::Column => {
                let mut parts = object_name.0.clone();
                let column = parts.pop().and_then(|part| part.as_ident().cloned());
                (ObjectName(parts), column)
            }
            _ => return Ok(false),
        };
        let Some(name) = self.registry_name(&table, "COMMENT", Role::Service)? else {
            return Ok(false);
        };
        let column = column.map(|column| self.identifiers().name(&column));
        self.comment(&name, column.as_deref(), comment.as_deref(), *if_exists)
            .await?;
        Ok(true)
    }

    /// Runs `DROP TABLE`. Returns whether the registry can have a table of this name.
    async fn run_drop(&self, statement: &Statement) -> Result<bool> {
        let Statement::Drop {
            names,
            if_exists,
            cascade,
            restrict,
            purge,
            temporary,
            ..
        } = statement
        else {
            return Ok(false);
        };
        let Some(written) = names.first() else {
            return Ok(false);
        };
        let Some(name) = self.registry_name(written, DROP, Role::Dba)? else {
            return Ok(false);
        };
        let words = [
            (cascade, "CASCADE"),
            (restrict, "RESTRICT"),
            (purge, "PURGE"),
            (temporary, "TEMPORARY"),
        ];
        let problem = if names.len() > 1 {
            Some(
                DdlProblem::new("several tables cannot be dropped together")
                    .with_help("write one `DROP TABLE` for each of them"),
            )
        } else {
            let mut words = words.into_iter();
            words.find(|(is_written, _)| **is_written).map(|(_, word)| {
                DdlProblem::new(format!("`{word}` is not supported"))
                    .with_help(format!("write `DROP TABLE {written}`"))
            })
        };
        if let Some(problem) = problem {
            return Err(Error::ddl(DROP, &name.text(), vec![problem]).into());
        }
        self.drop_table(&name, *if_exists).await?;
        Ok(true)
    }

    /// Checks that the session may see the columns of a table of the registry.
    async fn check_describe(&self, written: &ObjectName) -> Result<()> {
        if let Some(name) = self.name_of(written)
            && let Some(table) = self.find(&name).await?
        {
            self.check_read(&table)?;
        }
        Ok(())
    }

    /// Returns the name of a table that a statement changes, or `None` if the registry cannot have
    /// a table of this name. Fails unless the role of the session is at least `needed`.
    fn registry_name(
        &self,
        written: &ObjectName,
        statement: &'static str,
        needed: Role,
    ) -> Result<Option<TargetName>, Error> {
        let Some(name) = self.name_of(written) else {
            return Ok(None);
        };
        if (self.is_session_table)(&name.namespace, &name.table) {
            return Ok(None);
        }
        self.check_role(statement, &name.text(), needed)?;
        Ok(Some(name))
    }

    fn identifiers(&self) -> Identifiers {
        let options = &self.state.config_options().sql_parser;
        Identifiers {
            normalizes: options.enable_ident_normalization,
        }
    }

    /// Returns the name of a table in the catalog of the registry, or `None` if it is in another
    /// catalog or is not a name.
    fn name_of(&self, written: &ObjectName) -> Option<TargetName> {
        let defaults = &self.state.config_options().catalog;
        let mut parts = self.identifiers().parts(written)?.into_iter().rev();
        let table = parts.next()?;
        let namespace = parts
            .next()
            .unwrap_or_else(|| defaults.default_schema.clone());
        let catalog = parts
            .next()
            .unwrap_or_else(|| defaults.default_catalog.clone());
        let is_ours = parts.next().is_none() && catalog == self.catalog;
        is_ours.then_some(TargetName { namespace, table })
    }

    fn actor(&self) -> Option<Arc<Actor>> {
        Actor::of(self.state.config())
    }

    /// Fails unless the role of the session is at least `needed`.
    fn check_role(&self, statement: &'static str, table: &str, needed: Role) -> Result<(), Error> {
        let role = self.actor().map_or(Role::Anonymous, |actor| actor.role);
        if role >= needed {
            return Ok(());
        }
        Err(Error::StatementDenied {
            statement,
            table: table.to_string(),
            role,
            needed,
        })
    }

    fn check_read(&self, table: &TableSnapshot) -> Result<(), Error> {
        let actor = self.actor();
        access::check(table.definition(), actor.as_deref(), Access::Read)?;
        Ok(())
    }

    async fn find(&self, name: &TargetName) -> Result<Option<Arc<TableSnapshot>>, Error> {
        if (self.is_session_table)(&name.namespace, &name.table) {
            return Ok(None);
        }
        let registry = self.tables.registry();
        Ok(registry.find((&*name.namespace, &*name.table)).await?)
    }

    /// Returns the table of a statement that changes it. A table that the role may not write to is
    /// reported like a table that does not exist.
    async fn find_writable(
        &self,
        name: &TargetName,
        statement: &'static str,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        let Some(table) = self.find(name).await? else {
            return Ok(None);
        };
        let role = self.actor().map_or(Role::Anonymous, |actor| actor.role);
        let level = table.definition().access_level();
        let needed = match level {
            Some(AccessLevel::Restricted | AccessLevel::Dba) => Role::Dba,
            _ => Role::Service,
        };
        if role >= needed {
            return Ok(Some(table));
        }
        if access::check(table.definition(), self.actor().as_deref(), Access::Read).is_err() {
            return Ok(None);
        }
        Err(Error::StatementDenied {
            statement,
            table: name.text(),
            role,
            needed,
        })
    }

    async fn create(
        &self,
        name: &TargetName,
        statement: &CreateStatement,
        if_not_exists: bool,
    ) -> Result<()> {
        let fail = |problems| Error::ddl("CREATE TABLE", &name.text(), problems);
        let exists = (self.is_session_table)(&name.namespace, &name.table)
            || self.find(name).await?.is_some();
        if exists {
            if if_not_exists {
                return Ok(());
            }
            return Err(fail(vec![exists_already()]).into());
        }
        if let Some(level) = &statement.options.access_level
            && level == AccessLevel::Dba.as_str()
        {
            self.check_role("CREATE TABLE", &name.text(), Role::Dba)?;
        }
        let mut inferred = Vec::new();
        // The query with the columns that the table has.
        let mut rows = String::new();
        if let Some(query) = &statement.query {
            rows = query.to_string();
            let planned = self.session.sql(&rows).await?;
            inferred = columns_of(planned.schema()).map_err(fail)?;
            let count = inferred.len();
            if statement.options.kind.as_deref() != Some(TableKind::Stream.as_str()) {
                // `SELECT *` of a table includes its system columns.
                let system = TableKind::Shared.system_columns();
                inferred.retain(|column| system.iter().all(|own| *own.name != *column.name));
            }
            if inferred.len() < count {
                let names = inferred.iter().map(|column| quote_identifier(&column.name));
                let names: Vec<String> = names.collect();
                rows = format!("SELECT {} FROM ({rows}) AS query", names.join(", "));
            }
        }
        let definition = created(&name.text(), statement, &inferred, self.identifiers());
        let definition = definition.map_err(fail)?;
        if matches!(definition.kind(), TableKind::System | TableKind::View) {
            let kind = definition.kind().as_str();
            return Err(fail(vec![
                DdlProblem::new(format!("a table of type `{kind}` cannot be created"))
                    .with_help("the types are `user`, `shared` and `stream`"),
            ])
            .into());
        }
        let columns: Vec<String> = definition
            .columns()
            .iter()
            .map(|c| quote_identifier(&c.name))
            .collect();
        let created = match self.tables.registry().create(definition).await {
            Ok(created) => created,
            Err(RegistryError::Store(error)) if is_name_taken(&error) => {
                if if_not_exists {
                    return Ok(());
                }
                return Err(fail(vec![exists_already()]).into());
            }
            Err(error) => return Err(Error::from(error).into()),
        };
        if statement.query.is_none() {
            return Ok(());
        }
        let insert = format!(
            "INSERT INTO {}.{}.{} ({}) {rows}",
            quote_identifier(self.catalog),
            quote_identifier(&name.namespace),
            quote_identifier(&name.table),
            columns.join(", "),
        );
        let inserted = async { self.session.sql(&insert).await?.collect().await }.await;
        if let Err(error) = inserted {
            // The statement has no effect. If the table cannot be dropped, the first error remains
            // the one to report.
            if self.tables.registry().drop_table(&created).await.is_ok() {
                let (tables, id) = (self.tables.clone(), created.id());
                let _ = on_blocking_thread(move || tables.remove_rows(id)).await;
            }
            return Err(error);
        }
        Ok(())
    }

    async fn alter(
        &self,
        name: &TargetName,
        statement: &AlterStatement,
        if_exists: bool,
    ) -> Result<()> {
        let changes_access = statement.actions.iter().any(
            |action| matches!(action, AlterAction::SetOptions(options) if options.access_level.is_some()),
        );
        if changes_access {
            self.check_role(ALTER, &name.text(), Role::Dba)?;
        }
        let renamed = match &statement.rename {
            None => None,
            Some(written) => Some(self.new_name(name, written)?),
        };
        let identifiers = self.identifiers();
        let mut columns = BTreeSet::new();
        let named = statement.actions.iter().flat_map(named_columns);
        columns.extend(named.map(|column| identifiers.name(column)));
        self.change(name, ALTER, if_exists, &columns, |history| {
            altered(history, statement, renamed.as_deref(), identifiers)
        })
        .await
    }

    /// Returns the name after `RENAME TO`: without a namespace, the table stays in its own one.
    fn new_name(&self, name: &TargetName, written: &ObjectName) -> Result<String, Error> {
        let parts = self.identifiers().parts(written).unwrap_or_default();
        match &parts[..] {
            [table] => Ok(format!("{}.{table}", name.namespace)),
            [namespace, table] => Ok(format!("{namespace}.{table}")),
            [catalog, namespace, table] if catalog == self.catalog => {
                Ok(format!("{namespace}.{table}"))
            }
            _ => Err(Error::ddl(
                "ALTER TABLE",
                &name.text(),
                vec![
                    DdlProblem::new(format!("`{written}` is not a table name"))
                        .with_help("write `RENAME TO table` or `RENAME TO namespace.table`"),
                ],
            )),
        }
    }

    async fn comment(
        &self,
        name: &TargetName,
        column: Option<&str>,
        comment: Option<&str>,
        if_exists: bool,
    ) -> Result<()> {
        let columns = column.map(str::to_string).into_iter().collect();
        self.change(name, "COMMENT", if_exists, &columns, |history| {
            commented(history, column, comment)
        })
        .await
    }

    /// Replaces the definition of a table by the one that `next` returns for its versions. If
    /// another session changes the table first, the change is made again, unless it would have
    /// another meaning: unless one of `columns` has changed.
    async fn change(
        &self,
        name: &TargetName,
        statement: &'static str,
        if_exists: bool,
        columns: &BTreeSet<String>,
        next: impl Fn(&[&TableDefinition]) -> Result<TableDefinition, Vec<DdlProblem>>,
    ) -> Result<()> {
        let fail = |problems| Error::ddl(statement, &name.text(), problems);
        let registry = self.tables.registry();
        let mut first: Option<Arc<TableSnapshot>> = None;
        for _ in 0..MAX_ATTEMPTS {
            let Some(current) = self.find_writable(name, statement).await? else {
                if if_exists && first.is_none() {
                    return Ok(());
                }
                return Err(fail(vec![missing()]).into());
            };
            if let Some(first) = &first
                && (first.id() != current.id()
                    || !have_same_columns(first.definition(), current.definition(), columns))
            {
                return Err(fail(vec![changed_concurrently()]).into());
            }
            let history = registry.store().history(current.id()).await;
            let history = history.map_err(|error| Error::from(RegistryError::from(error)))?;
            let versions: Vec<&TableDefinition> = history
                .iter()
                .map(|stored| &*stored.definition)
                .filter(|definition| definition.version() <= current.version())
                .collect();
            let definition = next(&versions).map_err(fail)?;
            let new_name = definition.name().clone();
            let unchanged = definition.clone().with_version(version_of(&current));
            if unchanged == *current.definition() {
                return Ok(());
            }
            match registry.alter(&current, definition).await {
                Ok(_) => return Ok(()),
                Err(RegistryError::Refused { problems, .. }) => {
                    let problems = problems.iter().map(DdlProblem::of_evolution).collect();
                    return Err(fail(problems).into());
                }
                Err(RegistryError::Store(error)) if is_name_taken(&error) => {
                    return Err(fail(vec![name_taken(&new_name)]).into());
                }
                Err(RegistryError::Store(error)) if is_lost_race(&error) => {
                    first.get_or_insert(current);
                }
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        Err(fail(vec![changed_concurrently()]).into())
    }

    async fn drop_table(&self, name: &TargetName, if_exists: bool) -> Result<()> {
        let fail = |problems| Error::ddl(DROP, &name.text(), problems);
        let registry = self.tables.registry();
        let mut first: Option<Arc<TableSnapshot>> = None;
        for _ in 0..MAX_ATTEMPTS {
            let Some(current) = self.find_writable(name, DROP).await? else {
                if if_exists {
                    return Ok(());
                }
                return Err(fail(vec![missing()]).into());
            };
            if first
                .as_ref()
                .is_some_and(|first| first.id() != current.id())
            {
                return Err(fail(vec![changed_concurrently()]).into());
            }
            match registry.drop_table(&current).await {
                Ok(()) => {
                    let (tables, id) = (self.tables.clone(), current.id());
                    let removed = on_blocking_thread(move || tables.remove_rows(id)).await?;
                    return removed.map_err(|error| source_error(current.name(), error));
                }
                Err(RegistryError::Store(error)) if is_lost_race(&error) => {
                    first.get_or_insert(current);
                }
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        Err(fail(vec![changed_concurrently()]).into())
    }

    /// Writes the rows of tables to files. The files have the rows of all tables, because all of
    /// them share a log.
    async fn flush(&self, written: &[ObjectName]) -> Result<DataFrame> {
        const FLUSH: &str = "FLUSH TABLE";
        let texts: Vec<String> = written.iter().map(ToString::to_string).collect();
        self.check_role(FLUSH, &texts.join(", "), Role::Dba)?;
        for (written, text) in written.iter().zip(&texts) {
            let found = match self.name_of(written) {
                Some(name) => self.find(&name).await?,
                None => None,
            };
            if found.is_none() {
                let problem =
                    DdlProblem::new("the table does not exist").with_help("check the name");
                return Err(Error::ddl(FLUSH, text, vec![problem]).into());
            }
        }
        let tables = self.tables.clone();
        let flushed = on_blocking_thread(move || tables.flush()).await?;
        let flushed = flushed.map_err(DataFusionError::External)?;
        let column = |value| Arc::new(UInt64Array::from(vec![value])) as ArrayRef;
        let row = RecordBatch::try_from_iter([
            ("files", column(flushed.files)),
            ("rows", column(flushed.rows)),
            ("bytes", column(flushed.bytes)),
        ])?;
        self.session.context().read_batch(row)
    }

    async fn show_create(&self, written: &ObjectName) -> Result<Option<DataFrame>> {
        let Some(name) = self.name_of(written) else {
            return Ok(None);
        };
        let Some(table) = self.find(&name).await? else {
            return Ok(None);
        };
        self.check_read(&table)?;
        // The columns of DataFusion's `SHOW CREATE TABLE`.
        let reference = ResolvedTableReference {
            catalog: self.catalog.into(),
            schema: name.namespace.into(),
            table: name.table.into(),
        };
        let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
        let row = RecordBatch::try_from_iter([
            ("table_catalog", text(&reference.catalog)),
            ("table_schema", text(&reference.schema)),
            ("table_name", text(&reference.table)),
            ("definition", text(&create_statement(table.definition()))),
        ])?;
        Ok(Some(self.session.context().read_batch(row)?))
    }
}

/// Returns the columns that an action names, except for a column that it adds.
fn named_columns(action: &AlterAction) -> Vec<&Ident> {
    match action {
        AlterAction::AddColumn { column, .. } => vec![&column.name],
        AlterAction::DropColumn { name, .. }
        | AlterAction::SetNullable { name, .. }
        | AlterAction::SetType { name, .. }
        | AlterAction::SetDefault { name, .. } => vec![name],
        AlterAction::RenameColumn { from, to } => vec![from, to],
        AlterAction::SetOptions(_) => Vec::new(),
    }
}

/// Returns whether two versions of a table have the same columns under these names.
fn have_same_columns(
    one: &TableDefinition,
    other: &TableDefinition,
    names: &BTreeSet<String>,
) -> bool {
    let column = |definition: &TableDefinition, name: &str| -> Option<Column> {
        definition.column(name).map(|(_, column)| column.clone())
    };
    names
        .iter()
        .all(|name| column(one, name) == column(other, name))
}

fn version_of(table: &TableSnapshot) -> std::num::NonZeroU32 {
    std::num::NonZeroU32::new(table.version()).unwrap_or(std::num::NonZeroU32::MIN)
}

fn is_name_taken(error: &StoreError) -> bool {
    matches!(error, StoreError::NameTaken { .. })
}

fn is_lost_race(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. } | StoreError::NoSuchTable { .. }
    )
}

fn name_taken(name: &TableName) -> DdlProblem {
    DdlProblem::new(format!("table `{name}` exists already")).with_help("choose another name")
}

fn exists_already() -> DdlProblem {
    DdlProblem::new("a table with this name exists already")
        .with_help("choose another name, or write `CREATE TABLE IF NOT EXISTS`")
}

fn missing() -> DdlProblem {
    DdlProblem::new("the table does not exist, or the role of the session may not see it")
        .with_help("check the name, or write `IF EXISTS`")
}

fn changed_concurrently() -> DdlProblem {
    DdlProblem::new("another session changed the table")
        .with_help("check the statement and run it again")
}

/// Runs a closure that may wait for the disk.
async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let result = SpawnedTask::spawn_blocking(work).join().await;
    result.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))
}
