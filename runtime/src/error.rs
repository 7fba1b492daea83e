//! What can go wrong with a table: always with its name.

use arrow::array::ArrayRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_rows::RowError;

use crate::source::Statement;

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
         `enable_changes(&ctx)` after the last analyzer rule is added, or register the table with \
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
    pub(crate) fn duplicate_key(
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

    pub(crate) fn not_writable(table: &TableName, statement: Statement) -> Self {
        Error::NotWritable {
            table: table.clone(),
            statement: statement.to_string(),
        }
    }

    /// The same error, with the number of its row changed by `map`.
    #[must_use]
    pub(crate) fn map_row(self, map: impl FnOnce(usize) -> usize) -> Self {
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

/// The values in a row of these arrays, as SQL shows them.
pub(crate) fn values_text(arrays: &[ArrayRef], row: usize) -> String {
    let options = FormatOptions::new();
    let texts = arrays.iter().map(|array| {
        let formatter = ArrayFormatter::try_new(array.as_ref(), &options);
        formatter.map_or_else(|error| error.to_string(), |f| f.value(row).to_string())
    });
    texts.collect::<Vec<_>>().join(", ")
}
