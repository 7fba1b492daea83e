// SPDX-License-Identifier: Apache-2.0

//! What can go wrong with a table: always with its name.

use arrow::array::ArrayRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_rows::RowError;

use crate::dynamic::{Role, UserId};
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
    /// Rows of users, asked for by a session that speaks for none.
    #[error(
        "table `{table}` has rows of each user, and the session speaks for none: give its \
         `SessionConfig` an `Actor`"
    )]
    NoUser {
        /// The table.
        table: TableName,
    },
    /// Somebody who may not read or write a table.
    #[error(
        "table `{table}` is `{kind}`: the role `{role}` may not {access} it, it takes `{needed}`"
    )]
    AccessDenied {
        /// The table.
        table: TableName,
        /// Its access level, or its kind.
        kind: &'static str,
        /// What was asked for.
        access: String,
        /// The role of the session's actor.
        role: Role,
        /// The least role that may.
        needed: Role,
    },
    /// Somebody who may not act as another.
    #[error(
        "table `{table}`: `{user}` has the role `{role}`, and may not act as `{other}`: it takes `dba`"
    )]
    ActingAs {
        /// The table.
        table: TableName,
        /// Who it is.
        user: UserId,
        /// Their role.
        role: Role,
        /// As whom they would act.
        other: UserId,
    },
    /// A statement that gives a value to a column that the system fills.
    #[error("table `{table}`: column `{column}` is written by the system: leave it out")]
    SystemColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// A statement that was planned for another version of its table than is there when it runs.
    #[error(
        "table `{table}` was {}: the statement was planned for version {planned}, plan it again",
        match present {
            Some(present) => format!("altered, it is at version {present}"),
            None => "dropped".to_string(),
        }
    )]
    Altered {
        /// The table.
        table: TableName,
        /// The version that the statement was planned for.
        planned: u32,
        /// The present version; none if the table is gone.
        present: Option<u32>,
    },
    /// A query over several tables that were at no moment all there in the versions that it was planned for: one
    /// was altered while it was planned. Planning it again helps; [`DynamicTables::sql`](crate::DynamicTables::sql)
    /// plans it so that it cannot happen.
    #[error("table `{table}` was altered while the query was planned: run the query again")]
    NotOneMoment {
        /// The table.
        table: TableName,
    },
    /// Stored rows of a version that the table's history does not have.
    #[error(
        "table `{table}` is at version {present}, and has rows of version {version}, which is unknown"
    )]
    UnknownVersion {
        /// The table.
        table: TableName,
        /// The version of the rows.
        version: u32,
        /// The version of the table.
        present: u32,
    },
    /// A table of a kind that has no dynamic rows.
    #[error(
        "table `{table}` is of kind `{kind}`: dynamic rows are those of user, shared and stream tables"
    )]
    NotDynamic {
        /// The table.
        table: TableName,
        /// Its kind.
        kind: &'static str,
    },
    /// More bytes in one statement than a stream may hold.
    #[error("table `{table}`: the rows take {bytes} bytes, and the stream holds {most} at most")]
    TooManyBytes {
        /// The table.
        table: TableName,
        /// What the rows take.
        bytes: usize,
        /// What the stream may hold.
        most: usize,
    },
    /// A filter that is none that can be remembered.
    #[error("table `{table}`: the filter {problem}")]
    Filter {
        /// The table.
        table: TableName,
        /// What is wrong with it.
        problem: String,
    },
    /// What the registry of tables says.
    #[error(transparent)]
    Registry(#[from] kalamtable_registry::Error),
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
