// SPDX-License-Identifier: Apache-2.0

//! [`FileCopy`]: `COPY .. TO` a file, which replaces the file only if the query succeeds.
//!
//! DataFusion's own writers of text lose values: empty text becomes null in CSV, and numbers that
//! are not finite become null in JSON. CSV and NDJSON have the form of data files instead.

mod output_path;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array, new_null_array};
use arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::source_as_provider;
use datafusion::datasource::stream::StreamTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::parser::{CopyToSource, CopyToStatement, Statement as SqlStatement};
use datafusion::sql::sqlparser::ast;
use futures::{StreamExt, TryStreamExt, stream};

use crate::sql::copy::output_path::{OutputPath, TemporaryOutput};
use crate::sql::locations::local_path;
use crate::sql::output::{CopyFormat, OutputError};

/// A `COPY` statement, by its writer.
pub(crate) enum FileCopy {
    /// To a text file.
    Text(TextCopy),
    /// To Parquet or Arrow files, which DataFusion writes.
    Binary(BinaryCopy),
}

impl FileCopy {
    /// Checks the format and the target of a statement.
    ///
    /// # Errors
    /// Fails if the format is unknown, if the target is not a file that can be replaced, or if a
    /// text format has options or partitions.
    pub(crate) fn try_new(copy: &CopyToStatement) -> Result<Self, DataFusionError> {
        let path = local_path(&copy.target)?;
        let extension = path
            .extension()
            .map(|extension| extension.to_string_lossy());
        let stored_as = copy.stored_as.as_deref();
        let name = stored_as.or(extension.as_deref()).unwrap_or_default();
        Ok(match name.to_lowercase().as_str() {
            "csv" => FileCopy::Text(TextCopy::try_new(copy, path, CopyFormat::Csv)?),
            "json" | "ndjson" | "jsonl" => {
                FileCopy::Text(TextCopy::try_new(copy, path, CopyFormat::JsonLines)?)
            }
            "parquet" => FileCopy::Binary(BinaryCopy::try_new(copy, path, true)?),
            "arrow" => FileCopy::Binary(BinaryCopy::try_new(copy, path, false)?),
            name => {
                let problem = match name {
                    "" => format!("the name `{}` has no extension", copy.target),
                    name => format!("`COPY` writes no files of the format `{name}`"),
                };
                return Err(DataFusionError::Plan(format!(
                    "{problem}: write `STORED AS` and one of {FORMATS}, or a file name with this extension"
                )));
            }
        })
    }
}

const FORMATS: &str = "`csv`, `json`, `ndjson`, `jsonl`, `parquet` and `arrow`";

/// Returns the statement that shows the plan of an `EXPLAIN`. A `COPY` to a text file has the plan
/// of its query. Other statements are returned unchanged.
///
/// # Errors
/// Fails if the statement explains a `COPY` that is invalid, or would run it with
/// `EXPLAIN ANALYZE`.
pub(crate) fn explainable(statement: SqlStatement) -> Result<SqlStatement, DataFusionError> {
    let SqlStatement::Explain(mut explain) = statement else {
        return Ok(statement);
    };
    *explain.statement = match *explain.statement {
        SqlStatement::CopyTo(copy) => {
            let target = &copy.target;
            let text = FileCopy::try_new(&copy)?;
            if explain.options.analyze {
                return Err(DataFusionError::Plan(format!(
                    "`EXPLAIN ANALYZE` of `COPY` would write `{target}`: analyze the query that it copies"
                )));
            }
            match text {
                FileCopy::Text(copy) => copy.source,
                FileCopy::Binary(_) => SqlStatement::CopyTo(copy),
            }
        }
        inner => explainable(inner)?,
    };
    Ok(SqlStatement::Explain(explain))
}

/// A `COPY` to a text file.
pub(crate) struct TextCopy {
    /// The query whose rows are written.
    pub(crate) source: SqlStatement,
    path: OutputPath,
    format: CopyFormat,
}

impl TextCopy {
    fn try_new(
        copy: &CopyToStatement,
        path: PathBuf,
        format: CopyFormat,
    ) -> Result<Self, DataFusionError> {
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
        Ok(TextCopy {
            source: SqlStatement::Statement(Box::new(ast::Statement::Query(Box::new(query)))),
            path: OutputPath::file(path)?,
            format,
        })
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
        let temporary = TemporaryOutput::beside(&self.path);
        let file = File::create(temporary.path()).map_err(|error| in_file(error.into()))?;
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
            .and_then(|()| temporary.publish(&self.path))
            .map_err(|error| in_file(error.into()))?;
        let count: ArrayRef = Arc::new(UInt64Array::from(vec![count]));
        let result = RecordBatch::try_from_iter([("count", count)])?;
        let schema = result.schema();
        let results = stream::iter([Ok(result)]);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, results)))
    }
}

