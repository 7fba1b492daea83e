// SPDX-License-Identifier: Apache-2.0

//! TPC-H with KalamTable: definitions of the benchmark's eight tables, generated rows, Parquet
//! files, and the 22 queries.

mod error;
pub mod files;
pub mod queries;
pub mod rows;

use datafusion::prelude::SessionContext;
use kalamtable::{FixedRows, Row, RowProvider};

pub use error::Error;

kalamtable::include_tables!();

/// Registers the eight tables with the rows of this scale factor in memory.
///
/// # Errors
/// If schema `tpch` of the session has a table with one of the names.
pub fn register(server: &SessionContext, scale: f64) -> datafusion::error::Result<()> {
    register_rows(server, rows::regions())?;
    register_rows(server, rows::nations())?;
    register_rows(server, rows::parts(scale))?;
    register_rows(server, rows::suppliers(scale))?;
    register_rows(server, rows::part_suppliers(scale))?;
    register_rows(server, rows::customers(scale))?;
    register_rows(server, rows::orders(scale))?;
    register_rows(server, rows::line_items(scale))
}

fn register_rows<R: Row>(
    server: &SessionContext,
    rows: impl Iterator<Item = R>,
) -> datafusion::error::Result<()> {
    let rows = FixedRows::new(rows.collect());
    kalamtable::register(server, RowProvider::new(rows))
}
