// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the errors of dynamic tables, each with the name of its table.

use datafusion::error::DataFusionError;
use kalamtable_model::TableName;
use kalamtable_provider::BoxError;
use kalamtable_rows::RowError;

use crate::dynamic::{Role, UserId};

/// An error of a dynamic table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error that tables of every kind have.
    #[error(transparent)]
    Provider(#[from] kalamtable_provider::Error),
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
    #[error("table `{table}`: the rows take {bytes} bytes, and the stream holds at most {max_bytes}")]
    TooManyBytes {
        /// The table.
        table: TableName,
        /// The size of the rows in bytes.
        bytes: usize,
        /// The maximum size of the stream in bytes.
        max_bytes: usize,
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
}

impl Error {
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

/// Converts the error of a storage: [`Error`] stays as it is, and any other error is converted as the
/// provider converts the errors of sources.
pub(crate) fn source_error(table: &TableName, source: BoxError) -> DataFusionError {
    match source.downcast::<Error>() {
        Ok(own) => (*own).into(),
        Err(source) => kalamtable_provider::__private::source_error_of(table, source),
    }
}
