// SPDX-License-Identifier: Apache-2.0

//! [`Engine`]: a session for the runner of `sqllogictest`.
//!
//! Types and values are formatted as in DataFusion's own files. DataFusion's runner,
//! `datafusion-sqllogictest`, is not used because it enables all features of DataFusion.

use std::fmt;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, DecimalType, Float32Type, Float64Type, Schema,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;
use sqllogictest::{AsyncDB, DBOutput, Normalizer};

const NULL: &str = "NULL";

/// The maximum number of digits of a fraction.
const FRACTION_DIGITS: usize = 12;

pub(crate) struct Engine {
    session: SessionContext,
}

impl Engine {
    pub(crate) fn new(session: SessionContext) -> Self {
        Engine { session }
    }

    async fn execute(&self, sql: &str) -> Result<DBOutput<ColumnType>, DataFusionError> {
        let frame = self.session.sql(sql).await?;
        let plan = frame.create_physical_plan().await?;
        let schema = plan.schema();
        let batches = collect(plan, self.session.task_ctx()).await?;
        let mut rows = Vec::new();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                rows.extend(lines(cells(batch, row)?));
            }
        }
        let types = column_types(&schema);
        Ok(if types.is_empty() && rows.is_empty() {
            DBOutput::StatementComplete(0)
        } else {
            DBOutput::Rows { types, rows }
        })
    }
}

#[async_trait]
impl AsyncDB for Engine {
    type Error = Error;
    type ColumnType = ColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<ColumnType>, Error> {
        self.execute(sql).await.map_err(Error)
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "KalamTable"
    }
}

#[derive(Debug)]
pub(crate) struct Error(DataFusionError);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataFusion error: {}", self.0.strip_backtrace())
    }
}

impl std::error::Error for Error {}

/// The type of a column, as a letter after `query`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ColumnType {
    /// `B`
    Boolean,
    /// `D`: dates and times of day
    DateTime,
    /// `I`
    Integer,
    /// `R`: floats and decimals
    Float,
    /// `T`
    Text,
    /// `P`
    Timestamp,
    /// `?`
    Another,
}

impl sqllogictest::ColumnType for ColumnType {
    fn from_char(value: char) -> Option<Self> {
        Some(match value {
            'B' => ColumnType::Boolean,
            'D' => ColumnType::DateTime,
            'I' => ColumnType::Integer,
            'R' => ColumnType::Float,
            'T' => ColumnType::Text,
            'P' => ColumnType::Timestamp,
            '?' => ColumnType::Another,
            _ => return None,
        })
    }

    fn to_char(&self) -> char {
        match self {
            ColumnType::Boolean => 'B',
            ColumnType::DateTime => 'D',
            ColumnType::Integer => 'I',
            ColumnType::Float => 'R',
            ColumnType::Text => 'T',
            ColumnType::Timestamp => 'P',
            ColumnType::Another => '?',
        }
    }
}

fn column_types(schema: &Schema) -> Vec<ColumnType> {
    let of = |ty: &DataType| match ty {
        DataType::Boolean => ColumnType::Boolean,
        ty if ty.is_integer() => ColumnType::Integer,
        ty if ty.is_floating() || ty.is_decimal() => ColumnType::Float,
        ty if ty.is_string() => ColumnType::Text,
        DataType::Date32 | DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) => {
            ColumnType::DateTime
        }
        DataType::Timestamp(..) => ColumnType::Timestamp,
        DataType::Dictionary(_, values) if values.is_string() => ColumnType::Text,
        _ => ColumnType::Another,
    };
    let fields = schema.fields().iter();
    fields.map(|field| of(field.data_type())).collect()
}

fn cells(batch: &RecordBatch, row: usize) -> Result<Vec<String>, DataFusionError> {
    let columns = batch.columns().iter();
    columns.map(|column| cell(column, row)).collect()
}

fn cell(column: &ArrayRef, row: usize) -> Result<String, DataFusionError> {
    if column.is_null(row) {
        return Ok(NULL.to_string());
    }
    Ok(match column.data_type() {
        DataType::Float32 => {
            let value = column.as_primitive::<Float32Type>().value(row);
            float(value.into(), &value.to_string())
        }
        DataType::Float64 => {
            let value = column.as_primitive::<Float64Type>().value(row);
            float(value, &value.to_string())
        }
        DataType::Decimal128(precision, scale) => {
            let value = column.as_primitive::<Decimal128Type>().value(row);
            let text = Decimal128Type::format_decimal(value, *precision, *scale);
            without_trailing_zeros(&text)
        }
        DataType::Utf8 => text(column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text(column.as_string::<i64>().value(row)),
        DataType::Utf8View => text(column.as_string_view().value(row)),
        DataType::Dictionary(..) => {
            let column = column.as_any_dictionary();
            cell(column.values(), column.normalized_keys()[row])?
        }
        _ => {
            let options = datafusion::config::FormatOptions {
                null: NULL.to_string(),
                ..Default::default()
            };
            let options: FormatOptions<'_> = (&options).try_into()?;
            let column = ArrayFormatter::try_new(column, &options)?;
            column.value(row).to_string()
        }
    })
}

/// Formats a float without an exponent; `shortest` is its shortest exact text.
fn float(value: f64, shortest: &str) -> String {
    if value.is_nan() {
        return "NaN".to_string();
    }
    if value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}Infinity");
    }
    let fraction = shortest
        .split_once('.')
        .map_or(0, |(_, digits)| digits.len());
    if fraction <= FRACTION_DIGITS {
        return without_trailing_zeros(shortest);
    }
    without_trailing_zeros(&format!("{value:.FRACTION_DIGITS$}"))
}

fn without_trailing_zeros(number: &str) -> String {
    let short = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    match short {
        "-0" => "0",
        _ => short,
    }
    .to_string()
}

fn text(value: &str) -> String {
    match value {
        "" => "(empty)".to_string(),
        _ => value.trim_end_matches('\n').replace('\0', "\\0"),
    }
}

/// Splits a row whose last cell has several lines, such as a plan, into one row per line. Each line
/// starts with its number, and its leading spaces are replaced by dashes.
fn lines(mut row: Vec<String>) -> Vec<Vec<String>> {
    let last = match row.last() {
        Some(cell) if cell.contains('\n') => row.pop().unwrap_or_default(),
        _ => return vec![row],
    };
    let mut rows = vec![row];
    for (index, line) in last.split('\n').enumerate() {
        let content = line.trim_start();
        let depth = "-".repeat(line.len() - content.len());
        rows.push(vec![format!("{:02}){depth}{content}", index + 1)]);
    }
    rows
}

/// Normalizes a line of a result for the comparison.
#[expect(clippy::ptr_arg, reason = "the signature of a `Normalizer`")]
pub(crate) fn trim_end(line: &String) -> String {
    line.trim_end().to_string()
}

/// Returns whether the rows equal those of the file, in which `<slt:ignore>` matches any text.
pub(crate) fn validate_rows(
    normalizer: Normalizer,
    found: &[Vec<String>],
    expected: &[String],
) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| {
            line_matches(&normalizer(&found.join(" ")), &normalizer(expected))
        })
}

fn line_matches(found: &str, expected: &str) -> bool {
    let Some((before, after)) = expected.split_once("<slt:ignore>") else {
        return found == expected;
    };
    found.strip_prefix(before).is_some_and(|rest| {
        rest.char_indices()
            .map(|(at, _)| at)
            .chain([rest.len()])
            .any(|at| line_matches(&rest[at..], after))
    })
}