/// A `COPY` to Parquet or Arrow files.
pub(crate) struct BinaryCopy {
    path: OutputPath,
    temporary: TemporaryOutput,
    is_parquet: bool,
}

impl BinaryCopy {
    fn try_new(
        copy: &CopyToStatement,
        path: PathBuf,
        is_parquet: bool,
    ) -> Result<Self, DataFusionError> {
        // DataFusion has the same rule.
        let is_folder = !copy.partitioned_by.is_empty()
            || copy.target.ends_with('/')
            || path.extension().is_none();
        if !is_folder && path.is_dir() {
            let target = &copy.target;
            return Err(DataFusionError::Plan(format!(
                "`{target}` is a folder: write `{target}/` to add files to it"
            )));
        }
        let path = match is_folder {
            true => OutputPath::folder(path)?,
            false => OutputPath::file(path)?,
        };
        Ok(BinaryCopy {
            temporary: TemporaryOutput::beside(&path),
            path,
            is_parquet,
        })
    }

    /// Returns the plan of the statement with a temporary target.
    ///
    /// # Errors
    /// Fails if Parquet cannot contain the type of a column.
    pub(crate) fn temporary_plan(&self, plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
        let LogicalPlan::Copy(mut copy) = plan else {
            return Ok(plan);
        };
        if self.is_parquet {
            check_parquet_types(copy.input.schema().as_arrow())?;
        }
        copy.output_url = self.temporary.url()?;
        Ok(LogicalPlan::Copy(copy))
    }

    /// Runs the plan, then moves the files to the target. If the query fails, the target is not
    /// changed.
    ///
    /// # Errors
    /// Fails if the query fails or the files cannot be moved.
    pub(crate) async fn write(
        self,
        results: SendableRecordBatchStream,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let schema = results.schema();
        let results: Vec<RecordBatch> = results.try_collect().await?;
        self.temporary.publish(&self.path).map_err(|error| {
            DataFusionError::Execution(format!("{}: {error}", self.path.display()))
        })?;
        let results = stream::iter(results.into_iter().map(Ok));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, results)))
    }
}

/// Fails with the first column that cannot be written to Parquet. The writer reports only types.
fn check_parquet_types(schema: &Schema) -> Result<(), DataFusionError> {
    for field in schema.fields() {
        let (name, ty) = (field.name(), field.data_type());
        let nullable = Field::new(name, ty.clone(), true);
        let written = || {
            let schema = Arc::new(Schema::new(vec![nullable]));
            let columns = vec![new_null_array(ty, 1)];
            let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
            let mut writer = ArrowWriter::try_new(Vec::new(), schema, None)?;
            writer.write(&batch)?;
            writer.close()?;
            Ok::<_, DataFusionError>(())
        };
        if written().is_err() {
            return Err(DataFusionError::Plan(format!(
                "column `{name}` ({ty}) cannot be written to Parquet: cast it, for example to text, or write CSV, NDJSON or Arrow"
            )));
        }
    }
    Ok(())
}

/// Rejects an `INSERT` into an external table of text files, which DataFusion's own writers would
/// write. The statement may be explained or prepared.
///
/// # Errors
/// Fails if the plan contains such an `INSERT`.
pub(crate) fn check_insert(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    plan.apply(|plan| {
        let LogicalPlan::Dml(statement) = plan else {
            return Ok(TreeNodeRecursion::Continue);
        };
        let provider = source_as_provider(&statement.target)?;
        let is_text = match provider.downcast_ref::<ListingTable>() {
            Some(table) => table.options().format.get_ext() != "parquet",
            None => provider.downcast_ref::<StreamTable>().is_some(),
        };
        if is_text {
            let table = &statement.table_name;
            return Err(DataFusionError::Plan(format!(
                "`INSERT` into `{table}` would write empty text and `NaN` as null: write its files with `COPY (..) TO`, or store it as Parquet"
            )));
        }
        Ok(TreeNodeRecursion::Stop)
    })?;
    Ok(())
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
