// SPDX-License-Identifier: Apache-2.0

//! A server whose tables are created by statements, and which can be restarted.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_runtime::dynamic::RowStorage;
use kalamtable_runtime::{Actor, DynamicTables, Role, UserId};
use kalamtable_storage::{HybridStorage, LogError, StorageError};
use kalamtable_store::{DefinitionStore, MemoryStore};

/// The definitions of a server, which survive its restarts.
pub(crate) type Definitions = Arc<dyn DefinitionStore>;

pub(crate) fn definitions() -> Definitions {
    Arc::new(MemoryStore::new())
}

/// A server and a session of its administrator.
pub(crate) struct Server {
    pub(crate) tables: DynamicTables,
    pub(crate) root: SessionContext,
}

impl Server {
    /// Opens a server with rows in a folder.
    pub(crate) async fn open(definitions: &Definitions, folder: &Path) -> Self {
        // Threads of a server that was dropped may still build its key indexes.
        let mut attempts = 0;
        let storage = loop {
            match HybridStorage::open(folder) {
                Err(StorageError::Log(LogError::Locked { .. })) if attempts < 1000 => {
                    attempts += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                opened => break opened.unwrap(),
            }
        };
        Server::new(definitions, Arc::new(storage)).await
    }

    pub(crate) async fn new(definitions: &Definitions, storage: Arc<dyn RowStorage>) -> Self {
        let registry = SchemaRegistry::open(Arc::clone(definitions), RegistryOptions::default());
        Server::with_registry(registry.await.unwrap(), storage)
    }

    pub(crate) fn with_registry(registry: SchemaRegistry, storage: Arc<dyn RowStorage>) -> Self {
        let tables = DynamicTables::new(registry, storage);
        let root = session(&tables, actor("root", Role::System));
        Server { tables, root }
    }

    pub(crate) fn user(&self, name: &str) -> SessionContext {
        session(&self.tables, actor(name, Role::User))
    }

    /// A session that sees deleted rows.
    pub(crate) fn with_deleted(&self) -> SessionContext {
        session(&self.tables, actor("root", Role::System).with_deleted())
    }

    /// Runs a statement, and returns its rows as lines.
    pub(crate) async fn run(&self, sql: &str) -> String {
        self.run_as(&self.root, sql).await
    }

    pub(crate) async fn run_as(&self, session: &SessionContext, sql: &str) -> String {
        let result = self.try_run(session, sql).await;
        result.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) async fn try_run(&self, session: &SessionContext, sql: &str) -> Result<String> {
        let batches = self.tables.sql(session, sql).await?.collect().await?;
        Ok(lines(&batches))
    }

    /// Returns the error of a statement on one line.
    pub(crate) async fn error(&self, sql: &str) -> String {
        match self.try_run(&self.root, sql).await {
            Ok(rows) => panic!("{sql}: no error but {rows}"),
            Err(error) => error.strip_backtrace(),
        }
    }
}

fn session(tables: &DynamicTables, actor: Actor) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_extension(Arc::new(actor));
    let session = SessionContext::new_with_config(config);
    tables.register(&session).unwrap();
    session
}

fn actor(name: &str, role: Role) -> Actor {
    Actor::new(UserId::new(name).unwrap(), role)
}

/// Returns one line per row, with spaces between the values.
fn lines(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::default().with_null("NULL");
    let mut lines = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter();
        let columns: Vec<ArrayFormatter<'_>> = columns
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let values = columns.iter().map(|column| column.value(row).to_string());
            lines.push(values.collect::<Vec<_>>().join(" "));
        }
    }
    lines.join("\n")
}

/// Returns the texts of an error and its causes.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
