// SPDX-License-Identifier: Apache-2.0

//! A server with tables that can be altered, and sessions that look them up in its registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::RecordBatch;
use arrow::util::display::FormatOptions;
use arrow::util::pretty::pretty_format_batches_with_options;
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_provider::enable_dml;
use kalamtable_registry::{RegistryOptions, SchemaRegistry, TableSnapshot};
use kalamtable_runtime::dynamic::{RowStorage, StorageLimits, TimeSource};
use kalamtable_runtime::{Actor, DynamicOptions, DynamicTables, MemoryStorage, Role, UserId};
use kalamtable_store::{MemoryStore, UnixMicros};

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) registry: SchemaRegistry,
    pub(crate) tables: DynamicTables,
    pub(crate) clock: Arc<TestClock>,
}

/// A clock that only advances when a test advances it.
#[derive(Debug, Default)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: f64) {
        let micros = (seconds * 1e6) as i64;
        self.0.fetch_add(micros, Ordering::Relaxed);
    }
}

impl TestClock {
    pub(crate) fn now_seconds(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / 1e6
    }
}

impl TimeSource for TestClock {
    fn now(&self) -> UnixMicros {
        UnixMicros(self.0.load(Ordering::Relaxed))
    }
}

impl Server {
    pub(crate) async fn new() -> Self {
        Server::with_limits(StorageLimits::default()).await
    }

    pub(crate) async fn with_limits(limits: StorageLimits) -> Self {
        Server::with_storage(limits, Arc::new(MemoryStorage::new())).await
    }

    pub(crate) async fn with_storage(limits: StorageLimits, storage: Arc<dyn RowStorage>) -> Self {
        let options = RegistryOptions {
            clocks: 4,
            shadow: true,
            ..RegistryOptions::default()
        };
        let store = Arc::new(MemoryStore::new());
        let registry = SchemaRegistry::open(store, options).await.unwrap();
        let clock = Arc::new(TestClock::default());
        let options = DynamicOptions::default()
            .with_limits(limits)
            .with_time_source(clock.clone());
        Server {
            tables: DynamicTables::with_options(registry.clone(), storage, options),
            registry,
            clock,
        }
    }

    pub(crate) async fn create(&self, toml: &str) -> Arc<TableSnapshot> {
        self.registry.create(definition(toml)).await.unwrap()
    }

    /// Gives the table of that name another definition.
    pub(crate) async fn alter(&self, toml: &str) -> Arc<TableSnapshot> {
        let next = definition(toml);
        let present = self.registry.find(next.name()).await.unwrap().unwrap();
        kalamtable_model::check_evolution(&self.history(&present).await, &next).unwrap();
        self.registry.alter(&present, next).await.unwrap()
    }

    pub(crate) async fn history(&self, table: &TableSnapshot) -> Vec<TableDefinition> {
        let stored = self.registry.store().history(table.id()).await.unwrap();
        let definitions = stored.iter().map(|stored| (*stored.definition).clone());
        definitions.collect()
    }

    /// A session without a user.
    pub(crate) fn nobody(&self) -> SessionContext {
        self.session_with(SessionConfig::new())
    }

    pub(crate) fn session(&self, actor: Actor) -> SessionContext {
        self.session_with(SessionConfig::new().with_extension(Arc::new(actor)))
    }

    pub(crate) fn user(&self, name: &str) -> SessionContext {
        self.session(actor(name, Role::User))
    }

    /// One whose role may do everything.
    pub(crate) fn root(&self) -> SessionContext {
        self.session(actor("root", Role::System))
    }

    pub(crate) fn session_with(&self, config: SessionConfig) -> SessionContext {
        let session = SessionContext::new_with_config(config.with_target_partitions(1));
        enable_dml(&session);
        let catalog = session.catalog("datafusion").unwrap();
        let tables = RegistryTables(self.clone());
        catalog.register_schema("app", Arc::new(tables)).unwrap();
        session
    }
}

pub(crate) fn actor(name: &str, role: Role) -> Actor {
    Actor::new(user_id(name), role)
}

pub(crate) fn user_id(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// The schema `app`, whose tables are those of the registry at each moment.
#[derive(Debug)]
struct RegistryTables(Server);

#[async_trait]
impl SchemaProvider for RegistryTables {
    fn table_names(&self) -> Vec<String> {
        Vec::new()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let found = self.0.registry.find(("app", name)).await;
        let found = found.map_err(|error| DataFusionError::External(Box::new(error)))?;
        match found {
            Some(table) => Ok(Some(self.0.tables.provider(&table)?)),
            None => Ok(None),
        }
    }

    fn table_exist(&self, _name: &str) -> bool {
        true
    }
}

pub(crate) fn definition(toml: &str) -> TableDefinition {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("dynamic.toml", toml));
    match parse_and_check(&sources, id) {
        Ok(checked) => checked.definition,
        Err(problems) => panic!("{toml}\n{problems:#?}"),
    }
}

/// A table with a key `id` and the columns `columns`.
pub(crate) fn table(name: &str, kind: &str, columns: &str) -> String {
    format!(
        "name = 'app.{name}'\n{kind}\nprimary_key = ['id']\n[columns]\n\
         id = {{ id = 1, type = 'bigint' }}\n{columns}\n"
    )
}

pub(crate) async fn run(session: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    session.sql(sql).await?.collect().await
}

/// The answer as rows, one a line, columns separated by one space.
pub(crate) async fn answer(session: &SessionContext, sql: &str) -> String {
    match run(session, sql).await {
        Ok(batches) => lines(&batches),
        Err(error) => panic!("{sql}: {error}"),
    }
}

pub(crate) fn lines(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::new().with_null("NULL");
    let table = pretty_format_batches_with_options(batches, &options)
        .unwrap()
        .to_string();
    let lines = table.lines().filter(|line| !line.starts_with('+')).skip(1);
    let lines: Vec<String> = lines
        .map(|line| {
            let cells = line.trim_matches('|').split('|').map(str::trim);
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect();
    lines.join("\n")
}

pub(crate) async fn error(session: &SessionContext, sql: &str) -> String {
    match run(session, sql).await {
        Ok(batches) => panic!("{sql}: no error but\n{}", lines(&batches)),
        Err(error) => error.strip_backtrace(),
    }
}

/// The text of `EXPLAIN`'s physical plan.
pub(crate) async fn plan_text(session: &SessionContext, sql: &str) -> String {
    let frame = session.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    datafusion::physical_plan::displayable(plan.as_ref())
        .indent(false)
        .to_string()
}
