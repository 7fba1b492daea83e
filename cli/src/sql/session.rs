// SPDX-License-Identifier: Apache-2.0

//! [`Session`]: a DataFusion session with the system tables and the tables of a data folder.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable::metadata;
use kalamtable::system::SystemTables;
use kalamtable_files::{
    RegisteredTable, VersionedDefinition, register_duplicate_keys, register_folder,
};
use kalamtable_model::{Column, Shared, TableDefinition};
use tokio::runtime::Builder;

use crate::sql::search_path::SearchPath;
use crate::sql::server_folder::{ServerFolder, open_server};

/// The reason why a session cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Data(#[from] kalamtable_files::Error),
    #[error(transparent)]
    DataFusion(#[from] DataFusionError),
    #[error("cannot start the runtime: {0}")]
    Runtime(#[from] std::io::Error),
    /// The folder of the server.
    #[error("{0}")]
    Server(String),
}

/// A DataFusion session, and the definitions of its tables.
pub(crate) struct Session {
    context: SessionContext,
    tables: Vec<RegisteredTable>,
}

impl Session {
    /// Creates a session with the system tables, the metadata tables, the functions and operators
    /// for JSON, and each of `definitions` over its files in `data`, which may have been written
    /// under an earlier version. A table is found by `namespace.table`, and by its bare name if
    /// that is unique.
    ///
    /// The tables of a server are found by `namespace.table`.
    ///
    /// # Errors
    /// Fails with the errors of [`register_folder`], or if the server's folder cannot be read.
    pub(crate) fn open(
        definitions: &[VersionedDefinition],
        data: Option<&Path>,
        server: Option<&ServerFolder>,
    ) -> Result<Self, SessionError> {
        let config = server.map_or_else(SessionConfig::new, ServerFolder::session_config);
        let config = config.with_information_schema(true);
        let mut context = SessionContext::new_with_config(config);
        datafusion_functions_json::register_all(&mut context)?;
        let system = SystemTables::register(&context)?;
        let tables = register_folder(&context, definitions, data)?;
        for table in &tables {
            let definition = Shared::Counted(Arc::clone(&table.definition));
            system.known_tables.add(definition);
        }
        metadata::register_with(&context, find_definition)?;
        register_duplicate_keys(&context, &tables)?;
        SearchPath::install(&context)?;
        if let Some(server) = server {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let opened = runtime.block_on(open_server(&server.path));
            let opened = opened.map_err(SessionError::Server)?;
            system.add_registry(opened.registry());
            opened.register(&context)?;
        }
        Ok(Session { context, tables })
    }

    /// Returns the context that queries run in.
    pub(crate) fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Returns the tables that were registered from definitions, without the system tables.
    pub(crate) fn tables(&self) -> &[RegisteredTable] {
        &self.tables
    }

    /// Returns the result of `\d`: a row per table and view.
    ///
    /// # Errors
    /// Fails if a catalog fails to return one of its tables.
    pub(crate) async fn describe_tables(&self) -> Result<RecordBatch, DataFusionError> {
        let mut rows = Vec::new();
        for catalog_name in self.context.catalog_names() {
            let Some(catalog) = self.context.catalog(&catalog_name) else {
                continue;
            };
            for schema_name in catalog.schema_names() {
                let Some(schema) = catalog.schema(&schema_name) else {
                    continue;
                };
                if schema_name == "information_schema" {
                    continue;
                }
                for table in schema.table_names() {
                    let Some(provider) = schema.table(&table).await? else {
                        continue;
                    };
                    let name = format!("{schema_name}.{table}");
                    let columns = provider.schema().fields().len().to_string();
                    let definition = find_definition(&*provider);
                    let comment = definition.and_then(TableDefinition::comment);
                    let data_path = self.data_path(&name);
                    rows.push([
                        Some(name),
                        Some(columns),
                        data_path,
                        comment.map(str::to_string),
                    ]);
                }
            }
        }
        rows.sort();
        Ok(text_batch(["table", "columns", "data", "comment"], &rows)?)
    }

    /// Returns the path of the data of a table, or `none` if it has no data. Returns `None` for
    /// other tables.
    fn data_path(&self, name: &str) -> Option<String> {
        let mut tables = self.tables.iter();
        let table = tables.find(|table| table.definition.name().to_string() == name)?;
        Some(match &table.files {
            Some(files) => files.path.display().to_string(),
            None => "none".to_string(),
        })
    }

    /// Returns the result of `\d NAME`: a row per column.
    ///
    /// # Errors
    /// Fails if the table does not exist or the name is ambiguous.
    pub(crate) async fn describe_columns(
        &self,
        name: &str,
    ) -> Result<RecordBatch, DataFusionError> {
        let reference = TableReference::from(name);
        let provider = self.context.table_provider(reference).await?;
        let rows: Vec<[Option<String>; 5]> = match find_definition(&*provider) {
            Some(definition) => definition.columns().iter().map(describe_column).collect(),
            None => {
                let schema = provider.schema();
                schema
                    .fields()
                    .iter()
                    .map(|field| describe_field(field))
                    .collect()
            }
        };
        let names = ["column", "type", "nullable", "default", "comment"];
        Ok(text_batch(names, &rows)?)
    }
}

/// Returns the definition of a table over files, a system table or a metadata table.
fn find_definition(provider: &dyn TableProvider) -> Option<&TableDefinition> {
    kalamtable_files::definition_of(provider).or_else(|| metadata::definition_of(provider))
}

fn describe_column(column: &Column) -> [Option<String>; 5] {
    let default = column.default.as_ref();
    [
        Some(column.name.to_string()),
        Some(column.ty.to_string()),
        Some(yes_or_no(column.nullable)),
        default.map(|default| default.to_toml(&column.ty)),
        column.comment.as_ref().map(|comment| comment.to_string()),
    ]
}

fn describe_field(field: &Field) -> [Option<String>; 5] {
    let ty = field.data_type().to_string();
    let nullable = yes_or_no(field.is_nullable());
    [
        Some(field.name().clone()),
        Some(ty),
        Some(nullable),
        None,
        None,
    ]
}

fn yes_or_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_string()
}

fn text_batch<const N: usize>(
    names: [&str; N],
    rows: &[[Option<String>; N]],
) -> Result<RecordBatch, ArrowError> {
    let fields: Vec<Field> = names
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, true))
        .collect();
    let columns = (0..N).map(|column| -> ArrayRef {
        let texts = rows.iter().map(|row| row[column].as_deref());
        Arc::new(texts.collect::<StringArray>())
    });
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.collect())
}
