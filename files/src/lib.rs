// SPDX-License-Identifier: Apache-2.0

//! Data files read with a declared schema: a folder of Parquet, CSV and NDJSON files becomes a set
//! of DataFusion tables, one per definition.
//!
//! [`register_folder`] finds the files of a table by name:
//!
//! | path in the folder | content |
//! |---|---|
//! | `orders.parquet`, `orders.csv`, `orders.ndjson`, `orders.jsonl` | all rows of `app.orders` |
//! | `orders.csv.gz`, `orders.ndjson.zst` | the same, compressed with gzip or Zstandard |
//! | `app.orders.csv` | the same, if two namespaces have a table `orders` |
//! | `orders/`, `app.orders/` | files of one format with any names |
//! | `orders.parquet/` | the same, as Spark names it |
//!
//! Other data is never ignored silently:
//!
//! - Another name that begins with that of a table and a separator is an error: `orders-2024.csv`,
//!   `orders_old.csv`, `orders (1).csv`.
//! - If the table has no data, a name that is similar to its name (`ordres.csv`) or ends with it
//!   (`2024-orders.csv`) is an error, and so is its data in another subfolder (`app/orders.csv`,
//!   `year=2024/orders.csv`).
//! - [`unassigned_files`] returns the other data that is not read, also data whose name begins with
//!   `_` or `.`.
//!
//! A table has the types of its definition, whatever the files contain. No type is inferred, no
//! value is replaced by null, and no digit of a number or timestamp is lost, except in an
//! embedding: data that does not fit is a [`DataError`] with the file, the line or row, and the
//! value. Schemas and headers are checked when a folder is registered, and values when they are
//! read. A column that a Parquet or CSV file lacks has its default, or null if it is nullable and
//! has no default.
//!
//! # Files of earlier versions
//! A file may have been written under an earlier version of its table. Pass the earlier versions as
//! a [`VersionedDefinition`], and such a file is read as the current version:
//!
//! - A Parquet file whose columns have field ids is matched by id. The name of each column must be
//!   the name or source that some version gives to its id.
//! - A Parquet file without field ids is matched by the names of one version, the latest version
//!   whose names and types fit. If two versions fit and use a name for different columns, the file
//!   is rejected.
//! - CSV and NDJSON files are matched by the current names and sources, and by earlier names that
//!   only one column had.
//!
//! Columns that were dropped are skipped. In a Parquet or CSV file, a column that was added has its
//! *initial default*, the default of the first version with the column, and not its current
//! default. In Parquet files, a value whose type has changed is converted exactly, at any depth;
//! [`promotion`](kalamtable_model::promotion) is the table of these changes. A text is parsed as a
//! value of the current type.
//!
//! Without earlier versions, the changes of types apply to Parquet files with field ids only.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use datafusion::arrow::array::{ArrayRef, Int32Array, RecordBatch};
//! use datafusion::prelude::SessionContext;
//! use kalamtable_files::{VersionedDefinition, register_folder};
//! use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
//! use parquet::arrow::ArrowWriter;
//!
//! fn version(number: u32, columns: &str) -> TableDefinition {
//!     let text = format!(
//!         "name = \"app.orders\"\nversion = {number}\nprimary_key = [\"id\"]\n[columns]\n{columns}"
//!     );
//!     let mut sources = Sources::new();
//!     let source = sources.push(SourceFile::new("orders.toml", text));
//!     parse_and_check(&sources, source).unwrap().definition
//! }
//! let first = version(1, r#"id = { id = 1, type = "int" }"#);
//! let second = version(
//!     2,
//!     r#"
//!     id    = { id = 1, type = "bigint" }
//!     state = { id = 2, type = "text", default = "open" }
//!     "#,
//! );
//!
//! // A file of version 1.
//! let folder = tempfile::tempdir()?;
//! let file = std::fs::File::create(folder.path().join("orders.parquet"))?;
//! let ids: ArrayRef = Arc::new(Int32Array::from(vec![7]));
//! let batch = RecordBatch::try_new(Arc::new(first.arrow_schema()), vec![ids])?;
//! let mut writer = ArrowWriter::try_new(file, batch.schema(), None)?;
//! writer.write(&batch)?;
//! writer.close()?;
//!
//! let orders = VersionedDefinition {
//!     current: second,
//!     earlier: vec![first],
//! };
//! let context = SessionContext::new();
//! register_folder(&context, &[orders], Some(folder.path()))?;
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let open = context.sql("SELECT id FROM app.orders WHERE state = 'open'").await?;
//! assert_eq!(open.count().await?, 1);
//! # Ok::<(), datafusion::error::DataFusionError>(())
//! # })?;
//! # Ok(())
//! # }
//! ```
//!
//! # Statistics
//! Queries do not use the statistics of Parquet files for results, because they describe the values
//! before the check. They only skip row groups, for types whose bounds cannot differ from the
//! checked values. Columns whose values are converted from an earlier type do not use them.
//!
//! # Example
//!
//! ```no_run
//! use std::path::Path;
//!
//! use datafusion::prelude::SessionContext;
//! use kalamtable_files::register_folder;
//!
//! # async fn query() -> Result<(), Box<dyn std::error::Error>> {
//! let loaded = kalamtable_build::load(&["schemas"]);
//! let tables = loaded.tables.into_iter();
//! let definitions: Vec<_> = tables.map(|table| table.definition).collect();
//!
//! let context = SessionContext::new();
//! register_folder(&context, &definitions, Some(Path::new("data")))?;
//! let orders = context.sql("SELECT count(*) FROM app.orders").await?;
//! orders.show().await?;
//! # Ok(())
//! # }
//! ```

