// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the errors of tables, each with the name of its table.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::ArrayRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_rows::{RowError, ToArrow};

use crate::statement::{BoxError, Statement};

/// What can go wrong with a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Between rows and Arrow.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A row whose primary key or unique key another row has: one that is there, or one of the same
    /// statement.
    #[error(
        "table `{table}`{}: the {} key {} = {values} is there already",
        row.map(|row| format!(", row {row}")).unwrap_or_default(),
        if *is_primary { "primary" } else { "unique" },
        columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", "),
    )]
    DuplicateKey {
        /// The table.
        table: TableName,
        /// The number of the row among those that were to be inserted, or of the batches, from 0.
        row: Option<usize>,
        /// Whether it is the primary key.
        is_primary: bool,
        /// The columns of the key, in its order.
        columns: Vec<String>,
        /// The values of the key.
        values: String,
    },
    /// A change of a row would have changed its primary key.
    #[error("table `{table}`: an update may not change the primary key {from} to {to}")]
    KeyChanged {
        /// The table.
        table: TableName,
        /// The key before, as `Debug` shows it.
        from: String,
        /// The key after.
        to: String,
    },
    /// Rows that should be in the order of their keys and are not.
    #[error(
        "table `{table}`: the source says that its rows are in key order, and {}",
        match row {
            Some(row) => format!("row {row} does not come after the one before it"),
            None => "made a snapshot that does not say so: make it with `Snapshot::in_key_order`".to_string(),
        }
    )]
    NotInKeyOrder {
        /// The table.
        table: TableName,
        /// The first row that is out of order, if the rows were looked at.
        row: Option<usize>,
    },
    /// A statement that the table's source does not take.
    #[error("table `{table}`: its source does not take `{statement}`")]
    NotWritable {
        /// The table.
        table: TableName,
        /// The statement.
        statement: String,
    },
    /// An `UPDATE` or `DELETE` of which the session may hand over only a part.
    #[error(
        "table `{table}`: `{statement}` needs a session that hands over the whole statement: call \
         `enable_dml(&ctx)` after the last analyzer rule is added, or register the table with \
         `register`; a provider around a `RowProvider` can't hand it on"
    )]
    ChangesNotEnabled {
        /// The table.
        table: TableName,
        /// The statement.
        statement: String,
    },
    /// A statement whose rows have another number of columns than the table.
    #[error("table `{table}` has {expected} columns, but the rows to write have {found}")]
    ColumnCount {
        /// The table.
        table: TableName,
        /// How many columns the table has.
        expected: usize,
        /// How many the rows have.
        found: usize,
    },
    /// A statement that assigns a value to a system column.
    #[error("table `{table}`: column `{column}` is written by the system: leave it out")]
    SystemColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// A source of rows failed.
    #[error("table `{table}`: its source failed: {source}")]
    Source {
        /// The table.
        table: TableName,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A source of rows, or a value of theirs, panicked.
    #[error("table `{table}`: its source panicked: {message}")]
    Panicked {
        /// The table.
        table: TableName,
        /// What the panic said.
        message: String,
    },
}

impl Error {
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

/// Converts the error of a source: [`Error`], `RowError` and `DataFusionError` stay as they are, and any
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
/// DataFusion polls the root of a plan in the task of the caller, and resumes there the panics of the
/// tasks that it starts. A panic would therefore end the connection of a server, not only the query.
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
