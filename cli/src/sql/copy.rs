// SPDX-License-Identifier: Apache-2.0

//! [`TextCopy`]: `COPY .. TO` a CSV or NDJSON file in the form of data files.
//!
//! DataFusion's own writers lose values: empty text becomes null in CSV, and numbers that are not
//! finite become null in JSON.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::parser::{CopyToSource, CopyToStatement, Statement as SqlStatement};
use datafusion::sql::sqlparser::ast;
use futures::{StreamExt, stream};

use crate::sql::locations::local_path;
use crate::sql::output::{CopyFormat, OutputError};

/// A `COPY` to a text file.
pub(crate) struct TextCopy {
    /// The query whose rows are written.
    pub(crate) source: SqlStatement,
    path: PathBuf,
    format: CopyFormat,
}

impl TextCopy {
    /// Returns the copy, or `None` if its format is not a text format.
    ///
    /// # Errors
    /// Fails if the statement has options or partitions, or if the target is a folder.
    pub(crate) fn try_new(copy: &CopyToStatement) -> Result<Option<Self>, DataFusionError> {
        let path = local_path(&copy.target)?;
        let extension = path
            .extension()
            .map(|extension| extension.to_string_lossy());
        let stored_as = copy.stored_as.as_deref();
        let name = stored_as.or(extension.as_deref()).unwrap_or_default();
        let format = match name.to_lowercase().as_str() {
            "csv" => CopyFormat::Csv,
            "json" | "ndjson" | "jsonl" => CopyFormat::JsonLines,
            _ => return Ok(None),
        };
        let plan_error = |message: String| Err(DataFusionError::Plan(message));
        if let Some((option, _)) = copy.options.first() {
            return plan_error(format!(
                "`COPY` to CSV and JSON has no option `{option}`: CSV has a header and commas, JSON one object per line, and neither is compressed"
            ));
        }
        if !copy.partitioned_by.is_empty() {
            return plan_error(
                "`COPY` to CSV and JSON writes one file: use Parquet for `PARTITIONED BY`"
                    .to_string(),
            );
        }
        if path.is_dir() || copy.target.ends_with('/') {
            let target = &copy.target;
            return plan_error(format!(
                "`{target}` is a folder, but `COPY` to CSV and JSON writes one file: add its name"
            ));
        }
        let query = match &copy.source {
            CopyToSource::Query(query) => (**query).clone(),
            CopyToSource::Relation(table) => select_all(table)?,
        };
        Ok(Some(TextCopy {
            source: SqlStatement::Statement(Box::new(ast::Statement::Query(Box::new(query)))),
            path,
            format,
        }))
    }

    /// Writes the rows of the source to the file, and returns their number as the result. If the
    /// query fails, the file is not changed.
    ///
    /// # Errors
    /// Fails if the query fails or the file cannot be written.
    pub(crate) async fn write(
        self,
        mut batches: SendableRecordBatchStream,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let in_file = |error: OutputError| {
            DataFusionError::Execution(format!("{}: {error}", self.path.display()))
        };
        let temporary = TemporaryFile::beside(&self.path);
        let file = File::create(&temporary.0).map_err(|error| in_file(error.into()))?;
        let mut file = BufWriter::new(file);
        let mut count = 0;
        {
            let mut writer = self.format.result_writer(&mut file);
            writer.begin(&batches.schema()).map_err(in_file)?;
            while let Some(batch) = batches.next().await {
                let batch = batch?;
                writer.write(&batch).map_err(in_file)?;
                count += batch.num_rows() as u64;
            }
            writer.end().map_err(in_file)?;
        }
        file.flush()
            .and_then(|()| fs::rename(&temporary.0, &self.path))
            .map_err(|error| in_file(error.into()))?;
        let count: ArrayRef = Arc::new(UInt64Array::from(vec![count]));
        let result = RecordBatch::try_from_iter([("count", count)])?;
        let schema = result.schema();
        let results = stream::iter([Ok(result)]);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, results)))
    }
}

/// Rejects an `INSERT` into an external table of text files, which DataFusion's own writers would
/// write.
///
/// # Errors
/// Fails if the plan is such an `INSERT`.
pub(crate) fn check_insert(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    let LogicalPlan::Dml(statement) = plan else {
        return Ok(());
    };
    let provider = source_as_provider(&statement.target)?;
    match provider.downcast_ref::<ListingTable>() {
        Some(table) if table.options().format.get_ext() != "parquet" => {
            let table = &statement.table_name;
            Err(DataFusionError::Plan(format!(
                "`INSERT` into `{table}` would write empty text and `NaN` as null: write its files with `COPY (..) TO`, or store it as Parquet"
            )))
        }
        _ => Ok(()),
    }
}

/// Parses `SELECT * FROM table`.
fn select_all(table: &ast::ObjectName) -> Result<ast::Query, DataFusionError> {
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    let sql = format!("SELECT * FROM {table}");
    let mut parser = Parser::new(&GenericDialect)
        .try_with_sql(&sql)
        .map_err(|error| DataFusionError::SQL(Box::new(error), None))?;
    parser
        .parse_query()
        .map(|query| *query)
        .map_err(|error| DataFusionError::SQL(Box::new(error), None))
}

/// A file that is deleted when it is dropped, unless it was renamed.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    /// Returns a path in the folder of `path`. A data folder ignores names that begin with a dot.
    fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        TemporaryFile(path.with_file_name(format!(".{name}.{}.tmp", process::id())))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // It does not exist after it was renamed.
        let _ = fs::remove_file(&self.0);
    }
}
