// SPDX-License-Identifier: Apache-2.0

//! TPC-H over KalamTable: the benchmark's eight tables as definitions, rows of them at any scale,
//! Parquet files of these, and the benchmark's 22 queries.

mod error;
pub mod files;
pub mod queries;
pub mod rows;

use datafusion::prelude::SessionContext;
use kalamtable::{FixedRows, Row, RowProvider};

pub use error::Error;

kalamtable::include_tables!();

/// Registers the eight tables with the rows of this scale factor, which are then in memory.
///
/// # Errors
/// If the session has tables of these names in schema `tpch`.
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
