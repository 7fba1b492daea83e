// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the errors of prepared statements and cached plans.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

/// An error of a prepared statement or of a cached plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The result columns of a prepared statement have changed since it was prepared. The text is
    /// that of PostgreSQL, by which clients decide to prepare the statement again.
    #[error("cached plan must not change result type")]
    ResultChanged,
    /// No prepared statement has the name.
    #[error("prepared statement `{name}` does not exist: run `PREPARE {name} AS ..` first")]
    UnknownStatement {
        /// The name.
        name: String,
    },
    /// Another prepared statement of the session has the name.
    #[error("prepared statement `{name}` exists already: run `DEALLOCATE {name}` first")]
    StatementExists {
        /// The name.
        name: String,
    },
    /// A statement was executed with too many or too few parameters.
    #[error("the statement has {expected} parameters, but {found} values were given")]
    ParameterCount {
        /// The number of parameters of the statement.
        expected: usize,
        /// The number of values.
        found: usize,
    },
    /// A value does not fit the type of its parameter.
    #[error("parameter `${number}` has type {expected}, and {value} is not a value of that type")]
    ParameterType {
        /// The number of the parameter, from 1.
        number: usize,
        /// The type of the parameter.
        expected: DataType,
        /// The value, as text.
        value: String,
    },
    /// The parameters of a statement are not `$1`, `$2` and so on.
    #[error("parameter `{name}` is not supported: number the parameters `$1`, `$2`, ..")]
    ParameterName {
        /// The name of the parameter.
        name: String,
    },
    /// The statement is neither a query nor `INSERT`, `UPDATE` or `DELETE`.
    #[error(
        "only queries and `INSERT`, `UPDATE` and `DELETE` can be prepared: run the statement directly"
    )]
    NotPreparable,
    /// In shadow mode: a cached plan differs from a newly created plan.
    #[error("the cached plan of `{sql}` is stale: cached {cached}, planned again {planned}")]
    Stale {
        /// The text of the statement.
        sql: String,
        /// The cached plan.
        cached: String,
        /// The plan that was made again.
        planned: String,
    },
}

impl Error {
    /// Returns the SQLSTATE code of the error, which PostgreSQL clients evaluate.
    pub const fn sqlstate(&self) -> &'static str {
        match self {
            Error::ResultChanged => "0A000",
            Error::UnknownStatement { .. } => "26000",
            Error::StatementExists { .. } => "42P05",
            Error::ParameterCount { .. } => "08P01",
            Error::ParameterType { .. } => "22023",
            Error::ParameterName { .. } => "42P02",
            Error::NotPreparable => "0A000",
            Error::Stale { .. } => "XX000",
        }
    }

    /// Returns the error of this crate that `error` contains, or `None` if it contains none.
    pub fn of(error: &DataFusionError) -> Option<&Error> {
        match error.find_root() {
            DataFusionError::External(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}
