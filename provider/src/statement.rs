// SPDX-License-Identifier: Apache-2.0

//! Types that typed and columnar sources share: [`Statement`], [`KeyOrder`] and [`BoxError`].

use std::fmt;

use datafusion::logical_expr::dml::InsertOp;

/// The error type of sources. [`Error`](crate::Error), `RowError` and `DataFusionError` reach the
/// query unchanged; any other error is wrapped in [`Error::Source`](crate::Error::Source).
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The order of the rows that a source returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOrder {
    /// No particular order.
    #[default]
    None,
    /// Ascending order of the primary keys.
    Ascending,
    /// Ascending order of the primary keys, or descending order if the scan requests a stream in
    /// reverse. Snapshots are ascending in either case: the scan reads them backwards.
    Either,
}

/// A kind of DML statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statement {
    /// `INSERT INTO`, `INSERT OVERWRITE` or `REPLACE INTO`.
    Insert(InsertOp),
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
    /// `TRUNCATE`.
    Truncate,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statement::Insert(op) => write!(f, "{op}"),
            Statement::Update => f.write_str("Update"),
            Statement::Delete => f.write_str("Delete"),
            Statement::Truncate => f.write_str("Truncate"),
        }
    }
}
