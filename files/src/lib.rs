// SPDX-License-Identifier: Apache-2.0

//! Files as tables: a folder of Parquet, CSV and NDJSON files, each read with the schema that its
//! definition declares. What does not fit is an error that says where.
//!
//! | in the folder | is |
//! |---|---|
//! | `orders.parquet`, `orders.csv`, `orders.ndjson`, `orders.jsonl` | all rows of `app.orders` |
//! | `app.orders.csv` | the same, where two namespaces have a table `orders` |
//! | `orders/`, `app.orders/` | a folder of files of one format, whatever their names are |
//!
//! Schemas and headers are checked when a folder is registered; values when they are read.

mod check_exec;
mod csv;
mod files;
mod fit;
mod json;
mod lines;
mod ndjson;
mod parquet;
mod problem;
mod rows;
mod scan;
mod text;
mod values;

use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::{MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use kalamtable_model::TableDefinition;

pub use files::{DataFiles, Format};
pub use problem::{BadValue, DataError, Misfit, Problem};

/// A table that [`register_folder`] registered.
#[derive(Clone, Debug)]
pub struct RegisteredTable {
    /// What it is.
    pub definition: Arc<TableDefinition>,
    /// Where its rows are; a table without files is empty.
    pub files: Option<DataFiles>,
}

/// Why [`register_folder`] registered nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Files that do not fit their definitions, or have none.
    #[error("{}", lines(.0))]
    Data(Vec<DataError>),
    /// DataFusion refused.
    #[error(transparent)]
    DataFusion(#[from] DataFusionError),
}

fn lines(problems: &[DataError]) -> String {
    let lines: Vec<String> = problems.iter().map(DataError::to_string).collect();
    lines.join("\n")
}

/// Registers each definition as `namespace.table` in the default catalog of `context`, over its
/// files in `folder` if there is one. A table that is there already makes room for one that has
/// files, and stays in place of one that has none.
///
/// # Errors
/// [`RegisterError::Data`] with everything that does not fit; nothing is registered then.
pub fn register_folder(
    context: &SessionContext,
    definitions: &[TableDefinition],
    folder: Option<&Path>,
) -> Result<Vec<RegisteredTable>, RegisterError> {
    let definitions: Vec<Arc<TableDefinition>> =
        definitions.iter().cloned().map(Arc::new).collect();
    let mut assigned = match folder {
        Some(folder) => files::assign(&definitions, folder).map_err(RegisterError::Data)?,
        None => Default::default(),
    };
    let mut problems = Vec::new();
    let mut tables = Vec::with_capacity(definitions.len());
    for (position, definition) in definitions.into_iter().enumerate() {
        let files = assigned
            .remove(&position)
            .filter(|files| !files.paths.is_empty());
        match provider(&definition, files.as_ref()) {
            Ok(provider) => tables.push((RegisteredTable { definition, files }, provider)),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(RegisterError::Data(problems));
    }
    let mut registered = Vec::with_capacity(tables.len());
    for (table, provider) in tables {
        let name = table.definition.name();
        let schema = schema_of(context, &name.namespace)?;
        if schema.table_exist(&name.table) {
            if table.files.is_none() {
                continue;
            }
            schema.deregister_table(&name.table)?;
        }
        schema.register_table(name.table.to_string(), provider)?;
        registered.push(table);
    }
    Ok(registered)
}

/// The table over its files, which are checked as far as that goes without reading their values.
fn provider(
    definition: &Arc<TableDefinition>,
    files: Option<&DataFiles>,
) -> Result<Arc<dyn TableProvider>, Vec<DataError>> {
    let Some(files) = files else {
        return Ok(Arc::new(EmptyTable::new(Arc::new(
            definition.arrow_schema(),
        ))));
    };
    let (definition, paths) = (definition.clone(), files.paths.clone());
    match files.format {
        Format::Parquet => {
            parquet::check_files(&definition, &paths)?;
            let table = parquet::ParquetTable::try_new(definition, paths);
            Ok(Arc::new(table.map_err(|problem| vec![problem])?))
        }
        Format::Csv => {
            check_types(&definition, files)?;
            let headers = paths
                .iter()
                .map(|path| csv::check_header(path, &definition));
            let problems: Vec<DataError> = headers.filter_map(Result::err).collect();
            if !problems.is_empty() {
                return Err(problems);
            }
            Ok(Arc::new(scan::TextTable::new(
                definition,
                scan::TextFormat::Csv,
                paths,
            )))
        }
        Format::Ndjson => {
            check_types(&definition, files)?;
            Ok(Arc::new(scan::TextTable::new(
                definition,
                scan::TextFormat::Ndjson,
                paths,
            )))
        }
    }
}

/// Some of Arrow's types have no form in text.
fn check_types(definition: &TableDefinition, files: &DataFiles) -> Result<(), Vec<DataError>> {
    let columns = definition.columns().iter();
    let problems: Vec<DataError> = columns
        .filter(|column| !json::is_readable(&column.ty))
        .map(|column| {
            let (name, ty) = (&column.name, &column.ty);
            let message = format!("column `{name}` ({ty}) cannot be read from text: use Parquet");
            DataError::file(&files.place, message)
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// The schema of a namespace, made if it is not there.
fn schema_of(
    context: &SessionContext,
    namespace: &str,
) -> Result<Arc<dyn SchemaProvider>, DataFusionError> {
    let options = context.copied_config();
    let catalog = &options.options().catalog.default_catalog;
    let catalog = context.catalog(catalog).ok_or_else(|| {
        DataFusionError::Configuration(format!("the default catalog `{catalog}` does not exist"))
    })?;
    if let Some(schema) = catalog.schema(namespace) {
        return Ok(schema);
    }
    let schema = Arc::new(MemorySchemaProvider::new());
    catalog.register_schema(namespace, schema.clone())?;
    Ok(schema)
}
