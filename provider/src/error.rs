// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the errors of tables, each with the name of its table.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::ArrayRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_rows::{RowError, ToArrow};

use crate::statement::{BoxError, Statement};

/// An error of a table: of its rows, its source or a statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A row could not be converted to or from Arrow.
    #[error(transparent)]
    Row(#[from] RowError),
    /// Two rows have the same primary or unique key: either two rows of one statement, or a row of
    /// the statement and a row of the table.
    #[error(
        "table `{table}`{}: the {} key {} = {values} exists already",
        row.map(|row| format!(", row {row}")).unwrap_or_default(),
        if *is_primary { "primary" } else { "unique" },
        columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", "),
    )]
    DuplicateKey {
        /// The table.
        table: TableName,
        /// The number of the row in the `INSERT` or in the batches, from 0; `None` if the row comes
        /// from an `UPDATE`.
        row: Option<usize>,
        /// Whether the key is the primary key.
        is_primary: bool,
        /// The names of the key columns, in the order of the key.
        columns: Vec<String>,
        /// The values of the key, separated by commas.
        values: String,
    },
    /// An update of a row through the Rust API would change its primary key.
    #[error("table `{table}`: an update must not change the primary key {from} to {to}")]
    KeyChanged {
        /// The table.
        table: TableName,
        /// The existing key, formatted with `Debug`.
        from: String,
        /// The changed key, formatted with `Debug`.
        to: String,
    },
    /// The rows of a source are not in key order, although it declares that they are.
    #[error(
        "table `{table}`: the source declares key order, but {}",
        match row {
            Some(row) => format!("row {row} does not follow the previous row in key order"),
            None => "its snapshot is not in key order: create it with `Snapshot::in_key_order`".to_string(),
        }
    )]
    NotInKeyOrder {
        /// The table.
        table: TableName,
        /// The number of the first row that is out of order; `None` if a snapshot does not have the
        /// declared order.
        row: Option<usize>,
    },
    /// The source of the table does not support the statement.
    #[error("table `{table}`: its source does not support `{statement}`")]
    NotWritable {
        /// The table.
        table: TableName,
        /// The kind of statement.
        statement: String,
    },
    /// The session may pass only a part of an `UPDATE` or `DELETE` to the provider.
    #[error(
        "table `{table}`: `{statement}` is not enabled in this session: call `enable_dml(&ctx)` after \
         the last analyzer rule is added, or register the table with `register`; a provider that \
         wraps a `RowProvider` cannot forward the statement"
    )]
    ChangesNotEnabled {
        /// The table.
        table: TableName,
        /// The kind of statement.
        statement: String,
    },
    /// The rows of an `INSERT` have another number of columns than the table.
    #[error("table `{table}` has {expected} columns, but the rows to write have {found}")]
    ColumnCount {
        /// The table.
        table: TableName,
        /// The number of columns of the table.
        expected: usize,
        /// The number of columns of the rows.
        found: usize,
    },
    /// The rows of an `INSERT` have a column of another name than the table.
    #[error(
        "table `{table}`: the rows to write have column `{found}` in place of column `{expected}`: \
         select the columns in the order of the table, under their names"
    )]
    ColumnName {
        /// The table.
        table: TableName,
        /// The name of the table's column.
        expected: String,
        /// The name of the column at the same position of the rows.
        found: String,
    },
    /// An `UPDATE` assigns a value to a system column.
    #[error("table `{table}`: column `{column}` is written by the system: omit it")]
    SystemColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// The source of the table failed.
    #[error("table `{table}`: its source failed: {source}")]
    Source {
        /// The table.
        table: TableName,
        /// The error of the source.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The source of the table, or the conversion of a value of its rows, panicked.
    #[error("table `{table}`: its source panicked: {message}")]
    Panicked {
        /// The table.
        table: TableName,
        /// The message of the panic.
        message: String,
    },
}

impl Error {
    /// Creates a [`Error::DuplicateKey`] for the key columns at the positions `columns`.
    #[doc(hidden)]
    pub fn duplicate_key(
        definition: &TableDefinition,
        row: Option<usize>,
        is_primary: bool,
        columns: &[usize],
        values: String,
    ) -> Self {
        let columns = columns
            .iter()
            .filter_map(|column| definition.columns().get(*column));
        Error::DuplicateKey {
            table: definition.name().clone(),
            row,
            is_primary,
            columns: columns.map(|column| column.name.to_string()).collect(),
            values,
        }
    }

    /// Creates a [`Error::NotWritable`].
    #[doc(hidden)]
    pub fn not_writable(table: &TableName, statement: Statement) -> Self {
        Error::NotWritable {
            table: table.clone(),
            statement: statement.to_string(),
        }
    }

    /// Returns the error with the number of its row replaced by `map`.
    #[doc(hidden)]
    #[must_use]
    pub fn map_row(self, map: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Error::Row(error) => Error::Row(error.map_row(map)),
            error => error,
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

/// Formats the values in one row of these arrays as SQL prints them.
#[doc(hidden)]
pub fn values_text(arrays: &[ArrayRef], row: usize) -> String {
    let options = FormatOptions::new();
    let texts = arrays.iter().map(|array| {
        let formatter = ArrayFormatter::try_new(array.as_ref(), &options);
        formatter.map_or_else(|error| error.to_string(), |f| f.value(row).to_string())
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Converts the error of the source of `R`'s table, as [`source_error_of`] does.
pub(crate) fn source_error<R: ToArrow>(source: BoxError) -> DataFusionError {
    source_error_of(R::TABLE.definition.name(), source)
}

/// Converts the error of a source. [`Error`], `RowError` and `DataFusionError` are kept, and any
/// other error is wrapped in [`Error::Source`] with the name of the table.
#[doc(hidden)]
pub fn source_error_of(table: &TableName, source: BoxError) -> DataFusionError {
    let source = match source.downcast::<DataFusionError>() {
        Ok(theirs) => return *theirs,
        Err(source) => source,
    };
    let source = match source.downcast::<Error>() {
        Ok(own) => return (*own).into(),
        Err(source) => source,
    };
    let error = match source.downcast::<RowError>() {
        Ok(own) => Error::Row(*own),
        Err(source) => Error::Source {
            table: table.clone(),
            source,
        },
    };
    error.into()
}

/// Runs `work` on rows of `R`'s table, and converts a panic into an error as [`guard_of`] does.
pub(crate) fn guard<R: ToArrow, T, E: From<Error>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    guard_of(R::TABLE.definition.name(), work)
}

/// Runs `work` on rows of a table, and converts a panic into [`Error::Panicked`].
///
/// DataFusion polls the root of a plan in the task of the caller, and resumes there the panics of
/// the tasks that it starts. A panic would therefore end the connection of a server, not only the
/// query.
#[doc(hidden)]
pub fn guard_of<T, E: From<Error>>(
    table: &TableName,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    // Partial state of `work` is dropped with it, or belongs to the source, which is `Sync` and is
    // therefore prepared for concurrent readers.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|message| message.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        let error = Error::Panicked {
            table: table.clone(),
            message: message.unwrap_or_else(|| "no message".to_string()),
        };
        Err(error.into())
    })
}
