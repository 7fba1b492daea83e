// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the errors of dynamic tables, each with the name of its table.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use kalamtable_model::TableName;
use kalamtable_provider::BoxError;
use kalamtable_registry::TableSnapshot;
use kalamtable_rows::RowError;

use crate::ddl::DdlProblem;
use crate::dynamic::actor::{Role, UserId};

/// An error of a dynamic table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error that tables of every kind have.
    #[error(transparent)]
    Provider(#[from] kalamtable_provider::Error),
    /// A session without a user accesses a user table.
    #[error(
        "table `{table}` has rows per user, and the session has no user: add an `Actor` to its \
         `SessionConfig`"
    )]
    NoUser {
        /// The table.
        table: TableName,
    },
    /// The role of the session is not sufficient to read or write the table.
    #[error(
        "table `{table}` is `{kind}`: the role `{role}` may not {access} it, `{needed}` is required"
    )]
    AccessDenied {
        /// The table.
        table: TableName,
        /// The access level of the table, or its kind.
        kind: &'static str,
        /// The kind of access: `read` or `write to`.
        access: String,
        /// The role of the session's actor.
        role: Role,
        /// The lowest role that has access.
        needed: Role,
    },
    /// The actor of the session acts as another user, which its role does not permit.
    #[error(
        "table `{table}`: `{user}` has the role `{role}`, and may not act as `{other}`: `dba` is required"
    )]
    ActingAs {
        /// The table.
        table: TableName,
        /// The user of the session.
        user: UserId,
        /// The role of the user.
        role: Role,
        /// The user that the session would act as.
        other: UserId,
    },
    /// The table has changed since the statement was planned.
    #[error(
        "table `{table}` was {}; plan the statement again: it was planned for version {planned}",
        match current {
            Some(current) => format!("altered and is at version {current}"),
            None => "dropped".to_string(),
        }
    )]
    Altered {
        /// The table.
        table: TableName,
        /// The version that the statement was planned for.
        planned: u32,
        /// The current version, or `None` if the table was dropped.
        current: Option<u32>,
    },
    /// A table of a query over several tables was altered while the query was planned, so that the
    /// planned versions were never current at the same time. Plan the query again, or use
    /// [`DynamicTables::sql`](crate::DynamicTables::sql), which prevents this error.
    #[error("table `{table}` was altered while the query was planned: run the query again")]
    InconsistentVersions {
        /// The table.
        table: TableName,
    },
    /// The table has stored rows of a version that its history does not contain.
    #[error(
        "table `{table}` is at version {current} and has rows of version {version}, which is unknown"
    )]
    UnknownVersion {
        /// The table.
        table: TableName,
        /// The version of the rows.
        version: u32,
        /// The version of the table.
        current: u32,
    },
    /// Stored rows were written under another definition than this version of the table has.
    #[error(
        "table `{table}` has rows that were written to `{written}` under another definition of \
         version {version}: the rows belong to other definitions; open the storage with the \
         definition store that it was written with"
    )]
    OtherDefinition {
        /// The table.
        table: TableName,
        /// The version of the rows.
        version: u32,
        /// The name of the table to which the rows were written.
        written: TableName,
    },
    /// Rows that are not in memory cannot be read.
    #[error("table `{table}`: stored rows cannot be read: {source}")]
    StoredRows {
        /// The table.
        table: TableName,
        /// The error of the storage.
        source: BoxError,
    },
    /// The table is of a kind that has no dynamic rows: a system table or a view.
    #[error(
        "table `{table}` is of kind `{kind}`: only user, shared and stream tables have dynamic rows"
    )]
    NotDynamic {
        /// The table.
        table: TableName,
        /// Its kind.
        kind: &'static str,
    },
    /// The rows of one statement exceed the size limit of the stream.
    #[error(
        "table `{table}`: the rows take {bytes} bytes, and the stream holds at most {max_bytes}"
    )]
    TooManyBytes {
        /// The table.
        table: TableName,
        /// The size of the rows in bytes.
        bytes: usize,
        /// The maximum size of the stream in bytes.
        max_bytes: usize,
    },
    /// The text of a filter cannot be bound to the table.
    #[error("table `{table}`: the filter {problem}")]
    Filter {
        /// The table.
        table: TableName,
        /// The problem, as a clause whose subject is the filter.
        problem: String,
    },
    /// A DDL statement is not valid, or the change is incompatible with earlier versions.
    #[error("`{statement}` of `{table}`: {}", joined(.problems))]
    Ddl {
        /// The kind of the statement, such as `ALTER TABLE`.
        statement: &'static str,
        /// The name of the table.
        table: String,
        /// The problems, at least one.
        problems: Vec<DdlProblem>,
    },
    /// The role of the session is not sufficient for a statement.
    #[error("`{statement}` of `{table}`: the role `{role}` may not run it, `{needed}` is required")]
    StatementDenied {
        /// The kind of the statement.
        statement: &'static str,
        /// The name of the table.
        table: String,
        /// The role of the session's actor.
        role: Role,
        /// The lowest role that may run it.
        needed: Role,
    },
    /// An error of the registry.
    #[error(transparent)]
    Registry(#[from] kalamtable_registry::Error),
}

fn joined(problems: &[DdlProblem]) -> String {
    let problems: Vec<String> = problems.iter().map(DdlProblem::to_string).collect();
    problems.join("; ")
}

impl Error {
    pub(crate) fn ddl(statement: &'static str, table: &str, problems: Vec<DdlProblem>) -> Self {
        Error::Ddl {
            statement,
            table: table.to_string(),
            problems,
        }
    }

    pub(crate) fn stored_rows(table: &TableName, source: BoxError) -> Self {
        Error::StoredRows {
            table: table.clone(),
            source,
        }
    }

    /// Returns the error with the number of its row replaced by `map`.
    #[must_use]
    pub(crate) fn map_row(self, map: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Error::Provider(error) => Error::Provider(error.map_row(map)),
            error => error,
        }
    }
}

impl From<RowError> for Error {
    fn from(error: RowError) -> Self {
        Error::Provider(error.into())
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error {
            Error::Provider(error) => error.into(),
            error => DataFusionError::External(Box::new(error)),
        }
    }
}

/// Converts the error of a storage. [`Error`] is kept, and any other error is converted as the
/// provider converts the errors of sources.
pub(crate) fn source_error(table: &TableName, source: BoxError) -> DataFusionError {
    match source.downcast::<Error>() {
        Ok(own) => (*own).into(),
        Err(source) => kalamtable_provider::__private::source_error_of(table, source),
    }
}

/// Converts an error of Arrow about the rows of a table.
pub(crate) fn arrow_error(table: &TableSnapshot, source: ArrowError) -> Error {
    RowError::Batch {
        table: table.name().clone(),
        source,
    }
    .into()
}