mod batch_check;
mod check_exec;
mod compression;
mod csv;
mod data_files;
mod default_value;
mod defined_table;
mod duplicate_keys;
mod earlier_type;
mod error;
mod file_adapter;
mod file_columns;
mod int96;
mod json;
mod lines;
mod ndjson;
mod nullable_schema;
mod parquet_file;
mod parquet_table;
mod registered_table;
mod row_buffer;
mod schema_check;
mod text;
mod text_table;
mod values;
mod versioned_definition;

use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;
use kalamtable_model::TableDefinition;
pub use kalamtable_model::value_text::TextError;

use data_files::assign;
pub use data_files::{DataFiles, DataFormat};
use defined_table::DefinedTable;
pub use defined_table::definition_of;
pub use duplicate_keys::register_duplicate_keys;
pub use error::{DataError, Error, FileValueError, ValueMismatch, ValueProblem};
use parquet_table::ParquetTable;
pub use registered_table::RegisteredTable;
use registered_table::schema_or_create;
use text_table::{TextFormat, TextTable};
use versioned_definition::FileVersions;
pub use versioned_definition::VersionedDefinition;

/// Registers each definition as `namespace.table` in the default catalog of `context`, over its
/// files in `folder`. A definition is a [`TableDefinition`], or a [`VersionedDefinition`] with the
/// earlier versions under which files may have been written.
///
/// A table without files, and every table if `folder` is `None`, has no rows. If the catalog
/// already has a table of the same name, a table with files replaces it, and a table without files
/// is not registered. Returns the registered tables in the order of `definitions`.
///
/// Turns off the option `datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown` of
/// `context`: in DataFusion 55, it makes queries such as `SELECT min(a), min(b + 1)` return wrong
/// results. If it is turned on again, the tables ignore the dynamic filters of sorts, joins and
/// aggregates.
///
/// # Errors
/// Fails with [`Error::Data`] if `folder` or a file cannot be read, or if a file does not fit its
/// definition, or looks like the data of a table and is not. The error contains every problem of
/// the assignment of files to tables; if there are none, every problem of the files themselves. No
/// table is registered.
///
/// Fails with [`Error::DataFusion`] if the default catalog of `context` does not exist or rejects a
/// table. Tables that precede that table stay registered.
pub fn register_folder<T: Clone + Into<VersionedDefinition>>(
    context: &SessionContext,
    definitions: &[T],
    folder: Option<&Path>,
) -> Result<Vec<RegisteredTable>, Error> {
    let versions: Vec<VersionedDefinition> = definitions.iter().cloned().map(T::into).collect();
    let definitions: Vec<Arc<TableDefinition>> = versions
        .iter()
        .map(|versions| Arc::new(versions.current.clone()))
        .collect();
    let mut assigned = match folder {
        Some(folder) => assign(&definitions, folder).map_err(Error::Data)?.tables,
        None => Default::default(),
    };
    let mut problems = Vec::new();
    let mut tables = Vec::with_capacity(definitions.len());
    for (position, (definition, versions)) in definitions.into_iter().zip(versions).enumerate() {
        let files = assigned
            .remove(&position)
            .filter(|files| !files.paths.is_empty());
        match provider(versions, files.as_ref()) {
            Ok(rows) => {
                let provider = DefinedTable::new(Arc::clone(&definition), rows);
                tables.push(RegisteredTable {
                    definition,
                    files,
                    provider: Arc::new(provider),
                });
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Error::Data(problems));
    }
    let state = context.state_ref();
    let mut state = state.write();
    let options = state.config_mut().options_mut();
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    drop(state);
    let mut registered = Vec::with_capacity(tables.len());
    for table in tables {
        let name = table.definition.name();
        let schema = schema_or_create(context, &name.namespace)?;
        if schema.table_exist(&name.table) {
            if table.files.is_none() {
                continue;
            }
            schema.deregister_table(&name.table)?;
        }
        let provider = Arc::clone(&table.provider);
        schema.register_table(name.table.to_string(), provider)?;
        registered.push(table);
    }
    Ok(registered)
}

/// Returns an error for each data file or folder in `folder`, or in the folder of a table, that
/// [`register_folder`] ignores: because no definition has its name or a similar one, because the
/// name begins with `_` or `.`, or because the table has other data.
///
/// # Errors
/// Fails if `folder` cannot be read, or if a file looks like the data of a table and cannot be
/// read.
pub fn unassigned_files(
    definitions: &[TableDefinition],
    folder: &Path,
) -> Result<Vec<DataError>, Error> {
    let definitions: Vec<Arc<TableDefinition>> =
        definitions.iter().cloned().map(Arc::new).collect();
    let assigned = assign(&definitions, folder).map_err(Error::Data)?;
    Ok(assigned.unassigned)
}

/// Creates the table over its files. Checks the files without reading their values.
fn provider(
    versions: VersionedDefinition,
    files: Option<&DataFiles>,
) -> Result<Arc<dyn TableProvider>, Vec<DataError>> {
    let Some(files) = files else {
        let schema = versions.current.query_schema();
        return Ok(Arc::new(EmptyTable::new(Arc::new(schema))));
    };
    let (versions, paths) = (FileVersions::new(versions), files.paths.clone());
    match files.format {
        DataFormat::Parquet => Ok(Arc::new(ParquetTable::try_new(&versions, paths)?)),
        DataFormat::Csv => {
            check_types(&versions.current, files)?;
            let headers = paths.iter().map(|path| csv::check_header(path, &versions));
            let problems: Vec<DataError> = headers.filter_map(Result::err).collect();
            if !problems.is_empty() {
                return Err(problems);
            }
            let (versions, format) = (Arc::new(versions), TextFormat::Csv);
            Ok(Arc::new(TextTable::new(versions, format, paths)))
        }
        DataFormat::Ndjson => {
            check_types(&versions.current, files)?;
            let (versions, format) = (Arc::new(versions), TextFormat::Ndjson);
            Ok(Arc::new(TextTable::new(versions, format, paths)))
        }
    }
}

/// Fails if a column has an Arrow type without a text form.
fn check_types(definition: &TableDefinition, files: &DataFiles) -> Result<(), Vec<DataError>> {
    let columns = definition.columns().iter();
    let problems: Vec<DataError> = columns
        .filter(|column| !json::is_readable(&column.ty))
        .map(|column| {
            let (name, ty) = (&column.name, &column.ty);
            let message = format!("column `{name}` ({ty}) cannot be read from text: use Parquet");
            DataError::file(&files.path, message)
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}
