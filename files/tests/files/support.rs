// SPDX-License-Identifier: Apache-2.0

//! A temporary folder of definitions and data files per test, and queries over it.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema};
use arrow::json::writer::{LineDelimited, WriterBuilder};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use expect_test::Expect;
use kalamtable_files::{DataError, RegisteredTable, register_duplicate_keys, register_folder};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const ORDERS: &str = r#"
name        = "app.orders"
primary_key = ["id"]
row         = "Order"

[columns]
id    = { id = 1, type = "int", comment = "Number of the order" }
price = { id = 2, type = "decimal(6, 2)", nullable = true }
note  = { id = 3, type = "text", default = "none" }
state = { id = 4, type = "enum('open', 'closed')", rust = "State" }
items = { id = 5, type = "list<#6 struct<#7 sku: text, #8 count: int null>>", nullable = true }
"#;

/// A folder with subfolders `schemas` and `data`.
pub(crate) struct DataFolder(TempDir);

impl DataFolder {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        DataFolder(folder)
    }

    /// Creates a folder with the definition of `app.orders`.
    pub(crate) fn with_orders() -> Self {
        let folder = DataFolder::new();
        folder.write("schemas/orders.toml", ORDERS);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn write_parquet(&self, name: &str, columns: Vec<(Field, ArrayRef)>) {
        let path = self.write(name, "");
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        let mut writer =
            ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// Registers `schemas` over `data`. The error holds one line per problem, each with `error: `
    /// before it and with paths relative to this folder.
    pub(crate) fn register(&self) -> Result<SessionContext, String> {
        self.register_data("data")
    }

    pub(crate) fn register_data(&self, data: &str) -> Result<SessionContext, String> {
        self.register_tables(data).map(|(context, _)| context)
    }

    fn register_tables(
        &self,
        data: &str,
    ) -> Result<(SessionContext, Vec<RegisteredTable>), String> {
        let loaded = kalamtable_build::load(&[self.path().join("schemas")]);
        assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
        let tables = loaded.tables.into_iter();
        let definitions: Vec<_> = tables.map(|table| table.definition).collect();
        let context = SessionContext::new();
        match register_folder(&context, &definitions, Some(&self.path().join(data))) {
            Ok(tables) => Ok((context, tables)),
            Err(error) => Err(self.relative(&error.to_string())),
        }
    }

    /// Returns the rows of `query` as JSON, one line per row.
    pub(crate) fn query(&self, query: &str) -> Result<String, String> {
        self.query_in(&self.register()?, query)
    }

    /// Returns the rows of `query` as JSON, in a session with the view of duplicate keys.
    pub(crate) fn query_with_duplicate_keys(&self, query: &str) -> Result<String, String> {
        let (context, tables) = self.register_tables("data")?;
        register_duplicate_keys(&context, &tables).unwrap();
        self.query_in(&context, query)
    }

    /// Returns the rows of `query` in `context` as JSON, one line per row.
    pub(crate) fn query_in(&self, context: &SessionContext, query: &str) -> Result<String, String> {
        let batches = Runtime::new()
            .unwrap()
            .block_on(async { context.sql(query).await?.collect().await })
            .map_err(|error| self.relative(&describe(&error)))?;
        let builder = WriterBuilder::new().with_explicit_nulls(true);
        let mut writer = builder.build::<_, LineDelimited>(Vec::new());
        for batch in &batches {
            writer.write(batch).unwrap();
        }
        writer.finish().unwrap();
        Ok(String::from_utf8(writer.into_inner()).unwrap())
    }

    /// Returns the lines of `message` with `error: ` before them and with relative paths.
    pub(crate) fn relative(&self, message: &str) -> String {
        let prefix = format!("{}/", self.path().display());
        let message = message.replace(&prefix, "");
        let lines = message.lines().map(|line| format!("error: {line}\n"));
        lines.collect()
    }
}

/// Returns the text of the [`DataError`] among the sources of `error`, if it has one.
fn describe(error: &DataFusionError) -> String {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<DataError>() {
            return error.to_string();
        }
        source = error.source();
    }
    error.strip_backtrace()
}

/// Compares the rows or the error of `query` with what is expected.
pub(crate) fn check_query(folder: &DataFolder, query: &str, expect: Expect) {
    let (Ok(shown) | Err(shown)) = folder.query(query);
    expect.assert_eq(&shown);
}

/// Creates a table `app.t` with the column `v` of a type, which is nullable.
pub(crate) fn table_of(ty: &str) -> DataFolder {
    let folder = DataFolder::new();
    let definition = format!(
        "name = \"app.t\"\nno_primary_key = \"a test\"\nrow = \"Row\"\n[columns]\n\
         v = {{ id = 1, type = \"{ty}\", nullable = true }}\n"
    );
    folder.write("schemas/t.toml", definition);
    folder
}
